"""Pieces of everybody's, and between them holes for what is a reader's own."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from digest.rendering.encoding import Piece, piece
from digest.rendering.inlining import RAW, TAG, NotInlinable, quoted
from digest.rendering.slots import Ledger, Misused, Printed

Quote = Callable[[str], str]


class Hole:
    """Where a reader's own text goes.

    Attributes:
        source: where the value comes from.
        known: what stood there lately, by value.
        direct: of how many characters a link has to be to stand there as it is.
    """

    __slots__ = ("_is_bare", "_printed", "_quote", "direct", "known", "source")

    def __init__(self, printed: Printed, quote: Quote, direct: range = range(0)) -> None:
        self.source: Any = printed.source
        self.direct = direct
        self._printed = printed
        self._quote = quote
        self._is_bare = not printed.steps and printed.width is None
        self.known: dict[Any, Piece] = {}

    def text(self, value: Any) -> str:
        """What stands there for this value, not yet encoded. Raises as `piece` does."""
        return self._quote(str(value) if self._is_bare else self._printed.text(value))

    def piece(self, value: Any) -> Piece:
        """What stands there for this value. Raises Misused where a page would have to be rendered for it alone."""
        found = self.known.get(value)
        if found is None:
            if len(self.known) >= _MOST_KNOWN:
                self.known.clear()
            found = self.known[value] = piece(self.text(value))
        return found


_MOST_KNOWN = 256  # values remembered: counts and sources recur, addresses do not

LINKS = (
    "like",
    "dislike",
)  # differ from paper to paper and from reader to reader, so that nothing is remembered of them
PLAIN_LINK = re.compile(r"https?://[A-Za-z0-9:/._~-]+")
_MADE_OF = "ABCDEFGHIJKLMNOPQRSTUVWXYZ/abcdefghijklmnopqrstuvwxyz.0123456789_~-:"


def _hole(printed: Printed, quote: Quote) -> list["str | Hole"]:
    """The hole, and before it what always stands before a link of that length."""
    if printed.source not in LINKS:
        return [Hole(printed, quote)]
    length = len(str(printed.sample))
    lengths = range(max(length - _NEAR, 12), length + _NEAR)
    leads = {_lead(printed, quote, lengths[0]), _lead(printed, quote, lengths[-1])}
    lead = leads.pop()
    return [Hole(printed, quote)] if leads or lead is None else [lead, Hole(printed, quote, lengths)]


_NEAR = 12  # characters by which readers' links differ: in their numbers


def _lead(printed: Printed, quote: Quote, length: int) -> str | None:
    """What stands before a link of this length, if it is all; no filter that waits for values treats a longer one alike."""
    link = ("https://" + _MADE_OF * (length // len(_MADE_OF) + 1))[:length]
    text = quote(printed.text(link))
    return text.removesuffix(link) if text.endswith(link) else None


@dataclass(frozen=True, slots=True)
class Fragment:
    """A part of a body."""

    parts: tuple[bytes | Hole, ...]
    size: int  # bytes of text in the pieces
    beyond: int  # of them beyond ASCII
    weight: int  # bytes of memory, about


_HOLE_WEIGHT = 1_500


def fragment(parts: Sequence[str | Hole]) -> Fragment:
    made = [part if isinstance(part, Hole) else piece(part) for part in parts if part]
    pieces = [part for part in made if isinstance(part, Piece)]
    return Fragment(
        parts=tuple(part.content if isinstance(part, Piece) else part for part in made),
        size=sum(part.size for part in pieces),
        beyond=sum(part.beyond for part in pieces),
        weight=200 + sum(50 + (len(part.content) if isinstance(part, Piece) else _HOLE_WEIGHT) for part in made),
    )


# --- text ---------------------------------------------------------------------------------------------------------


def text_parts(written: str, ledger: Ledger) -> list[str | Hole]:
    """Plain text or Markdown, cut at its slots. Raises Misused."""
    return _cut(written, ledger, lambda _: in_text)


def _cut(written: str, ledger: Ledger, quote_after: Callable[[str], Quote]) -> list[str | Hole]:
    parts: list[str | Hole] = []
    before = ""
    for part in ledger.parts(written):
        if isinstance(part, Printed):
            parts += _hole(part, quote_after(before))
        else:
            parts.append(part)
            before += part
    return parts


def in_text(value: str) -> str:
    """Where blank lines have been squeezed, a text must not bring new ones."""
    if not value or value[0] == "\n" or value[-1] == "\n" or "\n\n\n" in value:
        raise Misused("a text that has to be squeezed")
    return value


# --- HTML ---------------------------------------------------------------------------------------------------------

_IN_ATTRIBUTE = re.compile(r"""\s([a-zA-Z][\w:-]*)="[^"]*""")


def html_parts(written: str, ledger: Ledger) -> list[str | Hole]:
    """HTML as it goes out, cut at its slots. Raises Misused where one stands in what is neither text nor attribute."""
    if not ledger.holds(written):
        return [written]
    if not _OPAQUE.search(written):
        return _cut(written, ledger, _in_html)
    parts: list[str | Hole] = []
    raw = ""
    for token in TAG.split(written):
        if not ledger.holds(token):
            parts.append(token)
        elif raw or token.startswith(("<!", "</")):
            raise Misused("printed inside of a comment, a style or a title")
        else:
            parts += _cut(token, ledger, _in_html)
        raw = _raw_after(token, raw)
    return _joined(parts)


# Inside of these, tags mean nothing.
_OPAQUE = re.compile(rf"<(?:!|(?:{'|'.join(sorted(RAW))})\b)", re.IGNORECASE)


def _in_html(before: str) -> Quote:
    """How something is written after this."""
    opened = before.rfind("<")
    return in_html if opened <= before.rfind(">") else _in_tag(before[opened:])


def _in_tag(before: str) -> Quote:
    *_, last = _IN_ATTRIBUTE.finditer(before + " ") or (None,)
    if last is None or last.end() <= len(before):
        raise Misused("printed inside of a tag, but in no attribute")
    return in_attribute(last[1])


def _raw_after(token: str, raw: str) -> str:
    """The element open after this token, if tags mean nothing in it."""
    if raw:
        return "" if token.lower().startswith(f"</{raw}") else raw
    name = re.match(r"<([a-zA-Z][a-zA-Z0-9]*)", token)
    return name[1].lower() if name and name[1].lower() in RAW else ""


def _joined(parts: Sequence[str | Hole]) -> list[str | Hole]:
    """Neighbouring texts as one."""
    joined: list[str | Hole] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return joined


def in_html(value: str) -> str:
    """Between tags."""
    if "\r" in value or "\0" in value:
        _require_parsable(value)
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def in_attribute(name: str) -> Quote:
    """Between the quotes of an attribute."""

    def quote(value: str) -> str:
        _require_parsable(value)
        if '"' in value:
            raise Misused("lxml would write other quotes")
        try:
            return quoted(name, value)[1:-1]
        except NotInlinable as error:
            raise Misused(str(error)) from error

    return quote


def _require_parsable(value: str) -> None:
    if "\r" in value or "\0" in value:
        raise Misused("a text that a parser changes")
