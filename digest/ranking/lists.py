"""Lists of numbers of different lengths, as arrays: what numpy wants in place of loops."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Any

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
    def of(lists: Sequence[Collection[int]]) -> "Lists":
        ends = np.fromiter(accumulate(map(len, lists), initial=0), dtype=np.int64, count=len(lists) + 1)
        return Lists(np.fromiter(chain.from_iterable(lists), dtype=np.int64, count=ends[-1]), ends)

    @staticmethod
    def owned(owners: Integers, values: Integers, count: int) -> "Lists":
        """So many lists, given the list of each value; owners must rise."""
        return Lists(values, np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=count))]))

    def __len__(self) -> int:
        return len(self.ends) - 1

    def __getitem__(self, number: int) -> Integers:
        return self.values[self.ends[number] : self.ends[number + 1]]

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

    def take(self, numbers: Integers) -> "Lists":
        """Lists of these numbers, in this order."""
        _, at = self.places(numbers)
        return Lists(self.values[at], np.concatenate([[0], np.cumsum(self.sizes[numbers])]))

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


def rising(*keys: Integers) -> Integers:
    """Where the numbers are in order, by the first of these keys, then by the next; equal ones stay as they are.

    None may be below 0.
    """
    count = len(keys[0])
    together, bits = np.zeros(count, dtype=np.int64), 0
    for key in (*keys, np.arange(count)):
        wide = int(key.max(initial=0)).bit_length()
        together, bits = together << wide | key, bits + wide
    if bits > _BITS:
        return np.lexsort(keys[::-1])
    together.sort()  # numbers are sorted much faster than their places
    order: Integers = together & (1 << max(0, count - 1).bit_length()) - 1
    return order


_BITS = 63


class Rows:
    """Numbered rows of numbers in parallel arrays, one behind the other; more can be put at the end."""

    def __init__(self, *types: npt.DTypeLike) -> None:
        self._ends = np.zeros(1, dtype=np.int64)
        self._arrays = [np.empty(0, dtype=kind) for kind in types]
        self._rows = 0

    def __len__(self) -> int:
        return self._rows

    @property
    def ends(self) -> Integers:
        """Row n is from ends[n] to ends[n + 1] in each of `arrays`."""
        return self._ends[: self._rows + 1]

    @property
    def arrays(self) -> list[npt.NDArray[Any]]:
        return [array[: self._ends[self._rows]] for array in self._arrays]

    def append(self, sizes: Integers, *values: npt.NDArray[Any]) -> None:
        """More rows, of these sizes."""
        first, rows = int(self._ends[self._rows]), self._rows
        ends = first + np.cumsum(sizes)
        self._ends = _with_room(self._ends, rows + 1 + len(sizes), rows + 1)
        self._ends[rows + 1 : rows + 1 + len(sizes)] = ends
        for number, added in enumerate(values):
            self._arrays[number] = array = _with_room(self._arrays[number], first + len(added), first)
            array[first : first + len(added)] = added
        self._rows += len(sizes)


def _with_room(array: npt.NDArray[Any], size: int, used: int) -> npt.NDArray[Any]:
    """The array, or a longer one that begins with what of it is used. Grown by a quarter, it is rarely copied."""
    if size <= len(array):
        return array
    longer = np.empty(max(size, used + used // 4), dtype=array.dtype)
    longer[:used] = array[:used]
    return longer
