"""`digest backup`: a whole copy, while others write."""

import os
import sqlite3
import threading
from contextlib import closing

import pytest

from digest.store import open_store

from ..store.making import announce_papers, subscribe  # noqa: TID252  (tests are no package)
from ..stores import only_sqlite, store_url  # noqa: TID252  (tests are no package)

CONFIG = '[[sources]]\nkind = "feed"\nname = "blog"\nurl = "http://127.0.0.1:9/feed"\n'
REASON = "PostgreSQL has programs of its own for backups"


@pytest.fixture
def store(tmp_path, run):
    (tmp_path / "config.toml").write_text(CONFIG)
    opened = open_store(store_url(tmp_path / "digest.db"))
    subscribe(opened)
    yield opened
    opened.close()


@only_sqlite(REASON)
def test_the_copy_is_a_database_of_its_own_for_our_eyes_only(run, store, tmp_path):
    announce_papers(store, 3)
    ran = run("backup", "copy.db")
    assert ran.code == 0, ran.err
    assert "checked" in ran.out
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    copy = open_store(store_url(tmp_path / "copy.db"))
    assert copy.subscriber("ann@example.org") is not None
    assert (copy.head(), copy.secret()) == (3, store.secret())
    copy.close()
    assert [path.name for path in tmp_path.glob("*.part")] == []


@only_sqlite(REASON)
def test_it_is_whole_while_others_write(run, store, tmp_path):
    stop = threading.Event()

    def write():
        number = 0
        while not stop.is_set():
            number += 1
            announce_papers(store, 1, first=number)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            assert run("backup", f"{number}.db").code == 0
    finally:
        stop.set()
        writer.join()
    for number in range(5):
        with closing(sqlite3.connect(tmp_path / f"{number}.db")) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            listings, seq = (copy.execute(f"SELECT {what}").fetchone()[0] for what in _COUNTS)
            assert listings == seq  # what belongs together is there together


_COUNTS = ("count(*) FROM listings", "value FROM counters WHERE name = 'seq'")


@only_sqlite(REASON)
def test_what_is_there_is_not_replaced_unless_that_is_asked_for(run, store, tmp_path):
    (tmp_path / "copy.db").write_text("precious")
    ran = run("backup", "copy.db")
    assert (ran.code, (tmp_path / "copy.db").read_text()) == (2, "precious")
    assert "--force" in ran.err
    assert run("backup", "copy.db", "--force").code == 0
    assert (tmp_path / "copy.db").read_bytes().startswith(b"SQLite format 3")


@only_sqlite(REASON)
def test_the_database_is_never_written_over(run, store, tmp_path):
    os.link(tmp_path / "digest.db", tmp_path / "same.db")
    for name in ("digest.db", "same.db"):
        ran = run("backup", name, "--force")
        assert (ran.code, "the database itself" in ran.err) == (2, True)
    assert store.subscriber("ann@example.org") is not None


@only_sqlite(REASON)
@pytest.mark.parametrize(("place", "what"), [("nowhere/copy.db", "no folder nowhere"), (".", "is a folder")])
def test_a_place_that_cannot_be_written_is_named(run, store, place, what):
    ran = run("backup", place)
    assert (ran.code, what in ran.err) == (2, True)


@only_sqlite(REASON)
def test_a_damaged_database_gives_no_backup(run, store, tmp_path):
    announce_papers(store, 200)
    store.close()
    with closing(sqlite3.connect(tmp_path / "digest.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ix_listings_same_as'").fetchone()
    with (tmp_path / "digest.db").open("r+b") as file:
        file.seek((page - 1) * 4096 + 8)
        file.write(b"\xff" * 2000)
    (tmp_path / "copy.db").write_text("the last good one")
    ran = run("backup", "copy.db", "--force")
    assert ran.code == 2
    assert "damaged" in ran.err
    assert (tmp_path / "copy.db").read_text() == "the last good one"
    assert [path.name for path in tmp_path.glob("*.part")] == []


def test_for_postgresql_its_own_program_is_named_without_the_password():
    from digest.cli.backup import _dump

    said = _dump("postgresql+psycopg://me:hunter22@db.example.org/digest", "a copy.dump")
    assert "pg_dump --format=custom --file='a copy.dump' postgresql://me@db.example.org/digest" in said
    assert "hunter22" not in said
