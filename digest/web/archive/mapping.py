"""What search engines are told: which pages there are (https://www.sitemaps.org/protocol.html), and which are private."""

from collections.abc import Iterable
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from digest.web.desk import Desk

AT_ONCE = 10_000  # addresses of one map; 50,000 are allowed
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
_PRIVATE = (
    "/search", "/preferences/", "/unsubscribe/", "/like/", "/dislike/", "/say/", "/vote/", "/suggest/", "/reader/",
    "/edition/", "/feed/", "/confirm/", "/move/", "/link", "/subscribe", "/admin", "/api/",
)  # fmt: skip


def sitemap(desk: Desk, request: Request) -> Response:  # noqa: ARG001
    """All pages, or the way to the maps of some of them where there are too many for one."""
    borders = desk.store.paper_borders(AT_ONCE)
    days = desk.store.archive_days()
    if len(borders) == 1 and len(days) < AT_ONCE:
        numbers = desk.store.paper_numbers(0, AT_ONCE)
        return _map(desk, ["/", "/papers", *_of_days(days), *_of_papers(numbers)])
    parts = ["/sitemap-days.xml", *(f"/sitemap-{border}.xml" for border in borders)]
    listed = "".join(f"<sitemap><loc>{escape(desk.base + part)}</loc></sitemap>\n" for part in parts)
    return _xml(f"{_HEAD}<sitemapindex {_NAMESPACE}>\n{listed}</sitemapindex>\n")


def days(desk: Desk, request: Request) -> Response:  # noqa: ARG001
    """The pages of the days."""
    return _map(desk, ["/", "/papers", *_of_days(desk.store.archive_days()[: AT_ONCE - 2])])


def papers(desk: Desk, request: Request) -> Response:
    """The pages of some papers."""
    after = request.path_params["after"]
    return _map(desk, _of_papers(desk.store.paper_numbers(after if after < 1 << 62 else 0, AT_ONCE)))


def robots(desk: Desk, request: Request) -> Response:  # noqa: ARG001
    """What is nobody's business but their readers' (RFC 9309)."""
    lines = ["User-agent: *", *(f"Disallow: {desk.at}{path}" for path in _PRIVATE), f"Sitemap: {desk.base}/sitemap.xml"]
    return PlainTextResponse("\n".join(lines) + "\n")


def _of_days(days: Iterable[object]) -> list[str]:
    return [f"/papers/{day}" for day in days]


def _of_papers(numbers: Iterable[int]) -> list[str]:
    return [f"/paper/{number}" for number in numbers]


def _map(desk: Desk, paths: Iterable[str]) -> Response:
    base = escape(desk.base)
    listed = "".join(f"<url><loc>{base}{path}</loc></url>\n" for path in paths)
    return _xml(f"{_HEAD}<urlset {_NAMESPACE}>\n{listed}</urlset>\n")


def _xml(text: str) -> Response:
    return Response(text, media_type="application/xml")
