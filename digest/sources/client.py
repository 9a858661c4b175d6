"""One polite HTTP client for all sources. httpx is imported here and nowhere else.

A request belongs to a *group*: the source it is made for. A group that has an entry in `gap` is one door, however many
hosts it has: one connection at a time, and that long between two requests (arXiv, https://info.arxiv.org/help/api/tou.html),
over all processes that share a database.
Requests of other groups are spaced a little for each host. Silence that a server asks for holds for the whole group.
"""

import random
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from socket import SHUT_RDWR, socket
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import httpx

from digest import __version__
from digest.model import Validators
from digest.sources.errors import FetchError, PausedError, RefusedError, UnreachableError
from digest.sources.etiquette import GAP, Etiquette, Turns, paused, retry_after, silence_after

MEBIBYTE = 2**20
WORTH_WAITING = 5.0  # seconds of Retry-After that are waited for on the spot
RETRIES = 2
REDIRECTS = 5
DEADLINE = 60.0  # seconds for one request, whatever trickles in


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server sent: the whole body, decompressed, or nothing if it had not changed."""

    url: str  # after redirects
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)  # lower-case names
    not_modified: bool = False

    @property
    def validators(self) -> Validators | None:
        etag, modified = self.headers.get("etag"), self.headers.get("last-modified")
        return Validators(etag, modified) if etag or modified else None

    def validators_for(self, url: str) -> dict[str, Validators]:
        """What to remember for the next request to `url`."""
        return {url: self.validators} if self.validators else {}


class Client:
    """Fetches over HTTP, politely. Safe to use from several threads.

    Args:
        contact: an address or URL of the operator, told to every server.
        gap: groups that are one door, and the time between two of their requests.
        limit: the most bytes of a body, after decompression.
        deadline: the most seconds for one request, from connecting to the last byte.
        turns: what other processes that ask the same servers agree on with this one.
        sleep, monotonic: waiting and the clock that measures it, in seconds.
    """

    def __init__(  # noqa: PLR0913 - all but the contact have the right default
        self,
        contact: str = "",
        *,
        gap: Mapping[str, timedelta] | None = None,
        limit: int = 32 * MEBIBYTE,
        deadline: float = DEADLINE,
        turns: Turns | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = limit
        self._deadline = deadline
        self._sleep = sleep
        hold = timedelta(seconds=deadline)
        self._etiquette = Etiquette(GAP if gap is None else gap, sleep, monotonic, turns, hold)
        self._http = httpx.Client(
            headers={"User-Agent": user_agent(contact), "Accept-Encoding": "gzip"},
            timeout=httpx.Timeout(30, connect=10),
            verify=_trusted(),
            # A kept connection saves little at this pace, and a server may close it just as it is used again.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def keep_silent(self, group: str, until: datetime | None) -> None:
        """Ask nothing of a group until then: silence that was asked of an earlier process."""
        if until is not None:
            self._etiquette.silence(group, until)

    def get(  # noqa: PLR0913 - what a request is made of
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        group: str,
        now: datetime,
        validators: Validators | None = None,
        limit: int | None = None,
    ) -> Answer:
        """The answer to a GET: status 200, or `not_modified` if `validators` still hold.

        Connection errors, broken answers and 5xx are tried twice again within seconds; slowness is not. `now` is the
        time to act as: silence is reckoned in it.

        Raises:
            FetchError: one of its kinds.
        """
        try:
            target = str(httpx.URL(url).copy_merge_params(params or {}))
        except (httpx.InvalidURL, UnicodeError, TypeError) as error:
            raise UnreachableError(f"{url!r} is not an address: {error}") from None
        headers = _conditions(validators)
        for attempt in range(RETRIES + 1):
            try:
                return self._follow(target, headers, group, now, limit or self._limit)
            except (_BrokenError, RefusedError, PausedError) as error:
                wait = _wait(error, attempt, now)
                if wait is None:
                    raise
            self._sleep(wait)
        raise AssertionError("unreachable")  # the last attempt returns or raises

    def _follow(self, url: str, headers: Mapping[str, str], group: str, now: datetime, limit: int) -> Answer:
        for _ in range(REDIRECTS + 1):
            if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
                raise UnreachableError(f"{url[:200]!r} is not an http or https address")
            answer = self._once(url, headers, group, now, limit)
            if answer.status not in (301, 302, 303, 307, 308) or "location" not in answer.headers:
                return self._judge(answer, group, now, conditional=bool(headers))
            url = _join(url, answer.headers["location"])
        raise UnreachableError(f"{_host(url)} redirects in circles")

    def _once(self, url: str, headers: Mapping[str, str], group: str, now: datetime, limit: int) -> Answer:
        host = _host(url)
        with self._etiquette.turn(group, host, now), _Watch(self._deadline) as watch:
            try:
                request = self._http.build_request("GET", url, headers=dict(headers), extensions=watch.extensions)
                response = self._http.send(request, stream=True)
                try:
                    body = b"".join(_inflated(response, limit, host))
                finally:
                    response.close()
            except httpx.TimeoutException:
                raise UnreachableError(f"{host} did not answer in time") from None
            except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError, ValueError, OSError) as error:
                if watch.expired:
                    raise UnreachableError(_too_slow(host, self._deadline)) from None
                raise _BrokenError(f"{host}: {_in_words(error)}") from None
        if watch.expired:  # a body without a length looks whole when it is cut
            raise UnreachableError(_too_slow(host, self._deadline))
        return Answer(url, response.status_code, body, {k.lower(): v for k, v in response.headers.items()})

    def _judge(self, answer: Answer, group: str, now: datetime, *, conditional: bool) -> Answer:
        host, status = _host(answer.url), answer.status
        if status == 200:
            return answer
        if status == 304 and conditional:
            return Answer(answer.url, status, b"", answer.headers, not_modified=True)
        moment = self._etiquette.instant(now)
        asked = retry_after(answer.headers.get("retry-after"), moment)
        if status == 429 or (status == 503 and asked is not None and asked.total_seconds() > WORTH_WAITING):
            until = self._etiquette.keep_silent(group, now, silence_after(group, asked))
            raise paused(host, status, until, moment)
        raise RefusedError(f"{host} answered HTTP {status}", answer)


@cache
def _trusted() -> ssl.SSLContext:
    """Whom to trust: read once, for it takes longer than many a request."""
    return httpx.create_ssl_context()


class _BrokenError(UnreachableError):
    """Worth another try at once."""


class _Watch:
    """Cuts the connections of one request when its time is over, also while a server drips byte after byte.

    httpx's timeouts bound single reads only, so this listens to httpcore's trace of opened sockets
    (https://www.encode.io/httpcore/extensions/#trace).
    """

    def __init__(self, seconds: float) -> None:
        self.expired = False
        self._sockets: list[socket] = []
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    @property
    def extensions(self) -> dict[str, Any]:
        return {"trace": self._opened}

    def _opened(self, event: str, info: Mapping[str, Any]) -> None:
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            opened = info["return_value"].get_extra_info("socket")
            if isinstance(opened, socket):
                self._sockets.append(opened)
                if self.expired:
                    self._expire()

    def _expire(self) -> None:
        self.expired = True
        for opened in list(self._sockets):
            try:
                socket.shutdown(opened, SHUT_RDWR)  # not SSLSocket's own, which would drop TLS under the reader
            except OSError:
                continue  # closed already


# --- what to do after a failure -----------------------------------------------------------------------------------


def _wait(error: FetchError, attempt: int, now: datetime) -> float | None:
    """Seconds before another try; None if there is none."""
    if isinstance(error, PausedError) or attempt >= RETRIES:
        return None
    if isinstance(error, RefusedError):
        if error.answer.status < 500:
            return None
        asked = retry_after(error.answer.headers.get("retry-after"), now)
        if asked is not None:
            return asked.total_seconds()
    return float(2**attempt) * random.uniform(0.5, 1)  # noqa: S311 - spreads out retries, keeps no secret


# --- the wire -----------------------------------------------------------------------------------------------------


def user_agent(contact: str) -> str:
    """How we introduce ourselves: `daily-paper-digest/0.1 (+someone@example.org)`."""
    plain = "".join(c for c in contact if " " <= c <= "~" and c not in "()\\").strip()
    return f"daily-paper-digest/{__version__}" + (f" (+{plain})" if plain else "")


def _conditions(validators: Validators | None) -> dict[str, str]:
    """Headers of a conditional request; validators go back exactly as they came (arXiv's ETag has no quotes)."""
    if validators is None:
        return {}
    pairs = {"If-None-Match": validators.etag, "If-Modified-Since": validators.last_modified}
    return {name: value for name, value in pairs.items() if value and value.isascii() and value.isprintable()}


def _inflated(response: httpx.Response, limit: int, host: str) -> Iterator[bytes]:
    """The body piece by piece, decompressed; never more than `limit` bytes, so that no small answer grows huge."""
    left, encoding = limit, response.headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise UnreachableError(f"{host} sent its answer packed as {encoding[:20]!r}, which was not asked for")
    inflate = zlib.decompressobj(wbits=47) if encoding not in ("", "identity") else None  # 47: gzip or zlib
    whole = True
    for packed in response.iter_raw():
        rest = packed
        while rest:
            try:
                piece, rest = (inflate.decompress(rest, left + 1), inflate.unconsumed_tail) if inflate else (rest, b"")
            except zlib.error as error:
                raise _BrokenError(f"{host} sent a broken {encoding} answer ({error})") from None
            left -= len(piece)
            if left < 0:
                raise UnreachableError(f"{host} sent more than {limit / MEBIBYTE:.3g} MiB")
            yield piece
        whole = inflate is None or inflate.eof
    if not whole:
        raise _BrokenError(f"{host} broke off in the middle of its answer")


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or url[:100]
    except ValueError:
        return url[:100]


def _join(base: str, location: str) -> str:
    try:
        return urljoin(base, location)
    except ValueError:
        raise UnreachableError(f"{_host(base)} redirects to {location[:100]!r}, which is not an address") from None


def _too_slow(host: str, seconds: float) -> str:
    return f"{host} was too slow: not done after {seconds:g} seconds"


def _in_words(error: Exception) -> str:
    if isinstance(error, httpx.ConnectError):
        return f"no connection ({error})"
    if isinstance(error, httpx.RemoteProtocolError):
        return "the connection broke off before the answer was complete"
    return f"the connection failed ({error or type(error).__name__})"
