"""Processes, and threads, that work beside this one: told when it is over. A process that dies is begun again."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

log = structlog.get_logger(__name__)

_LOOK = 0.2  # seconds between two looks at whether it is time to stop
_STEADY = 60.0  # seconds of life after which a death is a new story
_LONGEST_PAUSE = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Work:
    """What a process is for."""

    name: str
    target: Callable[..., None]  # called there, with the arguments and a connection that says when it is over
    arguments: tuple[Any, ...]
    patience: float | None  # seconds until one that was told to stop is ended; None: however long it takes
    died: str = "a process has died, and is begun again"  # the log's words for it
    mourn: Callable[[], None] = lambda: None  # called here when it has died


@contextmanager
def kept(*works: Work) -> Iterator[None]:
    """A process for each of these, begun again if it dies, until it is over: then all are told, and waited for."""
    over = Event()
    threads = [Thread(target=keep, args=(work, over), name=work.name) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def keep(work: Work, over: Event) -> None:
    """The same, in this thread, until `over` is set."""
    deaths = 0
    while not over.is_set():
        begun = time.monotonic()
        try:
            process, connection = begin(work.target, work.arguments, work.name)
        except OSError as error:  # no memory for it just now, or no number
            deaths += 1
            log.error("a process cannot be begun", process=work.name, reason=str(error), seconds=pause(deaths))
            over.wait(pause(deaths))
            continue
        while process.is_alive() and not over.wait(_LOOK):
            pass
        if over.is_set():
            _stop(process, connection, work.patience)
            return
        connection.close()
        deaths = 1 if time.monotonic() - begun >= _STEADY else deaths + 1
        log.error(work.died, process=work.name, status=process.exitcode, seconds=pause(deaths))
        _mourn(work)
        over.wait(pause(deaths))


def pause(deaths: int) -> float:
    """Seconds before what died so often in a row is begun again."""
    return min(2.0 ** min(deaths - 1, 10), _LONGEST_PAUSE)


def _mourn(work: Work) -> None:
    try:
        work.mourn()
    except Exception as error:  # the next one is begun all the same
        log.warning("cannot clear up after it", process=work.name, reason=str(error))


def _stop(process: "BaseProcess", connection: "Connection", patience: float | None) -> None:
    tell(connection)
    process.join(patience)
    process.kill()
    process.join()
    connection.close()


@contextmanager
def beside(work: Callable[[Event], None], name: str) -> Iterator[None]:
    """A thread that does this until it is over, which is what it is called with."""
    over = Event()
    thread = Thread(target=work, args=(over,), name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


# --- one process ----------------------------------------------------------------------------------------------------


def begin(
    target: Callable[..., None], arguments: tuple[Any, ...], name: str | None = None
) -> "tuple[BaseProcess, Connection]":
    """A process that calls this, and what it is told over; it is called with the other end as its last argument.

    Raises:
        OSError: there is no memory for it just now, or no number.
    """
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=target, args=(*arguments, there), name=name, daemon=True)
    process.start()
    there.close()  # so that each hears of the other's death
    return process, here


def tell(connection: "Connection") -> None:
    """Tell a process that it is over."""
    with suppress(OSError):  # it has gone already
        connection.send_bytes(b"stop")
