"""What a tick asks for: what is due and nobody was asked for, and no more."""

from datetime import UTC, datetime, timedelta

import pytest

from digest.cluster.orders import COURTESY, Asked, Due, Order, batches, is_early, orders

NOW = datetime(2026, 5, 18, 23, 59, tzinfo=UTC)
NOBODY = Asked(frozenset(), 0)


def due(**what):
    return Due(**({"now": NOW, "sources": {}, "shards": (), "waiting": 0, "chores": ()} | what))


def test_nothing_is_asked_for_where_nothing_is_due():
    assert list(orders(due(), NOBODY)) == []


def test_sources_that_must_not_be_visited_together_share_a_lock():
    asked = list(orders(due(sources={"cs": "arxiv", "stat": "arxiv", "blog": "example.org"}), NOBODY))
    assert [order.arguments for order in asked] == [{"source": "cs"}, {"source": "stat"}, {"source": "blog"}]
    assert [order.lock for order in asked] == ["pull arxiv", "pull arxiv", "pull example.org"]
    assert len({order.key for order in asked}) == 3


def test_what_takes_longer_than_a_minute_is_not_begun_a_second_time_meanwhile():
    (asked,) = orders(due(chores=["vacuum"]), NOBODY)
    assert (asked.task, asked.lock, asked.key) == ("vacuum", "vacuum", "vacuum")


def test_a_shard_is_composed_by_one_and_says_what_it_comes_after():
    (asked,) = orders(due(shards=[range(10_000, 20_000)]), NOBODY)
    assert (asked.task, asked.lock, asked.key) == ("compose", "compose 10000", "compose 10000")
    assert asked.arguments == {
        "first": 10_000,
        "end": 20_000,
        "day": "2026-05-18",
        "asked": NOW.isoformat(),
        "behind": [],
    }
    several = [*orders(due(shards=[range(10_000)], sources={"cs": "arxiv"}), NOBODY)]
    assert several[-1].arguments["behind"] == ["cs"]


def test_what_waits_to_be_done_is_not_asked_for_again():
    all_due = due(sources={"cs": "arxiv"}, shards=[range(10_000)], chores=["watch"])
    keys = frozenset(order.key for order in orders(all_due, NOBODY))
    assert keys == {"pull cs", "compose 0", "watch"}
    assert list(orders(all_due, Asked(keys, 0))) == []


@pytest.mark.parametrize(
    ("waiting", "asked", "wanted"),
    [(0, 0, 0), (1, 0, 1), (500, 0, 1), (501, 0, 2), (501, 1, 1), (501, 2, 0), (501, 9, 0), (0, 9, 0)],
)
def test_as_many_deliver_as_what_waits_needs(waiting, asked, wanted):
    found = list(orders(due(waiting=waiting), Asked(frozenset(), asked)))
    assert found == [Order("deliver", {"most": 500})] * wanted
    assert all(order.lock is None and order.key is None for order in found)


@pytest.mark.parametrize(("messages", "jobs"), [(0, 0), (1, 1), (500, 1), (501, 2), (1_000_000, 2_000)])
def test_batches(messages, jobs):
    assert batches(messages) == jobs


MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("visited", "later", "early"),
    [
        ([], 0 * MINUTE, False),
        ([None], 0 * MINUTE, True),  # never read
        ([NOW - MINUTE], MINUTE, True),  # not since
        ([NOW], MINUTE, False),
        ([NOW + MINUTE, NOW - MINUTE], MINUTE, True),  # one of them
        ([NOW - MINUTE], COURTESY - timedelta(seconds=1), True),
        ([NOW - MINUTE], COURTESY, False),  # whoever reads it takes too long, or is gone
    ],
)
def test_editions_wait_a_while_for_what_is_being_read(visited, later, early):
    assert is_early(visited, NOW, NOW + later) is early
