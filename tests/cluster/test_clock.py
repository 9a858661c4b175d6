"""The tick: once, whoever ticks and however late; and what was lost is asked for again."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from procrastinate.exceptions import ConnectorException
from procrastinate.periodic import PeriodicDeferrer

from digest import pipeline
from digest.cluster import clock, speaking
from digest.cluster.orders import Order
from digest.cluster.working import connector
from digest.errors import StoreError
from digest.model import SourceState
from digest.pacing import BREAKER
from digest.store.database import advised, parsed

NOW = datetime(2026, 5, 18, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def of_queues(jobs):
    return sorted(f"{job.task_name} {job.status}" for job in jobs)


@pytest.mark.parametrize(
    ("state", "due"),
    [
        (SourceState("s"), True),
        (SourceState("s", last_attempt=NOW - HOUR, next_pull=NOW), True),
        (SourceState("s", last_attempt=NOW - HOUR, next_pull=NOW + HOUR), False),
        (SourceState("s", last_attempt=NOW + HOUR, next_pull=NOW + 2 * HOUR), True),  # a clock was ahead
    ],
)
def test_a_source_is_due_as_the_store_sees_it(state, due):
    assert clock.is_due(state, NOW) is due


def test_however_often_it_ticks_everything_is_asked_for_once(house):
    house.subscribe("ann")
    for _ in range(3):
        house.tick(chores={"watch": lambda _: None})
    assert of_queues(house.jobs()) == ["compose todo", "watch todo"]


def test_two_ticks_at_the_same_time_ask_once(house):
    house.subscribe("ann")
    place = house.place(chores={"watch": lambda _: None})

    async def twice(app):
        await asyncio.gather(clock.tick(app, place), clock.tick(app, place))

    house.ask(twice, chores={"watch": lambda _: None})
    assert of_queues(house.jobs()) == ["compose todo", "watch todo"]


def test_a_worker_that_was_away_for_an_hour_leaves_one_tick_to_be_done(house):
    def deferring(app):
        (task,) = app.periodic_registry.periodic_tasks.values()
        deferrer = PeriodicDeferrer(app.periodic_registry)
        missed = [(task, 1_800_000_000 + 60 * minute) for minute in range(60)]
        return deferrer.defer_jobs(missed)

    house.ask(deferring)
    assert of_queues(house.jobs()) == ["tick todo"]


def test_while_the_relay_is_left_alone_nothing_is_asked_to_deliver(house):
    house.subscribe("ann")
    place, now = house.place(), house.store.time()
    list(pipeline.compose(place.parts, now))
    assert clock.due_now(place, now).waiting == 1
    house.store.repace(BREAKER, lambda pace: replace(pace, strikes=9, quiet_until=now + HOUR, eased_at=now + HOUR))
    assert clock.due_now(place, now).waiting == 0


def test_the_jobs_of_a_worker_that_is_gone_are_given_up_and_asked_for_anew(house):
    house.subscribe("ann")
    house.tick()

    async def taken_and_left(app):
        worker = await app.job_manager.register_worker()
        return await app.job_manager.fetch_job(["compose"], worker)

    lost = house.ask(taken_and_left)
    house.tick()
    assert of_queues(house.jobs()) == ["compose doing", "compose todo"]  # it may be at work yet
    house.say("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '31 seconds'")
    house.tick()
    assert of_queues(house.jobs()) == ["compose failed", "compose todo"]
    (waiting,) = house.jobs(status="todo")
    assert waiting.lock == lost.lock


def test_a_job_whose_worker_was_forgotten_is_given_up_too(house):
    async def orphaned(app):
        manager = app.job_manager
        await clock.defer(app, [Order("deliver", {"most": 500})])
        worker = await manager.register_worker()
        await manager.fetch_job(["deliver"], worker)
        await manager.unregister_worker(worker)

    house.ask(orphaned)
    house.tick()
    assert of_queues(house.jobs()) == ["deliver failed"]


def test_what_failed_long_ago_is_forgotten(house):
    house.defer(Order("deliver", {"most": 500}))
    house.say("UPDATE procrastinate_jobs SET status = 'failed'")
    house.tick()
    assert of_queues(house.jobs()) == ["deliver failed"]
    house.say("UPDATE procrastinate_events SET at = at - interval '25 hours'")
    house.tick()
    assert house.jobs() == []


def test_procrastinate_reaches_the_database_that_the_store_is_in(house):
    made = connector(parsed("postgresql://ann:secret@db.example.org:5433/papers?sslmode=require"))
    told = made._pool_args["kwargs"]
    assert (told["host"], told["port"], told["user"], told["password"]) == ("db.example.org", 5433, "ann", "secret")
    assert (told["dbname"], told["sslmode"]) == ("papers", "require")


def test_workers_that_are_long_gone_are_forgotten(house):
    async def register(app):
        await app.job_manager.register_worker()

    house.ask(register)
    house.say("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '6 minutes'")
    house.ask(register)
    house.tick()
    with house.store._database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM procrastinate_workers").scalar() == 1


def test_what_the_database_said_is_said_once_whoever_heard_it():
    words = 'FATAL:  role "digest" does not exist'
    heard = ConnectorException("somewhere in a library")
    heard.__cause__ = OSError(words)
    told = StoreError(f"postgresql://db/digest: {advised(words)}")
    told.__cause__ = OSError(f"(psycopg.OperationalError) {words}")
    assert speaking.reason(heard) == advised(words) != words
    assert speaking.reason(told) == str(told)
