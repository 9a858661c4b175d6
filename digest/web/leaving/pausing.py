"""Pausing by the link to one's preferences: at once or from a day on, until a day or until one resumes."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from digest import due
from digest.config.absences import written
from digest.errors import UsageError
from digest.model import Away, Origin, Status, Subscriber
from digest.rendering.language import ENGLISH
from digest.tokens import Purpose
from digest.web.coming import comes
from digest.web.desk import Desk, Reader
from digest.web.leaving.standing import a_month_on, is_paused
from digest.web.posting import Form, acting, done, next_page, seen, showing

_OWN = Purpose.PREFERENCES
_DAY = timedelta(days=1)
_LONGEST = timedelta(days=2 * 366)
_MOST = 20  # planned absences


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """The page, and what it does."""
    path = "/preferences/{token}/pause"
    return [showing(desk, path, seen(_OWN, _look)), acting(desk, path, done(_OWN, _act))]


# --- what is asked for --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """The days that somebody typed, or what is wrong with them, by field."""

    absence: Away | None
    faults: Mapping[str, str]


def read(form: Form, today: date) -> Asked:
    """The days without a digest, both included; from today on where no first one is named."""
    faults: dict[str, str] = {}
    first = _day(form.get("first", ""), "first", faults) or today
    last = _day(form.get("last", ""), "last", faults)
    if last is None:
        faults.setdefault("last", "Say which day is the last one without a digest.")
    elif last < today:
        faults["last"] = "That day is over."
    elif last < first:
        faults.setdefault("last", "That is before the first day.")
    elif last > today + _LONGEST:
        faults["last"] = "That is more than two years ahead: pause without an end instead."
    return Asked(None if faults or last is None else Away(max(first, today), last), faults)


def _day(text: str, name: str, faults: dict[str, str]) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        faults[name] = "Write the day like 2026-07-01."
        return None


# --- the page -----------------------------------------------------------------------------------------------------


def _look(desk: Desk, reader: Reader, _request: Request) -> Response:
    return _shown(desk, reader, {}, {})


def _shown(desk: Desk, reader: Reader, form: Form, faults: Mapping[str, str]) -> Response:
    now, subscriber = desk.clock(), reader.subscriber
    today = due.local_date(subscriber.schedule, now)
    until = subscriber.paused_until
    return desk.page(
        "leaving/pause",
        "Pause",
        status=422 if faults else 200,
        private=True,
        token=reader.token,
        paused=is_paused(subscriber, now),
        suppressed=subscriber.status is Status.SUPPRESSED,
        until=ENGLISH.long_day(until) if until and until > today else "",
        coming=comes(subscriber, now),
        month=ENGLISH.plain_day(a_month_on(today), today),
        today=today.isoformat(),
        planned=[(key(away), _said(away, today)) for away in subscriber.schedule.away if away.last >= today],
        is_own=subscriber.origin is Origin.DATABASE,
        first=form.get("first", "")[:40],
        last=form.get("last", "")[:40],
        faults=faults,
    )


def key(away: Away) -> str:
    """By which a form names an absence."""
    return f"{away.first.isoformat()}/{away.last.isoformat()}"


def _said(away: Away, today: date) -> str:
    if away.first == away.last:
        return ENGLISH.plain_day(away.first, today)
    return f"{ENGLISH.plain_day(away.first, today)} to {ENGLISH.plain_day(away.last, today)}"


# --- doing it -----------------------------------------------------------------------------------------------------


def _act(desk: Desk, reader: Reader, form: Form, _request: Request) -> Response:
    today = due.local_date(reader.subscriber.schedule, desk.clock())
    if "for" in form:
        _pause(desk, reader.subscriber, a_month_on(today) if form["for"] == "month" else None)
    elif "resume" in form:
        _set(desk, reader.subscriber, Status.ACTIVE)
    elif "drop" in form:
        _plan(desk, reader.subscriber, [away for away in reader.subscriber.schedule.away if key(away) != form["drop"]])
    else:
        asked = read(form, today)
        faults = dict(asked.faults) if asked.absence is None else _absent(desk, reader.subscriber, asked.absence, today)
        if faults:
            return _shown(desk, reader, form, faults)
    return next_page(desk, f"/preferences/{reader.token}/pause")


def _absent(desk: Desk, subscriber: Subscriber, absence: Away, today: date) -> Mapping[str, str]:
    """Pause, or plan to; returns what is in the way."""
    if absence.first <= today:
        _pause(desk, subscriber, absence.last + _DAY)
        return {}
    if subscriber.origin is Origin.FILE:
        line = f"away = {written((absence,))}".replace("'", '"')
        return {"first": f"Your entry is in this site's configuration: hand its operator the line {line}"}
    planned = [away for away in subscriber.schedule.away if away.last >= today and away != absence]
    if len(planned) >= _MOST:
        return {"first": f"That would be more than {_MOST} absences: take one away first."}
    _plan(desk, subscriber, sorted([*planned, absence], key=lambda away: away.first))
    return {}


def _pause(desk: Desk, subscriber: Subscriber, until: date | None) -> None:
    if until is None:
        _set(desk, subscriber, Status.PAUSED)
        return
    with suppress(UsageError):  # no mail may go to them: the page says how things stand
        desk.store.pause(subscriber.email, until, desk.clock())


def _set(desk: Desk, subscriber: Subscriber, status: Status) -> None:
    with suppress(UsageError):
        desk.store.set_status(subscriber.email, status, desk.clock())


def _plan(desk: Desk, subscriber: Subscriber, absences: Sequence[Away]) -> None:
    if subscriber.origin is Origin.DATABASE:
        schedule = replace(subscriber.schedule, away=tuple(absences))
        with suppress(UsageError):
            desk.store.update(replace(subscriber, schedule=schedule), desk.clock())
