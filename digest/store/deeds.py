"""What was changed on the operator's pages, by whom, and who was logged out of them."""

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from digest.model import Deed
from digest.store import marks
from digest.store.schema import deeds
from digest.store.sql import insert, plain

_ENDED = "operator's sessions that were ended"


def keep(connection: Connection, deed: Deed) -> None:
    """Write it down."""
    row = {"at": deed.at, "who": plain(deed.who), "what": plain(deed.what)}
    connection.execute(insert(connection, deeds).values(row))


def latest(connection: Connection, limit: int, before: int | None = None) -> list[tuple[int, Deed]]:
    """The newest, newest first, each with its number; of those with lower numbers than `before`, if given."""
    query = select(deeds.c.id, deeds.c.at, deeds.c.who, deeds.c.what).order_by(deeds.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(deeds.c.id < before)
    return [(row.id, Deed(row.at, row.who, row.what)) for row in connection.execute(query)]


# --- sessions -----------------------------------------------------------------------------------------------------


def end_session(connection: Connection, session: str, until: datetime, now: datetime) -> None:
    """Let this session be good for nothing any more; it would have been `until` then, and is forgotten after."""
    ended = {name: end for name, end in _ended(connection, held=True).items() if end > now.isoformat()}
    marks.keep(connection, _ENDED, json.dumps({**ended, session: until.isoformat()}))


def is_ended(connection: Connection, session: str) -> bool:
    return session in _ended(connection)


def _ended(connection: Connection, *, held: bool = False) -> Mapping[str, str]:
    kept: dict[str, str] = json.loads(marks.read(connection, _ENDED, held=held) or "{}")
    return kept
