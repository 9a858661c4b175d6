"""What links are signed with: the newest key, and those before it for as long as mails with their links may be read.

Message ids are made of the installation's secret alone, which never changes: by them the delivery log knows what went
out already, and one that changed would send it again.
"""

import json
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from digest.store import marks

KEPT = timedelta(days=180)  # after the next one took its place
_NAME = "keys"


class Key(NamedTuple):
    """One of them; the first is as old as the database."""

    value: bytes
    since: datetime | None


def keys(connection: Connection, now: datetime | None) -> tuple[bytes, ...]:
    """The newest first, without those that are too old by `now`."""
    return tuple(key.value for key in still_good(_read(connection), now))


def rotate(connection: Connection, now: datetime, *, leaked: bool) -> None:
    """A new key signs from now on; those before it are forgotten at once if they were `leaked`."""
    before = still_good(_read(connection, held=True), now)
    kept = [Key(secrets.token_bytes(32), now), *([] if leaked else before)]
    marks.keep(connection, _NAME, json.dumps([(key.value.hex(), _said(key.since)) for key in kept]))


def still_good(all_: list[Key], now: datetime | None) -> list[Key]:
    """Those with which links may be signed that are believed: the newest, and what it, or one before it, has replaced
    within the time.
    """
    replaced_at = [None, *(key.since for key in all_)]
    together = zip(all_, replaced_at, strict=False)
    return [key for key, replaced in together if replaced is None or now is None or now < replaced + KEPT]


def _read(connection: Connection, *, held: bool = False) -> list[Key]:
    """All that are kept, the newest first."""
    secret = marks.read(connection, "secret", held=held)  # there from the beginning, so that two cannot both be first
    kept = marks.read(connection, _NAME)
    if kept is None:
        return [Key(bytes.fromhex(secret or ""), None)]
    return [
        Key(bytes.fromhex(value), datetime.fromisoformat(since) if since else None) for value, since in json.loads(kept)
    ]


def _said(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
