"""The headers of a message: what each says, whether it may be said, and how it stands on the wire.

Headers go out as they are written here: `email`'s own folding turns a title like `=?utf-8?q?x=0D=0ABcc:...?=` into
a header of its own, and a long URL into encoded words (both on Python 3.11.7). The parser of `email` is the oracle.
"""

import re
import unicodedata
from dataclasses import dataclass
from email.header import Header
from email.policy import EmailPolicy
from email.utils import format_datetime, getaddresses
from typing import Self
from urllib.parse import quote

from email_validator import EmailNotValidError, validate_email

from digest.errors import MessageError
from digest.model import Edition
from digest.rendering.site import Mailing, Site
from digest.rendering.tokens import message_id, unsubscribe_token
from digest.rendering.words import clean, shorten, web_url

_LONGEST = 900  # characters; a line may have 998 bytes (RFC 5322, 2.1.1)
_COLUMNS = 76
_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address with a name, as it may stand in a header. The domain is ASCII; the local part need not be."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


def phrase(text: str, limit: int = 200) -> str:
    """Strangers' text as one that may stand in a header: one line, no control characters, no encoded words."""
    return shorten(clean(text).replace("=?", "= ?"), limit)


def checked(name: str, value: str) -> str:
    """The value itself, if it may be said. The one place where header values are judged.

    Raises:
        MessageError: it holds a control character, a line end or an encoded word, or is too long.
    """
    if bad := next((c for c in value if unicodedata.category(c) in _FORBIDDEN), None):
        raise MessageError(f"{name}: holds the character U+{ord(bad):04X}, which no header may; take it out")
    if "=?" in value:
        raise MessageError(f'{name}: holds "=?", which mail programs read as an encoded word; take it out')
    if len(value.encode()) > _LONGEST:
        raise MessageError(f"{name}: is longer than {_LONGEST} bytes; shorten it")
    return value


def mailbox(name: str, text: str) -> Mailbox:
    """The mailbox in `text`, for header `name`: `Daily Papers <digest@example.org>` or the address alone.

    Raises:
        MessageError: there is not exactly one usable address in it.
    """
    found = getaddresses([checked(name, text.strip())])
    if len(found) != 1:
        raise MessageError(f"{name}: {text!r} is not one address; a name with a comma needs quotes of its own")
    return named_mailbox(name, *found[0])


# Names that the world's mail does not reach, but a lab's own relay may. The library refuses them outright.
_AT_HOME = ("localhost", "local", "test", "invalid", "example")


def named_mailbox(name: str, display: str, address: str) -> Mailbox:
    """The same from its two parts; the domain becomes ASCII (RFC 5891)."""
    home = address.rpartition("@")[2].rpartition(".")[2].casefold() in _AT_HOME
    suffix = ".example.org" if home else ""
    try:
        valid = validate_email(
            checked(name, address) + suffix,
            check_deliverability=False,
            globally_deliverable=False,
            allow_quoted_local=True,
        )
    except EmailNotValidError as error:
        raise MessageError(f"{name}: {address!r} cannot get mail: {error}") from error
    domain = (valid.ascii_domain or valid.domain).removesuffix(suffix)
    return Mailbox(phrase(display, 60), f"{valid.local_part}@{domain}")


# --- on the wire --------------------------------------------------------------------------------------------------


class Field(str):
    """A header: its value, and its lines as they go out. `email` keeps what has a name and a `fold` as it is."""

    __slots__ = ("lines", "name")
    name: str
    lines: str

    def __new__(cls, name: str, value: str, lines: str | None = None) -> Self:
        field = super().__new__(cls, checked(name, value))
        field.name = name
        field.lines = value if lines is None else lines
        return field

    def fold(self, *, policy: EmailPolicy) -> str:
        """Called by `email`'s generator."""
        return f"{self.name}: {self.lines.replace(_FOLD, policy.linesep + ' ')}{policy.linesep}"


_FOLD = "\r\n "


def text_field(name: str, value: str, *, utf8: bool = False) -> Field:
    """Free text: encoded words where it is not ASCII (RFC 2047), or UTF-8 as it is (RFC 6532)."""
    return Field(name, value, _folded(name, value) if value.isascii() or utf8 else _words(value, len(name) + 2))


def _folded(name: str, value: str) -> str:
    """Lines of at most 76 columns, as far as there are spaces to break at."""
    lines: list[str] = []
    line = ""
    for word in value.split(" "):
        used = 0 if lines else len(name) + 1
        if line and used + len(line) + 1 + len(word) > _COLUMNS:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return _FOLD.join([*lines, line])


