"""What a page says that cannot be shown: what happened, and what to do next. Programs get the same as RFC 9457 says it."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

import structlog
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digest.errors import StoreError
from digest.web.desk import Desk
from digest.web.safety.log import hidden

if TYPE_CHECKING:
    from starlette.applications import Starlette

log = structlog.get_logger(__name__)


class Words(NamedTuple):
    """What is said of one status."""

    head: str
    text: str


_HOME = "Everything there is can be reached from the front page."
_AGAIN = "Nothing of what you sent was done, so it is safe to send it again."

WORDS = {
    400: Words("We could not read that", f"What your browser sent broke off, or is written in a way we do not know. {_AGAIN}"),
    403: Words("That came from another site", f"A page elsewhere tried to act here in your name, so we did nothing. If it was you, open the page here and press its button. {_HOME}"),
    404: Words("There is no such page", f"The address may have been cut in two when it was copied, or the page is gone. {_HOME}"),
    405: Words("This page is not asked like that", f"It can be opened, or its form can be sent, but not what your program tried. {_HOME}"),
    408: Words("That took too long to arrive", f"The connection may be slow just now. {_AGAIN}"),
    413: Words("That is too long for us", "Texts may have 64 KB, files 2 MB. Send the part that matters most, such as the newest entries."),
    429: Words("That was a lot at once", "You, or others who share your connection, did this very often just now."),
    500: Words("This page is broken", "That is our fault, not yours, and it has been noted for whoever runs this site. Nothing was half done. Try again, or go on from the front page."),
    503: Words("We are very busy just now", f"It passes. Try again in a minute. {_AGAIN}"),
}  # fmt: skip
_SLOW = Words("This took us too long", "We stopped waiting for it, though it may still come to be. Look in a minute before you send anything again.")  # fmt: skip


def answered(app: ASGIApp, *, desk: Desk) -> ASGIApp:
    """Turns whatever is raised into a page. What nobody foresaw is logged, and ends nothing but this one answer."""

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        begun = [False]

        async def told(message: Message) -> None:
            begun[0] = True
            await send(message)

        try:
            await app(scope, receive, told)
        except Exception as error:
            if begun[0]:
                raise
            await response(desk, scope, error)(scope, receive, send)

    return run


def response(desk: Desk, scope: Scope, error: Exception) -> Response:
    """The page for an error, whatever it is."""
    if isinstance(error, HTTPException):
        return _page(desk, scope, error)
    log.error("a page failed", path=hidden(scope["path"]), exc_info=error)
    is_passing = isinstance(error, StoreError)  # locked, full, being restarted
    return _page(desk, scope, HTTPException(503, headers={"Retry-After": "60"}) if is_passing else HTTPException(500))


def _page(desk: Desk, scope: Scope, error: HTTPException) -> Response:
    status, headers = error.status_code, dict(error.headers or {})
    if status == 405:
        headers["Allow"] = ", ".join(sorted(_known_methods(scope)))
    if status < 400 or status == 416:
        return Response(status_code=status, headers=headers)
    words = words_for(error)
    if scope.get("digest.inner", scope)["path"].startswith("/api/"):
        return _problem(status, words, headers)
    try:
        page = desk.says(words.head, words.text, status=status, go=("To the front page", "/"))
    except Exception as broken:  # the operator's own templates, perhaps
        log.error("the page that speaks of an error failed, too", exc_info=broken)
        return PlainTextResponse(f"{words.head}. {words.text}", status, headers=headers)
    page.headers.update(headers)
    return page


def _known_methods(scope: Scope) -> set[str]:
    """Of all routes of this path: those for reading and for acting are two."""
    app: Starlette = scope["app"]
    there = [route for route in app.routes if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE]
    return {method for route in there for method in route.methods or ()}


def _problem(status: int, words: Words, headers: Mapping[str, str]) -> Response:
    problem = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": f"{words.head}. {words.text}",
    }
    return Response(json.dumps(problem), status, headers=headers, media_type="application/problem+json")


def words_for(error: HTTPException) -> Words:
    """Of its status; with how long to wait, where that is known."""
    if error.detail == "slow":
        return _SLOW
    words = WORDS.get(error.status_code) or Words(f"{_phrase(error.status_code)}", _HOME)
    wait = (error.headers or {}).get("Retry-After", "")
    if error.status_code == 429 and wait.isdecimal():
        return words._replace(text=f"{words.text} Try again in {_spoken(int(wait))}.")
    return words


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "That did not work"


def _spoken(seconds: int) -> str:
    if seconds < 90:
        return "a minute"
    minutes = -(-seconds // 60)
    return f"{minutes} minutes" if minutes < 90 else f"{-(-minutes // 60)} hours"
