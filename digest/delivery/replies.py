"""What an SMTP server's replies mean: pure decisions (RFC 5321, 4.2; RFC 3463)."""

import re
from dataclasses import dataclass
from enum import Enum, StrEnum, auto


class Step(StrEnum):
    """How far a transaction has come: what was said last."""

    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    DOT = "the final dot"


class Ruling(Enum):
    """What follows from a reply."""

    ACCEPTED = auto()
    DEFER = auto()  # not now, this one
    FAIL = auto()  # never, this one
    LOST = auto()  # no more in this session; the message is not to blame
    UNKNOWN = auto()  # the server may have taken the message


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's reply; several lines are one, joined by blanks."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}".rstrip()


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
    return Line(int(code), (text or b"").strip(), last=separator != b"-")


def shown(text: bytes) -> str:
    """A server's words on one line, without what a terminal would act upon, cut to what anybody will read."""
    words = " ".join(text[:LONGEST_LINE].decode("utf-8", "replace").split())
    return "".join(c for c in words if c.isprintable())[:_SHOWN]


# 421: closing. 503: commands out of order. The others ask for a login (RFC 4954, 6). None of them is about a message.
_ABOUT_THE_SESSION = frozenset({421, 503, 530, 534, 535, 538})

# RFC 3463: X.2.3 and X.3.4 message too big, X.6.* what the message is made of (8-bit text, SMTPUTF8).
_ABOUT_THE_MESSAGE = re.compile(r"5\.(?:2\.3|3\.4|6\.\d{1,3})(?!\d)")


def rule(step: Step, reply: Reply) -> Ruling:
    """What follows from `reply` to `step`.

    A refusal at MAIL speaks of the relay or of our own sender address, which is the same for everybody, unless it says
    that the message is too big or not of a kind the server takes.
    """
    if reply.code in _ABOUT_THE_SESSION:
        return Ruling.LOST
    if _as_expected(step, reply.code):
        return Ruling.ACCEPTED
    if step is Step.MAIL and not _refuses_the_message(reply):
        return Ruling.LOST
    match reply.code // 100:
        case 4:
            return Ruling.DEFER
        case 5:
            return Ruling.FAIL
    return Ruling.UNKNOWN if step is Step.DOT else Ruling.LOST


def _as_expected(step: Step, code: int) -> bool:
    return code == 354 if step is Step.DATA else code // 100 == 2


def _refuses_the_message(reply: Reply) -> bool:
    return reply.code == 552 or (reply.code // 100 == 5 and bool(_ABOUT_THE_MESSAGE.match(reply.text)))
