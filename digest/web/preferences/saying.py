"""When somebody's digest comes next, and from when a change holds, as people say it."""

from datetime import date, datetime, timedelta

from digest import due
from digest.model import EVERY_DAY, Schedule, Status, Subscriber
from digest.rendering.language import ENGLISH
from digest.web.zones import said


def comes(subscriber: Subscriber, now: datetime) -> str:
    """When the next digest comes: "tomorrow, Friday, 19 June 2026, at 07:30"; empty if none does."""
    if subscriber.status is not Status.ACTIVE or not subscriber.schedule.days:
        return ""
    plan = due.plan_of(subscriber, now)
    if plan.issue_date:
        return "within the hour"
    moment = plan.next_due.astimezone(due.zone(subscriber.schedule))
    today = due.local_date(subscriber.schedule, now)
    return f"{_day(moment.date(), today)}, at {moment:%H:%M}"


def holds(subscriber: Subscriber, now: datetime) -> str:
    """From when what was saved is so, a sentence."""
    match subscriber.status:
        case Status.PAUSED:
            return "It holds from your first digest after the pause."
        case Status.SUPPRESSED:
            return "It holds from the day that mail to your address works again."
    when = comes(subscriber, now)
    return f"It holds from your next digest: {when}." if when else "It holds from your next digest."


def rhythm(schedule: Schedule) -> str:
    """How often, and when: "Every day at 07:30, Berlin time"."""
    return f"{_days(schedule.days)} at {schedule.send_at:%H:%M}, {said(schedule.timezone)}"


_WEEK = frozenset(range(5))


def _days(days: frozenset[int]) -> str:
    if days == EVERY_DAY:
        return "Every day"
    if days == _WEEK:
        return "Monday to Friday"
    names = [f"{ENGLISH.weekday(day)}s" if len(days) == 1 else ENGLISH.weekday(day)[:3] for day in sorted(days)]
    return ENGLISH.listed(names)


def _day(day: date, today: date) -> str:
    named = ENGLISH.long_day(day)
    if day == today:
        return f"today, {named}"
    return f"tomorrow, {named}" if day == today + timedelta(days=1) else f"on {named}"
