"""How often somebody's digest comes, and from when a change holds, as people say it."""

from datetime import datetime

from digest.model import EVERY_DAY, Schedule, Status, Subscriber
from digest.rendering.language import ENGLISH
from digest.web.coming import comes
from digest.web.zones import said


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
