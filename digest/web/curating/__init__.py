"""Papers picked by people.

pinning     /preferences/TOKEN/curate: curators pick papers for a day, and judge what readers suggest
voting      /vote/TOKEN/NUMBER: readers recommend a paper to others
suggesting  /suggest/TOKEN: readers suggest one to the curators

`drafts` reads what a curator wrote (pure), `naming` finds the paper that somebody means.
"""

from collections.abc import Sequence

from starlette.routing import BaseRoute

from digest.web.curating import pinning, suggesting, voting
from digest.web.desk import Desk


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """All of it."""
    return [*pinning.routes(desk), *voting.routes(desk), *suggesting.routes(desk)]
