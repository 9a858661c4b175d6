"""A worker's life: what it does, how it stops, and what becomes of its job when the database goes away."""

import time
from datetime import timedelta
from threading import Event

import psycopg
import pytest

from digest.cluster import working
from digest.cluster.orders import Order
from digest.model import Announcement, Fetched, Kind, Listing

from .conftest import until


class Source:
    """A feed with one paper, once somebody lets it."""

    def __init__(self, name="feed"):
        self.name = self.title = name
        self.every = timedelta(hours=1)
        self.asked, self.answers = Event(), Event()

    def expected(self, _now):
        return None

    def fetch(self, _state, now, _since=None):
        self.asked.set()
        assert self.answers.wait(30)
        return Fetched((Announcement(Listing("A paper", guid="1"), self.name, Kind.NEW, now.date()),))


def test_what_is_due_is_read_composed_and_delivered_once_however_many_work(house):
    source = Source()
    source.answers.set()
    house.sources = [source]
    house.subscribe("ann", "bob", "cyd")
    with house.working(), house.working():
        until(lambda: len(house.got) == 3 and house.store.jobs().counts == {})
    assert sorted(house.got) == ["ann@example.org", "bob@example.org", "cyd@example.org"]
    assert [len(e.picks) for e in house.store.editions("ann@example.org", 9)] == [1]
    assert house.store.jobs().workers == 0


def test_editions_wait_for_what_is_being_read_when_they_come_due(house):
    house.sources = [source := Source()]
    house.subscribe("ann")
    with house.working(["compose", "deliver"]), house.working(["pull"]):
        assert source.asked.wait(30)
        until(lambda: [job for job in house.jobs(task="compose") if job.scheduled_at])  # it was looked at, and put off
        assert house.got == []
        source.answers.set()
        until(lambda: house.got)
    assert [len(e.picks) for e in house.store.editions("ann@example.org", 9)] == [1]


def test_a_worker_is_for_the_queues_it_was_told(house):
    with house.working(["compose"]):
        house.defer(Order("deliver", {"most": 500}), Order("compose", compose_nothing(house)))
        until(lambda: [job.task_name for job in house.jobs()] == ["deliver"])


def compose_nothing(house):
    return {"first": 0, "end": 1, "day": "today", "asked": house.store.time().isoformat(), "behind": []}


def test_the_job_in_hand_is_finished_when_it_is_told_to_stop(house):
    begun, done = Event(), []

    def chore(_now):
        begun.set()
        time.sleep(0.3)
        done.append(1)

    with house.working(chores={"long": chore}) as told:
        assert begun.wait(30)
        told.set()
    assert done == [1]
    assert [job.task_name for job in house.jobs(status="doing")] == []


def test_a_job_that_is_cut_short_is_there_for_the_next_worker(house):
    house.sources = [source := Source()]
    with house.working() as told:
        assert source.asked.wait(30)
        told.set()
    source.answers.set()
    (left,) = house.jobs(task="pull")
    assert (left.status, left.task_kwargs, left.lock) == ("todo", {"source": "feed"}, "pull feed")


def test_a_job_that_fails_is_said_in_one_line_and_does_not_end_the_worker(house, said):
    def chore(_now):
        raise ValueError("no such thing")

    with house.working(chores={"bad": chore}):
        until(lambda: [job for job in house.jobs(status="failed") if job.task_name == "bad"])
        house.defer(Order("compose", compose_nothing(house)))
        until(lambda: not house.jobs(task="compose"))
    (line,) = [line for line in said if line["log_level"] == "error"]
    assert (line["event"], line["job"]) == ("job failed", "bad")


AWAY = "no connection to the database: it is tried again and again"


def test_a_restart_of_the_database_ends_no_worker(house, postgresql, said):
    if postgresql.own is None:
        pytest.skip("a server that is not ours is not restarted")
    with house.working():
        until(lambda: house.store.jobs().workers == 1)
        postgresql.own.restart("immediate")
        house.defer(Order("compose", compose_nothing(house)))
        until(lambda: not house.jobs(task="compose"))
    wrong = [line["event"] for line in said if line["log_level"] == "error"]
    assert sorted(wrong) in ([], [AWAY], [AWAY, "tick failed"])


def test_a_database_that_lets_nobody_write_is_away_as_long_as_it_does(house, monkeypatch, said):
    register, tries = working.JobManager.register_worker, []

    async def register_or_not(self):
        tries.append(self)
        if len(tries) <= 3:
            raise working.ConnectorException from psycopg.errors.ReadOnlySqlTransaction("in a read-only transaction")
        return await register(self)

    monkeypatch.setattr(working.JobManager, "register_worker", register_or_not)
    with house.working():
        until(lambda: [line for line in said if line["event"] == "connected to the database again"])
    (line,) = [line for line in said if line["log_level"] == "error"]
    assert (line["event"], "the server lets nobody write" in line["reason"]) == (AWAY, True)
    assert [line["tries"] for line in said if line["event"] == "connected to the database again"] == [3]


def test_a_job_whose_end_cannot_be_written_does_not_stay_in_its_workers_hands(house, monkeypatch):
    finish, failed = working.JobManager.finish_job, []

    async def finish_or_not(self, job, status, delete_job):
        if not failed:
            failed.append(job)
            raise working.ConnectorException from psycopg.OperationalError("the connection is lost")
        await finish(self, job, status, delete_job)

    monkeypatch.setattr(working.JobManager, "finish_job", finish_or_not)
    with house.working(["compose"]):
        house.defer(Order("compose", compose_nothing(house), lock="one"))
        until(lambda: failed)
        until(lambda: [job for job in house.jobs(status="doing") if job.worker_id is None])
        house.tick()
        house.defer(Order("compose", compose_nothing(house), lock="one"))
        until(lambda: not house.jobs(status="todo") and not house.jobs(status="doing"))


def test_the_end_of_a_job_that_was_given_up_meanwhile_is_no_news(house, said):
    begun, go = Event(), Event()

    def chore(_now):
        begun.set()
        assert go.wait(30)

    with house.working(chores={"slow": chore}):
        assert begun.wait(30)
        house.say("UPDATE procrastinate_jobs SET status = 'failed' WHERE status = 'doing'")
        go.set()
        house.defer(Order("compose", compose_nothing(house)))
        until(lambda: not house.jobs(task="compose"))
    assert [line for line in said if line["log_level"] == "error"] == []


@pytest.mark.parametrize("hours", [-1, 1])
def test_after_its_clock_was_set_a_worker_goes_on(house, monkeypatch, said, hours):
    real, ahead = working._epoch, []
    monkeypatch.setattr(working, "_epoch", lambda: real() + sum(ahead))
    begun = []
    register = working.JobManager.register_worker

    async def registered(self):
        begun.append(1)
        return await register(self)

    monkeypatch.setattr(working.JobManager, "register_worker", registered)
    with house.working():
        until(lambda: len(begun) == 1)
        ahead.append(3600 * hours)
        until(lambda: len(begun) == 2)
        house.defer(Order("compose", compose_nothing(house)))
        until(lambda: not house.jobs(task="compose"))
    assert [line for line in said if line["log_level"] == "error"] == []
