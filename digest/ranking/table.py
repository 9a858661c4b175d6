"""Lines times listings: what every line that anybody wrote adds to the score of every listing of a window.

Each distinct line is a row, looked up once however many profiles hold it, so that a profile is a list of row numbers
and its score a sum of rows. In a row are whole numbers, `value + MET` where the listing meets the line and the bare value
elsewhere: a sum tells the score in its lower bits and how many lines are met above them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import sparse

from digest.model import Ground
from digest.ranking import lines
from digest.ranking.corpus import Statistics
from digest.ranking.features import Asked, Line
from digest.ranking.index import Index
from digest.ranking.lists import Integers, Lists, Rows
from digest.ranking.term import Sign

MET = 1 << 47
MOST_LINES = 1 << 12  # of a profile: with `lines.HIGHEST` for each, the score stays below MET and all within 63 bits
WANTED, REQUIRED, EXCLUDED, LEARNT = range(4)
_SORTS = {Sign.WANT: WANTED, Sign.MUST: REQUIRED, Sign.NEVER: EXCLUDED}

_ROOM = 64  # of a line itself, in entries
_HIGHEST_DETAIL = (1 << 31) - 1  # reasons are shares of a score, so that the highest may be cut

Matrix = Any  # scipy.sparse.csr_array; its stubs do not follow whole numbers


class Table:
    """Rows of lines. Grows by what it has not seen."""

    def __init__(self, index: Index, statistics: Statistics) -> None:
        self.index = index
        self.statistics = statistics
        self.lines: list[Line] = []
        self.terms: list[Asked] = []
        self.grounds: list[Ground] = []  # by term
        self.first_addends: list[int] = []  # by term; its addends are numbered from there
        self._addends = 0
        self._numbers: dict[str, int] = {}
        self._values = Rows(np.int32, np.int64)  # text, value
        self._details = Rows(np.int32, np.int32, np.int32)  # text, code, value
        self._barred = Rows(np.int32)
        self._facts = Rows(np.int64, np.int8)
        self._matrix: Matrix = None
        self._places: Matrix = None

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def wide(self) -> int:
        """How many listings there are."""
        return len(self.index.texts)

    @property
    def entries(self) -> int:
        """How many numbers are held, which is what memory goes by; a line that finds nothing takes room, too."""
        return len(self._details.arrays[0]) + _ROOM * len(self)

    def numbers(self, wanted: Mapping[str, Line]) -> Mapping[str, int]:
        """The row of each line, by its name, after adding those that are new; has other lines' rows, too."""
        new = {name: line for name, line in wanted.items() if name not in self._numbers}
        names, added = list(new), list(new.values())
        at_once = lines.lines_at_once(self.index)
        for first in range(0, len(added), at_once):
            self._add(added[first : first + at_once])
        self._numbers.update(zip(names, range(len(self.lines) - len(names), len(self.lines)), strict=True))
        return self._numbers

    def _add(self, added: Sequence[Line]) -> None:
        found = lines.look_up(added, self.index, self.statistics, self._addends)
        self._values.append(found.texts.sizes, found.texts.values, found.values + MET * found.meets)
        shares = np.minimum(found.detail_values, _HIGHEST_DETAIL)
        self._details.append(found.details.sizes, found.detail_texts, found.details.values, shares)
        self._barred.append(found.excludes.sizes, found.excludes.values)
        self._facts.append(np.ones(len(added), dtype=np.int64), found.most, _sorts(added))
        self._matrix = self._places = None
        self.lines += added
        for line in added:
            for term in line.alternatives:
                self.terms.append(term)
                self.grounds.append(line.ground)
                self.first_addends.append(self._addends)
                self._addends += len(term.addends)

    # --- the rows -----------------------------------------------------------------------------------------------------

    @property
    def matrix(self) -> Matrix:
        """Lines by listings."""
        if self._matrix is None:
            texts, values = self._values.arrays
            self._matrix = sparse.csr_array((values, texts, self._values.ends), shape=(len(self), self.wide))
        return self._matrix

    @property
    def sizes(self) -> Integers:
        """How many listings each line adds to."""
        return np.diff(self._values.ends)

    @property
    def met(self) -> Lists:
        """By required or excluded line, the listings that meet it."""
        return Lists(self._barred.arrays[0], self._barred.ends)

    @property
    def details(self) -> tuple[Matrix, Integers, Integers]:
        """What rows are made of: codes (see `lines.Codes`) and units; by line and listing, where these are."""
        texts, codes, values = self._details.arrays
        if self._places is None:
            ends, shape = self._details.ends, (len(self), self.wide)
            self._places = sparse.csr_array((np.arange(len(texts), dtype=np.int32), texts, ends), shape=shape)
        return self._places, codes, values

    @property
    def most(self) -> Integers:
        """What each line adds at most; 0 for exclusions."""
        return self._facts.arrays[0]

    @property
    def sorts(self) -> Integers:
        """Whether each line is `WANTED`, `REQUIRED`, `EXCLUDED` or `LEARNT`."""
        return self._facts.arrays[1]


def _sorts(added: Sequence[Line]) -> Integers:
    return np.array([_SORTS[line.sign] if line.ground is Ground.KEYWORD else LEARNT for line in added], dtype=np.int8)
