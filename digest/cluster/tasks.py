"""What a worker does: the functions that a single machine calls directly, as tasks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from time import monotonic
from typing import Any

import structlog
from procrastinate import App
from procrastinate.connector import BaseConnector

from digest import pipeline
from digest.cluster.orders import CHORES_FIRST, FIRST, is_early
from digest.errors import StoreError
from digest.pipeline import Parts
from digest.pipeline.pulling import PULL_LEASE

log = structlog.get_logger(__name__)

Clock = Callable[[], datetime]
Chore = Callable[[datetime], object]

CLOCK = "clock"  # the queue that every worker is for

_TURN = timedelta(seconds=30)  # of deliveries, when a rate holds them up: a tick waits no longer than that


@dataclass(frozen=True, slots=True)
class Workplace:
    """What a worker has for its whole life."""

    parts: Parts
    clock: Clock
    shards: Callable[[datetime, int], Sequence[range]]  # as `Store.due_shards`
    stopping: Callable[[], bool] = lambda: False
    chores: Mapping[str, Chore] = field(default_factory=dict)  # done once a minute, wherever
    groups: Mapping[str, str] = field(default_factory=dict)  # sources that must not be visited at the same time
    seconds: Callable[[], float] = monotonic

    def within(self, turn: timedelta) -> Callable[[], bool]:
        """Whether it is time to stop, asked from now on: because this turn is over, or all is."""
        end = self.seconds() + turn.total_seconds()
        return lambda: self.stopping() or self.seconds() > end


class Left(Enum):
    """What a job leaves to be done."""

    NOTHING = auto()
    SOME = auto()  # it was cut short, and another may go on at once
    ALL = auto()  # it is too early


def pull(place: Workplace, source: str) -> Left:
    """Visit one source, if it is due."""
    over = place.within(PULL_LEASE)
    for _ in pipeline.pull(place.parts, place.clock(), only=source, stopping=over):
        return Left.NOTHING
    return Left.SOME if place.stopping() else Left.NOTHING


def compose(  # noqa: PLR0913  (what it is about, and since when it is asked for)
    place: Workplace, first: int, end: int, *, day: str, asked: str, behind: Sequence[str]
) -> Left:
    """Write the editions that are due of subscribers with these numbers, once those sources have been read.

    As on a single machine, what is read in the same minute comes first.
    """
    visited = [place.parts.store.source_state(name).last_attempt for name in behind]
    if is_early(visited, datetime.fromisoformat(asked), place.clock()):
        return Left.ALL
    composed = 0
    for _ in pipeline.compose(place.parts, place.clock(), patient=True, numbers=range(first, end)):
        composed += 1
        if place.stopping():  # the others of its block are written already
            break
    if composed:
        log.info("composed", editions=composed, day=day, first=first)
    return Left.SOME if place.stopping() else Left.NOTHING


def deliver(place: Workplace, most: int) -> Left:
    """Send so many messages that wait."""
    over = place.within(_TURN)
    delivered = pipeline.deliver(place.parts, place.clock, most=most, stopping=over)
    if counts := {name: count for name, count in delivered.counts.items() if count}:
        log.info("delivered", **counts)
    return Left.SOME if over() and not delivered.relay else Left.NOTHING


def make_app(connector: BaseConnector, place: Workplace) -> App:
    """The tasks of this workplace, but for the tick; each returns what it leaves."""
    app = App(connector=connector)
    tasks: dict[str, Callable[..., Left]] = {"pull": pull, "compose": compose, "deliver": deliver}
    for name, task in tasks.items():
        app.task(name=name, queue=name, priority=FIRST[name])(_safe(name, task, place))
    for name, chore in place.chores.items():
        app.task(name=name, queue=CLOCK, priority=CHORES_FIRST)(_safe(name, _once(chore), place))
    return app


def _once(chore: Chore) -> Callable[..., Left]:
    def run(place: Workplace) -> Left:
        chore(place.clock())
        return Left.NOTHING

    return run


def _safe(name: str, task: Callable[..., Left], place: Workplace) -> Callable[..., Left]:
    """A task that says itself, in one line or with all there is, why it failed."""

    def run(**arguments: Any) -> Left:
        try:
            return task(place, **arguments)
        except StoreError as error:
            log.error("job failed", job=name, reason=str(error), arguments=arguments)
            raise
        except Exception:
            log.exception("job failed", job=name, arguments=arguments)
            raise

    return run
