"""What every topic's methods of the store stand on."""

from digest.store.database import Database


class Opened:
    """A database that is open."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def close(self) -> None:
        """Give back all connections."""
        self._database.close()
