"""How things stand: what `digest status` shows."""

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, or_, select, text

from digest.alerts import FAILURES
from digest.due import Planned
from digest.model import Alert, Cause, Pace, Problem, Schedule, State, Status
from digest.pacing import BREAKER, quiet
from digest.store import alerts, keeping, paces, tallies
from digest.store.schema import (
    ABSENT,
    TROUBLE,
    announcements,
    deliveries,
    editions,
    listings,
    sources,
    subscribers,
    suppressions,
)
from digest.store.sql import count

_A_DAY = timedelta(hours=24)
_LATEST = timedelta(days=3)  # after an edition was composed, something may still happen to its delivery
_LAST_FAILURES = 20


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One source since it was first pulled."""

    name: str
    last_attempt: datetime | None
    last_success: datetime | None
    next_pull: datetime | None
    covered: Mapping[str, date]
    problems: tuple[Problem, ...]
    announced: int  # listings given by the last pull
    listings: int  # papers it ever announced


@dataclass(frozen=True, slots=True)
class Failure:
    """A delivery that did not go through: put off, given up, expired, or unknown."""

    email: str
    issue_date: date
    state: State
    attempts: int
    code: int | None
    detail: str
    when: datetime


@dataclass(frozen=True, slots=True)
class Suppressed:
    """The suppression list, and how it grows."""

    total: int
    causes: Mapping[Cause, int]
    last_7_days: int
    last_30_days: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The state of one installation. States and statuses that nothing is in count 0."""

    sources: tuple[SourceStatus, ...]
    listings: int
    head: int  # seq of the newest announcement
    subscribers: Mapping[Status, int]
    due: int  # active subscribers whose next edition is due
    next_due: datetime | None  # of all active subscribers
    editions: int  # there ever were
    editions_today: int  # composed in the last 24 hours
    deliveries: Mapping[State, int]  # there ever were
    deliveries_today: Mapping[State, int]  # that changed state in the last 24 hours
    failures: tuple[Failure, ...]  # newest first
    size: int  # of the database, bytes
    waiting: int  # deliveries that will be tried, or tried again
    oldest_waiting: datetime | None  # when the first of them was composed
    held: int  # unknown for good: they may have arrived, and are not sent again
    suppressed: Suppressed
    quiet: tuple[Pace, ...]  # the relay and the domains that are left alone now, or that fail
    alerts: tuple[Alert, ...]  # what is wrong
    vacuumed_at: datetime | None


def overview(connection: Connection, now: datetime) -> Overview:
    """Everything at one instant."""
    since = now - _A_DAY
    active = subscribers.c.status == Status.ACTIVE
    ever, waits = Counter(tallies.read(connection)), tally(connection, deliveries.c.state, State, _WAITS)
    return Overview(
        sources=_sources(connection),
        listings=count(connection, listings, listings.c.same_as == listings.c.id),
        head=head(connection),
        subscribers=statuses(connection),
        due=due(connection, now),
        next_due=connection.scalar(select(func.min(subscribers.c.next_due)).where(active)),
        editions=ever["editions"],
        editions_today=count(connection, editions, editions.c.composed_at > since),
        deliveries={state: ever[f"deliveries:{state}"] + waits[state] for state in State},
        deliveries_today=_changed(connection, since),
        failures=_failures(connection),
        size=size(connection),
        waiting=sum(waits.values()),
        oldest_waiting=oldest_waiting(connection, now),
        held=count(connection, deliveries, *_HELD),
        suppressed=suppressed(connection, now),
        quiet=in_silence(connection, now),
        alerts=told(connection),
        vacuumed_at=keeping.last(connection),
    )


def statuses(connection: Connection) -> dict[Status, int]:
    """How many subscribers there are of each status. Those who get no digest are few, and have an index of their own."""
    absent = tally(connection, subscribers.c.status, Status, ABSENT)
    return absent | {Status.ACTIVE: count(connection, subscribers) - sum(absent.values())}


def _changed(connection: Connection, since: datetime) -> dict[State, int]:
    """Deliveries by their state that came to it since then, of the editions of the last days."""
    recent = deliveries.c.edition_id >= first_composed(connection, since - _LATEST)
    return tally(connection, deliveries.c.state, State, recent, deliveries.c.changed_at > since)


def first_composed(connection: Connection, since: datetime) -> int:
    """The number of the first edition that was composed after then; later ones have higher numbers, to some minutes."""
    query = select(editions.c.id).where(editions.c.composed_at > since).order_by(editions.c.composed_at).limit(1)
    return connection.scalar(query) or sys.maxsize


_WAITS = deliveries.c.next_attempt.is_not(None)
_HELD = (TROUBLE, deliveries.c.state == State.UNKNOWN, deliveries.c.next_attempt.is_(None))


