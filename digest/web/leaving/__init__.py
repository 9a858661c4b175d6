"""Leaving, or less.

unsubscribing   /unsubscribe/TOKEN, with one click (RFC 8058) or by hand, and back
pausing         /preferences/TOKEN/pause
"""

from collections.abc import Sequence

from starlette.routing import BaseRoute

from digest.web.desk import Desk
from digest.web.leaving import pausing, unsubscribing
from digest.web.leaving.standing import is_paused

__all__ = ["is_paused", "routes"]


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """All of it."""
    return [*unsubscribing.routes(desk), *pausing.routes(desk)]
