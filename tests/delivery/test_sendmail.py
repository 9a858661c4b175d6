"""Sending by a program: what it is given, and what its exit status says."""

import os
import sys
import time
from pathlib import Path

import psutil
import pytest

from digest.delivery import Patience, SendmailTransport
from digest.delivery.sendmail import MEANINGS
from digest.errors import RelayError
from digest.model import Blame, Verdict

CONTENT = b"Subject: hi\r\n\r\n.\r\n..\r\nHello\r\n"


@pytest.fixture
def program(tmp_path):
    """Makes programs: Python that is run in place of sendmail, with its arguments in argv and a folder of its own."""

    def make(*lines: str) -> Path:
        path = tmp_path / "sendmail"
        head = [f"#!{sys.executable} -IS", "import os, sys, time", f"os.chdir({str(tmp_path)!r})"]
        path.write_text("\n".join([*head, *lines]) + "\n")
        path.chmod(0o755)
        return path

    return make


KEEP = (
    "open('arguments', 'w').write('\\n'.join(sys.argv[1:]))",
    "open('part', 'wb').write(sys.stdin.buffer.read()); os.rename('part', 'message')",
)


def alive(pid):
    """Whether it runs; what has ended and waits for somebody to ask how does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def sent(program, message, commit=lambda: True, seconds=10.0):
    return SendmailTransport(program, patience=Patience.throughout(seconds)).send(message, commit)


def test_a_message_is_given_with_its_sender_and_recipient_and_no_option_is_read_behind(program, message, tmp_path):
    outcome = sent(program(*KEEP, "print('queued as 7')"), message(content=CONTENT))
    assert (outcome.verdict, outcome.detail) == (Verdict.SENT, "queued as 7")
    assert (tmp_path / "arguments").read_text().split("\n") == [
        *("-i", "-f", "digest@example.org", "--", "ann@example.org"),
    ]
    assert (tmp_path / "message").read_bytes() == CONTENT.replace(b"\r\n", b"\n")


def test_a_message_of_megabytes_goes_through(program, message, tmp_path):
    content = b"Subject: big\r\n\r\n" + b"".join([b"x" * 70 + b"\r\n"] * 50_000)
    assert sent(program(*KEEP), message(content=content)).verdict is Verdict.SENT
    assert (tmp_path / "message").read_bytes() == content.replace(b"\r\n", b"\n")


@pytest.mark.parametrize("status", [status for status in MEANINGS if status])
def test_each_status_means_one_thing_and_the_programs_words_are_kept(program, message, status):
    sender = SendmailTransport(program(*KEEP, f"print('what a day', file=sys.stderr); sys.exit({status})"))
    outcome = sender.send(message(), lambda: True)
    meaning = MEANINGS[status]
    assert (outcome.verdict, outcome.blame, outcome.hopeless) == (meaning.verdict, meaning.blame, meaning.hopeless)
    assert outcome.detail == f"status {status} ({meaning.words}): what a day"
    if meaning.ours:
        with pytest.raises(RelayError, match="see that it can send mail by itself") as barred:
            sender.send(message(), pytest.fail)
        assert barred.value.kind == "ours"


@pytest.mark.parametrize(("status", "verdict", "hopeless"), [
    (os.EX_OK, Verdict.SENT, False),
    (os.EX_TEMPFAIL, Verdict.DEFERRED, False),
    (os.EX_NOUSER, Verdict.FAILED, True),
    (os.EX_NOHOST, Verdict.FAILED, False),
    (os.EX_DATAERR, Verdict.FAILED, False),
    (os.EX_UNAVAILABLE, Verdict.DEFERRED, False),
    (os.EX_CONFIG, Verdict.DEFERRED, False),
])  # fmt: skip
def test_the_statuses_that_sendmail_documents(status, verdict, hopeless):
    assert (MEANINGS[status].verdict, MEANINGS[status].hopeless) == (verdict, hopeless)


@pytest.mark.parametrize(("end", "words"), [
    ("sys.exit(1)", "status 1"),
    ("os.kill(os.getpid(), 9)", "signal 9"),
    ("raise ValueError('boom')", "ValueError: boom"),
])  # fmt: skip
def test_a_program_that_ends_in_no_known_way_is_not_asked_again(program, message, end, words):
    sender = SendmailTransport(program(*KEEP, end))
    outcome = sender.send(message(), lambda: True)
    assert outcome.verdict is Verdict.DEFERRED
    assert words in outcome.detail
    with pytest.raises(RelayError):
        sender.send(message(), pytest.fail)


def test_commit_comes_before_the_end_of_the_message(program, message, tmp_path):
    seen = []
    fed = program("sys.stdin.buffer.read(5); open('began', 'w')", *KEEP)

    def commit() -> bool:
        end = time.monotonic() + 10
        while not (tmp_path / "began").exists() and time.monotonic() < end:
            time.sleep(0.01)
        seen.append((tmp_path / "message").exists())
        return True

    assert sent(fed, message(), commit).verdict is Verdict.SENT
    assert seen == [False]
    assert (tmp_path / "message").exists()


def test_a_claim_that_is_no_longer_ours_is_given_up_and_nothing_is_sent(program, message, tmp_path):
    outcome = sent(program(*KEEP), message(), lambda: False)
    assert (outcome.verdict, outcome.detail) == (Verdict.DEFERRED, "no longer ours")
    assert not (tmp_path / "message").exists()


def test_what_a_wrapper_has_started_sends_nothing_either_when_it_is_given_up(program, message, tmp_path):
    """It would take the end of our writing for the end of the message."""
    wrapper = program("if os.fork(): time.sleep(60)", "open('began', 'w').write(f'{os.getpid()}.')", *KEEP)
    began = tmp_path / "began"

    def commit() -> bool:
        while not (began.exists() and began.read_text().endswith(".")):
            time.sleep(0.01)
        return False

    assert sent(wrapper, message(), commit).verdict is Verdict.DEFERRED
    while alive(int(began.read_text().rstrip("."))):
        time.sleep(0.01)
    assert not (tmp_path / "message").exists()


def test_a_commit_that_raises_leaves_no_program_behind(program, message, tmp_path):
    with pytest.raises(ZeroDivisionError):
        sent(program("open('pid', 'w').write(str(os.getpid()))", *KEEP), message(), lambda: 1 // 0)
    assert not (tmp_path / "message").exists()
    assert not ((tmp_path / "pid").exists() and alive(int((tmp_path / "pid").read_text() or 0)))


def test_a_program_that_hangs_with_the_whole_message_leaves_nobody_knowing(program, message):
    outcome = sent(program("sys.stdin.buffer.read(); time.sleep(60)"), message(), seconds=0.3)
    assert outcome.verdict is Verdict.UNKNOWN
    assert "did not end within 0.3 s" in outcome.detail


def test_a_program_that_does_not_take_the_message_is_the_relay_that_is_down(program, message):
    big = message(content=b"x" * 1_000_000 + b"\r\n")
    with pytest.raises(RelayError, match=r"does not take the message within 0\.3 s") as hung:
        sent(program("time.sleep(60)"), big, pytest.fail, seconds=0.3)
    assert hung.value.kind == "down"


@pytest.mark.parametrize(("status", "verdict"), [(os.EX_NOUSER, Verdict.FAILED), (os.EX_TEMPFAIL, Verdict.DEFERRED)])
def test_a_refusal_before_the_message_is_read_is_heard(program, message, status, verdict):
    big = message(content=b"x" * 1_000_000 + b"\r\n")
    assert sent(program(f"sys.exit({status})"), big, pytest.fail).verdict is verdict


def test_a_program_that_ends_well_without_the_message_has_not_sent_it(program, message):
    with pytest.raises(RelayError, match="without reading the message"):
        sent(program(), message(content=b"x" * 1_000_000 + b"\r\n"), pytest.fail)


def test_a_program_that_talks_without_end_does_not_block_and_is_cut_short(program, message):
    outcome = sent(program("print('x' * 1_000_000, file=sys.stderr)", *KEEP, "print('the end')"), message())
    assert outcome.verdict is Verdict.SENT
    assert len(outcome.detail) <= 400


@pytest.mark.parametrize("recipient", [
    "-oQ/tmp/x@example.org", "a@x.org,b@x.org", "a@x.org b@x.org", "|/bin/sh@x.org", "/etc/passwd@x.org", "ann", "a@x.org\n",
    ":include:/etc/passwd@x.org", "a(b)@x.org", "a;b@x.org", '"a b"@x.org', "a\0@x.org", "<a@x.org>",
])  # fmt: skip
def test_what_a_program_could_take_for_something_else_is_never_given_to_it(program, message, tmp_path, recipient):
    outcome = sent(program(*KEEP), message(recipient), pytest.fail)
    assert (outcome.verdict, outcome.blame) == (Verdict.FAILED, Blame.ADDRESS)
    assert not (tmp_path / "arguments").exists()


def test_no_shell_sees_an_address(program, message, tmp_path):
    address = "$(touch${IFS}owned)`touch`'&!*{}~#?%=^@x.org".replace("(", "").replace(")", "")
    assert sent(program(*KEEP), message(address)).verdict is Verdict.SENT
    assert (tmp_path / "arguments").read_text().split("\n")[-1] == address
    assert not (tmp_path / "owned").exists()


def test_a_program_that_is_not_there_is_said(tmp_path, message):
    sender = SendmailTransport(tmp_path / "sendmail")
    for ask in (sender.check, lambda: sender.send(message(), pytest.fail)):
        with pytest.raises(RelayError, match=r"is no program on this machine: set smtp\.path") as missing:
            ask()
        assert missing.value.kind == "ours"


def test_a_program_that_cannot_be_run_is_said(tmp_path, message):
    path = tmp_path / "sendmail"
    path.write_text("not a program")
    path.chmod(0o755)
    with pytest.raises(RelayError, match=r"cannot be run .*check smtp\.path"):
        SendmailTransport(path).send(message(), pytest.fail)


def test_check_says_where_it_is(program):
    path = program(*KEEP)
    assert SendmailTransport(path).check() == f"{path} is there to send messages"


def test_a_sendmail_that_is_not_named_is_looked_for_where_it_usually_is(program, monkeypatch):
    monkeypatch.setenv("PATH", str(program(*KEEP).parent))
    assert str(program().parent) in SendmailTransport().check()
