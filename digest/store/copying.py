"""Moving everything into another database: written, compared row by row, and only then open to others.

However often it is killed: until every row was found to be the same, the copy says that it is not whole, and nobody can
open it; the source is as it was, and nobody writes to it while it is copied. Then the source says where it went, and
nobody can open it any more: of two that live, each would send everything.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection, Table, delete, text

from digest.errors import StoreError
from digest.store import attendance, comparing, marks, moving, numbers
from digest.store.comparing import Values
from digest.store.database import Database, revision
from digest.store.moving import FILLING, MOVED, PATIENCE
from digest.store.opening import NOT_YET, open_database
from digest.store.schema import meta, metadata
from digest.store.sql import chunks, count, write_many

Told = Callable[[str, str, int], None]  # what is done with which table, and with how many of its rows so far

_OWN = (FILLING, MOVED, "floor")  # of each database itself
_MADE_WITH_IT = ("meta", "counters", "workers")  # where a database has rows before anything is in it
_BATCH = 5_000
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied."""

    source: str  # places, without passwords
    target: str
    rows: Mapping[str, int]  # by table
    found: int  # of them, what an earlier attempt had brought there
    afresh: bool  # what it had brought was not true any more


def copy(  # noqa: PLR0913  (two databases, and what is true of them)
    url: str, to: str, now: datetime, *, told: Told, is_dead: Callable[[str], bool], stays: bool = False
) -> Copied:
    """Bring everything that is in one database into another, which must be empty, or begun by an attempt before.

    The source cannot be opened from then on, unless it `stays` in use. `is_dead` says which workers run no more.

    Raises:
        StoreError: somebody is at work on the source, or it was moved elsewhere; the target is in use; a row does not
            arrive as it was.
    """
    with _opened(url, create=False) as source, _opened(to, create=True) as target:
        mark = _mark(source)
        before = _begin(target, mark)
        with _held(source) as connection:
            _is_free(connection, source, target, now, is_dead)
            _are_alike(connection, target)
            afresh = before and not _is_true_so_far(connection, target, told)
            if afresh:
                _clear(target, mark)
            found = _counted(target)
            copied = {table.name: _fill(connection, target, table, told) for table in comparing.tables()}
            _compare(connection, target, told)
            given = {table: numbers.newest_given(connection, table) for table in _numbered()}
            if not stays:  # first, so that there is no moment at which both can be opened
                moving.move(connection, target.place, now)
        _open_up(target, given)
        return Copied(source.place, target.place, copied, found, afresh)


@contextmanager
def _opened(url: str, *, create: bool) -> Iterator[Database]:
    try:
        database = open_database(url, create=create, patience=PATIENCE)
    except StoreError as error:
        said = str(error)
        said = said.replace("store.url", "--to") if create else said.replace(NOT_YET, "see store.url")
        raise StoreError(said) from error  # by what names each
    with closing(database):
        yield database


@contextmanager
def _patient(database: Database) -> Iterator[Connection]:
    """A transaction that may take an hour, of which each side waits for the other half the time."""
    with database.writing() as connection:
        if connection.dialect.name == "postgresql":
            for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
                connection.execute(text(f"SET LOCAL {limit} = 0"))
        yield connection


def _every_table(connection: Connection) -> str:
    return ", ".join(map(connection.dialect.identifier_preparer.quote, metadata.tables))


# --- the source ---------------------------------------------------------------------------------------------------


@contextmanager
def _held(source: Database) -> Iterator[Connection]:
    """The source, as nobody can change it meanwhile. Reading goes on."""
    with _patient(source) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"LOCK TABLE {_every_table(connection)} IN SHARE ROW EXCLUSIVE MODE"))
        yield connection


def _is_free(
    connection: Connection, source: Database, target: Database, now: datetime, is_dead: Callable[[str], bool]
) -> None:
    """Raises StoreError: somebody is at work on it, or it was moved to another place than this."""
    attendance.bereave(connection, is_dead)
    if at_work := attendance.attending(connection, now):
        names = ", ".join(each.spoken for each in at_work[:_MOST_NAMED])
        raise StoreError(
            f"{source.place}: {len(at_work)} of our processes are at work on it ({names}): stop them, and try again."
            " One that was killed on another machine counts for two minutes more"
        )
    if (elsewhere := moving.moved_to(connection)) not in (None, target.place):
        raise StoreError(f"{source.place}: was moved to {elsewhere} already; `digest store reopen`, if it was given up")


def _mark(source: Database) -> str:
    """What a copy of this database is known by."""
    with source.reading() as connection:
        return json.dumps({"source": source.place, "known_by": _known_by(connection)})


def _known_by(connection: Connection) -> str:
    secret = marks.read(connection, "secret") or ""
    return hashlib.sha256(f"copy of {secret}".encode()).hexdigest()


