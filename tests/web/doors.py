"""Servers that outlive their tests: to stop one takes longer than all that most tests do with it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from digest.web.listening import listen
from digest.web.serving import Server

_LAST_ANSWERS = 10  # seconds


class Door:
    """A server on a free port of the loopback, and whichever application is behind it now."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None
        listening = listen("127.0.0.1", 0)
        self.port = listening.getsockname()[1]
        self._server = Server(self)
        Thread(target=self._server.run, args=([listening],), daemon=True).start()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)

    @contextmanager
    def serving(self, app: ASGIApp) -> Iterator[httpx.Client]:
        """With this application behind it, and a client: without TLS, as reading whom to trust takes longer than a page."""
        self.app = app
        base = f"http://127.0.0.1:{self.port}"
        try:
            with httpx.Client(base_url=base, trust_env=False, verify=False, timeout=30) as client:
                yield client
        finally:
            self._settle()

    def _settle(self) -> None:
        """Wait for what is under way, as a server does that is stopped."""
        over = time.monotonic() + _LAST_ANSWERS
        while self._server.server_state.tasks and time.monotonic() < over:
            time.sleep(0.002)


_free: list[Door] = []


@contextmanager
def opened() -> Iterator[Door]:
    """One that nobody else uses meanwhile."""
    door = _free.pop() if _free else Door()
    try:
        yield door
    finally:
        _free.append(door)
