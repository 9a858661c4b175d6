"""Scores of all profiles against all texts, as one sparse product.

A term is made of parts: each of its words (or its prefix, name or category), and the phrase if it has several. A part
adds rarity x weight x BM25F strength to a text's raw score, and a word of several half of that where the others are not
near it; a profile's raw score is the sum over its terms.

The product is over complex numbers: the real part sums the raw score; the imaginary part counts, exactly, the terms
that are wanted and matched in full, required and matched, excluded and matched. So one product says what a listing is
worth to a profile and whether it may be shown at all.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from digest.ranking import bm25f, features
from digest.ranking.bm25f import Floats
from digest.ranking.corpus import Forms, Statistics, Text
from digest.ranking.features import Index, Slot
from digest.ranking.query import Field, Sign, Term

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
Matrix = Any  # scipy.sparse.csr_array; its stubs do not follow products of mixed types

_WANTED, _REQUIRED, _EXCLUDED = 1, 1 << 16, 1 << 32  # counts of up to 65,535 terms each: exact in a float

_ALONE = 0.5  # what a word of several is worth without the others

_SCOPES = (Field.ANY, Field.TITLE, Field.ABSTRACT)  # names and categories count as ANY


@dataclass(frozen=True, slots=True)
class Part:
    """One addend of a term."""

    slot: Slot
    number: int  # of the slot
    scope: Field
    rarity: float
    weight: float  # the term's

    @property
    def worth(self) -> float:
        """What it adds at most."""
        return self.rarity * self.weight

    @property
    def feature(self) -> int:
        """The row of its strengths in the table of all texts."""
        return self.number * len(_SCOPES) + _SCOPES.index(self.scope)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A term with the parts that it is matched by."""

    term: Term
    parts: tuple[Part, ...]
    phrase: Part | None
    group: tuple[int, ...]  # the features of its parts

    @property
    def addends(self) -> tuple[Part, ...]:
        return (*self.parts, self.phrase) if self.phrase else self.parts

    @property
    def attainable(self) -> float:
        """What it adds at most, all parts together."""
        return 0.0 if self.term.sign is Sign.NEVER else sum(part.worth for part in self.addends)

    @property
    def strictly(self) -> Part:
        """What must be there, or must not: the phrase as such, where it is one."""
        return self.phrase or self.parts[0]


@dataclass(frozen=True, slots=True)
class Candidates:
    """The pairs of profile (row) and text (column) that share anything."""

    rows: Integers
    columns: Integers
    raw: Floats
    wanted: Integers  # how many terms are matched in full
    required: Integers  # how many of those that must match do
    excluded: Integers  # how many match that never must


