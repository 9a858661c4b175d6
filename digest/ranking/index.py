"""Texts by their words, names and labels: built once for a window, whoever asks.

All words of all texts lie in one long row, numbered from its start: a place. Between any two fields lie `REACH` places
without a word, so that nothing can be near, or follow, what another field holds.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from digest.ranking.corpus import Forms, Text
from digest.ranking.features import Slot, Sort, category_matches
from digest.ranking.lists import Booleans, Integers, Lists
from digest.ranking.term import Field
from digest.text import names

REACH = 12  # words of a term that are held within so many of a text are near one another


class Told(NamedTuple):
    """Who announced a listing, and as what; in lower case."""

    sources: frozenset[str]
    kinds: frozenset[str]


class Index:
    """Where in texts the words, prefixes, names and labels are that somebody asks for."""

    def __init__(self, texts: Sequence[Text], told: Sequence[Told] = ()) -> None:
        self.texts = texts
        self._numbers: dict[Forms, int] = {(): 0}  # of the different words; 0 is no word
        row, abstracts, ends = self._row(texts)
        self.wide = len(row)  # places in all
        self._fields = _stretches(abstracts, ends)
        self.text_of: Integers = np.searchsorted(ends, np.arange(self.wide), side="right")
        self.in_title: Booleans = np.arange(self.wide) < np.append(abstracts, self.wide)[self.text_of]
        self.row = row
        self.words = list(self._numbers)
        sizes = np.bincount(row, minlength=len(self.words))
        self._places = Lists(np.argsort(row, kind="stable"), np.concatenate([[0], np.cumsum(sizes)]))
        self._by_key: defaultdict[str, list[int]] = defaultdict(list)
        for word, number in self._numbers.items():
            for key in word:
                self._by_key[key].append(number)
        self._sorted = sorted((word[1], number) for word, number in self._numbers.items() if word)
        self.sizes = np.array([text.sizes for text in texts], dtype=float).reshape(-1, 2)  # of title and abstract
        self._authors = _authors(texts)
        self._labels = {
            Sort.CATEGORY: _by_label(text.categories for text in texts),
            Sort.SOURCE: _by_label(one.sources for one in told),
            Sort.KIND: _by_label(one.kinds for one in told),
        }

    def _row(self, texts: Iterable[Text]) -> tuple[Integers, list[int], list[int]]:
        """The numbers of all words in a row, and where each abstract begins and each text ends."""
        numbers, apart = self._numbers, [0] * REACH
        row, abstracts, ends = [*apart], [], []
        for text in texts:
            row += [numbers.setdefault(word, len(numbers)) for word in text.title]
            row += apart
            abstracts.append(len(row))
            row += [numbers.setdefault(word, len(numbers)) for word in text.abstract]
            row += apart
            ends.append(len(row))
        return np.array(row, dtype=np.int64), abstracts, ends

    def occurrences(self, slots: Sequence[Slot]) -> Integers:
        """Where words and prefixes are: sorted codes, number of the slot x `wide` + place."""
        answers = Lists.of([self._answers(slot) for slot in slots])
        answer, at = self._places.places(answers.values)
        places, slot = self._places.values[at], answers.owners[answer]
        scopes = np.array([_SCOPES.index(slot.scope) for slot in slots], dtype=np.int64)
        meant = (scopes[slot] == 0) | ((scopes[slot] == 1) == self.in_title[places])
        return np.sort(slot[meant] * self.wide + places[meant])

    def _answers(self, slot: Slot) -> list[int]:
        """The numbers of the words that a word or a prefix asks for."""
        if slot.sort is Sort.PREFIX:
            first = bisect_left(self._sorted, (f"={slot.keys[0]}", 0))
            last = bisect_left(self._sorted, (f"={slot.keys[0]}\U0010ffff", 0))
            return [number for _, number in self._sorted[first:last]]
        return [number for key in slot.keys for number in self._by_key.get(key, ())]

    def field(self, text: int, *, title: bool) -> Integers:
        """The numbers of the words of a title or an abstract, and 0 where none stands."""
        start, end = self._fields[not title][text]
        return self.row[start:end]

    def words_at(self, slot: Slot, text: int, *, title: bool) -> tuple[str, ...]:
        """The keys of the words by which a field of a text holds a slot."""
        answers = set(self._answers(slot))
        found = dict.fromkeys(n for n in self.field(text, title=title).tolist() if n in answers)
        return tuple(dict.fromkeys(self.words[number][0] for number in found))

    def holders(self, slot: Slot) -> list[int]:
        """The texts that a name or a label asks for, in order."""
        held = self._by_author(slot) if slot.sort is Sort.AUTHOR else self._labelled(slot)
        return sorted(set(held))

    def _by_author(self, slot: Slot) -> Iterator[int]:
        for reading in names.readings(slot.keys):
            for given, text in self._authors.get(reading.family, ()):
                if names.same_given(reading.given, given):
                    yield text

    def _labelled(self, slot: Slot) -> Iterator[int]:
        is_meant: Callable[[str, str], bool] = category_matches if slot.sort is Sort.CATEGORY else str.__eq__
        found = (texts for label, texts in self._labels[slot.sort].items() if is_meant(slot.keys[0], label))
        return chain.from_iterable(found)


_SCOPES = (Field.ANY, Field.TITLE, Field.ABSTRACT)


def _stretches(abstracts: Sequence[int], ends: Sequence[int]) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """From where to where the title and the abstract of each text go."""
    titles = [(start, abstract - REACH) for start, abstract in zip([REACH, *ends], abstracts, strict=False)]
    return titles, [(abstract, end - REACH) for abstract, end in zip(abstracts, ends, strict=True)]


def _authors(texts: Sequence[Text]) -> dict[str, list[tuple[tuple[str, ...], int]]]:
    """Given names and text of everybody, by each family name they may have."""
    found: defaultdict[str, list[tuple[tuple[str, ...], int]]] = defaultdict(list)
    for number, text in enumerate(texts):
        for author in text.authors:
            for reading in names.readings(names.parts(author)):
                found[reading.family].append((reading.given, number))
    return found


def _by_label(labels: Iterable[Iterable[str]]) -> dict[str, list[int]]:
    found: defaultdict[str, list[int]] = defaultdict(list)
    for number, own in enumerate(labels):
        for label in own:
            found[label].append(number)
    return found
