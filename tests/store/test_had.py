"""What subscribers had: kept by the thousand, and read as it was written, of whomever it is asked."""

from contextlib import suppress
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import StoreError
from digest.store import had
from digest.store.had import Had
from digest.store.varints import Reader, folded, unfolded, written

DAYS = st.dates()
READERS = st.integers(5 << 40, (5 << 40) + 4_095)  # the places of a row
ENTRIES = st.builds(Had, READERS, st.integers(160, 175), st.integers(0, 2**31 - 1), DAYS)


@given(st.sets(ENTRIES, min_size=1, max_size=30))
def test_a_row_comes_back(entries):
    ((shard, bucket),) = {had.place(entry) for entry in entries}
    content = had.packed(entries)
    assert set(had.unpacked(shard, bucket, content)) == entries
    some = {min(entry.listing for entry in entries)}
    assert {entry.listing for entry in had.unpacked(shard, bucket, content, some)} == some


@given(st.binary(max_size=20) | st.sets(ENTRIES, min_size=1, max_size=5).map(had.packed), st.data())
def test_what_nobody_wrote_is_named_as_such(content, data):
    at = data.draw(st.integers(0, max(0, len(content) - 1)))
    damaged = content[:at] + data.draw(st.binary(max_size=3)) + content[at + data.draw(st.integers(0, 3)) :]
    row = SimpleNamespace(shard=2, bucket=10, content=damaged)
    with suppress(StoreError):
        assert all(isinstance(entry, Had) for entry in had._entries_of(row))


def test_twenty_papers_a_reader_take_fifty_bytes():
    day = date(2026, 5, 18)
    entries = [Had(reader, (reader * 7 + n) % 16, 1, day) for reader in range(1_000) for n in range(4)]
    assert len(had.packed(entries)) < 2.1 * len(entries)


def test_what_others_had_is_not_found_nor_erased(store):
    day = date(2026, 5, 18)
    shared = [Had(reader, listing, 1, day) for reader in (1, 2, 4_096, 70_000) for listing in (5, 6, 900)]
    with store._database.writing() as connection:
        store_listings(connection, {5, 6, 900})
        had.keep(connection, shared, 1)
        had.keep(connection, [Had(1, 5, 2, day + timedelta(days=1))], 9)
    with store._database.reading() as connection:
        assert set(had.read(connection, {1, 70_000}, {5, 900})) == {
            *(entry for entry in shared if entry.reader in (1, 70_000) and entry.listing != 6),
            Had(1, 5, 2, day + timedelta(days=1)),
        }
        assert [entry.listing for entry in had.of(connection, 1)] == [5, 6, 900, 5]
        assert list(had.read(connection, [], {5})) == list(had.read(connection, [3], [7])) == []
    with store._database.writing() as connection:
        had.erase(connection, 1)
        assert had.of(connection, 1) == []
        assert [len(had.of(connection, reader)) for reader in (2, 4_096, 70_000)] == [3, 3, 3]


def store_listings(connection, numbers):
    names = (
        "title",
        "abstract",
        "authors",
        "url",
        "categories",
        "keywords",
        "raw_title",
        "raw_abstract",
        "raw_authors",
    )
    for number in numbers:
        values = [f"'{number}'" if name == "url" else "'[]'" for name in names]
        connection.exec_driver_sql(
            f"INSERT INTO listings (id, same_as, {', '.join(names)}, first_seen)"
            f" VALUES ({number}, {number}, {', '.join(values)}, '2026-05-18 08:00:00.000000')"
        )


@given(st.lists(st.integers(0)), st.integers())
def test_numbers_of_any_size_come_back(numbers, signed):
    rest = Reader(written(*numbers, folded(signed)) + b"rest")
    assert [rest.number() for _ in numbers] == numbers
    assert unfolded(rest.number()) == signed
    assert (rest.raw(3), rest.at_end, rest.rest(), rest.at_end) == (b"res", False, b"t", True)


def test_what_is_cut_short_is_an_error():
    for broken in (b"", b"\xff"):
        with pytest.raises(IndexError):
            Reader(broken).number()
    with pytest.raises(IndexError):
        Reader(b"ab").raw(3)


def test_who_had_a_paper_is_found_behind_those_who_had_its_neighbours(store):
    day = date(2026, 5, 18)
    with store._database.writing() as connection:
        store_listings(connection, {1, 2})
        for reader in range(1, 51):
            had.keep(connection, [Had(reader, 1 + reader // 50, 1, day)], reader)
    with store._database.reading() as connection:
        found = list(had.by_listing(connection, {1, 2, 900}, 45))
    assert [entry.reader for entry in found if entry.listing == 2] == [50]
    assert [entry.reader for entry in found if entry.listing == 1] == list(range(1, 46))
