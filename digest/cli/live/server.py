"""The page of `digest preview --open`, served to this machine alone."""

import re
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from digest.cli.live.asked import Asked, SeveralError, controls, frames
from digest.cli.live.desk import Desk
from digest.cli.live.watch import Changes, Watcher
from digest.errors import ConfigError, DigestError, StoreError, TemplateError, UsageError
from digest.rendering.page import Choice, Controls, Session, Trouble, in_mode, served_page, trouble_page
from digest.web import listening

log = structlog.get_logger(__name__)

HOST = "127.0.0.1"
_HOSTS = [HOST, "localhost"]  # any other name in the Host header is a page elsewhere that had itself resolved to here
_BEAT = 0.25  # seconds between looks whether it is all over
_SIGN_OF_LIFE = 20  # beats between two signs of life, which show whether the page is still open

_ALWAYS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_PAGE_POLICY = (
    "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; frame-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Without scripts, it may share the page's origin, whose script keeps the place where one has scrolled to.
SANDBOX = "allow-same-origin allow-popups allow-popups-to-escape-sandbox"
_MAIL_POLICY = (
    f"sandbox {SANDBOX}; default-src 'none'; style-src 'unsafe-inline'; img-src {{images}}; frame-ancestors 'self'"
)


# --- serving ------------------------------------------------------------------------------------------------------


def listen(port: int) -> socket.socket:
    """A socket on loopback, at this port or (0) a free one. Raises UsageError if the port is taken."""
    try:
        return listening.listen(HOST, port)
    except OSError as error:
        raise UsageError(f"Port {port} cannot be used ({error.strerror}); leave --port out for a free one.") from None


@contextmanager
def serving(desk: Desk) -> Iterator[tuple[uvicorn.Server, str]]:
    """A server that is to be run with a socket of `listen`, and the path of its page.

    It ends when `should_exit` is set, or by Ctrl-C. Others with an account on this machine, who can reach loopback,
    do not know the path: the page shows addresses, and links that act for their owners.
    """
    key = secrets.token_urlsafe(12)
    changes = Changes()
    watcher = Watcher(changes, desk.folders, desk.mark)
    app = application(desk, changes, key, lambda: server.should_exit)
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none", http="h11", loop="asyncio")
    )
    try:
        yield server, f"/{key}/"
    finally:
        watcher.stop()


def application(desk: Desk, changes: Changes, key: str, stopping: Callable[[], bool]) -> Starlette:
    """The pages, below `key`. `stopping` ends the answers that go on."""
    pages = _Pages(desk, changes, stopping)
    routes = [
        Route(f"/{key}/", pages.page),
        Route(f"/{key}/mail", pages.mail),
        Route(f"/{key}/message.eml", pages.message),
        Route(f"/{key}/changes", pages.changes),
    ]
    return Starlette(routes=routes, middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=_HOSTS)])


class _Pages:
    """What each path answers."""

    def __init__(self, desk: Desk, changes: Changes, stopping: Callable[[], bool]) -> None:
        self._desk, self._changes, self._stopping = desk, changes, stopping

    def page(self, request: Request) -> Response:
        """One look, with all that can be asked for."""
        asked = Asked.read(request.query_params)
        session = Session(secrets.token_urlsafe(16), self._changes.version)
        policy = _PAGE_POLICY.format(nonce=session.nonce)
        headers = {**_ALWAYS, "Content-Security-Policy": policy, "X-Frame-Options": "DENY"}
        return HTMLResponse(self._page(asked, session), headers=headers)

    def _page(self, asked: Asked, session: Session) -> str:
        offered: Controls | None = None
        try:
            offer, subscriber = self._desk.offer(asked)
            tried = asked.tried(subscriber)
            offered = controls(asked, offer, tried, subscriber)
            shown = self._desk.look(asked)
            panel = asked.panel(tried)
            framed = frames(asked, shown) if panel == "mail" else []
            return served_page(self._desk.templates, shown, offered, panel, framed, session)
        except Exception as error:
            return trouble_page(self._desk.templates, trouble(error, asked), offered, session)

    def mail(self, request: Request) -> Response:
        """The HTML alone, for a frame."""
        asked = Asked.read(request.query_params)
        policy = _MAIL_POLICY.format(images="'none'" if asked.images == "off" else "https: http: data:")
        try:
            html = in_mode(self._desk.look(asked).bodies.html, dark=asked.mode == "dark")
        except DigestError as error:
            return PlainTextResponse(str(error), 503, headers=_ALWAYS)
        return HTMLResponse(html, headers={**_ALWAYS, "Content-Security-Policy": policy})

    def message(self, request: Request) -> Response:
        """The very bytes that would go out."""
        try:
            content = self._desk.look(Asked.read(request.query_params)).content
        except DigestError as error:
            return PlainTextResponse(str(error), 503, headers=_ALWAYS)
        kept = {"Content-Disposition": 'attachment; filename="preview.eml"'}
        return Response(content, headers={**_ALWAYS, **kept}, media_type="message/rfc822")

    def changes(self, request: Request) -> Response:
        """The version of what is shown, whenever it is not the one that the page knows (Server-Sent Events)."""
        known = request.query_params.get("known", "")
        told = self._told(int(known) if known.isdecimal() else self._changes.version)
        return StreamingResponse(told, headers=_ALWAYS, media_type="text/event-stream")

    def _told(self, known: int) -> Iterator[str]:
        """The lines of https://html.spec.whatwg.org/multipage/server-sent-events.html, until it is all over."""
        yield "retry: 1000\n\n"
        beats = 0
        while not self._stopping():
            version = self._changes.wait(known, _BEAT)
            beats += 1
            if version != known:
                known = version
                yield f"data: {version}\n\n"
            elif beats % _SIGN_OF_LIFE == 0:
                yield ":\n\n"


# --- what is in the way -------------------------------------------------------------------------------------------


def trouble(error: Exception, asked: Asked) -> Trouble:
    """An error as it is told on the page."""
    match error:
        case ConfigError():
            faults = tuple((fault.key, fault.what) for fault in error.faults)
            return Trouble(f"{Path(error.path).name} cannot be used as it is", faults)
        case TemplateError():
            return Trouble("A template cannot be rendered", (("", str(error)),), _excerpt(str(error)))
        case StoreError():
            return Trouble("The database cannot be read", (("", str(error)),))
        case SeveralError():
            ways = tuple(Choice(one.email, one.email, url=asked.url(to=one.email)) for one in error.found)
            return Trouble("Which of them?", (("", str(error)),), choices=ways)
        case DigestError() | OSError():
            return Trouble("There is nothing to show", (("", str(error)),))
    log.error("cannot show the preview", exc_info=error)
    said = f"{type(error).__name__}: {error}. That is a fault of the program: please report it."
    return Trouble("There is nothing to show", (("", said),))


_AROUND = 3  # lines before and after
_PLACE = re.compile(r"(?:^|: )((?:[A-Z]:)?[^:\n]+\.j2), line (\d+): ")


def _excerpt(said: str) -> tuple[tuple[int, str, bool], ...]:
    """The lines of a template around the one that an error names."""
    *_, (file, line) = [("", "0"), *_PLACE.findall(said)]  # the innermost is named last
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines() if file else []
    except (OSError, UnicodeDecodeError):
        return ()
    at = int(line)
    first = max(1, at - _AROUND)
    return tuple((number, line, number == at) for number, line in enumerate(lines[first - 1 : at + _AROUND], first))
