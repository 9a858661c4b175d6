"""What a worker does: the functions that a single machine calls directly, as tasks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import structlog
from procrastinate import App
from procrastinate.connector import BaseConnector

from digest import pipeline
from digest.errors import StoreError
from digest.pipeline import Parts
from digest.pipeline.pulling import PULL_LEASE

log = structlog.get_logger(__name__)

Clock = Callable[[], datetime]
Chore = Callable[[datetime], object]

QUEUES = ("pull", "compose", "deliver")  # which a worker may be for
CLOCK = "clock"  # which every worker is for

_FIRST = {"tick": 100, "pull": 50, "compose": 20, "deliver": 10}
_CHORES_FIRST = 40
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


def pull(place: Workplace, source: str) -> bool:
    """Visit one source, if it is due; returns whether something is left to do."""
    over = place.within(PULL_LEASE)
    for _ in pipeline.pull(place.parts, place.clock(), only=source, stopping=over):
        return False
    return over()


def compose(place: Workplace, day: str, first: int, end: int) -> bool:
    """Write the editions that are due of subscribers with these numbers; returns whether some may be left."""
    composed = 0
    for _ in pipeline.compose(place.parts, place.clock(), patient=True, numbers=range(first, end)):
        composed += 1
        if place.stopping():  # the others of its block are written already
            break
    if composed:
        log.info("composed", editions=composed, day=day, first=first)
    return place.stopping()


def deliver(place: Workplace, most: int) -> bool:
    """Send so many messages that wait; returns whether it was cut short."""
    over = place.within(_TURN)
    delivered = pipeline.deliver(place.parts, place.clock, most=most, stopping=over)
    if counts := {name: getattr(delivered, name) for name in _COUNTS if getattr(delivered, name)}:
        log.info("delivered", **counts)
    return over() and not delivered.relay


_COUNTS = ("sent", "deferred", "failed", "unknown", "noted")


def make_app(connector: BaseConnector, place: Workplace) -> App:
    """The tasks of this workplace, but for the tick; each returns whether it left something undone."""
    app = App(connector=connector)
    tasks: dict[str, Callable[..., bool]] = {"pull": pull, "compose": compose, "deliver": deliver}
    for name, task in tasks.items():
        app.task(name=name, queue=name, priority=_FIRST[name])(_safe(name, task, place))
    for name, chore in place.chores.items():
        app.task(name=name, queue=CLOCK, priority=_CHORES_FIRST)(_safe(name, _once(chore), place))
    return app


def _once(chore: Chore) -> Callable[..., bool]:
    def run(place: Workplace) -> bool:
        chore(place.clock())
        return False

    return run


def _safe(name: str, task: Callable[..., bool], place: Workplace) -> Callable[..., bool]:
    """A task that says itself, in one line or with all there is, why it failed."""

    def run(**arguments: Any) -> bool:
        try:
            return task(place, **arguments)
        except StoreError as error:
            log.error("job failed", job=name, reason=str(error), **arguments)
            raise
        except Exception:
            log.exception("job failed", job=name, **arguments)
            raise

    return run
