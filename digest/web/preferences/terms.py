"""The keywords of a form, a text with a term on each line: what can be read of it, and what cannot."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from digest.errors import ProfileError
from digest.ranking.query import parse
from digest.ranking.split import split

MOST_TERMS = 200
LONGEST_TERM = 300  # characters


class Slip(NamedTuple):
    """A line that cannot be read."""

    number: int  # of the line, from 1
    column: int  # from 1
    text: str  # the line
    what: str  # what is wrong, and what to write instead


@dataclass(frozen=True, slots=True)
class Written:
    """What a text says."""

    lines: tuple[str, ...] = ()  # each is read by `parse`
    slips: tuple[Slip, ...] = ()


def written(text: str, known: Collection[str] = ()) -> Written:
    """The terms of a text, once each; `known` lines stay as they are, others may hold several, as people write lists."""
    lines: dict[str, None] = {}
    slips: list[Slip] = []
    for number, line in enumerate(text.splitlines(), start=1):
        for part, begin in _parts(line, known):
            slip = _slip(part, number, begin, is_full=len(lines) >= MOST_TERMS and part not in lines)
            if slip:
                slips.append(slip)
            else:
                lines[part] = None
    return Written(tuple(lines), tuple(slips))


def joined(lines: Sequence[str]) -> str:
    """The text of these terms."""
    return "\n".join(lines)


_SEVERAL = re.compile(r'^(?:[^"]|"[^"]*")*?(?:,\s|;)')  # outside of quotes


def _parts(line: str, known: Collection[str]) -> Iterator[tuple[str, int]]:
    """What is one term each, and where in the line it begins."""
    own = line.strip()
    if own in known or len(own) > LONGEST_TERM or not _SEVERAL.search(own):
        return iter([(own, line.find(own))] if own else [])
    return ((piece.text, piece.column) for piece in split(line))


def _slip(part: str, number: int, begin: int, *, is_full: bool) -> Slip | None:
    if len(part) > LONGEST_TERM:
        return Slip(
            number, begin + 1, f"{part[:60]}…", f"is longer than {LONGEST_TERM} characters: say it in a few words"
        )
    if is_full:
        return Slip(number, begin + 1, part, f"is one too many: a profile has {MOST_TERMS} terms at most")
    try:
        parse(part)
    except ProfileError as error:
        return Slip(number, begin + error.column + 1, part, error.what)
    return None
