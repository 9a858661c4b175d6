"""Pages that are the same for everybody, kept as they were written until something that they show has changed."""

import hashlib
from collections.abc import Callable
from functools import cached_property
from threading import Lock
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from digest.web.desk import Desk
from digest.web.safety import heed_limit
from digest.web.safety.lean import is_known

Write = Callable[[Request], Response]

_LONGEST = 600  # characters of an address that is worth remembering
_MOST = 16 << 20  # bytes of pages
_SECONDS = 60  # that others may show one without asking again


class _Written(NamedTuple):
    mark: str
    body: bytes
    kind: str


class Kept:
    """The pages last asked for. Threads may share it: two that miss the same page both write it."""

    def __init__(self, desk: Desk, most: int = _MOST) -> None:
        self._desk = desk
        self._most = most
        self._pages: dict[str, _Written] = {}  # by address, those last asked for behind
        self._weight = 0
        self._lock = Lock()

    def page(self, write: Write) -> Write:
        """Answer with what is kept, or with nothing where the asker has it already (RFC 9110, 8.8.3 and 13.1.2)."""

        def answer(request: Request) -> Response:
            # Not request.url: that is made with the Host header, which then names the page that others get.
            address = f"{request.scope['path']}?{request.scope['query_string'].decode('latin-1')}"
            mark = self._mark(address)
            headers = {"etag": f'W/"{mark}"', "cache-control": f"public, max-age={_SECONDS}"}
            if is_known(request.headers.get("if-none-match", ""), headers["etag"]):
                return Response(status_code=304, headers=headers)
            kept = self._find(address, mark)
            if kept:
                return Response(kept.body, headers={**headers, "content-type": kept.kind})
            heed_limit(request, "page", self._desk.clock())
            response = write(request)
            if response.status_code == 200:
                response.headers.update(headers)
                self._keep(address, _Written(mark, bytes(response.body), response.headers["content-type"]))
            return response

        return answer

    def _mark(self, address: str) -> str:
        """The same for the same page, whichever process writes it."""
        now = self._desk.clock().date()  # a page says what has not come yet
        said = f"{self._looks}\0{self._desk.store.archive_mark()}\0{now}\0{address}"
        return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:20]

    @cached_property
    def _looks(self) -> str:
        """What pages are made with besides what they show."""
        desk = self._desk
        return f"{desk.templates.fingerprint} {desk.base} {desk.settings.site} {desk.settings.web.sign_up}"

    def _find(self, address: str, mark: str) -> _Written | None:
        with self._lock:
            kept = self._pages.pop(address, None)
            if kept is None:
                return None
            if kept.mark != mark:
                self._weight -= len(kept.body)
                return None
            self._pages[address] = kept
            return kept

    def _keep(self, address: str, page: _Written) -> None:
        if len(address) > _LONGEST:
            return
        with self._lock:
            before = self._pages.pop(address, None)
            self._weight += len(page.body) - (len(before.body) if before else 0)
            self._pages[address] = page
            while self._weight > self._most and len(self._pages) > 1:
                self._weight -= len(self._pages.pop(next(iter(self._pages))).body)
