"""A part of a line that knows where it stands, so that what is said of it points at the column."""

from typing import NamedTuple

from digest.errors import ProfileError

# What keyboards and phones make of a plain quote; each stays one character, so that columns stay true.
_PLAIN = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02", '"'))


def plain(text: str) -> str:
    """`text`, equally long, with plain quotes."""
    return text if text.isascii() else text.translate(_PLAIN)


class Span(NamedTuple):
    """A part of a line."""

    line: str  # as written
    start: int
    text: str  # with plain quotes

    @classmethod
    def of(cls, line: str) -> "Span":
        """The whole line, without the white space around it."""
        return cls(line, 0, plain(line)).part()

    @property
    def written(self) -> str:
        return self.line[self.start : self.start + len(self.text)]

    def part(self, start: int = 0, end: int | None = None) -> "Span":
        """From one place in it to another, without the white space around that."""
        text = self.text[start:end]
        stripped = text.strip()
        before = len(text) - len(text.lstrip()) if stripped else 0
        return Span(self.line, self.start + start + before, stripped)

    def fault(self, what: str, at: int = 0) -> ProfileError:
        """What is wrong at a place in it, and what to write instead."""
        return ProfileError(self.line, self.start + at, what)
