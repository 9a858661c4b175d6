"""The suppression list: addresses that no mail is sent to. What it means for subscribers is in `returns`."""

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, delete, select

from digest.model import Cause, Suppression
from digest.store.schema import suppressions
from digest.store.sql import insert, rows_with

_SAID = (suppressions.c.email, suppressions.c.cause, suppressions.c.at, suppressions.c.detail)


def all_(connection: Connection) -> list[Suppression]:
    """The whole list, oldest first."""
    return [
        Suppression(*row)
        for row in connection.execute(select(*_SAID).order_by(suppressions.c.at, suppressions.c.address))
    ]


def one(connection: Connection, address: str) -> Suppression | None:
    row = connection.execute(select(*_SAID).where(suppressions.c.address == address)).one_or_none()
    return Suppression(*row) if row else None


def among(connection: Connection, addresses: Iterable[str]) -> Collection[str]:
    """Those of these addresses that are on the list."""
    column = suppressions.c.address
    return {row.address for row in rows_with(connection, select(column), column, addresses)}


def put(connection: Connection, address: str, entry: Suppression) -> bool:
    """On the list, if it is not: the first reason stays, unless a complaint comes. Returns whether it is new there."""
    values = {"email": entry.email, "cause": entry.cause, "detail": entry.detail, "at": entry.at}
    new = insert(connection, suppressions).values(address=address, **values)
    listed = one(connection, address) is not None
    if entry.cause is Cause.COMPLAINT:
        worse = suppressions.c.cause != Cause.COMPLAINT
        new = new.on_conflict_do_update(index_elements=["address"], set_=values, where=worse)
    else:
        new = new.on_conflict_do_nothing(index_elements=["address"])
    connection.execute(new)
    return not listed


def drop(connection: Connection, address: str) -> bool:
    """Off the list; False if it was not on it."""
    return bool(connection.execute(delete(suppressions).where(suppressions.c.address == address)).rowcount)
