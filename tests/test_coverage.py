"""What came of each of a source's days."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from digest.arxiv_calendar import newest
from digest.coverage import Coverage, announces, coverage, is_late

FRIDAY, SATURDAY, SUNDAY, MONDAY = (date(2026, 5, day) for day in (22, 23, 24, 25))
CHRISTMAS = date(2025, 12, 26)  # dated with the day after the evening of the holiday


@dataclass(frozen=True)
class Paper:
    source: str
    day: date
    came: datetime
    chosen: bool = False
    sent: bool = False


def at(day, hour=8):
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def never(_now):
    return None


@pytest.mark.parametrize(
    ("day", "expected"), [(FRIDAY, True), (SATURDAY, False), (SUNDAY, False), (MONDAY, True), (CHRISTMAS, False)]
)
def test_days_of_arxiv_are_those_of_its_calendar(day, expected):
    assert announces(newest, day) is expected


def test_of_a_source_without_a_calendar_nothing_is_expected():
    assert announces(never, FRIDAY) is None


@pytest.mark.parametrize(
    ("expected", "came", "late"),
    [
        (newest, at(FRIDAY, 5), False),
        (newest, at(FRIDAY, 17), True),
        (never, at(FRIDAY, 23), False),
        (never, at(SATURDAY, 23), False),
        (never, at(SUNDAY, 0), True),
    ],
)
def test_late_is_what_its_calendar_had_promised_before(expected, came, late):
    assert is_late(expected, FRIDAY, came) is late


def test_each_day_is_counted_for_its_source():
    papers = [
        Paper("arxiv", FRIDAY, at(FRIDAY, 5), chosen=True, sent=True),
        Paper("arxiv", FRIDAY, at(FRIDAY, 20), chosen=True),
        Paper("arxiv", FRIDAY, at(FRIDAY, 5)),
        Paper("blog", SATURDAY, at(SATURDAY)),
        Paper("gone", FRIDAY, at(FRIDAY)),
    ]
    since = FRIDAY - timedelta(days=30)
    lines = coverage(papers, {"arxiv": newest, "blog": never}, {"arxiv": at(FRIDAY), "blog": at(FRIDAY)}, since, MONDAY)
    assert lines == [
        Coverage("arxiv", MONDAY, True, 0, 0, 0, 0),
        Coverage("arxiv", FRIDAY, True, 3, 2, 1, 1),
        Coverage("blog", SATURDAY, None, 1, 0, 0, 0),
    ]


def test_what_was_read_back_to_on_the_first_visit_is_not_late():
    papers = [Paper("arxiv", FRIDAY, at(MONDAY))]
    (line,) = coverage(papers, {"arxiv": newest}, {"arxiv": at(MONDAY)}, FRIDAY, SUNDAY)
    assert (line.fetched, line.late) == (1, 0)
