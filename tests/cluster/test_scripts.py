"""Procrastinate's tables: made once, by whoever comes first, and brought up by its own scripts."""

from threading import Thread

import pytest
import sqlalchemy as sa

from digest.cluster.scripts import scripts
from digest.errors import StoreError
from digest.store import open_store
from digest.store.jobs import Scripts, next_step

MADE = "CREATE TABLE procrastinate_jobs (step text); INSERT INTO procrastinate_jobs VALUES ('%');"
ADDED = "INSERT INTO procrastinate_jobs VALUES ('{}');"


@pytest.fixture
def store(postgresql):
    with postgresql.database() as url:
        store = open_store(url)
        yield store
        store.close()


def steps(*names):
    return Scripts(MADE, {name: ADDED.format(name) for name in names})


def ran(store):
    with store._database.reading() as connection:
        return [*connection.scalars(sa.text("SELECT step FROM procrastinate_jobs"))]


def test_an_empty_database_gets_everything_at_once(store):
    store.prepare_jobs(scripts())
    assert store.jobs().counts == {}
    assert store.jobs().workers == 0


def test_where_there_never_was_a_worker_there_are_no_jobs(store):
    assert store.jobs() is None


def test_each_script_is_run_once(store, monkeypatch):
    monkeypatch.setattr("digest.store.jobs._workers", lambda _: 0)
    store.prepare_jobs(steps("01_pre_a"))
    assert ran(store) == ["%"]  # the whole has all steps in it
    for _ in range(2):
        store.prepare_jobs(steps("01_pre_a", "02_pre_b", "03_post_b"))
        assert ran(store) == ["%", "02_pre_b", "03_post_b"]


def test_two_that_begin_at_once_do_not_get_into_each_others_way(store, monkeypatch):
    monkeypatch.setattr("digest.store.jobs._workers", lambda _: 0)
    failed = []

    def prepare():
        try:
            store.prepare_jobs(steps("01_pre_a", "02_post_a"))
        except StoreError as error:
            failed.append(error)

    threads = [Thread(target=prepare) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (failed, ran(store)) == ([], ["%"])


def test_a_note_that_came_with_a_copy_does_not_stand_for_tables(store):
    with store._database.writing() as connection:
        connection.execute(sa.text("INSERT INTO meta (key, value) VALUES ('procrastinate', '99_pre')"))
    store.prepare_jobs(scripts())
    assert store.jobs().workers == 0


def test_jobs_of_another_program_are_left_alone(store):
    with store._database.writing() as connection:
        connection.execute(sa.text("CREATE TABLE procrastinate_jobs (step text)"))
    with pytest.raises(StoreError, match="give the digest one of its own"):
        store.prepare_jobs(scripts())


@pytest.mark.parametrize(
    ("done", "is_alone", "step"),
    [
        ("4_post", True, None),
        ("1_pre", True, "2_post_"),
        ("1_pre", False, None),  # what it takes away may be wanted yet
        ("2_post_", False, "3_pre"),
        ("3_pre", False, None),
    ],
)
def test_what_older_workers_need_is_taken_away_when_they_are_gone(done, is_alone, step):
    known = ["1_pre", "2_post_", "3_pre", "4_post_"] if done == "2_post_" else ["1_pre", "2_post_"]
    known = ["1_pre", "3_pre", "4_post_"] if done == "3_pre" else known
    assert next_step(known, done, is_alone=is_alone) == step


def test_several_versions_at_once_need_everybody_to_stop():
    with pytest.raises(StoreError, match="stop every `digest worker`"):
        next_step(["1_pre", "2_post_", "3_pre"], "1_pre", is_alone=False)