class Matcher:
    """Terms and texts, and what the ones are worth to the others."""

    def __init__(self, terms: Sequence[Term], texts: Sequence[Text], statistics: Statistics) -> None:
        self.texts = texts
        self.index = Index(slot for term in terms for slot in features.slots(term))
        self.terms = [self._compiled(term, statistics) for term in terms]
        self._hits = [self.index.hits(text) for text in texts]
        titles = np.array([len(text.title) for text in texts], dtype=float)
        abstracts = np.array([len(text.abstract) for text in texts], dtype=float)
        self._title_norms = bm25f.title_norms(titles, statistics.title_length)
        self._abstract_norms = bm25f.abstract_norms(abstracts, statistics.abstract_length)
        self._in_full: dict[tuple[int, ...], frozenset[int]] = {}
        self._weights, self._values = self._factors()

    def _compiled(self, term: Term, statistics: Statistics) -> Compiled:
        scope = term.field if term.field in _SCOPES else Field.ANY

        def part(slot: Slot) -> Part:
            rarity = features.rarity(slot, term, statistics)
            return Part(slot, self.index.numbers[slot], scope, rarity, term.weight)

        parts, phrase = tuple(map(part, features.parts(term))), features.phrase(term)
        return Compiled(term, parts, part(phrase) if phrase else None, tuple(part.feature for part in parts))

    def match(self, profiles: Sequence[Sequence[int]], block: int = 1_024) -> Iterator[Candidates]:
        """Profiles, given as numbers of terms, against all texts: the pairs that share anything, block by block."""
        for start in range(0, len(profiles), block):
            chosen = _incidence(profiles[start : start + block], len(self.terms))
            yield _candidates(chosen @ self._weights @ self._values, start)

    def attainable(self, profiles: Sequence[Sequence[int]]) -> tuple[Floats, Floats]:
        """What each profile's terms add at most, and how many they are, exclusions apart."""
        worths = np.array([compiled.attainable for compiled in self.terms], dtype=float)
        chosen = _incidence(profiles, len(self.terms))
        return chosen @ worths, chosen @ (worths > 0).astype(float)

    def contributions(self, compiled: Compiled, column: int) -> Iterator[tuple[Part, float, float]]:
        """What each part of a term adds to one text's raw score by its title (or as a whole) and by its abstract."""
        alone = 1.0 if self.in_full(compiled, column) else _ALONE
        for part in compiled.addends:
            if part.number in self._hits[column]:
                title, abstract = self._strength(part, column)
                worth = part.worth if part is compiled.phrase else part.worth * alone
                yield part, worth * title, worth * abstract

    def _strength(self, part: Part, column: int) -> tuple[float, float]:
        if part.slot.sort.whole:
            return 1.0, 0.0
        hit = self._hits[column][part.number]
        title_norm, abstract_norm = float(self._title_norms[column]), float(self._abstract_norms[column])
        seen = bm25f.frequencies(float(hit.title), float(hit.abstract), title_norm, abstract_norm)
        return bm25f.strengths(*_seen(part.scope, *seen))

    def shares(self, compiled: Compiled, column: int) -> bool:
        """Whether a text holds any part of a term."""
        hits = self._hits[column]
        return any(part.number in hits for part in compiled.parts)

    def in_full(self, compiled: Compiled, column: int) -> bool:
        """Whether a text that holds anything of a term holds it all: several words near one another."""
        return len(compiled.parts) == 1 or column in self._in_full[compiled.group]

    # --- the two factors of the product ---------------------------------------------------------------------------

    def _factors(self) -> tuple[Matrix, Matrix]:
        """Terms by features, features by texts.

        The features: strengths, presences, and for terms of several words, where these are near one another: the term
        is there, and the sum of rarity x strength.
        """
        strengths = self._strengths()
        presences = strengths.astype(bool).astype(float)
        several = {compiled.group: compiled.parts for compiled in self.terms if len(compiled.parts) > 1}
        held = _held_together(list(several), presences)
        self._in_full = dict(zip(several, self._near(list(several.values()), held), strict=True))
        in_full = _incidence([sorted(columns) for columns in self._in_full.values()], len(self.texts))
        rarities = [{part.feature: complex(part.rarity) for part in parts} for parts in several.values()]
        together = in_full.multiply(_table(rarities, strengths.shape[0]) @ strengths)
        values = sparse.vstack([strengths, presences, in_full, together], format="csr").astype(complex)
        rows = _Rows(strengths.shape[0], {group: number for number, group in enumerate(several)})
        return _table([dict(_weights(compiled, rows)) for compiled in self.terms], values.shape[0]), values

    def _near(self, several: Sequence[Sequence[Part]], held: Matrix) -> Iterator[frozenset[int]]:
        """For each group of parts, the texts that hold them near one another, of those that hold them all."""
        nearness = {scope: [*self._nearness(scope)] for scope in {parts[0].scope for parts in several}}
        for row, parts in enumerate(several):
            columns = held.indices[held.indptr[row] : held.indptr[row + 1]].tolist()
            of_text = nearness[parts[0].scope]
            first, *others = [part.number for part in parts]
            yield frozenset(c for c in columns if _common(of_text[c], first, others))

    def _nearness(self, scope: Field) -> Iterator[Mapping[int, int]]:
        apart: tuple[Forms, ...] = ((),) * features.REACH
        for text in self.texts:
            match scope:
                case Field.TITLE:
                    yield self.index.nearness(text.title)
                case Field.ABSTRACT:
                    yield self.index.nearness(text.abstract)
                case _:
                    yield self.index.nearness((*text.title, *apart, *text.abstract))

    def _strengths(self) -> Matrix:
        """The strength of every slot in every scope (rows, see `Part.feature`) in every text (columns)."""
        columns = np.repeat(np.arange(len(self.texts)), [len(hits) for hits in self._hits])
        numbers = np.fromiter(chain.from_iterable(self._hits), dtype=np.int64, count=len(columns))
        counts = chain.from_iterable(hit for hits in self._hits for hit in hits.values())
        title, abstract = np.fromiter(counts, dtype=float, count=2 * len(columns)).reshape(-1, 2).T
        seen = bm25f.frequencies(title, abstract, self._title_norms[columns], self._abstract_norms[columns])
        whole = np.zeros(len(self.index.numbers), dtype=bool)
        whole[[number for slot, number in self.index.numbers.items() if slot.sort.whole]] = True
        by_scope = [np.add(*bm25f.strengths(*_seen(scope, *seen))) for scope in _SCOPES]
        values = np.where(whole[numbers], 1.0, by_scope).ravel()
        rows = np.concatenate([numbers * len(_SCOPES) + offset for offset in range(len(_SCOPES))])
        shape = (len(self.index.numbers) * len(_SCOPES), len(self.texts))
        table = sparse.csr_array((values, (rows, np.tile(columns, len(_SCOPES)))), shape=shape)
        table.eliminate_zeros()
        return table


