"""What an SMTP server says: replies, read off the wire (RFC 5321, 4.2; RFC 2034). Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """How far a transaction has come: what was said last."""

    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    DOT = "the final dot"


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's reply on one line."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}".rstrip()

    @property
    def enhanced(self) -> str:
        """The enhanced status code, "5.1.1", in front (RFC 2034) or where qmail and Cisco have it: "(#5.1.1)"."""
        found = _ENHANCED.match(self.text) or _ENHANCED_LATER.search(self.text)
        return found[1] if found and self.code // 100 in (2, 4, 5) else ""


_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.])")
_ENHANCED_LATER = re.compile(r"#([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.])")


LONGEST_LINE = 8192  # far beyond the 512 octets of RFC 5321, 4.5.3.1.5
_SHOWN = 400  # characters of a reply that anybody will read

_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?", re.DOTALL)


class NotSmtp(Exception):  # noqa: N818 - a remark on a line, not an error of ours
    """The server said something that is no SMTP reply."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a reply."""

    code: int
    text: bytes
    last: bool


def parse_line(line: bytes) -> Line:
    """One line as received, with its line end.

    Raises:
        NotSmtp: it is over-long, or no reply line.
    """
    if len(line) > LONGEST_LINE:
        raise NotSmtp("sends a line without end")
    match = _LINE.fullmatch(line.rstrip(b"\r\n"))
    if match is None:
        raise NotSmtp(f"does not speak SMTP: {shown(line)!r}")
    code, separator, text = match.groups()
    return Line(int(code), (text or b"").replace(b"\0", b"").strip(), last=separator != b"-")


def joined(lines: Sequence[Line]) -> Reply:
    """The reply that these lines are; Gmail repeats the enhanced code on each."""
    first, *rest = (shown(line.text) for line in lines)
    if not rest:
        return Reply(lines[-1].code, first)
    head = _ENHANCED.match(first)
    prefix = head[0] if head else "\n"
    return Reply(
        lines[-1].code, " ".join([first, *(text.removeprefix(prefix).strip() for text in rest)]).strip()[:_SHOWN]
    )


def shown(text: bytes) -> str:
    """A server's words on one line, without what a terminal would act upon, cut to what anybody will read."""
    words = " ".join(text[:LONGEST_LINE].decode("utf-8", "replace").split())
    if not words.isprintable():
        words = "".join(c for c in words if c.isprintable())
    return words[:_SHOWN]
