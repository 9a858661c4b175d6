"""Everything that was announced: by day, by paper, by words.

`choosing`, `calendar`, `telling`, `citing` decide (pure); `days`, `papers` and so on ask the store and give plain values
to a template; `kept` remembers what they wrote until something changes.
"""

from collections.abc import Callable, Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from digest.web.archive import days, following, mapping, papers, searching
from digest.web.archive.kept import Kept
from digest.web.archive.rarity import Rarities
from digest.web.desk import Desk
from digest.web.safety import heed_limit

Write = Callable[[Request], Response]


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """The archive's."""
    kept, rarity = Kept(desk), Rarities(desk)
    public: dict[str, Write] = {
        "/robots.txt": partial(mapping.robots, desk),
        "/sitemap.xml": partial(mapping.sitemap, desk),
        "/sitemap-days.xml": partial(mapping.days, desk),
        "/sitemap-{after:int}.xml": partial(mapping.papers, desk),
        "/papers": partial(days.newest, desk),
        "/papers/{day}": partial(days.one, desk),
        "/paper/{number}.bib": partial(papers.citation, desk),
        "/paper/{number}": partial(papers.paper, desk, rarity),
        "/search": _limited(desk, partial(searching.search, desk)),
    }
    own = {f"/feed/{{token}}.{form}": partial(following.profile, desk, form) for form in following.FORMS}
    return [
        *(Route(path, kept.page(write)) for path, write in (_feeds(desk) | public).items()),
        *(Route(path, _limited(desk, write)) for path, write in own.items()),
        Route("/reader/{token}/paper/{number}", partial(papers.own, desk, rarity)),
        Route("/archive", partial(days.archive, desk)),
    ]


def _feeds(desk: Desk) -> dict[str, Write]:
    """Those that everybody may read; before the pages, whose addresses would take theirs."""
    found: dict[str, Write] = {}
    for form in following.FORMS:
        found[f"/papers.{form}"] = partial(following.newest, desk, form)
        found[f"/papers/{{day}}.{form}"] = partial(following.one, desk, form)
        found[f"/search.{form}"] = _limited(desk, partial(following.search, desk, form))
    return found


def _limited(desk: Desk, write: Write) -> Write:
    """So often and no more: each of these takes tens of milliseconds."""

    def answer(request: Request) -> Response:
        heed_limit(request, "search", desk.clock())
        return write(request)

    return answer
