"""From the best candidates of one profile to what is shown: one of twins, no term too often, nothing said twice.

    match -> + signals -> least match -> twins -> most of a term -> maximal marginal relevance -> as many as wanted

Diversity is Carbonell and Goldstein's maximal marginal relevance (SIGIR 1998) over tf-idf vectors.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy import sparse

from digest.model import Ground, Hurdle, Listing, Profile, Reason
from digest.ranking import weights
from digest.ranking.bm25f import Floats
from digest.ranking.corpus import Statistics
from digest.ranking.index import Index
from digest.ranking.lists import Integers
from digest.ranking.table import LEARNT, MET, Matrix, Table
from digest.text.counts import counted

CONSIDERED = 300  # candidates, where one must be compared with another


class Candidate(NamedTuple):
    """A listing that may be shown, and all that is known of it."""

    column: int
    match: float
    score: float  # the same, and what signals add
    signals: tuple[Reason, ...] = ()
    line: int = -1  # of the keyword that is its strongest reason


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a candidate is not shown: its hurdle, the line that crowds it out, or the listing that is its twin."""

    hurdle: Hurdle
    line: int = -1
    twin: int = -1


@dataclass(slots=True)
class Shown:
    """What is shown, best first, and why the others are not."""

    candidates: list[Candidate] = field(default_factory=list)
    refused: dict[int, Refused] = field(default_factory=dict)
    papers: dict[int, int] = field(default_factory=dict)  # what is shown of each, by its number
    per_line: Counter[int] = field(default_factory=Counter)  # so many that a line is the strongest reason for

    def add(self, candidate: Candidate, paper: int) -> None:
        self.candidates.append(candidate)
        self.papers[paper] = candidate.column
        self.per_line[candidate.line] += 1

    def speaks_against(self, candidate: Candidate, paper: int, most_per_line: int) -> Refused | None:
        """Why a candidate is not shown beside these."""
        if paper in self.papers:
            return Refused(Hurdle.TWIN, twin=self.papers[paper])
        if most_per_line and candidate.line >= 0 and self.per_line[candidate.line] >= most_per_line:
            return Refused(Hurdle.CROWDED, line=candidate.line)
        return None


def simple(profile: Profile) -> bool:
    """Whether candidates need not be compared with one another, except with twins."""
    return not (profile.max_per_term or profile.diversity or profile.signals)


def refine(
    candidates: Sequence[Candidate],
    profile: Profile,
    twin_of: Mapping[int, int],
    vectors: "Vectors | None" = None,
    *,
    everything: bool = False,
) -> Shown:
    """What is shown of candidates. `twin_of` gives those that are one paper the same number.

    Of who asks for `everything`, no match is too weak.
    """
    least = 0.0 if everything else profile.min_match
    shown = Shown()
    waiting = sorted(candidates, key=lambda c: (-c.score, c.column))
    likeness = vectors.likeness([c.column for c in waiting]) if vectors and profile.diversity and waiting else None
    places = {candidate.column: place for place, candidate in enumerate(waiting)}
    near = np.zeros(len(waiting))
    while waiting:
        full = len(shown.candidates) >= profile.max_papers
        candidate = waiting[0] if full else _next(waiting, places, near, profile.diversity)
        waiting.remove(candidate)
        paper = twin_of.get(candidate.column, -1 - candidate.column)
        refused = shown.speaks_against(candidate, paper, profile.max_per_term)
        if candidate.match < least:
            refused = Refused(Hurdle.WEAK)
        if refused or full:
            shown.refused[candidate.column] = refused or Refused(Hurdle.CUT)
            continue
        shown.add(candidate, paper)
        if likeness is not None:
            near = np.maximum(near, likeness[places[candidate.column]])
    shown.candidates.sort(key=lambda c: (-c.score, c.column))
    return shown


def _next(waiting: Sequence[Candidate], places: Mapping[int, int], near: Floats, diversity: float) -> Candidate:
    """The most relevant of those that wait, less what it says that is shown already."""
    if not diversity:
        return waiting[0]
    return max(waiting, key=lambda c: (1 - diversity) * c.score / 100 - diversity * near[places[c.column]])


# --- what is known of candidates ------------------------------------------------------------------------------------


def strongest(table: Table, lines: Integers, columns: Integers) -> Integers:
    """For each listing the line of a profile that adds most to its score; of equal ones the first."""
    keywords = lines[table.sorts[lines] != LEARNT]
    if not len(keywords):
        return np.full(len(columns), -1, dtype=np.int64)
    added = table.matrix[keywords].toarray()[:, columns] & MET - 1
    return np.where(added.any(axis=0), keywords[added.argmax(axis=0)], -1)


_HALF_UPVOTES, _HALF_COMMENTS = 20.0, 10.0  # a day, and in all, that bring half of what many bring
_UPVOTES, _COMMENTS, _CODE = 0.6, 0.2, 0.2  # shares of `weights.SIGNALS`


def signals(listing: Listing, pace: float, match: float) -> Iterator[Reason]:
    """What the community's word adds to a match: less the nearer that is to 100, so that none goes beyond.

    `pace` is upvotes a day.
    """
    room = weights.SIGNALS * (100.0 - match) / 100.0
    comments = listing.comments or 0
    said = (
        (counted(listing.upvotes or 0, "upvote"), "upvotes", _UPVOTES * pace / (pace + _HALF_UPVOTES)),
        (counted(comments, "comment"), "comments", _COMMENTS * comments / (comments + _HALF_COMMENTS)),
        ("code", "code", _CODE if listing.code_url else 0.0),
    )
    return (Reason(term, name, room * share, ground=Ground.SIGNAL) for term, name, share in said if room * share > 0)


class Vectors:
    """What listings say, as tf-idf vectors of length 1."""

    def __init__(self, index: Index, statistics: Statistics) -> None:
        self._index = index
        self._statistics = statistics

    def likeness(self, columns: Sequence[int]) -> Floats:
        """The cosine of each listing with each."""
        own = self._matrix[columns]
        alike: Floats = (own @ own.T).toarray()
        return alike

    @cached_property
    def _matrix(self) -> Matrix:
        index = self._index
        rarities = [self._statistics.rarity(word[:1]) if word else 0.0 for word in index.words]
        shape = len(index.texts), len(index.words)
        counts = sparse.csr_array((np.ones(index.wide), (index.text_of, index.row)), shape)
        counts.sum_duplicates()
        counts.data = (1 + np.log(counts.data)) * np.array(rarities)[counts.indices]
        lengths = np.sqrt(np.bincount(np.repeat(np.arange(shape[0]), np.diff(counts.indptr)), counts.data**2, shape[0]))
        return sparse.diags_array(1 / np.maximum(lengths, 1e-9)) @ counts