def _common(nearness: Mapping[int, int], first: int, others: Sequence[int]) -> bool:
    bits = nearness[first]
    for other in others:
        bits &= nearness[other]
    return bits > 0


def _seen(scope: Field, title: Any, abstract: Any) -> tuple[Any, Any]:
    """The frequencies in a text's fields that count within a scope."""
    return (title * (scope is not Field.ABSTRACT), abstract * (scope is not Field.TITLE))


@dataclass(frozen=True, slots=True)
class _Rows:
    """Where in the table of all texts each kind of feature is."""

    strengths: int  # how many
    several: Mapping[tuple[int, ...], int]  # the groups, numbered

    def presence(self, part: Part) -> int:
        return self.strengths + part.feature

    def in_full(self, compiled: Compiled) -> int:
        return 2 * self.strengths + self.several[compiled.group]

    def together(self, compiled: Compiled) -> int:
        return self.in_full(compiled) + len(self.several)


def _weights(compiled: Compiled, rows: _Rows) -> Iterator[tuple[int, complex]]:
    """What a term says of each feature: weights as the real part, counts as the imaginary."""
    term, several = compiled.term, len(compiled.parts) > 1
    if term.sign is Sign.NEVER:
        yield rows.presence(compiled.strictly), _EXCLUDED * 1j
        return
    for part in compiled.parts:
        yield part.feature, complex(part.worth * (_ALONE if several else 1.0))
    if compiled.phrase:
        yield compiled.phrase.feature, complex(compiled.phrase.worth)
    if several:
        yield rows.together(compiled), complex(term.weight * (1 - _ALONE))
    if term.sign is Sign.MUST:
        yield rows.presence(compiled.strictly), (_WANTED + _REQUIRED) * 1j
    else:
        yield rows.in_full(compiled) if several else rows.presence(compiled.parts[0]), _WANTED * 1j


def _held_together(several: Sequence[tuple[int, ...]], presences: Matrix) -> Matrix:
    """For each group of features, the texts that hold them all."""
    counts = _incidence(several, presences.shape[0]) @ presences
    wanted = np.repeat([float(len(group)) for group in several], np.diff(counts.indptr))
    counts.data = (counts.data == wanted).astype(float)
    counts.eliminate_zeros()
    return counts


def _incidence(rows: Sequence[Sequence[int]], wide: int) -> Matrix:
    """A matrix of ones where the rows say."""
    return _table([dict.fromkeys(row, 1.0) for row in rows], wide)


def _table(rows: Sequence[Mapping[int, complex]], wide: int) -> Matrix:
    """A sparse matrix by rows. The order within a row is kept, so that sums are the same every time."""
    ends = [0, *accumulate(map(len, rows))]
    columns = np.fromiter(chain.from_iterable(rows), dtype=np.int64, count=ends[-1])
    values = np.array([value for row in rows for value in row.values()])
    return sparse.csr_array((values, columns, ends), shape=(len(rows), wide))


def _candidates(product: Matrix, first_row: int) -> Candidates:
    counts = np.rint(product.data.imag).astype(np.int64)
    return Candidates(
        rows=np.repeat(np.arange(product.shape[0]), np.diff(product.indptr)) + first_row,
        columns=product.indices.astype(np.int64),
        raw=product.data.real,
        wanted=counts % _REQUIRED,
        required=counts // _REQUIRED % _REQUIRED,
        excluded=counts // _EXCLUDED,
    )
