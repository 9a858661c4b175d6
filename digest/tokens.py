"""Keyed names: tokens of editions, message ids. Made from the installation's secret, and only there."""

import base64
import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from digest.model import Edition

_BYTES = 12  # 96 bits of HMAC-SHA256: RFC 2104 asks for 80 at least


def _mac(secret: bytes, purpose: str, *parts: object) -> bytes:
    """HMAC over unambiguous parts; `purpose` keeps a token of one kind from passing as another."""
    encoded = [str(part).encode() for part in (purpose, *parts)]
    return hmac.digest(secret, b"".join([len(part).to_bytes(4) + part for part in encoded]), "sha256")


Keys = Sequence[bytes]  # the newest first: it signs, the older ones are still good for what they signed


class Purpose(StrEnum):
    """What a link in a mail is good for; its token is good for nothing else."""

    PREFERENCES = "preferences"
    UNSUBSCRIBE = "unsubscribe"
    FEEDBACK = "feedback"
    EDITION = "edition"  # reading one edition, which may be shown to others
    FEED = "feed"  # reading what matches a profile, in a program for feeds


@dataclass(frozen=True, slots=True)
class Named:
    """Which edition a token speaks of, and whose it is."""

    subscriber: int
    issue_date: date


def edition_token(key: bytes, purpose: Purpose, subscriber: int, email: str, issue_date: date) -> str:
    """What a link of one edition holds: the subscriber's number, the day, and 16 URL-safe characters of proof.

    Of the address, too: who moves to another leaves the links in the old mailbox behind. At most 37 characters for ten
    million subscribers, so that a link stays within a line of a header.
    """
    mac = _mac(key, f"edition {purpose}", subscriber, email.casefold(), issue_date.isoformat())
    return f"{subscriber}-{issue_date:%Y%m%d}-{base64.urlsafe_b64encode(mac[:_BYTES]).decode()}"


_TOKEN = re.compile(r"(\d{1,18})-(\d{4})(\d\d)(\d\d)-[\w-]{16}", re.ASCII)


def edition_named(token: str) -> Named | None:
    """Which edition a token says that it speaks of, whoever made it; None if it is none."""
    match = _TOKEN.fullmatch(token)
    return _read(match) if match else None


def is_proven(keys: Keys, purpose: Purpose, email: str, token: str) -> bool:
    """Whether this installation made the token, for this purpose, when its subscriber had this address."""
    named = edition_named(token)
    if named is None:
        return False
    made = (edition_token(key, purpose, named.subscriber, email, named.issue_date) for key in keys)
    return any(hmac.compare_digest(own.encode(), token.encode()) for own in made)


def _read(match: re.Match[str]) -> Named | None:
    """What a token says, whoever wrote it."""
    number, year, month, day = map(int, match.groups())
    try:
        return Named(number, date(year, month, day))
    except ValueError:
        return None


# --- tokens of addresses ------------------------------------------------------------------------------------------


class Addressed(NamedTuple):
    """What one message's own addresses hold: of its envelope sender, and of the one that wishes to leave go to."""

    back: str
    leave: str


# 80 bits, the least that RFC 2104 asks for, in base32: servers may write a local part in one case.
_PROOF_BYTES, _PROOF = 10, 16


def addressed(key: bytes, subscriber: int, issue_date: date) -> Addressed:
    """What the addresses of one edition's message hold (VERP), so that a bounce, or a wish to leave, says what it is about.

    Of the same form as an edition's token, after a letter for what it is good for: 35 characters for a hundred million
    subscribers, of `a-z0-9-`, so that a local part of 28 is left for the mailbox (RFC 5321, 4.5.3.1.1).
    """
    day = issue_date.isoformat()
    mac = _mac(key, "return", subscriber, day)  # one for both: neither half tells of the other
    proofs = base64.b32encode(mac[: 2 * _PROOF_BYTES]).decode().lower()
    name = f"{subscriber}-{day.replace('-', '')}-"
    return Addressed(f"b{name}{proofs[:_PROOF]}", f"u{name}{proofs[_PROOF:]}")


ADDRESSED = re.compile(r"[bu](\d{1,18})-(\d{4})(\d\d)(\d\d)-[a-z2-7]{16}", re.ASCII | re.IGNORECASE)


def return_named(keys: Keys, token: str) -> Named | None:
    """Which edition's bounce holds this token, in whatever case; None if it is not one that this installation made."""
    return _addressed_named(keys, token, lambda own: own.back)


def leave_named(keys: Keys, token: str) -> Named | None:
    """Whose wish to leave holds this token, in whatever case; None if it is not one that this installation made."""
    return _addressed_named(keys, token, lambda own: own.leave)


def _addressed_named(keys: Keys, token: str, which: Callable[[Addressed], str]) -> Named | None:
    match = ADDRESSED.fullmatch(token)
    named = _read(match) if match else None
    if named is None:
        return None
    made = (which(addressed(key, named.subscriber, named.issue_date)) for key in keys)
    return named if any(hmac.compare_digest(own.encode(), token.lower().encode()) for own in made) else None


# --- of messages --------------------------------------------------------------------------------------------------


def message_id(secret: bytes, edition: Edition, domain: str) -> str:
    """The same on every attempt for one subscriber and issue date, another for everyone else."""
    mac = _mac(secret, "message-id", edition.subscriber.email.casefold(), edition.issue_date.isoformat())
    return f"<{base64.b32encode(mac[:20]).decode().lower()}@{domain}>"


def letter_id(secret: bytes, about: str, email: str, domain: str) -> str:
    """The same on every attempt for one letter about one thing to one address."""
    mac = _mac(secret, "letter-id", about, email.casefold())
    return f"<{base64.b32encode(mac[:20]).decode().lower()}@{domain}>"


def boundary(own_id: str) -> str:
    """Of the message's own id; begins with "=_", which neither quoted-printable nor base64 can hold (RFC 2045, 6.7 (1))."""
    return f"=_{own_id[1:25]}"
