"""The headers of a message: what each says, whether it may be said, and how it stands on the wire.

Headers go out as they are written here: `email`'s own folding turns a title like `=?utf-8?q?x=0D=0ABcc:...?=` into
a header of its own, and a long URL into encoded words (both on Python 3.11.7). The parser of `email` is the oracle.
"""

import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from email.policy import EmailPolicy
from email.utils import format_datetime, getaddresses
from functools import lru_cache
from typing import NamedTuple, Self
from urllib.parse import quote

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from digest.errors import MessageError
from digest.model import Edition
from digest.rendering.site import Mailing, Site
from digest.rendering.words import clean, shorten, web_url
from digest.tokens import Purpose, addressed, edition_token, message_id

_LONGEST = 900  # characters; a line may have 998 bytes (RFC 5322, 2.1.1)
_COLUMNS = 76
_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})


class Mailbox(NamedTuple):
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
    if not value.isprintable() and (bad := next((c for c in value if unicodedata.category(c) in _FORBIDDEN), None)):
        raise MessageError(f"{name}: holds the character U+{ord(bad):04X}, which no header may; take it out")
    if "=?" in value:
        raise MessageError(f'{name}: holds "=?", which mail programs read as an encoded word; take it out')
    if len(value) > _LONGEST // 4 and len(value.encode()) > _LONGEST:
        raise MessageError(f"{name}: is longer than {_LONGEST} bytes; shorten it")
    return value


@lru_cache(maxsize=64)
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


# What most addresses are like: these are taken as they are, the others are left to the library.
_USUAL = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@((?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,24})")
_SPECIAL = tuple(f".{name}" for name in SPECIAL_USE_DOMAIN_NAMES)


def named_mailbox(name: str, display: str, address: str) -> Mailbox:
    """The same from its two parts; the domain becomes ASCII (RFC 5891)."""
    usual = _USUAL.fullmatch(address) if len(address) <= _SHORT_ADDRESS else None
    if usual and not f".{usual[1]}".endswith(_SPECIAL):
        return Mailbox(phrase(display, 60), address)
    return Mailbox(phrase(display, 60), _judged(name, address))


_SHORT_ADDRESS = 63  # characters: so neither the local part nor a label of the domain can be too long


def _judged(name: str, address: str) -> str:
    """The address as the library understands it."""
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
    return f"{valid.local_part}@{domain}"


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


_ROOM = 75 - len("=?utf-8?q??=")  # characters of what an encoded word holds at most (RFC 2047, 2)


def _words(value: str, used: int) -> str:
    """Encoded words (RFC 2047), none of more than 75 characters nor cut inside a character; `used` columns are taken."""
    data = value.encode()
    quoted = data.decode("latin-1").translate(_Q)
    if 4 * (len(data) + 2) // 3 < len(quoted):
        return _FOLD.join(f"=?utf-8?b?{b64encode(part).decode()}?=" for part in _cut_bytes(data, _ROOM - used))
    return _FOLD.join(f"=?utf-8?q?{part}?=" for part in _cut_quoted(quoted, _ROOM - used))


# What may stand for itself in a phrase as well as in free text (RFC 2047, 5 (3)); a space is written as "_".
_PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/"
_Q = {byte: chr(byte) if chr(byte) in _PLAIN else f"={byte:02X}" for byte in range(256)} | {ord(" "): "_"}


def _cut_quoted(quoted: str, room: int) -> Iterator[str]:
    """Stretches that fit, the first one into `room`."""
    while len(quoted) > room:
        inside = quoted.rfind("=", room - 2, room)
        cut = room if inside < 0 else inside
        while quoted[cut] == "=" and quoted[cut + 1] in "89AB":  # inside of a character
            cut -= 3
        yield quoted[:cut]
        quoted, room = quoted[cut:], _ROOM - 1
    yield quoted


