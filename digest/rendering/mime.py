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
    """Quoted-printable while the text is mostly Latin, base64 where that is shorter.

    Quoted-printable writes three columns for a byte beyond ASCII, base64 four for any three bytes.
    """
    data = text.encode()
    beyond = sum(byte > 0x7F for byte in data)
    return "base64" if len(data) + 2 * beyond > len(data) * 4 / 3 else "quoted-printable"
