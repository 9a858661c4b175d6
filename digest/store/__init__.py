"""All SQL: one Store on SQLite, and on PostgreSQL where one machine is outgrown.

    store = open_store("sqlite:///digest.db")      # creates or migrates

`schema` has the tables, `migrations` how they came about; `announce`, `pulls`, `listings`, `identity`, `search`,
`subscribers`, `publishing`, `editions`, `deliveries`, `overview` and so on are functions over one connection; `Store`, put
together from `operation`, `people`, `pages` and `store`, makes each of its methods one transaction, but for `keeping`,
which takes many.
"""

from digest.store import moving, words
from digest.store.history import CameBack, History, News, Served
from digest.store.jobs import Jobs
from digest.store.keeping import Vacuumed
from digest.store.lists import Among, Back, Day, Person, Place, Pulse, Sending
from digest.store.opening import open_database
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
    "HandOn",
    "History",
    "Jobs",
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
        StoreError: it is not there, not ours, from a newer version, locked, moved elsewhere, a copy that is not whole, or
            cannot be read or written.
    """
    database = open_database(url, create=create, patience=patience)
    try:
        moving.refuse(database)
        words.ready(database)
    except BaseException:
        database.close()
        raise
    return Store(database, hand_on)
