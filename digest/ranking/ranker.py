"""The ranker: a shard of subscribers, all at once."""

from functools import lru_cache
from itertools import chain

from digest.collecting import uncollected
from digest.errors import ProfileError
from digest.model import Account, Ranking, Shard
from digest.ranking import accounts, features, query, showing
from digest.ranking.corpus import Reader
from digest.ranking.day import MOST_ENTRIES, Day
from digest.ranking.features import Line
from digest.ranking.readers import Readers
from digest.ranking.related import related

_DAYS = 4  # windows that are remembered: of those who look back a day, a few, a week


class Ranker:
    """Ranks listings for subscribers. Holds nothing but caches: what was read once is not read again.

    For you: what was announced to a subscriber and meets at least one line of their profile in full, or is much like
    what they liked; best first, ties go to the newer. Who names categories or sources but no keyword gets all that is
    in them. What nothing but the name of an author speaks for is set apart from the rest, see `sections`. Trending:
    what is talked about most, whatever the keywords, except what they exclude. Beside it, new versions of what they had.
    """

    def __init__(self, read: Reader | None = None, *, lines: int = 1 << 17, entries: int = MOST_ENTRIES) -> None:
        """So many `lines` are remembered, and `entries` of the table of what they find, see `Table.entries`."""
        self._read = read or Reader()
        self._parse = lru_cache(maxsize=lines)(_parse)
        self._entries = entries
        self._days: list[Day] = []

    def rank(self, shard: Shard) -> list[Ranking]:
        """One ranking a subscriber, in their order."""
        with uncollected():
            return showing.rankings(self._readers(shard))

    def explain(self, shard: Shard, listing_id: int) -> Account:
        """What there is to say of one listing for the shard's first subscriber, shown or not."""
        return accounts.account(self._readers(shard), listing_id)

    def _readers(self, shard: Shard) -> Readers:
        written = dict.fromkeys(chain.from_iterable(s.profile.keywords for s in shard.subscribers))
        lines = {text: self._parse(text) for text in written if text.strip()}
        read = {text: line for text, line in lines.items() if isinstance(line, Line)}
        faults = {text: error for text, error in lines.items() if isinstance(error, ProfileError)}
        day = self._day(shard, revisions=any(line.revisions for line in read.values()))
        readers = Readers(shard, day, read, faults)
        if shard.related:
            readers.relate(related(readers))
        return readers

    def _day(self, shard: Shard, *, revisions: bool) -> Day:
        """What is known of the shard's window; of others, those last asked for stay as far as there is room."""
        day = next((day for day in self._days if day.is_of(shard, revisions=revisions)), None)
        day = day or Day(shard, self._read, revisions=revisions, most_entries=self._entries)
        self._days = [day, *(other for other in self._days if other is not day)][:_DAYS]
        while len(self._days) > 1 and sum(each.table.entries for each in self._days) > self._entries:
            self._days.pop()
        return day


def _parse(line: str) -> Line | ProfileError:
    try:
        return features.line(query.parse(line))
    except ProfileError as error:
        return error.with_traceback(None)
