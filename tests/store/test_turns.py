"""A server that stands one asker at a time is asked by one process at a time, with a gap."""

import threading
import time
from datetime import timedelta

import pytest

from digest.model import Pace, Turn
from digest.store import open_store, turns

from .making import NOW

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HOLD, GAP = 70 * SECOND, 3 * SECOND
MINE = Turn(until=NOW + HOLD)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, MINE),
        ({"free_at": NOW}, MINE),
        ({"free_at": NOW + SECOND}, Turn(wait=SECOND)),
        ({"quiet_until": NOW}, MINE),
        ({"quiet_until": NOW + MINUTE}, Turn(wait=MINUTE, is_silent=True)),
        ({"quiet_until": NOW + MINUTE, "free_at": NOW + SECOND}, Turn(wait=MINUTE, is_silent=True)),
        ({"free_at": NOW + timedelta(hours=1)}, MINE),  # by a clock that was wrong
        ({"quiet_until": NOW + timedelta(days=400)}, MINE),
    ],
)
def test_whose_turn_it_is(known, expected):
    after, turn = turns.taken(Pace("source:arxiv", **known), NOW, HOLD)
    assert turn == expected
    assert after.free_at == (NOW + HOLD if expected is MINE else known.get("free_at"))


def test_a_turn_is_had_by_one_until_it_ends_and_a_gap_has_passed(store):
    turn = store.take_turn("arxiv", HOLD)
    assert turn.until is not None
    others = store.take_turn("arxiv", HOLD)
    assert others.until is None
    assert timedelta() < others.wait <= HOLD
    assert store.take_turn("elsewhere", HOLD).until is not None
    store.end_turn("arxiv", turn, GAP)
    assert timedelta() < store.take_turn("arxiv", HOLD).wait <= GAP


def test_who_dies_within_a_turn_keeps_nobody_waiting_for_ever(store):
    late = store.take_turn("arxiv", SECOND / 50)
    time.sleep(0.03)
    turn = store.take_turn("arxiv", HOLD)
    assert turn.until is not None
    store.end_turn("arxiv", late, timedelta())  # it was not dead: the turn is another's by now
    assert store.take_turn("arxiv", HOLD).until is None


def test_silence_is_for_all_and_is_not_shortened(store):
    store.keep_silence("arxiv", 10 * MINUTE)
    store.keep_silence("arxiv", MINUTE)
    turn = store.take_turn("arxiv", HOLD)
    assert turn.is_silent
    assert 9 * MINUTE < turn.wait <= 10 * MINUTE
    assert store.paces() == {}  # of the relay and of recipients


def test_of_many_who_ask_at_once_one_has_it(url):
    stores = [open_store(url) for _ in range(4)]
    stores[0].take_turn("arxiv", timedelta())
    got = []
    threads = [threading.Thread(target=lambda s=s: got.append(s.take_turn("arxiv", HOLD))) for s in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [turn.until is not None for turn in got].count(True) == 1
    for store in stores:
        store.close()
