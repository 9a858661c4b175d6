"""The server's own protocol, which is more patient than the open internet deserves: heads get a size and a time."""

import asyncio
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from digest.web.safety.headers import always_said

_HEAD_SECONDS = 15
_LONGEST_HEAD = 32 * 1024  # bytes: addresses and cookies of the longest kind fit in twice
_MOST_CONNECTIONS = 2_000

_WORDS = {
    400: "What your program sent is not HTTP as we know it.",
    408: "The request did not arrive in time.",
    431: "The head of the request is too long.",
}


class Protocol(HttpToolsProtocol):
    """uvicorn's, but that a head must come soon and be short, and that even nonsense gets an answer of ours.

    Within a body, and while an answer is made, `bounded` and `timely` watch the time.
    """

    head_seconds: float = _HEAD_SECONDS
    _timer: asyncio.TimerHandle | None = None
    _head: int | None = 0  # bytes of the head that is being read; None if none is
    _named: int = 0  # of them, those of headers that are complete: a whole head may come in one piece

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > _MOST_CONNECTIONS:
            transport.abort()
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head is not None and not self.transport.is_closing():
            self._head += len(data)
            if self._head > _LONGEST_HEAD:
                self._refuse(431)

    def on_message_begin(self) -> None:
        self._head = self._named = 0
        if self._timer is None:
            self._wait()
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._named += len(name) + len(value)
        if self._named > _LONGEST_HEAD:
            raise ValueError  # the parser's, and with it `send_400_response`'s

    def on_headers_complete(self) -> None:
        self._head = None
        self._wait_no_more()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  (it is of uvicorn's)
        self._refuse(431 if self._named > _LONGEST_HEAD else 400)

    def _wait(self) -> None:
        self._timer = self.loop.call_later(self.head_seconds, self._refuse, 408)

    def _wait_no_more(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: int) -> None:
        """Say why, and hang up; without a word to whoever never said one, or in the middle of another answer."""
        if self.transport.is_closing():
            return
        is_answering = self.cycle is not None and not self.cycle.response_complete
        if is_answering and status == 408:  # the time of the next request begins when this one is answered
            self._wait()
            return
        if not is_answering and (status != 408 or self._head):
            self.transport.write(refusal(status))
        self.transport.close()


def refusal(status: int) -> bytes:
    """A whole answer, as it is sent."""
    words = _WORDS[status].encode()
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in always_said(is_secure=False)]
    lines += ["Cache-Control: no-store", "Content-Type: text/plain; charset=utf-8"]
    lines += [f"Content-Length: {len(words)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + words
