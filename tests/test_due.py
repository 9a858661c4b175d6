"""Who is due when: tables for the decisions, and a simulated daemon over every zone there is."""

import zoneinfo
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from digest import due
from digest.model import EVERY_DAY, Schedule

ZONES = sorted(zoneinfo.available_timezones() - {"localtime", "posixrules", "Factory"})
BERLIN = Schedule("Europe/Berlin", time(7, 30))


# From 2024 to 2035.
MOMENTS = st.integers(1_704_067_200, 2_080_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# --- the instant --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "send_at", "day", "instant"),
    [
        ("UTC", "07:30", "2026-05-18", "2026-05-18T07:30"),
        ("Europe/Berlin", "07:30", "2026-01-10", "2026-01-10T06:30"),
        ("Europe/Berlin", "07:30", "2026-07-10", "2026-07-10T05:30"),
        ("Europe/Berlin", "02:00", "2026-03-29", "2026-03-29T01:00"),  # skipped: 02:00 is 03:00
        ("Europe/Berlin", "02:30", "2026-03-29", "2026-03-29T01:00"),
        ("Europe/Berlin", "02:59:59", "2026-03-29", "2026-03-29T01:00"),
        ("Europe/Berlin", "03:00", "2026-03-29", "2026-03-29T01:00"),
        ("Europe/Berlin", "02:30", "2026-10-25", "2026-10-25T00:30"),  # twice: the first
        ("America/New_York", "02:30", "2026-03-08", "2026-03-08T07:00"),
        ("America/New_York", "01:30", "2026-11-01", "2026-11-01T05:30"),
        ("Australia/Lord_Howe", "02:10", "2026-10-04", "2026-10-03T15:30"),  # a gap of 30 minutes
        ("Australia/Lord_Howe", "01:45", "2026-04-05", "2026-04-04T14:45"),  # a fold of 30 minutes
        ("Africa/Cairo", "00:30", "2026-04-24", "2026-04-23T22:00"),  # a gap at midnight
        ("Asia/Beirut", "23:30", "2026-10-24", "2026-10-24T20:30"),  # a fold before midnight
        ("America/Nuuk", "23:30", "2026-03-28", "2026-03-29T01:00"),  # a gap across midnight: after the day is over
        ("Antarctica/Troll", "01:00", "2026-03-29", "2026-03-29T01:00"),  # a gap of two hours
        ("Pacific/Apia", "07:30", "2011-12-30", "2011-12-30T10:00"),  # the day that was not: the end of its gap
        ("Asia/Kathmandu", "07:30", "2026-05-18", "2026-05-18T01:45"),
    ],
)
def test_the_edition_is_due_at_the_wall_time_or_right_after_the_gap_that_swallowed_it(zone, send_at, day, instant):
    schedule = Schedule(zone, time.fromisoformat(send_at))
    assert due.due_instant(schedule, date.fromisoformat(day)) == utc(instant)


