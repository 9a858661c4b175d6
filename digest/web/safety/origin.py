"""No form of another site acts here.

Nothing but the operator's pages knows a cookie, so that a stranger's form could do little; what it could do, such as
signing up a visitor from wherever they are, it shall not.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

_HARMLESS = ("GET", "HEAD", "OPTIONS")
_ONE_CLICK = "/unsubscribe/"  # RFC 8058: mail providers' pages and servers post to it


def homely(app: ASGIApp, *, base: str) -> ASGIApp:
    """Refuses what a browser says it sends for another site."""

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        if is_foreign(scope["method"], scope["path"], Headers(scope=scope), base):
            raise HTTPException(403, "cross-site")
        await app(scope, receive, send)

    return run


def is_foreign(method: str, path: str, headers: Mapping[str, str], base: str) -> bool:
    """Whether a request that may act was made by another site's page.

    Browsers say so in Sec-Fetch-Site (https://www.w3.org/TR/fetch-metadata/), older ones and those without HTTPS name
    the page's site in Origin (RFC 6454, 7). Programs say neither; they carry no one else's authority, and pass. A Host
    that agrees with Origin is enough: where the two were both another site's (DNS rebinding), there are no cookies.
    """
    if method in _HARMLESS or path.startswith(_ONE_CLICK):
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None:
        return False
    own, place = urlsplit(base), origin.lower().partition("://")[2]  # "null" has none
    is_own = origin.lower() == f"{own.scheme}://{own.netloc}".lower() or place == headers.get("host", "").lower()
    return not (place and is_own)
