"""What subscribers have had: which papers, and which versions of them.

The first time that somebody gets a paper is in `picks`, with the version beside the snapshot of what was shown; every later
version that they were told of is in `versions`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date

from sqlalchemy import Connection, select, union_all

from digest.store.listings import spokesmen
from digest.store.schema import editions, listings, picks, snapshots, versions
from digest.store.sql import chunks

Had = tuple[int, int]  # subscriber, and the listing that speaks for the paper


def first(version: int | None) -> int:
    """The version of a paper that somebody gets for the first time; one without a number counts as the first."""
    return version or 1


def later(version: int | None) -> int:
    """The version of a paper that is told as new; one without a number counts as the second, so it is told once."""
    return version or 2


# --- papers -------------------------------------------------------------------------------------------------------


def sent(connection: Connection, readers: Collection[int], wanted: Collection[int]) -> Mapping[int, frozenset[int]]:
    """Which of these listings, under any of their identities, each of these subscribers was already sent."""
    asked = _by_paper(spokesmen(connection, wanted))
    found: dict[int, set[int]] = {reader: set() for reader in readers}
    for reader, paper in papers(connection, readers, asked):
        found[reader] |= asked[paper]
    return {reader: frozenset(numbers) for reader, numbers in found.items()}


def papers(connection: Connection, readers: Collection[int], wanted: Iterable[int]) -> Iterator[Had]:
    """Who had which of these papers."""
    paper = _numbers(connection, wanted)
    picked = select(picks.c.subscriber_id, picks.c.listing_id)
    for some in chunks(readers, 1_000):
        for chunk in chunks(paper):
            found = picked.where(picks.c.subscriber_id.in_(some), picks.c.listing_id.in_(chunk))
            yield from ((reader, paper[number]) for reader, number in connection.execute(found))


def told_on(connection: Connection, reader: int, listing_id: int) -> list[date]:
    """The local dates of the editions that held this listing, under any of its identities, oldest first."""
    asked, same = listings.alias(), listings.alias()
    names = (
        select(same.c.id)
        .join_from(asked, same, same.c.same_as == asked.c.same_as)
        .where(asked.c.id == listing_id)
    )  # fmt: skip
    held = union_all(
        *(
            select(table.c.edition_id).where(table.c.subscriber_id == reader, table.c.listing_id.in_(names))
            for table in (picks, versions)
        )
    )
    days = select(editions.c.issue_date).where(editions.c.id.in_(held)).order_by(editions.c.issue_date)
    return list(connection.scalars(days))


# --- versions -----------------------------------------------------------------------------------------------------


def current(connection: Connection, readers: Collection[int], wanted: Collection[int]) -> Mapping[int, frozenset[int]]:
    """Which of these listings each of these subscribers was sent, or told of, in the version that they have now."""
    asked = _by_paper(spokesmen(connection, wanted))
    now = select(listings.c.id, listings.c.version)
    present = {
        number: later(version)
        for chunk in chunks(asked)
        for number, version in connection.execute(now.where(listings.c.id.in_(chunk)))
    }
    found: dict[int, set[int]] = {reader: set() for reader in readers}
    for (reader, paper), version in newest(connection, readers, asked).items():
        if version >= present[paper]:
            found[reader] |= asked[paper]
    return {reader: frozenset(numbers) for reader, numbers in found.items()}


def newest(connection: Connection, readers: Collection[int], wanted: Iterable[int]) -> dict[Had, int]:
    """The newest version of each of these papers that each of these subscribers has had."""
    paper = _numbers(connection, wanted)
    p, v = picks.c, versions.c
    begun, told = select(p.subscriber_id, p.listing_id, p.snapshot_id), select(v.subscriber_id, v.listing_id, v.version)
    shown: list[tuple[Had, int]] = []
    found: defaultdict[Had, int] = defaultdict(int)
    for some in chunks(readers, 1_000):
        for chunk in chunks(paper):
            ours = begun.where(p.subscriber_id.in_(some), p.listing_id.in_(chunk))
            shown += (((reader, paper[number]), snapshot) for reader, number, snapshot in connection.execute(ours))
            ours = told.where(v.subscriber_id.in_(some), v.listing_id.in_(chunk))
            for reader, number, version in connection.execute(ours):
                found[reader, paper[number]] = max(version, found[reader, paper[number]])
    numbered = _versions(connection, {snapshot for _, snapshot in shown})
    for had, snapshot in shown:
        found[had] = max(numbered[snapshot], found[had])
    return found


def _versions(connection: Connection, ids: Collection[int]) -> dict[int, int]:
    """The versions of which snapshots are."""
    shown = select(snapshots.c.id, snapshots.c.version)
    return {
        number: first(version)
        for chunk in chunks(ids)
        for number, version in connection.execute(shown.where(snapshots.c.id.in_(chunk)))
    }


# --- listings of papers -------------------------------------------------------------------------------------------


def _by_paper(speaks: Mapping[int, int]) -> Mapping[int, set[int]]:
    """The numbers asked for, by the listing that speaks for them."""
    asked = defaultdict(set)
    for number, paper in speaks.items():
        asked[paper].add(number)
    return asked


def _numbers(connection: Connection, wanted: Iterable[int]) -> dict[int, int]:
    """All listings of these papers, each with the paper."""
    same = select(listings.c.id, listings.c.same_as)
    return {
        number: paper
        for chunk in chunks(wanted)
        for number, paper in connection.execute(same.where(listings.c.same_as.in_(chunk)))
    }
