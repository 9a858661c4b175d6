"""Who is due when: tables for the decisions, and a simulated daemon over every zone there is."""

import zoneinfo
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from digest import due
from digest.model import EVERY_DAY, Away, Schedule

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
            "2026-05-20T23:49",
            False,
            due.Plan(WEDNESDAY, utc("2026-05-21T21:50")),
            id="an hour of waiting and a slow tick, midnight",
        ),
        pytest.param(
            LATE,
            TUESDAY,
            "2026-05-20T23:50",
            False,
            due.Plan(None, utc("2026-05-21T21:50")),
            id="two hours after, too late",
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
    editions = _simulate(Schedule(zone, send_at), utc(around), [(timedelta(minutes=20), False)] * 72 * 6)
    assert [day for day, _ in editions] == _local_days(zone, utc(around), 6)
    assert missing not in dict(editions)


def _local_days(zone: str, start: datetime, days: int) -> list[date]:
    """Whole local days between, as a clock on the wall would show them."""
    hours = (start + timedelta(hours=hour) for hour in range(24 * days))
    shown = sorted({hour.astimezone(ZoneInfo(zone)).date() for hour in hours})
    return shown[1:-1]


# --- absences and pauses ------------------------------------------------------------------------------------------

HOLIDAYS = replace(
    BERLIN, away=(Away(date(2026, 5, 20), date(2026, 5, 24)), Away(date(2026, 5, 26), date(2026, 5, 26)))
)
ONE_DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("schedule", "paused_until", "now", "issue", "following"),
    [
        (HOLIDAYS, None, "2026-05-19T06:00", TUESDAY, "2026-05-25T05:30"),
        (HOLIDAYS, None, "2026-05-20T06:00", None, "2026-05-25T05:30"),
        (HOLIDAYS, None, "2026-05-24T23:00", None, "2026-05-25T05:30"),
        (HOLIDAYS, None, "2026-05-25T06:00", date(2026, 5, 25), "2026-05-27T05:30"),
        (replace(HOLIDAYS, days=frozenset({1, 2})), None, "2026-05-19T06:00", TUESDAY, "2026-05-27T05:30"),
        (
            replace(BERLIN, away=(Away(WEDNESDAY, date(2026, 8, 1)),)),
            None,
            "2026-05-20T06:00",
            None,
            "2026-08-02T05:30",
        ),
        (BERLIN, THURSDAY, "2026-05-20T06:00", None, "2026-05-21T05:30"),
        (BERLIN, THURSDAY, "2026-05-21T06:00", THURSDAY, "2026-05-22T05:30"),
        (BERLIN, TUESDAY, "2026-05-20T06:00", WEDNESDAY, "2026-05-21T05:30"),  # it is over
        (WORKDAYS, date(2026, 7, 18), "2026-05-20T06:00", None, "2026-07-20T05:30"),  # ends on a Saturday
        (HOLIDAYS, date(2026, 5, 26), "2026-05-20T06:00", None, "2026-05-27T05:30"),
    ],
)
def test_nothing_is_due_in_an_absence_or_a_pause_and_the_next_look_is_after_it(
    schedule, paused_until, now, issue, following
):
    plan = due.plan(schedule, None, utc(now), paused_until=paused_until)
    assert plan == due.Plan(issue, utc(following))


def test_early_keeps_to_absences_too():
    assert due.plan(HOLIDAYS, None, utc("2026-05-20T00:00"), early=True).issue_date is None


@pytest.mark.parametrize("last", [date.max, date(9995, 1, 1)])
def test_an_absence_without_end_is_no_error(last):
    now = utc("2026-05-20T06:00")
    for schedule, paused_until in ((replace(BERLIN, away=(Away(TUESDAY, last),)), None), (BERLIN, last)):
        plan = due.plan(schedule, None, now, paused_until=paused_until)
        assert plan.issue_date is None
        assert plan.next_due > now


