"""What was asked for on the pages, until it is mailed, confirmed or forgotten. What is mailed when says `digest.wishing`."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, or_, select, update

from digest import wishing
from digest.errors import UsageError
from digest.model import Errand, Status, Subscriber, Wish
from digest.pacing import domain_of
from digest.store import subscribers
from digest.store.schema import wishes
from digest.store.sql import insert

_NAMES = tuple(Wish.__dataclass_fields__)
_COLUMNS = [wishes.c[name] for name in _NAMES]
_TO_LATER = timedelta(minutes=5)  # what a domain has had enough of


def _wish(row: Sequence[Any]) -> Wish:
    return Wish(*row[: len(_NAMES)])


# --- asking -------------------------------------------------------------------------------------------------------


def ask(connection: Connection, wish: Wish) -> None:
    """Keep a wish, and have a mail sent for it if one may go: the same work for every address there is."""
    address = subscribers.address(wish.email)
    if wish.errand in (Errand.SIGN_UP, Errand.MOVE):  # of other errands nobody is mailed who is not subscribed
        address = wishing.reader_of(address)
    key = (wishes.c.errand == wish.errand, wishes.c.address == address)
    blank = {"errand": wish.errand, "address": address, "domain": domain_of(address), "mails": 0}
    new = insert(connection, wishes).values(blank | {"email": wish.email, "subscriber": 0, "at": wish.at})
    is_new = connection.execute(new.on_conflict_do_nothing().returning(wishes.c.id)).first() is not None
    row = connection.execute(select(*_COLUMNS, wishes.c.lease_until).where(*key).with_for_update()).one()
    is_being_mailed = row.lease_until is not None and row.lease_until > wish.at
    kept = None if is_being_mailed else wishing.asked(None if is_new else _wish(row), wish)
    values = {} if kept is None else _values(kept) | {"next_attempt": wish.at, "lease_until": None}
    connection.execute(update(wishes).where(*key).values(values or {"errand": wish.errand}))


def _values(wish: Wish) -> dict[str, Any]:
    return {name: getattr(wish, name) for name in _NAMES if name != "id"}


def numbered(connection: Connection, number: int) -> Wish | None:
    row = connection.execute(select(*_COLUMNS).where(wishes.c.id == number)).first()
    return _wish(row) if row else None


# --- mailing ------------------------------------------------------------------------------------------------------


def are_due(connection: Connection, now: datetime) -> bool:
    """Whether there is anything to mail."""
    return connection.scalar(select(wishes.c.id).where(wishes.c.next_attempt <= now).limit(1)) is not None


def claim(connection: Connection, now: datetime, lease: timedelta, limit: int) -> list[Wish]:
    """Up to `limit` wishes that are due, for the caller alone until the lease ends; none beyond what a domain may get."""
    free = or_(wishes.c.lease_until.is_(None), wishes.c.lease_until <= now)
    due = select(*_COLUMNS, wishes.c.domain).where(wishes.c.next_attempt <= now, free)
    rows = connection.execute(
        due.order_by(wishes.c.next_attempt, wishes.c.id).limit(limit).with_for_update(skip_locked=True)
    ).all()
    mailed = _mailed(connection, {row.domain for row in rows}, now - wishing.DOMAIN_SPAN)
    mine = []
    for row in rows:
        mailed[row.domain] = mailed.get(row.domain, 0) + 1
        if mailed[row.domain] <= wishing.MOST_A_DOMAIN:
            mine.append(row)
    _set(connection, {row.id for row in rows} - {row.id for row in mine}, next_attempt=now + _TO_LATER)
    _set(connection, {row.id for row in mine}, lease_until=now + lease)
    return [_wish(row) for row in mine]


def _mailed(connection: Connection, domains: Collection[str], since: datetime) -> dict[str, int]:
    """How many were mailed to each of these domains since then."""
    own = wishes.c.domain.in_(domains), wishes.c.mailed_at > since
    counted = select(wishes.c.domain, func.count()).where(*own).group_by(wishes.c.domain)
    return {row[0]: row[1] for row in connection.execute(counted)}


def _set(connection: Connection, numbers: Collection[int], **values: Any) -> None:
    if numbers:
        connection.execute(update(wishes).where(wishes.c.id.in_(numbers)).values(values))


def mailed(connection: Connection, wish: Wish, now: datetime) -> None:
    """The relay has its mail."""
    _set(connection, [wish.id], mails=wishes.c.mails + 1, mailed_at=now, next_attempt=None, lease_until=None)


def put_off(connection: Connection, wish: Wish, until: datetime) -> None:
    """It could not be mailed yet."""
    _set(connection, [wish.id], next_attempt=until, lease_until=None)


def drop(connection: Connection, wish: Wish) -> None:
    """There is nothing to mail for it. If nothing ever was, nothing of it is kept."""
    never = wishes.c.mails == 0
    connection.execute(delete(wishes).where(wishes.c.id == wish.id, never))
    _set(connection, [wish.id], next_attempt=None, lease_until=None)


def forget(connection: Connection, before: datetime) -> int:
    """Take away what was asked before then; returns how much."""
    return connection.execute(delete(wishes).where(wishes.c.at < before)).rowcount


# --- confirming ---------------------------------------------------------------------------------------------------


def settle(connection: Connection, wish: Wish, now: datetime) -> bool:
    """Write down that it is confirmed; False if it was before, or is not there any more."""
    own = wishes.c.id == wish.id, wishes.c.at == wish.at, wishes.c.done_at.is_(None)
    done = update(wishes).where(*own).values(done_at=now, next_attempt=None, lease_until=None)
    return connection.execute(done).rowcount == 1


def confirm(connection: Connection, wish: Wish, now: datetime) -> Subscriber | None:
    """Whoever wanted it is subscribed from now on, or again; None if the wish was confirmed before.

    Raises:
        UsageError: the address is on the suppression list, or compares like somebody else's.
    """
    if wish.wanted is None or not settle(connection, wish, now):
        return None
    before = subscribers.one(connection, wish.email)
    if before and not subscribers.is_same(before.email, wish.email):
        raise UsageError(f"{wish.email} cannot be told from another subscriber's address")
    if before and before.status in (Status.ACTIVE, Status.PAUSED):  # by the operator, meanwhile
        return before
    return subscribers.add(connection, replace(wish.wanted, email=wish.email), now)
