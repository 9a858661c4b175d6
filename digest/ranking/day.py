"""What all shards of a day share: the window as it was read, and the table of what is looked for in it."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np

from digest.model import Announcement, Background, Listing, Shard
from digest.ranking import selection
from digest.ranking.corpus import Statistics, Text
from digest.ranking.explain import Explainer
from digest.ranking.features import Line
from digest.ranking.index import Index
from digest.ranking.learning import Learner
from digest.ranking.refine import Vectors
from digest.ranking.table import Table
from digest.ranking.twins import twins
from digest.text.background import count

MOST_ENTRIES = 1 << 23  # of a table before it is begun anew, and of all that are remembered: some 250 MB


class Day:
    """A window, what is trending beside it, and a background: whatever does not depend on who reads."""

    def __init__(
        self, shard: Shard, read: Callable[[Listing], Text], *, revisions: bool, most_entries: int = MOST_ENTRIES
    ) -> None:
        self._window, self._trending = tuple(shard.window), tuple(shard.trending)
        self._background = shard.background
        self._read = read
        self.revisions = revisions
        self._most_entries = most_entries
        self.board = selection.board(shard.window, shard.trending, revisions=revisions)
        self.stock = selection.Stock(self.board)
        self.index = Index([read(listing) for listing in self.board.listings], selection.told(self.board))
        self.statistics = Statistics(shard.background if shard.background.papers else _own(shard.window))
        self.learner = Learner(self.statistics)
        self.twins = twins(self.board.listings, self.index)
        self.twin_of = {number: at for at, group in enumerate(self.twins) for number in group.tolist()}
        self.is_twin = np.zeros(len(self.board.listings), dtype=bool)
        self.is_twin[list(self.twin_of)] = True
        self.trends = np.array([bool(own) for own in self.board.trending], dtype=bool)
        self.newest = selection.newest_day(self.board)
        self._begin()

    def _begin(self) -> None:
        self.table = Table(self.index, self.statistics)
        self.explainer = Explainer(self.table, self.board.listings)

    def is_of(self, shard: Shard, *, revisions: bool) -> bool:
        """Whether this shard is ranked by the same."""
        return (
            revisions == self.revisions
            and _same(self._background, shard.background)
            and _equal(self._window, shard.window)
            and _equal(self._trending, shard.trending)
        )

    def numbers(self, lines: Mapping[str, Line]) -> Mapping[str, int]:
        """The rows of lines in the table, by name. A table that has grown too large is begun anew."""
        if self.table.entries > self._most_entries:
            self._begin()
        return self.table.numbers(lines)

    @cached_property
    def revised(self) -> Mapping[int, Sequence[Announcement]]:
        """The announcements of later versions, by the number of the listing, newest first."""
        return selection.revised(self._window)

    def beside(self, listings: Sequence[Listing]) -> Table:
        """A table of some listings that are revised and not ranked."""
        told = [selection.told_by(self.revised.get(listing.id, ())) for listing in listings]
        return Table(Index([self._read(listing) for listing in listings], told), self.statistics)

    @cached_property
    def vectors(self) -> Vectors:
        return Vectors(self.index, self.statistics)

    def pace(self, column: int) -> float:
        """Upvotes a day of a listing."""
        return selection.pace(self.board, column, self.newest)


def _own(window: Sequence[Announcement]) -> Background:
    return count({a.listing.identity: a.listing for a in window}.values())


def _same(one: Background, other: Background) -> bool:
    return one is other or one == other


def _equal(one: tuple[Announcement, ...], other: Sequence[Announcement]) -> bool:
    return len(one) == len(other) and one == tuple(other)
