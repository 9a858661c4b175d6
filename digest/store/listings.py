"""Reading listings and their announcements. A paper known by several listings is spoken of as the oldest of them."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, func, select

from digest.model import Announcement, Kind, Listing
from digest.store.kept import RAW
from digest.store.schema import announcements, counters, listings, sources
from digest.store.sql import insert, rows_with

Mark = tuple[tuple[str, int], ...]

FIELDS = tuple(Listing.__dataclass_fields__)
_SHOWN = tuple(name for name in FIELDS if name not in RAW)
_NEWS = (announcements.c.source, announcements.c.kind, announcements.c.day, announcements.c.seq)

known = listings.alias("known")  # the row an announcement or pick points at; `listings` is the one that speaks for it


def shown() -> Select[Any]:
    """Announcements with the listing that speaks for each, without the originals."""
    columns = [listings.c[name] for name in _SHOWN]
    return (
        select(*columns, *_NEWS)
        .join_from(announcements, known, announcements.c.listing_id == known.c.id)
        .join(listings, listings.c.id == known.c.same_as)
    )


def announcement(row: Any) -> Announcement:
    """One row of `shown()`."""
    listing = Listing(**dict(zip(_SHOWN, row, strict=False)))
    return Announcement(listing, *row[len(_SHOWN) :])


# --- what changes -------------------------------------------------------------------------------------------------

_CHANGES = "changes"  # so often was any listing written; beside it in `counters`, the newest numbers given out


def mark(connection: Connection) -> Mark:
    """The same as long as no listing, no announcement and no count of words is written."""
    own = counters.c.name.in_(["seq", "listing", _CHANGES])
    rows = connection.execute(select(counters.c.name, counters.c.value).where(own).order_by(counters.c.name))
    return tuple((name, value) for name, value in rows)


def note_change(connection: Connection) -> None:
    """Make the mark another: to be called at the end by whoever wrote listings, so that nobody waits for two of them."""
    row = insert(connection, counters).values(name=_CHANGES, value=1)
    connection.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + 1}))


# --- news ---------------------------------------------------------------------------------------------------------


def window(connection: Connection, after: int) -> list[Announcement]:
    """Announcements with a seq higher than `after`, by seq."""
    rows = connection.execute(shown().where(announcements.c.seq > after).order_by(announcements.c.seq))
    return _sharing(rows)


def trending(connection: Connection, since: date) -> list[Announcement]:
    """The newest announcement that each listing was trending, on the day `since` or later, by seq."""
    chosen = shown().where(announcements.c.kind == Kind.TRENDING, announcements.c.day >= since)
    rows = connection.execute(chosen.order_by(announcements.c.day, announcements.c.seq))
    newest = {said.listing.id: said for said in _sharing(rows)}
    return sorted(newest.values(), key=lambda said: said.seq)


def announced(connection: Connection, since: date, until: date) -> list[Announcement]:
    """What sources announced for the days `since` to `until`, both included, by seq."""
    # All kinds are named, so that the index on kind and day is of use.
    chosen = shown().where(announcements.c.kind.in_(list(Kind)), announcements.c.day.between(since, until))
    return _sharing(connection.execute(chosen.order_by(announcements.c.seq)))


def begins(connection: Connection) -> dict[str, date]:
    """The first day that anything is held of, by source."""
    # One look into the index for each, where grouping would read all of it.
    first = select(func.min(announcements.c.day)).where(announcements.c.source == sources.c.name).scalar_subquery()
    return {row[0]: row[1] for row in connection.execute(select(sources.c.name, first)) if row[1]}


def announcements_of(connection: Connection, number: int) -> list[Announcement]:
    """All news of one paper, under whichever of its numbers, by seq."""
    speaks = spokesmen(connection, [number]).get(number)
    rows = connection.execute(shown().where(listings.c.id == speaks).order_by(announcements.c.seq))
    return _sharing(rows)


def _sharing(rows: Iterable[Any]) -> list[Announcement]:
    """Announcements of one listing share one `Listing`."""
    seen: dict[int, Listing] = {}
    told = []
    for row in rows:
        listing = seen.get(row.id)
        if listing is None:
            listing = seen[row.id] = announcement(row).listing
        told.append(Announcement(listing, *row[len(_SHOWN) :]))
    return told


def newest(connection: Connection, limit: int) -> list[Listing]:
    """The listings stored last, newest first."""
    columns = [listings.c[name] for name in _SHOWN]
    own = select(*columns).where(listings.c.same_as == listings.c.id)
    rows = connection.execute(own.order_by(listings.c.id.desc()).limit(limit))
    return [Listing(**row._mapping) for row in rows]  # noqa: SLF001  (a public name in SQLAlchemy)


def whole(connection: Connection, ids: Iterable[int]) -> dict[int, Listing]:
    """Listings with their originals, by number."""
    return _by_number(connection, ids, FIELDS)


def texts(connection: Connection, ids: Iterable[int]) -> dict[int, Listing]:
    """Listings without their originals, by number."""
    return _by_number(connection, ids, _SHOWN)


def _by_number(connection: Connection, ids: Iterable[int], names: Iterable[str]) -> dict[int, Listing]:
    columns = [listings.c[name] for name in names]
    return {row.id: Listing(**row._asdict()) for row in rows_with(connection, select(*columns), listings.c.id, ids)}


def spokesmen(connection: Connection, ids: Iterable[int]) -> dict[int, int]:
    """For each of these listings that is stored, the one that speaks for its paper."""
    query = select(listings.c.id, listings.c.same_as)
    return {row.id: row.same_as for row in rows_with(connection, query, listings.c.id, ids)}


def listing(connection: Connection, number: int) -> Listing | None:
    """The paper with this number, with its originals."""
    speaks = spokesmen(connection, [number]).get(number)
    return None if speaks is None else whole(connection, [speaks])[speaks]
