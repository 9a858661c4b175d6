"""BibTeX as it is found in the wild: entries with their fields, as written, and what could not be read.

After Patashnik's BibTeXing (1988) and the grammar of `bibtex.web`: values are numbers, names of strings, texts in
quotes or braces, joined by `#`; braces nest; what stands outside of entries is a comment, and so is `@comment`.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import NamedTuple

_ENTRY = re.compile(r"@\s*([^\W\d][\w-]*)\s*([{(])")
_AT_LINE = re.compile(r"^[ \t]*@\s*[^\W\d][\w-]*\s*[{(]", re.MULTILINE)
_KEY = re.compile(r"\s*([^\s,={}\"#]*)\s*(?=[,})])")
_NAME = re.compile(r"\s*([^\s,={}\"#()]+)\s*=\s*")
_BARE = re.compile(r"[^\s,={}\"#()]+")
_GAP = re.compile(r"\s*")
_SIGN = re.compile(r'[{}]|(?<!\\)"')
_CLOSING = {"{": "}", "(": ")"}


class Entry(NamedTuple):
    """One entry. Names of fields are in lower case; values as written, without their own quotes or braces."""

    line: int
    kind: str  # in lower case: article, inproceedings, ...
    key: str
    fields: Mapping[str, str]


class Unreadable(NamedTuple):
    """What stands there and cannot be read, and what to do."""

    line: int
    what: str


def looks_like(text: str) -> bool:
    """Whether there is an entry in it."""
    return _AT_LINE.search(text) is not None


def read(text: str) -> Iterator[Entry | Unreadable]:
    """The entries of a file, in order.

    No entry reaches over a line that begins the next one, so that what is never closed costs one entry only.
    """
    strings = _Strings()
    ends = [place.start() for place in re.finditer("\n", text)]
    begins = [place.start() for place in _AT_LINE.finditer(text)]
    at = 0
    while found := _ENTRY.search(text, at):
        line = bisect_left(ends, found.start()) + 1
        following = bisect_left(begins, found.end())
        limit = begins[following] if following < len(begins) else len(text)
        reading = _Reading(text, found.end(), limit, strings)
        kind, closing = found[1].lower(), _CLOSING[found[2]]
        try:
            if kind in ("comment", "preamble"):
                reading.skip(closing)
            elif kind == "string":
                strings.update(reading.fields(closing))
            else:
                key = reading.key()
                yield Entry(line, kind, key, reading.fields(closing))
            at = reading.at
        except _FaultError as fault:
            yield Unreadable(bisect_left(ends, fault.at) + 1, f"{fault} in @{found[1]} of line {line}")
            at = limit


class _FaultError(Exception):
    def __init__(self, what: str, at: int) -> None:
        super().__init__(what)
        self.at = at


class _Strings:
    """What names stand for. They may stand for one another, so that a short file could say more than there is memory."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._left = _LONGEST_STRINGS

    def update(self, values: Mapping[str, str]) -> None:
        self._values |= values

    def meant(self, name: str, at: int) -> str:
        """What is meant by a name; the name, if it stands for nothing."""
        value = self._values.get(name.lower(), name)
        self._left -= len(value)
        if self._left < 0:
            raise _FaultError("strings are put together to too long a text", at)
        return value


_LONGEST_STRINGS = 1_000_000  # characters of a file that stand in for a name: names of journals and the like


class _Reading:
    """The text of one entry, from `at` to `limit`, read from left to right; `at` is the place reached."""

    def __init__(self, text: str, at: int, limit: int, strings: _Strings) -> None:
        self._text = text
        self._limit = limit
        self._strings = strings
        self.at = at

    def key(self) -> str:
        found = _KEY.match(self._text, self.at, self._limit)
        if not found:
            raise _FaultError("there is no key", self.at)
        self.at = found.end()
        return found[1]

    def fields(self, closing: str) -> dict[str, str]:
        """All fields up to the closing brace, which is passed. Of two with one name the first counts, as in BibTeX."""
        found: dict[str, str] = {}
        while True:
            while self._next() == ",":
                self.at += 1
            if self._next() == closing:
                self.at += 1
                return found
            name = _NAME.match(self._text, self.at, self._limit)
            if not name:
                raise _FaultError(self._lacking(closing), self.at)
            self.at = name.end()
            found.setdefault(name[1].lower(), self._value())

    def skip(self, closing: str) -> None:
        """Whatever stands here, up to the closing brace; of a comment without one nothing."""
        depth, opening = 1, {"}": "{", ")": "("}[closing]
        for place in re.compile(f"[{opening}{closing}]").finditer(self._text, self.at, self._limit):
            depth += 1 if place[0] == opening else -1
            if depth == 0:
                self.at = place.end()
                return

    def _next(self) -> str:
        gap = _GAP.match(self._text, self.at, self._limit)
        self.at = gap.end() if gap else self.at
        return self._text[self.at : min(self.at + 1, self._limit)]

    def _lacking(self, closing: str) -> str:
        sign = self._next()
        if sign in ("", "@"):
            return f"the closing {closing} is missing"
        return f"a comma or {closing} is missing before `{self._text[self.at : min(self.at + 20, self._limit)].split(chr(10), 1)[0].strip()}`"

    def _value(self) -> str:
        parts = [self._part()]
        while self._next() == "#":
            self.at += 1
            self._next()
            parts.append(self._part())
        return "".join(parts)

    def _part(self) -> str:
        sign = self._next()
        if sign in ('"', "{"):
            return self._delimited('"' if sign == '"' else "}")
        bare = _BARE.match(self._text, self.at, self._limit)
        if not bare:
            raise _FaultError("a field has no value", self.at)
        self.at = bare.end()
        return self._strings.meant(bare[0], bare.start())

    def _delimited(self, closing: str) -> str:
        """A text in quotes or braces, in which braces are balanced."""
        start, depth = self.at + 1, 0
        for place in _SIGN.finditer(self._text, start, self._limit):
            sign = place[0]
            if depth == 0 and sign == closing:
                self.at = place.end()
                return self._text[start : place.start()]
            depth += {"{": 1, "}": -1}.get(sign, 0)
            if depth < 0:
                break
        raise _FaultError(f"a value is never closed by {closing}", self.at)
