"""From candidates to the few best of each profile."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from digest.ranking.bm25f import Floats
from digest.ranking.matcher import Booleans, Candidates, Integers, Matcher


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is asked of the listings for each profile, by row; listings are columns."""

    terms: Sequence[Sequence[int]]  # numbers of terms
    required: Integers  # how many of them must match
    everything: Booleans  # asks for all that is allowed: no keyword, but categories or sources
    most: Integers  # how many to choose
    group: Integers  # row of `allowed`
    allowed: Booleans  # groups by listings
    sent: Integers  # sorted codes, row x listings + column, of what they have had
    places: Integers  # the place of each listing among equals


@dataclass(frozen=True, slots=True)
class Choice:
    """The listings chosen for one profile, best first."""

    columns: Sequence[int] = ()
    scores: Sequence[float] = ()
    matched: int = 0  # before the cut
    excluded: frozenset[int] = frozenset()


def choose(matcher: Matcher, wishes: Wishes) -> list[Choice]:
    """The best listings of each profile."""
    attainable, terms = matcher.attainable(wishes.terms)
    choices = [Choice()] * len(wishes.terms)
    for candidates in matcher.match(wishes.terms):
        for row, excluded in _by_row(candidates.rows, candidates.columns, candidates.excluded > 0):
            choices[row] = Choice(excluded=frozenset(excluded.tolist()))
        kept = _eligible(candidates, wishes)
        rows, columns = candidates.rows[kept], candidates.columns[kept]
        scores = scale(candidates.raw[kept], attainable[rows], terms[rows])
        order = np.lexsort((wishes.places[columns], -scores.round(6), rows))
        for row, at in _by_row(rows[order], order, np.ones(len(order), dtype=bool)):
            best = at[: wishes.most[row]]
            choices[row] = Choice(columns[best].tolist(), scores[best].tolist(), len(at), choices[row].excluded)
    for row in np.flatnonzero(wishes.everything).tolist():
        choices[row] = _all_of(row, wishes, choices[row].excluded)
    return choices


def scale(raw: Floats, attainable: Floats, terms: Floats) -> Floats:
    """Raw scores on the scale of people: 100 x (1 - (1 - raw / attainable) ** terms), rising from 0 to 100.

    With one term it is the share of what the term could bring: 45 for a passing mention in an abstract, 80 and more
    for a paper about it. With many it comes to count in units of a typical term: about 55 for a paper about one of
    them, 80 for a paper about two, however long the list. A plain share would give that paper 8 and 16 of 10 terms.
    """
    share = np.minimum(1.0, raw / attainable)
    return 100.0 * (1.0 - (1.0 - share) ** terms)


def _eligible(candidates: Candidates, wishes: Wishes) -> Booleans:
    rows, columns = candidates.rows, candidates.columns
    meets = (candidates.wanted > 0) & (candidates.required == wishes.required[rows]) & (candidates.excluded == 0)
    may: Booleans = wishes.allowed[wishes.group[rows], columns]
    had = np.isin(rows * wishes.allowed.shape[1] + columns, wishes.sent)
    eligible: Booleans = meets & may & ~had
    return eligible


def _by_row(rows: Integers, values: Integers, kept: Booleans) -> Iterable[tuple[int, Integers]]:
    """The kept values of each row that has any; rows must rise."""
    rows, values = rows[kept], values[kept]
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    for start, end in zip(starts, np.append(starts, len(rows))[1:], strict=True):
        yield int(rows[start]), values[start:end]


def _all_of(row: int, wishes: Wishes, excluded: frozenset[int]) -> Choice:
    columns = np.flatnonzero(wishes.allowed[wishes.group[row]])
    columns = columns[~np.isin(row * wishes.allowed.shape[1] + columns, wishes.sent)]
    columns = columns[~np.isin(columns, list(excluded))]
    best = columns[np.argsort(wishes.places[columns])][: wishes.most[row]].tolist()
    return Choice(best, [0.0] * len(best), len(columns), excluded)
