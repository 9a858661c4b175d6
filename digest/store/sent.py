"""What subscribers have had of papers that go by several names: which papers, and which versions of them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date

from sqlalchemy import Connection, select

from digest.store import had
from digest.store.listings import spokesmen
from digest.store.schema import listings
from digest.store.sql import rows_with

Reads = tuple[int, int]  # subscriber, and the listing that speaks for the paper


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
    for reader, paper in newest(connection, readers, asked):
        found[reader] |= asked[paper]
    return {reader: frozenset(numbers) for reader, numbers in found.items()}


def told_on(connection: Connection, reader: int, listing_id: int) -> list[date]:
    """The local dates of the editions that held this listing, under any of its identities, oldest first."""
    names = _numbers(connection, spokesmen(connection, [listing_id]).values())
    return sorted({entry.day for entry in had.read(connection, [reader], names)})


# --- versions -----------------------------------------------------------------------------------------------------


def current(connection: Connection, readers: Collection[int], wanted: Collection[int]) -> Mapping[int, frozenset[int]]:
    """Which of these listings each of these subscribers was sent, or told of, in the version that they have now."""
    asked = _by_paper(spokesmen(connection, wanted))
    now = select(listings.c.id, listings.c.version)
    present = {number: later(version) for number, version in rows_with(connection, now, listings.c.id, asked)}
    found: dict[int, set[int]] = {reader: set() for reader in readers}
    for (reader, paper), version in newest(connection, readers, asked).items():
        if version >= present[paper]:
            found[reader] |= asked[paper]
    return {reader: frozenset(numbers) for reader, numbers in found.items()}


def newest(connection: Connection, readers: Collection[int], wanted: Iterable[int]) -> dict[Reads, int]:
    """The newest version of each of these papers that each of these subscribers has had."""
    paper = _numbers(connection, wanted)
    found: dict[Reads, int] = {}
    for reader, listing, version, _ in had.read(connection, readers, paper):
        key = reader, paper[listing]
        found[key] = max(version, found.get(key, 0))
    return found


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
    return dict(rows_with(connection, same, listings.c.same_as, wanted))
