"""Delivery into a folder: one .eml file a message."""

import re
from collections.abc import Callable
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from pathlib import Path

from digest.delivery import folders
from digest.model import Message, Outcome

_UNSAFE = re.compile(r"[^a-z0-9@._+-]+")
_LONGEST = 80


class FilesTransport:
    """Writes each message to `<date>-<recipient>-<token>.eml`. A message sent again takes the place of its first copy."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, message: Message, commit: Callable[[], bool], following: Message | None = None) -> Outcome:  # noqa: ARG002
        """Write one message. Calls `commit` before the file appears, and gives up if it says no.

        Raises:
            RelayError: the folder cannot be written to.
        """
        target = self._path / file_name(message)
        temporary = target.with_name(f".{target.name}.part")
        with folders.blamed_on(self._path):
            folders.make(self._path)
            folders.write_whole(temporary, message.content)
        return folders.hand_over(temporary, target, commit)

    def close(self) -> None:
        """Nothing is held open."""

    def check(self) -> str:
        """See that messages can be written; says where.

        Raises:
            RelayError: they cannot.
        """
        with folders.blamed_on(self._path):
            folders.make(self._path)
            folders.probe(self._path)
        return f"{self._path} can be written to"


def file_name(message: Message) -> str:
    """A name that any file system takes, whoever chose the address; the token keeps those apart that look alike."""
    recipient = _UNSAFE.sub("_", message.recipient.lower())[:_LONGEST]
    return f"{_day(message.content)}-{recipient}-{folders.token(message.message_id, 8)}.eml"


def _day(content: bytes) -> str:
    """The day of the message's own Date header, in that header's zone."""
    head = content.partition(b"\r\n\r\n")[0]
    try:
        return parsedate_to_datetime(str(BytesHeaderParser().parsebytes(head)["Date"])).date().isoformat()
    except (ValueError, TypeError):
        return "undated"
