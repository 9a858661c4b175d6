"""Who is due when: pure decisions, no clock, no store."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from digest.model import Schedule


@dataclass(frozen=True, slots=True)
class Plan:
    """What a look at one subscriber's schedule says."""

    issue_date: date | None  # compose this edition now, or nothing
    next_due: datetime  # look again then


def local_date(schedule: Schedule, now: datetime) -> date:
    return now.astimezone(zone(schedule)).date()


def zone(schedule: Schedule) -> tzinfo:
    """The schedule's zone; UTC for a name that this machine's zone data do not have.

    Names are checked where they are entered, but zone data differ between machines, and one subscriber's zone must
    not stop the others.
    """
    try:
        return ZoneInfo(schedule.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: "America" is a folder
        return UTC


def due_instant(schedule: Schedule, day: date) -> datetime:
    """The UTC instant at which the edition of the local `day` is due.

    A wall time that a clock change skips counts as the moment after the gap; one that comes twice, as its first.
    """
    wall = datetime.combine(day, schedule.send_at, zone(schedule))  # fold=0: the first of two
    instant = wall.astimezone(UTC)
    if instant.astimezone(wall.tzinfo).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return instant
    return _end_of_gap(wall)


def _end_of_gap(wall: datetime) -> datetime:
    """The first instant after the gap that swallowed `wall` (PEP 495: its two folds lie on both sides)."""
    low, high = sorted(wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    before = low.astimezone(wall.tzinfo).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(wall.tzinfo).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def _next_day(schedule: Schedule, first: date) -> date | None:
    """The first of the schedule's days from `first` on; None if it has none."""
    week = (first + timedelta(days=ahead) for ahead in range(7))
    return next((day for day in week if day.weekday() in schedule.days), None)


_GRACE = timedelta(hours=1)  # how long after its instant an edition is still due when its day is over
_NEVER = timedelta(days=1)  # how long not to look at a schedule without days


def plan(schedule: Schedule, last_issue: date | None, now: datetime, *, early: bool = False) -> Plan:
    """What is due for a subscriber at `now`, and when to look again.

    Only today's edition is ever composed: a day that passed while nobody looked is not sent late; what it would
    have held is in the next one. But what was due just before midnight is not late for an hour. `early` does not wait
    for the wall time, but keeps to the subscriber's days. A local date never gets a second edition, also when
    the zone or the clock moves back.
    """
    today = local_date(schedule, now)
    issue = _issue(schedule, last_issue, now, today, early=early)
    issued = [day for day in (last_issue, issue) if day is not None]
    first_open = max([today, *(day + timedelta(days=1) for day in issued)])
    following = _next_day(schedule, first_open)
    return Plan(issue, due_instant(schedule, following) if following else now + _NEVER)


def _issue(schedule: Schedule, last_issue: date | None, now: datetime, today: date, *, early: bool) -> date | None:
    before = local_date(schedule, now - _GRACE)  # not "today minus one": crossing the date line swallows whole days
    if not early and before < today and _open(schedule, last_issue, before):
        instant = due_instant(schedule, before)
        if instant <= now < instant + _GRACE:
            return before
    if _open(schedule, last_issue, today) and (early or due_instant(schedule, today) <= now):
        return today
    return None


def _open(schedule: Schedule, last_issue: date | None, day: date) -> bool:
    return day.weekday() in schedule.days and (last_issue is None or day > last_issue)


_AFTER_PROBLEM = timedelta(minutes=10)


def next_pull(every: timedelta, now: datetime, *, incomplete: bool, not_before: datetime | None) -> datetime:
    """When to visit a source again: on its schedule, sooner after a failure, never while it asked for silence."""
    planned = now + (min(every, _AFTER_PROBLEM) if incomplete else every)
    return max(planned, not_before) if not_before else planned
