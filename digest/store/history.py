"""What became of digests: those of one subscriber, and a source's papers of the last days."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, select, tuple_

from digest.model import Kind, Return, State, Subscriber, Suppression
from digest.store import had, suppressions
from digest.store import subscribers as people
from digest.store.schema import announcements, contents, deliveries, editions, returns, shown, subscribers
from digest.store.sql import chunks

_MOST_ASKED = 200  # readers of each paper

# --- one subscriber -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CameBack:
    """A mail about one of their digests."""

    kind: Return
    code: str
    detail: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Served:
    """One of their editions, and how sending it went."""

    issue_date: date
    composed_at: datetime
    papers: int
    state: State | None  # None: there is no delivery, because it was not worth sending or because it is gone
    attempts: int
    resent: int
    code: int | None
    detail: str  # what the server said last
    changed_at: datetime | None
    next_attempt: datetime | None  # of one in a worker's hands, when that worker counts as dead
    kept: bool  # its content is there; False: it was vacuumed
    came_back: tuple[CameBack, ...]


@dataclass(frozen=True, slots=True)
class History:
    """What is known of one subscriber."""

    subscriber: Subscriber
    created_at: datetime
    suppression: Suppression | None
    editions: tuple[Served, ...]  # newest first


def history(connection: Connection, email: str, limit: int) -> History | None:
    """The last editions of whoever has, or had, this address; None if nobody ever did."""
    address = people.address(email)
    subscriber = people.one(connection, email)
    if subscriber is None:
        return None
    created = connection.scalars(select(subscribers.c.created_at).where(subscribers.c.address == address)).one()
    return History(
        subscriber, created, suppressions.one(connection, address), _served(connection, subscriber.id, limit)
    )


_D = [deliveries.c[name] for name in ("state", "attempts", "resent", "code", "detail", "changed_at", "next_attempt")]


def _served(connection: Connection, subscriber: int, limit: int) -> tuple[Served, ...]:
    e = editions.c
    query = (
        select(e.id, e.issue_date, e.composed_at, e.papers, contents.c.edition_id.is_not(None).label("kept"), *_D)
        .join_from(editions, deliveries, deliveries.c.edition_id == e.id, isouter=True)
        .join(contents, contents.c.edition_id == e.id, isouter=True)
        .where(e.subscriber_id == subscriber)
        .order_by(e.issue_date.desc())
        .limit(limit)
    )
    rows = connection.execute(query).all()
    back = _came_back(connection, subscriber, [row.issue_date for row in rows])
    return tuple(
        Served(
            issue_date=row.issue_date,
            composed_at=row.composed_at,
            papers=row.papers or 0,
            state=row.state,
            attempts=row.attempts or 0,
            resent=row.resent or 0,
            code=row.code,
            detail=row.detail or "",
            changed_at=row.changed_at,
            next_attempt=row.next_attempt,
            kept=bool(row.kept),
            came_back=tuple(back[row.issue_date]),
        )
        for row in rows
    )


def _came_back(connection: Connection, subscriber: int, days: Iterable[date]) -> dict[date, list[CameBack]]:
    found: dict[date, list[CameBack]] = defaultdict(list)
    r = returns.c
    query = select(r.issue_date, r.kind, r.code, r.detail, r.at).where(r.subscriber_id == subscriber)
    for day, *what in connection.execute(query.where(r.issue_date.in_(days)).order_by(r.at)):
        found[day].append(CameBack(*what))
    return found


# --- sources ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class News:
    """One paper that a source announced for one of its days."""

    source: str
    day: date
    came: datetime  # when it was read there first
    chosen: bool  # for somebody's edition
    sent: bool  # in an edition that was delivered


def news(connection: Connection, since: date, until: date) -> list[News]:
    """What sources announced for their days `since` to `until`, both included."""
    a = announcements.c
    query = (
        select(a.source, a.day, func.min(a.announced_at), a.listing_id, _chosen(a.listing_id))
        # All kinds are named, so that the index on kind and day is of use.
        .where(a.kind.in_(list(Kind)), a.day.between(since, until))
        .group_by(a.source, a.day, a.listing_id)
        .order_by(a.source, a.day)
    )
    rows = connection.execute(query).all()
    sent = _delivered(connection, {row[3] for row in rows if row[4]})
    return [News(source, day, came, chosen=chosen, sent=paper in sent) for source, day, came, paper, chosen in rows]


def first_visits(connection: Connection) -> dict[str, datetime]:
    """When each source brought anything first."""
    a = announcements.c
    return {row[0]: row[1] for row in connection.execute(select(a.source, func.min(a.announced_at)).group_by(a.source))}


def _chosen(listing: ColumnElement[Any]) -> ColumnElement[bool]:
    return exists().where(shown.c.listing_id == listing)


def _delivered(connection: Connection, listings: Collection[int]) -> set[int]:
    """Which of these papers are in an edition that was delivered: of many readers, the first are asked."""
    holders: defaultdict[tuple[int, date], set[int]] = defaultdict(set)
    for entry in had.by_listing(connection, listings, _MOST_ASKED):
        holders[entry.reader, entry.day].add(entry.listing)
    which = tuple_(editions.c.subscriber_id, editions.c.issue_date)
    went = (
        select(editions.c.subscriber_id, editions.c.issue_date)
        .join(deliveries, deliveries.c.edition_id == editions.c.id)
        .where(deliveries.c.state == State.SENT)
    )
    found: set[int] = set()
    for chunk in chunks(holders, 1_000):
        if len(found) < len(listings):
            for row in connection.execute(went.where(which.in_(chunk))):
                found |= holders[tuple(row)]
    return found
