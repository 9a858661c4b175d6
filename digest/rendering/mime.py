"""Headers and bodies to one message."""

from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP

from digest.rendering.headers import Field

# RFC 2045 allows quoted-printable and base64 lines of 76 columns; `email` breaks lines at what its policy says.
_POLICY = SMTP.clone(max_line_length=76)


def assemble(fields: Sequence[Field], parts: Sequence[tuple[str, str]], boundary: str, *, utf8: bool) -> EmailMessage:
    """The message with these headers and these (subtype, text) parts, as alternatives if there are several.

    The last part is the richest (RFC 2046, 5.1.4).
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
    """Quoted-printable for text that is mostly Latin, base64 where more than a third of the bytes are beyond ASCII.

    Quoted-printable writes such a byte in three columns, base64 any three in four: there, the first is a quarter longer
    than the second. Below it, a message that people and filters can read as it stands is worth the few bytes.
    """
    data = text.encode()
    return "base64" if 3 * sum(byte > 0x7F for byte in data) > len(data) else "quoted-printable"
