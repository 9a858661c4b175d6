"""DKIM (RFC 6376), relaxed/simple: a signature that says who sent a message, and that nobody changed it on the way.

The same message gets the same signature to the byte, so that a retry sends what the first attempt sent: no time is in
it, and neither RSA (PKCS #1 v1.5) nor Ed25519 (RFC 8463) signs with chance.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from digest.delivery.wire import Checked, as_sent
from digest.model import Message

_COLUMNS = 76
_FOLD = "\r\n "


@dataclass(frozen=True, slots=True)
class Key:
    """A private key under its name in DNS."""

    algorithm: str  # "rsa-sha256" or "ed25519-sha256"
    selector: str
    sign: Callable[[bytes], bytes]  # what is to be signed -> the signature


class Signer:
    """Signs in the name of one domain with one key or several. Threads may share it."""

    def __init__(self, domain: str, keys: Sequence[Key]) -> None:
        self._domain = domain
        self._keys = tuple(keys)

    def signed(self, content: bytes) -> bytes:
        """The message with a signature by each key on top. Its line ends become CRLF, as they will be sent."""
        content = as_sent(content)
        head, body = _parted(content)
        names, covered = cover(relaxed(head))
        body_hash = _base64(hashlib.sha256(simple(body)).digest())
        signatures = [_signature(key, self._domain, names, covered, body_hash) for key in self._keys]
        return Checked(b"".join([*signatures, content]))

    def sealed(self, message: Message) -> Message:
        """The same message, signed."""
        return replace(message, content=self.signed(message.content))


def _signature(key: Key, domain: str, names: Sequence[bytes], covered: bytes, body_hash: str) -> bytes:
    """One DKIM-Signature header, which signs itself with an empty `b=` (RFC 6376, 3.7)."""
    blank = _folded(_tags(key, domain, names, body_hash)) + "\r\n b="
    ((name, value),) = relaxed(blank.encode())
    signature = _base64(key.sign(b"%b%b:%b" % (covered, name, value)))
    width = _COLUMNS - len(" b=")
    lines = [signature[at : at + width] for at in range(0, len(signature), width)]
    return f"{blank}{_FOLD.join(lines)}\r\n".encode()


def _tags(key: Key, domain: str, names: Sequence[bytes], body_hash: str) -> Iterator[str]:
    """The header but for `b=`, in pieces that stay whole."""
    yield "DKIM-Signature: v=1;"
    yield f" a={key.algorithm};"
    yield " c=relaxed/simple;"
    yield f" d={domain};"
    yield f" s={key.selector};"
    yield " h="
    *others, last = names
    yield from (f"{name.decode()}:" for name in others)
    yield f"{last.decode()};"
    yield f" bh={body_hash};"


def _folded(pieces: Iterable[str]) -> str:
    lines = [""]
    for piece in pieces:
        if len(lines[-1]) + len(piece) > _COLUMNS:
            lines.append(f" {piece.lstrip()}")
        else:
            lines[-1] += piece
    return "\r\n".join(lines)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


# --- what is signed -------------------------------------------------------------------------------------------------

# What a reader sees, what an answer or a click goes by, and how the body is to be read. RFC 6376, 5.4.1; RFC 8058, 4.
# Not those that a relay may add or change on its way: Received, Return-Path, Sender.
_SIGNED = frozenset(
    b"from to cc subject date message-id reply-to in-reply-to references mime-version auto-submitted feedback-id".split()
)
_SIGNED_KINDS = (b"list-", b"content-")

# Named once more than they are there: a second one, or a first, breaks the signature (RFC 6376, 8.15).
_CLOSED = (
    *(b"from", b"to", b"cc", b"subject", b"date", b"reply-to", b"content-type", b"content-transfer-encoding"),
    *(b"list-unsubscribe", b"list-unsubscribe-post"),
)


def cover(fields: Iterable[tuple[bytes, bytes]]) -> tuple[list[bytes], bytes]:
    """The names for `h=`, and the headers in that order; of headers with one name the last comes first (5.4.2)."""
    found: dict[bytes, list[bytes]] = {}
    for name, value in fields:
        if name in _SIGNED or name.startswith(_SIGNED_KINDS):
            found.setdefault(name, []).append(b"%b:%b\r\n" % (name, value))
    covered = b"".join(line for lines in found.values() for line in reversed(lines))
    return [*(name for name, lines in found.items() for _ in lines), *_CLOSED], covered


def _parted(content: bytes) -> tuple[bytes, bytes]:
    """Headers and body of a message with CRLF line ends."""
    if content.startswith(b"\r\n"):
        return b"", content[2:]
    head, _, body = content.partition(b"\r\n\r\n")
    return head, body


_BLANKS = re.compile(rb"[ \t]+")


def relaxed(head: bytes) -> list[tuple[bytes, bytes]]:
    """Headers as (name in lower case, value on one line with single blanks) (RFC 6376, 3.4.2)."""
    flat = _BLANKS.sub(b" ", head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" "))
    lines = (line.partition(b":") for line in flat.split(b"\r\n"))
    return [(name.strip(b" ").lower(), value.strip(b" ")) for name, colon, value in lines if colon]


def simple(body: bytes) -> bytes:
    """The body without empty lines at its end (RFC 6376, 3.4.3); its line ends are CRLF."""
    if body.endswith(b"\r\n") and not body.endswith(b"\r\n\r\n") and body != b"\r\n":
        return body  # as nearly always: a copy is not for nothing
    return body.rstrip(b"\r\n") + b"\r\n"
