"""The file of an SQLite database as a whole: copied while others write to it, and made small again."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from digest.errors import StoreError, UsageError
from digest.store.database import Database, advised, file_of

_WORTH_IT = 0.2  # of the file is empty: then it is written anew


def is_file(database: Database) -> bool:
    """Whether this database is a file."""
    return file_of(database.engine.url) is not None


def backup(database: Database, target: Path, *, force: bool) -> int:
    """Copy the database as it is at this instant, while others go on writing; returns the copy's size in bytes.

    The copy is checked before it takes its name, so a file of that name is always whole
    (https://www.sqlite.org/backup.html).

    Raises:
        UsageError: the file is there already (unless `force`), or is the database itself.
        StoreError: it cannot be copied, or the copy is damaged, as the database then is.
    """
    _must_be_free(Path(database.place), target, force=force)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))  # it holds what links are signed with
        with _complaints(database.place):
            _copy(database, part)
        _to_disk(part)
        part.replace(target)
        _to_disk(target.parent)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
    return target.stat().st_size


def _must_be_free(source: Path, target: Path, *, force: bool) -> None:
    if not target.parent.is_dir():
        raise UsageError(f"there is no folder {target.parent}: make it first")
    if not target.exists():
        return
    if target.is_dir():
        raise UsageError(f"{target} is a folder: name the file to write")
    if source.exists() and target.samefile(source):
        raise UsageError(f"{target} is the database itself: write the backup to another file")
    if not force:
        raise UsageError(f"{target} is there already: take another name, or --force to replace it")


def _copy(database: Database, part: Path) -> None:
    with closing(sqlite3.connect(part)) as copy:
        with _raw(database) as source:
            source.backup(copy)  # in one step: in several, each commit of somebody else would begin it anew
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without companions
        faults = [row[0] for row in copy.execute("PRAGMA integrity_check(3)")]
    if faults != ["ok"]:
        raise StoreError(f"{database.place}: is damaged, so no backup was written: {'; '.join(faults)}")


def compact(database: Database) -> bool:
    """Write the file anew without its empty pages, if there are enough of them; returns whether it was done.

    Nobody can write meanwhile, and it takes as much room on the disk again.
    """
    with _complaints(database.place), _raw(database) as connection:
        pages, empty = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count"))
        worth_it: bool = empty > pages * _WORTH_IT
        if worth_it:
            connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return worth_it


@contextmanager
def _raw(database: Database) -> Iterator[sqlite3.Connection]:
    """A connection without a transaction, which what is done here does not allow."""
    with closing(database.engine.raw_connection()) as borrowed:
        connection = borrowed.driver_connection
        assert isinstance(connection, sqlite3.Connection), "only ever asked of a database in a file"
        yield connection


@contextmanager
def _complaints(place: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"{place}: {advised(str(error))}") from error


def _to_disk(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
