"""PostgreSQL that is away, comes back, is in somebody else's hands, or does not want us."""

import threading
from datetime import UTC, datetime

import psycopg
import pytest
import sqlalchemy as sa

from digest.errors import StoreError
from digest.store import open_store
from digest.store.database import advised, parsed
from digest.store.postgresql import passes

from ..proxy import proxy  # noqa: TID252  (tests are no package)

NOW = datetime(2026, 6, 17, 8, tzinfo=UTC)


@pytest.fixture
def url(postgresql):
    with postgresql.database() as fresh:
        yield sa.make_url(fresh)


def _open(url, **changes):
    return open_store(url.set(**changes).render_as_string(hide_password=False), patience=1)


def _plain(url):
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_server_that_was_restarted_is_met_again_and_knows_what_was_committed(postgresql, url, mode):
    if postgresql.own is None:
        pytest.skip("this server is not ours to restart")
    store = _open(url)
    store.attend("one", "1.0", NOW)
    postgresql.own.restart(mode)
    assert [one.name for one in store.attending(NOW)] == ["one"]
    store.close()


def test_a_server_that_is_away_for_less_than_patience_is_waited_for(url):
    with proxy(url.port, url.host) as between:
        store = _open(url, port=between.port)
        between.refuse()
        met = between.accepted
        back = threading.Timer(0.4, between.go)
        back.start()
        assert store.head() == 0
        assert between.accepted > met + 1  # it was turned away at least once
        back.join()
        store.close()


def test_a_server_that_stays_away_is_said_in_words_and_nobody_waits_longer(url):
    with proxy(url.port, url.host) as between:
        store = _open(url, port=between.port)
        between.refuse()
        with pytest.raises(StoreError, match="the server was stopped, or the network broke"):
            store.head()
        between.go()
        assert store.head() == 0
        store.close()


def test_a_server_that_accepts_and_says_nothing_is_given_up(url):
    with proxy(url.port, url.host) as between:
        between.stall()
        with pytest.raises(StoreError, match="nobody answers there"):
            _open(url, port=between.port)


def test_a_transaction_whose_connection_is_cut_is_not_repeated_and_the_next_one_finds_another(url):
    with proxy(url.port, url.host) as between:
        store = _open(url, port=between.port)
        with pytest.raises(StoreError, match="the network broke"):
            _write_twice(store, between.cut)
        with store._database.reading() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM meta WHERE key IN ('one', 'two')").scalar() == 0
        store.close()


def _write_twice(store, meanwhile):
    with store._database.writing() as connection:
        connection.exec_driver_sql("INSERT INTO meta (key, value) VALUES ('one', '1')")
        meanwhile()
        connection.exec_driver_sql("INSERT INTO meta (key, value) VALUES ('two', '1')")


def test_a_row_that_others_keep_is_not_waited_for_for_ever(url):
    store = _open(url)
    with psycopg.connect(_plain(url)) as other:
        other.execute("LOCK TABLE workers")
        with pytest.raises(StoreError, match="another program has kept the database locked"):
            store.attend("one", "1.0", NOW)
    store.attend("one", "1.0", NOW)
    store.close()


def test_whoever_stands_still_within_a_transaction_holds_nothing_for_long(url):
    """As a machine does that sleeps, or is cut off; a minute of it, here a moment."""
    asked = "?options=-c%20idle_in_transaction_session_timeout=200ms"
    store = open_store(url.render_as_string(hide_password=False) + asked, patience=1)
    with pytest.raises(StoreError, match="this process stood still"):
        _write_twice(store, lambda: _take(url, "meta"))
    store.close()


def _take(url, table):
    """Wait for a table, and get it."""
    with psycopg.connect(_plain(url)) as other:
        other.execute(f"LOCK TABLE {table}")


def test_the_server_is_asked_to_notice_whoever_is_gone(url):
    store = _open(url)
    with store._database.reading() as connection:
        told = {name: connection.exec_driver_sql(f"SHOW {name}").scalar() for name in _ASKED}
    store.close()
    assert told == _ASKED


_ASKED = {
    "lock_timeout": "1s",
    "idle_in_transaction_session_timeout": "1min",
    "tcp_keepalives_idle": "30",
    "tcp_user_timeout": "60000",
    "client_connection_check_interval": "10s",
    "application_name": "digest",
}


def test_a_look_at_the_database_is_one_look_and_writes_nothing(url):
    store = _open(url)
    with store._database.reading() as connection:
        before = connection.exec_driver_sql("SELECT count(*) FROM workers").scalar()
        store.attend("one", "1.0", NOW)
        assert connection.exec_driver_sql("SELECT count(*) FROM workers").scalar() == before
    with pytest.raises(StoreError), store._database.reading() as connection:
        connection.exec_driver_sql("DELETE FROM workers")
    assert len(store.attending(NOW)) == 1
    store.close()


def test_neither_password_nor_a_value_is_in_what_is_said(url):
    with pytest.raises(StoreError) as refused:
        _open(url, database="nowhere", password="hunter2", query={"sslpassword": "hunter3"})
    assert "there is no such database" in str(refused.value)
    assert "hunter" not in str(refused.value)
    assert advised("duplicate key\nDETAIL:  Key (email)=(ann@example.org) already exists.") == "duplicate key"


@pytest.mark.parametrize("password", ["hunter@2", "hunter@2:x/y", "hunter2:a/b#@c%"])
def test_a_password_that_hides_the_rest_of_its_url_is_said_to_and_not_shown(password):
    with pytest.raises(StoreError) as refused:
        parsed(f"postgresql://digest:{password}@db.example.org:5432/digest")
    assert "write %40 for @" in str(refused.value)
    assert "***@db.example.org:5432/digest" in str(refused.value)
    assert "hunter" not in str(refused.value)


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ('relation "subscribers" already exists', "of another program"),
        ('FATAL:  password authentication failed for user "digest"', "user or password"),
        ('FATAL:  no pg_hba.conf entry for host "192.0.2.1"', "pg_hba.conf"),
        ("FATAL:  sorry, too many clients already", "max_connections"),
        ('FATAL:  too many connections for role "digest"', "CONNECTION LIMIT"),
        ("FATAL:  unsupported startup parameter in options: lock_timeout", "?options="),
        ("cannot execute INSERT in a read-only transaction", "replica"),
        ('could not extend file "base/5/1": No space left on device', "the server's disk is full"),
        ("deadlock detected", "wanted the same rows"),
        ("terminating connection due to administrator command", "the server was stopped"),
        ("the connection is closed", "the server was stopped"),
        ("attempt to write a readonly database", "the right to write the file"),
    ],
)
def test_what_a_database_says_comes_with_what_to_do(said, advice):
    assert advice in advised(said)
    assert said in advised(said)


@pytest.mark.parametrize(
    ("said", "passing"),
    [
        ("connection to server failed: Connection refused", True),
        ("FATAL:  the database system is starting up", True),
        ("FATAL:  the database system is not yet accepting connections", True),
        ("FATAL:  sorry, too many clients already", True),
        ('FATAL:  too many connections for database "digest"', True),
        ("server closed the connection unexpectedly", True),
        ('FATAL:  database "digest" does not exist', False),
        ("FATAL:  password authentication failed", False),
        ("failed to resolve host 'nowhere'", False),
    ],
)
def test_only_what_may_be_otherwise_in_a_moment_is_tried_again(said, passing):
    assert passes(said) is passing