def _cut_bytes(data: bytes, room: int) -> Iterator[bytes]:
    """The same, of what base64 makes a third longer."""
    while len(data) > room // 4 * 3:
        cut = room // 4 * 3
        while 0x80 <= data[cut] < 0xC0:  # inside of a character
            cut -= 1
        yield data[:cut]
        data, room = data[cut:], _ROOM - 1
    yield data


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


def wire(fields: Iterable[Field]) -> str:
    """The fields as they go out, the empty line behind them not yet."""
    return "".join([f"{field.name}: {field.lines}\r\n" for field in fields])


# --- all of them --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What all messages of an installation have in common."""

    name: str
    sender: Mailbox
    bounces: tuple[str, str, str] | None  # what stands around a token: before, behind, and before it in a mailto URL
    senders: Mapping[
        bool, tuple[Field, ...]
    ]  # From and Reply-To, as they are in an international message and in another
    base: str | None  # URL of the pages, if there are any
    stop: str  # mailto URLs
    change: str
    list_id: Field
    archive: tuple[Field, ...]
    automatic: tuple[Field, ...]


@lru_cache(maxsize=16)
def letterhead(site: Site, mailing: Mailing) -> Letterhead:
    """Raises MessageError: an address of the installation cannot be used."""
    sender = mailbox("From", mailing.sender)
    answers = {"From": sender} | ({"Reply-To": mailbox("Reply-To", mailing.reply_to)} if mailing.reply_to else {})
    base = web_url(site.url)
    base = base.rstrip("/") if base else None
    helping = Field("List-Help", f"<{mail_link(site, mailing, 'help')}>")
    return Letterhead(
        name=site.name,
        sender=sender,
        bounces=_around_token(mailing.bounces) if mailing.bounces else None,
        senders={
            utf8: tuple(address_field(name, box, utf8=utf8) for name, box in answers.items()) for utf8 in (False, True)
        },
        base=base,
        stop=mail_link(site, mailing, "unsubscribe"),
        change=mail_link(site, mailing, "change my digest"),
        list_id=Field("List-Id", _list_id(sender, site, mailing)),
        archive=(helping, Field("List-Archive", f"<{base}/archive>")) if base else (helping,),
        automatic=(
            Field("Auto-Submitted", "auto-generated"),  # RFC 3834: no out-of-office replies, please
            Field("Precedence", "bulk"),
        ),
    )


_LONGEST_LOCAL = 28  # characters: with "+" and a token of 35, the 64 of RFC 5321, 4.5.3.1.1


def _around_token(text: str) -> tuple[str, str, str]:
    """Raises MessageError: there is no room for a token in the address."""
    local, _, domain = mailbox("Return-Path", text).address.rpartition("@")
    if not local.isascii() or '"' in local or len(local) > _LONGEST_LOCAL:
        what = f"{local!r} must be at most {_LONGEST_LOCAL} plain characters, since a token is put behind it"
        raise MessageError(f"bounces.address: {what}; take a shorter name, like bounce@{domain}")
    return f"{local}+", f"@{domain}", f"mailto:{_url(local)}+"


class Own(NamedTuple):
    """Addresses of one message's own, where mail to them is read; else those of the installation."""

    sender: str  # of the envelope: what bounces go to
    stop: str  # mailto URL for a wish to leave


def own_addresses(edition: Edition, own: Letterhead, key: bytes) -> Own:
    if own.bounces is None:
        return Own(own.sender.address, own.stop)
    before, behind, url = own.bounces
    back, leave = addressed(key, edition.subscriber.id, edition.issue_date)
    return Own(f"{before}{back}{behind}", f"{url}{leave}{behind}?subject=unsubscribe")


class Links(NamedTuple):
    """Where one edition's links lead; to those of feedback, the place of a paper is added."""

    change: str
    stop: str
    mail_stop: str  # the same by mail
    like: str | None = None
    dislike: str | None = None


