"""Moving to another database: every row arrives, whatever happens on the way, and only one of the two can be opened."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from digest.errors import StoreError
from digest.model import Cause
from digest.store import comparing, copying, moving, open_store
from digest.store.columns import Instant
from digest.store.database import Database, parsed
from digest.store.schema import metadata
from digest.store.sql import write_many

from .making import DAY, NOW, announce_papers, edition, papers, publish, publish_for, revised, subscribe, told

SQLITE, POSTGRESQL = "sqlite", "postgresql"
WAYS = [(SQLITE, POSTGRESQL), (POSTGRESQL, SQLITE)]
quickly = pytest.mark.parametrize("way", [(SQLITE, SQLITE)], indirect=True, ids="-".join)  # what is alike either way


@pytest.fixture(params=WAYS, ids="-".join)
def way(request):
    return request.param


@pytest.fixture
def url(way, request, tmp_path, migrated):
    """A database to copy."""
    if way[0] == SQLITE:
        yield f"sqlite:///{shutil.copy(migrated, tmp_path / 'digest.db')}"
        return
    with request.getfixturevalue("postgresql").database() as fresh:
        yield fresh


@pytest.fixture
def to(way, request, tmp_path, migrated):
    """A database to copy it to, in which there is nothing yet."""
    if way[1] == SQLITE:
        url = f"sqlite:///{shutil.copy(migrated, tmp_path / 'new.db')}"
        with looking(url) as connection:
            connection.execute(sa.text("UPDATE meta SET value = 'of its own' WHERE key = 'secret'"))
        yield url
        return
    with request.getfixturevalue("postgresql").database() as empty:
        yield empty


def live(url):
    """Have something in most tables, and erase the newest subscriber."""
    store = open_store(url)
    announce_papers(store, 30)
    people = publish_for(store, 12)
    for day in range(1, 4):
        publish(store, *(edition(each, papers(store)[day :: day + 1], day=DAY + timedelta(day)) for each in people))
    publish(store, told(people[0], revised(store, 3, 2), day=DAY + timedelta(5)))
    store.give_feedback("reader1@example.org", 4, True, NOW)
    store.suppress("Straße@example.org", Cause.BOUNCE, "no such user", NOW)
    store.rotate_keys(NOW)
    gone = subscribe(store, "gone@example.org")
    store.erase(gone.id, NOW)
    store.close()


@pytest.fixture(scope="module")
def lived_in_file(tmp_path_factory, migrated):
    path = shutil.copy(migrated, tmp_path_factory.mktemp("lived_in") / "digest.db")
    live(f"sqlite:///{path}")
    return path


@pytest.fixture
def lived_in(way, url, request, tmp_path):
    """A database with something in most of its tables, from which the newest subscriber was erased."""
    if way[0] == SQLITE:
        shutil.copy(request.getfixturevalue("lived_in_file"), tmp_path / "digest.db")
    else:
        live(url)
    return url


def copy(url, to, said=lambda *_: None, **options):
    return copying.copy(url, to, NOW, told=said, is_dead=lambda _: False, **options)


@contextmanager
def looking(url):
    database = Database(parsed(url), patience=1)
    try:
        with database.writing() as connection:
            yield connection
    finally:
        database.engine.dispose()


def held(url):
    """Every row of every table, without what each database says of itself."""
    with looking(url) as connection:
        return {table.name: sorted(map(repr, connection.execute(_stored(table)))) for table in comparing.tables()}


def _stored(table):
    own = sa.select(table)
    if table.name == "meta":
        return own.where(table.c.key.not_in(["filling", "moved", "floor"]))
    if table.name == "counters":  # PostgreSQL counts some by itself
        return own.where(table.c.name.not_in(list(metadata.tables)))
    return own


def everything(store):
    """What a subscriber could notice."""
    return (
        store.secret(),
        store.keys(),
        store.window(0),
        store.subscribers(),
        [store.editions(each.email, 10) for each in store.subscribers()],
        store.feedback("reader1@example.org"),
        store.suppressions(),
        [found.listing.id for found in store.search("study of subject", 5)],
    )


# --- everything arrives -------------------------------------------------------------------------------------------


def invented(column, row):
    """A value of a column's kind, as nobody would think of it."""
    of = {
        sa.Text: f"{row}: 'Ünïcode' \U0001f600 \"quoted\"\n\t\\N \\. {{}}",
        sa.Boolean: row % 2 == 0,
        sa.LargeBinary: bytes(range(256)) + bytes([row]),
        sa.Date: date(2026, 2, 27) + timedelta(row),
        sa.Time: time(23, 59, 59, row),
        Instant: datetime(1970, 1, 1, 0, 0, 0, row, UTC),
    }
    if row == 1 and metadata.tables[column.table.name].c[column.name].nullable:
        return None
    return next((value for kind, value in of.items() if isinstance(column.type, kind)), row)


