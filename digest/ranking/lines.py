"""Lines of profiles looked up in texts: what each adds to the score of each text, and why.

A term is made of addends: each of its words (or its prefix, name or label), each pair of neighbours, and the phrase. An
addend adds weight x worth x BM25F strength to a text's raw score, where the worth is a share of the rarity of its words:
all of a word, 1 + ln n of one that a sentence says n times, `PAIR` of a pair in its order, up to three places apart, and
`PHRASE` of the words in a row. Pairs let word order count in sentences, too (sequential dependence: Metzler and Croft,
SIGIR 2005). Of a group the alternative counts that adds most.

A text meets a line that it holds in full: all words near one another, or of a sentence the weightier half; one that is
required or excluded, as the phrase it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from digest.model import Ground
from digest.ranking import weights
from digest.ranking.bm25f import Floats
from digest.ranking.corpus import Statistics
from digest.ranking.features import Line
from digest.ranking.hits import Lookup, Slots
from digest.ranking.index import Index
from digest.ranking.lists import Booleans, Integers, Lists
from digest.ranking.term import Sign

HIGHEST = (1 << 35) - 1  # of one line in one text: 32,767


@dataclass(frozen=True, slots=True)
class Found:
    """What some lines add to texts. Entries rise by line, then by text."""

    texts: Lists  # by line
    values: Integers  # beside them: what it adds, in units
    meets: Booleans  # whether the text meets the line
    most: Integers  # by line: what it adds at most
    excludes: Lists  # by line: the texts that a required or excluded line is met by
    details: Lists  # by line, for each of its texts: what the value is made of, as codes, see `code`
    detail_texts: Integers
    detail_values: Integers


class Codes:
    """What a detail stands for, in one number: an addend, or a whole term by the number of its first addend."""

    WHOLE, ABSTRACT = 1, 2
    ADDEND = 4


def lines_at_once(index: Index) -> int:
    """How many lines to look up at once, so that what is known of them between takes little room."""
    return max(1, min(_MOST_LINES, _MOST_CELLS // max(1, len(index.texts))))


_MOST_LINES = 1 << 13
_MOST_CELLS = 1 << 21


def look_up(lines: Sequence[Line], index: Index, statistics: Statistics, first_addend: int = 0) -> Found:
    """What each line adds to each text of an index; addends are numbered from `first_addend`."""
    return _Search(lines, index, statistics).found(first_addend)


class _Search:
    """Terms by texts as dense arrays, numbered term x texts + text: at most some millions, see `lines_at_once`."""

    def __init__(self, lines: Sequence[Line], index: Index, statistics: Statistics) -> None:
        self._lines = lines
        self._wide = max(1, len(index.texts))
        self._terms = list(chain.from_iterable(line.alternatives for line in lines))
        self._line_of = np.repeat(np.arange(len(lines)), [len(line.alternatives) for line in lines])
        self._slots = Slots(self._terms)
        self._lookup = Lookup(index, self._slots, statistics)
        numbers = self._slots.numbers
        self._addends = Lists.of([[numbers[addend.slot] for addend in term.addends] for term in self._terms])
        self._parts = Lists.of([[numbers[slot] for slot in term.parts] for term in self._terms])
        self._loose = np.array([term.term.loose for term in self._terms], dtype=bool)
        self._worths = self._worth()
        self._full = self._in_full()

    def found(self, first_addend: int) -> Found:
        pairs, codes, units = self._details()
        sums = np.bincount(pairs, units, self._cells).astype(np.int64)
        best = self._best(sums)
        kept = best[pairs]
        details = _by_line(self._line_of, pairs[kept] // self._wide)
        cells = np.flatnonzero((sums > 0) & best)
        cells = cells[_by_line(self._line_of, cells // self._wide)]
        owners, texts = self._line_of[cells // self._wide], cells % self._wide
        met, strict = self._met()
        pairs, codes, units = (array[kept][details] for array in (pairs, codes, units))
        return Found(
            texts=Lists.owned(owners, texts, len(self._lines)),
            values=np.minimum(sums[cells], HIGHEST),
            meets=met[owners * self._wide + texts],
            most=self._most(),
            excludes=Lists.owned(strict // self._wide, strict % self._wide, len(self._lines)),
            details=Lists.owned(
                self._line_of[pairs // self._wide], codes + first_addend * Codes.ADDEND, len(self._lines)
            ),
            detail_texts=pairs % self._wide,
            detail_values=units,
        )

    @property
    def _cells(self) -> int:
        return len(self._terms) * self._wide

    # --- what terms are worth ---------------------------------------------------------------------------------------

    def _worth(self) -> Floats:
        """What each addend adds at most, in units."""
        scales = [_scale(line) for line in self._lines]
        scale = np.array(scales, dtype=float)[self._line_of][self._addends.owners]
        addends = [addend for term in self._terms for addend in term.addends]
        words = Lists.of([[self._slots.numbers[word] for word in addend.words] for addend in addends])
        rarities = np.bincount(words.owners, self._lookup.rarities[words.values], len(addends))
        shares = np.array([addend.share for addend in addends], dtype=float)
        worths: Floats = scale * shares * rarities
        return worths

    def _most(self) -> Integers:
        """What each line adds at most: as much as the best of its alternatives."""
        most = np.zeros(len(self._lines))
        np.maximum.at(most, self._line_of, np.bincount(self._addends.owners, self._worths, len(self._terms)))
        return np.rint(most).astype(np.int64)

    # --- what texts hold --------------------------------------------------------------------------------------------

    def _in_full(self) -> Booleans:
        """Whether each text holds each term in full."""
        several = self._parts.sizes > 1
        single, near, mostly = map(np.flatnonzero, (~several, several & ~self._loose, several & self._loose))
        full = np.zeros(self._cells, dtype=bool)
        for terms, codes in (
            (single, self._lookup.holding(self._parts.values[self._parts.ends[single]])),
            (near, self._lookup.near(self._parts.take(near))),
            (mostly, self._lookup.mostly(self._parts.take(mostly))),
        ):
            full[terms[codes // self._wide] * self._wide + codes % self._wide] = True
        return full

    def _met(self) -> tuple[Booleans, Integers]:
        """Whether each text meets each line, and the texts that meet required and excluded ones, as sorted codes."""
        strict = np.array([line.sign is not Sign.WANT for line in self._lines], dtype=bool)
        learnt = np.array([line.ground is not Ground.KEYWORD for line in self._lines], dtype=bool)
        as_phrase = strict[self._line_of] & np.array([term.phrase is not None for term in self._terms], dtype=bool)
        numbers = [self._slots.numbers[term.phrase] for term in self._terms if term.phrase]
        phrased = np.flatnonzero([term.phrase is not None for term in self._terms])
        held = self._full.reshape(-1, self._wide) & ~as_phrase[:, None]
        of_phrases = self._lookup.holding(np.array(numbers, dtype=np.int64)[as_phrase[phrased]])
        held[phrased[as_phrase[phrased]][of_phrases // self._wide], of_phrases % self._wide] = True
        firsts = np.flatnonzero(np.diff(self._line_of, prepend=-1))
        met = np.logical_or.reduceat(held, firsts, axis=0) if len(firsts) else held
        strictly = np.flatnonzero(met & strict[:, None])
        return (met & ~learnt[:, None]).ravel(), strictly

    def _details(self) -> tuple[Integers, Integers, Integers]:
        """What each term adds to each text, by what and in which field: cells, codes, units.

        A field that holds all of a term is told as one, of a sentence that is matched in full whatever it holds.
        """
        hits = self._lookup.hits
        addend, at = hits.texts.places(self._addends.values)
        worth = self._worths[addend] > 0
        addend, at = addend[worth], at[worth]
        term = self._addends.owners[addend]
        cell = term * self._wide + hits.texts.values[at]
        full = self._full[cell]
        is_part = addend - self._addends.ends[term] < self._parts.sizes[term]
        found: list[tuple[Integers, Integers, Integers]] = []
        for field, strengths in enumerate((hits.title[at], hits.abstract[at])):
            here = strengths > 0
            whole = here & full & self._holds_all(cell, term, is_part & here)
            added = self._worths[addend] * strengths
            found.append(self._whole(cell[whole], added[whole], field))
            each = np.flatnonzero(here & ~whole)
            found.append((cell[each], _code(addend[each], field), np.rint(added[each]).astype(np.int64)))
        cells, codes, units = (np.concatenate([own[n] for own in found]) for n in range(3))
        some = units > 0
        return cells[some], codes[some], units[some]

    def _holds_all(self, cell: Integers, term: Integers, held: Booleans) -> Booleans:
        """Whether the field in which these parts are held holds all parts of the term; a sentence needs but one."""
        parts = np.bincount(cell[held], minlength=self._cells)
        whole: Booleans = (parts[cell] == self._parts.sizes[term]) | self._loose[term]
        return whole

    def _whole(self, cell: Integers, added: Floats, field: int) -> tuple[Integers, Integers, Integers]:
        units = np.rint(np.bincount(cell, added, self._cells)).astype(np.int64)
        cells = np.flatnonzero(units)
        return cells, _code(self._addends.ends[cells // self._wide], field) + Codes.WHOLE, units[cells]

    def _best(self, sums: Integers) -> Booleans:
        """Whether each term adds most to each text of all the alternatives of its line; of equal ones, the first does."""
        by_term = sums.reshape(-1, self._wide)
        best = np.ones(by_term.shape, dtype=bool)
        for line in np.flatnonzero(np.bincount(self._line_of) > 1).tolist():
            own = slice(*np.searchsorted(self._line_of, (line, line + 1)))
            best[own] = np.arange(own.stop - own.start)[:, None] == by_term[own].argmax(axis=0)
        return best.ravel()


def _code(addends: Integers, field: int) -> Integers:
    return addends * Codes.ADDEND + field * Codes.ABSTRACT


def _by_line(line_of: Integers, terms: Integers) -> Integers:
    """In which order entries of these terms rise by line, and stay as they are within one."""
    lines = line_of[terms]
    return np.argsort(lines.astype(np.uint16), kind="stable")  # a radix sort


def _scale(line: Line) -> float:
    if line.sign is Sign.NEVER:
        return 0.0
    return weights.UNIT * line.weight if line.ground is Ground.KEYWORD else weights.GRAIN
