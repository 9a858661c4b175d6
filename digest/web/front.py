"""The front page, signing up, and asking for one's own link."""

from collections.abc import Sequence

from starlette.routing import BaseRoute

from digest.web.desk import Desk


def routes(desk: Desk) -> Sequence[BaseRoute]:  # noqa: ARG001
    return []