def _words(value: str, used: int) -> str:
    """Encoded words, none of more than 75 characters nor cut inside a character; `used` columns are taken."""
    header = Header(maxlinelen=75, header_name="x" * max(used - 2, 0))
    header.append(value, "utf-8")
    return header.encode(linesep="\r\n")


def quoted(text: str) -> str:
    """A quoted-string (RFC 5322, 3.2.4)."""
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def address_field(name: str, box: Mailbox, *, utf8: bool = False) -> Field:
    """One mailbox. The name is always quoted or encoded, so that nothing in it can be read as an address."""
    if not box.name:
        return Field(name, box.address, box.address)
    shown = quoted(box.name) if box.name.isascii() or utf8 else _words(box.name, len(name) + 2)
    last = len(name) + 2 + len(shown) if "\r" not in shown else len(shown.rpartition(_FOLD)[2]) + 1
    gap = " " if last + len(box.address) + 3 <= _COLUMNS else _FOLD
    return Field(name, f"{quoted(box.name)} <{box.address}>", f"{shown}{gap}<{box.address}>")


# --- all of them --------------------------------------------------------------------------------------------------


def fields(edition: Edition, subject: str, site: Site, mailing: Mailing, secret: bytes) -> list[Field]:
    """Every header but MIME's own, in order.

    Raises:
        MessageError: the sender's, the reader's or another address cannot be used.
    """
    sender = mailbox("From", mailing.sender)
    reader = recipient(edition)
    utf8 = is_international(sender, reader)
    reply_to = [address_field("Reply-To", mailbox("Reply-To", mailing.reply_to), utf8=utf8)] if mailing.reply_to else []
    return [
        address_field("From", sender, utf8=utf8),
        address_field("To", reader, utf8=utf8),
        *reply_to,
        text_field("Subject", phrase(subject) or phrase(site.name), utf8=utf8),
        Field("Date", format_datetime(edition.composed_at)),
        Field("Message-ID", message_id(secret, edition, sender.domain)),
        *_list_fields(edition, sender, site, mailing, secret),
        Field("Auto-Submitted", "auto-generated"),  # RFC 3834: no out-of-office replies, please
        Field("Precedence", "bulk"),
        Field("Feedback-ID", f"{edition.issue_date:%Y%m%d}:daily:digest:{sender.domain}"),
    ]


def recipient(edition: Edition) -> Mailbox:
    return named_mailbox("To", edition.subscriber.name, edition.subscriber.email)


def is_international(*boxes: Mailbox) -> bool:
    """Whether the message needs SMTPUTF8 (RFC 6531): a local part cannot be written in ASCII."""
    return not all(box.address.isascii() for box in boxes)


def _list_fields(edition: Edition, sender: Mailbox, site: Site, mailing: Mailing, secret: bytes) -> list[Field]:
    page = unsubscribe_page(edition, site, secret)
    mail = f"<{mail_link(site, mailing, 'unsubscribe')}>"
    found = [
        Field("List-Id", _list_id(sender, site, mailing)),
        Field("List-Unsubscribe", f"<{page}>, {mail}" if page else mail, f"<{page}>,{_FOLD}{mail}" if page else mail),
    ]
    if page and page.startswith("https://"):  # RFC 8058, 3.1: one-click is for HTTPS alone
        found.append(Field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    found.append(Field("List-Help", f"<{mail_link(site, mailing, 'help')}>"))
    if base := web_url(site.url):
        found.append(Field("List-Archive", f"<{base.rstrip('/')}/archive>"))
    return found


def _list_id(sender: Mailbox, site: Site, mailing: Mailing) -> str:
    identifier = mailing.list_id or f"digest.{sender.domain}"
    if "<" in identifier:
        return identifier
    name = phrase(site.name, 60)
    return f"{quoted(name)} <{identifier}>" if name and name.isascii() else f"<{identifier}>"


# --- links --------------------------------------------------------------------------------------------------------


def unsubscribe_page(edition: Edition, site: Site, secret: bytes) -> str | None:
    """Where the reader stops the mail with a click; None where the installation has no pages."""
    base = web_url(site.url)
    return f"{base.rstrip('/')}/unsubscribe/{unsubscribe_token(secret, edition.subscriber)}" if base else None


def mail_link(site: Site, mailing: Mailing, subject: str) -> str:
    """A mailto URL to whoever answers: the contact, else the reply address, else the sender (RFC 6068)."""
    contact = site.contact if site.contact and "@" in site.contact and "://" not in site.contact else None
    box = mailbox("List-Help", contact or mailing.reply_to or mailing.sender)
    return f"mailto:{quote(box.address, safe='@')}?subject={quote(subject)}"
