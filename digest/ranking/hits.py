"""How much each text says of each thing asked for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from digest.ranking import bm25f
from digest.ranking.bm25f import Floats
from digest.ranking.corpus import Statistics
from digest.ranking.features import Asked, Slot, Sort
from digest.ranking.index import Index
from digest.ranking.lists import Booleans, Integers, Lists, find
from digest.ranking.nearness import in_a_row, near

Matrix = Any  # scipy.sparse.csr_array; its stubs do not follow products of mixed types


class Slots:
    """The distinct slots of some terms, numbered: words and prefixes, then phrases, then names and categories."""

    def __init__(self, asked: Iterable[Asked]) -> None:
        distinct = {slot: one for one in asked for slot in one.slots}
        phrases = [slot for slot in distinct if slot.sort is Sort.PHRASE]
        self.wholes = [slot for slot in distinct if slot.sort.whole]
        self.words = [slot for slot in distinct if slot.sort in (Sort.WORD, Sort.PREFIX)]
        self.all = (*self.words, *phrases, *self.wholes)
        self.numbers: Mapping[Slot, int] = {slot: number for number, slot in enumerate(self.all)}
        self.rows = Lists.of([[self.numbers[word] for word in distinct[phrase].row] for phrase in phrases])
        self.first_phrase = len(self.words)
        self.first_whole = len(self.words) + len(phrases)


@dataclass(frozen=True, slots=True)
class Hits:
    """Which texts hold which slots, and how strongly: the strength's shares by title and by abstract.

    A name or a category is held or not, with a strength of 1 that counts as title.
    """

    codes: Integers  # sorted: number of the slot x texts + text
    title: Floats
    abstract: Floats
    slots: int
    texts: int

    def find(self, slots: Integers, texts: Integers) -> tuple[Integers, Booleans]:
        """Where each pair is, and whether it is."""
        return find(self.codes, slots * self.texts + texts)

    def matrix(self, values: Floats) -> Matrix:
        """Slots by texts, with these values."""
        return matrix(self.codes, values, self.slots, self.texts)


def matrix(codes: Integers, values: Floats, rows: int, columns: int) -> Matrix:
    """A sparse matrix of values at sorted codes, row x columns + column."""
    ends = np.concatenate([[0], np.cumsum(np.bincount(codes // columns if columns else codes, minlength=rows))])
    return sparse.csr_array((values, codes % columns if columns else codes, ends), shape=(rows, columns))


class Lookup:
    """Slots looked up in the texts of an index."""

    def __init__(self, index: Index, slots: Slots, statistics: Statistics) -> None:
        self._index = index
        self.occurrences = index.occurrences(slots.words)
        rows = in_a_row(self.occurrences, index.wide, slots.rows)
        counted = _counted(index, np.concatenate([self.occurrences, rows + slots.first_phrase * index.wide]))
        wholes = self._wholes(slots.wholes, slots.first_whole)
        title, abstract = _strengths(index, statistics, *counted)
        self.hits = Hits(
            np.concatenate([counted[0], wholes]),
            np.concatenate([title, np.ones(len(wholes))]),
            np.concatenate([abstract, np.zeros(len(wholes))]),
            len(slots.all),
            len(index.texts),
        )

    def _wholes(self, wholes: Sequence[Slot], first: int) -> Integers:
        held = Lists.of([self._index.holders(slot) for slot in wholes])
        return (held.owners + first) * len(self._index.texts) + held.values

    def near(self, groups: Lists) -> Integers:
        """Which texts hold groups of slots near one another: sorted codes, number of the group x texts + text."""
        group, place = near(self.occurrences, self._index.wide, groups)
        return np.unique(group * len(self._index.texts) + self._index.text_of[place])

    def mostly(self, groups: Lists, rarities: Floats) -> Integers:
        """Which texts hold at least half of what the slots of a group are worth in one field: codes likewise."""
        worth = sparse.csr_array((rarities[groups.values], groups.values, groups.ends), (len(groups), self.hits.slots))
        half = (
            np.bincount(groups.owners, rarities[groups.values], len(groups)) / 2 - 1e-9
        )  # sums differ in the last bit
        codes = []
        for field in (self.hits.title, self.hits.abstract):
            held = worth @ self.hits.matrix((field > 0).astype(float))
            group = np.repeat(np.arange(len(groups)), np.diff(held.indptr))
            kept = held.data >= half[group]
            codes.append(group[kept] * self.hits.texts + held.indices[kept])
        return np.unique(np.concatenate(codes))

    def words_at(self, slot: int, text: int, *, title: bool) -> tuple[str, ...]:
        """The keys of the words by which a field of a text holds a slot."""
        first, last = np.searchsorted(self._index.text_of, (text, text + 1)) + slot * self._index.wide
        start, end = np.searchsorted(self.occurrences, (first, last))
        places = self.occurrences[start:end] % self._index.wide
        words = self._index.row[places[self._index.in_title[places] == title]]
        return tuple(dict.fromkeys(self._index.words[number][0] for number in words.tolist()))


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
    sizes = np.array([text.sizes for text in index.texts], dtype=float).reshape(-1, 2)
    texts = codes % max(1, len(index.texts))
    title_norms = bm25f.title_norms(sizes[:, 0], statistics.title_length)[texts]
    abstract_norms = bm25f.abstract_norms(sizes[:, 1], statistics.abstract_length)[texts]
    return bm25f.strengths(
        *bm25f.frequencies(titles.astype(float), abstracts.astype(float), title_norms, abstract_norms)
    )
