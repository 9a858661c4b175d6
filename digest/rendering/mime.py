"""Headers and bodies to one message."""

from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from typing import NamedTuple

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


class Part(NamedTuple):
    """One part of a message, its text in quoted-printable."""

    subtype: str
    pieces: Sequence[bytes]
    size: int  # bytes of text
    beyond: int  # of them beyond ASCII


def joined(fields: Sequence[Field], parts: Sequence[Part], boundary: str) -> bytes:
    """The same message as `assemble` makes, as bytes."""
    out = [wire(fields).encode()]
    if len(parts) == 1:
        (part,) = parts
        out += [_about(part), b"MIME-Version: 1.0\r\n\r\n", *_encoded(part)]
        return b"".join(out)
    line = f"\r\n--{boundary}".encode()
    out.append(f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n'.encode())
    for part in parts:
        out += [line, b"\r\n", _about(part), b"\r\n"]
        out += _encoded(part)
    out += [line, b"--\r\n"]
    return b"".join(out)


def _about(part: Part) -> bytes:
    """What is said of a part."""
    encoding = "base64" if wants_base64(part.size, part.beyond) else "quoted-printable"
    return f'Content-Type: text/{part.subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}\r\n'.encode()


def _encoded(part: Part) -> Sequence[bytes]:
    return [as_base64(b"".join(part.pieces))] if wants_base64(part.size, part.beyond) else part.pieces
