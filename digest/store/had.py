"""What subscribers have had: which paper, in which version, in the edition of which day.

A row is of 4,096 readers, 16 listings and one publishing, and is never changed by what is published later: a paper costs
a reader 2 to 3 bytes, and no publisher waits for another. It holds, as `varints` but for the places of readers:

    the first day, as `date.toordinal`
    for each listing, version and day:  twice the listing's place in the row, and 1 more if what follows is not plain
                                        [the version, the days since the first]; plain are version 1 and the first day
                                        how many readers, and their places in the row: 2 bytes each, rising
"""

import struct
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Row,
    Select,
    delete,
    func,
    literal,
    select,
    tuple_,
    update,
)

from digest.store import columns, schema
from digest.store.sql import chunks, insert, rows_with, write_many
from digest.store.varints import Reader, written

_READERS = 12  # bits of a reader's number that are in the row, instead of beside it
_LISTINGS = 4


class Had(NamedTuple):
    """That a subscriber had a listing."""

    reader: int
    listing: int
    version: int
    day: date


# --- a row --------------------------------------------------------------------------------------------------------


def place(entry: Had) -> tuple[int, int]:
    """The shard of its reader and the bucket of its listing: in which row an entry is."""
    return entry.reader >> _READERS, entry.listing >> _LISTINGS


def packed(entries: Iterable[Had]) -> bytes:
    """The content of a row, of entries that belong into one (at least one)."""
    groups: defaultdict[tuple[int, int, int], set[int]] = defaultdict(set)
    for reader, listing, version, day in entries:
        key = _low(listing, _LISTINGS), max(version, 0), day.toordinal()
        groups[key].add(_low(reader, _READERS))
    first = min(on for _, _, on in groups)
    content = bytearray(written(first))
    for (listing, version, on), readers in sorted(groups.items()):
        is_plain = (version, on) == (1, first)
        content += written(listing << 1) if is_plain else written(listing << 1 | 1, version, on - first)
        content += written(len(readers)) + struct.pack(f"<{len(readers)}H", *sorted(readers))
    return bytes(content)


def unpacked(shard: int, bucket: int, content: bytes, listings: Collection[int] | None = None) -> Iterator[Had]:
    """The entries of a row; of these listings only, if any are given."""
    rest = Reader(content)
    first = rest.number()
    while not rest.at_end:
        head = rest.number()
        listing = (bucket << _LISTINGS) + (head >> 1)
        version, day = (rest.number(), first + rest.number()) if head & 1 else (1, first)
        count = rest.number()
        readers = rest.raw(2 * count)
        if listings is None or listing in listings:
            on = date.fromordinal(day)
            for low in struct.unpack(f"<{count}H", readers):
                yield Had((shard << _READERS) + low, listing, version, on)


def _low(number: int, bits: int) -> int:
    return number & ((1 << bits) - 1)


# --- the table ----------------------------------------------------------------------------------------------------

_ROWS = 20  # at a time, of some thousand readers each
_ROW = [schema.had.c[name] for name in ("shard", "bucket", "edition_id", "content")]


def keep(connection: Connection, entries: Iterable[Had], edition: int) -> None:
    """Write down what was published; `edition` is a number that no other publishing has."""
    rows: defaultdict[tuple[int, int], list[Had]] = defaultdict(list)
    for entry in entries:
        rows[place(entry)].append(entry)
    content = [(shard, bucket, edition, packed(own)) for (shard, bucket), own in sorted(rows.items())]
    write_many(connection, schema.had, [column.name for column in _ROW], content)
    _show(connection, {entry.listing for own in rows.values() for entry in own})


def _show(connection: Connection, listings: Collection[int]) -> None:
    """Note that somebody had these listings: in one order, since others may note the same at the same time."""
    listing = schema.shown.c.listing_id
    noted = {row.listing_id for row in rows_with(connection, select(listing), listing, listings)}
    if new := sorted(set(listings) - noted):
        rows = [{"listing_id": number} for number in new]
        connection.execute(insert(connection, schema.shown).on_conflict_do_nothing(), rows)