@given(st.sampled_from(ZONES), st.dates(date(2024, 1, 1), date(2035, 12, 31)), st.times())
@settings(deadline=None)
def test_no_wall_clock_is_kept_waiting_longer_than_its_gap_or_served_early(zone, day, send_at):
    schedule = Schedule(zone, send_at)
    instant = due.due_instant(schedule, day)
    wall = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    late = wall - datetime.combine(day, send_at)
    assert timedelta(0) <= late <= timedelta(hours=2)  # Antarctica/Troll moves by two
    if late:  # then there was no such wall time, and the moment before was earlier than it
        before = (instant - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        assert before < datetime.combine(day, send_at)


@pytest.mark.parametrize("zone", ["Nowhere/Atlantis", "", "America", "../../etc/passwd", "Europe/Berl\0in"])
def test_a_zone_that_this_machine_does_not_know_is_read_as_utc_and_stops_nobody(zone):
    assert due.due_instant(Schedule(zone, time(7, 30)), date(2026, 5, 18)) == utc("2026-05-18T07:30")


# --- the plan -----------------------------------------------------------------------------------------------------

TUESDAY, WEDNESDAY, THURSDAY = (date(2026, 5, day) for day in (19, 20, 21))
WORKDAYS = replace(BERLIN, days=frozenset(range(5)))
LATE = replace(BERLIN, send_at=time(23, 50))


@pytest.mark.parametrize(
    ("schedule", "last_issue", "now", "early", "plan"),
    [
        pytest.param(BERLIN, None, "2026-05-20T05:29", False, due.Plan(None, utc("2026-05-20T05:30")), id="not yet"),
        pytest.param(BERLIN, None, "2026-05-20T05:30", False, due.Plan(WEDNESDAY, utc("2026-05-21T05:30")), id="now"),
        pytest.param(
            BERLIN,
            TUESDAY,
            "2026-05-20T21:59",
            False,
            due.Plan(WEDNESDAY, utc("2026-05-21T05:30")),
            id="late, same day",
        ),
        pytest.param(
            BERLIN, TUESDAY, "2026-05-20T22:00", False, due.Plan(None, utc("2026-05-21T05:30")), id="the day is over"
        ),
        pytest.param(BERLIN, WEDNESDAY, "2026-05-20T12:00", False, due.Plan(None, utc("2026-05-21T05:30")), id="done"),
        pytest.param(
            BERLIN,
            date(2026, 5, 1),
            "2026-05-20T06:00",
            False,
            due.Plan(WEDNESDAY, utc("2026-05-21T05:30")),
            id="downtime",
        ),
        pytest.param(
            BERLIN, TUESDAY, "2026-05-19T23:00", True, due.Plan(WEDNESDAY, utc("2026-05-21T05:30")), id="early"
        ),
        pytest.param(
            BERLIN, WEDNESDAY, "2026-05-20T12:00", True, due.Plan(None, utc("2026-05-21T05:30")), id="early, but done"
        ),
        pytest.param(WORKDAYS, None, "2026-05-23T06:00", False, due.Plan(None, utc("2026-05-25T05:30")), id="weekend"),
        pytest.param(
            WORKDAYS, None, "2026-05-23T06:00", True, due.Plan(None, utc("2026-05-25T05:30")), id="early on a weekend"
        ),
        pytest.param(
            WORKDAYS, None, "2026-05-22T06:00", False, due.Plan(date(2026, 5, 22), utc("2026-05-25T05:30")), id="Friday"
        ),
        pytest.param(
            LATE,
            TUESDAY,
            "2026-05-20T22:05",
            False,
            due.Plan(WEDNESDAY, utc("2026-05-21T21:50")),
            id="slow tick, midnight",
        ),
        pytest.param(
            LATE,
            TUESDAY,
            "2026-05-20T22:50",
            False,
            due.Plan(None, utc("2026-05-21T21:50")),
            id="an hour after, too late",
        ),
        pytest.param(
            LATE, None, "2026-05-20T22:05", False, due.Plan(WEDNESDAY, utc("2026-05-21T21:50")), id="so is the first"
        ),
        pytest.param(
            LATE, WEDNESDAY, "2026-05-20T22:05", False, due.Plan(None, utc("2026-05-21T21:50")), id="late, but done"
        ),
    ],
)
def test_today_is_composed_once_from_its_wall_time_on(schedule, last_issue, now, early, plan):
    assert due.plan(schedule, last_issue, utc(now), early=early) == plan


def test_a_schedule_without_days_is_never_due_and_does_not_hang_the_plan():
    now = utc("2026-05-20T06:00")
    for days in (frozenset(), frozenset({7, -1})):
        plan = due.plan(replace(BERLIN, days=days), None, now, early=True)
        assert plan.issue_date is None
        assert plan.next_due > now


def test_moving_west_across_the_date_line_gives_no_date_twice():
    now = utc("2026-05-20T06:00")  # the 20th in Auckland, still the 19th in Honolulu
    served = due.plan(Schedule("Pacific/Auckland"), None, now)
    assert served.issue_date == WEDNESDAY
    moved = Schedule("Pacific/Honolulu")
    assert due.plan(moved, served.issue_date, now, early=True).issue_date is None
    tomorrow = due.plan(moved, served.issue_date, utc("2026-05-20T18:00"))
    assert tomorrow == due.Plan(None, utc("2026-05-21T17:30"))


def test_a_clock_set_back_gives_no_date_twice():
    plan = due.plan(BERLIN, WEDNESDAY, utc("2026-05-18T12:00"), early=True)
    assert plan == due.Plan(None, utc("2026-05-21T05:30"))


@pytest.mark.parametrize(
    ("zone", "missing", "around"),
    [("Pacific/Apia", date(2011, 12, 30), "2011-12-27"), ("Pacific/Kwajalein", date(1993, 8, 21), "1993-08-18")],
)
@pytest.mark.parametrize("send_at", [time(0, 0), time(7, 30), time(23, 59)])
def test_a_day_that_the_date_line_swallowed_gets_no_edition_and_its_neighbours_get_theirs(
    zone, missing, around, send_at
):
    editions = _simulate(Schedule(zone, send_at), utc(around), [timedelta(minutes=20)] * 72 * 6)
    assert [day for day, _ in editions] == _local_days(zone, utc(around), 6)
    assert missing not in dict(editions)


def _local_days(zone: str, start: datetime, days: int) -> list[date]:
    """Whole local days between, as a clock on the wall would show them."""
    hours = (start + timedelta(hours=hour) for hour in range(24 * days))
    shown = sorted({hour.astimezone(ZoneInfo(zone)).date() for hour in hours})
    return shown[1:-1]


# --- a daemon, simulated ------------------------------------------------------------------------------------------


def _simulate(schedule: Schedule, start: datetime, waits: list[timedelta]) -> list[tuple[date, datetime]]:
    """The editions of whole local days that a daemon composes when it ticks after each of these waits.

    Like the store, it looks again when `next_due` has come; a restart forgets nothing, as the daemon knows nothing.
    """
    first_day = due.local_date(schedule, start)
    last_issue, next_due, now = first_day, start, start
    editions = []
    for wait in waits:
        now += wait
        if next_due > now:
            continue
        plan = due.plan(schedule, last_issue, now)
        assert plan.next_due > now
        next_due = plan.next_due
        if plan.issue_date is not None:
            assert plan.issue_date > last_issue
            editions.append((plan.issue_date, now))
            last_issue = plan.issue_date
    last_day = due.local_date(schedule, now)
    return [(day, at) for day, at in editions if day < last_day]


@given(
    zone=st.sampled_from(ZONES),
    start=MOMENTS,
    send_at=st.times(),
    days=st.frozensets(st.integers(0, 6), min_size=1),
    waits=st.lists(st.sampled_from([1, 5, 15, 29, 55]), min_size=1, max_size=20),
)
@example(zone="America/New_York", start=utc("2026-03-06"), send_at=time(2, 30), days=EVERY_DAY, waits=[5])
@example(zone="America/New_York", start=utc("2026-10-30"), send_at=time(1, 30), days=EVERY_DAY, waits=[5])
@example(zone="Australia/Lord_Howe", start=utc("2026-10-02"), send_at=time(2, 10), days=EVERY_DAY, waits=[29])
@example(zone="Africa/Cairo", start=utc("2026-04-22"), send_at=time(0, 0), days=EVERY_DAY, waits=[55])
@example(zone="America/Nuuk", start=utc("2026-03-26"), send_at=time(23, 59, 59), days=EVERY_DAY, waits=[55])
@settings(max_examples=150, deadline=None)
def test_one_edition_a_local_day_on_their_days_never_early_and_within_the_hour(zone, start, send_at, days, waits):
    """Ticks are skipped and late, but never by an hour or more."""
    schedule = Schedule(zone, send_at, days)
    steps = [timedelta(minutes=wait) for wait in (waits * (9 * 1440 // sum(waits) + 1))]
    editions = _simulate(schedule, start, steps)
    end = start + sum(steps, timedelta(0))
    first, last = due.local_date(schedule, start), due.local_date(schedule, end)
    between = (first + timedelta(days=ahead) for ahead in range(1, (last - first).days))
    assert [day for day, _ in editions] == [day for day in between if day.weekday() in days]
    for day, at in editions:
        assert timedelta(0) <= at - due.due_instant(schedule, day) < timedelta(hours=1)


@given(
    zones=st.lists(st.sampled_from(ZONES), min_size=1, max_size=12),
    start=MOMENTS,
    send_at=st.times(),
    minutes=st.lists(st.integers(-600, 3 * 1440), min_size=1, max_size=40),
    early=st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_whatever_zone_and_clock_do_no_date_is_issued_twice_and_the_next_look_is_ahead(
    zones, start, send_at, minutes, early
):
    """The clock jumps both ways and the subscriber travels at each look."""
    now, last_issue, issued = start, None, []
    for turn, minute in enumerate(minutes):
        now += timedelta(minutes=minute)
        plan = due.plan(Schedule(zones[turn % len(zones)], send_at), last_issue, now, early=early)
        assert plan.next_due > now
        if plan.issue_date:
            issued.append(plan.issue_date)
            last_issue = plan.issue_date
    assert issued == sorted(set(issued))


@given(st.sampled_from(ZONES), MOMENTS, st.times())
@settings(deadline=None)
def test_downtime_is_caught_up_with_todays_edition_alone(zone, now, send_at):
    schedule = Schedule(zone, send_at)
    today = due.local_date(schedule, now)
    assume(due.due_instant(schedule, today) <= now)
    plan = due.plan(schedule, today - timedelta(days=14), now)
    assert plan.issue_date in (today, today - timedelta(days=1))
    if plan.issue_date < today:
        assert now - due.due_instant(schedule, plan.issue_date) < timedelta(hours=1)
    else:
        assert plan.next_due == due.due_instant(schedule, today + timedelta(days=1))


# --- the next pull ------------------------------------------------------------------------------------------------

NOW = utc("2026-05-20T06:00")
HOUR, TEN_MINUTES = timedelta(hours=1), timedelta(minutes=10)


@pytest.mark.parametrize(
    ("every", "incomplete", "silence", "wait"),
    [
        (HOUR, False, None, HOUR),
        (HOUR, True, None, TEN_MINUTES),
        (timedelta(minutes=2), True, None, timedelta(minutes=2)),
        (HOUR, True, timedelta(minutes=30), timedelta(minutes=30)),
        (HOUR, False, timedelta(hours=6), timedelta(hours=6)),
        (HOUR, False, timedelta(minutes=1), HOUR),
        (HOUR, False, -HOUR, HOUR),
    ],
)
def test_a_source_is_visited_on_schedule_sooner_after_a_problem_and_never_while_it_wants_silence(
    every, incomplete, silence, wait
):
    not_before = None if silence is None else NOW + silence
    assert due.next_pull(every, NOW, incomplete=incomplete, not_before=not_before) == NOW + wait
