"""All rows of two databases, whichever kind each of them is: in one order, as the same values.

Values are taken as they are stored, times and days aside: what this version cannot read is no reason to lose it, and
what it would write in another way is to stay as it is.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, MetaData, Table, Text, literal, select, tuple_
from sqlalchemy.types import TypeDecorator, TypeEngine

from digest.store.columns import Instant
from digest.store.schema import metadata

Values = tuple[Any, ...]

_AT_A_TIME = 2_000  # rows, of up to some kilobytes


@cache
def tables() -> tuple[Table, ...]:
    """Every table, those first that others refer to."""
    stored = MetaData()
    return tuple(
        Table(table.name, stored, *(Column(c.name, _stored(c.type), primary_key=c.primary_key) for c in table.columns))
        for table in metadata.sorted_tables
    )


def _stored(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    bare = isinstance(kind, TypeDecorator) and not isinstance(kind, Instant)
    return kind.impl_instance if bare and isinstance(kind, TypeDecorator) else kind


@contextmanager
def rows(
    connection: Connection, table: Table, but: Sequence[str] = (), *, after: Values = (), upto: Values = ()
) -> Iterator[Iterator[Values]]:
    """The rows by their keys, in the order of bytes: those behind the key `after`, up to the key `upto`.

    Without the rows whose (one) key is in `but`. Read little by little.
    """
    key = _key(connection, table)
    query = select(table).order_by(*key)
    if but:
        query = query.where(key[0].not_in(but))
    if after:
        query = query.where(tuple_(*key) > _literal(table, after))
    if upto:
        query = query.where(tuple_(*key) <= _literal(table, upto))
    with connection.execute(query, execution_options={"yield_per": _AT_A_TIME}) as found:
        yield map(_without_nul if connection.dialect.name == "sqlite" else tuple, found)


def last(connection: Connection, table: Table, but: Sequence[str] = ()) -> Values:
    """The last key; nothing where there are no rows."""
    key = _key(connection, table)
    query = select(*table.primary_key).order_by(*(column.desc() for column in key)).limit(1)
    found = connection.execute(query.where(key[0].not_in(but)) if but else query).first()
    return tuple(found) if found else ()


def key_of(table: Table, row: Values) -> Values:
    """What the row is known by."""
    return tuple(value for column, value in zip(table.columns, row, strict=True) if column.primary_key)


def differing(table: Table, ours: Iterator[Values], theirs: Iterator[Values]) -> Iterator[Values]:
    """The keys of the rows that are not the same in both, or in one of them only."""
    one, other = next(ours, None), next(theirs, None)
    while one is not None or other is not None:
        if one == other:
            one, other = next(ours, None), next(theirs, None)
            continue
        first = min(key_of(table, row) for row in (one, other) if row is not None)
        yield first
        if one is not None and key_of(table, one) == first:
            one = next(ours, None)
        if other is not None and key_of(table, other) == first:
            other = next(theirs, None)


def _key(connection: Connection, table: Table) -> list[ColumnElement[Any]]:
    """The columns of the key, such that they sort by their bytes, whatever language the database is in."""
    return [by_bytes(connection, column) for column in table.primary_key]


def by_bytes(connection: Connection, column: Column[Any]) -> ColumnElement[Any]:
    is_text = isinstance(column.type, Text) and connection.dialect.name == "postgresql"
    return column.collate("C") if is_text else column


def _literal(table: Table, key: Values) -> ColumnElement[Any]:
    return tuple_(*(literal(value, column.type) for value, column in zip(key, table.primary_key, strict=True)))


def _without_nul(row: Sequence[Any]) -> Values:
    """What PostgreSQL takes: a text without U+0000, which SQLite takes, and which nobody has ever meant."""
    return tuple(value.replace("\0", "") if isinstance(value, str) and "\0" in value else value for value in row)
