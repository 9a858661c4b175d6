"""Paces of the relay and of recipient domains, and turns at servers, shared by all processes.

What becomes of the former is in `digest.pacing`, of the latter in `turns`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from digest.model import Pace
from digest.pacing import allot, credible
from digest.store.schema import paces
from digest.store.sql import insert

_PACE = [paces.c[name] for name in Pace.__dataclass_fields__]
_LEARNT = [name for name in Pace.__dataclass_fields__ if name != "key"]


def troubled(connection: Connection) -> dict[str, Pace]:
    """Those with strikes, by key."""
    rows = connection.execute(select(*_PACE).where(paces.c.strikes > 0))
    return {row.key: Pace(*row) for row in rows}


def repace(connection: Connection, key: str, change: Callable[[Pace], Pace]) -> Pace:
    """Change one pace (a new one, if none is stored), while nobody else does; returns what it is now."""
    before = _held(connection, [key])
    after = change(before[key])
    _keep(connection, before, {key: after})
    return after


def reserve(
    connection: Connection, wanted: Sequence[Sequence[str]], rates: Mapping[str, int], now: datetime, until: datetime
) -> tuple[dict[str, Pace], list[datetime | None]]:
    """`pacing.allot` over the stored paces, while nobody else does; keeps those that it changed."""
    before = _held(connection, {key for keys in wanted for key in keys})
    after, moments = allot({key: credible(pace, now) for key, pace in before.items()}, wanted, rates, now, until)
    _keep(connection, before, after)
    return after, moments


def _held(connection: Connection, keys: Iterable[str]) -> dict[str, Pace]:
    """These paces, kept from everybody else until the transaction ends; in one order, so that no two wait in a ring."""
    ordered = sorted(keys)
    if not ordered:
        return {}
    known = set(connection.scalars(select(paces.c.key).where(paces.c.key.in_(ordered))))
    if missing := [{"key": key, "strikes": 0} for key in ordered if key not in known]:
        # PostgreSQL cannot lock what is not there. Nothing is locked yet: who holds a row waits for no insert.
        connection.execute(insert(connection, paces).on_conflict_do_nothing(), missing)
    own = select(*_PACE).where(paces.c.key.in_(ordered)).order_by(paces.c.key).with_for_update()
    found = {row.key: Pace(*row) for row in connection.execute(own)}
    return {key: found.get(key) or Pace(key) for key in ordered}  # one that was vacuumed meanwhile is a new one


def _keep(connection: Connection, before: Mapping[str, Pace], after: Mapping[str, Pace]) -> None:
    rows = [_row(pace) for key, pace in sorted(after.items()) if pace != before[key]]
    if rows:
        write = insert(connection, paces)
        learnt = {name: write.excluded[name] for name in _LEARNT}
        connection.execute(write.on_conflict_do_update(index_elements=["key"], set_=learnt), rows)


def _row(pace: Pace) -> dict[str, object]:
    return {name: getattr(pace, name) for name in Pace.__dataclass_fields__}
