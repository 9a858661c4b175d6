"""Deliveries of one day: how many went which way, why, and each of them."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from starlette.responses import Response

from digest.model import State
from digest.store import Day, Place, Sending
from digest.web.admin import words
from digest.web.admin.visits import Visit

PAGE = 50  # lines
_DAY = timedelta(days=1)
_FIRST, _LAST = date(2000, 1, 1), date(9000, 1, 1)


def list_(visit: Visit) -> Response:
    """A page of one day's deliveries, the newest first; the last day on which anything was composed, if none is asked for."""
    store, today = visit.desk.store, visit.now.date()
    wanted, is_day = read_day(visit.asked("day"), store.last_composed() or today)
    group = visit.asked("state") if visit.asked("state") in words.GROUPS else ""
    found = store.sendings(wanted, _states(group), read_place(visit.asked("before")), PAGE + 1)
    counted = store.day(wanted)
    return visit.page(
        "deliveries",
        "Deliveries",
        day=wanted,
        day_name=words.on(wanted),
        is_day=is_day,
        earlier=wanted - _DAY,
        later=wanted + _DAY if wanted < today else None,
        composed=counted.editions,
        groups=[(name, words.NAMES[name], count) for name, count in grouped(counted).items()],
        group=group,
        said=[(text, count) for text, count in store.said(wanted) if text],
        rows=[(one, words.became(one, visit.now), words.why(one)) for one in found[:PAGE]],
        before=written(found[PAGE - 1]) if len(found) > PAGE else "",
    )


def _states(group: str) -> tuple[State, ...]:
    return words.GROUPS[group] if group else tuple(State)


def read_day(asked: str, otherwise: date) -> tuple[date, bool]:
    """The day that is asked for, or another; and whether what was asked for can be read."""
    try:
        day = date.fromisoformat(asked) if asked else otherwise
    except ValueError:
        return otherwise, False
    return (day, True) if _FIRST <= day <= _LAST else (otherwise, False)


def grouped(day: Day) -> Counter[str]:
    """How many went which way, by group."""
    return Counter({name: sum(day.states[state] for state in states) for name, states in words.GROUPS.items()})


def written(last: Sending) -> str:
    """Where the next page begins."""
    return f"{last.composed_at.astimezone(UTC):%Y%m%dT%H%M%S.%f}-{last.edition}"


def read_place(asked: str) -> Place | None:
    """The same, read; None for what is none."""
    moment, _, number = asked.partition("-")
    try:
        return Place(datetime.strptime(moment, "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC), int(number[:18]))
    except ValueError:
        return None


def latest_trouble(visit: Visit, limit: int) -> Iterable[tuple[Sending, str, str]]:
    """Of the last day: what did not go through, or not yet."""
    day = visit.desk.store.last_composed()
    states = (*words.GROUPS["failed"], *words.GROUPS["put-off"])
    found = visit.desk.store.sendings(day, states, None, limit) if day else []
    return [(one, words.became(one, visit.now), words.why(one)) for one in found]
