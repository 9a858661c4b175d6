"""Which programs are at work, and whether the tables may change under them, is said before anything is done."""

import json
import re
from datetime import UTC, datetime
from threading import Event

import pytest

from digest.cli import attending, upgrade_check
from digest.cli.attending import at_work
from digest.errors import OutdatedError
from digest.model import Weight
from digest.store import database, migrating, open_store
from digest.store.attendance import Attending
from digest.store.migrating import Phase, Standing, Step

from ..stores import only_sqlite, store_url  # noqa: TID252  (tests are no package)
from ..versions import Versions  # noqa: TID252

NOW = datetime(2026, 5, 18, 8, tzinfo=UTC)
HEAD = database.head()
FILE = "sqlite:///digest.db"


def program(name, version, knows):
    return Attending(name, version, knows, NOW, NOW)


OLD, NEW = program("a:1", "0.7", "0007"), program("b:2", "0.8", "0009")
EXPAND, CONTRACT, SWITCH = (Step("0009", phase) for phase in Phase)


@pytest.mark.parametrize(
    ("standing", "weight", "words"),
    [
        (Standing("0009", "0007", "0009", (), ()), None, ""),
        (Standing("0009", "0007", "0009", (), (NEW, NEW)), None, ""),
        (Standing("0009", "0007", "0009", (), (OLD, NEW)), Weight.NOTE, "1 of version 0.7 is at work"),
        (Standing("0010", "0007", "0009", (), (NEW,)), Weight.NOTE, "upgrade it when you like"),
        (Standing("0008", "0007", "0009", (EXPAND,), (OLD,)), Weight.NOTE, "older programs go on working"),
        (Standing("0008", "0007", "0009", (CONTRACT,), (OLD, NEW)), Weight.WARNING, r"0009 waits.*\(a:1\); stop them"),
        (Standing("0008", "0007", "0009", (SWITCH,), (OLD,)), Weight.FAILED, r"\(a:1\): stop them first"),
        (Standing("0008", "0007", "0009", (SWITCH,), ()), Weight.WARNING, "stop every older program, then"),
        (
            Standing("0005", None, "0009", (SWITCH,), ()),
            Weight.WARNING,
            "those that know no table newer than 0005 do not say",
        ),
    ],
)
def test_what_is_safe_is_said_in_one_line(standing, weight, words):
    said = list(upgrade_check.examine(standing))
    assert [finding.result for finding in said] == ([weight] if weight else [])
    assert all(re.search(words, finding.detail) for finding in said)


@pytest.fixture
def versions(tmp_path, monkeypatch):
    made = Versions(tmp_path)
    monkeypatch.setattr(database, "MIGRATIONS", made.folder)
    return made


@pytest.fixture
def url(tmp_path, web):
    """The database of a configuration that `check` finds."""
    place = store_url(tmp_path / "digest.db")
    (tmp_path / "config.toml").write_text(
        f'[store]\nurl = "{place}"\n[[sources]]\nkind = "feed"\nname = "J"\nurl = "{web}/feed"\n'
        '[mail]\nfrom = "digest@example.org"\n[smtp]\nkind = "files"\npath = "outbox"\n'
    )
    open_store(place).close()
    return place


def said_of(run, what):
    found = {each["check"]: (each["result"], each["detail"]) for each in json.loads(run("check", "--json").out)}
    return found.get(what)


def test_a_check_does_not_change_the_tables(run, url, versions):
    newest = versions.come("switch")
    result, detail = said_of(run, "versions")
    assert result == "warning"
    assert f"brings them to {newest}" in detail
    assert said_of(run, "database") is None
    assert migrating.standing(url).revision == HEAD


def test_what_is_waited_for_is_named_and_can_be_forced(run, url, versions):
    old = open_store(url)
    old.attend("a:1", "0.0", old.time())
    newest = versions.come("contract")
    result, detail = said_of(run, "versions")
    assert (result, "(a:1)" in detail) == ("warning", True)
    ran = run("store", "upgrade")
    assert (ran.code, "(a:1)" in ran.out) == (1, True)
    assert run("store", "upgrade", "--force").out == f"The tables are at {newest}, as this version wants them.\n"
    assert said_of(run, "versions") is None
    old.close()


@only_sqlite("a database of a server is there before its tables are")
def test_there_is_nothing_to_upgrade_before_there_is_a_database(run, tmp_path):
    (tmp_path / "config.toml").write_text('[[sources]]\nkind = "feed"\nname = "J"\nurl = "http://127.0.0.1:9/feed"\n')
    ran = run("store", "upgrade", "--force")
    assert (ran.code, "no database" in ran.err) == (2, True)


# --- being at work ----------------------------------------------------------------------------------------------------


def test_a_process_is_at_work_until_it_ends(url):
    store = open_store(url)
    with at_work(store, "a:1", lambda: None):
        assert [each.name for each in store.attending(store.time())] == ["a:1"]
    assert store.attending(store.time()) == []
    store.close()


def test_a_process_that_does_not_understand_the_tables_any_more_is_told_to_stop(url, versions, monkeypatch):
    monkeypatch.setattr(attending, "_AGAIN", 0.02)
    store, told = open_store(url), Event()

    def work():
        with at_work(store, "a:1", told.set):
            versions.come("contract")
            migrating.bring_up(url, force=True)
            versions.go()
            assert told.wait(10)

    with pytest.raises(OutdatedError, match="newer version"):
        work()
    assert store.attending(store.time()) == []
    store.close()
