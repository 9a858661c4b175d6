"""The pages of all rooms, put together, and the rules that hold for every one of them."""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from digest.web import admin, api, archive, curating, feedback, front, leaving, own, preferences
from digest.web.desk import Desk
from digest.web.errors import answered, response
from digest.web.limits import Limits
from digest.web.safety.bodies import bounded
from digest.web.safety.headers import headed
from digest.web.safety.lean import lean
from digest.web.safety.log import said
from digest.web.safety.origin import homely
from digest.web.safety.place import placed
from digest.web.safety.times import timely

ROOMS = (front, preferences, leaving, own, feedback, archive, curating, admin, api)
_FOREVER = "public, max-age=31536000, immutable"  # the address changes with the content


def application(desk: Desk) -> Starlette:
    """All pages, behind all rules."""
    routes: list[BaseRoute] = [Route("/static/{mark}/{name}", _static(desk)), Route("/health", _health(desk))]
    for room in ROOMS:
        routes += room.routes(desk)
    app = Starlette(
        routes=routes,
        middleware=[Middleware(ruled, desk=desk)],
        exception_handlers={HTTPException: lambda request, error: response(desk, request.scope, error)},
    )
    app.router.redirect_slashes = False  # it would believe the Host header
    app.state.limits = Limits()
    return app


def ruled(app: ASGIApp, desk: Desk) -> ASGIApp:
    """What holds for every page; from the inside out."""
    inner = homely(app, base=desk.base)
    inner = timely(bounded(inner))
    inner = placed(inner, at=desk.at, proxies=desk.settings.web.proxies)
    inner = answered(inner, desk=desk)
    inner = headed(inner, is_secure=desk.is_secure)
    inner = said(lean(inner))

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        await (inner if scope["type"] == "http" else app)(scope, receive, send)

    return run


def _static(desk: Desk) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        found = desk.static.get(request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        # Whoever has an older page open asks by its older address; they get what there is now, and ask again.
        is_current = request.path_params["mark"] == found.path.split("/")[2]
        return Response(found.content, media_type=found.kind, headers={"Cache-Control": _FOREVER} if is_current else {})

    return answer


def _health(desk: Desk) -> Callable[[Request], Response]:
    """For whoever looks whether the pages are there: nothing but that they and the database answer."""

    def answer(_: Request) -> Response:
        desk.store.answers()
        return JSONResponse({"status": "ok"})

    return answer
