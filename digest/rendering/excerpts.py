"""What of a title and an abstract is shown, in stretches: the reader's words marked, what is raised or lowered told.

read         a text with its words and scripts found: the same for every reader, so it can be kept
chosen       the sentences that show what was matched
marked       one text as stretches
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from sys import intern
from typing import NamedTuple

from digest.model import Ground, Pick
from digest.rendering.words import clean, clean_lines, shorten
from digest.text.levels import Level, levels
from digest.text.sentences import lead, sentences
from digest.text.tokens import tokenize


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text: the reader's own words, or what is between them."""

    text: str
    hit: bool = False
    level: int = 0  # 1: raised, -1: lowered
    before: str = ""  # what stands for that where nothing can be raised: "^(" before, and
    after: str = ""  # ")" after the last stretch of a text

    @property
    def plain(self) -> str:
        """As plain text has it: "^(k+1" and then ")"."""
        return self.before + self.text + self.after


Runs = tuple[Run, ...]


class Word(NamedTuple):
    """A word of a text, and where it is."""

    word: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """One line of clean text that has been read."""

    text: str
    keys: tuple[str, ...]  # of its words, in their order
    places: tuple[int, ...]  # where each begins and ends: a tenth of the memory that tokens take
    levels: tuple[Level, ...]

    def words(self, wanted: frozenset[str]) -> list[Word]:
        """Those that are wanted."""
        if wanted.isdisjoint(self.keys):
            return []
        text, places = self.text, self.places
        return [
            Word(text[places[2 * at] : places[2 * at + 1]].casefold(), places[2 * at], places[2 * at + 1])
            for at, key in enumerate(self.keys)
            if key in wanted
        ]


def read(text: str) -> Passage:
    tokens = list(tokenize(text))
    places = tuple([place for token in tokens for place in (token.start, token.end)])
    return Passage(text, tuple([intern(token.key) for token in tokens]), places, levels(text))


_READ = 6_000  # characters of an abstract; the longest of 34,000 real ones has 4,100


def by_sentence(abstract: str) -> tuple[Passage, ...]:
    """The sentences of an abstract, read."""
    return tuple(read(clean(sentence)) for sentence in sentences(_bounded(abstract)))


def by_paragraph(abstract: str) -> tuple[Passage, ...]:
    """The paragraphs of an abstract, read; blank lines part them."""
    return tuple(read(text) for part in _bounded(abstract).split("\n\n") if (text := clean(part)))


def _bounded(abstract: str) -> str:
    return shorten(clean_lines(abstract), _READ)


# --- the reader's words -------------------------------------------------------------------------------------------

_NOT_TEXT = frozenset({"authors", "categories", "sources", "kinds"})
_SMALL = frozenset(
    {"a", "an", "and", "as", "at", "by", "for", "from", "in", "is", "of", "on", "or", "the", "to", "with"}
)


def hit_keys(pick: Pick) -> frozenset[str]:
    """The keys of the reader's words, as far as they are words of the text: an author's name is not."""
    return frozenset(
        key
        for reason in pick.reasons
        if reason.contribution > 0 and reason.ground is Ground.KEYWORD and reason.field not in _NOT_TEXT
        for key in reason.tokens
    )


# --- choosing sentences -------------------------------------------------------------------------------------------


def chosen(passages: Sequence[Passage], wanted: frozenset[str], limit: int, most: int = 3) -> Runs:
    """Up to `most` sentences within `limit` characters, in their order: those with most of the wanted words, if any.

    Without any, the first ones. Where sentences were left out between two that are shown, an ellipsis says so. A first
    one that runs on far beyond the limit is cut.
    """
    telling = wanted - _SMALL
    found = [len(telling.intersection(passage.keys)) for passage in passages] if telling else []
    if not any(found):
        return _first(passages, limit)
    places: list[int] = []
    for place in sorted(range(len(found)), key=lambda place: (-found[place], place)):
        room = limit - sum(len(passages[taken].text) for taken in places)
        if found[place] and len(places) < most and (len(passages[place].text) <= room or not places):
            places.append(place)
    return _joined(passages, sorted(places), wanted, limit)


def _first(passages: Sequence[Passage], limit: int) -> Runs:
    places: list[int] = []
    room = limit
    for place, passage in enumerate(passages):
        if places and len(passage.text) > room:
            break
        places.append(place)
        room -= len(passage.text) + 1
    return _joined(passages, places, frozenset(), limit)


def _joined(passages: Sequence[Passage], places: Sequence[int], wanted: frozenset[str], limit: int) -> Runs:
    runs: list[Run] = []
    for place, before in zip(places, [None, *places], strict=False):
        if before is not None:
            runs.append(Run(" " if place == before + 1 else " \N{HORIZONTAL ELLIPSIS} "))
        runs += marked(_cut(passages[place], limit), wanted)
    return _together(runs)


def _cut(passage: Passage, limit: int) -> Passage:
    text = lead(passage.text, limit) if len(passage.text) > limit else passage.text
    return passage if text == passage.text else read(text)


def _together(runs: Iterable[Run]) -> Runs:
    """Plain neighbours as one."""
    made: list[Run] = []
    for run in runs:
        last = made[-1] if made else None
        if last and not (run.hit or run.level or run.before or run.after or last.hit or last.level or last.after):
            made[-1] = Run(last.text + run.text, before=last.before)
        else:
            made.append(run)
    return tuple(made)


# --- marking ------------------------------------------------------------------------------------------------------


def marked(passage: Passage, wanted: frozenset[str]) -> Runs:
    """The text in stretches, the wanted words marked, neighbours as one. `plain` of all of them is the text."""
    text, at = passage.text, 0
    spans = _spans(text, passage.words(wanted))
    runs: list[Run] = []
    for level in passage.levels:
        for start, end, hit in _pieces(level.start, level.end, spans):
            runs.append(Run(text[start:end], hit, level.level, text[at:start]))
            at = end
    if runs and at < len(text):
        runs[-1] = replace(runs[-1], after=text[at:])
    return tuple(runs)


def _pieces(start: int, end: int, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int, bool]]:
    """A stretch, cut where spans begin and end; what is inside of one is a hit."""
    pieces, at = [], start
    for span in spans:
        first, last = max(span[0], at), min(span[1], end)
        if first < last:
            pieces += [(at, first, False), (first, last, True)]
            at = last
    return [piece for piece in [*pieces, (at, end, False)] if piece[0] < piece[1]]


def _spans(text: str, found: Sequence[Word]) -> list[tuple[int, int]]:
    """Where words are; those that only spaces or hyphens part are one span, overlapping ones too."""
    spans: list[tuple[int, int]] = []
    for token in _telling(found, text):
        if spans and _adjoin(text, spans[-1][1], token.start):
            spans[-1] = (spans[-1][0], max(token.end, spans[-1][1]))
        else:
            spans.append((token.start, token.end))
    return spans


def _adjoin(text: str, end: int, start: int) -> bool:
    return start <= end or not text[end:start].strip(" -\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{EN DASH}")


def _telling(tokens: Sequence[Word], text: str) -> list[Word]:
    """Without the "of" and "the" of a phrase where they do not stand between two other hits."""
    kept = []
    for index, token in enumerate(tokens):
        inside = 0 < index < len(tokens) - 1
        bridge = inside and (
            _adjoin(text, tokens[index - 1].end, token.start) and _adjoin(text, token.end, tokens[index + 1].start)
        )
        if token.word not in _SMALL or bridge:
            kept.append(token)
    return kept
