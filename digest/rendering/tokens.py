"""Keyed names: unsubscribe tokens, message ids, boundaries. Made from the installation's secret, and only there."""

import base64
import hashlib
import hmac

from digest.model import Edition, Subscriber

_BYTES = 12  # 96 bits of HMAC-SHA256: RFC 2104 asks for 80 at least


def _mac(secret: bytes, purpose: str, *parts: object) -> bytes:
    """HMAC over unambiguous parts; `purpose` keeps a token of one kind from passing as another."""
    message = b"".join(len(part).to_bytes(4) + part for part in (str(p).encode() for p in (purpose, *parts)))
    return hmac.digest(secret, message, hashlib.sha256)


def unsubscribe_token(secret: bytes, subscriber: Subscriber) -> str:
    """What the unsubscribe link of this subscriber ends in: "7-" and 16 URL-safe characters.

    It names the subscriber's number, so that a page can look them up, and proves number and address.
    """
    mac = _mac(secret, "unsubscribe", subscriber.id, subscriber.email.casefold())
    return f"{subscriber.id}-{base64.urlsafe_b64encode(mac[:_BYTES]).decode()}"


def subscriber_number(token: str) -> int | None:
    """Whose token this claims to be; None if it is no token. Prove it with `is_token_of`."""
    number, dash, _ = token.partition("-")
    return int(number) if dash and number.isascii() and number.isdigit() and len(number) < 20 else None


def is_token_of(secret: bytes, token: str, subscriber: Subscriber) -> bool:
    return hmac.compare_digest(unsubscribe_token(secret, subscriber).encode(), token.encode("utf-8", "replace"))


def message_id(secret: bytes, edition: Edition, domain: str) -> str:
    """The same on every attempt for one subscriber and issue date, another for everyone else."""
    mac = _mac(secret, "message-id", edition.subscriber.email.casefold(), edition.issue_date.isoformat())
    return f"<{base64.b32encode(mac[:20]).decode().lower()}@{domain}>"


def boundary(secret: bytes, edition: Edition) -> str:
    """Begins with "=_", which neither quoted-printable nor base64 can hold (RFC 2045, 6.7 (1))."""
    mac = _mac(secret, "boundary", edition.subscriber.email.casefold(), edition.issue_date.isoformat())
    return f"=_{mac[:_BYTES].hex()}"
