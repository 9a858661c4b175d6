"""How common words are, kept as one row that every batch of new listings is counted into."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from digest.model import Background, Listing
from digest.store.listings import newest
from digest.store.schema import background
from digest.store.sql import insert
from digest.text.background import added, count, faded
from digest.text.tokens import forget

_THE_ONE = 1
_ENOUGH = 2_000  # listings of a database from before there was a row
_STEP = timedelta(days=1)  # fading more often would round more than it fades


def read(connection: Connection) -> Background:
    """The counts as they are kept; of a database that has had no pull since it was upgraded, of its newest listings."""
    kept: Background | None = connection.scalar(select(background.c.content))
    return count(newest(connection, _ENOUGH)) if kept is None else kept


def learn(connection: Connection, new: Sequence[Listing], now: datetime) -> None:
    """Count listings that are about to be stored for the first time, once a day letting older ones fade.

    To be called by whoever holds the counters, before the listings are stored.
    """
    if not new and connection.scalar(select(background.c.id)) is not None:
        return
    row = connection.execute(select(background.c.content, background.c.faded_at)).one_or_none()
    kept, faded_at = row or (count(newest(connection, _ENOUGH)), now)
    days = (now - faded_at) // _STEP
    if days > 0:
        kept, faded_at = faded(kept, days * _STEP), faded_at + days * _STEP
    values = {"faded_at": min(faded_at, now), "content": added(kept, count(new))}
    write = insert(connection, background).values(id=_THE_ONE, **values)
    connection.execute(write.on_conflict_do_update(index_elements=["id"], set_=values))
    forget()  # whoever pulls has no words to read until the next day
