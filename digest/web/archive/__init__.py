"""Everything that was announced: by day, by paper, by words.

`choosing`, `calendar`, `telling`, `citing` decide (pure); `days`, `papers` and so on ask the store and give plain values
to a template; `kept` remembers what they wrote until something changes.
"""

from collections.abc import Callable, Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from digest.web.archive import days, papers, searching
from digest.web.archive.kept import Kept
from digest.web.desk import Desk

_PUBLIC: Sequence[tuple[str, Callable[[Desk, Request], Response]]] = (
    ("/papers", days.newest),
    ("/papers/{day}", days.one),
    ("/paper/{number}.bib", papers.citation),
    ("/paper/{number}", papers.paper),
    ("/search", searching.search),
)


def routes(desk: Desk) -> Sequence[BaseRoute]:
    kept = Kept(desk)
    public = [Route(path, kept.page(partial(write, desk))) for path, write in _PUBLIC]
    return [*public, Route("/archive", partial(days.archive, desk))]
