"""Bringing the tables up to what this version of the program expects, while programs of other versions are at work.

Each migration from 0006 on says, by its `phase`, whom it concerns:

    expand    Adds. Older programs go on working, beside newer ones.
    contract  Takes away, or changes, what older programs need. This version works before it and after it; so it waits
              until no older program is at work, if no later migration is needed at once.
    switch    This version does not work before it, nor older ones after it: these have to be stopped first.

`meta` has, as `floor`, the newest of the last two kinds that was made: who does not know it does not open the database.
Who is at work is told by `attendance`; programs before 0006 do not say, and open nothing that is newer than they are.

On PostgreSQL each migration is a transaction of its own, which waits for other people's locks for seconds and then lets
them go first; an index on a table that is in use is made beside its use, see `add_index`.
"""

import random
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from digest.errors import OutdatedError, StoreError
from digest.store import attendance, marks
from digest.store.attendance import Attending
from digest.store.database import Database, explained, file_of, head, parsed, revision, script, upgrade
from digest.store.sql import clock

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext, MigrationInfo
    from alembic.script import Script

FLOOR_SINCE = "0006"
_ONE_AT_A_TIME = 7203  # the number of the advisory lock
_PATIENCE = 3  # seconds for which others queue behind a migration that waits for a lock
_MOST_TRIES = 40  # of a migration that others' locks hold up: some minutes
_LOCKED = "55P03"  # https://www.postgresql.org/docs/current/errcodes-appendix.html


class Phase(StrEnum):
    """Whom a migration concerns."""

    EXPAND = "expand"
    CONTRACT = "contract"
    SWITCH = "switch"


@dataclass(frozen=True, slots=True)
class Step:
    """One migration that has not been made."""

    revision: str
    phase: Phase


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the tables of a database are, and who is in the way of more."""

    revision: str | None  # None: there are no tables yet
    floor: str | None
    knows: str  # the newest revision that this program knows
    ahead: tuple[Step, ...]  # what this program knows and the database has not
    at_work: tuple[Attending, ...]

    @property
    def is_to_change(self) -> bool:
        """Whether this program changes the tables before it does anything else."""
        return reach(self.ahead, None)[0] > 0

    @property
    def closes(self) -> bool:
        """Whether older programs do not understand the tables any more after that."""
        return any(step.phase is not Phase.EXPAND for step in self.ahead)

    @property
    def in_the_way(self) -> tuple[Attending, ...]:
        """Programs at work that do not understand what is ahead."""
        closing = [step.revision for step in self.ahead if step.phase is not Phase.EXPAND]
        return tuple(each for each in self.at_work if closing and each.knows < max(closing))


def reach(ahead: Sequence[Step], knows: str | None) -> tuple[int, int]:
    """How many of the migrations this program needs, and how many are safe while one at work knows no more than `knows`."""
    needed = max((at for at, step in enumerate(ahead, 1) if step.phase is not Phase.CONTRACT), default=0)
    closing = (at for at, step in enumerate(ahead) if step.phase is not Phase.EXPAND)
    safe = next((at for at in closing if knows is not None and knows < ahead[at].revision), len(ahead))
    return needed, safe


def migrate(database: Database, *, force: bool = False) -> None:
    """Bring the tables up to what this version expects, as far as nobody at work is in the way; or all the way, by force.

    Raises:
        OutdatedError: a newer version has changed them so that this one does not understand them.
        StoreError: they cannot be migrated, or not while older programs are at work.
    """
    with database.reading() as connection:
        found = revision(connection)
        if found == head():
            return
        if found is not None and found > head():
            must_understand(connection, database.place)
            return
    with _alone(database) as connection:
        standing = look(connection)
        if to := _next(standing, database.place, force=force):
            _make(connection, to)


def must_understand(connection: Connection, place: str) -> None:
    """Raise OutdatedError if a newer version has changed the tables beyond what this one knows."""
    floor = marks.read(connection, "floor") or ""
    if floor > head():
        raise OutdatedError(
            f"{place}: was upgraded by a newer version (its tables are at {revision(connection)}, who does not know"
            f" {floor} does not understand them, and this version knows {head()}): upgrade this installation, or restore"
            " an older backup"
        )


def standing(url: str) -> Standing | None:
    """How the tables of the database at this URL stand, which is neither made nor changed; None if there is none.

    Raises:
        StoreError: it cannot be read.
    """
    if (database := _there(url)) is None:
        return None
    with closing(database), database.reading() as connection:
        found = look(connection)
    return found if found.revision else None


def bring_up(url: str, *, force: bool) -> Standing:
    """Change the tables of the database at this URL as far as nobody at work is in the way; or all the way, by force.

    Raises:
        StoreError: there is none, or as `migrate`.
    """
    if (database := _there(url)) is None:
        raise StoreError(f"no database at {parsed(url).render_as_string()}: nothing to upgrade")
    with closing(database):
        migrate(database, force=force)
        with database.reading() as connection:
            return look(connection)


def _there(url: str) -> Database | None:
    """The database, unless connecting would make one."""
    address = parsed(url)
    file = file_of(address)
    if address.get_backend_name() == "sqlite" and (file is None or not file.is_file() or not file.stat().st_size):
        return None
    return Database(address, patience=10)


def look(connection: Connection) -> Standing:
    """How things stand."""
    found = revision(connection)
    since = found is not None and found >= FLOOR_SINCE
    floor = marks.read(connection, "floor") if since else None
    at_work = attendance.attending(connection, clock(connection)) if since else []
    return Standing(found, floor, head(), _ahead(found), tuple(at_work))


def _ahead(found: str | None) -> tuple[Step, ...]:
    if found is not None and found >= head():
        return ()
    steps = list(script().iterate_revisions("head", found))[::-1]
    return tuple(Step(step.revision, phase_of(step)) for step in steps)


def _next(standing: Standing, place: str, *, force: bool) -> str | None:
    """Up to where to migrate now; None if that is where the tables are."""
    ahead = standing.ahead
    needed, safe = reach(ahead, min((each.knows for each in standing.at_work), default=None))
    if force:
        safe = len(ahead)
    if safe < needed:
        raise StoreError(
            f"{place}: this version changes the tables ({standing.revision} to {ahead[-1].revision}) so that older ones"
            f" do not understand them, and {described(standing.in_the_way)}: stop them; two minutes later at most, this"
            " version begins"
        )
    return ahead[safe - 1].revision if safe else None


def described(programs: Sequence[Attending]) -> str:
    """Who is at work, in words: "2 of version 0.6.0 are at work (process 12 on a, process 7 on b)"."""
    versions: dict[str, list[str]] = {}
    for each in programs:
        versions.setdefault(each.version, []).append(each.spoken)
    parts = [
        f"{len(names)} of version {version} {'is' if len(names) == 1 else 'are'} at work ({', '.join(names)})"
        for version, names in sorted(versions.items())
    ]
    return " and ".join(parts)


# --- one at a time ------------------------------------------------------------------------------------------------


@contextmanager
def _alone(database: Database) -> Iterator[Connection]:
    """A connection on which nobody else migrates meanwhile: a transaction on SQLite, on PostgreSQL none yet."""
    if not _is_shared(database.engine):
        with database.writing() as connection:
            yield connection
        return
    with explained(database.place), database.engine.connect() as connection:
        try:
            _wait_for_turn(connection)
            yield connection
        finally:
            connection.invalidate()  # closed, with all that was set and held


def _wait_for_turn(connection: Connection) -> None:
    for setting in ("statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout"):
        connection.execute(text(f"SET {setting} = 0"))
    # Asked for again and again: who waits for it in a statement would hold up indexes made beside others' use.
    while not connection.scalar(text(f"SELECT pg_try_advisory_lock({_ONE_AT_A_TIME})")):
        connection.commit()
        time.sleep(0.2)
    connection.execute(text(f"SET lock_timeout = '{_PATIENCE}s'"))
    connection.commit()


def _is_shared(place: Engine | Connection) -> bool:
    """Whether others may write while somebody does."""
    return place.dialect.name == "postgresql"


def _make(connection: Connection, to: str) -> None:
    """Make the migrations up to this one; those that others' locks hold up are tried again."""
    if not _is_shared(connection):
        upgrade(connection, to)
        return
    connection.commit()  # from here on, each has its own transaction
    for last in (*[False] * _MOST_TRIES, True):
        try:
            upgrade(connection, to)
        except OperationalError as error:
            connection.rollback()
            if last or getattr(error.orig, "sqlstate", None) != _LOCKED:
                raise
            time.sleep(random.uniform(1, 2) * _PATIENCE)  # noqa: S311 - keeps no secret
        else:
            return


