"""The pages of all rooms, put together, and the rules that hold for every one of them."""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from digest.web import admin, api, archive, curating, feedback, front, leaving, own, preferences
from digest.web.desk import Desk

ROOMS = (front, preferences, leaving, own, feedback, archive, curating, admin, api)


def application(desk: Desk) -> Starlette:
    """All pages."""
    routes: list[BaseRoute] = [Route("/static/{mark}/{name}", _static(desk))]
    for room in ROOMS:
        routes += room.routes(desk)
    return Starlette(routes=routes)


def _static(desk: Desk) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        found = desk.static.get(request.path_params["name"])
        if found is None:
            return PlainTextResponse("There is no such file.", 404)
        return Response(found.content, media_type=found.kind)

    return answer
