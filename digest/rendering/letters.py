"""Small mails about a subscription, not of an edition: confirm it, here is your link, it has moved.

Each is `letters/NAME.txt.j2`, whose first line is the subject, and `letters/NAME.html.j2`. They are given `site`, `base`,
`contact`, `email` and what the letter has of its own. Nothing in them comes from whoever typed the address into a page but
the address: else our mail would carry strangers' words to anybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

from digest.model import Message
from digest.rendering.encoding import piece
from digest.rendering.headers import Field, Letterhead, address_field, named_mailbox, phrase, text_field
from digest.rendering.inlining import inline
from digest.rendering.mime import Part, joined
from digest.rendering.site import Site
from digest.rendering.templates import Templates
from digest.tokens import boundary, letter_id


@dataclass(frozen=True, slots=True)
class Letter:
    """What one letter says, and to whom."""

    name: str  # of its templates: "confirm"
    to: str
    at: datetime  # its Date
    key: str  # what it is about: the same letter sent again has the same Message-ID
    values: Mapping[str, object] = field(default_factory=dict)


def message(letter: Letter, site: Site, own: Letterhead, templates: Templates, secret: bytes) -> Message:
    """The letter, ready for the wire; always the same.

    Raises:
        MessageError: the address cannot be used.
        TemplateError: a template cannot be rendered.
    """
    to = named_mailbox("To", "", letter.to)
    subject, text, html = _texts(letter, site, own, templates)
    own_id = letter_id(secret, f"{letter.name} {letter.key}", letter.to, own.sender.domain)
    fields = _fields(letter, subject, own, own_id)
    parts = [_part("plain", text), _part("html", html)]
    return Message(own.sender.address, to.address, own_id, joined(fields, parts, boundary(own_id)))


def _texts(letter: Letter, site: Site, own: Letterhead, templates: Templates) -> tuple[str, str, str]:
    """Subject, text and HTML."""
    around = {"site": site.name, "base": own.base, "contact": site.contact, "email": letter.to}
    values = {**around, **letter.values}
    subject, _, text = templates.render(f"letters/{letter.name}.txt", None, **values).partition("\n")
    html = templates.render(f"letters/{letter.name}.html", None, subject=subject, **values)
    return phrase(subject), text.strip() + "\n", inline(html)


def _fields(letter: Letter, subject: str, own: Letterhead, own_id: str) -> list[Field]:
    to = named_mailbox("To", "", letter.to)
    utf8 = not (to.address.isascii() and own.sender.address.isascii())
    sender, *reply_to = own.senders[utf8]
    return [
        sender,
        address_field("To", to, utf8=utf8),
        *reply_to,
        text_field("Subject", subject, utf8=utf8),
        Field("Date", format_datetime(letter.at)),
        Field("Message-ID", own_id),
        Field("Auto-Submitted", "auto-generated"),  # RFC 3834: no out-of-office replies, please
    ]


def _part(subtype: str, text: str) -> Part:
    encoded = piece(text)
    return Part(subtype, [encoded.content], encoded.size, encoded.beyond)
