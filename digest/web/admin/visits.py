"""What every page of the operator's begins with: that they are the operator, and that a form is theirs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from digest.model import Deed
from digest.web import safety
from digest.web.admin import words
from digest.web.admin.sessions import Session, bound, is_bound, session_of
from digest.web.desk import Desk

log = structlog.get_logger(__name__)

FORM = "form"  # the field of every form that says whose it is

# Path, and what it is called: what is wrong first.
PLACES: Sequence[tuple[str, str]] = (
    ("/admin", "Overview"),
    ("/admin/deliveries", "Deliveries"),
    ("/admin/subscribers", "Subscribers"),
    ("/admin/sources", "Sources"),
    ("/admin/suppressions", "Suppressions"),
    ("/admin/runs", "Runs"),
    ("/admin/templates", "Templates"),
    ("/admin/suggestions", "Suggestions"),
    ("/admin/log", "Log"),
)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of the operator's."""

    desk: Desk
    request: Request
    session: Session
    now: datetime

    def asked(self, name: str) -> str:
        """What the query says, without space around it; empty if it says nothing."""
        return self.request.query_params.get(name, "").strip()

    def page(self, name: str, title: str, /, *, status: int = 200, **values: object) -> HTMLResponse:
        """`web/admin/NAME.html.j2`, with what all of them show."""
        here = max((path for path, _ in PLACES if self._is_at(path)), key=len)
        return self.desk.page(
            f"admin/{name}",
            title,
            status=status,
            wide=True,
            private=True,
            places=PLACES,
            here=here,
            form_field=FORM,
            form_value=bound(self.desk, self.session),
            who=self.session.who,
            **values,
        )

    def _is_at(self, path: str) -> bool:
        own = str(self.request.scope["path"])
        return path in ("/admin", own) or own.startswith(f"{path}/")

    def moved_on(self, path: str) -> Response:
        """Done: the page that shows it."""
        return RedirectResponse(f"{self.desk.at}{path}", 303)

    def note(self, what: str) -> None:
        """Write down what was changed."""
        log.info("changed on the operator's pages", who=self.session.who, what=what)
        self.desk.store.note_deed(Deed(self.now, self.session.who, what))

    def when(self, moment: datetime | None) -> str:
        return words.when(moment, self.now)


Show = Callable[[Visit], Response]
Act = Callable[[Visit, FormData], Response]
Ask = Callable[[Desk, Request], Response]


def seen(desk: Desk, show: Show, ask: Ask) -> Callable[[Request], Response]:
    """A page for the operator alone; to others, `ask` says how to become it."""

    def answer(request: Request) -> Response:
        session = session_of(desk, request)
        return show(Visit(desk, request, session, desk.clock())) if session else ask(desk, request)

    return answer


def done(desk: Desk, act: Act, ask: Ask) -> Callable[[Request], Response]:
    """What a form of the operator's does, if it is one that they were given."""

    def show(visit: Visit) -> Response:
        given = safety.form(visit.request)
        if is_bound(desk, visit.session, text(given, FORM)):
            return act(visit, given)
        paragraphs = ["Nothing was changed. Go back, load the page again, and press it once more."]
        head = "That form had been open for too long"
        return desk.says(head, *paragraphs, status=403)

    return seen(desk, show, ask)


def text(form: FormData, name: str) -> str:
    """One field, without space around it; empty if it is not there, or a file."""
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""
