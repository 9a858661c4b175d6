"""The front page, the sample of today's papers, and the subscribe box."""

from collections.abc import Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from digest.model import Errand, Wish
from digest.rendering.words import listed
from digest.web.desk import Desk
from digest.web.front import typed
from digest.web.front.samples import sample
from digest.web.front.typed import Read, Typed
from digest.web.safety import form, heed_limit
from digest.web.zones import regions

_MOST_SOURCES = 3  # named in a sentence


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """What strangers see first."""
    return [
        Route("/", _Front(desk).answer),
        Route("/sample", partial(_sample, desk), methods=["POST"]),
        Route("/subscribe", partial(_subscribe, desk), methods=["POST"]),
        Route("/subscribed", partial(_subscribed, desk)),
        *(Route(path, partial(_to_the_box, desk)) for path in ("/sample", "/subscribe")),
    ]


class _Front:
    """The front page, the same for everybody until there are other papers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._kept: tuple[object, bytes] = (None, b"")  # of which papers

    def answer(self, _: Request) -> Response:
        papers, body = self._kept
        now = self._desk.live.window()  # the very same as long as nothing is new
        if papers is not now:
            body = bytes(_page(self._desk, Read(Typed()), is_new=True).body)
            self._kept = now, body
        return HTMLResponse(body)


def _to_the_box(desk: Desk, _: Request) -> Response:
    """Whoever comes back to the address of a form."""
    return RedirectResponse(f"{desk.at}/#subscribe", 303)


def _sample(desk: Desk, request: Request) -> Response:
    heed_limit(request, "preview", desk.clock())
    said = Typed.of(form(request))
    if "part" in request.query_params:
        return HTMLResponse(desk.written("front/sample", sample=sample(desk, said.keywords)))
    faults = typed.keywords(said.keywords)[1]
    read = Read(said, faults={"keywords": faults} if faults else {})
    return _page(desk, read, status=422 if faults else 200)


def _subscribe(desk: Desk, request: Request) -> Response:
    if desk.settings.web.sign_up != "open":
        return _page(desk, Read(Typed()), status=403)
    now = desk.clock()
    read = typed.read(Typed.of(form(request)), desk.settings.web.domains)
    heed_limit(request, "sign_up" if read.subscriber else "preview", now)
    if read.subscriber is None:
        return _page(desk, read, status=422)
    desk.store.wish(Wish(Errand.SIGN_UP, read.subscriber.email, now, read.subscriber), now)
    return RedirectResponse(f"{desk.at}/subscribed", 303)


def _subscribed(desk: Desk, _: Request) -> Response:
    return desk.page("front/subscribed", "Look into your mailbox", private=True)


def _page(desk: Desk, read: Read, *, status: int = 200, is_new: bool = False) -> Response:
    return desk.page(
        "front/front",
        "",
        status=status,
        wide=True,
        description="The new research papers that match your keywords, in your inbox once a day, and why each is there.",
        canonical="/",
        feeds=[("New papers", "/papers.atom", "application/atom+xml")],
        typed=read.typed,
        faults=read.faults,
        is_new=is_new,
        regions=regions(),
        domains=desk.settings.web.domains,
        reads=reads([source.title for source in desk.parts.sources]),
        sample=sample(desk, "" if "keywords" in read.faults else read.typed.keywords),
    )


def reads(sources: Sequence[str]) -> str:
    """What is read here, as a sentence goes on; there may be dozens of sources."""
    if not sources:
        return "what is new in research"
    more = len(sources) - _MOST_SOURCES
    named = listed([*sources[:_MOST_SOURCES], f"{more} more sources"] if more > 1 else sources)
    return f"everything that {named} {'announce' if sources[1:] else 'announces'}"
