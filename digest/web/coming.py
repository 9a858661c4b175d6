"""When a digest comes, in words: pure."""

from datetime import date, datetime, timedelta

from digest import due
from digest.model import Schedule, Status, Subscriber
from digest.rendering.language import ENGLISH
from digest.web.zones import said


def comes(subscriber: Subscriber, now: datetime) -> str:
    """When the next digest comes, as a sentence goes on: "in a few minutes", "tomorrow at 07:30 (Berlin time)".

    Empty if none is planned.
    """
    if subscriber.status is not Status.ACTIVE or not subscriber.schedule.days:
        return ""
    plan = due.plan_of(subscriber, now)
    if plan.issue_date is not None:
        return "in a few minutes"
    local = plan.next_due.astimezone(due.zone(subscriber.schedule))
    today = due.local_date(subscriber.schedule, now)
    return f"{_day(local.date(), today)} at {local:%H:%M} ({said(subscriber.schedule.timezone)})"


def _day(day: date, today: date) -> str:
    if day == today:
        return "today"
    if day == today + timedelta(days=1):
        return "tomorrow"
    return f"on {ENGLISH.weekday(day.weekday())}, {ENGLISH.plain_day(day, today)}"


def daily(schedule: Schedule) -> str:
    """At what time it comes: "every day at 07:30, Berlin time"."""
    return f"every day at {schedule.send_at:%H:%M}, {said(schedule.timezone)}"
