"""Scores of all profiles against all texts, as a sparse product.

A term is made of parts: each of its words (or its prefix, name or category), and the phrase if it has several. A part
adds rarity x weight x BM25F strength to a text's raw score, and a word of several half of that where the term is not
matched in full; a profile's raw score is the sum over its terms.

Beside the raw score a second product counts the terms that are wanted and matched in full, required and matched,
excluded and matched, all in one number: so it is known whether a listing may be shown at all.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from digest.ranking import features
from digest.ranking.bm25f import Floats
from digest.ranking.corpus import Statistics
from digest.ranking.features import Asked
from digest.ranking.hits import Lookup, Matrix, Slots, matrix
from digest.ranking.index import Index
from digest.ranking.lists import Booleans, Integers, Lists, find
from digest.ranking.term import Sign

_WANTED, _REQUIRED, _EXCLUDED = 1, 1 << 16, 1 << 32  # counts of up to 65,535 terms each: exact in a float
_WORTHS = {Sign.WANT: _WANTED, Sign.MUST: _WANTED + _REQUIRED, Sign.NEVER: _EXCLUDED}

_PHRASE = 0.5  # words in a row add this share of what they are worth one by one
_ALONE = 0.5  # what a word of several is worth where the others are missing


@dataclass(frozen=True, slots=True)
class Candidates:
    """The pairs of profile (row) and text (column) of which a term is matched in full, or at least in part."""

    rows: Integers
    columns: Integers
    raw: Floats
    wanted: Integers  # how many terms are
    required: Integers  # how many of those that must be
    excluded: Integers  # how many of those that never must


class Matcher:
    """Terms and texts, and what the ones are worth to the others. Terms are known by their number."""

    def __init__(self, asked: Sequence[Asked], index: Index, statistics: Statistics) -> None:
        self.asked = asked
        self.slots = Slots(asked)
        self._rarities = np.array(features.rarities(self.slots.all, statistics), dtype=float)
        self.lookup = Lookup(index, self.slots, statistics)
        self.parts = Lists.of([[self.slots.numbers[slot] for slot in one.parts] for one in asked])
        self._groups = _Groups(asked, self.parts)
        self._full = self._groups.in_full(self.lookup, self._rarities)
        self.addends = self._addends()
        self.worths = self._worths()
        self._terms = self._terms_by_values()
        self._flags = self._flags_by_values()
        self._values = self._strengths()
        self._presences = self._values.astype(bool).astype(float)

    def match(self, profiles: Lists, *, partial: bool = False) -> Candidates:
        """Profiles, given as numbers of terms, against all texts; `partial` gives those without a full match, too."""
        chosen = sparse.csr_array(
            (np.ones(len(profiles.values)), profiles.values, profiles.ends), self._shape(profiles)
        )
        flags = chosen @ self._flags @ self._presences
        raw = (chosen @ self._terms @ self._values).toarray()
        rows = np.repeat(np.arange(len(profiles)), np.diff(flags.indptr))
        columns, counts = flags.indices.astype(np.int64), np.rint(flags.data).astype(np.int64)
        if partial:
            every = flags.toarray()
            rows, columns = np.nonzero((raw > 0) | (every > 0))
            counts = np.rint(every[rows, columns]).astype(np.int64)
        return Candidates(
            rows=rows,
            columns=columns,
            raw=raw[rows, columns],
            wanted=counts % _REQUIRED,
            required=counts // _REQUIRED % _REQUIRED,
            excluded=counts // _EXCLUDED,
        )

    def attainable(self, profiles: Lists) -> tuple[Floats, Floats]:
        """What each profile's terms add at most, and how many they are, exclusions apart."""
        most = _sums(self.addends, self.worths)
        own = most[profiles.values]
        return _sums(profiles, own), _sums(profiles, (own > 0).astype(float))

    def in_full(self, terms: Integers, columns: Integers) -> Booleans:
        """Whether texts that hold anything of a term match it in full."""
        groups = self._groups.of_term[terms]
        return (groups < 0) | find(self._full, groups * self.lookup.hits.texts + columns)[1]

    def _shape(self, profiles: Lists) -> tuple[int, int]:
        return len(profiles), len(self.asked)

    # --- what terms are worth ---------------------------------------------------------------------------------------

    def _addends(self) -> Lists:
        """The slots that each term is worth something for: its parts, then the phrase."""
        numbers, parts = self.slots.numbers, self.parts
        phrases = np.array([numbers[one.phrase] if one.phrase else -1 for one in self.asked], dtype=np.int64)
        with_phrase = phrases >= 0
        values = np.insert(parts.values, parts.ends[1:][with_phrase], phrases[with_phrase])
        return Lists(values, parts.ends + np.concatenate([[0], np.cumsum(with_phrase)]))

    def _worths(self) -> Floats:
        """What each addend adds at most."""
        owners = self.addends.owners
        weights = np.array([0.0 if one.term.sign is Sign.NEVER else one.term.weight for one in self.asked], dtype=float)
        worths = self._rarities[self.addends.values] * weights[owners]
        together = _sums(self.addends, worths)
        return np.where(self.is_phrase(self.addends.values), _PHRASE * together[owners], worths)

    def is_phrase(self, slots: Integers) -> Booleans:
        return (slots >= self.slots.first_phrase) & (slots < self.slots.first_whole)

    def shares(self, addends: Integers, terms: Integers, columns: Integers) -> Floats:
        """How much of an addend's worth counts in a text: of words without the others, a part."""
        alone = ~self.is_phrase(self.addends.values[addends]) & ~self.in_full(terms, columns)
        return np.where(alone, _ALONE, 1.0)

    # --- the factors of the products ----------------------------------------------------------------------------------
    # The values are the strengths of slots in texts, and below these, for terms of several words where a text matches
    # them in full, the sum of rarity x strength.

    def _terms_by_values(self) -> Matrix:
        owners, slots = self.addends.owners, self.addends.values
        several = self._groups.of_term[owners] >= 0
        worths = np.where(several & ~self.is_phrase(slots), _ALONE, 1.0) * self.worths
        grouped = np.flatnonzero(self._groups.of_term >= 0)
        weights = [
            0.0 if one.term.sign is Sign.NEVER else one.term.weight * (1 - _ALONE)
            for one in (self.asked[n] for n in grouped.tolist())
        ]
        at = self.addends.ends[1:][grouped]
        columns = np.insert(slots, at, self._groups.of_term[grouped] + len(self.slots.all))
        ends = self.addends.ends + np.concatenate([[0], np.cumsum(self._groups.of_term >= 0)])
        return sparse.csr_array((np.insert(worths, at, weights), columns, ends), self._wide())

    def _flags_by_values(self) -> Matrix:
        """What each term counts, and where it is seen that it is matched: one value each."""
        counts = np.array([_WORTHS[one.term.sign] for one in self.asked], dtype=float)
        strict = [self.slots.numbers[one.strictly] for one in self.asked]
        wanted = np.array([one.term.sign is Sign.WANT for one in self.asked], dtype=bool)
        groups = self._groups.of_term
        alone = self.parts.values[self.parts.ends[:-1]]
        columns = np.where(wanted, np.where(groups >= 0, groups + len(self.slots.all), alone), strict)
        return sparse.csr_array((counts, columns, np.arange(len(self.asked) + 1)), self._wide())

    def _wide(self) -> tuple[int, int]:
        return len(self.asked), len(self.slots.all) + len(self._groups.parts)

    def _strengths(self) -> Matrix:
        hits, groups = self.lookup.hits, self._groups.parts
        group, text = self._full // max(1, hits.texts), self._full % max(1, hits.texts)
        pair, at = groups.places(group)
        slots = groups.values[at]
        where, held = hits.find(slots, text[pair])
        where, pair, slots = where[held], pair[held], slots[held]
        strengths = hits.title + hits.abstract
        together = np.bincount(pair, self._rarities[slots] * strengths[where], len(group))
        codes = np.concatenate([hits.codes, self._full + len(self.slots.all) * hits.texts])
        return matrix(codes, np.concatenate([strengths, together]), self._wide()[1], hits.texts)