# --- how far back -------------------------------------------------------------------------------------------------

ISSUE = date(2026, 5, 20)  # a Wednesday
OLDEST = date(2026, 5, 6)
AWAY = replace(BERLIN, away=(Away(date(2026, 5, 11), date(2026, 5, 17)),))
WEEKLY = replace(BERLIN, days=frozenset({2}))


def may(day):
    return date(2026, 5, day)


@pytest.mark.parametrize(
    ("schedule", "last_issue", "paused_until", "reach"),
    [
        pytest.param(BERLIN, may(19), None, due.Reach(), id="on time"),
        pytest.param(WORKDAYS, may(19), None, due.Reach(), id="on time, workdays"),
        pytest.param(WEEKLY, may(13), None, due.Reach(), id="on time, weekly"),
        pytest.param(BERLIN, None, None, due.Reach(oldest=OLDEST), id="the first"),
        pytest.param(BERLIN, may(18), None, due.Reach(may(18), OLDEST), id="a day missed"),
        pytest.param(WEEKLY, may(6), None, due.Reach(may(6), OLDEST), id="a week missed"),
        pytest.param(BERLIN, date(2026, 3, 1), None, due.Reach(date(2026, 3, 1), OLDEST), id="months missed"),
        pytest.param(AWAY, may(10), None, due.Reach(may(10), OLDEST), id="an absence and two days of downtime"),
        pytest.param(
            replace(AWAY, catch_up=False),
            may(10),
            None,
            due.Reach(may(17), OLDEST, utc("2026-05-17T05:30")),
            id="a fresh start after an absence, then two days of downtime",
        ),
        pytest.param(
            replace(BERLIN, catch_up=False), may(10), None, due.Reach(may(10), OLDEST), id="downtime is caught up with"
        ),
        pytest.param(BERLIN, may(10), ISSUE, due.Reach(may(10), OLDEST), id="a pause"),
        pytest.param(
            replace(BERLIN, catch_up=False),
            may(10),
            ISSUE,
            due.Reach(after=utc("2026-05-19T05:30")),
            id="a fresh start after a pause",
        ),
        pytest.param(
            replace(WEEKLY, catch_up=False),
            may(6),
            ISSUE,
            due.Reach(after=utc("2026-05-13T05:30")),
            id="a fresh start, weekly, has a week's worth",
        ),
        pytest.param(
            replace(WEEKLY, away=(Away(may(14), may(19)),)), may(13), None, due.Reach(), id="away between two issues"
        ),
        pytest.param(
            replace(WORKDAYS, away=(Away(may(16), may(17)),)), may(19), None, due.Reach(), id="away on days off"
        ),
    ],
)
def test_an_edition_looks_back_on_days_that_were_missed_and_says_from_when(schedule, last_issue, paused_until, reach):
    assert due.reach(schedule, last_issue, ISSUE, paused_until=paused_until) == reach


def test_workdays_that_come_after_a_weekend_miss_nothing():
    assert due.reach(WORKDAYS, may(15), may(18)) == due.Reach()


# --- waiting ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schedule", "day", "now", "grace", "again"),
    [
        (BERLIN, WEDNESDAY, "2026-05-20T05:30", 30, "2026-05-20T05:35"),
        (BERLIN, WEDNESDAY, "2026-05-20T05:57", 30, "2026-05-20T06:00"),
        (BERLIN, WEDNESDAY, "2026-05-20T06:00", 30, None),
        (BERLIN, WEDNESDAY, "2026-05-20T09:00", 30, None),
        (BERLIN, WEDNESDAY, "2026-05-20T05:30", 0, None),
        (LATE, WEDNESDAY, "2026-05-20T22:45", 60, "2026-05-20T22:50"),  # past midnight
    ],
)
def test_an_edition_waits_five_minutes_at_a_time_and_no_longer_than_its_grace(schedule, day, now, grace, again):
    found = due.look_again(schedule, day, utc(now), timedelta(minutes=grace))
    assert found == (again and utc(again))


