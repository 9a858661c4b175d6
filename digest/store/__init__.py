"""All SQL: one Store on SQLite, and on PostgreSQL where one machine is outgrown.

    store = open_store("sqlite:///digest.db")      # creates or migrates

`schema` has the tables, `migrations` how they came about; `announce`, `pulls`, `listings`, `identity`, `search`,
`subscribers`, `editions`, `deliveries`, `overview` and so on are functions over one connection; `Store`, put together from
`operation`, `people`, `pages` and `store`, makes each of its methods one transaction, but for `keeping`, which takes many.
"""

import os
from contextlib import suppress
from pathlib import Path

from digest.errors import StoreError
from digest.store import words
from digest.store.database import Database, migrate, parsed, revision
from digest.store.history import CameBack, History, News, Served
from digest.store.keeping import Vacuumed
from digest.store.lists import Among, Back, Day, Person, Place, Pulse, Sending
from digest.store.overview import Failure, Overview, SourceStatus, Suppressed
from digest.store.store import HandOn, Store
from digest.store.watching import Gauges

__all__ = [
    "Among",
    "Back",
    "CameBack",
    "Day",
    "Failure",
    "Gauges",
    "History",
    "News",
    "Overview",
    "Person",
    "Place",
    "Pulse",
    "Sending",
    "Served",
    "SourceStatus",
    "Store",
    "Suppressed",
    "Vacuumed",
    "open_store",
]


def open_store(url: str, *, create: bool = True, patience: float = 10.0, hand_on: HandOn | None = None) -> Store:
    """Open the database at this SQLAlchemy URL and migrate it; make it first if it is not there, unless not `create`.

    `patience` is how many seconds to wait for another process that is writing. `hand_on` is called within the transaction
    that publishes editions, so that whoever delivers them is told if, and only if, they are written.

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
        words.ready(database)
    except BaseException:
        database.engine.dispose()
        raise
    return Store(database, hand_on)


def _make(file: str | None) -> None:
    """A new database is for our eyes only: it holds addresses, and the key that links are signed with.

    SQLite gives the files beside it the same rights (https://www.sqlite.org/wal.html). What prevents it is said by who
    opens the file.
    """
    if file and not file.startswith((":memory:", "file:")):
        with suppress(OSError):
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _must_exist(database: Database, *, is_file: bool) -> None:
    missing = StoreError(f"no database at {database.place}: run `digest pull` first")
    path = Path(database.place)
    if is_file and not (path.is_file() and path.stat().st_size):  # connecting would make one
        raise missing
    with database.reading() as connection:
        if revision(connection) is None:
            raise missing
