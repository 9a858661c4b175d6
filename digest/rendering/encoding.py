"""Text in quoted-printable (RFC 2045, 6.7) that can be cut into pieces and joined in any order.

A piece begins at column 0 and leaves the next one there: what does not end in a line end ends in a soft one. No line of
it begins with "." or "From ", so that neither SMTP (RFC 5321, 4.5.2) nor a mailbox file ever changes a signed body.
"""

from binascii import a2b_qp, b2a_base64, b2a_qp
from collections.abc import Iterable
from typing import NamedTuple

_COLUMNS = 76
_SOFT = b"=\r\n"
_ASCII = bytes(range(128))


class Piece(NamedTuple):
    """A stretch of a body, encoded.

    Attributes:
        content: as it goes out.
        size: bytes of the text, a line end being two, as in mail.
        beyond: how many of them are beyond ASCII.
    """

    content: bytes
    size: int
    beyond: int = 0


def piece(text: str) -> Piece:
    """The text as a piece. Line ends of any kind become those of mail."""
    if _is_plain(text):
        return Piece(text.encode() + _SOFT, len(text))
    data = text.encode()
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return Piece(
        _quoted(data), len(data) + data.count(b"\n"), 0 if text.isascii() else len(data.translate(None, delete=_ASCII))
    )


def _is_plain(text: str) -> bool:
    """Whether it is one line that may stand as it is."""
    return (
        len(text) < _COLUMNS
        and text.isascii()
        and text.isprintable()
        and "=" not in text
        and not text.startswith((".", "From "))
        and bool(text)
    )


def _quoted(data: bytes) -> bytes:
    written = b2a_qp(data)
    if written and not written.endswith(b"\n"):
        written += b"=\n"
    if not _fits(written):
        written = b"\n".join(map(_fitted, written.split(b"\n")))
    return written.replace(b"\n", b"\r\n")


def _fits(written: bytes) -> bool:
    begins = written.startswith((b".", b"From ")) or b"\n." in written or b"\nFrom " in written
    return not begins and max(map(len, written.split(b"\n"))) <= _COLUMNS


def _fitted(line: bytes) -> bytes:
    """The line within its columns, its beginning quoted where something on the way could take it for its own."""
    if line[:1] == b".":
        line = b"=2E" + line[1:]
    elif line[:5] == b"From ":
        line = b"=46" + line[1:]
    if len(line) <= _COLUMNS:
        return line
    cut = _COLUMNS - 1
    if b"=" in line[cut - 2 : cut]:  # not inside of "=XX"
        cut = line.rindex(b"=", cut - 2, cut)
    return line[:cut] + b"=\n" + _fitted(line[cut:])


def text_of(encoded: bytes) -> str:
    """What pieces say."""
    return a2b_qp(encoded).decode().replace("\r\n", "\n")


# --- which encoding -----------------------------------------------------------------------------------------------


def wants_base64(size: int, beyond: int) -> bool:
    """Quoted-printable for text that is mostly Latin, base64 where more than a third of the bytes are beyond ASCII.

    Quoted-printable writes such a byte in three columns, base64 any three in four: there, the first is a quarter longer
    than the second. Below it, a message that people and filters can read as it stands is worth the few bytes.
    """
    return 3 * beyond > size


def as_base64(encoded: bytes) -> bytes:
    """Pieces joined, encoded in the other way (RFC 2045, 6.8)."""
    written = b2a_base64(a2b_qp(encoded), newline=False)
    return b"".join(_lines(written))


def _lines(written: bytes) -> Iterable[bytes]:
    return (written[at : at + _COLUMNS] + b"\r\n" for at in range(0, len(written), _COLUMNS))
