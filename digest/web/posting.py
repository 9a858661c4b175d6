"""Pages of whoever a link belongs to: reading them, and acting on them."""

from collections.abc import Callable, Mapping
from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from digest.errors import UsageError
from digest.model import Status
from digest.tokens import Purpose
from digest.web import links
from digest.web.desk import Desk, Reader
from digest.web.safety import form

Form = Mapping[str, str]
Show = Callable[[Desk, Reader, Request], Response]
Act = Callable[[Desk, Reader, Form, Request], Response]


def showing(desk: Desk, path: str, show: Callable[[Desk, Request], Response]) -> Route:
    """A page to be looked at."""
    return Route(path, partial(show, desk), methods=["GET"])


def acting(desk: Desk, path: str, act: Callable[[Desk, Form, Request], Response]) -> Route:
    """What a form does."""
    return Route(path, lambda request: act(desk, _form(request), request), methods=["POST"])


def _form(request: Request) -> Form:
    """The text fields of a form; none of one that cannot be read: a press of its button counts all the same."""
    try:
        return {name: value for name, value in form(request).items() if isinstance(value, str)}
    except HTTPException:
        return {}


def seen(purpose: Purpose, show: Show, *, lasting: bool = False, also_left: bool = False) -> Callable[..., Response]:
    """The page of whoever has the link; `lasting` where it never grows old, `also_left` where who has left sees it too."""

    def answer(desk: Desk, request: Request) -> Response:
        found = _reader(desk, request, purpose, lasting=lasting, also_left=also_left)
        return show(desk, found, request) if isinstance(found, Reader) else found

    return answer


def done(purpose: Purpose, act: Act, *, lasting: bool = False, also_left: bool = False) -> Callable[..., Response]:
    """What whoever has the link does there; see `seen`."""

    def answer(desk: Desk, form: Form, request: Request) -> Response:
        found = _reader(desk, request, purpose, lasting=lasting, also_left=also_left)
        if not isinstance(found, Reader):
            return found
        try:
            return act(desk, found, form, request)
        except UsageError:  # they left, or had all deleted, while this was on its way
            now = _reader(desk, request, purpose, lasting=lasting, also_left=False)
            if isinstance(now, Reader):
                raise
            return now

    return answer


def _reader(desk: Desk, request: Request, purpose: Purpose, *, lasting: bool, also_left: bool) -> Reader | Response:
    reader = desk.reader(request.path_params["token"], purpose)
    if reader is None:
        return links.unknown(desk)
    if reader.is_old and not lasting:
        return links.grown_old(desk, reader)
    if reader.subscriber.status is Status.REMOVED and not also_left:
        return links.left(desk, reader)
    return reader


def next_page(desk: Desk, path: str) -> Response:
    """On to the page that says what was done."""
    return RedirectResponse(f"{desk.at}{path}", 303)


_DIGITS = 18  # as many as a row's number can have at most


def number(text: str) -> int:
    """The number that strangers wrote; 0 if it is none, or none that a row can have."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _DIGITS else 0
