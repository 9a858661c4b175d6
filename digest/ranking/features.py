"""What profiles ask for, as things to look for in texts.

A slot is one thing to look for, whoever asks: a word, a prefix, a phrase, a name, a category. Each distinct slot is
looked for once, however many profiles ask for it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from digest.ranking.corpus import Statistics
from digest.ranking.term import Field, Match, Term


class Sort(StrEnum):
    """What a slot is compared with."""

    WORD = "word"
    PREFIX = "prefix"
    PHRASE = "phrase"
    AUTHOR = "author"
    CATEGORY = "category"

    @property
    def whole(self) -> bool:
        """Whether it is there or not, however often and wherever."""
        return self in (Sort.AUTHOR, Sort.CATEGORY)


class Slot(NamedTuple):
    """One thing to look for."""

    sort: Sort
    keys: tuple[str, ...]  # of a word: any of them; of a phrase: its words in order; of a name: its parts
    scope: Field = Field.ANY  # or title or abstract only


@dataclass(frozen=True, slots=True)
class Asked:
    """A term, and all that has to be looked up for it."""

    term: Term
    parts: tuple[Slot, ...]  # what it is worth something for one by one
    row: tuple[Slot, ...] = ()  # all its words, the common ones too, if it is a phrase
    phrase: Slot | None = None  # these in a row

    @property
    def slots(self) -> Iterable[Slot]:
        return (*self.parts, *self.row, self.phrase) if self.phrase else self.parts

    @property
    def strictly(self) -> Slot:
        """What must be there, or must not: the phrase as such, where it is one."""
        return self.phrase or self.parts[0]


def asked(term: Term) -> Asked:
    """What to look up for a term."""
    if term.field in _WHOLE:
        return Asked(term, (Slot(_WHOLE[term.field], term.keys),))
    sort = Sort.PREFIX if term.match is Match.PREFIX else Sort.WORD
    row = tuple(Slot(sort, word.keys, term.field) for word in term.words)
    content = {word.key: Slot(sort, word.keys, term.field) for word in reversed(term.content)}
    parts = tuple(reversed(content.values()))
    if len(row) == 1 or term.loose:
        return Asked(term, parts)
    return Asked(term, parts, row, Slot(Sort.PHRASE, tuple("|".join(slot.keys) for slot in row), term.field))


_WHOLE = {Field.AUTHOR: Sort.AUTHOR, Field.CATEGORY: Sort.CATEGORY}
_AUTHOR = 6.0  # as much as a word that one paper in 400 holds
_CATEGORY = 1.0  # as much as a word that a good third of all papers hold


def rarities(slots: Sequence[Slot], statistics: Statistics) -> list[float]:
    """The rarity of each slot. Those that texts must be read in full for come first: that gives the keys, too."""
    in_full = {slot: rarity(slot, statistics) for slot in slots if slot.sort is Sort.PREFIX or slot.keys[0][0] == "="}
    return [in_full[slot] if slot in in_full else rarity(slot, statistics) for slot in slots]


def rarity(slot: Slot, statistics: Statistics) -> float:
    """What a slot of a term of weight 1 adds to a score at most; a phrase is worth what its words are."""
    match slot.sort:
        case Sort.WORD:
            return statistics.rarity(slot.keys)
        case Sort.PREFIX:
            return statistics.prefix_rarity(slot.keys[0])
        case Sort.AUTHOR:
            return _AUTHOR
        case Sort.CATEGORY:
            return _CATEGORY
        case Sort.PHRASE:
            return 0.0


def category_matches(pattern: str, category: str) -> bool:
    """Whether a category is the one written, in the archive written (`cs`), or begins as written (`cs.*`)."""
    if pattern.endswith("*"):
        return category.startswith(pattern[:-1])
    return category == pattern or category.startswith(f"{pattern}.")
