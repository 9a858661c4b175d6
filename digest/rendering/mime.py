"""Headers and bodies to one message."""

from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP

from digest.rendering.encoding import as_base64, wants_base64
from digest.rendering.headers import Field, wire

# RFC 2045 allows quoted-printable and base64 lines of 76 columns; `email` breaks lines at what its policy says.
_POLICY = SMTP.clone(max_line_length=76)


def assemble(fields: Sequence[Field], parts: Sequence[tuple[str, str]], boundary: str, *, utf8: bool) -> EmailMessage:
    """The message with these headers and these (subtype, text) parts, as alternatives if there are several.

    The last part is the richest (RFC 2046, 5.1.4). Made by `email`.
    """
    message = EmailMessage(_POLICY.clone(utf8=utf8))
    for field in fields:
        message[field.name] = field
    (subtype, text), *others = parts
    message.set_content(text, subtype=subtype, charset="utf-8", cte=transfer_encoding(text))
    for subtype, text in others:
        message.add_alternative(text, subtype=subtype, charset="utf-8", cte=transfer_encoding(text))
    if others:
        message.set_boundary(boundary)
    return message


def transfer_encoding(text: str) -> str:
    """Quoted-printable or base64, whichever is right for the text."""
    data = text.encode()
    return "base64" if wants_base64(len(data), sum(byte > 0x7F for byte in data)) else "quoted-printable"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a message, its text in quoted-printable."""

    subtype: str
    content: bytes
    size: int  # bytes of text
    beyond: int  # of them beyond ASCII


def joined(fields: Sequence[Field], parts: Sequence[Part], boundary: str) -> bytes:
    """The same message as `assemble` makes, as bytes."""
    head = wire(fields)
    if len(parts) == 1:
        about, content = _encoded(parts[0])
        return b"".join((f"{head}{about}MIME-Version: 1.0\r\n\r\n".encode(), content))
    out = [f'{head}MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n'.encode()]
    for part in parts:
        about, content = _encoded(part)
        out += (f"\r\n--{boundary}\r\n{about}\r\n".encode(), content)
    return b"".join((*out, f"\r\n--{boundary}--\r\n".encode()))


def _encoded(part: Part) -> tuple[str, bytes]:
    """What is said of a part, and its content."""
    if wants_base64(part.size, part.beyond):
        return _ABOUT.format(part.subtype, "base64"), as_base64(part.content)
    return _ABOUT.format(part.subtype, "quoted-printable"), part.content


_ABOUT = 'Content-Type: text/{}; charset="utf-8"\r\nContent-Transfer-Encoding: {}\r\n'
