"""The same paper under two ids: told by its text, once a window."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

import numpy as np

from digest.model import Listing
from digest.ranking.index import Index
from digest.ranking.lists import Integers
from digest.text import names

_ALIKE = 0.8  # the share of runs of three words that two abstracts of one paper have in common (Jaccard)
_SHORTEST = 20  # runs: shorter abstracts say too little
_TELLING_TITLE = 4  # different words
_SKETCH = 8  # runs that stand for an abstract: of two that are so much alike, one at least is the same (Broder 1997)
_CROWD = 50  # listings that share a title or a run: such tells nothing
_HASHED = 40  # bits


def twins(listings: Sequence[Listing], index: Index) -> tuple[Integers, ...]:
    """Groups of listings, by number, that are one paper: same title or nearly the same abstract, and a common author.

    Two of arXiv's with different titles are two papers, however much the second took from the first.
    """
    alike = {pair for pair in _Runs(index).alike() if not all(listings[number].arxiv_id for number in pair)}
    joined: dict[int, int] = {}
    for one, other in sorted({*_same(_titles(index)), *alike}):
        if _surnames(listings[one]) & _surnames(listings[other]):
            joined[_root(joined, other)] = _root(joined, one)
    groups: defaultdict[int, set[int]] = defaultdict(set)
    for number in joined:
        root = _root(joined, number)
        groups[root] |= {root, number}
    return tuple(np.array(sorted(group), dtype=np.int64) for group in groups.values() if len(group) > 1)


def _root(joined: dict[int, int], number: int) -> int:
    while joined.get(number, number) != number:
        number = joined[number]
    return number


def _same(by_what: Iterable[list[int]]) -> Iterator[tuple[int, int]]:
    for numbers in by_what:
        if len(numbers) <= _CROWD:
            yield from combinations(sorted(numbers), 2)


def _titles(index: Index) -> Iterable[list[int]]:
    found: defaultdict[frozenset[int], list[int]] = defaultdict(list)
    for number in range(len(index.texts)):
        words = frozenset(index.field(number, title=True).tolist())
        if len(words) >= _TELLING_TITLE:
            found[words].append(number)
    return found.values()


def _surnames(listing: Listing) -> frozenset[str]:
    return frozenset(surname for surname in map(_surname, listing.authors) if surname)


def _surname(author: str) -> str:
    parts = names.parts(author)
    return "".join(parts[: parts.index(names.COMMA)]) if names.COMMA in parts else "".join(parts[-1:])


class _Runs:
    """The runs of three words of every abstract, as sorted codes: text, and below it what stands for the run."""

    def __init__(self, index: Index) -> None:
        row = index.row.astype(np.uint64)
        at = np.flatnonzero((row[:-2] > 0) & (row[1:-1] > 0) & (row[2:] > 0) & ~index.in_title[:-2])
        mixed = row[at] * np.uint64(0x9E3779B97F4A7C15) ^ row[at + 1] * np.uint64(0xC2B2AE3D27D4EB4F)
        mixed = (mixed ^ mixed >> np.uint64(29)) * np.uint64(0xBF58476D1CE4E5B9) ^ row[at + 2]
        mixed *= np.uint64(0x94D049BB133111EB)
        hashed = (mixed >> np.uint64(64 - _HASHED)).astype(np.int64)
        self._codes = np.unique(index.text_of[at] << _HASHED | hashed)
        self._ends = np.searchsorted(self._codes, np.arange(len(index.texts) + 1) << _HASHED)

    def alike(self) -> Iterator[tuple[int, int]]:
        """Pairs of abstracts that have most runs in common."""
        return (pair for pair in set(_same(self._sketches())) if self._likeness(*pair) >= _ALIKE)

    def _sketches(self) -> Iterable[list[int]]:
        """The abstracts that share one of their lowest runs."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        for number in np.flatnonzero(np.diff(self._ends) >= _SHORTEST).tolist():
            for run in self._of(number)[:_SKETCH].tolist():
                found[run].append(number)
        return found.values()

    def _of(self, number: int) -> Integers:
        runs: Integers = self._codes[self._ends[number] : self._ends[number + 1]] & (1 << _HASHED) - 1
        return runs

    def _likeness(self, one: int, other: int) -> float:
        both = len(np.intersect1d(self._of(one), self._of(other), assume_unique=True))
        return both / (len(self._of(one)) + len(self._of(other)) - both)
