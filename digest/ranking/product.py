"""The scores of a block of profiles for all listings, and the best of each: sums of rows in whole numbers.

Where a block's profiles meet many listings, their rows are laid beside one another and summed into a dense array: one
gather and one scatter, three times as fast as a sparse product, whose cost is branches. Where they meet few, the sparse
product never looks at the others. Both give the same numbers.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from digest.ranking.lists import Booleans, Integers
from digest.ranking.roster import Members
from digest.ranking.table import MET, Matrix

_DENSE = 0.2  # entries in the rows of a profile for each listing, from where on the dense way is faster
_STRIPES = 64  # see `_bounds`
_BITS = 63


Pairs = tuple[Integers, Integers]  # rows of a block, and listings


@dataclass(frozen=True, slots=True)
class Open:
    """What may be shown to each profile of a block: everything that a mask says, but for some pairs."""

    mask: Booleans | None  # profiles x listings; None: everything
    barred: Pairs

    def close(self, units: Integers) -> None:
        """Take away, from profiles x listings, what may not be shown."""
        if self.mask is not None:
            units *= self.mask
        units[self.barred] = 0

    def held(self, shape: tuple[int, int]) -> Booleans:
        """All of it, profiles x listings."""
        every = np.ones(shape, dtype=bool) if self.mask is None else self.mask.copy()
        every[self.barred] = False
        return every


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted for each profile of a block."""

    members: Members
    open: Open
    most: int  # how many of the best
    close: Booleans | None = None  # profiles x listings: what is shown though it meets no line; None: nothing
    twins: tuple[Integers, ...] = ()  # listings that are one paper: they count once


@dataclass(frozen=True, slots=True)
class Best:
    """The best listings of each profile, best first; ties go to the lower number."""

    ends: Integers  # by profile
    columns: Integers
    units: Integers
    matched: Integers  # by profile: how many there are in all


