"""A delivery's job and the rows it speaks of commit together, or not at all."""

from datetime import timedelta

import pytest

from digest import pipeline
from digest.errors import StoreError
from digest.model import Edition
from digest.store import open_store


def edition(subscriber, now):
    return Edition(subscriber, now.date(), now)


def test_whoever_publishes_asks_for_deliveries_in_the_same_transaction(house):
    house.subscribe("ann", "bob")
    now = house.store.time()
    assert len(list(pipeline.compose(house.place().parts, now))) == 2
    (job,) = house.jobs()
    assert (job.task_name, job.queue, job.task_kwargs, job.lock, job.queueing_lock) == (
        "deliver",
        "deliver",
        {"most": 500},
        None,
        None,
    )


def test_editions_that_were_there_already_are_not_asked_for_again(house):
    house.subscribe("ann")
    now = house.store.time()
    (ann,) = house.store.subscribers()
    made = [(edition(ann, now), now + timedelta(days=1))]
    assert (house.store.publish(made), house.store.publish(made)) == (1, 0)
    assert len(house.jobs()) == 1


def test_if_editions_cannot_be_written_nobody_is_asked(house):
    house.subscribe("ann")
    now = house.store.time()
    (ann,) = house.store.subscribers()
    told = []

    def hand_on(connection, count):
        house.store._hand_on(connection, count)
        told.append(count)
        raise RuntimeError("the power fails")

    other = open_store(house.url, hand_on=hand_on)
    with pytest.raises(RuntimeError):
        other.publish([(edition(ann, now), now + timedelta(days=1))])
    other.close()
    assert told == [1]
    assert house.jobs() == []
    assert house.store.waiting(now, 10) == 0


def test_if_nobody_can_be_asked_it_is_an_error_of_the_database_and_nothing_is_written(house):
    house.subscribe("ann")
    now = house.store.time()
    (ann,) = house.store.subscribers()
    with house.store._database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE procrastinate_jobs CASCADE")
    with pytest.raises(StoreError, match="jobs cannot be written"):
        house.store.publish([(edition(ann, now), now + timedelta(days=1))])
    assert house.store.edition("ann@example.org", now.date()) is None
