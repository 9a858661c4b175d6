"""The delivery log: a line a message, whatever tears, fills up, or is put aside meanwhile."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.delivery import DeliveryLog
from digest.delivery.log import _Names
from digest.errors import DigestError
from digest.model import Edition, Message, Subscriber

NOW = datetime(2026, 5, 18, 5, 30, 7, tzinfo=UTC)
DAY = timedelta(days=1)
EDITION = Edition(Subscriber("ann@example.org"), date(2026, 5, 18), NOW)


def mail(number: int | str = 1, recipient: str = "ann@example.org") -> Message:
    return Message("digest@example.org", recipient, f"<{number}@example.org>", b"")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "digest-deliveries.log"


@pytest.fixture
def open_log(path):
    made = []

    def make(at=path, keep=3 * DAY) -> DeliveryLog:
        made.append(DeliveryLog(at, keep))
        return made[-1]

    yield make
    for log in made:
        log.close()


def test_a_line_says_when_for_which_day_which_message_and_to_whom(open_log, path):
    open_log().note(EDITION, mail(), NOW)
    assert path.read_text() == "2026-05-18T05:30:07Z\t2026-05-18\t<1@example.org>\tann@example.org\n"


def test_it_is_for_our_eyes_only(open_log, path):
    before = os.umask(0)
    try:
        open_log().note(EDITION, mail(), NOW)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_is_not_asked_for_leaves_no_file(open_log, path, tmp_path):
    log = open_log()
    assert not log.holds(mail())
    assert list(tmp_path.iterdir()) == []


def test_the_next_process_knows_what_was_taken_and_nothing_else(open_log):
    open_log().note(EDITION, mail(1), NOW)
    later = open_log()
    assert later.holds(mail(1))
    assert not later.holds(mail(2))


def test_what_another_process_adds_is_known_at_once(open_log):
    one, other = open_log(), open_log()
    for number in range(3):
        assert not other.holds(mail(number))
        one.note(EDITION, mail(number), NOW)
        assert other.holds(mail(number))


WRITING = """
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from digest.delivery import DeliveryLog
from digest.model import Edition, Message, Subscriber
log, now = DeliveryLog(Path(sys.argv[1]), timedelta(days=3)), datetime(2026, 5, 18, tzinfo=UTC)
edition = Edition(Subscriber("ann@example.org"), now.date(), now)
print("ready", flush=True)
sys.stdin.readline()
for number in range(300):
    moment = now + timedelta(days=number // 100)  # it is put aside twice on the way
    log.note(edition, Message("", f"{'x' * number}@example.org", f"<{sys.argv[2]}.{number}>", b""), moment)
"""


def test_processes_that_write_at_once_lose_no_line_though_the_file_is_put_aside(open_log, path):
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITING, str(path), str(n)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for n in range(3)
    ]
    assert [writer.stdout.readline() for writer in writers] == ["ready\n"] * 3
    for writer in writers:
        writer.communicate("go\n")
    assert [writer.returncode for writer in writers] == [0] * 3
    assert len(list(path.parent.iterdir())) > 1
    log = open_log()
    assert all(log.holds(Message("", "", f"<{n}.{number}>", b"")) for n in range(3) for number in range(300))


# --- strangers ----------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5), st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_address_and_no_message_id_forges_a_line(tmp_path, written, asked):
    path = tmp_path / "any.log"
    path.unlink(missing_ok=True)
    log = DeliveryLog(path, DAY)
    for number, recipient in written:
        log.note(EDITION, mail(number, recipient), NOW)
    lines = path.read_bytes().splitlines() if written else []
    assert len(lines) == len(written)
    assert all(line.count(b"\t") == 3 and line.isascii() and b"\0" not in line for line in lines)
    again = DeliveryLog(path, DAY)
    assert all(again.holds(mail(number)) for number, _ in written)
    assert again.holds(mail(asked)) == (asked in dict(written))
    log.close()
    again.close()


def test_an_address_that_looks_like_a_line_is_an_address(open_log):
    log = open_log()
    log.note(EDITION, mail(1, "a\n2026-05-18T05:30:07Z\t2026-05-18\t<2@example.org>\tb@example.org\n"), NOW)
    assert log.holds(mail(1))
    assert not log.holds(mail(2))


# --- what tears it ------------------------------------------------------------------------------------------------

WHOLE = b"2026-05-18T05:30:07Z\t2026-05-18\t<1@example.org>\tann@example.org\n"


@pytest.mark.parametrize("length", range(len(WHOLE)))
def test_a_line_torn_anywhere_spoils_no_other(open_log, path, length):
    path.write_bytes(WHOLE.replace(b"<1@", b"<0@") + WHOLE[:length])
    log = open_log()
    assert log.holds(mail(0))
    log.note(EDITION, mail(2), NOW)
    assert log.holds(mail(0))
    assert log.holds(mail(2))
    # Torn behind its Message-ID it is good enough.
    assert log.holds(mail(1)) == (length > WHOLE.index(b"\tann"))


@pytest.mark.parametrize(
    "rubbish", [b"\0" * 5_000, bytes(range(256)) * 20, b"\n" * 100, b"\t" * 100, b"x" * 3_000_000, b"\xff\xfe"]
)
def test_rubbish_in_it_is_passed_over(open_log, path, rubbish):
    path.write_bytes(rubbish + b"\n" + WHOLE + rubbish)
    log = open_log()
    assert log.holds(mail(1))
    log.note(EDITION, mail(2), NOW)
    assert open_log().holds(mail(2))


def test_a_line_that_is_seen_half_written_is_read_when_it_is_whole(open_log, path):
    log = open_log()
    with path.open("ab", buffering=0) as other:
        for octet in WHOLE[:-1]:
            other.write(bytes([octet]))
            assert not log.holds(mail(1))
        other.write(b"\n")
    assert log.holds(mail(1))


# --- a disk that does not take it ---------------------------------------------------------------------------------


def test_a_place_that_cannot_be_written_to_is_said_at_the_start(open_log, tmp_path):
    (tmp_path / "taken").write_text("a file, not a folder")
    for place in (tmp_path / "taken" / "log", tmp_path):
        with pytest.raises(DigestError, match=r"delivery log cannot be written.*set delivery\.log"):
            open_log(place).check()


def test_the_check_makes_the_file_and_writes_nothing_into_it(open_log, path):
    open_log(path.parent / "new" / "log").check()
    assert (path.parent / "new" / "log").read_bytes() == b""


def test_one_that_cannot_be_written_later_complains_once_stops_nobody_and_remembers(open_log, path):
    log = open_log()
    log.check()
    path.unlink()
    path.mkdir()  # root writes where it may not, but not into a folder
    with structlog.testing.capture_logs() as said:
        for number in range(3):
            log.note(EDITION, mail(number), NOW)
    assert [line["event"] for line in said if line["log_level"] == "error"] == ["cannot use the delivery log"]
    assert all(log.holds(mail(number)) for number in range(3))
    path.rmdir()
    with structlog.testing.capture_logs() as said:
        log.note(EDITION, mail(3), NOW)
    assert [line["event"] for line in said] == ["the delivery log is written again"]
    assert all(open_log().holds(mail(number)) for number in range(4))  # what was owed is in it now


FILLING = """
import resource, signal, sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from digest.delivery import DeliveryLog
from digest.model import Edition, Message, Subscriber
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
log, now = DeliveryLog(Path(sys.argv[1]), timedelta(days=3)), datetime(2026, 5, 18, tzinfo=UTC)
edition = Edition(Subscriber("ann@example.org"), now.date(), now)
def note(number): log.note(edition, Message("", "ann@example.org", f"<{number}@example.org>", b""), now)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, resource.RLIM_INFINITY))
for number in range(50): note(number)
assert Path(sys.argv[1]).stat().st_size == 1_000, "it was not full in the middle of a line"
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
note(50)
"""


def test_lines_that_a_full_disk_cut_off_are_written_when_there_is_room(open_log, path):
    filled = subprocess.run([sys.executable, "-c", FILLING, str(path)], check=True, capture_output=True, text=True)
    assert filled.stdout.count("cannot use the delivery log") == 1
    log = open_log()
    assert [number for number in range(51) if not log.holds(mail(number))] == []


# --- keeping it small ---------------------------------------------------------------------------------------------


def test_it_keeps_what_may_still_be_sent_and_lets_go_of_the_rest(open_log, path):
    log = open_log(keep=2 * DAY)
    for day in range(10):
        log.note(EDITION, mail(day), NOW + day * DAY + timedelta(seconds=day))
    kept = [day for day in range(10) if open_log().holds(mail(day))]
    assert kept[-3:] == [7, 8, 9]
    assert len(kept) <= 5
    assert [day for day in range(10) if log.holds(mail(day))] == kept  # and in memory, too


def test_a_short_life_a_day_keeps_it_small_as_well(open_log, path):
    """`digest send` from cron."""
    for day in range(30):
        open_log(keep=2 * DAY).note(EDITION, mail(day), NOW + day * DAY + timedelta(seconds=day))
    assert sum(file.stat().st_size for file in path.parent.iterdir()) < 6 * len(WHOLE)


def test_what_is_put_aside_while_others_write_is_still_known_to_them(open_log):
    one, other = open_log(), open_log()
    one.note(EDITION, mail(1), NOW)
    assert other.holds(mail(1))
    one.note(EDITION, mail(2), NOW + DAY + timedelta(seconds=1))
    other.note(EDITION, mail(3), NOW + DAY + timedelta(seconds=1))
    assert all(log.holds(mail(number)) for log in (one, other, open_log()) for number in (1, 2, 3))


def test_a_clock_set_back_and_forward_loses_nothing_that_may_be_sent(open_log):
    log = open_log()
    for number, moment in enumerate([NOW, NOW + DAY, NOW - DAY, NOW, NOW + DAY]):
        log.note(EDITION, mail(number), moment)
    assert all(open_log().holds(mail(number)) for number in range(5))


def test_a_log_that_somebody_removed_is_begun_anew(open_log, path):
    log = open_log()
    log.note(EDITION, mail(1), NOW)
    path.unlink()
    log.note(EDITION, mail(2), NOW)
    assert (log.holds(mail(1)), log.holds(mail(2))) == (False, True)


@given(st.lists(st.binary(max_size=3)), st.binary(max_size=3))
def test_names_are_a_set(many, one):
    names = _Names()
    names._FRESH = 4
    names.update(iter(many))
    assert (one in names) == (one in many)
    assert all(each in names for each in many)
