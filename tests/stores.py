"""Where tests keep their stores: in SQLite's files, or, with DIGEST_TEST_STORE=postgresql, in databases of PostgreSQL.

A test names its store by a path either way, so that it can open it again, copy it, or give it to another process.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

if TYPE_CHECKING:
    from .postgres import Server

POSTGRESQL = os.environ.get("DIGEST_TEST_STORE") == "postgresql"


class Shelf:
    """The databases of PostgreSQL that stand where SQLite would have files."""

    def __init__(self) -> None:
        self.server: Server | None = None
        self._kept: dict[Path, tuple[str, ExitStack]] = {}

    def url(self, path: Path) -> str:
        """The URL of the database of this path; a new and migrated one, if there was none."""
        assert self.server, "the session's fixture has begun it"
        return self._kept[path][0] if path in self._kept else self._keep(path, self.server.database())

    def copy(self, source: Path, target: Path) -> None:
        """Have a copy under another path, with the URL that was known for it."""
        assert self.server, "the session's fixture has begun it"
        name = sa.make_url(self._kept[target][0]).database if target in self._kept else None
        self.forget(target)
        self._keep(target, self.server.copied(self._kept[source][0], name))

    def _keep(self, path: Path, made: AbstractContextManager[str]) -> str:
        stack = ExitStack()
        self._kept[path] = (stack.enter_context(made), stack)
        return self._kept[path][0]

    @contextmanager
    def locked(self, path: Path) -> Iterator[None]:
        """Nobody is let into this database, and whoever is in it is put out."""
        assert self.server, "the session's fixture has begun it"
        name = sa.make_url(self.url(path)).database
        self.server.say(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        self.server.say(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        try:
            yield
        finally:
            self.server.say(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")

    def empty(self, path: Path) -> None:
        """Let the database have no tables, as before the first command."""
        assert self.server, "the session's fixture has begun it"
        name = sa.make_url(self.url(path)).database
        self.forget(path)
        self._keep(path, self.server.bare(name))

    def forget(self, folder: Path) -> None:
        """Drop what stands in this folder."""
        for path in [path for path in self._kept if path.is_relative_to(folder)]:
            self._kept.pop(path)[1].close()


shelf = Shelf()


def store_url(path: Path | str) -> str:
    """The URL of the store that is kept at this path."""
    file = Path(path).absolute()
    return shelf.url(file) if POSTGRESQL else f"sqlite:///{file}"


def copy_store(source: Path, target: Path) -> None:
    """Keep a copy of a store that nobody has open at another path, instead of what is there."""
    if POSTGRESQL:
        shelf.copy(source, target)
    else:
        shutil.copy(source, target)


def remove_store(path: Path | str) -> None:
    """Let there be no store at this path, or none yet; PostgreSQL has a database then, and nothing in it."""
    if POSTGRESQL:
        shelf.empty(Path(path).absolute())
    else:
        Path(path).unlink(missing_ok=True)


@contextmanager
def looking_into(path: Path | str) -> Iterator[sa.Connection]:
    """A transaction on the store at this path, past our own Store; written when it is left."""
    engine = sa.create_engine(store_url(path), poolclass=sa.NullPool)
    with engine.begin() as connection:
        yield connection


def rows_of(path: Path | str) -> dict[str, list[str]]:
    """All that a store holds, by table."""
    with looking_into(path) as connection:
        tables = sa.inspect(connection).get_table_names()
        return {name: sorted(map(repr, connection.exec_driver_sql(f'SELECT * FROM "{name}"'))) for name in tables}


@contextmanager
def away(path: Path) -> Iterator[None]:
    """Meanwhile the store that is kept there cannot be opened: its file is elsewhere, or its database lets nobody in."""
    if POSTGRESQL:
        with shelf.locked(path):
            yield
        return
    files = [path, *path.parent.glob(f"{path.name}-*")]
    for file in files:
        file.rename(file.with_name(f"aside-{file.name}"))
    try:
        yield
    finally:
        for file in files:
            file.with_name(f"aside-{file.name}").rename(file)


def only_sqlite(reason: str) -> pytest.MarkDecorator:
    """For promises about files: `reason` says why PostgreSQL has nothing to do with them."""
    return pytest.mark.skipif(POSTGRESQL, reason=f"SQLite's: {reason}")
