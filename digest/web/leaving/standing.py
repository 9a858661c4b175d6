"""How things stand with a subscription, in words: pure."""

from datetime import date, datetime

from digest import due
from digest.model import Status, Subscriber


def is_paused(subscriber: Subscriber, now: datetime) -> bool:
    """Whether nothing comes for now, and something will again."""
    until = subscriber.paused_until
    if subscriber.status is Status.PAUSED:
        return True
    today = due.local_date(subscriber.schedule, now)
    return subscriber.status is Status.ACTIVE and until is not None and until > today


def a_month_on(day: date) -> date:
    """The same day of the next month, or the first of the month after it where there is none."""
    year, month = day.year + day.month // 12, day.month % 12 + 1
    try:
        return date(year, month, day.day)
    except ValueError:
        return date(year, month + 1, 1)
