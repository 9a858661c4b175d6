"""Several processes on one PostgreSQL database: none undoes, counts twice or loses what another does at the same time."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from digest.model import Pace
from digest.store import erasing, paces, publishing, schema, tallies
from digest.store import subscribers as people
from digest.store.schema import contents, deliveries

from .making import DAY, NOW, announce_papers, edition, papers, publish, subscribe
from .test_keeping import LATER, sent, vacuum

SOON = 0.4  # seconds after which whoever can wait does


@pytest.fixture
def url(postgresql):
    with postgresql.database() as fresh:
        yield fresh


@pytest.fixture
def meanwhile():
    """Begins something in another thread, and gives it the time to come to where it has to wait."""
    with ThreadPoolExecutor() as pool:

        def begin(work, *arguments):
            begun = pool.submit(work, *arguments)
            time.sleep(SOON)
            return begun

        yield begin


def test_two_who_sum_up_at_the_same_time_count_once(store, meanwhile):
    publish(store, edition(subscribe(store)))
    sent(store)
    before = store.gauges(LATER).sums
    with store._database.writing() as connection:
        tallies.settle(connection, LATER)
        other = meanwhile(vacuum, store)
    other.result()
    assert store.gauges(LATER).sums == before


def test_who_is_erased_while_others_sum_up_is_counted_once(store, meanwhile):
    ann = subscribe(store)
    publish(store, edition(ann))
    sent(store)
    before = store.gauges(LATER).sums
    with store._database.writing() as connection:
        tallies.settle(connection, LATER)
        other = meanwhile(store.erase, ann.id, LATER)
    other.result()
    assert store.gauges(LATER).sums == before


def test_who_is_erased_and_what_is_vacuumed_do_not_wait_for_each_other(store, meanwhile):
    ann, bob = subscribe(store), subscribe(store, "bob@example.org")
    publish(store, edition(ann), edition(bob))
    sent(store)
    with store._database.writing() as connection:
        erasing._lock_deliveries(connection, ann.id)
        other = meanwhile(vacuum, store)
        connection.execute(sa.delete(contents))
        connection.execute(sa.delete(deliveries))
    assert other.result().editions >= 0
    assert vacuum(store).editions == 0


def test_a_text_that_is_shown_again_while_it_is_vacuumed_is_there(store, meanwhile):
    announce_papers(store, 1)
    ann, bob = subscribe(store), subscribe(store, "bob@example.org")
    publish(store, edition(ann, papers(store)))
    sent(store)
    shown = papers(store)
    with store._database.writing() as connection:
        publishing._snapshots(connection, shown, LATER)
        other = meanwhile(vacuum, store)
    other.result()
    with store._database.reading() as connection:
        assert len(connection.execute(sa.select(schema.texts.c.snapshot_id)).all()) == 1
    assert publish(store, edition(bob, shown, day=LATER.date(), now=LATER)) == 1
    assert store.edition(bob.email, LATER.date()).picks[0].listing == shown[0]


def test_who_says_something_of_a_paper_does_not_wait_for_editions_that_are_written(store):
    announce_papers(store, 1)
    ann = subscribe(store)
    with store._database.writing() as connection:
        people.all_numbered(connection, [ann.id], held=True)
        store.vote(ann.id, 1, NOW, on=True)
    assert store.votes([1]) == {1: 1}


def test_a_pace_that_is_vacuumed_while_it_is_asked_for_is_new(store, monkeypatch):
    store.repace("a.example", lambda pace: replace(pace, free_at=NOW))
    known = paces.insert

    def forgotten(connection, table):
        with store._database.writing() as other:
            other.execute(sa.delete(schema.paces).where(schema.paces.c.key == "a.example"))
        return known(connection, table)

    monkeypatch.setattr(paces, "insert", forgotten)
    with store._database.writing() as connection:
        assert paces._held(connection, ["a.example", "b.example"])["a.example"] == Pace("a.example")


@pytest.mark.parametrize("later", [0, 1])
def test_of_two_who_publish_for_one_subscriber_the_second_finds_what_the_first_wrote(store, meanwhile, later):
    announce_papers(store, 3)
    first, second, third = papers(store)
    ann = subscribe(store)
    with store._database.writing() as connection:
        publishing.publish(connection, [(edition(ann, [first, second]), NOW)])
        other = meanwhile(publish, store, edition(ann, [second, third], day=DAY + timedelta(days=later)))
    assert other.result() == later
    shown = [[each.listing.id for each in one.picks] for one in store.editions(ann.email, 9)]
    assert shown == [[3], [1, 2]][1 - later :]


def test_two_who_erase_readers_of_the_same_rows_wait_in_one_order(store, meanwhile):
    announce_papers(store, 40)
    ann, bob, eve = (subscribe(store, f"{name}@example.org") for name in ("ann", "bob", "eve"))
    for day in range(3):
        some = papers(store)[day * 12 : day * 12 + 12]
        publish(store, *(edition(one, some, day=DAY + timedelta(days=day)) for one in (ann, bob, eve)))
    erased = [meanwhile(store.erase, one.id, NOW) for one in (ann, bob)]
    assert [each.result() for each in erased] == [True, True]
    assert len(store.sent([ann.id, bob.id, eve.id], range(1, 41))[eve.id]) == 36
    assert not store.sent([ann.id, bob.id], range(1, 41))[ann.id]
