"""What `digest check` says of the pages: whether their settings are safe together, and whether somebody answers there."""

import json
from collections.abc import Iterator
from ipaddress import ip_network
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

from digest.errors import UsageError
from digest.model import Finding, Weight

if TYPE_CHECKING:
    from digest.config import Settings

_PATIENCE = 5  # seconds
# Of all pages' paths; a prefix of such a name would be mistaken for the page.
FIRST_NAMES = frozenset(
    {"admin", "api", "archive", "confirm", "deleted", "dislike", "edition", "feed", "health", "like", "link", "move"}
    | {"paper", "papers", "preferences", "reader", "sample", "say", "search", "static", "subscribe", "subscribed"}
    | {"suggest", "unsubscribe", "vote"}
)


def examine(settings: "Settings") -> Iterator[Finding]:
    """Everything there is to say of them; nothing where nobody speaks of pages."""
    if settings.web.port is None:
        if settings.site.url:
            words = f"is {settings.site.url}, where mails link to: set web.port, or have `digest web` serve the pages"
            yield Finding("site.url", Weight.WARNING, words)
        return
    yield from (Finding(key, Weight.WARNING, what) for key, what in remarks(settings))
    yield from _forged(settings)
    yield _reached(settings)


def remarks(settings: "Settings") -> Iterator[tuple[str, str]]:
    """(key, what to reconsider)."""
    from digest.config import is_loopback

    url, web = urlsplit(settings.site.url or ""), settings.web
    is_public, is_bound = not is_loopback(url.hostname or ""), is_loopback(web.host)
    if is_public and url.scheme != "https":
        yield "site.url", "begins with http://: links that act for their readers, and one-click leaving, need https://"
    if is_public and is_bound and not web.proxies:
        yield (
            "web.proxies",
            "is empty, so everybody counts as the one web server before the pages, and shares its limits",
        )
    if not is_bound and url.scheme == "https":
        yield "web.host", f"is {web.host}: port {web.port} must be reached by your web server alone, which speaks HTTPS"
    if not is_bound and is_public and set(web.proxies) <= {"127.0.0.1", "::1"}:
        yield (
            "web.proxies",
            "has only this machine; name your web server, if it runs elsewhere, or limits are for all at once",
        )
    if (first := url.path.split("/")[1:2]) and first[0] in FIRST_NAMES:
        yield "site.url", f"ends with /{first[0]}, which is also a page's name: take another path"
    yield from _admin(settings, is_open=is_public and url.scheme != "https")


def _admin(settings: "Settings", *, is_open: bool) -> Iterator[tuple[str, str]]:
    from digest.config import is_readable_by_all

    file = settings.admin.password_file
    if file is not None and not file.exists():
        yield "admin.password_file", "is not there yet, so nobody can log in: run `digest web password`"
    elif file is not None and is_readable_by_all(file):
        yield "admin.password_file", f"can be read by everybody on this machine: chmod 600 {file}"
    if is_open and (file is not None or settings.admin.header):
        yield "admin", "would send the operator's password in the clear: give site.url https://"


def _forged(settings: "Settings") -> Iterator[Finding]:
    """Proxies that are everybody may say what they like, also who is logged in."""
    everybody = [proxy for proxy in settings.web.proxies if ip_network(proxy).prefixlen == 0]
    if everybody and settings.admin.header:
        words = f"has {everybody[0]}, so anybody can say in {settings.admin.header} that they are the operator"
        yield Finding("web.proxies", Weight.FAILED, words)
    elif everybody:
        yield Finding("web.proxies", Weight.WARNING, f"has {everybody[0]}: anybody can say that they are somebody else")


def _reached(settings: "Settings") -> Finding:
    """Whether the pages can be served, or are, and if so, whether people reach them."""
    from digest.cli.pages import listening

    try:
        listening(settings).close()
    except UsageError as error:
        return _answered(settings) or Finding("pages", Weight.FAILED, str(error))
    return Finding("pages", Weight.OK, f"can be served at {settings.web.host}, port {settings.web.port}")


def _answered(settings: "Settings") -> Finding | None:
    """What is said where people would ask, if it is our pages that have the port; else None."""
    url = (settings.site.url or "").rstrip("/")
    if not _is_ours(f"http://{_literal(settings.web.host)}:{settings.web.port}/health"):
        return None
    if not _is_ours(f"{url}/health"):
        return Finding("pages", Weight.WARNING, f"are served, but {url} does not lead to them from here")
    return Finding("pages", Weight.OK, f"are served at {url}")


def _literal(host: str) -> str:
    """The host as a URL has it; one that means every address is asked on the loopback."""
    own = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not bound
    return f"[{own}]" if ":" in own else own


def _is_ours(url: str) -> bool:
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=_PATIENCE) as answer:
            return bool(json.load(answer) == {"status": "ok"})
    except (OSError, ValueError):
        return False