LATE_LOOKS = st.lists(st.integers(1, 55), min_size=200, max_size=400)  # no more than 16 days of them


@given(st.sampled_from(ZONES), MOMENTS, st.times(), st.integers(0, 60), LATE_LOOKS)
@settings(max_examples=40, deadline=None)
def test_waiting_costs_no_edition_and_no_day_a_second_one(zone, start, send_at, grace, waits):
    """Every edition waits for all its grace, and ticks are late: each day still has one, of the day itself."""
    schedule, now, next_due = Schedule(zone, send_at), start, start
    last_issue, issued = due.local_date(schedule, start), []
    for wait in waits:
        now += timedelta(minutes=wait)
        if next_due > now:
            continue
        plan = due.plan(schedule, last_issue, now)
        again = plan.issue_date and due.look_again(schedule, plan.issue_date, now, timedelta(minutes=grace))
        next_due = again or plan.next_due
        if plan.issue_date and not again:
            issued.append(plan.issue_date)
            last_issue = plan.issue_date
    assert issued == _local_days(zone, start, 20)[: len(issued)]
    assert len(issued) >= (now - start).days - 2


# --- a daemon, simulated ------------------------------------------------------------------------------------------

Look = tuple[timedelta, bool]  # how long after the last one, and whether the process dies before it has written it down


@dataclass
class Daemon:
    """One subscriber's row, and whoever looks at it: a restart forgets nothing, as the daemon knows nothing."""

    schedule: Schedule
    last_issue: date
    next_due: datetime
    paused_until: date | None = None
    editions: list[tuple[date, datetime]] = field(default_factory=list)

    def look(self, now: datetime, *, dies: bool = False) -> None:
        if self.next_due > now:
            return
        plan = due.plan(self.schedule, self.last_issue, now, paused_until=self.paused_until)
        assert plan.next_due > now
        if dies:
            return
        self.next_due = plan.next_due
        if plan.issue_date is not None:
            assert plan.issue_date > self.last_issue
            self.editions.append((plan.issue_date, now))
            self.last_issue = plan.issue_date


def _simulate(
    schedule: Schedule, start: datetime, looks: list[Look], paused_until: date | None = None
) -> list[tuple[date, datetime]]:
    """The editions of whole local days that come of these looks."""
    daemon, now = Daemon(schedule, due.local_date(schedule, start), start, paused_until), start
    for wait, dies in looks:
        now += wait
        daemon.look(now, dies=dies)
    last_day = due.local_date(schedule, now)
    return [(day, at) for day, at in daemon.editions if day < last_day]