# --- for migrations -----------------------------------------------------------------------------------------------


def made(
    ctx: "MigrationContext",
    step: "MigrationInfo",
    heads: Collection[Any],  # noqa: ARG001 - Alembic gives it
    run_args: Mapping[str, Any],  # noqa: ARG001
) -> None:
    """Remember, in the transaction that made it, who no longer understands the tables after this migration."""
    script = cast("Script | None", step.up_revision)
    if script is not None and phase_of(script) is not Phase.EXPAND and script.revision >= FLOOR_SINCE:
        assert ctx.connection is not None
        marks.keep(ctx.connection, "floor", script.revision)


def phase_of(script: "Script") -> Phase:
    """What a migration says of itself; those before 0006 say nothing, and nobody who does not know them is left."""
    return Phase(getattr(script.module, "phase", Phase.SWITCH))


def add_index(name: str, table: str, columns: Sequence[str], **options: Any) -> None:
    """Make an index while others read and write the table. Its migration is to do nothing else, for it may do it twice.

    On PostgreSQL it is made outside of a transaction, where one that came to nothing is left behind
    (https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY). It keeps nobody
    waiting, so it may wait for others as long as it takes.
    """
    from alembic import op

    context = op.get_context()
    if context.dialect.name != "postgresql" or context._in_external_transaction:  # noqa: SLF001 - no other way to ask
        op.create_index(name, table, columns, **options)
        return
    with context.autocommit_block():
        op.execute("SET lock_timeout = 0")
        op.drop_index(name, if_exists=True, postgresql_concurrently=True)
        op.create_index(name, table, columns, postgresql_concurrently=True, **options)
        op.execute(f"SET lock_timeout = '{_PATIENCE}s'")
