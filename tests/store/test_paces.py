"""Paces: what one process learns, all know; what one takes, no other takes; what was asked for outlives a restart."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from digest.model import Pace
from digest.pacing import RELAY, interval, throttled
from digest.store import open_store

from .making import HOUR, NOW

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
A, B = ("a.example", RELAY), ("b.example", RELAY)
FULL = Pace("a.example", NOW + SECOND, 3, NOW + HOUR, NOW + 2 * HOUR)


def moments(store, wanted, rates, now=NOW, until=NOW + HOUR):
    return store.reserve(wanted, rates, now, until)[1]


def test_where_nobody_is_in_trouble_nothing_is_read(store):
    assert store.paces() == {}


def test_a_pace_is_kept_to_the_microsecond_and_read_back_as_it_was(store):
    exact = replace(FULL, quiet_until=NOW + timedelta(microseconds=1))
    assert store.repace("a.example", lambda pace: exact if pace == Pace("a.example") else pace) == exact
    assert store.paces() == {"a.example": exact}


def test_a_silence_outlives_the_process(url):
    first = open_store(url)
    asked = first.repace("a.example", lambda pace: throttled(pace, NOW))
    first.close()
    second = open_store(url)
    assert second.paces() == {"a.example": asked}
    second.close()


def test_only_what_is_in_trouble_is_read_at_the_beginning_of_a_round(store):
    store.reserve([A, B], {RELAY: 60}, NOW, NOW + HOUR)
    store.repace("b.example", lambda pace: throttled(pace, NOW))
    assert set(store.paces()) == {"b.example"}


def test_what_failed_to_change_is_as_it_was(store):
    store.repace("a.example", lambda _: FULL)
    with pytest.raises(ZeroDivisionError):
        store.repace("a.example", lambda _: 1 / 0)
    assert store.paces() == {"a.example": FULL}


def test_each_message_takes_a_moment_of_all_its_paces(store):
    assert moments(store, [A, A, B], {RELAY: 60, "a.example": 20}) == [NOW, NOW + 3 * SECOND, NOW + 2 * SECOND]
    assert moments(store, [B, A], {RELAY: 60, "a.example": 20}) == [NOW + 3 * SECOND, NOW + 6 * SECOND]


def test_what_cannot_go_in_time_takes_nothing(store):
    rates = {"a.example": 1}
    assert moments(store, [A, A, B], rates, until=NOW + SECOND) == [NOW, None, NOW]
    assert moments(store, [A], rates, NOW + MINUTE, NOW + MINUTE) == [NOW + MINUTE]
    assert moments(store, [], rates) == []


def test_a_reservation_made_by_a_clock_that_was_a_year_ahead_binds_nobody(store):
    store.reserve([A], {RELAY: 60}, NOW + 9_000 * HOUR, NOW + 9_001 * HOUR)
    assert moments(store, [A, A], {RELAY: 60}) == [NOW, NOW + SECOND]


def test_processes_that_reserve_at_once_share_one_rate(url):
    stores = [open_store(url) for _ in range(4)]
    rates = {RELAY: 600, "a.example": 300, "b.example": 400}

    def take(turn):
        wanted = [key for key, times in zip(rates, (3, 2, 1), strict=True) for _ in range(times)]
        wanted = wanted[turn % 5 :] + wanted[: turn % 5]
        return list(zip(wanted, moments(stores[turn % 4], [[key] for key in wanted], rates), strict=True))

    with ThreadPoolExecutor(8) as pool:
        taken = [each for batch in pool.map(take, range(24)) for each in batch]
    for key, per_minute in rates.items():
        own = sorted(moment for taken_of, moment in taken if taken_of == key)
        assert own == [NOW + turn * interval(per_minute) for turn in range(len(own))]
    for store in stores:
        store.close()


def test_processes_that_are_throttled_at_once_count_one_strike(url):
    stores = [open_store(url) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        heard = list(
            pool.map(lambda turn: stores[turn % 4].repace("a.example", partial(throttled, now=NOW)), range(16))
        )
    assert {(pace.strikes, pace.quiet_until) for pace in heard} == {(1, NOW + 10 * MINUTE)}
    for store in stores:
        store.close()
