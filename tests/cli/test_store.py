"""`digest store`: moving to another database, and back."""

import pytest

from digest.store import open_store

from ..store.making import NOW, announce_papers, subscribe  # noqa: TID252  (tests are no package)
from ..stores import only_sqlite, store_url  # noqa: TID252  (tests are no package)

CONFIG = '[[sources]]\nkind = "feed"\nname = "blog"\nurl = "http://127.0.0.1:9/feed"\n'
AT = ("--now", NOW.isoformat())


@pytest.fixture
def home(tmp_path, run):
    """A folder with a configuration and a database in which ann is subscribed."""
    (tmp_path / "config.toml").write_text(CONFIG)
    store = open_store(store_url("digest.db"))
    announce_papers(store, 3)
    subscribe(store)
    store.close()
    return tmp_path


def test_what_was_moved_is_named_with_what_to_write_into_the_configuration(home, run, monkeypatch):
    ran = run("store", "copy", "--to", f"sqlite:///{home}/new.db", *AT)
    assert ran.code == 0, ran.err
    assert "each was compared, and is the same" in ran.out
    assert f'[store]\n    url = "sqlite:///{home}/new.db"' in ran.out
    ran = run("status")
    assert (ran.code, f"was moved to {home}/new.db on 2026-05-18" in ran.err) == (2, True)
    monkeypatch.delenv("DIGEST_STORE__URL", raising=False)
    (home / "config.toml").write_text(f'[store]\nurl = "sqlite:///{home}/new.db"\n{CONFIG}')
    assert "ann@example.org" in run("subscribers", "list").out


@only_sqlite("the delivery log is beside its file")
def test_the_delivery_log_keeps_its_place(home, run):
    assert (
        f'[delivery]\n    log = "{home}/digest-deliveries.log"' in run("store", "copy", "--to", "sqlite:///new.db").out
    )
    assert run("store", "reopen").code == 0
    (home / "config.toml").write_text(f'[delivery]\nlog = "sent.log"\n{CONFIG}')
    assert "[delivery]" not in run("store", "copy", "--to", "sqlite:///newer.db").out


def test_a_move_that_was_given_up_is_taken_back(home, run):
    run("store", "copy", "--to", "sqlite:///new.db")
    assert "can be used again" in run("store", "reopen").out
    assert run("status").code == 0
    assert "was not moved" in run("store", "reopen").out


def test_a_rehearsal_leaves_the_database_in_use(home, run):
    ran = run("store", "copy", "--to", "sqlite:///new.db", "--stays")
    assert "stays in use" in ran.out
    assert run("status").code == 0


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("new.db", "--to: cannot read"),
        ("mysql://localhost/digest", "mysql is not supported"),
        ("sqlite:///nowhere/new.db", "its folder must exist"),
    ],
)
def test_a_place_that_cannot_be_written_is_named_and_nothing_has_changed(home, run, to, said):
    ran = run("store", "copy", "--to", to)
    assert (ran.code, said in ran.err) == (2, True), ran.err
    assert run("status").code == 0


def test_without_a_database_there_is_nothing_to_move(tmp_path, run, monkeypatch):
    monkeypatch.delenv("DIGEST_STORE__URL", raising=False)
    (tmp_path / "config.toml").write_text(f'[store]\nurl = "sqlite:///absent.db"\n{CONFIG}')
    ran = run("store", "copy", "--to", "sqlite:///new.db")
    assert (ran.code, "absent.db: see store.url" in ran.err) == (2, True), ran.err
    assert not (tmp_path / "new.db").exists()


def test_a_password_is_written_nowhere(home, run, postgresql):
    with postgresql.bare() as bare:
        to = bare.replace("postgres@", "postgres:hunter22@")
        ran = run("store", "copy", "--to", to, *AT)
        assert ran.code == 0, ran.err
        assert "postgres@127.0.0.1" in ran.out
        assert "hunter22" not in ran.out + ran.err + run("status").err
