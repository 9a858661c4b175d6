"""Opening a database: made once, migrated, or refused in words that help."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from digest.errors import StoreError
from digest.model import Listing, Subscriber
from digest.store import database, open_store, schema

from .making import NOW


def opened(path, **options):
    return open_store(f"sqlite:///{path}", **options)


def test_a_new_database_keeps_its_secret_for_good(url):
    first, again = open_store(url), open_store(url)
    assert len(first.secret()) == 32
    assert again.secret() == first.secret()
    assert first.head() == 0
    first.close()
    again.close()


def test_two_databases_have_two_secrets(tmp_path):
    one, other = opened(tmp_path / "one.db"), opened(tmp_path / "other.db")
    assert one.secret() != other.secret()
    one.close()
    other.close()


def test_the_migrations_lead_to_the_tables_that_the_code_uses(store):
    def made_by_hand(_object, name, *_):
        return not name.startswith("words_index")

    with store._database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": made_by_hand})
        assert compare_metadata(context, schema.metadata) == []


def test_the_newest_revision_is_read_off_the_file_names():
    script = ScriptDirectory.from_config(
        Config(config_args={"script_location": str(database.MIGRATIONS), "path_separator": "os"})
    )
    assert database.head() == script.get_current_head()


def test_every_field_of_a_listing_has_a_column():
    assert set(Listing.__dataclass_fields__) <= set(schema.listings.c.keys())


def test_a_database_from_a_newer_version_is_refused(tmp_path):
    opened(tmp_path / "digest.db").close()
    with sqlite3.connect(tmp_path / "digest.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.execute("UPDATE meta SET value = '9999' WHERE key = 'floor'")
    connection.close()
    with pytest.raises(StoreError, match=r"digest\.db.*newer version.*9999.*upgrade"):
        opened(tmp_path / "digest.db")


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "notes.db"
    path.write_text("These are my notes.\n" * 100)
    with pytest.raises(StoreError, match=r"notes\.db: this file is not a digest database"):
        opened(path)
    assert path.read_text().startswith("These are my notes.")


@pytest.mark.parametrize("place", ["missing/folder/digest.db", "."])
def test_a_place_that_cannot_be_written_is_named(tmp_path, place):
    with pytest.raises(StoreError, match="its folder must exist and be writable"):
        opened(tmp_path / place)


def test_a_database_that_another_program_keeps_locked_is_an_error_after_a_while(tmp_path):
    path = tmp_path / "digest.db"
    store = opened(path, patience=0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match=r"digest\.db: another program has kept the database locked"):
        store.reschedule(1, NOW, NOW)
    other.close()
    store.close()


@pytest.mark.parametrize("url", ["digest.db", "mysql://localhost/digest", "sqlite//digest.db", ""])
def test_a_url_that_names_no_database_we_know_is_refused(url):
    with pytest.raises(StoreError, match=r"store\.url"):
        open_store(url)


@pytest.mark.parametrize("before", [None, b""])
def test_a_preview_makes_no_database(tmp_path, before):
    path = tmp_path / "digest.db"
    if before is not None:
        path.write_bytes(before)
    with pytest.raises(StoreError, match=r"no database at .*digest\.db: run `digest pull` first"):
        opened(path, create=False)
    assert (path.read_bytes() if path.exists() else None) == before


def test_a_preview_opens_a_database_that_is_there(url):
    open_store(url).close()
    open_store(url, create=False).close()


def test_a_database_can_live_in_memory_for_many_threads():
    store = open_store("sqlite://")
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: store.secret(), range(50)))) == 1
    store.close()


def test_commits_that_bytes_depend_on_are_synced_and_foreign_keys_are_on(tmp_path):
    store = opened(tmp_path / "digest.db")
    with store._database.writing() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    with store._database.writing(swift=True) as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1
    store.close()


def test_processes_that_start_at_once_make_one_database(tmp_path):
    script = f"from digest.store import open_store; print(open_store('sqlite:///{tmp_path}/digest.db').secret().hex())"
    started = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) for _ in range(2)]
    secrets = {process.communicate()[0] for process in started}
    assert [process.returncode for process in started] == [0] * 2
    assert len(secrets) == 1


def test_an_error_of_the_database_tells_no_values_of_the_statement(store):
    with store._database.engine.connect() as connection, pytest.raises(sa.exc.DBAPIError) as caught:
        connection.execute(sa.text("SELECT nothing FROM nowhere WHERE email = :email"), {"email": "ann@example.org"})
    assert "ann@example.org" not in str(caught.value)


def test_a_naive_time_is_refused(store):
    with pytest.raises(sa.exc.StatementError, match="a time without a zone"), store._database.writing() as connection:
        connection.execute(sa.insert(schema.subscribers).values(next_due=sa.func.now(), created_at=_naive()))


def _naive():
    from datetime import datetime

    return datetime(2026, 5, 18)  # noqa: DTZ001


def test_a_profile_that_was_broken_by_hand_is_refused_in_words(tmp_path):
    store = opened(tmp_path / "digest.db")
    store.add(Subscriber("ann@example.org"), NOW)
    store.close()
    with sqlite3.connect(tmp_path / "digest.db") as connection:
        connection.execute("UPDATE subscribers SET profile = '{oops'")
    connection.close()
    store = opened(tmp_path / "digest.db")
    with pytest.raises(StoreError, match=r"not written by this program.*\{oops.*backup"):
        store.subscribers()
    store.close()


def test_a_new_database_can_be_read_by_its_owner_only(tmp_path):
    opened(tmp_path / "digest.db").close()
    assert (tmp_path / "digest.db").stat().st_mode & 0o777 == 0o600
