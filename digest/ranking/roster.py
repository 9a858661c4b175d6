"""Many profiles as numbers of lines, so compactly that a million of them take little room and one changes in no time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from digest.ranking.lists import Integers, Lists

Small = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Members:
    """The lines of some profiles, one behind the other."""

    lines: Lists
    weights: Small | None  # beside them, in units of 1 / `weights.FINENESS`; None: 1 each, as keywords have it


class Roster:
    """Profiles, known by their row. Lines are rows of a `table.Table`.

    All lines lie in one pool; a profile that changes gets a new place at its end. When half of the pool is given up, it
    is packed anew.
    """

    def __init__(self, lines: Lists, weights: Small | None = None) -> None:
        self._pool = lines.values.astype(np.int32)
        self._weights = weights
        self._starts = lines.ends[:-1].copy()
        self._sizes = lines.sizes
        self._used = len(self._pool)
        self._alive = self._used

    def __len__(self) -> int:
        return len(self._starts)

    def change(self, row: int, lines: Sequence[int], weights: Sequence[int] | None = None) -> None:
        """Give a profile other lines. Weights are as in `Members`."""
        if self._used + len(lines) > len(self._pool):
            self._make_room(len(lines))
        end = self._used + len(lines)
        self._pool[self._used : end] = lines
        if weights is not None and self._weights is None:
            self._weights = np.ones(len(self._pool), dtype=np.int32)
        if self._weights is not None:
            self._weights[self._used : end] = 1 if weights is None else weights
        self._alive += len(lines) - int(self._sizes[row])
        self._starts[row], self._sizes[row], self._used = self._used, len(lines), end

    def members(self, first: int, last: int) -> Members:
        """The lines of the profiles from one row to before another."""
        starts, sizes = self._starts[first:last], self._sizes[first:last]
        ends = np.concatenate([[0], np.cumsum(sizes)])
        if len(starts) and np.array_equal(starts, starts[0] + ends[:-1]):
            at: slice | Integers = slice(int(starts[0]), int(starts[0] + ends[-1]))
        else:
            at = np.repeat(starts - ends[:-1], sizes) + np.arange(ends[-1])
        weights = None if self._weights is None else self._weights[at]
        return Members(Lists(self._pool[at].astype(np.int64), ends), weights)

    def _make_room(self, more: int) -> None:
        if 2 * self._alive < self._used:
            self._pack()
        longer = self._used + max(more, self._used // 4)
        self._pool = np.resize(self._pool, longer)
        if self._weights is not None:
            self._weights = np.resize(self._weights, longer)

    def _pack(self) -> None:
        packed = self.members(0, len(self))
        self._pool, self._weights = packed.lines.values.astype(np.int32), packed.weights
        self._starts, self._used = packed.lines.ends[:-1].copy(), len(packed.lines.values)
