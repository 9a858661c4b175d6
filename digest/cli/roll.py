"""How a list of subscribers shows each of them."""

from datetime import date, datetime

from digest import due
from digest.config import day_names, record, written
from digest.model import EVERY_DAY, Origin, Status, Subscriber

COLUMNS = ["address", "status", "kept in", "keywords", "comes", "mail", "next", "last"]


def next_due(subscriber: Subscriber, now: datetime) -> datetime | None:
    """When the next edition comes, in the subscriber's own time; None for who gets none."""
    if subscriber.status is not Status.ACTIVE:
        return None
    plan = due.plan_of(subscriber, now)
    moment = now if plan.issue_date else plan.next_due
    return moment.astimezone(due.zone(subscriber.schedule))


def pause_ends(subscriber: Subscriber, now: datetime) -> date | None:
    """The local day on which a pause ends by itself, if there is one now."""
    until = subscriber.paused_until
    is_paused = until is not None and until > due.local_date(subscriber.schedule, now)
    return until if is_paused and subscriber.status is Status.ACTIVE else None


def as_row(subscriber: Subscriber, now: datetime) -> list[object]:
    """Under `COLUMNS`."""
    until = pause_ends(subscriber, now)
    return [
        subscriber.email,
        f"paused until {until}" if until else subscriber.status,
        "config.toml" if subscriber.origin is Origin.FILE else "database",
        ", ".join(subscriber.profile.keywords) or "none",
        _comes(subscriber, now),
        " ".join(filter(None, [subscriber.format, subscriber.layout, subscriber.locale])),
        next_due(subscriber, now),
        subscriber.last_issue,
    ]


def _comes(subscriber: Subscriber, now: datetime) -> str:
    schedule = subscriber.schedule
    today = due.local_date(schedule, now)
    days = "" if schedule.days == EVERY_DAY else f" {' '.join(day_names(schedule.days))}"
    away = ", ".join(written(absence for absence in schedule.away if absence.last >= today))
    return f"{schedule.send_at:%H:%M} {schedule.timezone}{days}{f', away {away}' if away else ''}"


def as_json(subscriber: Subscriber, now: datetime) -> dict[str, object]:
    """With all that can be written about a subscriber."""
    return {
        **record(subscriber),
        "origin": subscriber.origin,
        "paused_until": pause_ends(subscriber, now),
        "next_due": next_due(subscriber, now),
        "last_issue": subscriber.last_issue,
    }
