"""Who is due when, and what follows an outcome: pure decisions, no clock, no store."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from digest.model import Outcome, Schedule, Settled, State, Verdict


@dataclass(frozen=True, slots=True)
class Plan:
    """What a look at one subscriber's schedule says."""

    issue_date: date | None  # compose this edition now, or nothing
    next_due: datetime  # look again then


def local_date(schedule: Schedule, now: datetime) -> date:
    return now.astimezone(ZoneInfo(schedule.timezone)).date()


def due_instant(schedule: Schedule, day: date) -> datetime:
    """The UTC instant at which the edition of the local `day` is due.

    A wall time that a clock change skips counts as the moment after the gap; one that comes twice, as its first.
    """
    wall = datetime.combine(day, schedule.send_at, ZoneInfo(schedule.timezone))  # fold=0: the first of two
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


def _days_from(schedule: Schedule, first: date) -> Iterator[date]:
    day = first
    while True:
        if day.weekday() in schedule.days:
            yield day
        day += timedelta(days=1)


def plan(schedule: Schedule, last_issue: date | None, now: datetime, *, early: bool = False) -> Plan:
    """What is due for a subscriber at `now`, and when to look again.

    Only today's edition is ever composed: a day that passed while nobody looked is not sent late; what it would
    have held is in the next one. `early` does not wait for the wall time, but keeps to the subscriber's days. A
    local date never gets a second edition, also when the zone or the clock moves back.
    """
    today = local_date(schedule, now)
    first_open = today if last_issue is None else max(today, last_issue + timedelta(days=1))
    day = next(_days_from(schedule, first_open))
    if day == today and (early or due_instant(schedule, today) <= now):
        following = next(_days_from(schedule, today + timedelta(days=1)))
        return Plan(today, due_instant(schedule, following))
    return Plan(None, due_instant(schedule, day))


_FIRST_RETRY = timedelta(minutes=5)  # greylisting lets a second try in after a few minutes
_LONGEST_WAIT = timedelta(hours=4)
_MOST_ATTEMPTS = 12  # with the doubling above: about 25 hours


def settle(outcome: Outcome, attempts: int, now: datetime, *, on_unknown: str = "resend") -> Settled:
    """What becomes of a delivery after its attempt number `attempts` (from 1) ended in `outcome`."""
    match outcome.verdict:
        case Verdict.SENT:
            return Settled(State.SENT)
        case Verdict.FAILED:
            return Settled(State.FAILED)
        case Verdict.UNKNOWN if on_unknown == "hold":
            return Settled(State.UNKNOWN)
    if attempts >= _MOST_ATTEMPTS:
        return Settled(State.FAILED)
    wait = min(_FIRST_RETRY * 2 ** (attempts - 1), _LONGEST_WAIT)
    state = State.UNKNOWN if outcome.verdict is Verdict.UNKNOWN else State.DEFERRED
    return Settled(state, now + wait)


_AFTER_PROBLEM = timedelta(minutes=10)


def next_pull(every: timedelta, now: datetime, *, incomplete: bool, not_before: datetime | None) -> datetime:
    """When to visit a source again: on its schedule, sooner after a failure, never while it asked for silence."""
    planned = now + (min(every, _AFTER_PROBLEM) if incomplete else every)
    return max(planned, not_before) if not_before else planned
