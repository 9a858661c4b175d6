"""Numbers of rows that are never given to others, also once the newest rows were erased.

PostgreSQL counts by itself. SQLite takes the highest number there is and adds one, so that whoever signs up after the
last subscriber was erased would get their number, and with it their bounces and the tokens in flight.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, cast, func, literal, select
from sqlalchemy.dialects.postgresql import REGCLASS

from digest.store.schema import counters
from digest.store.sql import insert


def keep(connection: Connection, table: Table) -> None:
    """Remember the highest number, before rows are erased."""
    if connection.dialect.name == "sqlite":
        _remember(connection, table, newest_given(connection, table))


def unused(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """New rows, with numbers where the database would give them used ones."""
    used = _kept(connection, table) if connection.dialect.name == "sqlite" else 0
    if not used or used <= _newest(connection, table):
        return [dict(row) for row in rows]
    return [{**row, "id": number} for number, row in enumerate(rows, used + 1)]


def next_ones(connection: Connection, table: Table, count: int) -> list[int]:
    """Numbers for so many new rows, rising."""
    if connection.dialect.name == "postgresql":
        each = select(func.nextval(_sequence(table))).select_from(func.generate_series(1, count))
        return sorted(connection.scalars(each))
    used = newest_given(connection, table)
    return list(range(used + 1, used + 1 + count))


def newest_given(connection: Connection, table: Table) -> int:
    """The highest number that a row ever had, whether it is still there or not."""
    newest = _newest(connection, table)
    if connection.dialect.name == "sqlite":
        return max(newest, _kept(connection, table))
    return max(newest, connection.scalar(select(func.pg_sequence_last_value(_sequence(table)))) or 0)


def go_on_behind(connection: Connection, table: Table, number: int) -> None:
    """Give new rows higher numbers than this."""
    if connection.dialect.name == "postgresql" and number:
        connection.execute(select(func.setval(_sequence(table), number)))
    elif number > _newest(connection, table):
        _remember(connection, table, number)


def _remember(connection: Connection, table: Table, number: int) -> None:
    row = insert(connection, counters).values(name=table.name, value=number)
    connection.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": row.excluded.value}))


def _sequence(table: Table) -> Any:
    """What numbers the rows of a table on PostgreSQL."""
    return cast(func.pg_get_serial_sequence(table.name, literal("id")), REGCLASS)


def _newest(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.max(table.c.id))) or 0


def _kept(connection: Connection, table: Table) -> int:
    return connection.scalar(select(counters.c.value).where(counters.c.name == table.name)) or 0
