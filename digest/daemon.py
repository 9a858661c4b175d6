"""The daemon: a tick a minute. It holds no state; who is due when is in the store."""

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from types import FrameType, MappingProxyType

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from digest import pipeline
from digest.errors import StoreError
from digest.pipeline import Delivered, Parts
from digest.pipeline.pulling import PULL_LEASE

log = structlog.get_logger(__name__)

Tick = Callable[[datetime], None]
Clock = Callable[[], datetime]
Deliver = Callable[[Parts, Clock, Callable[[], bool]], Delivered]

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Round:
    """What one tick has come to so far."""

    now: datetime
    composed: int = 0
    delivered: Delivered = field(default_factory=Delivered)

    @property
    def is_quiet(self) -> bool:
        """Whether there was nothing to do."""
        return not self.composed and self.delivered == Delivered()


Stage = Callable[[Round], Round | None]  # None: as before


class Pulse:
    """When a process last gave a sign of life, for whoever asks whether it is well."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._last = seconds()

    def beat(self) -> None:
        self._last = self._seconds()

    @property
    def age(self) -> timedelta:
        return timedelta(seconds=self._seconds() - self._last)


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


def _deliver(parts: Parts, now: Clock, stopping: Callable[[], bool]) -> Delivered:
    return pipeline.deliver(parts, now, stopping=stopping)


def run(  # noqa: PLR0913  (all of them have a default)
    parts: Parts,
    *,
    first: datetime | None = None,
    clock: Clock = utc_now,
    stop: Stop | None = None,
    every: timedelta = MINUTE,
    deliver: Deliver = _deliver,
    chores: Mapping[str, Stage] | None = None,
    pulse: Pulse | None = None,
) -> int:
    """Pull, compose, deliver and take back what is due, at once and then `every` minute, until a signal or `stop`.

    The first SIGTERM, SIGINT or SIGHUP lets the message in hand be finished; a second one ends the process at once,
    which loses nothing either. `first` is the time that the first tick acts as; `chores` are done at the end of each
    tick. Returns the exit status.
    """
    stop = stop or Stop()
    pulse = pulse or Pulse()

    def once(now: datetime) -> None:
        tick(parts, now, clock, stop.is_set, deliver=deliver, chores=chores or {}, beat=pulse.beat)

    with signals_set(stop):
        log.info("started", worker=parts.worker)
        keep_ticking(once, first=first, clock=clock, stop=stop, every=every)
        log.info("stopped", worker=parts.worker)
    return 0


def tick(  # noqa: PLR0913  (as `run`)
    parts: Parts,
    now: datetime,
    clock: Clock,
    stopping: Callable[[], bool],
    *,
    deliver: Deliver = _deliver,
    chores: Mapping[str, Stage] = MappingProxyType({}),
    beat: Callable[[], None] = lambda: None,
) -> None:
    """One round of pull, compose, deliver, take back and `chores`, as of `now`.

    A stage that fails is logged and does not stop the next. Long ones call `beat` as they get on.
    """
    begun = clock()

    def moment() -> datetime:  # deliveries take time, and leases need to know it: it goes on from whatever `now` was
        beat()
        return now + (clock() - begun)

    def pulling() -> bool:
        if clock() - begun < PULL_LEASE:  # one that takes longer hangs
            beat()
        return stopping()

    def alive() -> bool:
        beat()
        return stopping()

    stages: dict[str, Stage] = {
        "pull": lambda _: _pull(parts, now, pulling),
        "compose": lambda done: replace(done, composed=_compose(parts, now, beat)),
        "deliver": lambda done: replace(done, delivered=_said(deliver(parts, moment, stopping))),
        "take back": lambda _: pipeline.take_back(parts, now, alive),
        **chores,
    }
    done = Round(now)
    for name, stage in stages.items():
        if stopping():
            return
        beat()
        try:
            done = stage(done) or done
        except StoreError as error:
            log.error("stage failed", stage=name, reason=str(error))
        except Exception:  # the daemon survives everything; the next tick tries again
            log.exception("stage failed", stage=name)
    beat()


def _pull(parts: Parts, now: datetime, stopping: Callable[[], bool]) -> None:
    for _ in pipeline.pull(parts, now, stopping=stopping):
        pass


def _compose(parts: Parts, now: datetime, beat: Callable[[], None]) -> int:
    composed = 0
    for _ in pipeline.compose(parts, now, patient=True):
        composed += 1
        beat()
    if composed:
        log.info("composed", editions=composed)
    return composed


def _said(delivered: Delivered) -> Delivered:
    if delivered != Delivered():
        log.info("delivered", **{name: count for name, count in asdict(delivered).items() if count})
    return delivered


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
def signals_set(stop: Stop) -> Iterator[None]:
    """SIGTERM, SIGINT and SIGHUP set `stop`; the second one finds the system's own handling again.

    SIGHUP is what a terminal says that goes away; under `nohup` it is not listened to.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is sent signals
        return
    caught = [signal.SIGTERM, signal.SIGINT]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        caught.append(signal.SIGHUP)

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
