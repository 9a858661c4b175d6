"""The processes of `digest worker`: each does one job at a time, and is begun again if it dies."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event, Thread
from typing import TYPE_CHECKING

import structlog

from digest import __version__, config, daemon, pipeline
from digest.cli import keeping, worker
from digest.errors import StoreError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from digest.cli.wiring import Installation
    from digest.config import Settings, SourceSettings
    from digest.store import Store

log = structlog.get_logger(__name__)

_LOOK = 0.2  # seconds between two looks at whether it is time to stop
_SIGN_OF_LIFE = 20.0  # seconds between two
_HUNG = timedelta(minutes=1)  # without getting on
_APART = timedelta(seconds=5)  # of two clocks, worth a word


# --- here -----------------------------------------------------------------------------------------------------------


def run(settings: "Settings", queues: Sequence[str], processes: int) -> None:
    """Keep so many processes at work, until a signal."""
    from digest.cli import wiring
    from digest.cluster.scripts import scripts

    stop = daemon.Stop()
    with daemon.signals_set(stop):
        with wiring.store_of(settings, datetime.now(UTC)) as store:
            store.prepare_jobs(scripts())
        log.info("started", queues=queues, processes=processes)
        works = [
            keeping.Work(f"worker {number}", _work, (settings, tuple(queues)), None, partial(_mourn, settings))
            for number in range(1, processes + 1)
        ]
        with keeping.kept(*works):
            while not stop.wait(_SIGN_OF_LIFE):
                pass
        log.info("stopped")


def _mourn(settings: "Settings") -> None:
    """Give back what a process held that has died."""
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
    from digest.cli.delivering import undisturbed
    from digest.cluster.tasks import Workplace
    from digest.cluster.working import work
    from digest.store.database import parsed

    told, pulse, clock = Event(), daemon.Pulse(), Clock(home.store)
    place = Workplace(
        parts=home.parts,
        clock=clock,
        shards=home.store.due_shards,
        stopping=told.is_set,
        chores=chores_of(home, told.is_set),
        groups=groups_of(home.settings.sources),
    )
    with ExitStack() as stack:
        stack.enter_context(_attending(home, clock))
        stack.enter_context(_watched(connection, told, pulse))
        stack.enter_context(undisturbed())
        work(parsed(home.settings.store.url), place, queues, pulse.beat)


@contextmanager
def _watched(connection: "Connection", told: Event, pulse: daemon.Pulse) -> Iterator[None]:
    """Passes on that it is to stop; ends a process that hangs, which loses nothing, and has another begun."""
    over = Event()

    def watch() -> None:
        while not over.wait(_LOOK):
            if connection.poll(0):
                told.set()
            if pulse.age > _HUNG:
                log.error("hangs, and is ended")
                os._exit(1)

    thread = Thread(target=watch, name="watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def _attending(home: "Installation", clock: "Clock") -> Iterator[None]:
    """Says three times a minute that this process is at work, and sets its clock; at the end, that it is gone."""
    over, name = Event(), home.parts.worker

    def attend() -> None:
        while not over.is_set():
            with suppress(StoreError):  # whoever works will say so
                clock.set()
                home.store.attend(name, __version__, clock())
            over.wait(_SIGN_OF_LIFE)

    thread = Thread(target=attend, name="attend", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(_SIGN_OF_LIFE)
        with suppress(StoreError):
            home.store.bereave(name.__eq__, clock())
            home.store.leave(name)


class Clock:
    """The time as the database has it: one clock for all machines, since leases are written on one and read on others.

    Between two looks at it, the time goes on as this machine counts seconds, sleep included; what becomes of its own
    date meanwhile does not matter.
    """

    def __init__(self, store: "Store") -> None:
        self._store = store
        self._is_apart = False
        self.set()

    def set(self) -> None:
        """Look at the database's clock. Raises StoreError."""
        begun = _seconds()
        theirs = self._store.time()
        self._base = theirs, (begun + _seconds()) / 2
        apart = datetime.now(UTC) - theirs
        if abs(apart) > _APART and not self._is_apart:
            log.warning("this machine's clock is not the database's, which is believed", seconds=apart.total_seconds())
        self._is_apart = abs(apart) > _APART

    def __call__(self) -> datetime:
        moment, then = self._base
        return moment + timedelta(seconds=_seconds() - then)


def _seconds() -> float:
    """Since some moment; on Linux also while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


# --- what else there is to do -----------------------------------------------------------------------------------------


def chores_of(home: "Installation", stopping: Callable[[], bool]) -> dict[str, Callable[[datetime], object]]:
    """What `digest run` does at the end of a tick, and what only several machines need."""
    from digest.cli import alerting, vacuum

    clean = vacuum.chore(home, stopping)

    def vacuumed(now: datetime) -> None:
        clean(daemon.Round(now, composed=home.store.waiting(now, most=1)))  # which is quiet if nothing waits

    chores: dict[str, Callable[[datetime], object]] = {
        "bereave": home.store.bereave_silent,
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
