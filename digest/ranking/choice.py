"""From candidates to the few best of each profile."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from digest.ranking.bm25f import Floats
from digest.ranking.lists import Booleans, Integers, Lists
from digest.ranking.matcher import Candidates, Matcher

MOST_PROFILES = 1 << 15  # at a time, see `_ordered`


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is asked of the listings for each profile, by row; listings are columns."""

    terms: Lists  # numbers of terms
    required: Integers  # how many of them must match
    everything: Booleans  # asks for all that is allowed: no keyword, but categories or sources
    most: Integers  # how many to choose
    group: Integers  # row of `allowed`
    allowed: Booleans  # groups by listings
    sent: Integers  # codes, row x listings + column, of what they have had
    places: Integers  # the place of each listing among equals
    partial: bool = False  # also what matches no term in full


@dataclass(frozen=True, slots=True)
class Choice:
    """The listings chosen for one profile, best first."""

    columns: tuple[int, ...] = ()
    scores: tuple[float, ...] = ()
    matched: int = 0  # before the cut
    excluded: frozenset[int] = frozenset()


def choose(matcher: Matcher, wishes: Wishes) -> list[Choice]:
    """The best listings of each profile."""
    candidates = matcher.match(wishes.terms, partial=wishes.partial)
    attainable, terms = matcher.attainable(wishes.terms)
    kept = _eligible(candidates, wishes)
    rows, columns = candidates.rows[kept], candidates.columns[kept]
    scores = np.zeros((len(wishes.terms), len(wishes.places)))
    scores[rows, columns] = scale(candidates.raw[kept], attainable[rows], terms[rows])
    ordered = _ordered(scores, rows, columns, wishes.places)
    matched = np.bincount(rows, minlength=len(scores))
    firsts = np.cumsum(matched) - matched
    choices = []
    for row, (first, number, most) in enumerate(
        zip(*(n.tolist() for n in (firsts, matched, wishes.most)), strict=True)
    ):
        best = ordered[first : first + min(number, most)]
        choices.append(Choice(tuple(best.tolist()), tuple(scores[row, best].tolist()), number))
    for row, excluded in _excluded(candidates):
        choices[row] = replace(choices[row], excluded=excluded)
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
    meets = ((candidates.wanted > 0) | (wishes.partial & (candidates.raw > 0))) & (candidates.required == wishes.required[rows]) & (candidates.excluded == 0)
    had = np.zeros((len(wishes.terms), len(wishes.places)), dtype=bool)
    had.ravel()[wishes.sent] = True
    eligible: Booleans = meets & wishes.allowed[wishes.group[rows], columns] & ~had[rows, columns]
    return eligible


def _ordered(scores: Floats, rows: Integers, columns: Integers, places: Integers) -> Integers:
    """The columns of each row, the best first; rows must rise.

    Scores that are the same to six decimals are equal, and ties go by place. All of it fits into one number: 27 bits
    of score behind 15 of row, before 21 of place.
    """
    worse = 10**8 - np.rint(scores[rows, columns] * 1e6).astype(np.int64)
    codes = np.sort(rows << 48 | worse << 21 | places[columns])
    ordered: Integers = np.argsort(places)[codes & (1 << 21) - 1]
    return ordered


def _excluded(candidates: Candidates) -> Iterator[tuple[int, frozenset[int]]]:
    """The listings that each profile excludes, if it does any."""
    kept = candidates.excluded > 0
    rows, columns = candidates.rows[kept], candidates.columns[kept]
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    for start, end in zip(starts, np.append(starts, len(rows))[1:], strict=True):
        yield int(rows[start]), frozenset(columns[start:end].tolist())


def _all_of(row: int, wishes: Wishes, excluded: frozenset[int]) -> Choice:
    wide = len(wishes.places)
    columns = np.flatnonzero(wishes.allowed[wishes.group[row]])
    columns = columns[~np.isin(row * wide + columns, wishes.sent)]
    columns = columns[~np.isin(columns, list(excluded))]
    best = columns[np.argsort(wishes.places[columns])][: wishes.most[row]].tolist()
    return Choice(tuple(best), (0.0,) * len(best), len(columns), excluded)
