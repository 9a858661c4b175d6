"""The pages of an installation: put together, served, and kept alive beside the daemon."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from threading import Event, Thread
from typing import TYPE_CHECKING, overload

import structlog

from digest.cli import keeping, worker
from digest.errors import UsageError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from socket import socket

    from digest.cli.wiring import Installation
    from digest.config import Settings
    from digest.store import Store
    from digest.web.desk import Desk

log = structlog.get_logger(__name__)

Clock = Callable[[], datetime]

PORT = 8080  # of `digest web`, where the configuration names none
_LOOK = 0.2  # seconds between two looks at whether it is time to stop
_DIED = "the pages have died, and are begun again"
_LAST_ANSWERS = 20.0  # seconds until pages that were told to stop are ended


# --- put together ---------------------------------------------------------------------------------------------------


class Keyring(Sequence[bytes]):
    """The keys that links are signed with, read again now and then: they may be rotated while pages are served."""

    def __init__(self, store: "Store", clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._read_at = clock()
        self._keys = store.keys(self._read_at)

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[bytes]: ...
    def __getitem__(self, at: int | slice) -> bytes | Sequence[bytes]:
        return self._fresh()[at]

    def __len__(self) -> int:
        return len(self._fresh())

    def _fresh(self) -> Sequence[bytes]:
        now = self._clock()
        if not timedelta(0) <= now - self._read_at < _KEYS_LAST:
            self._keys, self._read_at = self._store.keys(now), now
        return self._keys


_KEYS_LAST = timedelta(seconds=30)


def desk_of(home: "Installation", clock: Clock) -> "Desk":
    """What the pages of an installation are made with."""
    from digest.web.desk import Desk

    return Desk(home.settings, home.parts, home.store, home.renderer, Keyring(home.store, clock), clock)


# --- served ---------------------------------------------------------------------------------------------------------


def listening(settings: "Settings", host: str | None = None, port: int | None = None) -> "socket":
    """Where the pages are served, as the configuration says or the command. Raises UsageError if that cannot be."""
    from digest.web.listening import listen

    host, port = host or settings.web.host, settings.web.port or PORT if port is None else port
    try:
        return listen(host, port)
    except OSError as error:
        why = error.strerror or str(error)
        raise UsageError(
            f"The pages cannot be served at {host}, port {port} ({why}): see web.host and web.port."
        ) from None


def serve(desk: "Desk", where: "socket", is_over: Callable[[], bool]) -> None:
    """Answer, and mail what is asked for on the pages, until it is over; what is under way is finished."""
    from digest.web import postman
    from digest.web.app import application
    from digest.web.serving import Server

    server, over = Server(application(desk)), Event()

    def watch() -> None:
        while not (is_over() or over.wait(_LOOK)):
            pass
        over.set()
        server.should_exit = True

    works: dict[str, Callable[[], None]] = {
        "watch": watch,
        "postman": partial(postman.run, desk, over),
        "live": partial(desk.live.run, over),
    }
    threads = [Thread(target=work, name=name) for name, work in works.items()]
    for thread in threads:
        thread.start()
    try:
        host, port = where.getsockname()[:2]
        log.info("serving pages", url=desk.base, host=host, port=port)
        server.run([where])
    finally:
        over.set()
        for thread in threads:
            thread.join()
        log.info("pages closed")


# --- kept alive -----------------------------------------------------------------------------------------------------


@contextmanager
def kept(settings: "Settings") -> Iterator[None]:
    """Pages served by a process of their own, which is begun again if it dies, until it is over.

    The port is taken here: whoever asks meanwhile waits, and a port that is not free is known at once.

    Raises:
        UsageError: the pages cannot be served there.
    """
    where = listening(settings)
    try:
        with keeping.kept(keeping.Work("pages", _serve, (settings, where), _LAST_ANSWERS, _DIED)):
            yield
    finally:
        where.close()


def _serve(settings: "Settings", where: "socket", connection: "Connection") -> None:
    """There: until it is told to stop, or the daemon is no more."""
    from digest.cli import attending, logs, wiring
    from digest.daemon import utc_now

    worker.leave_signals_alone()
    logs.verbose(logs.hiding(settings))
    over = Event()
    with (
        wiring.once_more(settings, ranker=None) as home,
        attending.at_work(home.store, home.parts.worker, over.set),
    ):
        serve(desk_of(home, utc_now), where, lambda: over.is_set() or connection.poll(0))
