"""Mail from strangers, taken apart within bounds: so many bytes, lines and levels, however it is made. Pure."""

import re
from collections.abc import Iterable, Iterator
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from itertools import islice

MOST_BYTES = 1_000_000  # a report with a whole digest in it has 120,000
_MOST_LINES = 20_000
_LONGEST_LINE = 2_000  # RFC 5322 allows 998
_MOST_LEVELS = 100
_BOUNDARY = re.compile(rb"boundary\s*(?:\*[\d*]*\s*)?=", re.IGNORECASE)
_MOST_WORDS = 20_000  # characters of text that are looked at


class TooDeepError(ValueError):
    """Nobody nests a mail like that but to do harm: each level costs time for each line."""


def parsed(content: bytes) -> Message:
    """The mail as far as its bounds go.

    Raises:
        TooDeepError: it has too many parts within parts.
    """
    text = content[:MOST_BYTES].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    lines = text.split(b"\n", _MOST_LINES)[:_MOST_LINES]
    bounded = b"\n".join([line[:_LONGEST_LINE] for line in lines])
    if len(list(islice(_BOUNDARY.finditer(bounded), _MOST_LEVELS + 1))) > _MOST_LEVELS:
        raise TooDeepError("it has too many parts within parts")
    return message_from_bytes(bounded)


def parts(mail: Message) -> Iterator[Message]:
    """The mail and its own parts, but nothing of mails that are in it."""
    yield mail
    if mail.get_content_maintype() == "multipart":
        for part in _children(mail):
            yield from parts(part)


def _children(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []


def enclosed(mail: Message) -> Iterator[Message]:
    """The mails in its parts."""
    for part in parts(mail):
        if part.get_content_type() in ("message/rfc822", "message/global"):
            yield from _children(part)


def header(mail: Message, *names: str) -> str:
    """What is said in these headers, those that are there more than once included."""
    return " ".join(str(value) for name in names for value in mail.get_all(name, []))


def subject(mail: Message) -> str:
    raw = header(mail, "Subject")
    try:
        return str(make_header(decode_header(raw)))
    except (HeaderParseError, LookupError, ValueError):  # an encoding that nobody knows
        return raw


def words(mail: Message) -> str:
    """What it says to people: its text, else its HTML without the tags; without what it quotes."""
    texts = {part.get_content_type(): part for part in reversed(list(parts(mail)))}
    for kind in ("text/plain", "text/html", "message/delivery-status"):
        if kind in texts and (text := _decoded(texts[kind])).strip():
            own = _QUOTED.split(text, maxsplit=1)[0]
            return re.sub(r"<[^<>]*>", " ", own) if kind == "text/html" else own
    return ""


# What stands above the copy of our own message, whose abstracts may speak of unknown users, too.
_QUOTED = re.compile(
    r"^[ \t]*(?:-{2,}|_{2,})? ?(?:below this line|this is a copy|(?:the )?(?:original|returned|unsent) (?:message|mail)"
    r"|(?:the )?(?:header|body) of (?:the|your) (?:original )?message|return-path:|received: )",
    re.IGNORECASE | re.MULTILINE,
)


def _decoded(part: Message) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    data = data[: 4 * _MOST_WORDS]
    try:
        text = data.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):
        text = data.decode("latin-1")
    return text[:_MOST_WORDS]


def fields(part: Message) -> list[Message]:
    """The groups of fields in a delivery-status part (RFC 3464, 2.1; RFC 6533, 3): of the message, of each recipient."""
    groups = _children(part)
    if part.get_content_type() == "message/delivery-status" or not groups:
        return groups
    rest = str(groups[0].get_payload())  # `email` takes one of RFC 6533 for a mail: the second group on is its body
    return [groups[0], *(message_from_bytes(group.encode("utf-8", "replace")) for group in re.split(r"\n\s*\n", rest))]


# --- whom it is about ---------------------------------------------------------------------------------------------

_TO_US = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "Resent-To")


def addressed(mail: Message) -> str:
    """All headers that name whom it was sent to."""
    return header(mail, *_TO_US)


def everything(mail: Message) -> Iterator[str]:
    """All that it says, down to the headers of what it gives back."""
    for part in mail.walk():
        yield from map(str, part.values())
        payload = part.get_payload()
        if isinstance(payload, str):
            yield payload


def first(pattern: re.Pattern[str], texts: Iterable[str]) -> str:
    """What matches first; empty if nothing does."""
    return next((found[0] for text in texts if (found := pattern.search(text))), "")
