"""What a profile would have sent: each day's news ranked again, as if it had been the profile all along.

    days (date, announcements)  --rank-->  Backtest        for each reader: what is shown, what only just is not
    Backtest                               best, weakest, nearest, carried: what there is to say of it
    Backtest x Backtest         -------->  Comparison      what both, or only one, would have shown

Pure: the ranker and the days come in. A paper comes once, as in editions; nothing else was sent before.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain

from digest.model import (
    Announcement,
    Ground,
    Hurdle,
    Pick,
    Profile,
    Ranking,
    Reason,
    Section,
    Shard,
    SourceState,
    Subscriber,
)

Rank = Callable[[Shard], Sequence[Ranking]]  # one ranking a subscriber, in their order
News = tuple[date, Sequence[Announcement]]  # what sources announced on their own calendar day

NEAR = 5  # a day's papers that came nearest to being shown


@dataclass(frozen=True, slots=True)
class Near:
    """A paper that matched and was not shown."""

    pick: Pick
    hurdle: Hurdle  # WEAK, CUT or CROWDED


@dataclass(frozen=True, slots=True)
class Day:
    """What would have been sent of one day's news."""

    day: date
    papers: int = 0  # announced by the sources that are read
    matched: int = 0
    picks: tuple[Pick, ...] = ()
    near: tuple[Near, ...] = ()  # the best of what was not shown, `NEAR` at most
    missing: tuple[str, ...] = ()  # sources that are not held of this day, or not to its end


@dataclass(frozen=True, slots=True)
class Backtest:
    """What a profile would have sent."""

    profile: Profile
    days: tuple[Day, ...] = ()
    problems: tuple[str, ...] = ()  # faults of the profile itself

    @property
    def picks(self) -> tuple[Pick, ...]:
        """All that would have been shown, best first."""
        return _best_first(pick for day in self.days for pick in day.picks)

    @property
    def near(self) -> tuple[Near, ...]:
        """All that came near, best first; what was shown on another day did not miss."""
        shown = {pick.listing.identity for pick in self.picks}
        missed = {near.pick.listing.identity: near for day in self.days for near in day.near}
        left = [near for key, near in missed.items() if key not in shown]
        return tuple(sorted(left, key=lambda near: (-near.pick.score, near.pick.day)))

    @property
    def empty(self) -> tuple[Day, ...]:
        """Days with news, and nothing to send."""
        return tuple(day for day in self.days if day.papers and not day.picks)

    @property
    def quiet(self) -> tuple[Day, ...]:
        """Days on which nothing was announced, as far as is known."""
        return tuple(day for day in self.days if not day.papers and not day.missing)

    @property
    def unknown(self) -> tuple[Day, ...]:
        """Days of which nothing is held, and of which more should be."""
        return tuple(day for day in self.days if not day.papers and day.missing)


def _best_first(picks: Iterable[Pick]) -> tuple[Pick, ...]:
    return tuple(sorted(picks, key=lambda pick: (-pick.score, pick.day)))


# --- the days ranked again ------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Reader:
    """A subscriber, who is in each shard twice: as they are, and without what keeps matching papers from them."""

    subscriber: Subscriber
    shown: set[int] = field(default_factory=set)
    days: list[Day] = field(default_factory=list)
    problems: tuple[str, ...] = ()

    def twice(self, number: int) -> tuple[Subscriber, Subscriber]:
        own = replace(self.subscriber.profile, max_trending=0)
        free = replace(own, max_papers=own.max_papers + NEAR, min_match=0.0, max_per_term=0, diversity=0.0)
        return (
            replace(self.subscriber, id=2 * number + 1, cursor=0, profile=own),
            replace(self.subscriber, id=2 * number + 2, cursor=0, profile=free),
        )

    def note(self, day: date, own: Ranking, free: Ranking, missing: Sequence[str]) -> None:
        self.problems = own.problems or self.problems
        near = tuple(_near(own, free, self.subscriber.profile))
        picks = _matching(own)
        self.days.append(Day(day, own.papers, own.matched, picks, near, tuple(missing)))
        self.shown |= {pick.listing.id for pick in picks}