def best(matrix: Matrix, sizes: Integers, wanted: Wanted) -> Best:
    """The best listings for each profile: of those that meet a line, or are close enough without.

    `matrix` is lines by listings as `Table.matrix` gives them, and `sizes` the entries of its rows.
    """
    wide = matrix.shape[1]
    entries = int(sizes[wanted.members.lines.values].sum())
    if entries > _DENSE * wide * len(wanted.members.lines):
        units = sums(matrix, wanted.members)
        units = _eligible(units, wanted.close)
        wanted.open.close(units)
        at = _promising(units, wanted.most)
        return _ordered(at // wide, at % wide, units.ravel()[at], _matched(units, wanted), wanted)
    rows, columns, units = _sparse(matrix, wanted.members)
    units = _eligible(units, None if wanted.close is None else wanted.close[rows, columns])
    kept = (units > 0) & wanted.open.held((len(wanted.members.lines), wide))[rows, columns]
    rows, columns, units = rows[kept], columns[kept], units[kept]
    matched = np.bincount(rows, minlength=len(wanted.members.lines)) - _twins_of(rows, columns, wanted, wide)
    return _ordered(rows, columns, units, matched, wanted)


# --- sums ---------------------------------------------------------------------------------------------------------


def sums(matrix: Matrix, members: Members) -> Integers:
    """Profiles by listings: the sum of their rows."""
    lines = members.lines
    rows = matrix[lines.values]
    values = rows.data
    if members.weights is not None:
        values = values * np.repeat(members.weights, np.diff(rows.indptr))
    ends = rows.indptr[lines.ends]
    summed: Integers = sparse.csr_array((values, rows.indices, ends), shape=(len(lines), matrix.shape[1])).toarray()
    return summed


def _sparse(matrix: Matrix, members: Members) -> tuple[Integers, Integers, Integers]:
    lines = members.lines
    weights = np.ones(len(lines.values), dtype=np.int64) if members.weights is None else members.weights
    chosen = sparse.csr_array((weights.astype(np.int64), lines.values, lines.ends), (len(lines), matrix.shape[0]))
    sums = chosen @ matrix
    return np.repeat(np.arange(len(lines)), np.diff(sums.indptr)), sums.indices, sums.data


def _eligible(sums: Integers, close: Booleans | None) -> Integers:
    """The units of each listing, 0 of those that are not to be shown; in the place of the sums, if that can be."""
    if close is None:  # nothing is below 0, and what meets no line below MET
        np.maximum(sums, MET, out=sums)
        sums &= MET - 1
        return sums
    met, units = parted(sums)
    shown: Integers = np.where((units > 0) & ((met > 0) | close), units, 0)
    return shown


def parted(sums: Integers) -> tuple[Integers, Integers]:
    """How many lines are met, and the units, which may be negative."""
    met = sums + MET // 2 >> MET.bit_length() - 1
    return met, sums - met * MET


# --- the best -----------------------------------------------------------------------------------------------------


def _promising(units: Integers, most: int) -> Integers:
    """Where all that can be among the best is; a few others, too."""
    return np.flatnonzero(units >= _bounds(units, most)[:, None])


def _bounds(units: Integers, most: int) -> Integers:
    """For each row a number that at least `most` of it reach, or 1.

    A row is cut into more stripes than are wanted, and the best of each taken: as many of it as of these reach the
    `most`-th best of them.
    """
    rows, wide = units.shape
    stripes = max(_STRIPES, 2 * most)
    if most < 1 or wide < 2 * stripes:
        return np.ones(rows, dtype=np.int64)
    highest = units[:, :stripes].copy()
    for first in range(stripes, wide - stripes + 1, stripes):
        np.maximum(highest, units[:, first : first + stripes], out=highest)
    highest.partition(stripes - most, axis=1)
    bounds: Integers = np.maximum(highest[:, stripes - most], 1)
    return bounds


def _ordered(rows: Integers, columns: Integers, units: Integers, matched: Integers, wanted: Wanted) -> Best:
    """The best `most` of each row, of candidates among which they are."""
    count = len(wanted.members.lines)
    rows, columns, units = _sorted(rows, columns, units)
    firsts = np.searchsorted(rows, np.arange(count + 1))
    kept = np.arange(len(rows)) - firsts[rows] < wanted.most
    ends = np.concatenate([[0], np.cumsum(np.minimum(np.diff(firsts), wanted.most))])
    return Best(ends, columns[kept], units[kept], matched)


def _sorted(rows: Integers, columns: Integers, units: Integers) -> tuple[Integers, Integers, Integers]:
    """By row, then the most units first, then by column: by one sort of numbers that hold all three."""
    highest = int(units.max(initial=0))
    low, middle = int(columns.max(initial=0)).bit_length(), highest.bit_length()
    if int(rows.max(initial=0)).bit_length() + middle + low > _BITS:
        order = np.lexsort((columns, -units, rows))
        return rows[order], columns[order], units[order]
    codes = rows << (middle + low)
    codes |= (highest - units) << low
    codes |= columns
    codes.sort()
    return codes >> (middle + low), codes & (1 << low) - 1, highest - (codes >> low & (1 << middle) - 1)


def _matched(units: Integers, wanted: Wanted) -> Integers:
    shown = units > 0
    matched: Integers = shown.sum(axis=1, dtype=np.uint32).astype(np.int64)
    for group in wanted.twins:
        matched -= np.maximum(np.count_nonzero(shown[:, group], axis=1) - 1, 0)
    return matched


def _twins_of(rows: Integers, columns: Integers, wanted: Wanted, wide: int) -> Integers:
    """How many of these pairs are a paper of their row once more."""
    more = np.zeros(len(wanted.members.lines), dtype=np.int64)
    for group in wanted.twins:
        member = np.zeros(wide, dtype=bool)
        member[group] = True
        more += np.maximum(np.bincount(rows[member[columns]], minlength=len(more)) - 1, 0)
    return more