def _are_alike(connection: Connection, target: Database) -> None:
    with target.reading() as theirs:
        ours, there = revision(connection), revision(theirs)
    if ours != there:
        raise StoreError(f"the tables are at {ours} here, and at {there} in {target.place}: `digest check` says why")


# --- the target ---------------------------------------------------------------------------------------------------


def _begin(target: Database, mark: str) -> bool:
    """Make the target ours; returns whether it was already.

    Raises:
        StoreError: there is something else in it.
    """
    with target.writing() as connection:
        found = marks.read(connection, FILLING, held=True)
        if found is None:
            if _known_by(connection) == json.loads(mark)["known_by"]:
                raise StoreError(f"{target.place}: everything is there already: set store.url to it")
            if used := _used(connection):
                raise StoreError(f"{target.place}: there are {used} in it already: name a new database")
            _empty(connection, mark)
        elif json.loads(found)["known_by"] != json.loads(mark)["known_by"]:
            raise StoreError(f"{target.place}: is being copied from another database, {json.loads(found)['source']}")
    return found is not None


def _used(connection: Connection) -> str:
    """A table with rows, if there is any."""
    made = (table for table in comparing.tables() if table.name not in _MADE_WITH_IT)
    return next((table.name for table in made if comparing.last(connection, table)), "")


def _clear(target: Database, mark: str) -> None:
    with _patient(target) as connection:
        _empty(connection, mark)


def _empty(connection: Connection, mark: str) -> None:
    """Without a row, but for what it is itself, and for the mark."""
    if connection.dialect.name == "postgresql":
        own = marks.read(connection, "floor")
        connection.execute(text(f"TRUNCATE {_every_table(connection)}"))
        if own is not None:
            marks.keep(connection, "floor", own)
    else:
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table).where(meta.c.key != "floor") if table is meta else delete(table))
    marks.keep(connection, FILLING, mark)


def _fill(connection: Connection, target: Database, table: Table, told: Told) -> int:
    """Write the rows that are not there yet, behind those that are; returns how many are there then."""
    with target.reading() as theirs:
        last, done = comparing.last(theirs, table, _but(table)), _count(theirs, table)
    with comparing.rows(connection, table, _but(table), after=last) as rows:
        for batch in chunks(rows, _BATCH):
            with target.writing(swift=True) as theirs:
                write_many(theirs, table, table.columns.keys(), batch)
            done += len(batch)
            told("copied", table.name, done)
    return done


def _open_up(target: Database, given: Mapping[Table, int]) -> None:
    """Whole: from now on others may open it."""
    with _patient(target) as connection:
        for table, number in given.items():
            numbers.go_on_behind(connection, table, number)
        connection.execute(delete(meta).where(meta.c.key == FILLING))
        if connection.dialect.name == "postgresql":  # or the first queries are planned for empty tables
            connection.execute(text("ANALYZE"))


def _numbered() -> list[Table]:
    """Tables whose rows the database numbers."""
    return [table for table in metadata.sorted_tables if table.autoincrement_column is not None]


# --- comparing ----------------------------------------------------------------------------------------------------


def _is_true_so_far(connection: Connection, target: Database, told: Told) -> bool:
    """Whether everything that an earlier attempt brought there is still so in the source."""
    with _patient(target) as theirs:
        for table in comparing.tables():
            last = comparing.last(theirs, table, _but(table))
            if last and _faults(connection, theirs, table, told, last):
                return False
    return True


def _compare(connection: Connection, target: Database, told: Told) -> None:
    """Raises StoreError: not every row is the same."""
    with _patient(target) as theirs:
        for table in comparing.tables():
            if faults := _faults(connection, theirs, table, told):
                named = ", ".join("/".join(map(str, key)) for key in faults)
                raise StoreError(
                    f"{target.place}: rows of {table.name} are not as they are in the source: {named}. Nothing was changed"
                    " there; does anybody else write to the new database? Run it again"
                )


def _faults(ours: Connection, theirs: Connection, table: Table, told: Told, upto: Values = ()) -> list[Values]:
    """The keys of the first rows, up to the key `upto`, that differ."""
    with (
        comparing.rows(ours, table, _but(table), upto=upto) as rows,
        comparing.rows(theirs, table, _but(table), upto=upto) as copied,
    ):
        return list(islice(comparing.differing(table, _told(rows, table, told), copied), _MOST_NAMED))


def _told(rows: Iterator[Values], table: Table, told: Told) -> Iterator[Values]:
    for number, row in enumerate(rows, 1):
        if number % _BATCH == 0:
            told("compared", table.name, number)
        yield row


def _counted(target: Database) -> int:
    with target.reading() as connection:
        return sum(_count(connection, table) for table in comparing.tables())


def _count(connection: Connection, table: Table) -> int:
    own = sum(marks.read(connection, name) is not None for name in _but(table))
    return count(connection, table) - own


def _but(table: Table) -> Sequence[str]:
    """The keys of rows that are of each database itself."""
    return _OWN if table.name == meta.name else ()
