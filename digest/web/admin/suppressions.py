"""Addresses that no mail is sent to."""

from datetime import UTC, datetime

from starlette.datastructures import FormData
from starlette.responses import Response

from digest.config.values import address
from digest.model import Cause
from digest.web.admin.visits import Visit, text

PAGE = 50  # lines
_LONGEST = 320  # characters of an address, and of a reason
CAUSES = {
    Cause.BOUNCE: "mail to it came back",
    Cause.COMPLAINT: "its reader called the digest spam",
    Cause.OPERATOR: "put there by hand",
}
_SAID = {
    "added": "On the list. No mail goes to that address any more.",
    "removed": "Off the list. Its subscriber, if there is one, is paused: resume them when they want it.",
    "missing": "That address was not on the list: nothing was changed.",
}


def list_(visit: Visit) -> Response:
    """A page of them, the newest first; or those that begin as asked."""
    return _shown(visit)


def _shown(visit: Visit, *, fault: str = "", email: str = "", reason: str = "") -> Response:
    begins = visit.asked("q")[:_LONGEST]
    before = None if begins else read_place(visit.asked("before"))
    found = visit.desk.store.suppressed(begins, before, PAGE + 1)
    last = found[PAGE - 1] if len(found) > PAGE else None
    return visit.page(
        "suppressions",
        "Suppressions",
        status=422 if fault else 200,
        rows=[(entry, CAUSES[entry.cause], visit.when(entry.at)) for entry in found[:PAGE]],
        begins=begins,
        before=written(last.at, last.email) if last and not begins else "",
        more=bool(last and begins),
        done=_SAID.get(visit.asked("done"), ""),
        fault=fault,
        email=email,
        reason=reason,
    )


def written(at: datetime, email: str) -> str:
    """Where the next page begins."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%S.%f}-{email}"


def read_place(asked: str) -> tuple[datetime, str] | None:
    """The same, read; None for what is none."""
    moment, _, email = asked.partition("-")
    try:
        return datetime.strptime(moment, "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC), email[:_LONGEST]
    except ValueError:
        return None


def added(visit: Visit, given: FormData) -> Response:
    """An address was put on the list."""
    email, reason = text(given, "email")[:_LONGEST], text(given, "reason")[:_LONGEST]
    try:
        address(email)
    except ValueError as error:
        return _shown(visit, fault=str(error), email=email, reason=reason)
    visit.desk.store.suppress(email, Cause.OPERATOR, reason, visit.now)
    visit.note(f"suppressed {email.casefold()}")
    return visit.moved_on("/admin/suppressions?done=added")


def removed(visit: Visit, given: FormData) -> Response:
    """An address was taken off the list."""
    email = text(given, "email")[:_LONGEST]
    if not visit.desk.store.unsuppress(email, visit.now):
        return visit.moved_on("/admin/suppressions?done=missing")
    visit.note(f"unsuppressed {email.casefold()}")
    return visit.moved_on("/admin/suppressions?done=removed")
