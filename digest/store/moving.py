"""Which of two databases is in use, of which one is a copy of the other: what each says of itself to whoever opens it."""

import json
from contextlib import closing
from datetime import datetime

from sqlalchemy import Connection, delete

from digest.errors import StoreError
from digest.store import marks
from digest.store.database import Database
from digest.store.opening import open_database
from digest.store.schema import meta

FILLING = "filling"  # in `meta` of a copy that is not whole: what it is made of
MOVED = "moved"  # in `meta` of a database that was copied: where to, and when
PATIENCE = 10.0  # seconds


def refuse(database: Database) -> None:
    """Nothing, if this database is whole and in use.

    Raises:
        StoreError: it is a copy that is not whole, or was moved elsewhere.
    """
    with database.reading() as connection:
        filling, moved = (marks.read(connection, name) for name in (FILLING, MOVED))
    if filling is not None:
        raise StoreError(
            f"{database.place}: is being copied from {json.loads(filling)['source']} and is not whole yet:"
            " run that `digest store copy` again, to its end, or drop this database"
        )
    if moved is not None:
        said = json.loads(moved)
        raise StoreError(
            f"{database.place}: was moved to {said['target']} on {said['at'][:10]}: set store.url to that one."
            " (If that one was given up: `digest store reopen`. What it has sent since is then sent again.)"
        )


def move(connection: Connection, target: str, now: datetime) -> None:
    """From now on, everything is in `target`."""
    marks.keep(connection, MOVED, json.dumps({"target": target, "at": now.isoformat()}))


def moved_to(connection: Connection) -> str | None:
    """Where everything is, if not here."""
    moved = marks.read(connection, MOVED)
    return None if moved is None else str(json.loads(moved)["target"])


def reopen(url: str) -> bool:
    """Let a database that was moved elsewhere be used again; returns whether it had been.

    Raises:
        StoreError: it is not there, or cannot be written.
    """
    with closing(open_database(url, create=False, patience=PATIENCE)) as database, database.writing() as connection:
        return connection.execute(delete(meta).where(meta.c.key == MOVED)).rowcount > 0
