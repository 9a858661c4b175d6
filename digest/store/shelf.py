"""The archive: what was announced on which day, and which papers there are. Reads only."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from digest.model import Kind
from digest.store.listings import known, spokesmen
from digest.store.schema import announcements, listings, pins, sources, votes


@dataclass(frozen=True, slots=True)
class Entry:
    """One paper of a day, as one source announced it."""

    listing: int  # the one that speaks for it
    seq: int
    source: str
    kind: Kind
    day: date
    upvotes: int
    categories: tuple[str, ...]


class Beside(NamedTuple):
    """The nearest days with papers."""

    before: date | None
    after: date | None


def entries(connection: Connection, day: date) -> list[Entry]:
    """All news of one day, by seq; a paper that several sources announced has as many."""
    c = announcements.c
    query = (
        select(
            known.c.same_as, c.seq, c.source, c.kind, c.day, func.coalesce(listings.c.upvotes, 0), listings.c.categories
        )
        .join_from(announcements, known, c.listing_id == known.c.id)
        .join(listings, listings.c.id == known.c.same_as)
        .where(c.day == day)
        .order_by(c.seq)
    )
    return [Entry(*row) for row in connection.execute(query)]


_NEWS = announcements.c.kind != Kind.REVISION  # what makes a day one with papers


def counts(connection: Connection, since: date, until: date) -> dict[date, int]:
    """How many papers were announced on each day from `since` to `until`; days without any are left out."""
    c = announcements.c
    query = select(c.day, func.count(c.listing_id.distinct())).where(c.day.between(since, until), _NEWS).group_by(c.day)
    return {row[0]: row[1] for row in connection.execute(query)}


def beside(connection: Connection, day: date) -> Beside:
    """The nearest days before and after this one on which anything was announced."""
    c = announcements.c
    before = connection.scalar(select(func.max(c.day)).where(c.day < day, _NEWS))
    return Beside(before, connection.scalar(select(func.min(c.day)).where(c.day > day, _NEWS)))


def newest_day(connection: Connection, until: date) -> date | None:
    """The last day up to `until` on which anything was announced; None before the first."""
    newest: date | None = connection.scalar(
        select(func.max(announcements.c.day)).where(announcements.c.day <= until, _NEWS)
    )
    return newest


def days(connection: Connection) -> list[date]:
    """All days on which anything was announced, newest first."""
    day = announcements.c.day
    return list(connection.scalars(select(day).where(_NEWS).distinct().order_by(day.desc())))


def numbers(connection: Connection, after: int, limit: int) -> list[int]:
    """The numbers of papers higher than `after`, rising; one a paper."""
    own = select(listings.c.id).where(listings.c.same_as == listings.c.id, listings.c.id > after)
    return list(connection.scalars(own.order_by(listings.c.id).limit(limit)))


def borders(connection: Connection, size: int) -> list[int]:
    """The numbers behind which each `size` papers begin, from 0."""
    found, last = [0], numbers(connection, 0, size)
    while len(last) == size:
        found.append(last[-1])
        last = numbers(connection, last[-1], size)
    return found if last or len(found) == 1 else found[:-1]


def spokesman(connection: Connection, number: int) -> int | None:
    """The number of the listing that speaks for this one's paper; None if nothing has this number."""
    return spokesmen(connection, [number]).get(number)


def mark(connection: Connection) -> str:
    """The same as long as nothing that the archive shows has changed."""
    return "-".join(
        str(connection.scalar(select(what)) or 0)
        for what in (
            func.max(announcements.c.seq),
            func.max(sources.c.last_attempt),  # upvotes grow without news
            func.count(votes.c.at),
            func.max(votes.c.at),
            func.count(pins.c.at),
            func.max(pins.c.at),
            func.sum(func.length(pins.c.note)),
        )
    )
