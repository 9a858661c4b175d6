"""Tables change while programs of several versions are at work, and nobody meets tables that it does not understand."""

import threading
import time
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from digest.errors import OutdatedError, StoreError
from digest.model import Deed
from digest.store import attendance, database, migrating, open_store
from digest.store.attendance import Attending
from digest.store.migrating import Phase, Standing, Step, described, reach

from ..versions import ADD, DROP, Versions  # noqa: TID252  (tests are no package)

HEAD = database.head()


@pytest.fixture
def versions(tmp_path, monkeypatch):
    made = Versions(tmp_path)
    monkeypatch.setattr(database, "MIGRATIONS", made.folder)
    return made


def now():
    return datetime.now(UTC)


# --- what is needed and what is safe ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phases", "knows", "expected"),
    [
        ("", None, (0, 0)),
        ("e", "0006", (1, 1)),
        ("c", None, (0, 1)),
        ("c", "0006", (0, 0)),
        ("c", "0007", (0, 1)),
        ("ec", "0006", (1, 1)),
        ("ec", "0007", (1, 1)),
        ("ec", "0008", (1, 2)),
        ("ce", "0006", (2, 0)),
        ("s", None, (1, 1)),
        ("s", "0006", (1, 0)),
        ("es", "0006", (2, 1)),
        ("ecc", "0008", (1, 2)),
    ],
)
def test_what_waits_is_what_takes_away_and_is_not_needed_at_once(phases, knows, expected):
    kinds = {"e": Phase.EXPAND, "c": Phase.CONTRACT, "s": Phase.SWITCH}
    ahead = [Step(f"{number:04}", kinds[phase]) for number, phase in enumerate(phases, 7)]
    assert reach(ahead, knows) == expected


def test_every_migration_since_then_says_whom_it_concerns():
    for script in database.script().walk_revisions():
        if script.revision >= migrating.FLOOR_SINCE:
            assert script.module.phase in set(Phase)


def test_who_is_at_work_is_said_by_version():
    moment = now()
    programs = [
        Attending(name, version, "0006", moment, moment)
        for name, version in [("vm/b8cc371c/4026531836:23:e47c", "1"), ("b", "2"), ("mac:7:0f", "1")]
    ]
    assert described(programs) == (
        "2 of version 1 are at work (process 23 on vm, process 7 on mac) and 1 of version 2 is at work (b)"
    )


# --- side by side -----------------------------------------------------------------------------------------------------


def test_an_older_version_opens_what_a_newer_one_has_added_to(url, versions):
    versions.come("expand", ADD)
    open_store(url).close()
    versions.go()
    store = open_store(url)
    store.attend("old", "1", now())
    standing = store.standing()
    assert (standing.revision, standing.knows, standing.ahead) == (f"{int(HEAD) + 1:04}", HEAD, ())
    store.close()


@pytest.mark.parametrize("phase", ["contract", "switch"])
def test_an_older_version_does_not_open_what_it_does_not_understand(url, versions, phase):
    running = open_store(url)
    newest = versions.come(phase)
    open_store(url).close()
    versions.come("expand")
    open_store(url).close()
    versions.go()
    versions.go()
    with pytest.raises(OutdatedError, match=f"newer version.*who does not know {newest}.*upgrade this installation"):
        open_store(url)
    with pytest.raises(OutdatedError, match="newer version"):
        running.attend("old", "1", now())
    assert running.attending(now()) == []
    running.close()


def test_what_takes_away_waits_until_no_older_version_is_at_work(url, versions):
    old = open_store(url)
    old.attend("old:1", "1", now())
    added, dropped = versions.come("expand", ADD), versions.come("contract", DROP)
    new = open_store(url)
    new.attend("new:1", "2", now())
    standing = new.standing()
    assert standing.revision == added
    assert [step.revision for step in standing.ahead] == [dropped]
    assert [each.name for each in standing.in_the_way] == ["old:1"]
    new.upgrade()
    assert new.standing() == standing
    old.leave("old:1")
    new.upgrade()
    assert new.standing() == Standing(dropped, dropped, dropped, (), standing.at_work[1:])
    old.close()
    new.close()


def test_an_older_version_that_was_not_seen_for_two_minutes_is_not_waited_for(url, versions):
    old = open_store(url)
    old.attend("old:1", "1", now() - attendance.SILENCE)
    newest = versions.come("contract")
    new = open_store(url)
    assert new.standing().revision == newest
    old.close()
    new.close()


