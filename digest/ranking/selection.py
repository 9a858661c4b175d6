"""Which listings a subscriber may be shown, before anybody asks what they are worth."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import cache, partial
from itertools import chain

import numpy as np
import numpy.typing as npt

from digest.model import Announcement, Kind, Listing
from digest.ranking.features import category_matches
from digest.ranking.index import Told
from digest.ranking.lists import Booleans, Integers

Objects = npt.NDArray[np.object_]

_NEWS = frozenset({Kind.NEW, Kind.CROSS, Kind.TRENDING})  # a revision alone brings no paper back


@dataclass(frozen=True, slots=True)
class Board:
    """The listings at hand, each once, with the announcements of each.

    They are numbered as ties are broken: newer before older, then by identity.
    """

    listings: tuple[Listing, ...] = ()
    numbers: Mapping[int | str, int] = field(default_factory=dict)  # by identity
    news: tuple[tuple[Announcement, ...], ...] = ()  # of the window, by number; the strongest first
    trending: tuple[tuple[Announcement, ...], ...] = ()  # by number; likewise

    @property
    def everything(self) -> tuple[Announcement, ...]:
        """All news of all listings, by their numbers."""
        return tuple(chain.from_iterable(self.news))


def board(window: Iterable[Announcement], trending: Iterable[Announcement], *, revisions: bool = False) -> Board:
    """The listings of a window and of what is trending. Of several accounts of a listing, the last announced counts.

    What was only revised is on it if somebody wants `revisions`.
    """
    news, talk = sorted(window, key=_strength), sorted(trending, key=_strength)
    found = {a.listing.identity: a.listing for a in sorted((*talk, *news), key=lambda a: a.seq)}
    announced = {a.listing.identity for a in (*talk, *news) if revisions or a.kind in _NEWS}
    first_days: dict[int | str, date] = {}
    for a in (*news, *talk):
        first_days[a.listing.identity] = min(a.day, first_days.get(a.listing.identity, a.day))
    ordered = sorted(announced, key=lambda key: place(found[key], first_days[key]))
    numbers = {key: number for number, key in enumerate(ordered)}
    listings = tuple(found[key] for key in ordered)
    return Board(listings, numbers, _by_listing(news, numbers), _by_listing(talk, numbers))


def _strength(announcement: Announcement) -> tuple[int, int]:
    return announcement.kind.order, announcement.seq


def place(listing: Listing, day: date) -> tuple[float, str, int]:
    """What breaks a tie: the newer comes first, then whatever has the lower number."""
    published = listing.published or datetime.combine(day, time(), UTC)
    return -published.timestamp(), "" if listing.id else listing.keys[0], listing.id


def _by_listing(
    announcements: Iterable[Announcement], numbers: Mapping[int | str, int]
) -> tuple[tuple[Announcement, ...], ...]:
    found: list[list[Announcement]] = [[] for _ in numbers]
    for announcement in announcements:
        if (key := announcement.listing.identity) in numbers:
            found[numbers[key]].append(announcement)
    return tuple(map(tuple, found))


def revised(window: Iterable[Announcement]) -> Mapping[int, tuple[Announcement, ...]]:
    """The announcements of later versions, by the number of the listing, newest first."""
    found: dict[int, tuple[Announcement, ...]] = {}
    for a in sorted(window, key=lambda a: -a.seq):
        if a.kind is Kind.REVISION and a.listing.id and (a.listing.version is None or a.listing.version > 1):
            found[a.listing.id] = (*found.get(a.listing.id, ()), a)
    return found


def told(board: Board) -> list[Told]:
    """Who announced each listing, and as what."""
    return [told_by((*news, *talk)) for news, talk in zip(board.news, board.trending, strict=True)]


def told_by(announcements: Iterable[Announcement]) -> Told:
    """Who announced one listing, and as what."""
    own = tuple(announcements)
    return Told(frozenset(a.source.casefold() for a in own), frozenset(a.kind.value for a in own))


@dataclass(frozen=True, slots=True)
class News:
    """What is new to subscribers who have got as far as one another and read the same sources."""

    announced: Mapping[int, Announcement]  # by number of the listing: its strongest announcement
    read: Mapping[str, int]  # per source: how many listings
    heralds: Integers  # the same by number of the listing, as numbers of `Board.everything`; -1: it is no news


def news(board: Board, cursor: int, sources: Collection[str], *, revisions: bool = False) -> News:
    """What was announced after `cursor` by one of the sources (any if none is named)."""
    announced: dict[int, Announcement] = {}
    read: dict[str, int] = {}
    heralds = np.full(len(board.news), -1)
    first = 0
    for number, announcements in enumerate(board.news):
        fresh = [
            (place, a)
            for place, a in enumerate(announcements, first)
            if a.seq > cursor and (not sources or a.source in sources) and (revisions or a.kind in _NEWS)
        ]
        if fresh:
            heralds[number], announced[number] = fresh[0]
        for source in {a.source for _, a in fresh}:
            read[source] = read.get(source, 0) + 1
        first += len(announcements)
    return News(announced, dict(sorted(read.items())), heralds)


def classified(board: Board, pattern: str) -> Booleans:
    """For each listing whether it is in a category. What nobody classified always is."""
    pattern = pattern.casefold()
    listings = (
        not listing.categories or any(category_matches(pattern, category.casefold()) for category in listing.categories)
        for listing in board.listings
    )
    return np.fromiter(listings, dtype=bool, count=len(board.listings))


class Stock:
    """A board, and what was asked of it, which many subscribers share."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.by_pace = by_pace(board)
        self.listings = _objects(board.listings)
        self.news_columns = [
            _objects([getattr(a, name) for a in board.everything]) for name in ("kind", "source", "day")
        ]
        self.news = cache(partial(news, board))
        self._classified = cache(partial(classified, board))

    def allowed(self, news: News, categories: Sequence[str]) -> Booleans:
        """For each listing whether it is news and in one of the categories, if any is named."""
        mask = np.zeros(len(self.board.listings), dtype=bool)
        mask[[*news.announced]] = True
        return mask & np.logical_or.reduce([self._classified(c) for c in categories]) if categories else mask


def _objects(values: Sequence[object]) -> Objects:
    return np.fromiter(values, dtype=object, count=len(values))


def by_pace(board: Board) -> list[int]:
    """The listings that are talked about: first those that readers recommend, then by upvotes a day since they were
    first announced as such.
    """
    votes = [max((a.votes for a in own), default=0) for own in board.trending]
    talked = [n for n, own in enumerate(board.trending) if own and (votes[n] or (board.listings[n].upvotes or 0) > 0)]
    today = newest_day(board)
    return sorted(talked, key=lambda number: (-votes[number], -pace(board, number, today), number))


def newest_day(board: Board) -> date:
    """The newest day of what is trending."""
    return max((a.day for own in board.trending for a in own), default=date.min)


def pace(board: Board, number: int, today: date) -> float:
    """Upvotes a day. `today` counts as the first of its own, so that yesterday's 40 equal today's 20."""
    first = min((a.day for a in board.trending[number] or board.news[number]), default=today)
    return (board.listings[number].upvotes or 0) / (max(0, (today - first).days) + 1)
