"""The daemon: a tick a minute. It holds no state; who is due when is in the store."""

import logging
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from types import FrameType

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from digest import pipeline
from digest.pipeline import Parts

log = structlog.get_logger(__name__)

Tick = Callable[[datetime], None]
Clock = Callable[[], datetime]

MINUTE = timedelta(minutes=1)


class Stop:
    """Tells every thread to come to an end. Like `threading.Event`, but one that a signal handler may set.

    An Event's lock may be held by the very code that the signal interrupts, and then waits for itself for ever;
    `SimpleQueue.put` is reentrant (https://docs.python.org/3/library/queue.html#queue.SimpleQueue.put).
    """

    def __init__(self) -> None:
        self._is_set = False
        self._wakes: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        self._is_set = True
        self._wakes.put(None)

    def is_set(self) -> bool:
        return self._is_set

    def wait(self, seconds: float) -> bool:
        """Whether it was set, at the latest after `seconds`. For one waiting thread."""
        with suppress(Empty):
            self._wakes.get(timeout=0 if self._is_set else seconds)
        return self._is_set


def utc_now() -> datetime:
    return datetime.now(UTC)


def run(
    parts: Parts,
    *,
    first: datetime | None = None,
    clock: Clock = utc_now,
    stop: Stop | None = None,
    every: timedelta = MINUTE,
) -> int:
    """Pull, compose and deliver what is due, at once and then `every` minute, until SIGTERM, SIGINT or `stop`.

    The first signal lets the message in hand be finished; a second one ends the process at once, which loses nothing
    either. `first` is the time that the first tick acts as. Returns the exit status.
    """
    stop = stop or Stop()
    with _signals_set(stop):
        keep_ticking(lambda now: tick(parts, now, clock, stop.is_set), first=first, clock=clock, stop=stop, every=every)
    return 0


def tick(parts: Parts, now: datetime, clock: Clock, stopping: Callable[[], bool]) -> None:
    """One round of pull, compose, deliver, as of `now`; a stage that fails is logged and does not stop the next."""
    begun = clock()
    stages: dict[str, Callable[[], object]] = {
        "pull": lambda: _drained(pipeline.pull(parts, now, stopping=stopping)),
        "compose": lambda: _drained(pipeline.compose(parts, now)),
        # Deliveries take time, and leases need to know it: it goes on from `now`, whatever `now` was.
        "deliver": lambda: pipeline.deliver(parts, lambda: now + (clock() - begun), stopping=stopping),
    }
    for name, stage in stages.items():
        if stopping():
            return
        try:
            stage()
        except Exception:  # the daemon survives everything; the next tick tries again
            log.exception("stage failed", stage=name)


def _drained(results: Iterator[object]) -> None:
    deque(results, maxlen=0)


def keep_ticking(tick: Tick, *, first: datetime | None, clock: Clock, stop: Stop, every: timedelta = MINUTE) -> None:
    """Call `tick` at once and then at every interval, one at a time, until `stop` is set and the last one is done."""
    scheduler = _scheduler()
    # Computed once, used once: only the first tick acts as another time.
    times = iter([first] if first else [])
    trigger = IntervalTrigger(seconds=every.total_seconds(), timezone=UTC)
    job = scheduler.add_job(lambda: _shielded(tick, next(times, None) or clock()), trigger, next_run_time=utc_now())
    scheduler.start()
    try:
        while not stop.wait(every.total_seconds()):
            # A clock set back would leave the next tick in a future that is hours or years away.
            if job.next_run_time > utc_now() + 2 * every:
                job.modify(next_run_time=utc_now())
    finally:
        stop.set()  # also when it is an exception that ends the wait
        scheduler.shutdown(wait=True)


def _scheduler() -> BackgroundScheduler:
    """APScheduler, told not to skip a late tick and not to remark on a tick that takes longer than the interval."""
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    return BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(1)},
        job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
    )


def _shielded(tick: Tick, now: datetime) -> None:
    try:
        tick(now)
    except Exception:  # the next tick comes all the same
        log.exception("tick failed", now=now.isoformat())


@contextmanager
def _signals_set(stop: Stop) -> Iterator[None]:
    """SIGTERM and SIGINT set `stop`; the second one finds the system's own handling again."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is sent signals
        return
    caught = (signal.SIGTERM, signal.SIGINT)

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        for one in caught:
            signal.signal(one, signal.SIG_DFL)
        stop.set()

    before = {number: signal.signal(number, ask_to_stop) for number in caught}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