def test_it_can_be_forced(url, versions):
    old = open_store(url)
    old.attend("old:1", "1", now())
    newest = versions.come("contract")
    new = open_store(url)
    assert new.standing().revision == HEAD
    assert migrating.bring_up(url, force=True).floor == newest
    old.close()
    new.close()


@pytest.mark.parametrize("phases", [["switch"], ["contract", "expand"]])
def test_what_is_needed_at_once_is_refused_while_an_older_version_is_at_work(url, versions, phases):
    old = open_store(url)
    old.attend("old:1", "1", now())
    for phase in phases:
        versions.come(phase)
    with pytest.raises(StoreError, match=r"1 of version 1 is at work \(old:1\): stop them"):
        open_store(url)
    assert old.standing().revision == HEAD
    old.leave("old:1")
    new = open_store(url)
    assert new.standing().revision == versions.newest
    old.close()
    new.close()


def test_a_migration_that_fails_leaves_no_trace_of_itself(url, versions):
    open_store(url).close()
    versions.come("switch", f'{ADD}; raise ValueError("halfway")')
    with pytest.raises(ValueError, match="halfway"):
        open_store(url)
    versions.go()
    store = open_store(url)
    standing = store.standing()
    assert (standing.revision, standing.floor) == (HEAD, first_floor())
    store.close()
    versions.come("expand", ADD)
    open_store(url).close()


def first_floor():
    closing = [s.revision for s in database.script().walk_revisions() if migrating.phase_of(s) is not Phase.EXPAND]
    return max([migrating.FLOOR_SINCE, *closing])


def test_versions_that_do_not_say_that_they_are_at_work_meet_an_error_rather_than_what_they_would_give_up(store):
    """They read an edition from these two; one that they cannot read they mark as failed, for good."""
    with store._database.reading() as connection:
        assert {"contents", "picks"}.isdisjoint(sa.inspect(connection).get_table_names())


# --- beside those who use the tables ----------------------------------------------------------------------------------


@pytest.fixture
def shared(postgresql):
    with postgresql.database() as url:
        yield url


def test_two_that_start_at_once_migrate_once(url, versions):
    open_store(url).close()
    for _ in range(2):
        versions.come("expand", 'op.execute("UPDATE counters SET value = value + 1")')
    failures = []

    def start():
        try:
            open_store(url).close()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    store = open_store(url)
    with store._database.reading() as connection:
        assert connection.scalar(sa.text("SELECT max(value) FROM counters")) == 2
    store.close()


def test_a_lock_that_others_hold_is_waited_for_in_small_pieces(shared, versions, monkeypatch):
    monkeypatch.setattr(migrating, "_PATIENCE", 0.1)
    store = open_store(shared)
    newest = versions.come("expand", ADD)
    with store._database.engine.begin() as other:
        other.execute(sa.text("SELECT * FROM deeds"))
        thread = threading.Thread(target=lambda: open_store(shared).close())
        thread.start()
        time.sleep(0.5)
        assert thread.is_alive()
        store.note_deed(Deed(now(), "ann", "wrote meanwhile"))
    thread.join()
    assert store.standing().revision == newest
    store.close()


def test_an_index_is_made_while_others_write(shared, versions):
    store = open_store(shared)
    newest = versions.come("expand", 'add_index("ix_deeds_who", "deeds", ["who"])')
    with store._database.engine.begin() as other:
        other.execute(sa.text("INSERT INTO deeds (at, who, what) VALUES (now(), 'ann', 'is still writing')"))
        thread = threading.Thread(target=lambda: open_store(shared).close())
        thread.start()
        time.sleep(0.3)
        store.note_deed(Deed(now(), "bob", "wrote meanwhile"))
    thread.join()
    assert store.standing().revision == newest
    with store._database.reading() as connection:
        assert "ix_deeds_who" in {index["name"] for index in sa.inspect(connection).get_indexes("deeds")}
    store.close()


def test_an_index_that_came_to_nothing_is_made_again(shared, versions):
    store = open_store(shared)
    with store._database.writing() as connection:
        connection.execute(sa.text("CREATE INDEX ix_deeds_who ON deeds (what)"))
    versions.come("expand", 'add_index("ix_deeds_who", "deeds", ["who"])')
    open_store(shared).close()
    with store._database.reading() as connection:
        (index,) = [each for each in sa.inspect(connection).get_indexes("deeds") if each["name"] == "ix_deeds_who"]
    assert index["column_names"] == ["who"]
    store.close()
