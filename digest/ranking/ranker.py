"""The ranker: a shard of subscribers, all at once."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice

import numpy as np

from digest.errors import ProfileError
from digest.model import Announcement, Background, Pick, Ranking, Reason, Section, Shard, Subscriber
from digest.ranking import features, query, selection
from digest.ranking.choice import MOST_PROFILES, Choice, Wishes, choose
from digest.ranking.corpus import Reader, Statistics, identity
from digest.ranking.explain import Explainer, Picked
from digest.ranking.features import Asked
from digest.ranking.index import Index
from digest.ranking.lists import Booleans, Lists
from digest.ranking.matcher import Matcher
from digest.ranking.selection import News, Stock
from digest.ranking.term import Sign
from digest.text.background import count

_PAIRS = 1 << 21  # of profiles and listings at a time: 16 MB for each number that is known of a pair


class Ranker:
    """Ranks listings for subscribers. Holds nothing but caches: what was read once is not read again.

    For you: what was announced to a subscriber and matches at least one term in full, best first; ties go to the newer.
    Who names categories or sources but no keyword gets all that is in them, newest first.
    Trending: what is talked about most, whatever the keywords, except what they exclude.
    """

    def __init__(self) -> None:
        self._read = Reader()
        self._parse = lru_cache(maxsize=1 << 16)(_parse)
        self._index = lru_cache(maxsize=2)(Index)

    def rank(self, shard: Shard) -> list[Ranking]:
        """One ranking a subscriber, in their order."""
        stock = selection.Stock(selection.board(shard.window, shard.trending))
        index = self._index(tuple(map(self._read, stock.board.listings)))
        statistics = Statistics(shard.background if shard.background.papers else _own(shard))
        rankings: list[Ranking] = []
        size = min(MOST_PROFILES, max(64, _PAIRS // max(1, len(stock.board.listings))))
        for start in range(0, len(shard.subscribers), size):
            block = shard.subscribers[start : start + size]
            profiles = _profiles(block, self._parse)
            matcher = Matcher(profiles.terms, index, statistics)
            rankings += _Block(stock, profiles, block, shard).rankings(matcher)
        return rankings


def _own(shard: Shard) -> Background:
    return count({identity(a.listing): a.listing for a in shard.window}.values())


# --- profiles -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Profiles:
    """The distinct terms of some subscribers, and which of them each subscriber has."""

    terms: list[Asked] = field(default_factory=list)
    of: list[list[int]] = field(default_factory=list)  # per subscriber: numbers of terms, in the order written
    problems: list[tuple[ProfileError, ...]] = field(default_factory=list)

    def required(self, row: int) -> int:
        return sum(self.terms[number].term.sign is Sign.MUST for number in self.of[row])

    def asks(self, row: int) -> bool:
        """Whether there is a term to look for, be it one that cannot be read."""
        read = any(self.terms[number].term.sign is not Sign.NEVER for number in self.of[row])
        return read or any(not error.line.lstrip().startswith("-") for error in self.problems[row])


def _parse(line: str) -> Asked | ProfileError:
    try:
        return features.asked(query.parse(line))
    except ProfileError as error:
        return error.with_traceback(None)


def _profiles(subscribers: Iterable[Subscriber], parse: Callable[[str], Asked | ProfileError]) -> _Profiles:
    profiles = _Profiles()
    numbers: dict[str, int] = {}
    for subscriber in subscribers:
        own, problems = [], []
        for line in dict.fromkeys(subscriber.profile.keywords):
            if line in numbers:
                own.append(numbers[line])
            elif isinstance(read := parse(line), Asked):
                own.append(numbers.setdefault(line, len(profiles.terms)))
                profiles.terms.append(read)
            elif line.strip():
                problems.append(read)
        profiles.of.append(own)
        profiles.problems.append(tuple(problems))
    return profiles


def _problem(error: ProfileError) -> str:
    return f"Your keyword `{error.line.strip()}` could not be read: {error.what}."


# --- one block ------------------------------------------------------------------------------------------------------


class _Block:
    """Subscribers that are ranked for at once."""

    def __init__(
        self,
        stock: Stock,
        profiles: _Profiles,
        subscribers: Sequence[Subscriber],
        shard: Shard,
    ) -> None:
        self._stock = stock
        self._board = stock.board
        self._profiles = profiles
        self._terms = Lists.of(profiles.of)
        self._subscribers = subscribers
        self._partial = shard.partial
        numbers = stock.board.numbers
        self._sent = [
            frozenset(numbers[listing] for listing in shard.sent.get(s.id, ()) if listing in numbers) for s in subscribers
        ]

    def rankings(self, matcher: Matcher) -> Iterator[Ranking]:
        choices = choose(matcher, self._wishes())
        reasons = iter(Explainer(matcher, self._board.listings).reasons(self._terms, _picked(choices)))
        for row, choice in enumerate(choices):
            news = self._news_of(self._subscribers[row])
            yield Ranking(
                picks=(*self._for_you(choice, news, reasons), *self._trending(row, choice)),
                read=news.read,
                papers=len(news.announced),
                matched=choice.matched,
                problems=tuple(map(_problem, self._profiles.problems[row])),
            )

    def _wishes(self) -> Wishes:
        groups: dict[object, int] = {}
        allowed: list[Booleans] = []
        for subscriber in self._subscribers:
            if groups.setdefault(_group(subscriber), len(groups)) == len(allowed):
                allowed.append(self._stock.allowed(self._news_of(subscriber), subscriber.profile.categories))
        wide = len(self._board.listings)
        sent = [row * wide + column for row, columns in enumerate(self._sent) for column in columns]
        return Wishes(
            terms=self._terms,
            required=np.array([self._profiles.required(row) for row in range(len(self._subscribers))], dtype=np.int64),
            everything=np.array([self._wants_everything(row) for row in range(len(self._subscribers))], dtype=bool),
            most=np.array([max(0, s.profile.max_papers) for s in self._subscribers], dtype=np.int64),
            group=np.array([groups[_group(s)] for s in self._subscribers], dtype=np.int64),
            allowed=np.array(allowed, dtype=bool).reshape(len(allowed), wide),
            sent=np.array(sent, dtype=np.int64),
            places=self._stock.places,
            partial=self._partial,
        )

    def _wants_everything(self, row: int) -> bool:
        """Whether they name where to look but nothing to look for. A keyword they meant and we cannot read is one."""
        profile = self._subscribers[row].profile
        return bool(profile.categories or profile.sources) and not self._profiles.asks(row)

    def _news_of(self, subscriber: Subscriber) -> News:
        return self._stock.news(subscriber.cursor, frozenset(subscriber.profile.sources))

    def _for_you(self, choice: Choice, news: News, reasons: Iterator[tuple[Reason, ...]]) -> Iterator[Pick]:
        for column, score in zip(choice.columns, choice.scores, strict=True):
            yield self._shown(news.announced[column], column, Section.FOR_YOU, score, next(reasons))

    def _shown(
        self,
        announcement: Announcement,
        column: int,
        section: Section,
        score: float = 0.0,
        reasons: tuple[Reason, ...] = (),
    ) -> Pick:
        listing = self._board.listings[column]
        return Pick(listing, section, announcement.kind, announcement.source, announcement.day, score, reasons)

    def _trending(self, row: int, choice: Choice) -> Iterator[Pick]:
        profile = self._subscribers[row].profile
        hidden = {*choice.columns, *choice.excluded, *self._sent[row]}
        shown = (
            self._shown(announcement, column, Section.TRENDING)
            for column in self._stock.by_pace
            if column not in hidden
            for announcement in _from_sources(self._board.trending[column], profile.sources)
        )
        return islice(shown, max(0, profile.max_trending))


def _picked(choices: Sequence[Choice]) -> Picked:
    columns = Lists.of([choice.columns for choice in choices])
    return Picked(columns.owners, columns.values, [score for choice in choices for score in choice.scores])


def _group(subscriber: Subscriber) -> tuple[int, frozenset[str], tuple[str, ...]]:
    return subscriber.cursor, frozenset(subscriber.profile.sources), subscriber.profile.categories


def _from_sources(announcements: Iterable[Announcement], sources: Collection[str]) -> Iterator[Announcement]:
    """The strongest of them that comes from one of the sources, if there is one."""
    return islice((a for a in announcements if not sources or a.source in sources), 1)
