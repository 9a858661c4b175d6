"""Saying that this process is at work, so that nobody changes the tables under it; and hearing it if somebody has to.

And what is left by those that say so no more.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING

from digest import __version__
from digest.cli import keeping
from digest.errors import OutdatedError, StoreError

if TYPE_CHECKING:
    from threading import Event

    from digest.store import Store

_AGAIN = 20.0  # seconds; after two minutes of silence a process counts as gone


@contextmanager
def at_work(store: "Store", name: str, stop: Callable[[], object]) -> Iterator[None]:
    """Say so, in a thread, as long as it lasts. If the tables become such that this version does not understand them,
    `stop` is called, which is to bring this to its end.

    Raises:
        OutdatedError: they were, or have become so.
        StoreError: the database cannot be reached at the beginning.
    """
    store.attend(name, __version__, store.time())
    found = list[OutdatedError]()

    def attend(over: "Event") -> None:
        while not over.wait(_AGAIN):
            try:
                store.attend(name, __version__, store.time())
            except OutdatedError as error:
                found.append(error)
                stop()
                return
            except StoreError:  # whoever works will say so
                continue

    try:
        with keeping.beside(attend, "attend"):
            yield
    finally:
        with suppress(StoreError):
            store.leave(name)
    if found:
        raise found[0]


def bereave(store: "Store", now: datetime) -> None:
    """Give back what processes held that fell silent, and change the tables if older versions were waited for.

    `now` is by the clock of the database.
    """
    store.bereave_silent(now)
    store.upgrade()
