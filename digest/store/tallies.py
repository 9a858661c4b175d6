"""Counters that never fall: sums over rows, of which the old ones may be gone.

What is settled for good is summed up once, up to a mark; a reading adds what is behind the mark. So a reading looks at
the rows of the last days alone, however many there are, and nothing may be taken away that is not yet in the sums.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select

from digest.store.schema import announcements, deliveries, editions, returns, tallies
from digest.store.sql import chunks, insert

_SETTLED = timedelta(days=1)  # who writes an edition has committed it long before
_EDITIONS = "upto:editions"
_ANNOUNCEMENTS = "upto:announcements"

Counts = Mapping[str, int]


def read(connection: Connection) -> Counts:
    """The sums over everything there ever was: `deliveries:sent`, `announcements:arxiv`, `returns:permanent` ..."""
    kept = _kept(connection)
    fresh = _counted(connection, kept[_EDITIONS], None) + _announced(connection, kept[_ANNOUNCEMENTS], None)
    came_back = _pairs("returns", connection.execute(_by(returns.c.kind)))
    return {name: count for name, count in (kept + fresh + came_back).items() if not name.startswith("upto:")}


def upto(connection: Connection) -> int:
    """The number of the last edition that is in the sums."""
    return _kept(connection)[_EDITIONS]


def settle(connection: Connection, now: datetime) -> None:
    """Sum up what will not change any more."""
    kept = _held(connection)
    last, seq = _last_settled(connection, now), connection.scalar(select(func.max(announcements.c.seq))) or 0
    more = _announced(connection, kept[_ANNOUNCEMENTS], seq)
    more[_ANNOUNCEMENTS] = max(0, seq - kept[_ANNOUNCEMENTS])
    if last > kept[_EDITIONS]:
        more += _counted(connection, kept[_EDITIONS], last)
        more[_EDITIONS] = last - kept[_EDITIONS]
    add(connection, more)


def bank(connection: Connection, own: Select[Any]) -> None:
    """Sum up what became of these editions (a query for their ids), which are about to be taken away."""
    behind = select(editions.c.id).where(editions.c.id.in_(own), editions.c.id > _held(connection)[_EDITIONS])
    ids = [number for (number,) in connection.execute(behind)]
    for chunk in chunks(ids):
        add(connection, _sums(connection, editions.c.id.in_(chunk), deliveries.c.edition_id.in_(chunk)))


def add(connection: Connection, more: Counts) -> None:
    """Raise the sums by so much."""
    rows = [{"name": name, "value": count} for name, count in sorted(more.items()) if count]
    if rows:
        write = insert(connection, tallies)
        raised = {"value": tallies.c.value + write.excluded.value}
        connection.execute(write.on_conflict_do_update(index_elements=["name"], set_=raised), rows)


def _kept(connection: Connection) -> Counter[str]:
    return Counter({row.name: row.value for row in connection.execute(select(tallies))})


def _held(connection: Connection) -> Counter[str]:
    """The sums, and the marks kept from everybody else who sums up until the transaction ends: none counts what another does."""
    marks = [{"name": name, "value": 0} for name in (_ANNOUNCEMENTS, _EDITIONS)]
    connection.execute(insert(connection, tallies).on_conflict_do_nothing(), marks)
    own = select(tallies.c.name).where(tallies.c.name.in_([_ANNOUNCEMENTS, _EDITIONS])).order_by(tallies.c.name)
    connection.execute(own.with_for_update()).all()
    return _kept(connection)


def _last_settled(connection: Connection, now: datetime) -> int:
    """The last edition before which no delivery waits for anything."""
    waits = deliveries.c.next_attempt.is_not(None)
    waiting = connection.scalar(select(func.min(deliveries.c.edition_id)).where(waits))
    old = connection.scalar(select(func.max(editions.c.id)).where(editions.c.composed_at < now - _SETTLED)) or 0
    return old if waiting is None else min(old, waiting - 1)


def _counted(connection: Connection, after: int, last: int | None) -> Counter[str]:
    """Editions, and of their deliveries what became of them: those with numbers above `after`, up to `last`."""
    return _sums(connection, *(_above(column, after, last) for column in (editions.c.id, deliveries.c.edition_id)))


def _sums(connection: Connection, own: Any, theirs: Any) -> Counter[str]:
    """Editions, and of their deliveries what became of them: `own` says which editions, `theirs` which deliveries."""
    d = deliveries.c
    count = select(func.count()).select_from(editions).where(own)
    ends = _by(d.state).where(d.next_attempt.is_(None), theirs)
    attempts, resent = connection.execute(select(func.sum(d.attempts), func.sum(d.resent)).where(theirs)).one()
    sums = Counter({"editions": connection.scalar(count) or 0, "attempts": attempts or 0, "resent": resent or 0})
    return sums + _pairs("deliveries", connection.execute(ends))


def _announced(connection: Connection, after: int, last: int | None) -> Counter[str]:
    told = _by(announcements.c.source).where(_above(announcements.c.seq, after, last))
    return _pairs("announcements", connection.execute(told))


def _by(column: Any) -> Select[Any]:
    return select(column, func.count()).group_by(column)


def _above(column: Any, after: int, last: int | None) -> Any:
    return column > after if last is None else and_(column > after, column <= last)


def _pairs(what: str, rows: Iterable[Any]) -> Counter[str]:
    return Counter({f"{what}:{name}": count for name, count in rows})
