"""Telling open pages that what they show may have changed."""

from collections.abc import Callable, Hashable, Iterable
from pathlib import Path
from threading import Condition, Event, Thread

import structlog
from watchfiles import watch

log = structlog.get_logger(__name__)

_SETTLE = 60  # milliseconds without another change: an editor writes a file in several steps
_LOOK_ANYWAY = 2_000  # milliseconds: for file systems that tell of nothing, and databases that are no file

Mark = tuple[Hashable, ...]


class Changes:
    """A number that grows with every change; pages wait for it to be another than the one they know."""

    def __init__(self) -> None:
        self._condition = Condition()
        self.version = 0

    def tell(self) -> None:
        """Something changed."""
        with self._condition:
            self.version += 1
            self._condition.notify_all()

    def wait(self, known: int, seconds: float) -> int:
        """The version, as soon as it is not the known one, or after so many seconds."""
        with self._condition:
            self._condition.wait_for(lambda: self.version != known, seconds)
            return self.version


class Watcher:
    """A thread that looks whenever something happens in some folders, and tells if it is another mark.

    Args:
        folders: those to watch now, not what is below them.
        mark: what is the same as long as nothing changed.
    """

    def __init__(self, changes: Changes, folders: Callable[[], frozenset[Path]], mark: Callable[[], Mark]) -> None:
        self._changes, self._folders, self._mark = changes, folders, mark
        self._stop = Event()
        self._seen = mark()
        self._thread = Thread(target=self._run, name="preview-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            watched = self._folders()
            for _ in _happenings(watched, self._stop):
                self._look()
                if self._folders() != watched:
                    break

    def _look(self) -> None:
        mark = self._mark()
        if mark != self._seen:
            self._seen = mark
            self._changes.tell()


def _happenings(folders: Iterable[Path], stop: Event) -> Iterable[object]:
    """Something for each time to look, now and then also for nothing; ends when it is to stop."""
    yield None  # what happened between two watches
    try:
        yield from watch(
            *folders,
            watch_filter=None,
            debounce=4 * _SETTLE,
            step=_SETTLE,
            stop_event=stop,
            rust_timeout=_LOOK_ANYWAY,
            yield_on_timeout=True,
            raise_interrupt=False,
            recursive=False,
        )
    except (OSError, RuntimeError) as error:  # a folder went, or there are no watches left to give
        log.info("cannot watch", reason=str(error))
        while not stop.wait(_LOOK_ANYWAY / 1000):
            yield None
