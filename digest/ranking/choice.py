"""From candidates to the few best of each profile."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from digest.ranking.bm25f import Floats
from digest.ranking.lists import Booleans, Integers, Lists
from digest.ranking.matcher import Candidates, Matcher

_LAST = (1 << 32) - 1


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


@dataclass(frozen=True, slots=True)
class Choice:
    """The listings chosen for one profile, best first."""

    columns: tuple[int, ...] = ()
    scores: tuple[float, ...] = ()
    matched: int = 0  # before the cut
    excluded: frozenset[int] = frozenset()


def choose(matcher: Matcher, wishes: Wishes) -> list[Choice]:
    """The best listings of each profile."""
    candidates = matcher.match(wishes.terms)
    attainable, terms = matcher.attainable(wishes.terms)
    kept = _eligible(candidates, wishes)
    rows, columns = candidates.rows[kept], candidates.columns[kept]
    scores = np.zeros((len(wishes.terms), len(wishes.places)))
    scores[rows, columns] = scale(candidates.raw[kept], attainable[rows], terms[rows])
    matched = np.bincount(rows, minlength=len(scores))
    best = _best(scores, rows, columns, wishes)
    sizes = np.minimum(matched, wishes.most)
    picked = zip(best.tolist(), np.take_along_axis(scores, best, 1).tolist(), sizes.tolist(), strict=True)
    choices = [
        Choice(tuple(columns[:size]), tuple(scores[:size]), number)
        for (columns, scores, size), number in zip(picked, matched.tolist(), strict=True)
    ]
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
    meets = (candidates.wanted > 0) & (candidates.required == wishes.required[rows]) & (candidates.excluded == 0)
    had = np.zeros((len(wishes.terms), len(wishes.places)), dtype=bool)
    had.ravel()[wishes.sent] = True
    eligible: Booleans = meets & wishes.allowed[wishes.group[rows], columns] & ~had[rows, columns]
    return eligible


def _best(scores: Floats, rows: Integers, columns: Integers, wishes: Wishes) -> Integers:
    """The columns of each row's best, as many as anybody wants; where there are fewer, nonsense follows.

    Scores that are equal to six decimals are, and ties go by place: one number orders both.
    """
    wide = len(wishes.places)
    order = np.zeros(scores.shape, dtype=np.int64)
    order[rows, columns] = (np.rint(scores[rows, columns] * 1e6).astype(np.int64) << 32) | (
        _LAST - wishes.places[columns]
    )
    most = min(wide, int(wishes.most.max(initial=0)))
    if most < wide:
        order = np.partition(order, wide - most, axis=1)[:, wide - most :]
    order = -np.sort(-order, axis=1)
    by_place = np.argsort(wishes.places)
    return by_place[np.minimum(_LAST - (order & _LAST), max(0, wide - 1))] if wide else order


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
