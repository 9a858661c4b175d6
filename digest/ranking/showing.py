"""From the best listings of each subscriber to what they are shown."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice

import numpy as np

from digest.model import Announcement, Pick, Ranking, Reason, Section
from digest.ranking.choice import Chosen, choose
from digest.ranking.day import Day
from digest.ranking.explain import Picked, largest_first
from digest.ranking.lists import Booleans
from digest.ranking.readers import Reader, Readers
from digest.ranking.refine import CONSIDERED, Candidate, Shown, refine, signals, simple, strongest
from digest.ranking.revisions import versions
from digest.ranking.sections import in_order, section_of


def rankings(readers: Readers) -> list[Ranking]:
    """One for each, in their order."""
    found: dict[int, Ranking] = {}
    later = versions(readers)
    for compared in (False, True):
        own = [at for at, reader in enumerate(readers.all) if simple(reader.subscriber.profile) is not compared]
        found.update(zip(own, _ranked(readers, [readers.all[at] for at in own], CONSIDERED * compared), strict=True))
    return [_with(found[at], later[at]) for at in range(len(readers.all))]


def _with(ranking: Ranking, later: tuple[Pick, ...]) -> Ranking:
    """The ranking with new versions beside what it has."""
    return replace(ranking, picks=in_order((*ranking.picks, *later))) if later else ranking


def _ranked(readers: Readers, some: Sequence[Reader], least: int) -> Iterator[Ranking]:
    """The rankings of some; `least` candidates are looked at for each."""
    most = [max(reader.subscriber.profile.max_papers, least) for reader in some]
    for chosen in choose(readers.day.table, readers.wishes(some, most)):
        block = some[chosen.first : chosen.first + len(chosen.members.lines)]
        yield from _Block(readers.day, block, chosen).rankings()


class _Block:
    """Some subscribers, and what was chosen for them."""

    def __init__(self, day: Day, readers: Sequence[Reader], chosen: Chosen) -> None:
        self._day = day
        self._readers = readers
        self._chosen = chosen

    def rankings(self) -> Iterator[Ranking]:
        candidates = found(self._day, self._readers, self._chosen)
        shown = [
            refined(self._day, reader, own).candidates for reader, own in zip(self._readers, candidates, strict=True)
        ]
        reasons = iter(reasons_of(self._day, self._chosen, shown))
        excluded = _by_row(self._chosen, self._day.trends)
        for row, reader in enumerate(self._readers):
            matched = [self._matching(reader, candidate, next(reasons)) for candidate in shown[row]]
            hidden = {*(candidate.column for candidate in shown[row]), *excluded.get(row, ()), *reader.sent}
            yield Ranking(
                picks=in_order((*matched, *trending(self._day, reader, hidden))),
                read=reader.news.read,
                papers=len(reader.news.announced),
                matched=self._matched(row, reader),
                problems=reader.problems,
            )

    def _matching(self, reader: Reader, candidate: Candidate, reasons: tuple[Reason, ...]) -> Pick:
        a = reader.news.announced[candidate.column]
        listing = self._day.board.listings[candidate.column]
        if candidate.signals:
            reasons = largest_first((*reasons, *candidate.signals))
        return Pick(listing, section_of(reasons), a.kind, a.source, a.day, candidate.score, reasons)

    @cached_property
    def _open(self) -> Booleans:
        return self._chosen.open.held((len(self._readers), self._day.table.wide))

    def _matched(self, row: int, reader: Reader) -> int:
        if not reader.everything:
            return int(self._chosen.best.matched[row])
        columns = np.flatnonzero(self._open[row]).tolist()
        return len({self._day.twin_of.get(column, -1 - column) for column in columns})


# --- candidates -----------------------------------------------------------------------------------------------------


def found(day: Day, readers: Sequence[Reader], chosen: Chosen) -> list[list[Candidate]]:
    """The candidates of each subscriber, with what must be known of them to compare them."""
    best = chosen.best
    rows = np.repeat(np.arange(len(readers)), np.diff(best.ends))
    matches = chosen.scale.scores(rows, best.units).tolist()
    columns, ends = best.columns.tolist(), best.ends.tolist()
    candidates = []
    every = chosen.open.held((len(readers), day.table.wide)) if any(reader.everything for reader in readers) else None
    for row, reader in enumerate(readers):
        own, own_matches = columns[ends[row] : ends[row + 1]], matches[ends[row] : ends[row + 1]]
        if reader.everything and every is not None:
            others = sorted(set(np.flatnonzero(every[row]).tolist()).difference(own))
            own, own_matches = own + others, own_matches + [0.0] * len(others)
        known = map(Candidate, own, own_matches, own_matches)
        candidates.append(list(known if simple(reader.subscriber.profile) else _known(day, reader, own, own_matches)))
    return candidates


def _known(day: Day, reader: Reader, columns: Sequence[int], matches: Sequence[float]) -> Iterator[Candidate]:
    """Candidates with all that must be known to compare them."""
    strong = strongest(day.table, np.array(reader.lines, dtype=np.int64), np.array(columns, dtype=np.int64)).tolist()
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


def reasons_of(day: Day, chosen: Chosen, shown: Sequence[Sequence[Candidate]]) -> list[tuple[Reason, ...]]:
    """The reasons of each candidate, one subscriber's behind another's."""
    rows = [row for row, candidates in enumerate(shown) for _ in candidates]
    columns = [candidate.column for candidates in shown for candidate in candidates]
    scores = [candidate.match for candidates in shown for candidate in candidates]
    picked = Picked(np.array(rows, dtype=np.int64), np.array(columns, dtype=np.int64), np.array(scores, dtype=float))
    return day.explainer.reasons(chosen.members, picked)


# --- trending -------------------------------------------------------------------------------------------------------


def _by_row(chosen: Chosen, which: Booleans) -> dict[int, set[int]]:
    """The columns of some listings that each row excludes."""
    rows, columns = chosen.excluded
    kept = which[columns]
    excluded: dict[int, set[int]] = {}
    for row, column in zip(rows[kept].tolist(), columns[kept].tolist(), strict=True):
        excluded.setdefault(row, set()).add(column)
    return excluded


def trending(day: Day, reader: Reader, hidden: Collection[int]) -> Iterator[Pick]:
    """What is talked about most, but for what is hidden."""
    profile = reader.subscriber.profile
    papers = {day.twin_of[column] for column in hidden if column in day.twin_of}
    shown = (
        Pick(day.board.listings[column], Section.TRENDING, a.kind, a.source, a.day, 0.0, votes=a.votes)
        for column in day.stock.by_pace
        if column not in hidden and day.twin_of.get(column) not in papers
        for a in _from_sources(day.board.trending[column], profile.sources)
    )
    return islice(shown, max(0, profile.max_trending))


def _from_sources(announcements: Iterable[Announcement], sources: Collection[str]) -> Iterator[Announcement]:
    """The strongest of them that comes from one of the sources, if there is one."""
    return islice((a for a in announcements if not sources or a.source in sources), 1)
