"""From the best listings of each subscriber to what they are shown."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from itertools import islice, pairwise, repeat

import numpy as np

from digest.model import Announcement, Pick, Ranking, Reason, Section
from digest.model.many import many
from digest.ranking.bm25f import Floats
from digest.ranking.choice import Chosen, choose
from digest.ranking.day import Day
from digest.ranking.explain import Picked, beside, largest_first, rounded
from digest.ranking.lists import Booleans, Integers, rising
from digest.ranking.readers import Reader, Readers
from digest.ranking.refine import CONSIDERED, Candidate, Shown, refine, signals, simple, strongest
from digest.ranking.revisions import versions
from digest.ranking.sections import in_order


def rankings(readers: Readers) -> list[Ranking]:
    """One for each, in their order."""
    alike: defaultdict[tuple[bool, bool], list[int]] = defaultdict(list)
    for at, (reader, learnt) in enumerate(zip(readers.all, readers.learnt.tolist(), strict=True)):
        alike[simple(reader.subscriber.profile), learnt].append(at)
    found: dict[int, Ranking] = {}
    for (alone, _), own in alike.items():
        found.update(zip(own, _ranked(readers, own, 0 if alone else CONSIDERED), strict=True))
    later = versions(readers)
    return [_with(found[at], later.get(at, ())) for at in range(len(readers.all))]


def _with(ranking: Ranking, later: tuple[Pick, ...]) -> Ranking:
    """The ranking with new versions beside what it has."""
    return replace(ranking, picks=in_order((*ranking.picks, *later))) if later else ranking


def _ranked(readers: Readers, some: Sequence[int], least: int) -> Iterator[Ranking]:
    """The rankings of some, by their places; `least` candidates are looked at for each."""
    most = [max(readers.all[at].subscriber.profile.max_papers, least) for at in some]
    for chosen in choose(readers.day.table, readers.wishes(some, most)):
        block = some[chosen.first : chosen.first + len(chosen.members.lines)]
        yield from _Block(readers, [readers.all[at] for at in block], chosen).rankings()


@dataclass(frozen=True, slots=True)
class _Taken:
    """What is shown to the readers of a block, by row, best first."""

    rows: Integers
    columns: Integers
    matches: Floats
    scores: Floats  # the same, and what signals add
    signals: Mapping[int, tuple[Reason, ...]]  # by place, of those that have any


class _Block:
    """Some subscribers, and what was chosen for them."""

    def __init__(self, readers: Readers, some: Sequence[Reader], chosen: Chosen) -> None:
        self._day = readers.day
        self._heralds = readers.heralds
        self._readers = some
        self._chosen = chosen

    def rankings(self) -> list[Ranking]:
        taken = self._taken()
        picks = self._picks(taken)
        ends = np.searchsorted(taken.rows, np.arange(len(self._readers) + 1)).tolist()
        own = [picks[start:end] for start, end in pairwise(ends)]
        if self._day.stock.by_pace:
            own = [(*each, *talk) for each, talk in zip(own, self._trending(taken), strict=True)]
        return many(
            Ranking,
            len(own),
            own,
            [reader.news.read for reader in self._readers],
            self._matched(),
            [reader.problems for reader in self._readers],
            [len(reader.news.announced) for reader in self._readers],
        )

    # --- what matches -----------------------------------------------------------------------------------------------

    def _taken(self) -> _Taken:
        best, profiles = self._chosen.best, [reader.subscriber.profile for reader in self._readers]
        rows, matches = _scored(self._chosen)
        alone = self._alone(rows)
        most = np.array([max(0, profile.max_papers) for profile in profiles], dtype=np.int64)
        least = np.array([profile.min_match for profile in profiles], dtype=float)
        places = np.arange(len(rows)) - best.ends[rows]
        kept = alone[rows] & (places < most[rows]) & (matches >= least[rows])
        found = _Taken(rows[kept], best.columns[kept], matches[kept], matches[kept], {})
        compared = np.flatnonzero(~alone).tolist()
        return _together(found, [(row, self._refined(row)) for row in compared]) if compared else found

    def _alone(self, rows: Integers) -> Booleans:
        """By row, whether the candidates need not be compared with one another, and all of them are at hand."""
        alone = np.array(
            [simple(each.subscriber.profile) and not each.everything for each in self._readers], dtype=bool
        )
        alone[rows[self._day.is_twin[self._chosen.best.columns]]] = False
        return alone

    def _refined(self, row: int) -> list[Candidate]:
        reader = self._readers[row]
        return refined(self._day, reader, candidates(self._day, reader, self._chosen, row)).candidates

    def _picks(self, taken: _Taken) -> tuple[Pick, ...]:
        told = self._day.explainer.told(self._chosen.members, Picked(taken.rows, taken.columns, taken.matches))
        reasons = told.reasons
        for place, said in beside(taken.signals, taken.matches, taken.scores).items():
            reasons[place] = largest_first((*reasons[place], *said))
        order = rising(taken.rows, told.of_authors.astype(np.int64))  # sections as they are shown
        columns, stock = taken.columns[order], self._day.stock
        groups = np.array([reader.group for reader in self._readers], dtype=np.int64)
        heralds = self._heralds[groups[taken.rows[order]], columns]
        return tuple(
            many(
                Pick,
                len(order),
                stock.listings[columns].tolist(),
                _SECTIONS[told.of_authors[order].astype(np.int64)].tolist(),
                *(column[heralds].tolist() for column in stock.news_columns),
                rounded(taken.scores[order]).tolist(),
                map(reasons.__getitem__, order.tolist()),
                repeat(""),
                repeat(""),
                repeat(0),
            )
        )

    def _matched(self) -> list[int]:
        matched: list[int] = self._chosen.best.matched.tolist()
        for row, reader in enumerate(self._readers):
            if reader.everything:
                columns = np.flatnonzero(self._open[row]).tolist()
                matched[row] = len({self._day.twin_of.get(column, -1 - column) for column in columns})
        return matched

    @cached_property
    def _open(self) -> Booleans:
        return self._chosen.open.held((len(self._readers), self._day.table.wide))

    # --- what is talked about ---------------------------------------------------------------------------------------

    def _trending(self, taken: _Taken) -> Iterator[tuple[Pick, ...]]:
        """For each reader what is talked about most, but for what they are shown already, had, or exclude."""
        telling = self._day.trends | self._day.is_twin
        hidden: list[Mapping[int, Collection[int]]] = [
            _by_row(*self._chosen.excluded, self._day.trends),
            _by_row(taken.rows, taken.columns, telling),
            {row: reader.sent for row, reader in enumerate(self._readers) if reader.sent},
        ]
        usual = cache(partial(trending, self._day))
        for row, reader in enumerate(self._readers):
            own = frozenset[int]().union(*(by_row[row] for by_row in hidden if row in by_row))
            yield usual(reader.subscriber.profile.sources, reader.subscriber.profile.max_trending, own)


_SECTIONS = np.array([Section.FOR_YOU, Section.AUTHORS], dtype=object)  # by whether nothing but authors speaks for it


def _together(alone: _Taken, compared: Sequence[tuple[int, Sequence[Candidate]]]) -> _Taken:
    """Both, by row."""
    own = [(row, candidate) for row, candidates in compared for candidate in candidates]
    rows = np.concatenate([alone.rows, np.array([row for row, _ in own], dtype=np.int64)])
    columns = np.concatenate([alone.columns, np.array([candidate.column for _, candidate in own], dtype=np.int64)])
    matches = np.concatenate([alone.matches, np.array([candidate.match for _, candidate in own], dtype=float)])
    scores = np.concatenate([alone.scores, np.array([candidate.score for _, candidate in own], dtype=float)])
    order = rising(rows)
    said = {place: candidate.signals for place, (_, candidate) in enumerate(own, len(alone.rows)) if candidate.signals}
    places = {old: new for new, old in enumerate(order.tolist()) if old in said}
    signals = {places[old]: reasons for old, reasons in said.items()}
    return _Taken(rows[order], columns[order], matches[order], scores[order], signals)


# --- candidates -----------------------------------------------------------------------------------------------------


def _scored(chosen: Chosen) -> tuple[Integers, Floats]:
    """Of the best of each profile the rows, and how well they match."""
    rows = np.repeat(np.arange(len(chosen.members.lines)), np.diff(chosen.best.ends))
    return rows, chosen.scale.scores(rows, chosen.best.units)


def candidates(day: Day, reader: Reader, chosen: Chosen, row: int) -> list[Candidate]:
    """The candidates of the subscriber in a row, with what must be known of them to compare them."""
    own = slice(*chosen.best.ends[row : row + 2])
    columns = chosen.best.columns[own].tolist()
    matches = chosen.scale.scores(np.full(len(columns), row), chosen.best.units[own]).tolist()
    if reader.everything:
        every = np.flatnonzero(chosen.open.held((len(chosen.members.lines), day.table.wide))[row])
        others = sorted(set(every.tolist()).difference(columns))
        columns, matches = columns + others, matches + [0.0] * len(others)
    if simple(reader.subscriber.profile):
        return list(map(Candidate, columns, matches, matches))
    return list(_known(day, reader, chosen.members.lines[row], columns, matches))


def _known(
    day: Day, reader: Reader, lines: Integers, columns: Sequence[int], matches: Sequence[float]
) -> Iterator[Candidate]:
    """Candidates with all that must be known to compare them."""
    strong = strongest(day.table, lines, np.array(columns, dtype=np.int64)).tolist()
    for column, match, line in zip(columns, matches, strong, strict=True):
        said: tuple[Reason, ...] = ()
        if reader.subscriber.profile.signals:
            said = tuple(signals(day.board.listings[column], day.pace(column), match))
        yield Candidate(column, match, match + sum(reason.contribution for reason in said), said, line)


def refined(day: Day, reader: Reader, candidates: Sequence[Candidate]) -> Shown:
    """What is shown of candidates, best first as they come where they need not be compared."""
    profile = reader.subscriber.profile
    if not simple(profile) or any(candidate.column in day.twin_of for candidate in candidates):
        return refine(candidates, profile, day.twin_of, day.vectors, everything=reader.everything)
    least = 0.0 if reader.everything else profile.min_match
    return Shown([c for c in candidates[: max(0, profile.max_papers)] if c.match >= least])


# --- trending -------------------------------------------------------------------------------------------------------


def _by_row(rows: Integers, columns: Integers, which: Booleans) -> dict[int, set[int]]:
    """Of such pairs those columns of each row that are some of `which`."""
    kept = which[columns]
    found: dict[int, set[int]] = {}
    for row, column in zip(rows[kept].tolist(), columns[kept].tolist(), strict=True):
        found.setdefault(row, set()).add(column)
    return found


def trending(day: Day, sources: Collection[str], most: int, hidden: Collection[int]) -> tuple[Pick, ...]:
    """What is talked about most, but for what is hidden."""
    papers = {day.twin_of[column] for column in hidden if column in day.twin_of}
    shown = (
        Pick(day.board.listings[column], Section.TRENDING, a.kind, a.source, a.day, 0.0, votes=a.votes)
        for column in day.stock.by_pace
        if column not in hidden and day.twin_of.get(column) not in papers
        for a in _from_sources(day.board.trending[column], sources)
    )
    return tuple(islice(shown, max(0, most)))


def _from_sources(announcements: Iterable[Announcement], sources: Collection[str]) -> Iterator[Announcement]:
    """The strongest of them that comes from one of the sources, if there is one."""
    return islice((a for a in announcements if not sources or a.source in sources), 1)
