"""The front page, signing up, and asking for one's own link.

page        the front page, the sample of today's papers, and the subscribe box, which keeps a wish (`Store.wish`) and
            looks nobody up: the same words for everybody
confirming  /confirm/TOKEN, where the mail leads that `digest.web.postman` sends for it
linking     /link, for whoever lost theirs
typed, samples   decide: pure
"""

from collections.abc import Sequence

from starlette.routing import BaseRoute

from digest.web.desk import Desk
from digest.web.front import confirming, linking, page


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """What whoever comes for the first time needs."""
    return [*page.routes(desk), *confirming.routes(desk), *linking.routes(desk)]
