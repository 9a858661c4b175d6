"""Which papers people may put before others, and which of them an edition shows."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from digest.curating import (
    FRESH,
    PINS_SHOWN,
    SUGGESTIONS_A_DAY,
    Facts,
    Refusal,
    appeared,
    first_day,
    of_edition,
    refusal,
    votes_to_trend,
)
from digest.model import Pin

NOW = datetime(2026, 5, 18, 8, 0, tzinfo=UTC)
DAY = NOW.date()
FINE = Facts(is_pinned=False, is_suggested=False, appeared=DAY, today=DAY, suggested_today=0)


def pin(listing, day=DAY, minutes=0):
    return Pin(day, listing, "Ann", "", "ann@example.org", NOW + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("facts", "why_not"),
    [
        ({}, None),
        ({"appeared": DAY - FRESH, "suggested_today": SUGGESTIONS_A_DAY - 1}, None),
        ({"appeared": DAY - FRESH - timedelta(days=1)}, Refusal.OLD),
        ({"suggested_today": SUGGESTIONS_A_DAY}, Refusal.ENOUGH),
        ({"is_suggested": True, "suggested_today": 9}, Refusal.SUGGESTED),
        ({"is_suggested": True, "is_pinned": True}, Refusal.PINNED),
    ],
)
def test_a_paper_may_be_suggested_once_while_it_is_new_a_few_a_day(facts, why_not):
    assert refusal(replace(FINE, **facts)) is why_not


@pytest.mark.parametrize(
    ("published", "announced", "day"),
    [
        (None, None, date(2026, 5, 18)),
        (datetime(2017, 6, 12, tzinfo=UTC), None, date(2017, 6, 12)),
        (datetime(2026, 5, 13, tzinfo=UTC), date(2026, 5, 15), date(2026, 5, 15)),
        (None, date(2026, 5, 15), date(2026, 5, 15)),
    ],
)
def test_a_paper_is_as_old_as_its_news(published, announced, day):
    assert appeared(published, announced, NOW) == day


@pytest.mark.parametrize(("readers", "votes"), [(0, 3), (999, 3), (1_000, 4), (1_000_000, 1_003)])
def test_no_one_person_makes_a_paper_trend_and_among_many_readers_no_few_do(readers, votes):
    assert votes_to_trend(readers) == votes


@pytest.mark.parametrize(
    ("last_issue", "since"),
    [
        (None, DAY),
        (date(2026, 5, 17), DAY),
        (date(2026, 5, 14), date(2026, 5, 15)),
        (date(2026, 1, 1), date(2026, 5, 12)),
        (DAY, DAY),
    ],
)
def test_a_weekly_reader_gets_the_pins_of_the_week_and_a_new_one_those_of_the_day(last_issue, since):
    assert first_day(DAY, last_issue) == since


def test_an_edition_shows_each_pinned_paper_once_the_newest_day_first_and_none_that_its_reader_had():
    before = DAY - timedelta(days=1)
    pins = [
        pin(1, before),
        pin(2, minutes=2),
        pin(3, minutes=1),
        pin(1, minutes=3),
        pin(4),
        pin(5, DAY + timedelta(days=1)),
    ]
    shown = [(one.listing, one.day) for one in of_edition(pins, before, DAY, frozenset({4}))]
    assert shown == [(3, DAY), (2, DAY), (1, DAY)]
    assert [one.listing for one in of_edition([pin(9, before), *pins], before, DAY, frozenset({4}))] == [3, 2, 1, 9]
    assert len(of_edition([pin(number) for number in range(99)], DAY, DAY, frozenset())) == PINS_SHOWN
