"""The processes of `digest worker`: each does one job at a time, and is begun again if it dies."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import active_children
from threading import Event
from typing import TYPE_CHECKING

import structlog

from digest import config, daemon, pipeline
from digest.cli import keeping, worker
from digest.errors import OutdatedError, StoreError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from digest.cli.wiring import Installation
    from digest.config import Settings, SourceSettings

log = structlog.get_logger(__name__)

_BEAT = 10.0  # seconds between two looks at whether the processes live
_LOOK = 0.2  # seconds between two looks at whether it is time to stop
_LOOKS_AT_CLOCK = 20.0  # seconds between two
_HUNG = timedelta(minutes=2)  # without getting on
_ONCE_MORE = 5.0  # seconds in which it may still get on
_APART = timedelta(seconds=5)  # of two clocks, worth a word


# --- here -----------------------------------------------------------------------------------------------------------


def run(settings: "Settings", queues: Sequence[str], processes: int) -> None:
    """Keep so many processes at work, until a signal."""
    from digest.cli import metrics, wiring
    from digest.cluster.scripts import scripts

    stop, found = daemon.Stop(), list[OutdatedError]()

    def mourn() -> None:
        try:
            _clear_up(settings)
        except OutdatedError as error:
            found.append(error)
            stop.set()

    pulse, arguments = daemon.Pulse(), (settings, tuple(queues))
    works = [keeping.Work(f"worker {one + 1}", _work, arguments, None, mourn=mourn) for one in range(processes)]
    with daemon.signals_set(stop), wiring.store_of(settings, datetime.now(UTC)) as store:
        store.prepare_jobs(scripts())
        log.info("started", queues=queues, processes=processes)
        with metrics.observed(settings.operator.metrics_port, store, pulse), keeping.kept(*works):
            while not stop.wait(_BEAT):
                if active_children():
                    pulse.beat()
        log.info("stopped")
    if found:
        raise found[0]


def _clear_up(settings: "Settings") -> None:
    """Give back what processes held that have died. Raises StoreError."""
    from digest.cli import wiring

    with wiring.store_of(settings, create=False) as store:
        store.bereave(worker.is_dead, store.time())


# --- there ----------------------------------------------------------------------------------------------------------


def _work(settings: "Settings", queues: Sequence[str], connection: "Connection") -> None:
    """One process: until it is told to stop, or the first one is no more."""
    from digest.cli import logs, wiring
    from digest.cluster.handing import handing_on

    worker.leave_signals_alone()
    logs.verbose(logs.hiding(settings))
    try:
        with wiring.once_more(settings, ranker=None, hand_on=handing_on()) as home:
            _live(home, queues, connection)
    except StoreError as error:  # at the beginning: it is begun again
        log.error("a worker cannot begin", reason=str(error))
        raise SystemExit(1) from None


def _live(home: "Installation", queues: Sequence[str], connection: "Connection") -> None:
    from digest.cli.attending import at_work
    from digest.cluster.tasks import Workplace
    from digest.cluster.working import work
    from digest.collecting import undisturbed
    from digest.store.database import parsed

    told, pulse, clock = Event(), daemon.Pulse(), Clock(home.store.time)
    place = Workplace(
        parts=home.parts,
        clock=clock,
        shards=home.store.due_shards,
        stopping=told.is_set,
        chores=chores_of(home, told.is_set),
        groups=groups_of(home.settings.sources),
    )
    with (
        at_work(home.store, home.parts.worker, told.set),
        _watched(connection, told, pulse),
        _giving_back(home, clock),
        undisturbed(),
    ):
        work(parsed(home.settings.store.url), place, queues, pulse.beat)


@contextmanager
def _giving_back(home: "Installation", clock: "Clock") -> Iterator[None]:
    """At the end, nothing is left in the hands of this process."""
    try:
        yield
    finally:
        with suppress(StoreError):  # it is given back when it has been silent for long enough
            home.store.bereave(home.parts.worker.__eq__, clock())


@contextmanager
def _watched(connection: "Connection", told: Event, pulse: daemon.Pulse) -> Iterator[None]:
    """Passes on that it is to stop; ends a process that hangs, which loses nothing, and has another begun."""

    def watch(over: Event) -> None:
        while not over.wait(_LOOK):
            if connection.poll(0):
                told.set()
            if pulse.age > _HUNG and not over.wait(_ONCE_MORE) and pulse.age > _HUNG:  # it may have been asleep
                log.error("hangs, and is ended")
                os._exit(1)

    with keeping.beside(watch, "watch"):
        yield


def _seconds() -> float:
    """Since some moment; on Linux also while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Clock:
    """The time as the database has it: one clock for all machines, since leases are written on one and read on others.

    Between two looks at it, the time goes on as this machine counts seconds, sleep included; what becomes of its own
    date meanwhile does not matter.
    """

    def __init__(self, time: Callable[[], datetime], seconds: Callable[[], float] = _seconds) -> None:
        self._time = time  # may raise StoreError
        self._seconds = seconds
        self._is_apart = False
        self._again = 0.0  # seconds, when to look at it again
        self._set()

    def __call__(self) -> datetime:
        if self._seconds() >= self._again:
            self._again = self._seconds() + _LOOKS_AT_CLOCK
            with suppress(StoreError):  # who works will say so
                self._set()
        moment, then = self._base
        return moment + timedelta(seconds=self._seconds() - then)

    def _set(self) -> None:
        begun = self._seconds()
        theirs = self._time()
        self._base = theirs, (begun + self._seconds()) / 2
        self._again = begun + _LOOKS_AT_CLOCK
        apart = datetime.now(UTC) - theirs
        if abs(apart) > _APART and not self._is_apart:
            log.warning("this machine's clock is not the database's, which is believed", seconds=apart.total_seconds())
        self._is_apart = abs(apart) > _APART


# --- what else there is to do -----------------------------------------------------------------------------------------


def chores_of(home: "Installation", stopping: Callable[[], bool]) -> dict[str, Callable[[datetime], object]]:
    """What `digest run` does at the end of a tick, and what only several machines need."""
    from digest.cli import alerting, attending, vacuum

    clean = vacuum.chore(home, stopping)

    def vacuumed(now: datetime) -> None:
        clean(daemon.Round(now, composed=home.store.waiting(now, most=1)))  # which is quiet if nothing waits

    chores: dict[str, Callable[[datetime], object]] = {
        "bereave": partial(attending.bereave, home.store),
        "watch": partial(alerting.watch, home),
        "vacuum": vacuumed,
    }
    if home.parts.post is not None:
        chores["take back"] = lambda now: pipeline.take_back(home.parts, now, stopping)
    return chores


def groups_of(sources: "Sequence[SourceSettings]") -> dict[str, str]:
    """Whom each source belongs to, by its name: two of one group are not visited at the same time."""
    return {source.name: _group(source) for source in sources}


def _group(source: "SourceSettings") -> str:
    match source:
        case config.FeedSettings():
            from urllib.parse import urlsplit

            return urlsplit(source.url).hostname or source.name
        case _:
            return source.kind
