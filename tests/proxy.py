"""A TCP proxy between a client and a server that can stall, cut, and let go again."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Lock, Thread

_STEP = 1 << 16


@dataclass
class Proxy:
    """What passes between the two; `port` is where the client finds the server."""

    port: int
    _target: tuple[str, int]
    _open: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)
    _pairs: list[tuple[socket.socket, socket.socket]] = field(default_factory=list)
    _refusing: bool = False
    accepted: int = 0  # connections so far

    def stall(self) -> None:
        """Let nothing through, either way, and hold what comes: nobody notices but by the clock."""
        self._open.clear()

    def go(self) -> None:
        """Let everything through, what was held first."""
        self._refusing = False
        self._open.set()

    def cut(self) -> None:
        """End all connections; what was held is lost."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for one in (each for pair in pairs for each in pair):
            _end(one)

    def refuse(self) -> None:
        """Cut, and turn away whoever comes, until `go`."""
        self._refusing = True
        self.cut()

    def take(self, client: socket.socket) -> None:
        """A client has come."""
        self.accepted += 1
        if self._refusing:
            _end(client)
            return
        Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        self._open.wait()
        try:
            server = socket.create_connection(self._target)
        except OSError:
            _end(client)
            return
        for each in (client, server):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._pairs.append((client, server))
        Thread(target=self._pass, args=(server, client), daemon=True).start()
        self._pass(client, server)

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while received := source.recv(_STEP):
                self._open.wait()
                target.sendall(received)
            self._open.wait()
            target.shutdown(socket.SHUT_WR)
            return
        _end(source)
        _end(target)


def _end(one: socket.socket) -> None:
    """End it, and wake who waits for it."""
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


@contextmanager
def proxy(port: int, host: str = "127.0.0.1") -> Iterator[Proxy]:
    """One in front of this server."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        made = Proxy(listener.getsockname()[1], (host, port))
        made.go()
        Thread(target=_accept, args=(listener, made), daemon=True).start()
        try:
            yield made
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            made.go()
            made.cut()


def _accept(listener: socket.socket, made: Proxy) -> None:
    with suppress(OSError):
        while True:
            made.take(listener.accept()[0])
