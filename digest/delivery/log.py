"""The delivery log: a line for each message that a relay took, kept apart from the database.

    2026-05-18T05:30:07Z <TAB> 2026-05-18 <TAB> <message-id@example.org> <TAB> ann@example.org

when it was taken, the edition's date, the Message-ID, the recipient. It is written right after the server's yes and
before the database learns of it, so that it knows better than a database restored from a backup. Several processes may
write to one log: a line is one write to a file opened for appending.

Once a day the file is put aside under the name of that moment, and such a file goes when all it tells of is too old to
be sent again. Nothing is ever rewritten, so that no line of another process is lost on the way.
"""

import glob
import os
import re
import threading
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from digest.errors import UsageError
from digest.model import Edition, Message

log = structlog.get_logger(__name__)

_DAY = timedelta(days=1)
_CHUNK = 1 << 20  # octets read at a time
_STAMP = "%Y%m%dT%H%M%SZ"  # in the name of a file put aside
# Whatever a torn line left around it: a date and a whole Message-ID are evidence enough.
_TAKEN = re.compile(rb"\t\d{4}-\d\d-\d\d\t([^\t\n]+)\t")


class DeliveryLog:
    """One log. For any number of threads; nothing is opened before it is asked for."""

    def __init__(self, path: Path, keep: timedelta) -> None:
        """`keep` is how long a message may still be sent again, and a line must be remembered."""
        self._path = path
        self._keep = keep
        self._lock = threading.Lock()
        self._taken = _Names()
        self._reading: _Reader | None = None
        self._writing: int | None = None
        self._owed: dict[bytes, bytes] = {}  # lines that could not be written yet, by Message-ID
        self._torn = False  # our last line has no end
        self._tidied: datetime | None = None

    def check(self) -> None:
        """See that it can be written; a log that is not there is begun.

        Raises:
            UsageError: it cannot.
        """
        try:
            with self._lock:
                self._writer()
        except OSError as error:
            raise UsageError(
                f"{self._path}: the delivery log cannot be written there ({error.strerror or error}): "
                "set delivery.log to a file in a folder that this user may write to"
            ) from error

    def note(self, edition: Edition, message: Message, now: datetime) -> None:
        """Keep that the relay has taken this message. A log that cannot be written says so and stops nobody."""
        name = _plain(message.message_id)
        fields = (_instant(now), edition.issue_date.isoformat().encode(), name, _plain(message.recipient))
        with self._lock:
            self._tidy(now)
            failing = bool(self._owed)
            self._owed[name] = b"\t".join(fields) + b"\n"
            try:
                self._append(b"".join(self._owed.values()))
            except OSError as error:
                if not failing:  # one complaint for each message would help nobody
                    self._complain(error)
                return
            self._owed.clear()
        if failing:
            log.warning("the delivery log is written again", file=str(self._path))

    def holds(self, message: Message) -> bool:
        """Whether it was taken before, by whichever process, whatever the database says."""
        name = _plain(message.message_id)
        with self._lock:
            try:
                self._follow()
            except OSError as error:
                self._complain(error)
            return name in self._taken or name in self._owed

    def close(self) -> None:
        """Give back the files."""
        with self._lock:
            if self._writing is not None:
                os.close(self._writing)
            if self._reading is not None:
                self._reading.close()
            self._writing = self._reading = None

    def _complain(self, error: OSError) -> None:
        why = error.strerror or str(error)
        log.error("cannot use the delivery log", file=str(self._path), reason=why, action="deliveries go on")

    # --- writing ---

    def _append(self, lines: bytes) -> None:
        descriptor = self._writer()
        whole = b"\n" + lines if self._torn else lines
        self._torn = True  # until the whole of it is there
        if (written := os.write(descriptor, whole)) < len(whole):  # the disk is full, or nearly so
            os.write(descriptor, whole[written:])
        self._torn = False

    def _writer(self) -> int:
        """The file, opened anew if another one has its name by now."""
        if self._writing is not None:
            if _is_at(self._writing, self._path):
                return self._writing
            os.close(self._writing)
            self._writing = None
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._writing = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        self._torn = _is_torn(self._writing)
        return self._writing

    # --- reading ---

    def _follow(self) -> None:
        """Take in what was written since the last look, by anyone."""
        if self._reading is not None and not _is_at(self._reading.descriptor, self._path):
            self._reading.close()
            self._reading = None
        if self._reading is None:
            self._reread()
        if self._reading is not None:
            self._taken.update(self._reading.names())

    def _reread(self) -> None:
        """Begin anew, with what was put aside. The file is opened first: it may be put aside at any moment."""
        self._taken = _Names()
        with suppress(FileNotFoundError):  # nothing was taken yet today
            self._reading = _Reader(self._path)
        for path in _aside(self._path):
            with suppress(FileNotFoundError), closing(_Reader(path)) as reader:
                self._taken.update(reader.names())

    # --- keeping it small ---

    def _tidy(self, now: datetime) -> None:
        """Once a day: let go of what is too old, and put the file aside."""
        if self._tidied is not None and abs(now - self._tidied) < _DAY:
            return
        self._tidied = now
        try:
            for path in _aside(self._path):
                if path.name < _put_aside(self._path, now - self._keep).name:
                    path.unlink(missing_ok=True)
            if b"" < _first_line(self._path) < _instant(now - _DAY):
                self._path.rename(_put_aside(self._path, now))
        except OSError as error:
            log.warning("cannot tidy the delivery log", file=str(self._path), reason=error.strerror or str(error))