def fill_all(url):
    """Three rows in each table that there is, and no others but what the database says of itself."""
    with looking(url) as connection:
        connection.execute(sa.delete(metadata.tables["counters"]))
        connection.execute(sa.text("DELETE FROM meta WHERE key <> 'floor'"))
        for table in comparing.tables():
            rows = [[invented(column, row) for column in table.columns] for row in (1, 2, 3)]
            write_many(connection, table, table.columns.keys(), rows)


def test_every_table_arrives_as_it_was_whatever_is_in_it(url, to):
    open_store(url).close()
    fill_all(url)
    copied = copy(url, to)
    assert copied.rows == dict.fromkeys(metadata.tables, 3)
    arrived = held(to)
    assert arrived == held(url)
    assert {name: len(rows) for name, rows in arrived.items()} == dict.fromkeys(metadata.tables, 3)


def test_every_table_has_a_key_by_which_its_rows_are_known():
    assert [table.name for table in metadata.sorted_tables if not table.primary_key.columns] == []


def test_nothing_is_different_in_the_new_one(lived_in, to):
    before = open_store(lived_in)
    expected = everything(before)
    before.close()
    copy(lived_in, to)
    after = open_store(to)
    assert everything(after) == expected
    after.close()


def test_life_goes_on_in_the_new_one_with_numbers_that_nobody_ever_had(lived_in, to):
    copied = copy(lived_in, to)
    store = open_store(to)
    assert subscribe(store, "new@example.org").id == 14  # 12 came, and the 13th was erased
    announce_papers(store, 1, first=100)
    assert (store.head(), papers(store)[-1].id) == (32, 31)
    assert publish(store, edition(store.subscriber("new@example.org"), papers(store)[-2:])) == 1
    assert len(store.edition("new@example.org", DAY).picks) == 2
    assert copied.rows["editions"] == 12 * 4 + 1
    store.close()


@pytest.mark.parametrize("way", WAYS[:1], indirect=True, ids="-".join)
def test_a_character_that_postgresql_does_not_take_is_left_out(url, to):
    store = open_store(url)
    subscribe(store, name="Ann")
    store.close()
    with looking(url) as connection:
        connection.execute(sa.text("UPDATE subscribers SET name = 'A' || char(0) || 'nn'"))
    copy(url, to)
    store = open_store(to)
    assert store.subscriber("ann@example.org").name == "Ann"
    store.close()


# --- only one of the two is in use --------------------------------------------------------------------------------


def test_what_was_moved_says_where_to_and_is_not_opened_until_that_is_given_up(lived_in, to):
    copy(lived_in, to)
    place = Database(parsed(to), 1).place
    with pytest.raises(StoreError, match=r"was moved to .* on 2026-05-18") as said:
        open_store(lived_in)
    assert place in str(said.value)
    assert moving.reopen(lived_in)
    assert not moving.reopen(lived_in)
    open_store(lived_in).close()


@quickly
def test_a_rehearsal_leaves_the_database_in_use(lived_in, to):
    copy(lived_in, to, stays=True)
    open_store(lived_in).close()
    open_store(to).close()


@quickly
def test_a_database_is_not_copied_twice_nor_to_itself(lived_in, to, tmp_path):
    copy(lived_in, to)
    with pytest.raises(StoreError, match="everything is there already: set"):
        copy(lived_in, to)
    with pytest.raises(StoreError, match=r"was moved to .* already"):
        copy(lived_in, f"sqlite:///{tmp_path / 'third.db'}")
    with pytest.raises(StoreError, match="everything is there already"):
        copy(to, to)


