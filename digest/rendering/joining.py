"""Pieces joined to a body."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from digest.model import Edition, Pick
from digest.rendering.cards import Card, Own, Setting
from digest.rendering.encoding import Piece, piece, text_of
from digest.rendering.holes import PLAIN_LINK, Fragment, Hole
from digest.rendering.pages import GAP_SIZE, Page
from digest.rendering.papers import Paper
from digest.rendering.view import Frame


class Body(NamedTuple):
    """One form of a digest, in quoted-printable."""

    pieces: Sequence[bytes]
    size: int  # bytes of text, a line end being one
    beyond: int  # of them beyond ASCII

    @property
    def text(self) -> str:
        return text_of(b"".join(self.pieces))


class Reader:
    """One reader's digest, as far as all of its forms have it in common."""

    __slots__ = ("edition", "frame", "heads", "setting")

    def __init__(self, edition: Edition, setting: Setting, frame: Frame) -> None:
        self.edition = edition
        self.setting = setting
        self.frame = frame
        self.heads = {"like": _head(frame.like), "dislike": _head(frame.dislike)}

    def link(self, name: str, number: int) -> str:
        """Of feedback on the paper at this place."""
        return f"{self.frame.like if name == 'like' else self.frame.dislike}{number}"


def _head(link: str | None) -> Piece | None:
    """What every link of feedback of one reader begins with, if it may stand as it is."""
    return piece(link) if link and PLAIN_LINK.fullmatch(link) else None


def _tail(number: int) -> Piece:
    return piece(str(number))


_TAILS = tuple(map(_tail, range(200)))
_PLACES = 2  # digits of the place of a paper, about


class Shown(NamedTuple):
    """The papers of one section in one digest."""

    first: int  # place of the first in the digest
    picks: Sequence[Pick]
    papers: Sequence[Paper]
    cards: dict[int, Card]  # as plain values, by place, where they were needed
    own: dict[int, Own]  # by place, where it was needed

    def cut(self, keep: int) -> "Shown":
        """The first of them alone."""
        return self._replace(picks=self.picks[:keep], papers=self.papers[:keep])


PapersOf = Mapping[str, Shown]  # by section
Make = Callable[[str, int], Fragment]  # for a section and a place in it


class Joining:
    """A body in the making.

    Args:
        make: gives the fragment of a paper that has none yet.
    """

    def __init__(self, reader: Reader, page: Page, make: Make) -> None:
        self._reader = reader
        self._page = page
        self._make = make
        self._out: list[bytes] = []
        self._size = page.fragment.size
        self._beyond = page.fragment.beyond

    def body(self, values: Sequence[Any], papers: PapersOf) -> Body:
        """The page with these values in its slots, and these papers. Raises Misused."""
        add = self._out.append
        for part in self._page.fragment.parts:
            if isinstance(part, bytes):
                add(part)
            elif isinstance(part.source, int):
                self._add(part.piece(values[part.source]))
            else:
                self._papers(part.source, papers[part.source])
        return Body(self._out, self._size, self._beyond)

    def _add(self, own: Piece) -> None:
        self._out.append(own.content)
        self._size += own.size
        self._beyond += own.beyond

    def _papers(self, section: str, shown: Shown) -> None:
        form, gap = self._page.form(section), self._page.gap
        add, first = self._out.append, shown.first
        size = beyond = 0
        for number, paper in enumerate(shown.papers, first):
            made = paper.forms.get(form)
            if not isinstance(made, Fragment):
                made = self._make(section, number - first)
            size += made.size
            beyond += made.beyond
            if gap and number > first:
                add(gap)
                size += GAP_SIZE
            for part in made.parts:
                if isinstance(part, bytes):
                    add(part)
                else:
                    own = part.known.get(number) or self._own(part, number)
                    add(own.content)
                    size += own.size
                    beyond += own.beyond
        self._size += size
        self._beyond += beyond

    def _own(self, hole: Hole, number: int) -> Piece:
        """What depends on the place of a paper."""
        source = hole.source
        if source == "number":
            return hole.piece(number)
        head = self._reader.heads[source]
        if head is None or head.size + _PLACES not in hole.direct:
            return hole.piece(self._reader.link(source, number))
        tail = _TAILS[number] if number < len(_TAILS) else _tail(number)
        return Piece(head.content + tail.content, head.size + tail.size)
