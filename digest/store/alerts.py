"""What the operator was told of. What is worth telling, and when again, is decided in `digest.alerts`."""

from dataclasses import fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, select, update

from digest.model import Alert
from digest.store.schema import alerts
from digest.store.sql import insert

_NAMES = [field.name for field in fields(Alert)]


def all_(connection: Connection) -> tuple[Alert, ...]:
    """Those that hold, and those that held within the last day, in the order they began."""
    columns = [alerts.c[name] for name in _NAMES]
    return tuple(Alert(*row) for row in connection.execute(select(*columns).order_by(alerts.c.begun_at, alerts.c.key)))


def replace(connection: Connection, before: Alert | None, after: Alert | None) -> bool:
    """Remember `after` in place of `before`; False if somebody else was faster."""
    if after is None:
        return before is None or connection.execute(delete(alerts).where(*_is(before))).rowcount == 1
    row = {name: getattr(after, name) for name in _NAMES}
    if before is None:
        new = insert(connection, alerts).values(row).on_conflict_do_nothing().returning(alerts.c.key)
        return connection.execute(new).first() is not None
    return connection.execute(update(alerts).where(*_is(before)).values(row)).rowcount == 1


def _is(alert: Alert) -> list[ColumnElement[Any]]:
    """The row as it was read."""
    times = (alerts.c[name].is_not_distinct_from(getattr(alert, name)) for name in ("told_at", "over_at"))
    return [alerts.c.key == alert.key, *times]
