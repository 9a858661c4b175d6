"""What a reader says of a paper, and what is learnt from it."""

from collections.abc import Sequence

from starlette.routing import BaseRoute

from digest.web.desk import Desk


def routes(desk: Desk) -> Sequence[BaseRoute]:  # noqa: ARG001
    return []