@quickly
def test_a_database_with_something_in_it_is_left_alone(lived_in, to):
    other = open_store(to)
    subscribe(other, "bob@example.org")
    other.close()
    before = held(to)
    with pytest.raises(StoreError, match="there are subscribers in it already: name a new database"):
        copy(lived_in, to)
    assert held(to) == before
    open_store(lived_in).close()


@pytest.mark.parametrize("way", WAYS[:1], indirect=True, ids="-".join)
def test_the_new_database_is_made_and_for_our_eyes_only(lived_in, tmp_path, postgresql):
    with postgresql.bare() as bare:
        copy(lived_in, bare, stays=True)
        copy(bare, f"sqlite:///{tmp_path / 'new.db'}")
    assert held(f"sqlite:///{tmp_path / 'new.db'}") == held(lived_in)
    assert (tmp_path / "new.db").stat().st_mode & 0o777 == 0o600


@quickly
def test_who_is_at_work_on_it_is_named_and_who_is_dead_is_not_waited_for(lived_in, to):
    store = open_store(lived_in)
    store.attend("here:17:abc", "1.0", NOW - timedelta(seconds=20))
    store.close()
    with pytest.raises(StoreError, match=r"1 of our processes .*process 17 on here.*: stop them"):
        copy(lived_in, to)
    copying.copy(lived_in, to, NOW, told=lambda *_: None, is_dead=lambda name: name == "here:17:abc")
    open_store(to).close()


def test_nobody_writes_to_the_source_meanwhile_and_everybody_reads(lived_in, to):
    refused = []

    def write(done, table, _rows):
        if (done, table) == ("copied", "editions"):
            other = Database(parsed(lived_in), patience=0.1)
            with pytest.raises(StoreError, match="kept"), other.writing() as connection:
                connection.execute(sa.text("UPDATE subscribers SET name = 'Bob'"))
            with other.reading() as connection:
                refused.append(connection.scalar(sa.text("SELECT count(*) FROM subscribers WHERE name = 'Bob'")))
            other.engine.dispose()

    copy(lived_in, to, write)
    assert refused == [0]


# --- killed, and begun again --------------------------------------------------------------------------------------


class Killed(BaseException):
    """What nothing in between takes for its own."""


def killed_at(moment):
    left = iter(range(moment))

    def said(*_):
        if next(left, None) is None:
            raise Killed

    return said


def is_refused(url):
    with pytest.raises(StoreError, match="is not whole yet: run that `digest store copy` again"):
        open_store(url)
    return True


@pytest.fixture
def small(monkeypatch):
    """Batches small enough to be killed between."""
    monkeypatch.setattr(copying, "_BATCH", 7)


@quickly
@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("moment", [0, 1, 5, 20, 60, 100])
def test_it_goes_on_where_it_was_killed_and_until_then_only_the_old_one_can_be_opened(lived_in, to, moment):
    with pytest.raises(Killed):
        copy(lived_in, to, killed_at(moment))
    assert is_refused(to)
    open_store(lived_in).close()
    copied = copy(lived_in, to)
    assert (copied.found > 0, copied.afresh) == (True, False)
    assert held(to) == held(lived_in)
    open_store(to).close()


_KILLED = """
import os, signal, sys
from datetime import datetime, UTC
from digest.store import copying
copying._BATCH = 5
moments = iter(range(int(sys.argv[3])))
def said(*_):
    if next(moments, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)
copying.copy(sys.argv[1], sys.argv[2], datetime(2026, 5, 18, tzinfo=UTC), told=said, is_dead=lambda _: False)
"""


def test_kill_9_leaves_both_as_they_should_be(lived_in, to):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, lived_in, to, "30"], env=environment, capture_output=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    open_store(lived_in).close()
    assert is_refused(to)
    assert copy(lived_in, to).found > 0
    assert held(to) == held(lived_in)


