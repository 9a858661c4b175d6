"""Taking away all that is held of one subscriber, while others send, compose and read.

    lock their row -> sum up what was counted of them -> dependent rows -> their name, where others' rows hold it -> their row

Whoever composes for them waits for the lock, and then finds nobody. Whoever sends to them finds the delivery gone when
the message is about to go out, and lets it be: a claim of a row that is no more may not begin, and ends in nothing.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection, delete, func, or_, select, update

from digest.model import Origin, Status
from digest.store import deliveries as sending
from digest.store import editions as published
from digest.store import had, holding, numbers, tallies
from digest.store.holding import Whose
from digest.store.schema import deeds, deliveries, editions, pins, returns, sheets, subscribers, suggestions
from digest.store.sheets import blanked

NOBODY = "(deleted)"  # stands for an address in the operator's log of changes
_CURATOR = "A former curator"  # under what they wrote for everybody


def erase(connection: Connection, number: int, now: datetime) -> bool:
    """Take it all away; returns whether their row is gone, too: of whom the configuration file names, it says who left.

    What stays is an entry of the suppression list, which keeps mail from an address that wants none or takes none; and
    without their name what they did for everybody: papers that a curator picked, the operator's log.
    """
    who = holding.whose(connection, number, held=True)
    if who is None:
        return True
    in_file = connection.scalar(select(subscribers.c.origin).where(subscribers.c.id == number)) is Origin.FILE
    for table in (subscribers, editions, deliveries, sheets):
        numbers.keep(connection, table)
    with _overwritten(connection):
        _count(connection, who, now)
        _lock_deliveries(connection, number)
        had.erase(connection, number)
        _blank(connection, number)
        for table, own in holding.of(who):
            if not (in_file and table is subscribers):
                connection.execute(delete(table).where(own))
        _unname(connection, who)
        if in_file:
            left = {"status": Status.REMOVED, "last_issue": None, "paused_until": None}
            connection.execute(update(subscribers).where(subscribers.c.id == number).values(left))
    return not in_file


@contextmanager
def _overwritten(connection: Connection) -> Iterator[None]:
    """What SQLite deletes, it writes zeros over, instead of leaving it in the file until the place is needed."""
    if connection.dialect.name != "sqlite":
        yield
        return
    before = connection.exec_driver_sql("PRAGMA secure_delete").scalar()
    connection.exec_driver_sql("PRAGMA secure_delete = ON")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA secure_delete = {before}")


def _count(connection: Connection, who: Whose, now: datetime) -> None:
    """What was sent to them, and came back, stays counted."""
    sending.cancel(connection, [who.number], now)
    tallies.bank(connection, select(editions.c.id).where(editions.c.subscriber_id == who.number))
    back = select(returns.c.kind, func.count()).where(returns.c.subscriber_id == who.number).group_by(returns.c.kind)
    tallies.add(connection, {f"returns:{kind}": count for kind, count in connection.execute(back)})


def _lock_deliveries(connection: Connection, number: int) -> None:
    """In the order in which senders lock them."""
    theirs = select(editions.c.id).where(editions.c.subscriber_id == number)
    held = select(deliveries.c.id).where(deliveries.c.edition_id.in_(theirs)).order_by(deliveries.c.id)
    connection.execute(held.with_for_update()).all()


def _blank(connection: Connection, number: int) -> None:
    """Out of what their editions share with others' what only theirs show: the words of their profile."""
    shown: dict[int, set[int]] = {}
    for kept in published.kept(connection, editions.c.subscriber_id == number):
        if kept.sheet is not None:
            shown.setdefault(kept.sheet, set()).update(kept.forms)
    for sheet, forms in sorted(shown.items()):
        this = sheets.c.id == sheet
        row = connection.execute(select(sheets).where(this).with_for_update()).one_or_none()
        if row is None:
            continue
        together = editions.c.id.between(row.first_edition, row.last_edition) & (editions.c.subscriber_id != number)
        others = [kept.forms for kept in published.kept(connection, together) if kept.sheet == sheet]
        if others:
            content = blanked(row.content, forms.difference(*others))
            connection.execute(update(sheets).where(this).values(content=content))
        else:
            connection.execute(delete(sheets).where(this))


def _unname(connection: Connection, who: Whose) -> None:
    """Out of rows that are others' too."""
    connection.execute(update(pins).where(pins.c.by.in_({who.email, who.address})).values(name=_CURATOR))
    rename(connection, who, "", NOBODY)


def rename(connection: Connection, who: Whose, email: str, said: str) -> None:
    """Call somebody by another address in rows that are others' too, and `said` in what is told there."""
    names = {who.email, who.address}
    connection.execute(update(pins).where(pins.c.by.in_(names)).values(by=email))
    connection.execute(update(suggestions).where(suggestions.c.judged_by.in_(names)).values(judged_by=email))
    told = [column.icontains(name, autoescape=True) for column in (deeds.c.who, deeds.c.what) for name in names]
    for row in connection.execute(select(deeds).where(or_(*told))).all():
        values = {"who": _instead(row.who, names, said), "what": _instead(row.what, names, said)}
        connection.execute(update(deeds).where(deeds.c.id == row.id).values(values))


def _instead(words: str, names: Iterable[str], said: str) -> str:
    """With that in place of these addresses; but not of `ann@b.org` in `joann@b.org`."""
    named = "|".join(map(re.escape, names))
    pattern = rf"(?<![\w.+-])(?:{named})(?![\w-]|\.\w)"
    return re.sub(pattern, lambda _: said, words, flags=re.IGNORECASE)
