"""Where a request is for, and where it is from: without the path's prefix, and without believing strangers."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_PEER = "digest.from_proxy"
_LONGEST = 1_000  # characters of a path; the longest token has 200


def client(request: Request) -> str:
    """The IP address of whoever asks: of the connection, or what our own proxies say of it; empty if nobody knows."""
    return request.client.host if request.client else ""


def from_proxy(request: Request) -> bool:
    """Whether the connection comes from one of `web.proxies`, whose headers are believed."""
    return bool(request.scope.get(_PEER))


def placed(app: ASGIApp, *, at: str, proxies: Sequence[str]) -> ASGIApp:
    """Pages see paths without the prefix `at`, and the address of the person rather than of the proxy."""
    trusted = [ip_network(proxy) for proxy in proxies]

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        path = below(at, scope["path"])
        if len(path) > _LONGEST or any(ord(character) < 32 or ord(character) == 127 for character in path):
            raise HTTPException(404)
        if (other := tidied(path)) and scope["method"] in ("GET", "HEAD"):
            raise HTTPException(308, headers={"Location": _location(at + other, scope["query_string"])})
        peer = scope["client"][0] if scope.get("client") else ""
        address = origin(peer, Headers(scope=scope).getlist("x-forwarded-for"), trusted)
        query = scope["query_string"].replace(b"%00", b"")  # no text may hold NUL; PostgreSQL refuses it
        inner = {**scope, "path": path, "root_path": "", "query_string": query}
        inner["client"] = (address, 0)
        inner[_PEER] = _within(_read(peer), trusted)
        scope["digest.inner"] = inner  # for the log, which wants to know where it went
        await app(inner, receive, send)

    return run


# --- the path -------------------------------------------------------------------------------------------------------


def below(at: str, path: str) -> str:
    """The path within the pages, whether the web server before us took their prefix away or not."""
    if at and (path == at or path.startswith(f"{at}/")):
        return path[len(at) :] or "/"
    return path or "/"


def tidied(path: str) -> str | None:
    """The path that is meant by one with a slash at its end; None where nothing is to be mended."""
    other = path.rstrip("/")
    if not other or other == path or other.startswith(("//", "/\\")):  # "//host" would lead to another site
        return None
    return other


def _location(path: str, query: bytes) -> str:
    asked = "?" + quote(query.decode("latin-1"), safe="%&=+/:,;~!$'()*@") if query else ""
    return quote(path, safe="/~@:+,;=") + asked


# --- who ------------------------------------------------------------------------------------------------------------


def origin(peer: str, forwarded: Iterable[str], trusted: Sequence[Network]) -> str:
    """Whose request it is: in X-Forwarded-For, the right-most address that is not of a proxy of ours.

    Every proxy appends the address that it was called from; what stands before that was written by a stranger. Entries
    that are no addresses end the search: nobody of ours wrote them.
    """
    address = _read(peer)
    if address is None:
        return ""
    hops = [hop for line in forwarded for hop in line.split(",")]
    while hops and _within(address, trusted):
        before = _read(hops.pop())
        if before is None:
            break
        address = before
    return str(address)


def _within(address: Address | None, networks: Iterable[Network]) -> bool:
    return address is not None and any(address in network for network in networks)


def _read(text: str) -> Address | None:
    """An address, perhaps with a port; one of IPv4 that was mapped to IPv6 (RFC 4291, 2.5.5.2) is of IPv4."""
    text = text.strip()
    for spelt in _spellings(text):
        try:
            address = ip_address(spelt)
        except ValueError:
            continue
        return getattr(address, "ipv4_mapped", None) or address
    return None


def _spellings(text: str) -> Iterable[str]:
    """`192.0.2.1`, `192.0.2.1:8080`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:8080`, `fe80::1%eth0`."""
    if text.startswith("["):
        return (text[1:].partition("]")[0],)
    if text.count(":") == 1:
        return (text.partition(":")[0],)
    return (text.partition("%")[0],)
