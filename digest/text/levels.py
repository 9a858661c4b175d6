"""Which stretches of clean text are raised or lowered: what `scripts` wrote, undone for media that can show it.

Clean text says `x^(k+1)` and `x_max`; HTML can show the `k+1` and the `max` as they are meant. Identifiers, addresses and
groups without an end are no formulas and stay as they stand.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from digest.text.scripts import BARE, REACH, is_bare, lowers


class Level(NamedTuple):
    """A stretch of a text.

    Its `text` is `source[start:end]`; the marks and parentheses between two stretches are in neither of them. A script
    inside of a script is left as clean text has it: what is smaller still cannot be read.
    """

    text: str
    level: int  # 1: raised, -1: lowered, 0: on the line
    start: int
    end: int


def levels(text: str) -> tuple[Level, ...]:
    """`text` in stretches, in order, none of them empty. Never raises; linear in the length of the text."""
    found: list[Level] = []
    at = 0
    for script in _scripts(text) if "^" in text or "_" in text else ():
        found.append(Level(text[at : script.mark], 0, at, script.mark))
        found.append(Level(text[script.start : script.stop], script.level, script.start, script.stop))
        at = script.end
    found.append(Level(text[at:], 0, at, len(text)))
    return tuple(level for level in found if level.text)


class _Script(NamedTuple):
    """Places in a text: the mark, what is raised or lowered, where the text goes on; and which way."""

    mark: int
    start: int
    stop: int
    end: int
    level: int


_MARK = re.compile(rf"(?P<mark>[\^_])(?:(?P<group>\()|(?P<bare>{BARE}))")
_WORDS = re.compile(r"\S+")
_ADDRESS = re.compile(r"://|www\.|\w@[\w-]+\.|\w\.[a-z]{2,}/|\\[A-Za-z]")
_IDENTIFIER_GOES_ON = re.compile(r"[0-9A-Za-zÀ-ɏ_]|\.[a-z]\w{1,3}\b")
_LONGEST = 200  # characters of a group


def _scripts(text: str) -> Iterator[_Script]:
    """All of them, in order; none is inside of another."""
    closing = _closing(text)
    addresses = (word.span() for word in _WORDS.finditer(text) if _ADDRESS.search(word.group()))
    address = next(addresses, None)
    at = 0
    for mark in _MARK.finditer(text):
        while address and address[1] <= mark.start():
            address = next(addresses, None)
        if mark.start() >= at and not (address and address[0] <= mark.start()):
            script = _group(text, mark, closing.get(mark.end() - 1)) if mark["group"] else _bare(text, mark)
            if script:
                at = script.end
                yield script


def _closing(text: str) -> dict[int, int]:
    """The place of each opening bracket, and of its end; `[0,1)` is a pair."""
    ends: dict[int, int] = {}
    open_ones: list[int] = []
    for bracket in re.finditer(r"[(\[)\]]", text):
        if bracket.group() in "([":
            open_ones.append(bracket.start())
        elif open_ones:
            ends[open_ones.pop()] = bracket.start()
    return ends


def _group(text: str, mark: re.Match[str], close: int | None) -> _Script | None:
    start = mark.end()
    if close is None or not start < close <= start + _LONGEST or "\n" in (inner := text[start:close]):
        return None
    raises = mark["mark"] == "^"
    if is_bare(inner) and (raises or lowers(inner, _behind(text, mark))):
        return _Script(mark.start(), start - 1, close + 1, close + 1, 1 if raises else -1)  # parentheses of its own
    return _Script(mark.start(), start, close, close + 1, 1 if raises else -1)


def _bare(text: str, mark: re.Match[str]) -> _Script | None:
    behind = _behind(text, mark)
    if mark["mark"] == "^":
        level = 1 if mark["bare"][-1].isalnum() or behind[-1:].strip("([{ ") else 0
    else:
        goes_on = mark["bare"][-1].isalnum() and _IDENTIFIER_GOES_ON.match(text, mark.end())
        level = -1 if not goes_on and lowers(mark["bare"], behind) else 0
    return _Script(mark.start(), mark.start() + 1, mark.end(), mark.end(), level) if level else None


def _behind(text: str, mark: re.Match[str]) -> str:
    return text[max(0, mark.start() - REACH) : mark.start()]
