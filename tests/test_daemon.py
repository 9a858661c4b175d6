"""The daemon: every local day one edition, whatever clocks, restarts and twins do; and a clean stop.

Run as a program, this file is a daemon itself: the tests below send it signals.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall_time
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine

from digest import daemon
from digest.model import (
    Announcement,
    Edition,
    Fetched,
    Kind,
    Listing,
    Message,
    Outcome,
    Pick,
    Ranking,
    Schedule,
    Section,
    Subscriber,
    Verdict,
)
from digest.pipeline import Parts
from digest.store import open_store

from .stores import store_url

ZONES = ("America/New_York", "Europe/Berlin", "Australia/Lord_Howe")
SEND_TIMES = ("00:00", "02:15", "07:30", "23:50")
SUBSCRIBERS = [
    Subscriber(f"{zone.rpartition('/')[2].lower()}.{send_at[:2]}@example.org", schedule=Schedule(zone, at))
    for zone in ZONES
    for send_at in SEND_TIMES
    for at in [wall_time.fromisoformat(send_at)]
]


# --- parts that do little, and remember it ------------------------------------------------------------------------


class FakeSource:
    name = "arxiv"
    title = "arXiv"
    every = timedelta(hours=6)

    def expected(self, _now) -> None:
        return None

    def fetch(self, _state, now, _since=None) -> Fetched:
        number = int(now.timestamp())
        listing = Listing(f"A paper of the moment {number}", arxiv_id=f"2601.{number}", url=f"https://x.org/{number}")
        return Fetched((Announcement(listing, self.name, Kind.NEW, now.date()),))


class BrokenSource(FakeSource):
    name = "broken"

    @property
    def every(self):
        raise RuntimeError("a fault of ours, outside of fetch")


class FakeRanker:
    def rank(self, shard) -> list[Ranking]:
        return [
            self._one(shard.window, subscriber, shard.sent.get(subscriber.id, ())) for subscriber in shard.subscribers
        ]

    def _one(self, window, subscriber, sent) -> Ranking:
        news = [one for one in window if one.seq > subscriber.cursor and one.listing.id not in sent]
        return Ranking(tuple(Pick(a.listing, Section.FOR_YOU, a.kind, a.source, a.day, 1.0) for a in news))


class FakeRenderer:
    def forget(self) -> None: ...

    def message(self, edition: Edition) -> Message:
        who, day = edition.subscriber.email, edition.issue_date.isoformat()
        return Message("digest@example.org", who, f"<{who}.{day}>", day.encode())


class Postbox:
    """A transport that keeps what it was given: (recipient, issue date)."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, date]] = []

    def send(self, message: Message, commit) -> Outcome:
        if not commit():
            return Outcome(Verdict.DEFERRED, "no longer ours")
        self.posted.append((message.recipient, date.fromisoformat(message.content.decode())))
        return Outcome(Verdict.SENT)

    def close(self) -> None:
        pass


@contextmanager
def _home(folder: Path, transport, worker: str = "one", *, sources=(), subscribers=SUBSCRIBERS, now=None, url=None):
    """An installation on a real database."""
    store = open_store(url or store_url(folder / "digest.db"))
    try:
        if now:
            store.sync(subscribers, now)
        yield Parts(
            sources=sources or [FakeSource()],
            store=store,
            ranker=FakeRanker(),
            renderer=FakeRenderer(),
            transport=lambda: transport,
            worker=worker,
        )
    finally:
        store.close()


def _never() -> bool:
    return False


# --- three days ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "start",
    ["2026-03-07", "2026-04-04", "2026-10-03", "2026-10-24"],
    ids=["New York +", "Lord Howe -", "Lord Howe +", "Berlin -"],
)
def test_three_days_with_a_clock_change_a_restart_and_two_daemons_give_each_local_day_one_edition(tmp_path, start):
    begin = datetime.fromisoformat(start).replace(tzinfo=UTC)
    postbox = Postbox()
    restart = begin + timedelta(hours=40)
    _tick_by_two(tmp_path, postbox, begin, restart)
    end = begin + timedelta(hours=76)
    _tick_by_two(tmp_path, postbox, restart + timedelta(minutes=50), end)

    counts = Counter(postbox.posted)
    assert set(counts.values()) == {1}
    for subscriber in SUBSCRIBERS:
        days = sorted(day for who, day in counts if who == subscriber.email)
        whole = _whole_days(subscriber.schedule.timezone, begin, end)
        assert [day for day in days if day in whole] == whole, subscriber