class Address(NamedTuple):
    """Whom one message goes to, and by which name it is known."""

    to: Mailbox
    own_id: str  # Message-ID
    utf8: bool  # whether it needs SMTPUTF8 (RFC 6531), since a local part cannot be written in ASCII


def address(edition: Edition, own: Letterhead, secret: bytes) -> Address:
    """Raises MessageError: the reader's address cannot be used."""
    to = named_mailbox("To", edition.subscriber.name, edition.subscriber.email)
    utf8 = not (to.address.isascii() and own.sender.address.isascii())
    return Address(to, message_id(secret, edition, own.sender.domain), utf8)


def fields(edition: Edition, subject: str, own: Letterhead, links: Links, address: Address) -> list[Field]:
    """Every header but MIME's own, in order.

    Raises:
        MessageError: something that is to be said must not be.
    """
    sender, *reply_to = own.senders[address.utf8]
    return [
        sender,
        address_field("To", address.to, utf8=address.utf8),
        *reply_to,
        text_field("Subject", phrase(subject) or phrase(own.name), utf8=address.utf8),
        _date(edition.composed_at),
        Field("Message-ID", address.own_id),
        own.list_id,
        *_unsubscribing(own, links),
        *own.archive,
        *own.automatic,
        _feedback_id(edition.issue_date, own.sender.domain),
    ]


@lru_cache(maxsize=256)
def _date(moment: datetime) -> Field:
    return Field("Date", format_datetime(moment))


@lru_cache(maxsize=16)
def _feedback_id(day: date, domain: str) -> Field:
    return Field("Feedback-ID", f"{day:%Y%m%d}:daily:digest:{domain}")


_ONE_CLICK = Field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")


def _unsubscribing(own: Letterhead, links: Links) -> tuple[Field, ...]:
    if own.base is None:
        return (Field("List-Unsubscribe", f"<{links.mail_stop}>"),)
    page, mail = links.stop, links.mail_stop
    field = Field("List-Unsubscribe", f"<{page}>, <{mail}>", f"<{page}>,{_FOLD}<{mail}>")
    return (field, _ONE_CLICK) if own.base.startswith("https://") else (field,)  # RFC 8058, 3.1: HTTPS alone


def _list_id(sender: Mailbox, site: Site, mailing: Mailing) -> str:
    identifier = mailing.list_id or f"digest.{sender.domain}"
    if "<" in identifier:
        return identifier
    name = phrase(site.name, 60)
    return f"{quoted(name)} <{identifier}>" if name and name.isascii() else f"<{identifier}>"


# --- links --------------------------------------------------------------------------------------------------------


def links(edition: Edition, own: Letterhead, key: bytes, mail_stop: str) -> Links:
    """Pages that know whom they speak to, where the installation has pages; else mail."""
    if own.base is None:
        return Links(own.change, mail_stop, mail_stop)
    change, stop, say = (
        edition_token(key, purpose, edition.subscriber.id, edition.subscriber.email, edition.issue_date)
        for purpose in (Purpose.PREFERENCES, Purpose.UNSUBSCRIBE, Purpose.FEEDBACK)
    )
    return Links(
        change=f"{own.base}/preferences/{change}",
        stop=f"{own.base}/unsubscribe/{stop}",
        mail_stop=mail_stop,
        like=f"{own.base}/like/{say}/",
        dislike=f"{own.base}/dislike/{say}/",
    )


def mail_link(site: Site, mailing: Mailing, subject: str) -> str:
    """A mailto URL to whoever answers: the contact, else the reply address, else the sender (RFC 6068)."""
    contact = site.contact if site.contact and "@" in site.contact and "://" not in site.contact else None
    box = mailbox("List-Help", contact or mailing.reply_to or mailing.sender)
    return f"mailto:{_url(box.address)}?subject={quote(subject)}"


def _url(address: str) -> str:
    return quote(address, safe="@+")  # a plus stands for itself (RFC 6068, 2)
