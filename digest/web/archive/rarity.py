"""How rare words are in what is held, counted again once a day."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from digest.ranking.corpus import Statistics
from digest.web.desk import Desk

if TYPE_CHECKING:
    from datetime import date


class Rarities:
    """Threads may share it: two that find yesterday's both read today's."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._read: tuple[date, Statistics] | None = None

    def __call__(self, keys: Iterable[str]) -> float:
        """Of a word by its keys."""
        today = self._desk.clock().date()
        if self._read is None or self._read[0] != today:
            self._read = today, Statistics(self._desk.store.background())
        return self._read[1].rarity(keys)