def _looks(waits: list[tuple[int, bool]], days: int) -> list[Look]:
    """Looks for so many days at these waits, in minutes, again and again; one that dies is not followed by another."""
    once = [(timedelta(minutes=wait), dies and not waits[place - 1][1]) for place, (wait, dies) in enumerate(waits)]
    return once * (days * 1440 // sum(wait for wait, _ in waits) + 1)


def _absences(start: datetime, between: list[tuple[int, int]]) -> tuple[Away, ...]:
    first = start.date()
    return tuple(Away(first + begin * ONE_DAY, first + (begin + length) * ONE_DAY) for begin, length in between)


@given(
    zone=st.sampled_from(ZONES),
    start=MOMENTS,
    send_at=st.times(),
    days=st.frozensets(st.integers(0, 6), min_size=1),
    waits=st.lists(st.tuples(st.sampled_from([1, 5, 15, 27]), st.booleans()), min_size=2, max_size=20),
    away=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), max_size=2),
    pause=st.none() | st.integers(-3, 9),
)
@example("America/New_York", utc("2026-03-06"), time(2, 30), EVERY_DAY, [(5, False)], [], None)
@example("America/New_York", utc("2026-10-30"), time(1, 30), EVERY_DAY, [(5, False)], [], None)
@example("Australia/Lord_Howe", utc("2026-10-02"), time(2, 10), EVERY_DAY, [(29, False)], [], None)
@example("Africa/Cairo", utc("2026-04-22"), time(0, 0), EVERY_DAY, [(55, False)], [(1, 0)], None)
@example("America/Nuuk", utc("2026-03-26"), time(23, 59, 59), EVERY_DAY, [(55, False)], [], None)
@example("Pacific/Apia", utc("2026-03-30"), time(3, 30), EVERY_DAY, [(27, True), (27, False)], [], 2)
@example("Pacific/Kiritimati", utc("2026-12-29"), time(0, 0), EVERY_DAY, [(27, False)], [(2, 1)], None)
@settings(max_examples=300, deadline=None)
def test_one_edition_a_local_open_day_never_early_and_within_the_hour(  # noqa: PLR0917
    zone, start, send_at, days, waits, away, pause
):
    """Looks are skipped, late, and in vain as the process dies; but no hour is without one."""
    schedule = Schedule(zone, send_at, days, _absences(start, away))
    paused_until = None if pause is None else start.date() + pause * ONE_DAY
    looks = _looks(waits, 10)
    editions = _simulate(schedule, start, looks, paused_until)
    end = start + sum((wait for wait, _ in looks), timedelta(0))
    first, last = due.local_date(schedule, start), due.local_date(schedule, end)
    between = [first + ahead * ONE_DAY for ahead in range(1, (last - first).days)]
    assert [day for day, _ in editions] == [
        day
        for day in between
        if day.weekday() in days
        and not any(each.first <= day <= each.last for each in schedule.away)
        and (paused_until is None or day >= paused_until)
    ]
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
        assert now - due.due_instant(schedule, plan.issue_date) < timedelta(hours=2)
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


# Weekdays' news of a source, complete for its day from noon on.
def of_weekdays(now):
    day = (now - timedelta(hours=12)).date()
    return day - timedelta(days=max(0, day.weekday() - 4))


@pytest.mark.parametrize(
    ("covered", "now", "every", "at"),
    [
        (TUESDAY, "2026-05-20T10:30", HOUR, None),  # not before the next visit as usual
        (TUESDAY, "2026-05-20T11:30", HOUR, "2026-05-20T12:00"),
        (TUESDAY, "2026-05-20T11:35", HOUR, "2026-05-20T12:05"),
        (TUESDAY, "2026-05-20T12:10", HOUR, "2026-05-20T12:20"),  # it is late: soon again
        (TUESDAY, "2026-05-20T17:59", HOUR, "2026-05-20T18:09"),
        (TUESDAY, "2026-05-20T18:00", HOUR, None),  # for hours: as usual
        (WEDNESDAY, "2026-05-20T12:10", HOUR, None),
        (TUESDAY, "2026-05-20T10:30", timedelta(hours=6), "2026-05-20T12:00"),
        (TUESDAY, "2026-05-20T12:10", timedelta(minutes=5), None),
        (date(2026, 5, 22), "2026-05-23T11:50", HOUR, None),  # a weekend
        (None, "2026-05-20T12:10", HOUR, None),  # never read: the problem speaks for itself
    ],
)
def test_a_source_is_visited_when_its_calendar_says_that_there_is_more(covered, now, every, at):
    moment = due.awaited(of_weekdays, covered, utc(now), every)
    assert moment == (at and utc(at))
    planned = due.next_pull(every, utc(now), incomplete=False, not_before=None, awaited=moment)
    assert planned == (moment or utc(now) + every)


def test_a_source_without_a_calendar_is_not_awaited():
    assert due.awaited(lambda _now: None, TUESDAY, NOW, HOUR) is None


def test_silence_is_kept_also_when_something_is_awaited():
    later = NOW + 2 * HOUR
    assert due.next_pull(HOUR, NOW, incomplete=False, not_before=later, awaited=NOW + TEN_MINUTES) == later