def _tick_by_two(folder, postbox, begin, end) -> None:
    """Two daemons on one database, ticking at the very same moments."""
    with (
        _home(folder, postbox, "one", now=begin) as one,
        _home(folder, postbox, "two") as two,
        ThreadPoolExecutor(2) as pool,
    ):
        now = begin
        while now < end:
            ticks = [pool.submit(daemon.tick, parts, now, lambda: now, _never) for parts in (one, two)]  # noqa: B023
            for tick in ticks:
                tick.result()
            now += timedelta(minutes=50)


def _whole_days(zone: str, begin: datetime, end: datetime) -> list[date]:
    first, last = (moment.astimezone(ZoneInfo(zone)).date() for moment in (begin, end))
    return [first + timedelta(days=ahead) for ahead in range(1, (last - first).days)]


# --- one tick -----------------------------------------------------------------------------------------------------

NOON = datetime(2026, 5, 20, 12, tzinfo=UTC)


def test_a_pull_that_fails_does_not_stop_the_mail(tmp_path):
    postbox = Postbox()
    with _home(tmp_path, postbox, sources=[BrokenSource()], now=NOON) as parts:
        daemon.tick(parts, NOON, lambda: NOON, _never)
    assert len(postbox.posted) >= 3


def test_a_compose_that_fails_does_not_stop_what_was_composed_before(tmp_path):
    class FailingRanker(FakeRanker):
        def rank(self, *_):
            raise RuntimeError

    postbox = Postbox()
    with _home(tmp_path, postbox, now=NOON) as parts:
        list(daemon.pipeline.compose(parts, NOON))
        failing = Parts(parts.sources, parts.store, FailingRanker(), parts.renderer, parts.transport, parts.worker)
        daemon.tick(failing, NOON + timedelta(hours=23), lambda: NOON, _never)
    assert {day for _, day in postbox.posted} <= {date(2026, 5, 20)}
    assert postbox.posted


def test_no_stage_begins_once_it_is_to_stop(tmp_path):
    postbox = Postbox()
    with _home(tmp_path, postbox, now=NOON) as parts:
        daemon.tick(parts, NOON, lambda: NOON, lambda: True)
        assert parts.store.head() == 0
    assert postbox.posted == []


def test_a_tick_as_of_another_time_sends_what_is_due_then_although_the_clock_says_otherwise(tmp_path):
    postbox = Postbox()
    with _home(tmp_path, postbox, now=NOON - timedelta(days=1)) as parts:
        daemon.tick(parts, NOON, lambda: NOON - timedelta(days=300), _never)
    assert postbox.posted


def test_chores_come_last_each_whatever_became_of_the_one_before(tmp_path):
    seen = []

    def fails(_round):
        raise ZeroDivisionError

    with _home(tmp_path, Postbox(), now=NOON) as parts:
        tick = partial(daemon.tick, clock=lambda: NOON, stopping=_never, chores={"one": fails, "two": seen.append})
        tick(parts, NOON)
        tick(parts, NOON)
    assert [(done.composed > 0, done.is_quiet) for done in seen] == [(True, False), (False, True)]
    assert seen[0].delivered.sent == seen[0].composed


def test_long_work_shows_that_it_gets_on(tmp_path):
    beats = []
    with _home(tmp_path, Postbox(), now=NOON) as parts:
        daemon.tick(parts, NOON, lambda: NOON, _never, beat=lambda: beats.append(1))
        busy = len(beats)
        daemon.tick(parts, NOON, lambda: NOON, _never, beat=lambda: beats.append(1))
    assert busy > len(beats) - busy >= 5


def test_a_pull_that_hangs_is_no_sign_of_life(tmp_path):
    """Whoever asks after the daemon's health is to see it, so that it is restarted."""
    moments = iter([NOON] + [NOON + timedelta(hours=1)] * 1_000)
    asked, beats = [], []

    class Hanging(FakeSource):
        def fetch(self, *_) -> Fetched:
            threading.Event().wait(60)
            return Fetched()

    def stopping() -> bool:
        asked.append(len(beats))
        return len(asked) > 4

    with _home(tmp_path, Postbox(), sources=[Hanging()], now=NOON) as parts:
        daemon.tick(parts, NOON, lambda: next(moments), stopping, beat=lambda: beats.append(1))
    assert len(asked) > 4
    assert len(set(asked[1:])) == 1


# --- ticking ------------------------------------------------------------------------------------------------------

TICK = timedelta(milliseconds=10)


def _ticking(tick, stop, **changes) -> threading.Thread:
    values = {"first": None, "clock": daemon.utc_now, "every": TICK} | changes
    thread = threading.Thread(target=daemon.keep_ticking, args=(tick,), kwargs={"stop": stop, **values})
    thread.start()
    return thread


def _until(condition, patience: float = 10) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


