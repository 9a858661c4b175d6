"""What is taken away when it is old, and what never is.

Kept for good are what everybody had and the bare rows of editions: they say who was sent what and when, so that nothing is
sent twice, and a paper may come back after years. So are the papers that they, or somebody's feedback, speak of, and
those that curators pinned or readers recommended or suggested.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Delete, Select, delete, exists, func, or_, select

from digest.pacing import BREAKER, LINES, RELAY
from digest.store import marks, numbers, tallies, wishes
from digest.store.database import Database
from digest.store.listings import note_change
from digest.store.publishing import SHOWN
from digest.store.schema import (
    announcements,
    contents,
    deliveries,
    editions,
    feedback,
    listing_keys,
    listings,
    looks,
    paces,
    pins,
    returns,
    sheets,
    shown,
    snapshots,
    suggestions,
    texts,
    votes,
    words,
)
from digest.store.sql import chunks
from digest.wishing import FORGOTTEN

BATCH = 1_000  # rows taken away at a time: others that write wait for no longer than that takes
_IDLE = timedelta(days=1)  # a pace that was not used for so long says nothing any more
_DONE = "vacuumed_at"


@dataclass(frozen=True, slots=True)
class Vacuumed:
    """How much of each was taken away, or would be."""

    editions: int = 0  # their contents, with their deliveries
    texts: int = 0  # of papers as those editions showed them
    papers: int = 0  # that nobody was sent
    returns: int = 0

    def __add__(self, other: "Vacuumed") -> "Vacuumed":
        return Vacuumed(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


def vacuum(database: Database, before: datetime, now: datetime, stopping: Callable[[], bool]) -> Vacuumed:
    """Take away what is older than `before`, a batch a transaction; what is left when it is to stop goes the next time."""
    with database.writing() as connection:
        tallies.settle(connection, now)
        _forget_paces(connection, now)
        wishes.forget(connection, now - FORGOTTEN)
        done = Vacuumed(returns=_forget_returns(connection, before))
    for step in (_editions, _texts, _shared, _papers):
        for part in step(database, before, stopping):
            done += part
    if not stopping():
        with database.writing(swift=True) as connection:
            marks.keep(connection, _DONE, now.isoformat())
    return done


def foreseen(connection: Connection, before: datetime) -> Vacuumed:
    """How much `vacuum` would take away, about: it counts nothing twice and writes nothing."""
    return Vacuumed(
        editions=_count(connection, _old_editions(before)),
        texts=_count(connection, _old_texts(_edge(connection, before))),
        papers=_count(connection, _old_papers(before)),
        returns=connection.scalar(select(func.count()).select_from(returns).where(returns.c.at < before)) or 0,
    )


def last(connection: Connection) -> datetime | None:
    """When a vacuum came to its end last."""
    said = marks.read(connection, _DONE)
    return None if said is None else datetime.fromisoformat(said)


def _count(connection: Connection, query: Select[Any]) -> int:
    return connection.scalar(select(func.count()).select_from(query.subquery())) or 0


# --- editions -----------------------------------------------------------------------------------------------------


def _old_editions(before: datetime) -> Select[Any]:
    """Editions whose content is there and old, and whose delivery waits for nothing."""
    waits = exists().where(deliveries.c.edition_id == editions.c.id, deliveries.c.next_attempt.is_not(None))
    own = select(contents.c.edition_id).join(editions, editions.c.id == contents.c.edition_id)
    return own.where(editions.c.composed_at < before, ~waits)


def _editions(database: Database, before: datetime, stopping: Callable[[], bool]) -> Iterator[Vacuumed]:
    while not stopping():
        with database.writing(swift=True) as connection:
            counted = contents.c.edition_id <= tallies.upto(connection)
            oldest = _old_editions(before).where(counted).order_by(contents.c.edition_id).limit(BATCH)
            ids = connection.scalars(oldest).all()
            # Deliveries first, and in their order, as whoever erases a subscriber locks them.
            ends = select(deliveries.c.id).where(deliveries.c.edition_id.in_(ids)).order_by(deliveries.c.id)
            held = connection.scalars(ends.with_for_update()).all()
            connection.execute(delete(deliveries).where(deliveries.c.id.in_(held)))
            connection.execute(delete(contents).where(contents.c.edition_id.in_(ids)))
        yield Vacuumed(editions=len(ids))
        if len(ids) < BATCH:
            return


# --- texts --------------------------------------------------------------------------------------------------------


def _edge(connection: Connection, before: datetime) -> datetime:
    """All that was composed before then is old, and no delivery of it waits."""
    own = select(editions.c.composed_at).join(deliveries, deliveries.c.edition_id == editions.c.id)
    waiting = own.where(deliveries.c.next_attempt.is_not(None)).order_by(editions.c.composed_at).limit(1)
    return min(before, connection.scalar(waiting) or before)


def _old_texts(edge: datetime) -> Select[Any]:
    """Texts that are in no edition whose content is kept."""
    own = select(texts.c.snapshot_id).join(snapshots, snapshots.c.id == texts.c.snapshot_id)
    return own.where(snapshots.c.shown_at < edge - SHOWN)


def _texts(database: Database, before: datetime, stopping: Callable[[], bool]) -> Iterator[Vacuumed]:
    with database.reading() as connection:
        if connection.scalar(_kept_although_old(before)):
            return  # something holds old editions back: what they are made of waits with them
        ids = connection.scalars(_old_texts(_edge(connection, before))).all()
    for chunk in chunks(ids, BATCH):
        if stopping():
            return
        with database.writing(swift=True) as connection:
            old = _old_texts(_edge(connection, before)).where(texts.c.snapshot_id.in_(chunk))
            # Whoever shows one again says so in its snapshot first, and then looks for its text.
            still = connection.scalars(old.with_for_update(of=snapshots, skip_locked=True)).all()
            yield Vacuumed(texts=connection.execute(delete(texts).where(texts.c.snapshot_id.in_(still))).rowcount)


def _shared(database: Database, before: datetime, stopping: Callable[[], bool]) -> Iterator[Vacuumed]:
    """What such editions were made of, apart from texts; it counts for nothing."""
    with database.reading() as connection:
        if connection.scalar(_kept_although_old(before)):
            return
    while True:
        with database.writing(swift=True) as connection:
            edge = _edge(connection, before)
            numbers.keep(connection, sheets)
            old = select(sheets.c.id).where(sheets.c.composed_at < edge).order_by(sheets.c.composed_at).limit(BATCH)
            free = connection.scalars(old.with_for_update(skip_locked=True)).all()  # not what somebody is erased from
            gone = connection.execute(delete(sheets).where(sheets.c.id.in_(free))).rowcount
            if gone < BATCH:
                _forget_looks(connection, edge)
        yield Vacuumed()
        if gone < BATCH or stopping():
            return


def _forget_looks(connection: Connection, edge: datetime) -> None:
    """Subscribers as only editions of before then show them."""
    last = select(editions.c.composed_at).where(editions.c.id == looks.c.edition_id).scalar_subquery()
    connection.execute(delete(looks).where(last < edge))


def _kept_although_old(before: datetime) -> Select[Any]:
    """Whether editions are left that are not waiting, and yet not summed up."""
    return select(_old_editions(before).exists())


# --- papers -------------------------------------------------------------------------------------------------------


def _old_papers(before: datetime) -> Select[Any]:
    """Papers, by the listings that speak for them, that no source gives any more and that nobody has to do with."""
    same = listings.alias("same")
    of_it = same.c.same_as == listings.c.id

    def spoken_of(table: Any, *where: Any) -> Any:
        return exists().where(of_it, table.c.listing_id == same.c.id, *where).correlate(listings)

    return select(listings.c.id).where(
        listings.c.last_seen < before,
        listings.c.same_as == listings.c.id,
        ~spoken_of(announcements, announcements.c.announced_at >= before),
        *(~spoken_of(table) for table in (shown, feedback, pins, votes, suggestions)),
    )


def _papers(database: Database, before: datetime, stopping: Callable[[], bool]) -> Iterator[Vacuumed]:
    with database.reading() as connection:
        ids = connection.scalars(_old_papers(before)).all()
    for chunk in chunks(ids, BATCH):
        if stopping():
            return
        with database.writing(swift=True) as connection:
            still = connection.scalars(_old_papers(before).where(listings.c.id.in_(chunk))).all()
            _forget_papers(connection, still)
        yield Vacuumed(papers=len(still))


def _forget_papers(connection: Connection, papers: Collection[int]) -> None:
    all_ = connection.scalars(select(listings.c.id).where(listings.c.same_as.in_(papers))).all()
    for chunk in chunks(all_):
        for table in (announcements, listing_keys, words):
            connection.execute(delete(table).where(table.c.listing_id.in_(chunk)))
    connection.execute(delete(listings).where(listings.c.same_as.in_(papers)))
    note_change(connection)


# --- the rest -----------------------------------------------------------------------------------------------------


def _forget_returns(connection: Connection, before: datetime) -> int:
    """Those of editions long gone; they stay counted."""
    gone: Delete = delete(returns).where(returns.c.at < before)
    old = select(returns.c.kind, func.count()).where(returns.c.at < before).group_by(returns.c.kind)
    tallies.add(connection, {f"returns:{kind}": count for kind, count in connection.execute(old)})
    return connection.execute(gone).rowcount


def _forget_paces(connection: Connection, now: datetime) -> None:
    """Domains that nothing is remembered of any more; the relay's own few rows stay."""
    c = paces.c
    idle = [or_(column.is_(None), column < now - _IDLE) for column in (c.free_at, c.quiet_until, c.eased_at)]
    unused = select(c.key).where(c.key.not_in((RELAY, BREAKER, LINES)), *idle)
    free = connection.scalars(unused.with_for_update(skip_locked=True)).all()
    for chunk in chunks(free):
        connection.execute(delete(paces).where(c.key.in_(chunk)))