class _Groups:
    """The distinct sets of several parts that terms want together, numbered; the loose ones last."""

    def __init__(self, asked: Sequence[Asked], parts: Lists) -> None:
        own = [tuple(parts.values[start:end].tolist()) for start, end in _pairs(parts.ends)]
        loose = [one.term.loose for one in asked]
        several = dict.fromkeys(key for key in zip(loose, own, strict=True) if len(key[1]) > 1)
        ordered = sorted(several, key=lambda key: key[0])
        numbers = {key: number for number, key in enumerate(ordered)}
        self.of_term = np.array([numbers.get(key, -1) for key in zip(loose, own, strict=True)], dtype=np.int64)
        self.parts = Lists.of([group for _, group in ordered])
        self._strict = Lists.of([group for is_loose, group in ordered if not is_loose])
        self._loose = Lists.of([group for is_loose, group in ordered if is_loose])

    def in_full(self, lookup: Lookup, rarities: Floats) -> Integers:
        """The texts that match each group in full: sorted codes, number of the group x texts + text."""
        mostly = lookup.mostly(self._loose, rarities) + len(self._strict) * lookup.hits.texts
        return np.concatenate([lookup.near(self._strict), mostly])


def _sums(lists: Lists, values: Floats) -> Floats:
    """The sum of the values of each list."""
    return np.bincount(lists.owners, values, len(lists)).astype(float)  # of nothing it gives integers


def _pairs(ends: Integers) -> Iterator[tuple[int, int]]:
    listed = ends.tolist()
    return itertools.pairwise(listed)
