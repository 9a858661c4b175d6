"""Files that are there whole or not at all."""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from digest.errors import RelayError
from digest.model import Outcome, Verdict


@contextmanager
def blamed_on(folder: Path) -> Iterator[None]:
    """Turn what the file system refuses into words about `folder`. Raises RelayError."""
    try:
        yield
    except OSError as error:
        raise RelayError(
            f"{folder}: messages cannot be written there ({error.strerror or error}): "
            "set smtp.path to a folder that this user may write to, and see that the disk is not full"
        ) from error


def make(folder: Path) -> None:
    """The folder, for our eyes only if it is new: mail is private."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` so that it is on the disk when this returns, or raise OSError and leave no file."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise


def probe(folder: Path) -> None:
    """See that files can be written into an existing folder; raises OSError if not."""
    file = folder / ".digest-check"
    write_whole(file, b"")
    file.unlink()


def hand_over(temporary: Path, target: Path, commit: Callable[[], bool]) -> Outcome:
    """Give a written file its real name, if `commit` says so. After `commit` there is always an outcome."""
    if not commit():
        temporary.unlink(missing_ok=True)
        return Outcome(Verdict.DEFERRED, "no longer ours")
    try:
        _move(temporary, target)
    except OSError as error:
        return Outcome(Verdict.DEFERRED, f"{target}: {error.strerror or error}")
    return Outcome(Verdict.SENT, f"written to {target}")


def _move(source: Path, target: Path) -> None:
    """Replace `target`, and see that the new name is on the disk, too."""
    source.replace(target)
    descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def token(text: str, length: int) -> str:
    """A name for `text` that any file system takes."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]
