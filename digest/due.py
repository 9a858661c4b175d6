"""Who is due when: pure decisions, no clock, no store."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from digest.model import EVERY_DAY, Away, Schedule, Subscriber


@dataclass(frozen=True, slots=True)
class Plan:
    """What a look at one subscriber's schedule says."""

    issue_date: date | None  # compose this edition now, or nothing
    next_due: datetime  # when the one after it is; if none ever is, when to look again


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


# --- which days ---------------------------------------------------------------------------------------------------

_DAY = timedelta(days=1)
_FAR = date(9990, 1, 1)  # nobody waits for it, and the calendar ends soon after


def _next_day(schedule: Schedule, first: date) -> date | None:
    """The first open day from `first` on; None if there is none."""
    day = first
    while schedule.days & EVERY_DAY and day < _FAR:
        if absence := _absence(schedule, day):
            day = absence.last + _DAY if absence.last < _FAR else _FAR
        elif day.weekday() in schedule.days:
            return day
        else:
            day += _DAY
    return None


def _absence(schedule: Schedule, day: date) -> Away | None:
    return next((away for away in schedule.away if away.first <= day <= away.last), None)


def _open(schedule: Schedule, day: date, last_issue: date | None, paused_until: date | None) -> bool:
    if last_issue is not None and day <= last_issue:
        return False
    return day.weekday() in schedule.days and not _absent(schedule, day, paused_until)


def _absent(schedule: Schedule, day: date, paused_until: date | None) -> bool:
    return (paused_until is not None and day < paused_until) or _absence(schedule, day) is not None


# --- the plan -----------------------------------------------------------------------------------------------------

_STILL_DUE = timedelta(hours=2)  # how long after its instant an edition is due when its day is over
_NEVER = timedelta(days=1)  # how long not to look at a schedule without days


def plan(
    schedule: Schedule,
    last_issue: date | None,
    now: datetime,
    *,
    paused_until: date | None = None,
    early: bool = False,
) -> Plan:
    """What is due for a subscriber at `now`, and when to look again.

    Only today's edition is ever composed: a day that passed while nobody looked is not sent late; what it would
    have held is in the next one. But what was due just before midnight is not late for two hours: one of them it may
    have waited for a source. `early` does not wait for the wall time, but keeps to the subscriber's days. A local date
    never gets a second edition, also when the zone or the clock moves back.
    """
    today = local_date(schedule, now)
    issue = _issue(schedule, last_issue, now, today, paused_until, early=early)
    issued = [day + _DAY for day in (last_issue, issue) if day is not None]
    following = _next_day(schedule, max([today, *issued, *([paused_until] if paused_until else [])]))
    return Plan(issue, due_instant(schedule, following) if following else now + _NEVER)


def plan_of(subscriber: Subscriber, now: datetime, *, early: bool = False) -> Plan:
    """The `plan` of one subscriber."""
    one = subscriber
    return plan(one.schedule, one.last_issue, now, paused_until=one.paused_until, early=early)


def _issue(  # noqa: PLR0913  (the whole of the matter)
    schedule: Schedule,
    last_issue: date | None,
    now: datetime,
    today: date,
    paused_until: date | None,
    *,
    early: bool,
) -> date | None:
    before = local_date(schedule, now - _STILL_DUE)  # not "today minus one": the date line swallows whole days
    if not early and before < today and _open(schedule, before, last_issue, paused_until):
        instant = due_instant(schedule, before)
        if instant <= now < instant + _STILL_DUE:
            return before
    if _open(schedule, today, last_issue, paused_until) and (early or due_instant(schedule, today) <= now):
        return today
    return None


WAIT = timedelta(minutes=5)  # between two looks


@dataclass(frozen=True, slots=True)
class Planned:
    """Subscribers of one schedule who are to be looked at again at about the same time."""

    schedule: Schedule
    last_issue: date | None
    paused_until: date | None
    count: int


def waits(planned: Iterable[Planned], now: datetime, grace: timedelta) -> tuple[int, datetime | None]:
    """How many of these are looked at again because they wait for a late source, and when the last has waited enough."""
    count, end = 0, None
    for one in planned:
        day = plan(one.schedule, one.last_issue, now, paused_until=one.paused_until).issue_date
        if day is not None:
            count += one.count
            patience_ends = due_instant(one.schedule, day) + grace
            end = max(end or patience_ends, patience_ends)
    return count, end


def look_again(schedule: Schedule, issue_date: date, now: datetime, grace: timedelta) -> datetime | None:
    """When to look again at an edition that waits for a late source; None once it has waited for all its `grace`."""
    patience_ends = due_instant(schedule, issue_date) + grace
    return min(now + WAIT, patience_ends) if now < patience_ends else None


# --- how far back an edition looks --------------------------------------------------------------------------------

LONGEST_LOOK = timedelta(days=14)  # back from an edition's day, when others were missed before it


@dataclass(frozen=True, slots=True)
class Reach:
    """What an edition takes up of all that its subscriber has not had."""

    since: date | None = None  # the day of the edition before it, if their days were missed in between; None: none were
    oldest: date | None = None  # nothing of an earlier day; None: everything
    after: datetime | None = None  # nothing announced up to then; None: everything


def reach(schedule: Schedule, last_issue: date | None, issue_date: date, *, paused_until: date | None = None) -> Reach:
    """How far back the edition of `issue_date` looks after downtime, an absence or a pause.

    Days that the schedule does not have are not missed. Who does not want to catch up starts on their return as if the
    edition of the last day of their absence had come: what follows it is one day's worth. A first edition looks back on
    the days before, of which the subscriber's cursor knows, and never speaks of it.
    """
    oldest = issue_date - LONGEST_LOOK
    if last_issue is None:
        return Reach(oldest=oldest)
    between = (issue_date - n * _DAY for n in range(1, LONGEST_LOOK.days + 1))  # longer ago makes no difference
    missed = [day for day in between if day > last_issue and day.weekday() in schedule.days]
    left_out = None
    if not schedule.catch_up:
        left_out = next((day for day in missed if _absent(schedule, day, paused_until)), None)
    after = due_instant(schedule, left_out) if left_out else None
    if not any(left_out is None or day > left_out for day in missed):
        return Reach(after=after)
    return Reach(left_out or last_issue, oldest, after)


# --- the next pull ------------------------------------------------------------------------------------------------

_SOONER = timedelta(minutes=10)
_HOPE = timedelta(hours=6)  # how long somebody who is late is asked more often than usual


def next_pull(
    every: timedelta,
    now: datetime,
    *,
    incomplete: bool,
    not_before: datetime | None,
    awaited: datetime | None = None,
) -> datetime:
    """When to visit a source again: on its schedule, sooner after a failure or when something is `awaited`.

    Never while it asked for silence.
    """
    planned = now + (min(every, _SOONER) if incomplete else every)
    soonest = min(planned, awaited) if awaited else planned
    return max(soonest, not_before) if not_before else soonest


def awaited(
    expected: Callable[[datetime], date | None], covered: date | None, now: datetime, every: timedelta
) -> datetime | None:
    """When, before the next visit as usual, there should be more than what is `covered`; None: not before it.

    `expected` says which day a source should be complete for at some time. Of one that is late for hours, nothing is.
    """
    if covered is None or _is_more(expected(now - _HOPE), covered):
        return None
    looks = (now + number * _SOONER for number in range(1, every // _SOONER))
    return next((at for at in looks if _is_more(expected(at), covered)), None)


def _is_more(expected: date | None, covered: date) -> bool:
    return expected is not None and expected > covered