@pytest.fixture
def stop():
    stop = daemon.Stop()
    yield stop
    stop.set()


def test_the_first_tick_comes_at_once_and_alone_acts_as_another_time(stop):
    seen = []
    thread = _ticking(seen.append, stop, first=NOON, clock=lambda: NOON + timedelta(days=9))
    _until(lambda: len(seen) >= 3)
    stop.set()
    thread.join(5)
    assert seen[:3] == [NOON, NOON + timedelta(days=9), NOON + timedelta(days=9)]


def test_a_tick_that_raises_is_survived(stop):
    seen = []

    def tick(now):
        seen.append(now)
        raise ZeroDivisionError

    thread = _ticking(tick, stop)
    _until(lambda: len(seen) >= 3)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def test_ticks_never_overlap_and_the_one_in_hand_is_finished(stop):
    begun, ended, running = [], [], threading.Lock()

    def tick(_):
        assert running.acquire(blocking=False)
        begun.append(1)
        time.sleep(0.05)
        running.release()
        ended.append(1)

    thread = _ticking(tick, stop)
    _until(lambda: len(begun) >= 2)
    stop.set()
    thread.join(5)
    assert len(begun) == len(ended)


def test_a_clock_set_back_by_years_does_not_stop_the_ticks(stop):
    """APScheduler keeps the next run as a moment, which such a clock reaches years later."""
    seen = []
    with time_machine.travel(datetime(2037, 1, 1, tzinfo=UTC), tick=True):
        thread = _ticking(seen.append, stop, every=timedelta(milliseconds=50))
        _until(lambda: seen)
    before = len(seen)
    _until(lambda: len(seen) >= before + 3)
    stop.set()
    thread.join(5)
    assert seen[0].year == 2037
    assert seen[-1].year != 2037


def test_stop_is_heard_while_waiting_for_a_tick_far_away(stop):
    seen = []
    thread = _ticking(seen.append, stop, every=timedelta(hours=1))
    _until(lambda: seen)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def test_signals_are_as_before_after_a_run(tmp_path, stop):
    before = signal.getsignal(signal.SIGTERM)
    with _home(tmp_path, Postbox(), now=NOON) as parts:
        threading.Timer(0.05, stop.set).start()
        assert daemon.run(parts, stop=stop) == 0
    assert signal.getsignal(signal.SIGTERM) is before


# --- a real process -----------------------------------------------------------------------------------------------


class SlowPostbox(Postbox):
    """Says on standard output what it does, and takes its time."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def send(self, message: Message, commit) -> Outcome:
        assert commit()
        print("begun", message.recipient, flush=True)
        time.sleep(self._seconds)
        print("ended", message.recipient, flush=True)
        return Outcome(Verdict.SENT, "taken")


def _main(folder: str, seconds: str, url: str) -> int:
    subscribers = [Subscriber(f"{n}@example.org", schedule=Schedule("UTC", wall_time(0))) for n in range(3)]
    postbox, now = SlowPostbox(float(seconds)), datetime.now(UTC)
    with _home(Path(folder), postbox, subscribers=subscribers, now=now, url=url) as parts:
        return daemon.run(parts)


@contextmanager
def _process(folder: Path, seconds: float):
    url = store_url(folder / "digest.db")
    command = [sys.executable, "-m", "tests.test_daemon", str(folder), str(seconds), url]
    root = Path(__file__).parent.parent
    environment = os.environ | {"PYTHONPATH": str(root)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _said(process, line: str) -> None:
    """Read on until the process says this."""
    for said in process.stdout:
        if said.startswith(line):
            return
    pytest.fail(f"it ended without saying {line!r}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_lets_the_message_in_hand_be_finished_and_no_other_begin(tmp_path, number):
    if signal.getsignal(number) is signal.SIG_IGN:
        pytest.skip("this is nohup's, under which nobody listens to SIGHUP")
    with _process(tmp_path, 0.3) as process:
        _said(process, "begun")
        process.send_signal(number)
        rest = [line.split()[0] for line in process.stdout if line.startswith(("begun", "ended"))]
        assert process.wait(10) == 0
    assert rest == ["ended"]
    store = open_store(store_url(tmp_path / "digest.db"))
    waiting = store.claim(datetime.now(UTC), worker="next", lease=timedelta(minutes=1), limit=9, subscriber=None)
    store.close()
    assert len(waiting) == 2  # given back at once, not when a lease ends


def test_a_second_signal_ends_it_at_once(tmp_path):
    with _process(tmp_path, 60) as process:
        _said(process, "begun")
        process.terminate()
        time.sleep(0.2)
        assert process.poll() is None
        process.terminate()
        assert process.wait(10) == -signal.SIGTERM


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
