"""Moving a subscription to another address."""

from datetime import datetime

from sqlalchemy import Connection

from digest.errors import UsageError
from digest.model import Origin, Status, Subscriber
from digest.store import erasing, subscribers


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
    if there is not None and there.id != number and not _makes_room(connection, there, now):
        raise UsageError(f"{email} gets a digest already")
    return subscribers.move(connection, before, email, now)


def _makes_room(connection: Connection, there: Subscriber, now: datetime) -> bool:
    return there.status is Status.REMOVED and erasing.erase(connection, there.id, now)
