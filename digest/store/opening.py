"""Opening a database, whoever it is for: made if it may be, and brought up to date."""

import os
from contextlib import suppress
from pathlib import Path

from digest.errors import StoreError
from digest.store.database import Database, parsed, revision
from digest.store.migrating import migrate

NOT_YET = "run `digest pull` first"  # what makes a database that is not there


def open_database(url: str, *, create: bool, patience: float) -> Database:
    """The database at this URL, with today's tables; made first if it is not there, unless not `create`.

    Raises:
        StoreError: it is not there, not ours, from a newer version, locked, or cannot be read or written.
    """
    address = parsed(url)
    database = Database(address, patience)
    try:
        is_file = address.get_backend_name() == "sqlite"
        if not create:
            _must_exist(database, is_file=is_file)
        elif is_file:
            _make(address.database)
        migrate(database)
    except BaseException:
        database.close()
        raise
    return database


def _make(file: str | None) -> None:
    """A new database is for our eyes only: it holds addresses, and the key that links are signed with.

    SQLite gives the files beside it the same rights (https://www.sqlite.org/wal.html). What prevents it is said by who
    opens the file.
    """
    if file and not file.startswith((":memory:", "file:")):
        with suppress(OSError):
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _must_exist(database: Database, *, is_file: bool) -> None:
    missing = StoreError(f"no database at {database.place}: {NOT_YET}")
    path = Path(database.place)
    if is_file and not (path.is_file() and path.stat().st_size):  # connecting would make one
        raise missing
    with database.reading() as connection:
        if revision(connection) is None:
            raise missing
