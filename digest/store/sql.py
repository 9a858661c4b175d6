"""The few places where SQLite and PostgreSQL must be asked differently, or little at a time."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, Table, and_
from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")

_LONGEST_WORDS = 1_000  # characters
_MOST_PARAMETERS = 10_000  # SQLite takes 32,766 in a statement, PostgreSQL's protocol 65,535


def insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """The dialect's own INSERT, which knows ON CONFLICT."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def chunks(items: Iterable[T], size: int = _MOST_PARAMETERS) -> Iterator[list[T]]:
    """The items in lists that fit into one statement."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def starts_with(connection: Connection, column: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    """Whether a text begins so, such that its index is of use: on PostgreSQL, in a database with the collation C."""
    if connection.dialect.name == "sqlite":  # whose LIKE knows no case and therefore no index
        return and_(column >= prefix, column < f"{prefix}\U0010ffff")
    return column.startswith(prefix, autoescape=True)


def plain(words: str) -> str:
    """Strangers' words as both take them, and no more than somebody will read."""
    return words[:_LONGEST_WORDS].encode("utf-8", "replace").decode().replace("\0", "")
