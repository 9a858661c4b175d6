"""Pieces joined to a body."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from digest.model import Edition, Pick
from digest.rendering.cards import Card, Setting
from digest.rendering.encoding import Piece, piece
from digest.rendering.holes import PLAIN_LINK, Fragment, Hole
from digest.rendering.pages import Page
from digest.rendering.papers import Paper
from digest.rendering.view import Frame


class Reader:
    """One reader's digest, as far as all of its forms have it in common."""

    __slots__ = ("edition", "frame", "heads", "setting")

    def __init__(self, edition: Edition, setting: Setting, frame: Frame) -> None:
        self.edition = edition
        self.setting = setting
        self.frame = frame
        self.heads = {"like": _head(frame.like), "dislike": _head(frame.dislike)}

    def value(self, source: str, number: int) -> Any:
        """What a slot of a paper stands for at its place in this digest."""
        if source == "number":
            return number
        return f"{self.frame.like if source == 'like' else self.frame.dislike}{number}"


def _head(link: str | None) -> Piece | None:
    """What every link of feedback of one reader begins with, if it may stand as it is."""
    return piece(link) if link and PLAIN_LINK.fullmatch(link) else None


def _tail(number: int) -> Piece:
    return piece(str(number))


_TAILS = tuple(map(_tail, range(200)))


@dataclass(slots=True)
class Placed:
    """A paper at its place in one digest."""

    number: int
    pick: Pick
    paper: Paper
    card: Card | None = None  # as plain values, once it was needed


PapersOf = Mapping[str, Sequence[Placed]]  # by section
Make = Callable[[Placed, str], Fragment]  # for a section


class Joining:
    """A body in the making.

    Args:
        make: gives the fragment of a paper that has none yet, for a section.
    """

    def __init__(self, reader: Reader, page: Page, make: Make) -> None:
        self._reader = reader
        self._page = page
        self._make = make
        self._out: list[bytes] = []
        self._size = page.fragment.size
        self._beyond = page.fragment.beyond

    def body(self, values: Sequence[Any], papers: PapersOf) -> Piece:
        """The page with these values in its slots, and these papers. Raises Misused."""
        add = self._out.append
        for part in self._page.fragment.parts:
            if type(part) is bytes:
                add(part)
            elif type(source := part.source) is int:
                self._add(part.piece(values[source]))
            else:
                self._papers(source, papers[source])
        return Piece(b"".join(self._out), self._size, self._beyond)

    def _add(self, own: Piece) -> None:
        self._out.append(own.content)
        self._size += own.size
        self._beyond += own.beyond

    def _papers(self, section: str, papers: Sequence[Placed]) -> None:
        form, gap = self._page.form(section), self._page.gap
        add = self._out.append
        for at, placed in enumerate(papers):
            made = placed.paper.forms.get(form)
            if type(made) is not Fragment:
                made = self._make(placed, section)
            if at and gap:
                self._add(gap)
            self._size += made.size
            self._beyond += made.beyond
            for part in made.parts:
                if type(part) is bytes:
                    add(part)
                else:
                    self._own(part, placed.number)

    def _own(self, hole: Hole, number: int) -> None:
        """What depends on the place of a paper."""
        if hole.direct and (head := self._reader.heads[hole.source]):
            self._add(head)
            self._add(_TAILS[number] if number < len(_TAILS) else _tail(number))
        else:
            self._add(hole.piece(self._reader.value(hole.source, number)))
