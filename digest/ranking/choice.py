"""From profiles to the few best listings of each: who may be shown what, and on which scale."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce

import numpy as np

from digest.ranking import weights
from digest.ranking.bm25f import Floats
from digest.ranking.learning import TYPICAL
from digest.ranking.lists import Booleans, Integers, Lists
from digest.ranking.product import Best, Open, Pairs, Wanted, best, sums
from digest.ranking.roster import Members, Roster
from digest.ranking.table import EXCLUDED, LEARNT, REQUIRED, WANTED, Table

_PAIRS = 1 << 20  # of profiles and listings at a time: 8 MB of sums
_MOST_PROFILES = 1 << 10  # at a time
THREADS = min(4, os.cpu_count() or 1)  # the sums are made without Python's lock


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is asked of the listings for each profile, by row; listings are columns."""

    roster: Roster
    most: Integers  # how many to choose
    group: Integers | None = None  # row of `allowed`; None: everything is
    allowed: Booleans | None = None  # groups by listings
    sent: Lists | None = None  # columns of what they have had
    everything: Booleans | None = None  # asks for all that is allowed: no keyword, but categories or sources
    partial: bool = False  # also what meets no line
    anchored: bool = False  # nothing that words learnt alone speak for
    twins: tuple[Integers, ...] = ()  # listings that are one paper


@dataclass(frozen=True, slots=True)
class Chosen:
    """The listings chosen for some profiles, from row `first` on."""

    first: int
    members: Members
    best: Best
    scale: "Scale"
    open: Open
    excluded: Pairs


@dataclass(frozen=True, slots=True)
class Scale:
    """From units to the scale of people: 100 x (1 - (1 - units / attainable) ** terms), rising from 0 to 100.

    With one term it is the share of what the term could bring: 45 for a passing mention in an abstract, 80 and more
    for a paper about it. With many it comes to count in units of a typical term: about 55 for a paper about one of
    them, 80 for a paper about two, however long the list. A plain share would give that paper 8 and 16 of 10 terms.
    """

    attainable: Floats  # by profile
    terms: Floats

    def scores(self, rows: Integers, units: Integers) -> Floats:
        """The scores of so many units, each of a profile."""
        share = np.minimum(1.0, units / self.attainable[rows])
        scores: Floats = 100.0 * (1.0 - (1.0 - share) ** self.terms[rows])
        return scores

    def units(self, score: float) -> Integers:
        """By profile, the units that make this score."""
        share = 1.0 - (1.0 - score / 100.0) ** (1.0 / self.terms)
        return np.ceil(share * self.attainable).astype(np.int64)


def choose(table: Table, wishes: Wishes) -> Iterator[Chosen]:
    """The best listings of each profile, block by block, in order."""
    chooser = _Chooser(table, wishes)
    if len(chooser.blocks) < 2 or THREADS < 2:
        yield from map(chooser.block, chooser.blocks)
        return
    with ThreadPoolExecutor(THREADS) as pool:
        yield from _in_order(pool, chooser.block, chooser.blocks)


def scale(table: Table, members: Members) -> Scale:
    """The scales of some profiles: keywords alone make them; words learnt are measured against typical ones where there is none."""
    lines = members.lines
    sorts, worths = table.sorts[lines.values], table.most[lines.values].astype(float)
    keyword = (sorts == WANTED) | (sorts == REQUIRED)
    attainable, terms = _sums(lines, worths * keyword), _sums(lines, (keyword & (worths > 0)).astype(float))
    if members.weights is not None:
        liked = _sums(lines, worths * np.maximum(members.weights, 0) * (sorts == LEARNT))
        attainable, terms = (
            np.where(terms > 0, attainable, np.where(liked > 0, weights.LIKED_TERMS * TYPICAL * weights.UNIT, 0.0)),
            np.where(terms > 0, terms, weights.LIKED_TERMS),
        )
    return Scale(np.maximum(attainable, 1.0), np.maximum(terms, 1.0))


def _sums(lists: Lists, values: Floats) -> Floats:
    """The sum of the values of each list."""
    return np.bincount(lists.owners, values, len(lists)).astype(float)  # of nothing it gives integers


# --- one block ------------------------------------------------------------------------------------------------------


