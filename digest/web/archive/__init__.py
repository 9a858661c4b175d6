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
from digest.web.archive.rarity import Rarities
from digest.web.desk import Desk

Write = Callable[[Request], Response]


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """The archive's."""
    kept, rarity = Kept(desk), Rarities(desk)
    public: dict[str, Write] = {
        "/papers": partial(days.newest, desk),
        "/papers/{day}": partial(days.one, desk),
        "/paper/{number}.bib": partial(papers.citation, desk),
        "/paper/{number}": partial(papers.paper, desk, rarity),
        "/search": partial(searching.search, desk),
    }
    return [
        *(Route(path, kept.page(write)) for path, write in public.items()),
        Route("/archive", partial(days.archive, desk)),
    ]
