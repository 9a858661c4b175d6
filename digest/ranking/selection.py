"""Which listings a subscriber may be shown, before anybody asks what they are worth."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import cache, partial

import numpy as np
import numpy.typing as npt

from digest.model import Announcement, Kind, Listing
from digest.ranking.corpus import identity
from digest.ranking.features import category_matches
from digest.ranking.lists import Booleans

_NEWS = frozenset({Kind.NEW, Kind.CROSS, Kind.TRENDING})  # a revision alone brings no paper back


@dataclass(frozen=True, slots=True)
class Board:
    """The listings at hand, each once and numbered, with the announcements of each."""

    listings: tuple[Listing, ...] = ()
    numbers: Mapping[int | str, int] = field(default_factory=dict)  # by identity
    news: tuple[tuple[Announcement, ...], ...] = ()  # of the window, by number
    trending: tuple[tuple[Announcement, ...], ...] = ()  # by number


def board(window: Iterable[Announcement], trending: Iterable[Announcement]) -> Board:
    """The listings of a window and of what is trending. Of several accounts of a listing, the last announced counts."""
    news = sorted((a for a in window if a.kind in _NEWS), key=_strength)
    talk = sorted(trending, key=_strength)
    listings = {identity(a.listing): a.listing for a in sorted((*talk, *news), key=lambda a: a.seq)}
    numbers = {key: number for number, key in enumerate(listings)}
    return Board(tuple(listings.values()), numbers, _by_listing(news, numbers), _by_listing(talk, numbers))


def _strength(announcement: Announcement) -> tuple[int, int]:
    return announcement.kind.order, announcement.seq


def _by_listing(
    announcements: Iterable[Announcement], numbers: Mapping[int | str, int]
) -> tuple[tuple[Announcement, ...], ...]:
    found: list[list[Announcement]] = [[] for _ in numbers]
    for announcement in announcements:
        found[numbers[identity(announcement.listing)]].append(announcement)
    return tuple(map(tuple, found))


@dataclass(frozen=True, slots=True)
class News:
    """What is new to subscribers who have got as far as one another and read the same sources."""

    announced: Mapping[int, Announcement]  # by number of the listing: its strongest announcement
    read: Mapping[str, int]  # per source: how many listings


def news(board: Board, cursor: int, sources: Collection[str]) -> News:
    """What was announced after `cursor` by one of the sources (any if none is named)."""
    announced: dict[int, Announcement] = {}
    read: dict[str, int] = {}
    for number, announcements in enumerate(board.news):
        fresh = [a for a in announcements if a.seq > cursor and (not sources or a.source in sources)]
        if fresh:
            announced[number] = fresh[0]
        for source in {a.source for a in fresh}:
            read[source] = read.get(source, 0) + 1
    return News(announced, dict(sorted(read.items())))


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
        self.places = newest_first(board)
        self.by_pace = by_pace(board, self.places)
        self.news = cache(partial(news, board))
        self._classified = cache(partial(classified, board))

    def allowed(self, news: News, categories: Sequence[str]) -> Booleans:
        """For each listing whether it is news and in one of the categories, if any is named."""
        mask = np.zeros(len(self.board.listings), dtype=bool)
        mask[[*news.announced]] = True
        return mask & np.logical_or.reduce([self._classified(c) for c in categories]) if categories else mask


def newest_first(board: Board) -> npt.NDArray[np.int64]:
    """The place of each listing when ties are broken: newer before older, then by identity."""

    def key(number: int) -> tuple[float, str, int]:
        listing = board.listings[number]
        published = listing.published or _announced(board, number)
        return -published.timestamp(), "" if listing.id else listing.keys[0], listing.id

    places = np.empty(len(board.listings), dtype=np.int64)
    places[sorted(range(len(board.listings)), key=key)] = np.arange(len(board.listings))
    return places


def _announced(board: Board, number: int) -> datetime:
    return datetime.combine(_first_day(board, number), time(), UTC)


def _first_day(board: Board, number: int) -> date:
    return min(a.day for a in (*board.news[number], *board.trending[number]))


def by_pace(board: Board, places: npt.NDArray[np.int64]) -> list[int]:
    """The listings that are talked about, by upvotes a day since they were first announced as such.

    The newest day among them counts as the first of its own, so that yesterday's 40 upvotes equal today's 20.
    """
    talked = [
        n for n, announcements in enumerate(board.trending) if announcements and (board.listings[n].upvotes or 0) > 0
    ]
    today = max((a.day for n in talked for a in board.trending[n]), default=date.min)

    def key(number: int) -> tuple[float, int]:
        days = (today - min(a.day for a in board.trending[number])).days + 1
        return -(board.listings[number].upvotes or 0) / days, int(places[number])

    return sorted(talked, key=key)
