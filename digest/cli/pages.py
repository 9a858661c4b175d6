"""The pages of an installation: put together, served, and kept alive beside the daemon."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from multiprocessing import get_context
from threading import Event, Thread
from typing import TYPE_CHECKING, overload

import structlog

from digest.cli import worker
from digest.errors import UsageError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess
    from socket import socket

    from digest.cli.wiring import Installation
    from digest.config import Settings
    from digest.store import Store
    from digest.web.desk import Desk

log = structlog.get_logger(__name__)

Clock = Callable[[], datetime]

PORT = 8080  # of `digest web`, where the configuration names none
_LOOK = 0.2  # seconds between two looks at whether it is time to stop
_LAST_ANSWERS = 20.0  # seconds until pages that were told to stop are ended
_STEADY = 60.0  # seconds of life after which a death is a new story
_LONGEST_PAUSE = 60.0  # seconds


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
    where, over = listening(settings), Event()
    thread = Thread(target=_keep, args=(settings, where, over), name="pages")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        where.close()


def _keep(settings: "Settings", where: "socket", over: Event) -> None:
    deaths = 0
    while not over.is_set():
        begun = time.monotonic()
        try:
            process, connection = _start(settings, where)
        except OSError as error:  # no memory for it just now, or no number
            deaths += 1
            log.error("the pages cannot be begun", reason=str(error), seconds=pause(deaths))
            over.wait(pause(deaths))
            continue
        while process.is_alive() and not over.wait(_LOOK):
            pass
        if over.is_set():
            _stop(process, connection)
            return
        connection.close()
        deaths = 1 if time.monotonic() - begun >= _STEADY else deaths + 1
        log.error("the pages have died, and are begun again", status=process.exitcode, seconds=pause(deaths))
        over.wait(pause(deaths))


def pause(deaths: int) -> float:
    """Seconds before pages that died so often in a row are begun again."""
    return min(2.0 ** min(deaths - 1, 10), _LONGEST_PAUSE)


def _start(settings: "Settings", where: "socket") -> "tuple[BaseProcess, Connection]":
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(settings, where, there), daemon=True)
    process.start()
    there.close()  # so that its death is seen there
    return process, here


def _stop(process: "BaseProcess", connection: "Connection") -> None:
    with suppress(OSError):  # it has gone already
        connection.send_bytes(b"stop")
    process.join(_LAST_ANSWERS)
    process.kill()
    process.join()
    connection.close()


def _serve(settings: "Settings", where: "socket", connection: "Connection") -> None:
    """There: until it is told to stop, or the daemon is no more."""
    from digest.cli import logs, wiring
    from digest.daemon import utc_now

    worker.leave_signals_alone()
    logs.verbose(logs.hiding(settings))
    with wiring.once_more(settings, ranker=None) as home:
        serve(desk_of(home, utc_now), where, lambda: connection.poll(0))
