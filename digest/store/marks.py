"""Single facts of the whole database, by name."""

from sqlalchemy import Connection, select

from digest.store.schema import meta
from digest.store.sql import insert


def read(connection: Connection, name: str, *, held: bool = False) -> str | None:
    """What is kept by this name, `held` back from everybody else until the transaction ends."""
    query = select(meta.c.value).where(meta.c.key == name)
    return connection.scalar(query.with_for_update() if held else query)


def keep(connection: Connection, name: str, value: str) -> None:
    """Keep this in place of what was kept."""
    row = insert(connection, meta).values(key=name, value=value)
    connection.execute(row.on_conflict_do_update(index_elements=["key"], set_={"value": value}))