def oldest_waiting(connection: Connection, now: datetime) -> datetime | None:
    """When the oldest edition that is still to be sent was composed; what waits for its subscriber's return is not."""
    back = or_(subscribers.c.paused_until.is_(None), subscribers.c.paused_until <= now.date())
    d = deliveries.c
    # One after the other, from the oldest: nearly always it is the first, however many wait.
    waiting = select(d.edition_id, d.created_at).where(_WAITS).order_by(d.created_at).offset(0).subquery()
    query = (
        select(waiting.c.created_at)
        .join(editions, editions.c.id == waiting.c.edition_id)
        .join(subscribers, subscribers.c.id == editions.c.subscriber_id)
        .where(subscribers.c.status == Status.ACTIVE, back)
        .order_by(waiting.c.created_at)
        .limit(1)
    )
    found: datetime | None = connection.scalar(query)
    return found


def due(connection: Connection, now: datetime) -> int:
    """How many active subscribers' next editions are due."""
    return count(connection, subscribers, subscribers.c.status == Status.ACTIVE, subscribers.c.next_due <= now)


def planned(connection: Connection, after: datetime, until: datetime) -> list[Planned]:
    """Active subscribers whom to look at then, by their schedules."""
    s = subscribers.c
    by = (*(s[field.name] for field in fields(Schedule)), s.last_issue, s.paused_until)
    then = (s.status == Status.ACTIVE, s.next_due > after, s.next_due <= until)
    rows = connection.execute(select(*by, func.count()).where(*then).group_by(*by))
    return [Planned(Schedule(*schedule), *more) for *schedule, more in ((*row[:-3], row[-3:]) for row in rows)]


def suppressed(connection: Connection, now: datetime) -> Suppressed:
    """How many addresses no mail is sent to, why, and how many of them since when."""
    since = [count(connection, suppressions, suppressions.c.at > now - timedelta(days=days)) for days in (7, 30)]
    causes = tally(connection, suppressions.c.cause, Cause)
    return Suppressed(sum(causes.values()), causes, *since)


def told(connection: Connection) -> tuple[Alert, ...]:
    """What is wrong, as the operator was told."""
    return tuple(alert for alert in alerts.all_(connection) if alert.what and alert.over_at is None)


def in_silence(connection: Connection, now: datetime) -> tuple[Pace, ...]:
    """What is left alone now, and the relay if it fails; the longest silence first."""
    found = paces.troubled(connection).values()
    silent = [pace for pace in found if quiet(pace, now) or (pace.key == BREAKER and pace.strikes)]
    return tuple(sorted(silent, key=lambda pace: (pace.quiet_until or now, pace.key), reverse=True))


def head(connection: Connection) -> int:
    """The newest seq; 0 before the first announcement."""
    return connection.scalar(select(func.max(announcements.c.seq))) or 0


def moment(connection: Connection) -> str:
    """Another one after each commit; PostgreSQL: https://www.postgresql.org/docs/current/functions-info.html."""
    is_sqlite = connection.dialect.name == "sqlite"
    return str(connection.scalar(text("SELECT total_changes()" if is_sqlite else "SELECT pg_current_snapshot()")))


def tally(connection: Connection, column: Any, kind: Any, *where: Any) -> dict[Any, int]:
    rows = connection.execute(select(column, func.count()).where(*where).group_by(column))
    return dict.fromkeys(kind, 0) | {row[0]: row[1] for row in rows}


def _sources(connection: Connection) -> tuple[SourceStatus, ...]:
    papers = (
        select(announcements.c.source, func.count(listings.c.same_as.distinct()))
        .join(listings, listings.c.id == announcements.c.listing_id)
        .group_by(announcements.c.source)
    )
    counts = {row[0]: row[1] for row in connection.execute(papers)}
    *names, _ = SourceStatus.__dataclass_fields__
    rows = connection.execute(select(*(sources.c[name] for name in names)).order_by(sources.c.name))
    return tuple(SourceStatus(**row._asdict(), listings=counts.get(row.name, 0)) for row in rows)


def _failures(connection: Connection) -> tuple[Failure, ...]:
    lost = deliveries.c.state.in_([*FAILURES, State.DEFERRED])
    d = deliveries.c
    query = (
        select(subscribers.c.email, editions.c.issue_date, d.state, d.attempts, d.code, d.detail, d.changed_at)
        .join_from(deliveries, editions, editions.c.id == d.edition_id)
        .join(subscribers, subscribers.c.id == editions.c.subscriber_id)
        .where(TROUBLE, lost)
        .order_by(d.changed_at.desc(), d.id.desc())
        .limit(_LAST_FAILURES)
    )
    return tuple(Failure(*row) for row in connection.execute(query))


def size(connection: Connection) -> int:
    if connection.dialect.name == "sqlite":
        size = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    else:
        size = "SELECT pg_database_size(current_database())"
    return int(connection.scalar(text(size)) or 0)