class _Chooser:
    """The table as it is now, and what is wanted of it."""

    def __init__(self, table: Table, wishes: Wishes) -> None:
        self._table = table
        self._wishes = wishes
        self._matrix, self._sizes, self._sorts = table.matrix, table.sizes, table.sorts
        self._rows = max(1, min(_MOST_PROFILES, _PAIRS // max(1, table.wide)))
        self.blocks = range(0, len(wishes.roster), self._rows)
        self._twins = sum(len(group) - 1 for group in wishes.twins)

    def block(self, first: int) -> Chosen:
        """What is chosen for the profiles from one on."""
        rows = slice(first, min(first + self._rows, len(self._wishes.roster)))
        members = self._wishes.roster.members(rows.start, rows.stop)
        excluded = self._met(members, EXCLUDED)
        shown = Open(self._mask(members, rows), self._barred(rows, excluded))
        scaled = scale(self._table, members)
        most = int(self._wishes.most[rows].max(initial=0)) + self._twins
        wanted = Wanted(members, shown, most, self._close(members, rows, scaled), self._wishes.twins)
        return Chosen(first, members, best(self._matrix, self._sizes, wanted), scaled, shown, excluded)

    def _met(self, members: Members, sort: int) -> Pairs:
        """The listings that meet lines of a sort, required or excluded ones: rows and columns."""
        lines = members.lines
        which = self._sorts[lines.values] == sort
        owners = lines.owners[which]
        asking, at = self._table.met.places(lines.values[which])
        return owners[asking], self._table.met.values[at]

    def _barred(self, rows: slice, excluded: Pairs) -> Pairs:
        """What is excluded, and what was sent before."""
        if self._wishes.sent is None:
            return excluded
        sent = self._wishes.sent.take(np.arange(rows.start, rows.stop))
        return np.concatenate([excluded[0], sent.owners]), np.concatenate([excluded[1], sent.values])

    def _mask(self, members: Members, rows: slice) -> Booleans | None:
        """What is allowed to each, and has all that is required."""
        wishes, shape = self._wishes, (len(members.lines), self._table.wide)
        masks: list[Booleans] = []
        if wishes.allowed is not None and wishes.group is not None and not wishes.allowed.all():
            masks.append(wishes.allowed[wishes.group[rows]])
        required = self._sorts[members.lines.values] == REQUIRED
        if required.any():
            there = np.zeros(shape, dtype=np.int64)
            np.add.at(there, self._met(members, REQUIRED), 1)
            masks.append(there == np.bincount(members.lines.owners[required], minlength=shape[0])[:, None])
        if wishes.anchored:
            masks.append(np.zeros(shape, dtype=bool))
            masks[-1][self._touched(members)] = True
        return reduce(np.logical_and, masks) if masks else None

    def _touched(self, members: Members) -> Pairs:
        """The listings that keywords add anything to: rows and columns."""
        lines = members.lines
        keywords = np.flatnonzero(self._sorts[lines.values] != LEARNT)
        asking, at = Lists(self._matrix.indices, self._matrix.indptr).places(lines.values[keywords])
        return lines.owners[keywords][asking], self._matrix.indices[at]

    def _close(self, members: Members, rows: slice, scaled: Scale) -> Booleans | None:
        """What is shown though it meets no line: all to who takes anything, and what is much like papers that were liked.

        How much is told by the words learnt alone: a lone word of a phrase makes nobody's paper.
        """
        lenient = np.full(len(members.lines), self._wishes.partial)
        if self._wishes.everything is not None:
            lenient |= self._wishes.everything[rows]
        close = np.repeat(lenient[:, None], self._table.wide, axis=1)
        if members.weights is None:
            return close if lenient.any() else None
        lines, learnt = members.lines, self._sorts[members.lines.values] == LEARNT
        words = Lists.owned(lines.owners[learnt], lines.values[learnt], len(lines))
        units = sums(self._matrix, Members(words, members.weights[learnt]))
        return close | (units >= np.maximum(scaled.units(weights.LIKED_MATCH), 1)[:, None])


def _in_order(pool: ThreadPoolExecutor, work: Callable[[int], Chosen], blocks: range) -> Iterator[Chosen]:
    """What work makes of the blocks, a few ahead of who takes it."""
    ahead = [pool.submit(work, block) for block in blocks[: 2 * THREADS]]
    for block in blocks[2 * THREADS :]:
        yield ahead.pop(0).result()
        ahead.append(pool.submit(work, block))
    for one in ahead:
        yield one.result()
