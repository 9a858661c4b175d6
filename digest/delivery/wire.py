"""A message as SMTP carries it: the commands before it, its line ends, its dots. Pure."""

import re
from collections.abc import Iterator, Mapping

import idna

from digest.delivery.replies import Step
from digest.errors import RelayError


def envelope(sender: str, recipient: str, content: bytes, features: Mapping[str, str]) -> dict[Step, bytes]:
    """The three commands that come before a message, with the parameters that this server knows.

    Raises:
        ValueError: the recipient cannot be given to this server; says why.
        RelayError: our own sender cannot.
    """
    try:
        mail_from = _path(sender, features)
    except ValueError as error:
        raise RelayError(f"{error}: set mail.from to an address that the relay takes", "ours") from error
    rcpt_to = _path(recipient, features)
    international = not (mail_from + rcpt_to).isascii()
    parameters = "".join(_parameters(content, features, international=international))
    return {
        Step.MAIL: f"MAIL FROM:<{mail_from}>{parameters}\r\n".encode(),
        Step.RCPT: f"RCPT TO:<{rcpt_to}>\r\n".encode(),
        Step.DATA: b"DATA\r\n",
    }


def _parameters(content: bytes, features: Mapping[str, str], *, international: bool) -> Iterator[str]:
    if "size" in features:
        yield f" SIZE={len(content)}"
    if "8bitmime" in features and not content.isascii():
        yield " BODY=8BITMIME"
    if international:
        yield " SMTPUTF8"


# What would end the path or the line; only quoted local parts may hold some of these, and nobody has such an address.
_NOT_IN_A_PATH = frozenset('<> \\"') | {chr(code) for code in (*range(0x20), 0x7F)}


def _path(address: str, features: Mapping[str, str]) -> str:
    if not _NOT_IN_A_PATH.isdisjoint(address):
        raise ValueError(f"{address!r} is no address that can be put on an envelope")
    path = _with_ascii_domain(address)
    if not path.isascii() and "smtputf8" not in features:
        raise ValueError(f"{address} needs SMTPUTF8, which the relay does not offer")
    return path


def _with_ascii_domain(address: str) -> str:
    """The domain as A-labels (RFC 5891), so that any relay takes it; as it is where the name needs SMTPUTF8 anyway."""
    name, at, domain = address.rpartition("@")
    if domain.isascii() or not name.isascii():
        return address
    try:
        return f"{name}{at}{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError:
        return address


class Checked(bytes):
    """A message that is known to be as it is sent: looking through it again takes as long as half a signature."""

    __slots__ = ()


_BARE_CR = re.compile(rb"\r(?!\n)")


def as_sent(content: bytes) -> bytes:
    """The message with every line end a CRLF, and one at the end.

    A bare CR or LF would let what a stranger wrote end the message early at a lax server ("SMTP smuggling").
    """
    if isinstance(content, Checked):
        return content
    if _BARE_CR.search(content) or content.count(b"\n") != content.count(b"\r"):
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    return content if content.endswith(b"\r\n") or not content else content + b"\r\n"


_DOT = re.compile(rb"\n\.")  # found in a third of the time that the same with a CR before it takes


def stuffed(content: bytes) -> bytes:
    """Lines that begin with a dot begin with two (RFC 5321, 4.5.2); line ends are CRLF."""
    doubled = _DOT.sub(b"\n..", content)
    return b"." + doubled if doubled.startswith(b".") else doubled
