"""Asking for the link to one's own preferences, which is mailed to whoever is subscribed, and to nobody else."""

from collections.abc import Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from digest.model import Errand, Wish
from digest.web.desk import Desk
from digest.web.front import typed
from digest.web.front.typed import Typed
from digest.web.safety import form, heed_limit


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """For whoever lost their link."""
    return [
        Route("/link", partial(_ask, desk)),
        Route("/link", partial(_asked, desk), methods=["POST"]),
        Route("/link/sent", partial(_sent, desk)),
    ]


def _ask(desk: Desk, _: Request) -> Response:
    return desk.page("front/link", "Lost your link?", email="", fault="")


def _asked(desk: Desk, request: Request) -> Response:
    said = Typed.of(form(request))
    try:
        email = typed.email(said.email)
    except ValueError as error:
        return desk.page("front/link", "Lost your link?", status=422, email=said.email, fault=str(error))
    now = desk.clock()
    heed_limit(request, "link", now)
    desk.store.wish(Wish(Errand.LINK, email, now), now)
    return RedirectResponse(f"{desk.at}/link/sent", 303)


def _sent(desk: Desk, _: Request) -> Response:
    paragraphs = [
        "If that address is subscribed here, its link is on the way: it comes within a few minutes.",
        "Nothing there? Look where your mail program puts what it takes for spam. We mail at most one link a day, and the newest digest has one, too.",
    ]
    return desk.says("Look into your mailbox", *paragraphs)
