"""An SMTP server that takes everything and keeps nothing but times: as fast as Python can be one, a process of its own."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import NamedTuple

_REPLIES = {
    b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 99999999\r\n",
    b"HELO": b"250 sink\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}
_TAKEN = b"250 2.0.0 taken\r\n"
_OK = b"250 2.1.0 ok\r\n"
_END = b"\r\n.\r\n"

# Signed mail to this sink, as a configuration has it; what follows may add to [smtp].
TO_SINK = """\
[mail]
from = "Daily Papers <digest@example.org>"

[dkim]
domain = "example.org"
selector = "digest"
key_file = "{folder}/dkim.pem"

[smtp]
host = "127.0.0.1"
port = {port}
security = "none"
"""


class Took(NamedTuple):
    """What came in since the last question."""

    messages: int
    bytes: int
    seconds: float  # from the first to the last
    cpu: float  # seconds, of the sink itself


class _Books:
    """What is counted, over all connections."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.messages = self.bytes = 0
        self.first = self.last = 0.0
        self.cpu = time.process_time()

    def took(self) -> Took:
        return Took(self.messages, self.bytes, self.last - self.first, time.process_time() - self.cpu)

    def note(self) -> None:
        self.last = time.monotonic()
        self.first = self.first or self.last
        self.messages += 1


class _Session(asyncio.Protocol):
    def __init__(self, books: _Books, delay: float) -> None:
        self._books = books
        self._delay = delay
        self._commands = b""
        self._replies: list[bytes] = []
        self._tail: bytes | None = None  # of the message that is coming in; None between messages

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._say(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._books.bytes += len(data)
        rest = data
        while rest:
            rest = self._command(rest) if self._tail is None else self._text(rest)
        if self._replies:  # those to one flight in one flight, too (RFC 2920, 3.2)
            self._say(b"".join(self._replies))
            self._replies.clear()

    def _command(self, data: bytes) -> bytes:
        """One command; what is behind it."""
        line, end, rest = (self._commands + data).partition(b"\r\n")
        if not end:
            self._commands = line
            return b""
        self._commands = b""
        verb = line[:4].upper()
        self._replies.append(_REPLIES.get(verb, _OK))
        if verb == b"DATA":
            self._tail = b"\r\n"
        return rest

    def _text(self, data: bytes) -> bytes:
        """The message up to its end; what is behind it."""
        assert self._tail is not None
        if data.endswith(_END):  # nearly always; so it is not searched for
            at = len(data) - len(_END)
        else:
            joint = self._tail + data
            found = joint.find(_END)
            if found < 0:
                self._tail = joint[-4:]
                return b""
            at = found - len(self._tail)
        self._tail = None
        self._books.note()
        self._replies.append(_TAKEN)
        return data[at + len(_END) :]

    def _say(self, reply: bytes) -> None:
        if self._delay:
            asyncio.get_running_loop().call_later(self._delay, self._transport.write, reply)
        else:
            self._transport.write(reply)


def _serve(delay: float, connection: Connection) -> None:
    asyncio.run(_until_told(delay, connection))


async def _until_told(delay: float, connection: Connection) -> None:
    books, loop = _Books(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Session(books, delay), "127.0.0.1", 0, backlog=512)
    connection.send(server.sockets[0].getsockname()[1])
    done = asyncio.Event()

    def asked() -> None:
        if connection.recv() == "stop":
            done.set()
        else:
            connection.send(books.took())
            books.clear()

    loop.add_reader(connection.fileno(), asked)
    await done.wait()


class Sink:
    """The server, as the process that started it sees it."""

    def __init__(self, port: int, connection: Connection) -> None:
        self.port = port
        self._connection = connection

    def took(self) -> Took:
        self._connection.send("took")
        took: Took = self._connection.recv()
        return took


@contextmanager
def sink(delay: float = 0.0) -> Iterator[Sink]:
    """A sink that answers each command or flight of commands after `delay` seconds."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(delay, there), daemon=True)
    process.start()
    try:
        yield Sink(here.recv(), here)
    finally:
        here.send("stop")
        process.join()
