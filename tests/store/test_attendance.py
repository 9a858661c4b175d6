"""Processes at work say so; what those held that fell silent goes back to the others."""

from datetime import timedelta

import pytest

from digest.store import database

from .making import HOUR, LEASE, NOW, begin, claim, publish_for

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def names(store, now=NOW):
    return [each.name for each in store.attending(now)]


def test_who_is_at_work_is_known_with_its_version_until_it_leaves(store):
    store.attend("one", "0.6.0", NOW)
    store.attend("two", "0.7.0", NOW + SECOND)
    store.attend("one", "0.6.0", NOW + MINUTE)
    one, two = store.attending(NOW + MINUTE)
    assert (one.name, one.version, one.knows) == ("one", "0.6.0", database.head())
    assert (one.begun_at, one.seen_at) == (NOW, NOW + MINUTE)
    assert two.name == "two"
    store.leave("one")
    assert names(store) == ["two"]


def test_who_was_not_seen_for_two_minutes_is_not_at_work(store):
    store.attend("one", "0.6.0", NOW)
    assert names(store, NOW + 2 * MINUTE - SECOND) == ["one"]
    assert names(store, NOW + 2 * MINUTE) == []


def test_what_a_silent_process_claimed_is_taken_by_another_at_once(store):
    publish_for(store, 2)
    for worker in ("one", "two"):
        store.attend(worker, "1", NOW)
        claim(store, worker=worker, limit=1)
    later = NOW + 3 * MINUTE
    store.attend("two", "1", later)
    assert claim(store, later, worker="three") == []
    assert store.bereave_silent(later) == ("one",)
    (taken,) = claim(store, later, worker="three")
    assert (taken.worker, taken.attempts, taken.resent) == ("three", 0, 0)
    assert names(store, later) == ["two"]
    assert store.bereave_silent(later) == ()


def test_a_message_being_handed_over_waits_for_the_end_of_its_lease(store):
    publish_for(store, 1)
    store.attend("one", "1", NOW)
    (held,) = claim(store, worker="one")
    assert begin(store, held)
    later = NOW + 3 * MINUTE
    assert store.bereave_silent(later) == ("one",)
    assert claim(store, later, worker="two") == []
    (taken,) = claim(store, NOW + LEASE, worker="two")
    assert taken.resent == 1


def test_who_was_thought_gone_goes_on_with_what_nobody_took_and_with_nothing_else(store):
    publish_for(store, 2)
    store.attend("one", "1", NOW)
    first, second = claim(store, worker="one")
    later = NOW + 3 * MINUTE
    store.bereave_silent(later)
    (taken,) = claim(store, later, worker="two", limit=1)
    left, lost = (second, first) if taken.id == first.id else (first, second)
    assert not begin(store, lost, later)
    assert begin(store, left, later)


def test_a_source_that_a_silent_process_was_pulling_is_free(store):
    store.attend("one", "1", NOW)
    assert store.begin_pull("arxiv", NOW, NOW + HOUR, worker="one", force=False)
    later = NOW + 3 * MINUTE
    assert not store.begin_pull("arxiv", later, later + HOUR, worker="two", force=True)
    store.bereave_silent(later)
    assert store.begin_pull("arxiv", later, later + HOUR, worker="two", force=True)


@pytest.mark.parametrize("dead", [True, False])
def test_who_is_known_to_be_dead_is_not_at_work(store, dead):
    store.attend("one", "1", NOW)
    store.bereave(lambda name: dead and name == "one", NOW)
    assert names(store) == ([] if dead else ["one"])
