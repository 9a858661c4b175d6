"""What the operator looks through, a page at a time: subscribers, deliveries, addresses that no mail is sent to.

Every page begins behind the last line of the one before it, which an index finds: the hundredth costs what the first does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from digest.alerts import FAILURES
from digest.model import Alert, Origin, Pace, Return, SourceState, State, Status, Suppression
from digest.store import alerts, overview, watching
from digest.store.schema import ABSENT, TROUBLE, deliveries, editions, returns, subscribers, suppressions
from digest.store.sql import count, plain, starts_with
from digest.store.subscribers import address

_MOST_SAID = 5
_LONGEST_SAID = 200
_DAY = timedelta(days=1)
TROUBLED = frozenset((*FAILURES, State.DEFERRED))  # what there is to say why of


@dataclass(frozen=True, slots=True)
class Pulse:
    """What is going on, in as much as it takes little time to find out, whatever the size of the store."""

    waiting: int  # deliveries that will be tried, or tried again
    due: int  # active subscribers whose next edition is due
    next_due: datetime | None  # of all active subscribers
    quiet: tuple[Pace, ...]  # the relay and the domains that are left alone now, or that fail
    alerts: tuple[Alert, ...]  # what the operator was told of, or will be
    sources: Mapping[str, SourceState]


def pulse(connection: Connection, now: datetime) -> Pulse:
    """How things are at this moment."""
    active = subscribers.c.status == Status.ACTIVE
    return Pulse(
        waiting=count(connection, deliveries, deliveries.c.next_attempt.is_not(None)),
        due=overview.due(connection, now),
        next_due=connection.scalar(select(func.min(subscribers.c.next_due)).where(active)),
        quiet=overview.in_silence(connection, now),
        alerts=alerts.all_(connection),
        sources=watching.sources_of(connection),
    )


# --- subscribers --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Person:
    """A subscriber, as a line of a list."""

    id: int
    email: str
    name: str
    status: Status
    paused_until: date | None
    last_issue: date | None
    origin: Origin
    key: str  # the address as it is compared: the next page begins behind it


@dataclass(frozen=True, slots=True)
class Among:
    """Whom a list is about."""

    status: Status | None = None
    begins: str = ""  # what their addresses begin with, in whatever case


def people(connection: Connection, among: Among, after: str, limit: int) -> list[Person]:
    """Subscribers by address, of those behind the key `after`."""
    s = subscribers.c
    own = (s.id, s.email, s.name, s.status, s.paused_until, s.last_issue, s.origin, s.address)
    query = select(*own).order_by(s.address).limit(limit)
    if after:
        query = query.where(s.address > after)
    if among.status is not None:
        query = query.where(s.status == among.status)
    if among.status not in (None, Status.ACTIVE):
        query = query.where(ABSENT)
    if among.begins:
        query = query.where(starts_with(connection, s.address, address(plain(among.begins))))
    return [Person(*row) for row in connection.execute(query)]


# --- deliveries ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sending:
    """A delivery, as a line of a list."""

    edition: int
    subscriber: int
    email: str
    issue_date: date
    composed_at: datetime
    state: State
    attempts: int
    resent: int
    code: int | None
    detail: str  # what the server said last
    changed_at: datetime
    next_attempt: datetime | None


class Place(NamedTuple):
    """Where a page of deliveries ended: the next begins behind it."""

    composed_at: datetime
    edition: int


def sendings(
    connection: Connection, day: date, states: Sequence[State], before: Place | None, limit: int
) -> list[Sending]:
    """Deliveries of editions composed on that day (UTC), in any of these states; the newest first."""
    e, d = editions.c, deliveries.c
    last = (d.state, d.attempts, d.resent, d.code, d.detail, d.changed_at, d.next_attempt)
    own = (e.id, e.subscriber_id, subscribers.c.email, e.issue_date, e.composed_at, *last)
    query = _composed(select(*own), day).join(subscribers, subscribers.c.id == e.subscriber_id)
    query = query.where(d.state.in_(states)).order_by(e.composed_at.desc(), e.id.desc()).limit(limit)
    if TROUBLED.issuperset(states):
        query = query.where(TROUBLE)
    if before is not None:
        behind = or_(e.composed_at < before.composed_at, e.id < before.edition)
        query = query.where(e.composed_at <= before.composed_at, behind)
    return [Sending(*row) for row in connection.execute(query)]


@dataclass(frozen=True, slots=True)
class Day:
    """What became of the editions that were composed on one day."""

    day: date  # UTC
    editions: int  # sent or not worth sending
    states: Mapping[State, int]


def day(connection: Connection, when: date) -> Day:
    """One day's deliveries, counted."""
    d = deliveries.c
    counted = _composed(select(d.state, func.count()), when).group_by(d.state)
    states = dict.fromkeys(State, 0) | {row[0]: row[1] for row in connection.execute(counted)}
    return Day(when, count(connection, editions, *_on(when)), states)


def said(connection: Connection, when: date) -> list[tuple[str, int]]:
    """What was said most often of those of one day that did not go through, or not yet."""
    words = func.substr(deliveries.c.detail, 1, _LONGEST_SAID)
    query = _composed(select(words, func.count()), when).where(TROUBLE).group_by(words)
    rows = connection.execute(query.order_by(func.count().desc(), words).limit(_MOST_SAID))
    return [(row[0], row[1]) for row in rows]


def last_composed(connection: Connection) -> date | None:
    """The last day on which anything was composed (UTC)."""
    newest: datetime | None = connection.scalar(select(func.max(editions.c.composed_at)))
    return newest.date() if newest else None


def _composed(query: Select[Any], when: date) -> Select[Any]:
    joined = query.join_from(editions, deliveries, deliveries.c.edition_id == editions.c.id)
    return joined.where(*_on(when))


def _on(when: date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    begin = datetime.combine(when, time(), UTC)
    return editions.c.composed_at >= begin, editions.c.composed_at < begin + _DAY


# --- suppressions, returns ----------------------------------------------------------------------------------------


def suppressed(
    connection: Connection, begins: str, before: tuple[datetime, str] | None, limit: int
) -> list[Suppression]:
    """The suppression list: the newest first, behind `before` if given (when, and whose); or those that begin so, by address."""
    s = suppressions.c
    query = select(s.email, s.cause, s.at, s.detail).limit(limit)
    if begins:
        query = query.where(starts_with(connection, s.address, address(plain(begins)))).order_by(s.address)
    else:
        query = query.order_by(s.at.desc(), s.address.desc())
    if before is not None:
        at, email = before
        query = query.where(s.at <= at, or_(s.at < at, s.address < address(email)))
    return [Suppression(*row) for row in connection.execute(query)]


@dataclass(frozen=True, slots=True)
class Back:
    """A mail that came back."""

    subscriber: int
    email: str
    issue_date: date
    kind: Return
    code: str
    detail: str
    at: datetime


def came_back(connection: Connection, limit: int) -> list[Back]:
    """The last mails that came back, newest first."""
    r = returns.c
    query = select(r.subscriber_id, subscribers.c.email, r.issue_date, r.kind, r.code, r.detail, r.at)
    whose = query.join_from(returns, subscribers, subscribers.c.id == r.subscriber_id)
    return [Back(*row) for row in connection.execute(whose.order_by(r.at.desc()).limit(limit))]
