"""Moving a subscription to another address."""

from datetime import datetime

from sqlalchemy import Connection, select, update

from digest.errors import UsageError
from digest.model import Errand, Origin, Status, Subscriber, Wish
from digest.store import erasing, holding, subscribers, wishes
from digest.store.schema import wishes as asked
from digest.store.sql import insert


def confirm(connection: Connection, wish: Wish, now: datetime) -> Subscriber | None:
    """Move whoever wished it, and have the old address told; None if it was confirmed before, or is gone.

    Raises:
        UsageError: as `move`.
    """
    before = subscribers.numbered(connection, wish.subscriber)
    if not wishes.settle(connection, wish, now):
        return None
    row = connection.execute(select(asked).where(asked.c.id == wish.id)).mappings().one()
    moved = move(connection, wish.subscriber, wish.email, now)
    # It went with whoever left that address, and yet its link is to say what it did.
    connection.execute(insert(connection, asked).values(row).on_conflict_do_nothing())
    if before is not None:
        wishes.ask(connection, Wish(Errand.MOVED, before.email, now, subscriber=wish.subscriber))
    return moved


def move(connection: Connection, number: int, email: str, now: datetime) -> Subscriber:
    """From now on the digest goes to `email`, and the links in the old mailbox are good for nothing.

    Whoever had that address before and left makes room: whoever reads mail there has just said that they are the one.

    Raises:
        UsageError: nobody is subscribed with this number, the configuration file says where theirs goes, or the address
            has a digest already or is on the suppression list.
    """
    before = subscribers.numbered(connection, number)
    if before is None or before.status is Status.REMOVED:
        raise UsageError("whoever wanted this is not subscribed any more")
    if before.origin is Origin.FILE:
        raise UsageError(f"{before.email} is kept in the configuration file: change the address there")
    there = subscribers.one(connection, email)
    if there is not None and there.id != number and not _makes_room(connection, there, email, now):
        raise UsageError(f"{email} gets a digest already")
    if was := holding.whose(connection, number):
        erasing.rename(connection, was, email, email.casefold())
        theirs = asked.c.address == was.address, asked.c.subscriber == 0  # or else nobody knew them to be theirs
        connection.execute(update(asked).where(*theirs).values(subscriber=number))
    return subscribers.move(connection, before, email, now)


def _makes_room(connection: Connection, there: Subscriber, email: str, now: datetime) -> bool:
    is_theirs = there.status is Status.REMOVED and subscribers.is_same(there.email, email)
    return is_theirs and erasing.erase(connection, there.id, now)
