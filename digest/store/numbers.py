"""Numbers of rows that are never given to others, also once the newest rows were erased.

PostgreSQL counts by itself. SQLite takes the highest number there is and adds one, so that whoever signs up after the
last subscriber was erased would get their number, and with it their bounces and the tokens in flight.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, func, select

from digest.store.schema import counters
from digest.store.sql import insert


def keep(connection: Connection, table: Table) -> None:
    """Remember the highest number, before rows are erased."""
    if connection.dialect.name == "sqlite":
        row = insert(connection, counters).values(
            name=table.name, value=max(_newest(connection, table), _kept(connection, table))
        )
        connection.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": row.excluded.value}))


def unused(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """New rows, with numbers where the database would give them used ones."""
    used = _kept(connection, table) if connection.dialect.name == "sqlite" else 0
    if not used or used <= _newest(connection, table):
        return [dict(row) for row in rows]
    return [{**row, "id": number} for number, row in enumerate(rows, used + 1)]


def _newest(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.max(table.c.id))) or 0


def _kept(connection: Connection, table: Table) -> int:
    return connection.scalar(select(counters.c.value).where(counters.c.name == table.name)) or 0
