"""Subscribers: the list, one of them, and what the operator can do for them."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import NamedTuple

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.responses import Response

from digest import due
from digest.errors import UsageError
from digest.model import Cause, Origin, Status, Subscriber
from digest.store import Among
from digest.web.admin import words
from digest.web.admin.suppressions import CAUSES
from digest.web.admin.visits import Visit, text

PAGE = 50  # lines
_EDITIONS = 10
_LONGEST = 320  # characters of an address, and of a reason

NAMES = {
    Status.ACTIVE: "Active",
    Status.PAUSED: "Paused",
    Status.REMOVED: "Left",
    Status.SUPPRESSED: "Suppressed",
}


def list_(visit: Visit) -> Response:
    """A page of them, by address; those whose address begins as asked, or with one status."""
    begins, only = visit.asked("q")[:_LONGEST], _status(visit.asked("status"))
    found = visit.desk.store.people(Among(only, begins), visit.asked("after")[:_LONGEST], PAGE + 1)
    counts = visit.desk.store.statuses()
    return visit.page(
        "subscribers",
        "Subscribers",
        rows=[
            (
                one,
                standing(one.status, one.paused_until, visit.now),
                words.on_short(one.last_issue) if one.last_issue else "",
            )
            for one in found[:PAGE]
        ],
        after=found[PAGE - 1].key if len(found) > PAGE else "",
        begins=begins,
        only=only or "",
        total=sum(counts.values()),
        counts=[(each.value, name, counts[each]) for each, name in NAMES.items()],
    )


def _status(asked: str) -> Status | None:
    return Status(asked) if asked in list(Status) else None


def standing(status: Status, paused_until: date | None, now: datetime) -> str:
    """In a word or two, with the day on which a pause ends by itself."""
    if status is Status.ACTIVE and paused_until and paused_until > now.date():
        return f"Paused until {words.on_short(paused_until)}"
    return NAMES[status]


# --- one of them ----------------------------------------------------------------------------------------------------


def one(visit: Visit) -> Response:
    """Whether they got it, when, and what can be done."""
    return _shown(visit, _whom(visit))


def _whom(visit: Visit) -> Subscriber:
    number: int = visit.request.path_params["number"]
    subscriber = visit.desk.store.subscriber_numbered(number) if number < 1 << 62 else None
    if subscriber is None:
        raise HTTPException(404)
    return subscriber


def _shown(visit: Visit, whom: Subscriber, *, fault: str = "", given: Mapping[str, str] | None = None) -> Response:
    history = visit.desk.store.history(whom.email, _EDITIONS)
    assert history is not None, "they are stored"
    return visit.page(
        "subscriber",
        whom.email,
        status=422 if fault else 200,
        whom=whom,
        standing=standing(whom.status, whom.paused_until, visit.now),
        comes=_comes(whom),
        next=_next(whom, visit.now),
        in_file=whom.origin is Origin.FILE,
        created=words.on(history.created_at.date()),
        suppression=history.suppression,
        suppressed=visit.when(history.suppression.at) if history.suppression else "",
        cause=CAUSES[history.suppression.cause] if history.suppression else "",
        editions=[
            (words.on(each.issue_date), each, words.became(each, visit.now), words.why(each))
            for each in history.editions
        ],
        deeds=[
            (name, DEEDS[name]) for name in offered(whom, visit.now.date(), is_listed=history.suppression is not None)
        ],
        done=DEEDS[visit.asked("done")].done if visit.asked("done") in DEEDS else "",
        fault=words.runs(fault),
        given=given or {},
    )


def _comes(whom: Subscriber) -> str:
    schedule = whom.schedule
    days = "every day" if len(schedule.days) == 7 else ", ".join(_WEEKDAYS[day] for day in sorted(schedule.days))
    return f"{schedule.send_at:%H:%M} {schedule.timezone}, {days}"


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _next(whom: Subscriber, now: datetime) -> str:
    """When the next edition comes."""
    if whom.status is not Status.ACTIVE:
        return "none, as things are"
    plan = due.plan_of(whom, now)
    return "is due now" if plan.issue_date else words.when(plan.next_due, now)


# --- what can be done -----------------------------------------------------------------------------------------------


class Deed(NamedTuple):
    """Something that a press does to a subscriber."""

    press: str  # what is on the button
    means: str
    done: str
    what: str  # for the log, before the address
    act: Callable[[Visit, Subscriber, FormData], object]
    is_grave: bool = False


def _set(status: Status) -> Callable[[Visit, Subscriber, FormData], object]:
    return lambda visit, whom, _: visit.desk.store.set_status(whom.email, status, visit.now)


def _pause(visit: Visit, whom: Subscriber, given: FormData) -> object:
    until = text(given, "until")
    if not until:
        return visit.desk.store.set_status(whom.email, Status.PAUSED, visit.now)
    try:
        day = date.fromisoformat(until)
    except ValueError:
        raise UsageError(f'"{until[:20]}" is no day. Write it like 2026-12-24, or leave it empty.') from None
    return visit.desk.store.pause(whom.email, day, visit.now)


def _suppress(visit: Visit, whom: Subscriber, given: FormData) -> None:
    reason = text(given, "reason")[:_LONGEST]
    visit.desk.store.suppress(whom.email, Cause.OPERATOR, reason, visit.now)


def _unsuppress(visit: Visit, whom: Subscriber, _: FormData) -> object:
    return visit.desk.store.unsuppress(whom.email, visit.now)


DEEDS = {
    "pause": Deed(
        "Pause",
        "Nothing is sent until they are resumed, or until a day. What waits, waits.",
        "Paused. Nothing is sent to them for now.",
        "paused",
        _pause,
    ),
    "resume": Deed(
        "Resume",
        "Their next edition comes at their hour.",
        "Resumed. Their next edition comes at their hour.",
        "resumed",
        _set(Status.ACTIVE),
    ),
    "unsuppress": Deed(
        "Take off the suppression list",
        "They stay paused until somebody resumes them. Who called the digest spam should be asked first.",
        "Off the suppression list, and paused: resume them when they want it.",
        "unsuppressed",
        _unsuppress,
    ),
    "remove": Deed(
        "Remove",
        "They get no more mail, and what waits for them is withdrawn. They can come back by signing up.",
        "Removed. What waited for them is withdrawn.",
        "removed",
        _set(Status.REMOVED),
        is_grave=True,
    ),
    "suppress": Deed(
        "Suppress",
        "No mail is sent to this address, whoever signs it up, until you take it off the suppression list.",
        "Suppressed. No mail goes to this address any more.",
        "suppressed",
        _suppress,
        is_grave=True,
    ),
}


def offered(whom: Subscriber, today: date, *, is_listed: bool) -> list[str]:
    """Which of the deeds make sense now."""
    if is_listed:
        return ["unsuppress"] if whom.status is Status.REMOVED else ["unsuppress", "remove"]
    match whom.status:
        case Status.ACTIVE if whom.paused_until and whom.paused_until > today:
            return ["resume", "pause", "remove", "suppress"]
        case Status.ACTIVE:
            return ["pause", "remove", "suppress"]
        case Status.REMOVED:
            return ["resume", "suppress"]
    return ["resume", "remove", "suppress"]


def changed(visit: Visit, given: FormData) -> Response:
    """One of the deeds was pressed."""
    whom, name = _whom(visit), visit.request.path_params["deed"]
    deed = DEEDS.get(name)
    if deed is None:
        raise HTTPException(404)
    try:
        deed.act(visit, whom, given)
    except UsageError as error:
        return _shown(visit, whom, fault=str(error), given={"until": text(given, "until")})
    visit.note(f"{deed.what} {whom.email.casefold()}")
    return visit.moved_on(f"/admin/subscribers/{whom.id}?done={name}")
