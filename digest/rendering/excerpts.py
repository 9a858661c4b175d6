"""What of a title and an abstract is shown, in stretches: the reader's words marked, what is raised or lowered told.

read         a text with its words and scripts found: the same for every reader, so it can be kept
chosen       the sentences that show what was matched
marked       one text as stretches
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from sys import intern
from typing import NamedTuple

from digest.model import Ground, Pick
from digest.rendering.words import clean, clean_lines, shorten
from digest.text.levels import Level, levels
from digest.text.sentences import lead, sentences
from digest.text.tokens import tokenize


@dataclass(slots=True)  # frozen, it would take three times as long to make, and a paper has a dozen
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
    places: "array[int]"  # where each begins and ends
    levels: tuple[Level, ...]

    def words(self, wanted: frozenset[str]) -> list[Word]:
        """Those that are wanted."""
        if not wanted:
            return []
        text, places = self.text, self.places
        found = [2 * at for at, key in enumerate(self.keys) if key in wanted]
        return [Word(text[places[at] : places[at + 1]].casefold(), places[at], places[at + 1]) for at in found]


def read(text: str) -> Passage:
    tokens = list(tokenize(text))
    places = array("i", [place for token in tokens for place in (token.start, token.end)])
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


Holders = Mapping[str, int]  # which passages hold a word, by its key: the bit of each place


def holders(passages: Iterable[Passage]) -> Holders:
    found: dict[str, int] = {}
    for place, passage in enumerate(passages):
        for key in passage.keys:
            found[key] = found.get(key, 0) | 1 << place
    return found


def chosen(
    passages: Sequence[Passage], wanted: frozenset[str], limit: int, most: int = 3, held: Holders | None = None
) -> Runs:
    """Up to `most` sentences within `limit` characters, in their order: those with most of the wanted words, if any.

    Without any, the first ones. Where sentences were left out between two that are shown, an ellipsis says so. A first
    one that runs on far beyond the limit is cut. `held` is what `holders` says of the passages, where somebody kept it.
    """
    if held is None:
        held = holders(passages)
    places: list[int] = []
    room = limit
    for place in _ranked([held[key] for key in wanted if key in held and key not in _SMALL]):
        length = len(passages[place].text)
        if length <= room or not places:
            places.append(place)
            room -= length
            if len(places) == most:
                break
    return _joined(passages, sorted(places), wanted, limit) if places else _first(passages, limit)


def _ranked(masks: Iterable[int]) -> Iterator[int]:
    """The places whose bits are in these, those in most of them first."""
    at_least: list[int] = []  # places in one of them and more, in two, ...
    for mask in masks:
        more = mask
        for times, known in enumerate(at_least):
            at_least[times], more = known | more, known & more
        if more:
            at_least.append(more)
    above = 0
    for places in reversed(at_least):
        yield from _bits(places & ~above)
        above = places


def _bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


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
    return _together(runs) if len(places) > 1 else tuple(runs)


def _cut(passage: Passage, limit: int) -> Passage:
    return passage if len(passage.text) <= limit else _begun(passage.text, limit)


@lru_cache(1_024)
def _begun(text: str, limit: int) -> Passage:
    return read(lead(text, limit))


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
    if len(passage.levels) == 1 and not passage.levels[0].level:
        return tuple([Run(text[start:end], hit) for start, end, hit in _pieces(0, len(text), spans)])
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
    if not any(token.word in _SMALL for token in tokens):
        return list(tokens)
    kept = []
    for index, token in enumerate(tokens):
        inside = 0 < index < len(tokens) - 1
        bridge = inside and (
            _adjoin(text, tokens[index - 1].end, token.start) and _adjoin(text, token.end, tokens[index + 1].start)
        )
        if token.word not in _SMALL or bridge:
            kept.append(token)
    return kept
