"""Recommending a paper to other readers, and taking that back.

What enough of them recommend within a few days is trending, in everybody's digest: see `digest.curating`.
"""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from digest.tokens import Purpose
from digest.web.archive.papers import no_such_paper
from digest.web.curating.naming import paper
from digest.web.desk import Desk, Reader
from digest.web.posting import Form, acting, done, next_page, seen, showing
from digest.web.safety import heed_limit

_PATH = "/vote/{token}/{number}"


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """Of one paper and one reader."""
    return [
        showing(desk, _PATH, seen(Purpose.FEEDBACK, _show, lasting=True)),
        acting(desk, _PATH, done(Purpose.FEEDBACK, _vote, lasting=True)),
    ]


def _show(desk: Desk, reader: Reader, request: Request) -> Response:
    found = paper(desk, request.path_params["number"])
    if found is None:
        return no_such_paper(desk)
    is_on = desk.store.voted(reader.subscriber.id, found.number)
    others = desk.store.votes([found.number]).get(found.number, 0) - is_on
    title = "You recommend this paper" if is_on else "Recommend this paper?"
    return desk.page(
        "curating/vote", title, private=True, token=reader.token, paper=found, is_on=is_on, others=others, head=title
    )


def _vote(desk: Desk, reader: Reader, form: Form, request: Request) -> Response:
    """Recommends it; `off` in the form takes that back."""
    now = desk.clock()
    heed_limit(request, "like", now)
    found = paper(desk, request.path_params["number"])
    if found is None:
        return no_such_paper(desk)
    desk.store.vote(reader.subscriber.id, found.number, now, on="off" not in form)
    return next_page(desk, f"/vote/{reader.token}/{found.number}")
