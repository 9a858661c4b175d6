"""Sending less: nothing that the browser still has, and packed where nothing secret is inside."""

import gzip
import hashlib
from functools import lru_cache

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digest.web.safety.log import is_secret

_WORTH_PACKING = 1_000  # bytes: less than that fits into one packet anyway
_WORTH_REMEMBERING = 256 * 1024
_LEVEL = 5
_PACKED = ("text/", "application/json", "application/xml", "application/atom+xml", "application/feed+json", "image/svg")


def lean(app: ASGIApp) -> ASGIApp:
    """ETag and 304 (RFC 9110, 8.8.3 and 15.4.5) and gzip for what everybody may see; all else is never kept.

    A page that reflects what is asked and holds a secret must not be packed: its length would tell (BREACH).
    """

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        asked = Headers(scope=scope)
        held: list[Message] = []

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                held.append(message)
                return
            if held:
                start = held.pop()
                is_whole = not message.get("more_body", False)
                message = _leaner(scope, asked, start, message) if is_whole else _streamed(scope, start, message)
                await send(start)
            await send(message)

        await app(scope, receive, told)

    return run


def _streamed(scope: Scope, start: Message, message: Message) -> Message:
    if not is_public(scope, start):
        _keep_out(MutableHeaders(scope=start))
    return message


def _leaner(scope: Scope, asked: Headers, start: Message, message: Message) -> Message:
    headers, content = MutableHeaders(scope=start), message.get("body", b"")
    if not is_public(scope, start):
        _keep_out(headers)
        return message
    headers.setdefault("Cache-Control", "no-cache")  # kept, and asked for again each time
    if start["status"] == 304:
        return message
    headers.setdefault("ETag", f'W/"{hashlib.blake2b(content, digest_size=12).hexdigest()}"')
    packs = len(content) >= _WORTH_PACKING and headers.get("content-type", "").startswith(_PACKED)
    if packs:
        headers.add_vary_header("Accept-Encoding")
    if is_known(asked.get("if-none-match", ""), headers["ETag"]):
        start["status"] = 304
        del headers["Content-Length"]
        return {**message, "body": b""}
    if packs and takes_gzip(asked.get("accept-encoding", "")) and "content-encoding" not in headers:
        content = _packed(content) if len(content) <= _WORTH_REMEMBERING else gzip.compress(content, _LEVEL, mtime=0)
        headers["Content-Encoding"] = "gzip"
        headers["Content-Length"] = str(len(content))
        if not headers["ETag"].startswith("W/"):
            headers["ETag"] = f"W/{headers['ETag']}"  # other bytes of the same page
    return {**message, "body": content}


def _keep_out(headers: MutableHeaders) -> None:
    """Neither browsers nor search engines are to remember it."""
    headers["Cache-Control"] = "no-store"
    headers["X-Robots-Tag"] = "noindex"


def is_public(scope: Scope, start: Message) -> bool:
    """Whether an answer is one that everybody may see, and that changes only with what it shows."""
    headers = Headers(raw=start["headers"])
    if scope["method"] not in ("GET", "HEAD") or start["status"] not in (200, 304):
        return False
    if "set-cookie" in headers or "no-store" in headers.get("cache-control", ""):
        return False
    inner = scope.get("digest.inner", scope)
    path: str = inner["path"]
    has_token = "token" in inner.get("path_params", {}) or any(map(is_secret, path.split("/")))
    return not has_token and not path.startswith("/admin") and path != "/health"


def is_known(asked: str, tag: str) -> bool:
    """Whether If-None-Match names it, by weak comparison (RFC 9110, 13.1.2)."""
    named = {one.strip().removeprefix("W/") for one in asked.split(",")}
    return tag.removeprefix("W/") in named or "*" in named


def takes_gzip(accepted: str) -> bool:
    """Whether Accept-Encoding (RFC 9110, 12.5.3) names gzip, and not as something unwanted."""
    for one in accepted.lower().split(","):
        name, _, parameters = one.partition(";")
        if name.strip() == "gzip":
            return parameters.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


@lru_cache(maxsize=32)
def _packed(content: bytes) -> bytes:
    """The front page and the newest days are asked for again and again."""
    return gzip.compress(content, _LEVEL, mtime=0)
