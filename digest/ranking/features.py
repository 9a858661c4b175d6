"""What profiles ask for, as things to look for in texts.

A slot is one thing to look for, whoever asks: a word, a prefix, a phrase, a name, a category. A line of a profile is
made of slots, through the terms of which any will do.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from digest.model import Ground, Kind
from digest.ranking import weights
from digest.ranking.corpus import Statistics
from digest.ranking.learning import Learned
from digest.ranking.term import Field, Match, Sign, Term, Word


class Sort(StrEnum):
    """What a slot is compared with."""

    WORD = "word"
    PREFIX = "prefix"
    PHRASE = "phrase"
    PAIR = "pair"
    AUTHOR = "author"
    CATEGORY = "category"
    SOURCE = "source"
    KIND = "kind"

    @property
    def whole(self) -> bool:
        """Whether it is there or not, however often and wherever."""
        return self not in _OF_TEXT


_OF_TEXT = (Sort.WORD, Sort.PREFIX, Sort.PHRASE, Sort.PAIR)


class Slot(NamedTuple):
    """One thing to look for."""

    sort: Sort
    keys: tuple[str, ...]  # of a word: any of them; of a phrase or pair: its words in order; of a name: its parts
    scope: Field = Field.ANY  # or title or abstract only
    reach: int = 1  # of a pair: how many places behind the first its second word may stand


class Addend(NamedTuple):
    """What a term is worth something for: a share of what its words are worth, times the strength of a slot."""

    slot: Slot
    share: float
    words: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A term, and all that has to be looked up for it."""

    term: Term
    parts: tuple[Slot, ...]  # the different words (or the prefix, name or label) that say something
    addends: tuple[Addend, ...]  # these, their pairs, and the phrase
    row: tuple[Slot, ...] = ()  # all its words, the common ones too, if it is a phrase
    phrase: Slot | None = None  # these in a row


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a profile, or one word learnt: terms of which any will do, the best of them counts."""

    text: str  # as written
    sign: Sign
    weight: float
    alternatives: tuple[Asked, ...]
    ground: Ground = Ground.KEYWORD
    revisions: bool = False  # it asks for revisions by name, which are no news to others


def line(term: Term) -> Line:
    """What to look up for a keyword line."""
    alternatives = term.alternatives or (term,)
    named = any(one.field is Field.KIND and Kind.REVISION in one.keys for one in alternatives)
    wanted = term.sign is not Sign.NEVER
    return Line(term.text, term.sign, term.weight, tuple(map(asked, alternatives)), revisions=named and wanted)


def learnt(word: Learned, ground: Ground) -> Line:
    """What to look up for a word learnt. Its weight is the subscriber's own and not the line's."""
    term = Term(word.written, word.written, Field.ANY, Match.WORDS, (Word(word.key, word.written),))
    return Line(word.written, Sign.WANT, 1.0, (asked(term),), ground)


def asked(term: Term) -> Asked:
    """What to look up for a term that is no group."""
    if term.field in _WHOLE:
        return _single(term, Slot(_WHOLE[term.field], term.keys))
    sort = Sort.PREFIX if term.match is Match.PREFIX else Sort.WORD
    row = tuple(Slot(sort, word.keys, term.field) for word in term.words)
    if len(row) == 1:
        return _single(term, *row)
    telling = tuple((at, slot) for at, slot in enumerate(row) if not term.words[at].common)
    phrase = None if term.loose else _together(Sort.PHRASE, row)
    worths: dict[Slot, Addend] = {slot: Addend(slot, 1 + math.log(n), (slot,)) for slot, n in _counted(telling)}
    parts = tuple(worths)
    for (at, one), (behind, other) in pairwise(telling):
        if behind - at <= _FARTHEST and one != other:
            pair = _together(Sort.PHRASE if behind - at == 1 else Sort.PAIR, (one, other), behind - at)
            worths.setdefault(pair, Addend(pair, weights.PAIR, (one, other)))
    if phrase:
        share = weights.PHRASE + (weights.PAIR if phrase in worths else 0.0)
        worths[phrase] = Addend(phrase, share, tuple(slot for _, slot in telling))
    return Asked(term, parts, tuple(worths.values()), row if phrase else (), phrase)


_FARTHEST = 3  # places between two words of a term that are a pair


def _single(term: Term, slot: Slot) -> Asked:
    return Asked(term, (slot,), (Addend(slot, 1.0, (slot,)),))


def _counted(telling: Sequence[tuple[int, Slot]]) -> Iterable[tuple[Slot, int]]:
    counts = dict.fromkeys((slot for _, slot in telling), 1)
    return counts.items() if len(counts) == len(telling) else Counter(slot for _, slot in telling).items()


def _together(sort: Sort, words: Sequence[Slot], reach: int = 1) -> Slot:
    return Slot(sort, tuple("|".join(word.keys) for word in words), words[0].scope, reach)


_WHOLE = {
    Field.AUTHOR: Sort.AUTHOR,
    Field.CATEGORY: Sort.CATEGORY,
    Field.SOURCE: Sort.SOURCE,
    Field.KIND: Sort.KIND,
}


def rarities(slots: Sequence[Slot], statistics: Statistics) -> list[float]:
    """The rarity of each slot."""
    return [rarity(slot, statistics) for slot in slots]


def rarity(slot: Slot, statistics: Statistics) -> float:
    """What a slot of a term of weight 1 adds to a score at most; what is made of words is worth what they are."""
    match slot.sort:
        case Sort.WORD:
            return statistics.rarity(slot.keys)
        case Sort.PREFIX:
            return statistics.prefix_rarity(slot.keys[0])
        case Sort.PHRASE | Sort.PAIR:
            return 0.0
        case Sort.AUTHOR:
            return weights.AUTHOR
        case _:
            return weights.LABEL


def attainable(line: Line, statistics: Statistics) -> float:
    """What a line adds to a raw score at most: as much as the best of its alternatives."""
    return line.weight * max(_worth(one, statistics) for one in line.alternatives)


def _worth(asked: Asked, statistics: Statistics) -> float:
    return sum(addend.share * sum(rarity(word, statistics) for word in addend.words) for addend in asked.addends)


def category_matches(pattern: str, category: str) -> bool:
    """Whether a category is the one written, in the archive written (`cs`), or begins as written (`cs.*`)."""
    if pattern.endswith("*"):
        return category.startswith(pattern[:-1])
    return category == pattern or category.startswith(f"{pattern}.")
