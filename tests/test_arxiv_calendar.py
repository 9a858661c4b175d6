"""arXiv's calendar: 14:00 US/Eastern closes, 20:00 from Sunday to Thursday announces, but for its holidays."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest import arxiv_calendar as calendar

DAY = calendar.DAY
ANY_DAY = st.dates(date(2000, 1, 1), date(2040, 1, 1))


def eastern(text):
    return datetime.fromisoformat(text).replace(tzinfo=calendar.EASTERN)


# --- when it announces --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "following"),
    [
        ("2026-05-18T01:30", "2026-05-18T20:00"),  # Monday before the hour
        ("2026-05-18T20:00", "2026-05-19T20:00"),  # just announced
        ("2026-05-21T21:00", "2026-05-24T20:00"),  # Thursday night: Sunday is next
        ("2026-05-15T07:00", "2026-05-17T20:00"),  # Friday
        ("2026-05-16T07:00", "2026-05-17T20:00"),  # Saturday
        ("2026-03-08T01:00", "2026-03-08T20:00"),  # clocks change
        ("2026-05-25T08:00", "2026-05-25T20:00"),  # Memorial Day is none of its holidays
        ("2026-01-19T08:00", "2026-01-20T20:00"),  # Martin Luther King Day
        ("2026-06-18T21:00", "2026-06-22T20:00"),  # Friday a holiday: not on Sunday either
        ("2026-07-02T21:00", "2026-07-06T20:00"),
        ("2026-11-26T08:00", "2026-11-29T20:00"),  # Thanksgiving
        ("2026-12-24T21:00", "2026-12-28T20:00"),
        ("2026-12-29T08:00", "2026-12-30T20:00"),
        ("2025-12-31T21:00", "2026-01-04T20:00"),  # New Year
    ],
)
def test_the_next_announcement_is_the_next_evening_that_is_no_holiday(now, following):
    assert calendar.next_announcement(eastern(now)) == eastern(following)


@pytest.mark.parametrize("now", ["2026-12-30T21:00", "2027-01-01T08:00", "2027-05-18T08:00", "2034-05-18T08:00"])
def test_of_a_year_that_is_not_known_nothing_is_promised(now):
    assert calendar.next_announcement(eastern(now)) is None


@pytest.mark.parametrize(
    ("now", "newest"),
    [
        ("2026-05-18T23:59", "2026-05-18"),  # announced at 20:00, in the feeds from midnight on
        ("2026-05-19T00:00", "2026-05-19"),
        ("2026-05-23T12:00", "2026-05-22"),  # a weekend
        ("2026-05-24T23:59", "2026-05-22"),
        ("2026-05-25T00:00", "2026-05-25"),
        ("2026-01-20T12:00", "2026-01-19"),  # after Martin Luther King Day there is none
        ("2026-06-22T12:00", "2026-06-19"),  # none on Sunday, as Friday was a holiday
        ("2026-11-27T12:00", "2026-11-26"),
        ("2026-12-26T12:00", "2026-12-25"),
        ("2027-01-02T12:00", "2026-12-31"),  # nothing is expected of what may be a holiday
        ("2027-01-05T12:00", "2027-01-05"),
        ("2027-11-26T12:00", "2027-11-25"),
    ],
)
def test_the_newest_announcement_is_in_the_feeds_from_its_own_midnight_on(now, newest):
    assert calendar.newest(eastern(now)) == date.fromisoformat(newest)


@given(st.datetimes(datetime(2023, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_what_is_promised_comes_and_nothing_comes_before_it(now):
    following = calendar.next_announcement(now)
    if following is None:
        assert calendar.eastern_day(now).year in (2022, *range(2026, 2040))
        return
    assert following > now
    assert calendar.newest(following + timedelta(hours=4)) == following.date() + DAY
    assert calendar.newest(following) <= calendar.eastern_day(now) + DAY


def test_every_holiday_is_a_day_on_which_something_would_have_happened():
    assert all(day.weekday() < 5 or calendar.announces(day + 7 * DAY) for day in calendar.HOLIDAYS)
    assert {day.year for day in calendar.HOLIDAYS} == {2023, 2024, 2025, 2026}


# --- what is in which announcement --------------------------------------------------------------------------------


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
        ("2026-01-16T15:00", "2026-01-21"),  # over Martin Luther King Day
        ("2026-07-02T15:00", "2026-07-07"),  # over a long weekend
    ],
)
def test_a_submission_is_announced_by_schedule(submitted, announced):
    assert calendar.announced(eastern(submitted)) == date.fromisoformat(announced)


@pytest.mark.parametrize(
    ("first", "last", "start", "end"),
    [
        ("2026-05-19", "2026-05-20", "2026-05-15T14:00", "2026-05-19T14:00"),
        ("2026-07-07", "2026-07-07", "2026-07-02T14:00", "2026-07-06T14:00"),  # a long weekend's papers are in one
        ("2026-01-21", "2026-01-21", "2026-01-16T14:00", "2026-01-20T14:00"),
    ],
)
def test_the_submissions_of_a_span_are_those_between_its_deadlines(first, last, start, end):
    span = calendar.submissions(date.fromisoformat(first), date.fromisoformat(last))
    assert span == (eastern(start), eastern(end))


def test_no_announcement_is_dated_on_a_weekend():
    week = calendar.working_days(date(2026, 5, 15), date(2026, 5, 20))
    assert [day.day for day in week] == [15, 18, 19]


@given(st.datetimes(datetime(2007, 4, 1), datetime(2040, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_every_submission_is_found_in_the_span_of_its_own_announcement(submitted):
    day = calendar.announced(submitted)
    start, end = calendar.submissions(day, day)
    assert start <= submitted < end
    assert calendar.is_working(day)


def next_working(day):
    return next(calendar.working_days(day + DAY, day + 4 * DAY))


@given(ANY_DAY, st.integers(0, 20))
def test_spans_of_announcements_leave_no_submission_out_between_them(day, length):
    first, last = next_working(day), next_working(day + length * DAY)
    after = next_working(last)
    assert calendar.submissions(after, after)[0] <= calendar.submissions(first, last)[1]


@given(ANY_DAY)
def test_no_working_day_lies_between_a_day_and_the_one_before_it(day):
    before = calendar.previous_working(day)
    assert list(calendar.working_days(before, day)) == [before]
