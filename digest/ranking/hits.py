"""How much each text says of each thing asked for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from digest.ranking import bm25f, features
from digest.ranking.bm25f import Floats
from digest.ranking.corpus import Statistics
from digest.ranking.features import Asked, Slot, Sort
from digest.ranking.index import Index
from digest.ranking.lists import Integers, Lists
from digest.ranking.nearness import behind, in_a_row, near


class Slots:
    """The distinct slots of some terms, numbered: words and prefixes, phrases, pairs, then names and labels."""

    def __init__(self, asked: Iterable[Asked]) -> None:
        made_of: dict[Slot, tuple[Slot, ...]] = {}
        for one in asked:
            made_of |= dict.fromkeys(one.row, ())
            made_of |= {addend.slot: addend.words for addend in one.addends}
            if one.phrase:
                made_of[one.phrase] = one.row
        self.words, phrases, pairs, self.wholes = _sorted(made_of)
        self.all = (*self.words, *phrases, *pairs, *self.wholes)
        self.numbers: Mapping[Slot, int] = {slot: number for number, slot in enumerate(self.all)}
        self.phrases, self.pairs = (
            Lists.of([[self.numbers[word] for word in made_of[slot]] for slot in made]) for made in (phrases, pairs)
        )
        self.reaches = np.array([slot.reach for slot in pairs], dtype=np.int64)

    def __len__(self) -> int:
        return len(self.all)


def _sorted(slots: Iterable[Slot]) -> tuple[list[Slot], ...]:
    """Words and prefixes, phrases, pairs, and the rest."""
    sorts = {Sort.WORD: 0, Sort.PREFIX: 0, Sort.PHRASE: 1, Sort.PAIR: 2}
    sorted_: tuple[list[Slot], ...] = ([], [], [], [])
    for slot in slots:
        sorted_[sorts.get(slot.sort, 3)].append(slot)
    return sorted_


@dataclass(frozen=True, slots=True)
class Hits:
    """Which texts hold which slots, and how strongly: the strength's shares by title and by abstract.

    A name or a label is held or not, with a strength of 1 that counts as title.
    """

    texts: Lists  # by slot
    title: Floats  # beside the values of `texts`
    abstract: Floats


class Lookup:
    """Slots looked up in the texts of an index."""

    def __init__(self, index: Index, slots: Slots, statistics: Statistics) -> None:
        self._index = index
        self._wide = len(index.texts)
        self.rarities = np.array(features.rarities(slots.all, statistics), dtype=float)
        self._occurrences = index.occurrences(slots.words)
        rows = in_a_row(self._occurrences, index.wide, slots.phrases)
        pairs = behind(self._occurrences, index.wide, slots.pairs, slots.reaches)
        firsts = np.cumsum([len(slots.words), len(slots.phrases), len(slots.pairs)])
        places = (self._occurrences, rows + firsts[0] * index.wide, pairs + firsts[1] * index.wide)
        counted = _counted(index, np.concatenate(places))
        wholes = self._wholes(slots.wholes, int(firsts[2]))
        title, abstract = _strengths(index, statistics, *counted)
        codes = np.concatenate([counted[0], wholes])
        self.hits = Hits(
            Lists.owned(codes // max(1, self._wide), codes % max(1, self._wide), len(slots)),
            np.concatenate([title, np.ones(len(wholes))]),
            np.concatenate([abstract, np.zeros(len(wholes))]),
        )

    def _wholes(self, wholes: Sequence[Slot], first: int) -> Integers:
        held = Lists.of([self._index.holders(slot) for slot in wholes])
        return (held.owners + first) * self._wide + held.values

    def holding(self, slots: Integers) -> Integers:
        """Which texts hold each of these slots: sorted codes, number in the list x texts + text."""
        asking, at = self.hits.texts.places(slots)
        return asking * self._wide + self.hits.texts.values[at]

    def near(self, groups: Lists) -> Integers:
        """Which texts hold groups of slots near one another: codes likewise, by number of the group."""
        group, place = near(self._occurrences, self._index.wide, groups)
        return np.unique(group * self._wide + self._index.text_of[place])

    def mostly(self, groups: Lists) -> Integers:
        """Which texts hold at least half of what the slots of a group are worth in one field: codes likewise."""
        worths, texts = self.rarities[groups.values], self.hits.texts
        shape = len(groups), len(texts)
        worth = sparse.csr_array((worths, groups.values, groups.ends), shape)
        half = np.bincount(groups.owners, worths, len(groups)) / 2 - 1e-9  # sums differ in the last bit
        codes = []
        for field in (self.hits.title, self.hits.abstract):
            presence = sparse.csr_array(((field > 0).astype(float), texts.values, texts.ends), (len(texts), self._wide))
            held = worth @ presence
            group = np.repeat(np.arange(len(groups)), np.diff(held.indptr))
            kept = held.data >= half[group]
            codes.append(group[kept] * self._wide + held.indices[kept])
        return np.unique(np.concatenate(codes))


def _counted(index: Index, occurrences: Integers) -> tuple[Integers, Integers, Integers]:
    """Slots and texts as sorted codes, with the number of occurrences in title and abstract."""
    places = occurrences % index.wide
    codes = occurrences // index.wide * len(index.texts) + index.text_of[places]
    first = np.flatnonzero(np.diff(codes, prepend=-1))
    before = np.concatenate([[0], np.cumsum(index.in_title[places])])
    ends = np.append(first, len(codes))
    titles = np.diff(before[ends])
    return codes[first], titles, np.diff(ends) - titles


def _strengths(
    index: Index, statistics: Statistics, codes: Integers, titles: Integers, abstracts: Integers
) -> tuple[Floats, Floats]:
    texts = codes % max(1, len(index.texts))
    title_norms = bm25f.title_norms(index.sizes[:, 0], statistics.title_length)[texts]
    abstract_norms = bm25f.abstract_norms(index.sizes[:, 1], statistics.abstract_length)[texts]
    return bm25f.strengths(
        *bm25f.frequencies(titles.astype(float), abstracts.astype(float), title_norms, abstract_norms)
    )
