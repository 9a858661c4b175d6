"""Lists of numbers of different lengths, as arrays: what numpy wants in place of loops."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, chain

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Lists:
    """Numbered lists, one behind the other in `values`; list n is `values[ends[n]:ends[n + 1]]`."""

    values: Integers
    ends: Integers

    @staticmethod
    def of(lists: Sequence[Sequence[int]]) -> "Lists":
        ends = np.fromiter(accumulate(map(len, lists), initial=0), dtype=np.int64, count=len(lists) + 1)
        return Lists(np.fromiter(chain.from_iterable(lists), dtype=np.int64, count=ends[-1]), ends)

    def __len__(self) -> int:
        return len(self.ends) - 1

    @property
    def sizes(self) -> Integers:
        return np.diff(self.ends)

    @property
    def owners(self) -> Integers:
        """The list of each value."""
        return np.repeat(np.arange(len(self)), self.sizes)

    def places(self, numbers: Integers) -> tuple[Integers, Integers]:
        """Where in `values` the lists of these numbers are: for each place which of the numbers it is for, and itself."""
        sizes = self.sizes[numbers]
        asking = np.repeat(np.arange(len(numbers)), sizes)
        before = np.repeat(np.cumsum(sizes) - sizes, sizes)
        return asking, self.ends[numbers][asking] + np.arange(len(asking)) - before

    def least(self, worths: Integers) -> Integers:
        """Of each list the first value that is worth least. No list may be empty."""
        worth, owners = worths[self.values], self.owners
        lowest = np.minimum.reduceat(worth, self.ends[:-1]) if len(self) else worth
        at = np.flatnonzero(worth == lowest[owners])
        return self.values[at[np.flatnonzero(np.diff(owners[at], prepend=-1))]]


def find(sorted_codes: Integers, codes: Integers) -> tuple[Integers, Booleans]:
    """Where each of `codes` is among the sorted ones, and whether it is."""
    at = np.searchsorted(sorted_codes, codes)
    if not len(sorted_codes):
        return at, np.zeros(len(codes), dtype=bool)
    at = np.minimum(at, len(sorted_codes) - 1)
    return at, sorted_codes[at] == codes
