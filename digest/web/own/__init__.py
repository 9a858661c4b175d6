"""What is a reader's own.

reading   /preferences/TOKEN/editions, and /edition/TOKEN, which may be shown to others
moving    /preferences/TOKEN/address, and /move/TOKEN, which the mail to the new address leads to
holding   /preferences/TOKEN/export and /delete
"""

from collections.abc import Sequence

from starlette.routing import BaseRoute

from digest.web.desk import Desk
from digest.web.own import holding, moving, reading


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """All of it."""
    return [*reading.routes(desk), *moving.routes(desk), *holding.routes(desk)]
