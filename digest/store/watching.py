"""What is looked at every minute, and whenever Prometheus asks: little, whatever the size of the store."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from digest.alerts import FAILURES, Facts
from digest.model import TAKEN_BEFORE, Alert, Cause, Pace, SourceState, State, Status
from digest.store import keeping, overview, paces, pulls, tallies
from digest.store.schema import TROUBLE, deliveries, editions, sources

_A_DAY = timedelta(hours=24)
_SLACK = timedelta(hours=1)  # between the order of numbers and that of times
_MOST_SAID = 3
_LONGEST_SAID = 200


def facts(connection: Connection, now: datetime, expiry: timedelta) -> Facts:
    """What alerts are about; an edition is not sent any more `expiry` after it was composed."""
    return Facts(
        sources=sources_of(connection),
        ended=_ended(connection, now - _A_DAY, expiry),
        said=_said(connection, now - _A_DAY),
        oldest_waiting=overview.oldest_waiting(connection, now),
        troubled=paces.troubled(connection),
        restored=_restored(connection, now - _A_DAY),
    )


def sources_of(connection: Connection) -> Mapping[str, SourceState]:
    """What is remembered of every source that was ever visited, by name."""
    return {name: pulls.source_state(connection, name) for name in connection.scalars(select(sources.c.name)).all()}


def _ended(connection: Connection, since: datetime, expiry: timedelta) -> Mapping[State, int]:
    """How the deliveries ended that have come to their end since then: expired ones were composed long before."""
    d = deliveries.c
    possible = d.edition_id >= overview.first_composed(connection, since - expiry - _SLACK)
    query = select(d.state, func.count()).where(possible, d.changed_at > since, d.next_attempt.is_(None))
    return {row[0]: row[1] for row in connection.execute(query.group_by(d.state))}


def _said(connection: Connection, since: datetime) -> tuple[tuple[str, int], ...]:
    """What was said most often of those that did not go through."""
    d = deliveries.c
    said = func.substr(d.detail, 1, _LONGEST_SAID)
    query = (
        select(said, func.count())
        .where(TROUBLE, d.changed_at > since, d.next_attempt.is_(None), d.state.in_(FAILURES))
        .group_by(said)
        .order_by(func.count().desc(), said)
        .limit(_MOST_SAID)
    )
    return tuple((row[0], row[1]) for row in connection.execute(query))


def _restored(connection: Connection, since: datetime) -> int:
    d = deliveries.c
    known = select(func.count()).join_from(deliveries, editions, editions.c.id == d.edition_id)
    new = (editions.c.composed_at > since, d.attempts <= 1, d.resent == 0)
    return connection.scalar(known.where(d.detail == TAKEN_BEFORE, *new)) or 0


# --- for Prometheus -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Gauges:
    """How much there is of what, and how much there ever was."""

    sums: Mapping[str, int]  # see `tallies`
    waiting: Mapping[State, int]
    oldest_waiting: datetime | None
    subscribers: Mapping[Status, int]
    due: int
    sources: Mapping[str, SourceState]
    suppressed: Mapping[Cause, int]
    quiet: tuple[Pace, ...]
    alerts: tuple[Alert, ...]
    vacuumed_at: datetime | None
    size: int  # bytes


def gauges(connection: Connection, now: datetime) -> Gauges:
    """Everything that is measured."""
    d = deliveries.c
    return Gauges(
        sums=tallies.read(connection),
        waiting=overview.tally(connection, d.state, State, d.next_attempt.is_not(None)),
        oldest_waiting=overview.oldest_waiting(connection, now),
        subscribers=overview.statuses(connection),
        due=overview.due(connection, now),
        sources=sources_of(connection),
        suppressed=overview.suppressed(connection, now).causes,
        quiet=overview.in_silence(connection, now),
        alerts=overview.told(connection),
        vacuumed_at=keeping.last(connection),
        size=overview.size(connection),
    )
