"""arXiv's schedule: 14:00 US/Eastern is the deadline, 20:00 from Sunday to Thursday the announcement."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.sources import arxiv_days


def eastern(text):
    return datetime.fromisoformat(text).replace(tzinfo=arxiv_days.EASTERN)


@pytest.mark.parametrize(
    ("submitted", "announced"),
    [
        ("2026-05-18T13:59", "2026-05-19"),  # Monday before the deadline: Monday evening, dated Tuesday
        ("2026-05-18T14:00", "2026-05-20"),
        ("2026-05-21T13:00", "2026-05-22"),  # Thursday: Thursday evening, dated Friday
        ("2026-05-21T15:00", "2026-05-25"),  # Thursday after it: Sunday evening, dated Monday
        ("2026-05-22T13:59", "2026-05-25"),
        ("2026-05-22T14:01", "2026-05-26"),  # Friday after it: Monday evening
        ("2026-05-23T09:00", "2026-05-26"),
        ("2026-05-24T23:00", "2026-05-26"),
        ("2026-01-12T13:30", "2026-01-13"),  # winter time
    ],
)
def test_a_submission_is_announced_by_schedule(submitted, announced):
    assert arxiv_days.announced(eastern(submitted)) == date.fromisoformat(announced)


def test_the_submissions_of_a_span_are_those_between_its_deadlines():
    start, end = arxiv_days.submissions(date(2026, 5, 19), date(2026, 5, 20))
    assert (start, end) == (datetime(2026, 5, 15, 18, tzinfo=UTC), datetime(2026, 5, 19, 18, tzinfo=UTC))


def test_no_announcement_is_dated_on_a_weekend():
    week = arxiv_days.working_days(date(2026, 5, 15), date(2026, 5, 20))
    assert [day.day for day in week] == [15, 18, 19]


@given(
    st.datetimes(datetime(2007, 4, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
)
def test_every_submission_is_found_in_the_span_of_its_own_announcement(submitted):
    day = arxiv_days.announced(submitted)
    start, end = arxiv_days.submissions(day, day)
    assert start <= submitted < end
    assert arxiv_days.is_working(day)


@given(st.dates(date(2000, 1, 1), date(2040, 1, 1)))
def test_the_next_working_day_is_after_the_previous_one(day):
    assert arxiv_days.previous_working(day) < day < arxiv_days.next_working(day)
    assert arxiv_days.is_working(arxiv_days.next_working(day))
    assert arxiv_days.is_working(arxiv_days.previous_working(day))
    assert list(arxiv_days.working_days(day, arxiv_days.next_working(day))) in ([day], [])
