"""Delivery into a Maildir (https://cr.yp.to/proto/maildir.html): written in tmp/, then moved to new/ whole."""

from collections.abc import Callable
from pathlib import Path

from digest.delivery import folders
from digest.model import Message, Outcome


class MaildirTransport:
    """Writes each message as a file. A message sent again takes the place of its first copy, read or not."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, message: Message, commit: Callable[[], bool], following: Message | None = None) -> Outcome:  # noqa: ARG002
        """Deliver into new/. Calls `commit` before the file appears there, and gives up if it says no.

        Raises:
            RelayError: the folder cannot be written to.
        """
        name = f"{folders.token(message.message_id, 32)}.digest"  # from the Message-ID alone: the same on every retry
        with folders.blamed_on(self._path):
            self._make()
            temporary = self._path / "tmp" / name
            # Mail readers on this kind of system expect its own line ends, as local delivery agents write them.
            folders.write_whole(temporary, message.content.replace(b"\r\n", b"\n"))
            target = self._earlier(name) or self._path / "new" / name
        return folders.hand_over(temporary, target, commit)

    def _make(self) -> None:
        for folder in ("tmp", "new", "cur"):
            folders.make(self._path / folder)

    def _earlier(self, name: str) -> Path | None:
        """The copy that a mail reader has moved to cur/ and marked (name:2,flags)."""
        return next((self._path / "cur").glob(f"{name}:*"), None)

    def close(self) -> None:
        """Nothing is held open."""

    def check(self) -> str:
        """See that messages can be written; says where.

        Raises:
            RelayError: they cannot.
        """
        with folders.blamed_on(self._path):
            self._make()
            folders.probe(self._path / "tmp")
        return f"Maildir {self._path} can be written to"