def backtest(
    days: Iterable[News],
    shard: Shard,
    rank: Rank,
    missing: Callable[[Subscriber, date], Sequence[str]] = lambda *_: (),
) -> tuple[Backtest, ...]:
    """What each subscriber of the shard would have been sent of each day, in their order.

    Of the shard are taken its subscribers, background, tastes and time; days come oldest first, each with rising seqs
    from 1 on, and are asked for one at a time. `missing` says which sources of a subscriber lack a day.
    What is trending, or a new version of what was sent, is no matter of a profile and left out.
    """
    readers = [_Reader(subscriber) for subscriber in shard.subscribers]
    doubles = [double for number, reader in enumerate(readers) for double in reader.twice(number)]
    tastes = {
        double.id: shard.tastes[subscriber.id]
        for double, subscriber in zip(doubles, chain.from_iterable((s, s) for s in shard.subscribers), strict=True)
        if subscriber.id in shard.tastes
    }
    for day, announcements in days:
        sent = {double.id: frozenset(readers[place // 2].shown) for place, double in enumerate(doubles)}
        rankings = rank(
            replace(shard, subscribers=doubles, window=announcements, trending=(), sent=sent, tastes=tastes)
        )
        for reader, own, free in zip(readers, rankings[::2], rankings[1::2], strict=True):
            reader.note(day, own, free, missing(reader.subscriber, day))
    return tuple(Backtest(reader.subscriber.profile, tuple(reader.days), reader.problems) for reader in readers)


def _near(own: Ranking, free: Ranking, profile: Profile) -> Iterator[Near]:
    picks = _matching(own)
    shown = {pick.listing.identity for pick in picks}
    left = [pick for pick in _matching(free) if pick.listing.identity not in shown]
    for pick in _best_first(left)[:NEAR]:
        if match(pick.score, pick.reasons) < profile.min_match:
            yield Near(pick, Hurdle.WEAK)
        else:
            yield Near(pick, Hurdle.CUT if len(picks) >= profile.max_papers else Hurdle.CROWDED)


def _matching(ranking: Ranking) -> tuple[Pick, ...]:
    """What the profile brought, best first."""
    return _best_first(pick for pick in ranking.picks if pick.section in (Section.FOR_YOU, Section.AUTHORS))


def match(score: float, reasons: Iterable[Reason]) -> float:
    """What of a score is held against a least match: all but what the community added."""
    return score - sum(reason.contribution for reason in reasons if reason.ground is Ground.SIGNAL)


def unread(
    states: Iterable[SourceState], begins: Mapping[str, date], subscriber: Subscriber, day: date
) -> tuple[str, ...]:
    """The sources a subscriber reads that may have announced more on a day than is known.

    A visit without an incomplete part has read all days up to its own; a part that was read counts up to the day it
    says. `begins` is the first day that is held of each source.
    """
    wanted = subscriber.profile.sources
    return tuple(
        state.name
        for state in states
        if not wanted or state.name in wanted
        if not begins.get(state.name, date.max) <= day <= _read_until(state)
    )


def _read_until(state: SourceState) -> date:
    visited = state.last_success.date() if state.last_success else date.min
    return max(visited, min(state.covered.values(), default=date.min))


# --- what there is to say of it -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Carried:
    """What a term, or a word of one, brought."""

    term: str  # as reasons name it
    field: str  # "authors", "categories" ... where that is part of the name, else empty
    ground: Ground
    partial: bool
    papers: int
    points: float


def carried(picks: Iterable[Pick], names: Collection[str]) -> tuple[Carried, ...]:
    """What brought these papers, by sum of contributions; keywords before words of keywords before all else.

    `names` are those of whole keywords in reasons; what goes by another is a word of one.
    """
    found: dict[tuple[str, str, Ground, bool], dict[int | str, float]] = {}
    for pick in picks:
        for reason in pick.reasons:
            partial = reason.ground is Ground.KEYWORD and (reason.partial or reason.term not in names)
            field_ = "" if reason.field in _TEXT else reason.field
            papers = found.setdefault((reason.term, field_, reason.ground, partial), {})
            key = pick.listing.identity
            papers[key] = papers.get(key, 0.0) + reason.contribution
    rows = [Carried(*key, len(papers), sum(papers.values())) for key, papers in found.items()]
    return tuple(sorted(rows, key=lambda row: (list(Ground).index(row.ground), row.partial, -row.points, row.term)))


_TEXT = ("title", "abstract")


def idle(names: Mapping[str, Sequence[str]], picks: Iterable[Pick]) -> tuple[str, ...]:
    """The keyword lines that brought nothing; `names` says how reasons name each."""
    brought = {reason.term for pick in picks for reason in pick.reasons if _counts(reason)}
    return tuple(line for line, own in names.items() if brought.isdisjoint(own))


def _counts(reason: Reason) -> bool:
    return reason.ground is Ground.KEYWORD and not reason.partial


# --- two profiles ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shared:
    """How many papers of one day both profiles, or only one of them, would have shown."""

    day: date
    both: int
    one: int
    other: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two profiles would have sent over the same days."""

    days: tuple[Shared, ...] = ()
    both: tuple[Pick, ...] = ()  # as the first has them, best first
    one: tuple[Pick, ...] = ()  # only the first, best first
    other: tuple[Pick, ...] = ()


def compare(one: Backtest, other: Backtest) -> Comparison:
    """Side by side. A paper that both show, be it on different days, is one that both show."""
    shared = {p.listing.identity for p in one.picks} & {p.listing.identity for p in other.picks}

    def apart(picks: Iterable[Pick]) -> tuple[Pick, ...]:
        return tuple(pick for pick in picks if pick.listing.identity not in shared)

    days = []
    for first, second in zip(one.days, other.days, strict=True):
        both = {pick.listing.identity for pick in (*first.picks, *second.picks)} & shared
        days.append(Shared(first.day, len(both), len(apart(first.picks)), len(apart(second.picks))))
    both_ = tuple(pick for pick in one.picks if pick.listing.identity in shared)
    return Comparison(tuple(days), both_, apart(one.picks), apart(other.picks))
