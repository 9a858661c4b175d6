"""What programs ask for: papers, searches, previews, preferences; and the page that says how.

request --operations--> papers, profiles: functions over models --> JSON, or a problem (RFC 9457)
operations --openapi--> openapi.json, and the page
"""

import json
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from digest import __version__
from digest.web.api import openapi, papers, profiles
from digest.web.api.operations import Operation, route
from digest.web.api.page import choices, explained, shapes
from digest.web.desk import Desk
from digest.web.limits import RATES

OPERATIONS = (
    Operation("GET", "/api/papers", papers.papers),
    Operation("GET", "/api/papers/{id}", papers.paper, refuses=(404,)),
    Operation("GET", "/api/search", papers.search),
    Operation("POST", "/api/preview", profiles.preview),
    Operation("GET", "/api/preferences/{token}", profiles.preferences, refuses=(404, 409, 410)),
    Operation("PUT", "/api/preferences/{token}", profiles.change_preferences, refuses=(404, 409, 410)),
)


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """The operations, what they are like, and the page for people."""
    document = openapi.document(OPERATIONS, desk.settings.site.name, __version__, desk.base)
    written = json.dumps(document, ensure_ascii=False)

    def described(_: Request) -> Response:
        return Response(written, media_type="application/json", headers={"Access-Control-Allow-Origin": "*"})

    def page(_: Request) -> Response:
        return desk.page(
            "api/page",
            "For programs",
            operations=explained(OPERATIONS, document, desk.base),
            shapes=shapes(document),
            choices=choices(document),
            burst=RATES["api"].burst,
            pace=RATES["api"].per_hour,
            description="The papers of a day, a search, and what a profile would find, as JSON.",
            canonical="/api",
        )

    return [
        Route("/api", page),
        Route("/api/openapi.json", described),
        *(route(desk, operation) for operation in OPERATIONS),
    ]