def read(connection: Connection, readers: Collection[int], listings: Collection[int]) -> Iterator[Had]:
    """Which of these listings these subscribers had, and when."""
    if not readers or not listings:
        return
    shards = {number >> _READERS for number in readers}
    of = frozenset(readers)
    for chunk in chunks({number >> _LISTINGS for number in listings}, 1_000):
        for some in chunks(shards, 1_000):
            for entry in _entries(connection, select(*_ROW).where(_in(some, chunk)), listings):
                if entry.reader in of:
                    yield entry


def by_listing(connection: Connection, listings: Collection[int], most: int) -> Iterator[Had]:
    """Who had these listings: of each so many, if there are as many."""
    for bucket in sorted({number >> _LISTINGS for number in listings}):
        left = {number: most for number in listings if number >> _LISTINGS == bucket}
        for entry in _in_turn(connection, bucket, left):
            if entry.listing in left:
                yield entry
                left[entry.listing] -= 1
                if not left[entry.listing]:
                    del left[entry.listing]


def _in_turn(connection: Connection, bucket: int, listings: Collection[int]) -> Iterator[Had]:
    """The entries of these listings, some rows at a time, as long as there are any listings."""
    c = schema.had.c
    place, after = tuple_(c.shard, c.edition_id), (-1, -1)
    rows = select(*_ROW).where(c.bucket == bucket).order_by(c.shard, c.edition_id).limit(_ROWS)
    while listings and (found := connection.execute(rows.where(place > after)).all()):
        for row in found:
            yield from _entries_of(row, listings)
        after = found[-1].shard, found[-1].edition_id


def _in(shards: Collection[int], buckets: Collection[int]) -> ColumnElement[bool]:
    return schema.had.c.shard.in_(shards) & schema.had.c.bucket.in_(buckets)


def _entries(connection: Connection, query: Select[Any], listings: Collection[int] | None) -> Iterator[Had]:
    for row in connection.execute(query):
        yield from _entries_of(row, listings)


def _entries_of(row: Row[Any], listings: Collection[int] | None = None) -> list[Had]:
    found: list[Had] = columns.read(lambda _: list(unpacked(row.shard, row.bucket, row.content, listings)), row.content)
    return found


# --- one subscriber -----------------------------------------------------------------------------------------------


def of(connection: Connection, reader: int) -> list[Had]:
    """All that one subscriber had, oldest first."""
    mine = (entry for entry in _entries(connection, _perhaps(connection, reader), None) if entry.reader == reader)
    return sorted(mine, key=lambda entry: (entry.day, entry.listing))


def erase(connection: Connection, reader: int) -> None:
    """Forget what one subscriber had."""
    table = schema.had
    mine = _perhaps(connection, reader).order_by(*table.primary_key)  # so that no two wait for each other
    for row in connection.execute(mine.with_for_update()).all():
        entries = _entries_of(row)
        left = [entry for entry in entries if entry.reader != reader]
        this = (table.c.shard == row.shard, table.c.bucket == row.bucket, table.c.edition_id == row.edition_id)
        if not left:
            connection.execute(delete(table).where(*this))
        elif len(left) < len(entries):
            connection.execute(update(table).where(*this).values(content=packed(left)))


def _perhaps(connection: Connection, reader: int) -> Select[Any]:
    """The rows that may hold something of a subscriber: all of their shard that hold the two bytes somewhere."""
    mark = literal(struct.pack("<H", _low(reader, _READERS)), LargeBinary)
    c = schema.had.c
    is_sqlite = connection.dialect.name == "sqlite"
    place: Callable[..., Any] = func.instr if is_sqlite else lambda column, part: func.position(part.op("IN")(column))
    return select(*_ROW).where(c.shard == reader >> _READERS, place(c.content, mark) > 0)
