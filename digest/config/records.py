"""A subscriber as the configuration writes one."""

from typing import Any

from digest.config.absences import written
from digest.config.values import day_names
from digest.model import Subscriber

STATUS = "status"  # beside the keys of [[subscribers]]
PAUSED_UNTIL = "paused_until"


def record(subscriber: Subscriber) -> dict[str, Any]:
    """A subscriber by the keys of [[subscribers]], `status` and `paused_until`; as plain as JSON and TOML are."""
    profile, schedule = subscriber.profile, subscriber.schedule
    return {
        "email": subscriber.email,
        "name": subscriber.name,
        "keywords": list(profile.keywords),
        "categories": list(profile.categories),
        "sources": list(profile.sources),
        "timezone": schedule.timezone,
        "send_at": f"{schedule.send_at:%H:%M}",
        "days": day_names(schedule.days),
        "away": written(schedule.away),
        "catch_up": schedule.catch_up,
        "max_papers": profile.max_papers,
        "max_trending": profile.max_trending,
        "min_match": profile.min_match,
        "max_per_term": profile.max_per_term,
        "diversity": profile.diversity,
        "signals": profile.signals,
        "format": subscriber.format.value,
        "layout": subscriber.layout.value,
        "locale": subscriber.locale,
        "send_empty": subscriber.send_empty,
        STATUS: subscriber.status.value,
        PAUSED_UNTIL: subscriber.paused_until.isoformat() if subscriber.paused_until else "",
    }
