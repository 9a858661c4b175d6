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
from digest.ranking.lists import Booleans, Integers, Lists, find
from digest.ranking.term import Sign

HIGHEST = (1 << 35) - 1  # of one line in one text: 32,767


_Entries = tuple[Integers, Integers, Integers, Floats]  # terms, texts, codes, and what each adds


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

    PARTIAL, WHOLE, ABSTRACT = 1, 2, 4
    ADDEND = 8


def look_up(lines: Sequence[Line], index: Index, statistics: Statistics, first_addend: int = 0) -> Found:
    """What each line adds to each text of an index; addends are numbered from `first_addend`."""
    return _Search(lines, index, statistics).found(first_addend)


class _Search:
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
        self._worths = self._worth()
        self._full = self._in_full()

    def found(self, first_addend: int) -> Found:
        owner, text, code, values = self._entries()
        pairs, which = np.unique(owner * self._wide + text, return_inverse=True)  # of term and text
        sums = np.minimum(np.bincount(which, values).astype(np.int64), HIGHEST)
        best = self._best(pairs, sums)
        kept = best[which]
        pairs, sums = pairs[best], sums[best]
        owners, texts = self._line_of[pairs // self._wide], pairs % self._wide
        met, strict = self._met()
        lines = len(self._lines)
        return Found(
            texts=_lists(owners, texts, lines),
            values=sums,
            meets=find(met, owners * self._wide + texts)[1],
            most=self._most(),
            excludes=_lists(strict // self._wide, strict % self._wide, lines),
            details=_lists(self._line_of[owner[kept]], code[kept] + first_addend * Codes.ADDEND, lines),
            detail_texts=text[kept],
            detail_values=values[kept],
        )

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

    def _in_full(self) -> Integers:
        """The texts that hold each term in full: sorted codes, number of the term x texts + text."""
        several = self._parts.sizes > 1
        loose = np.array([term.term.loose for term in self._terms], dtype=bool)
        single, near, mostly = (np.flatnonzero(which) for which in (~several, several & ~loose, several & loose))
        found = (
            (single, self._lookup.holding(self._parts.values[self._parts.ends[single]])),
            (near, self._lookup.near(self._parts.take(near))),
            (mostly, self._lookup.mostly(self._parts.take(mostly))),
        )
        return np.sort(
            np.concatenate([terms[codes // self._wide] * self._wide + codes % self._wide for terms, codes in found])
        )

    def _met(self) -> tuple[Integers, Integers]:
        """The texts that meet each line, and those that meet the required and excluded ones: sorted codes by line."""
        signs = [line.sign for line in self._lines]
        strict_line = np.array([sign is not Sign.WANT for sign in signs], dtype=bool)
        phrased = np.array([term.phrase is not None for term in self._terms], dtype=bool)
        as_phrase = np.flatnonzero(strict_line[self._line_of] & phrased)
        numbers = [self._slots.numbers[slot] for n in as_phrase.tolist() if (slot := self._terms[n].phrase)]
        phrases = self._lookup.holding(np.array(numbers, dtype=np.int64))
        in_full = self._full // self._wide
        others = self._full[~(strict_line[self._line_of] & phrased)[in_full]]
        codes = np.concatenate([others, as_phrase[phrases // self._wide] * self._wide + phrases % self._wide])
        met = np.unique(self._line_of[codes // self._wide] * self._wide + codes % self._wide)
        learnt = np.array([line.ground is not Ground.KEYWORD for line in self._lines], dtype=bool)
        return met[~learnt[met // self._wide]], met[strict_line[met // self._wide]]

    def _entries(self) -> tuple[Integers, Integers, Integers, Integers]:
        """Of each addend, or whole term, in each field: the term, the text, the code and the units it adds.

        Sorted by term and text. Whole terms are told as one where the field holds all of it; of a sentence, what
        there is of it.
        """
        hits = self._lookup.hits
        addend, at = hits.texts.places(self._addends.values)
        worth = self._worths[addend] > 0
        addend, at = addend[worth], at[worth]
        term, text = self._addends.owners[addend], hits.texts.values[at]
        full = find(self._full, term * self._wide + text)[1]
        is_part = addend - self._addends.ends[term] < self._parts.sizes[term]
        fields: list[_Entries] = []
        for field, strengths in enumerate((hits.title[at], hits.abstract[at])):
            whole = full & self._holds_all(term, text, is_part & (strengths > 0))
            named = np.where(whole, self._addends.ends[term], addend)
            code = named * Codes.ADDEND + field * Codes.ABSTRACT + whole * Codes.WHOLE + ~full * Codes.PARTIAL
            fields.append((term, text, code, self._worths[addend] * strengths))
        return _summed(fields, self._wide)

    def _holds_all(self, term: Integers, text: Integers, held: Booleans) -> Booleans:
        """Whether the field in which these parts are held holds all parts of the term; a sentence needs but one."""
        _, pair = np.unique(term * self._wide + text, return_inverse=True)
        parts = np.bincount(pair[held], minlength=int(pair.max(initial=-1)) + 1)[pair]
        loose = np.array([asked.term.loose for asked in self._terms], dtype=bool)
        whole: Booleans = (parts == self._parts.sizes[term]) | loose[term]
        return whole

    def _best(self, pairs: Integers, sums: Integers) -> Booleans:
        """Whether each pair of term and text is the best of its line and text; of equal ones, the first is."""
        if len(self._terms) == len(self._lines):
            return np.ones(len(pairs), dtype=bool)
        of_line = self._line_of[pairs // self._wide] * self._wide + pairs % self._wide
        order = np.lexsort((pairs, -sums, of_line))
        best = np.zeros(len(pairs), dtype=bool)
        best[order[np.flatnonzero(np.diff(of_line[order], prepend=-1))]] = True
        return best


def _scale(line: Line) -> float:
    if line.sign is Sign.NEVER:
        return 0.0
    return weights.UNIT * line.weight if line.ground is Ground.KEYWORD else weights.GRAIN


def _summed(entries: Sequence[_Entries], wide: int) -> tuple[Integers, Integers, Integers, Integers]:
    """Entries of the same term, text and code as one, in whole units; what is less than half a unit is left out."""
    term, text, code = (np.concatenate([own[n] for own in entries]) for n in range(3))
    added = np.concatenate([own[3] for own in entries])
    codes = int(code.max(initial=0)) + 1
    keys, which = np.unique((term * wide + text) * codes + code, return_inverse=True)
    values = np.rint(np.bincount(which, added)).astype(np.int64)
    keys, values = keys[values > 0], values[values > 0]
    pairs = keys // codes
    return pairs // wide, pairs % wide, keys % codes, values


def _lists(owners: Integers, values: Integers, count: int) -> Lists:
    return Lists(values, np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=count))]))