def test_killed_at_the_very_end_neither_can_be_opened_and_the_next_attempt_ends_it(lived_in, to, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(copying, "_open_up", killed_at(0))
        with pytest.raises(Killed):
            copy(lived_in, to)
    assert is_refused(to)
    with pytest.raises(StoreError, match="was moved to"):
        open_store(lived_in)
    copy(lived_in, to)
    open_store(to).close()


def change(store):
    store.rotate_keys(NOW)


def come_and_go(store):
    store.erase(store.subscriber("reader3@example.org").id, NOW)
    subscribe(store, "reader3@example.org")


@quickly
@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("between", [change, come_and_go])
def test_what_was_written_between_two_attempts_arrives_too(lived_in, to, between):
    with pytest.raises(Killed):
        copy(lived_in, to, killed_at(25))
    store = open_store(lived_in)
    between(store)
    store.close()
    copied = copy(lived_in, to)
    assert (copied.found, copied.afresh) == (0, True)
    assert held(to) == held(lived_in)


@quickly
@pytest.mark.usefixtures("small")
def test_two_databases_are_not_mixed(lived_in, to, tmp_path):
    with pytest.raises(Killed):
        copy(lived_in, to, killed_at(5))
    other = f"sqlite:///{tmp_path / 'other.db'}"
    open_store(other).close()
    with pytest.raises(StoreError, match="is being copied from another database"):
        copy(other, to)


# --- compared -----------------------------------------------------------------------------------------------------

_MISCHIEF = [
    "UPDATE subscribers SET name = 'Bob' WHERE id = 3",
    "DELETE FROM texts WHERE snapshot_id = 3",
    "INSERT INTO forgotten (subscriber_id, key) VALUES (3, 'diffus')",
]


@quickly
@pytest.mark.parametrize("mischief", _MISCHIEF)
def test_a_row_that_is_not_as_it_was_is_named_and_the_new_one_stays_shut(lived_in, to, mischief, monkeypatch):
    compare = copying._compare

    def compare_late(*arguments):
        with looking(to) as connection:
            connection.execute(sa.text(mischief))
        compare(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(copying, "_compare", compare_late)
        with pytest.raises(StoreError, match=r"rows of (subscribers|texts|forgotten) are not .*: 3(/diffus)?\."):
            copy(lived_in, to)
    assert is_refused(to)
    open_store(lived_in).close()
    assert copy(lived_in, to).afresh
    assert held(to) == held(lived_in)


ONE, TWO, THREE = ((number, "x") for number in (1, 2, 3))


@pytest.mark.parametrize(
    ("ours", "theirs", "keys"),
    [
        ([], [], []),
        ([ONE, TWO], [ONE, TWO], []),
        ([ONE, TWO, THREE], [ONE, THREE], [2]),
        ([TWO], [ONE, TWO, THREE], [1, 3]),
        ([ONE, (2, "y"), THREE], [ONE, TWO, THREE], [2]),
        ([ONE], [TWO], [1, 2]),
        ([(1, None)], [ONE], [1]),
    ],
)
def test_rows_differ_by_what_is_in_them_and_by_being_there(ours, theirs, keys):
    table = sa.Table("any", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("said", sa.Text))
    assert list(comparing.differing(table, iter(ours), iter(theirs))) == [(key,) for key in keys]


@pytest.mark.parametrize("way", WAYS[:1], indirect=True, ids="-".join)
@pytest.mark.usefixtures("small")
def test_words_sort_alike_whatever_language_a_database_is_in(lived_in, postgresql):
    with foreign(postgresql) as to:
        store = open_store(lived_in)
        for name in ("a-b", "ab", "a c", "B", "b", "ß", "ss", "Z", "é", "\U0001f600", "\ufffd", "_x"):
            store.suppress(f"{name}@example.org", Cause.OPERATOR, "", NOW)
        store.close()
        with pytest.raises(Killed):
            copy(lived_in, to, killed_at(40))
        assert copy(lived_in, to).found > 0
        assert held(to) == held(lived_in)


@contextmanager
def foreign(server):
    """The URL of a database that sorts as a language does."""
    for how in ("LOCALE_PROVIDER icu ICU_LOCALE 'en-US'", "LOCALE 'en_US.UTF-8'"):
        try:
            with server._made(f"TEMPLATE template0 {how}") as url:
                yield url
                return
        except sa.exc.DBAPIError:
            continue
    pytest.skip("this PostgreSQL knows no language: neither ICU nor the locale en_US.UTF-8")
