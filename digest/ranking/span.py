"""A part of a line that knows where it stands, so that what is said of it points at the column."""

from typing import NamedTuple

from digest.errors import ProfileError

# What keyboards and phones make of a plain quote; each stays one character, so that columns stay true.
_PLAIN = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02", '"'))


def plain(text: str) -> str:
    """`text`, equally long, with plain quotes."""
    return text.translate(_PLAIN)


class Span(NamedTuple):
    """A part of a line."""

    line: str  # as written
    plain: str  # with plain quotes
    start: int
    end: int

    @classmethod
    def of(cls, line: str) -> "Span":
        """The whole line, without the white space around it."""
        return cls(line, plain(line), 0, len(line)).part()

    @property
    def text(self) -> str:
        return self.plain[self.start : self.end]

    def part(self, start: int = 0, end: int | None = None) -> "Span":
        """From one place in it to another, without the white space around that."""
        first, last = self.start + start, self.end if end is None else self.start + end
        while first < last and self.plain[last - 1].isspace():
            last -= 1
        while first < last and self.plain[first].isspace():
            first += 1
        return self._replace(start=first, end=last)

    def fault(self, what: str, at: int = 0) -> ProfileError:
        """What is wrong at a place in it, and what to write instead."""
        return ProfileError(self.line, self.start + at, what)