class _Reader:
    """Reads a growing file to its end, again and again."""

    def __init__(self, path: Path) -> None:
        self.descriptor = os.open(path, os.O_RDONLY)
        self._rest = b""  # a line whose end is not there yet

    def names(self) -> Iterator[bytes]:
        """The Message-IDs of the lines written since the last time."""
        while chunk := os.read(self.descriptor, _CHUNK):
            whole, end, rest = (self._rest + chunk).rpartition(b"\n")
            self._rest = rest
            yield from _TAKEN.findall(whole + end)

    def close(self) -> None:
        os.close(self.descriptor)


class _Names:
    """A set of names that takes 8 octets for each: a million messages are not unusual, and each process has one.

    What is kept is Python's own hash, 64 bits and another in each process: of a million names that are looked up among
    a million others, one is taken for another once in 10^7 days.
    """

    _FRESH = 1 << 16

    def __init__(self) -> None:
        self._fresh: set[int] = set()
        self._sorted = array("q")

    def update(self, names: Iterable[bytes]) -> None:
        for name in names:
            self._fresh.add(hash(name))
            if len(self._fresh) >= self._FRESH:
                self._sorted = array("q", sorted(self._fresh.union(self._sorted)))
                self._fresh.clear()

    def __contains__(self, name: bytes) -> bool:
        wanted = hash(name)
        if wanted in self._fresh:
            return True
        place = bisect_left(self._sorted, wanted)
        return place < len(self._sorted) and self._sorted[place] == wanted


def _plain(text: str) -> bytes:
    """ASCII without tabs and line ends, another for each text: an address can forge no field."""
    return text.encode("unicode_escape")


def _instant(moment: datetime) -> bytes:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether that is still the file of this name."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))  # noqa: PTH116 - asked once a message; a Path is slower
    except FileNotFoundError:
        return False


def _is_torn(descriptor: int) -> bool:
    """Whether whoever wrote last did not live to end the line."""
    if os.lseek(descriptor, 0, os.SEEK_END) == 0:
        return False
    os.lseek(descriptor, -1, os.SEEK_END)
    return os.read(descriptor, 1) != b"\n"


def _first_line(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.readline(1_000)
    except FileNotFoundError:
        return b""


def _put_aside(path: Path, moment: datetime) -> Path:
    """Named by the process, too: two that do so in the same second must not take the place of each other."""
    return path.with_name(f"{path.name}.{moment.astimezone(UTC).strftime(_STAMP)}-{os.getpid()}")


def _aside(path: Path) -> list[Path]:
    """The files that were put aside, oldest first."""
    return sorted(path.parent.glob(f"{glob.escape(path.name)}.[0-9]*Z-*"))
