"""The subscribers of a shard as the table knows them: their lines, and what may be shown to them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice, repeat

import numpy as np

from digest.errors import ProfileError
from digest.model import Announcement, Ground, Shard, Subscriber
from digest.model.many import many
from digest.ranking import features, weights
from digest.ranking.choice import Wishes
from digest.ranking.day import Day
from digest.ranking.features import Line
from digest.ranking.learning import Learned
from digest.ranking.lists import Booleans, Integers, Lists
from digest.ranking.roster import Roster, Small
from digest.ranking.selection import News
from digest.ranking.table import MOST_LINES
from digest.ranking.term import Sign


@dataclass(frozen=True, slots=True)
class Reader:
    """A subscriber, and what their profile comes to."""

    subscriber: Subscriber
    news: News
    group: int  # of those who are allowed the same
    had: frozenset[int]  # columns of what they were sent
    sent: frozenset[int]  # and of the same papers under other ids
    revised: tuple[Announcement, ...]  # later versions of what they were sent, each paper once, newest first
    everything: bool  # they name where to look but nothing to look for
    problems: tuple[str, ...]


class Readers:
    """Subscribers that are ranked for at once.

    `lines` and `faults` are what was read of every keyword, or is wrong with it.
    """

    def __init__(self, shard: Shard, day: Day, lines: Mapping[str, Line], faults: Mapping[str, ProfileError]) -> None:
        self.day = day
        self.partial = shard.partial
        self._anchored = False
        self._shard = shard
        self._lines = lines
        self._faults = faults
        self._groups: dict[object, tuple[int, News]] = {}
        self._allowed: list[Booleans] = []
        self.lines = self._keywords(day.numbers(lines))  # by subscriber: rows of the table, words learnt at the end
        self.learnt = np.zeros(len(shard.subscribers), dtype=bool)  # by subscriber, whether any word is
        self._weights: Small = np.ones(
            len(self.lines.values), dtype=np.int32
        )  # beside them; those of words learnt in units of 1 / `weights.FINENESS`
        self.all = self._everybody()
        self._learn([self._learnt_of(at) for at in range(len(self.all))] if shard.tastes else [], Ground.LIKED)

    def relate(self, related: Sequence[Sequence[Learned]]) -> None:
        """Let words count, too, that each of the subscribers' best listings have in common."""
        self._anchored = True
        self._learn(related, Ground.RELATED)

    def _learn(self, learnt: Sequence[Sequence[Learned]], ground: Ground) -> None:
        words = {_name(ground, word): features.learnt(word, ground) for word in chain.from_iterable(learnt)}
        if not words:
            return
        numbers = self.day.table.numbers(words)
        added = Lists.of([[numbers[_name(ground, word)] for word in own] for own in learnt])
        each = [round(word.weight * weights.FINENESS) for word in chain.from_iterable(learnt)]
        owners = np.concatenate([self.lines.owners, added.owners])
        order = np.argsort(owners, kind="stable")
        self._weights = np.concatenate([self._weights, np.array(each, dtype=np.int32)])[order]
        values = np.concatenate([self.lines.values, added.values])[order]
        self.lines, self.learnt = Lists(values, self.lines.ends + added.ends), self.learnt | (added.sizes > 0)

    def wishes(self, some: Sequence[int], most: Sequence[int]) -> Wishes:
        """What is asked for some of them, by their places: so many of the best for each."""
        readers = [self.all[at] for at in some]
        numbers = np.array(some, dtype=np.int64)
        own = self._weights[self.lines.places(numbers)[1]] if self.learnt[numbers].any() else None
        return Wishes(
            roster=Roster(self.lines.take(numbers), own),
            most=np.array(most, dtype=np.int64),
            group=np.array([reader.group for reader in readers], dtype=np.int64),
            allowed=np.array(self._allowed, dtype=bool).reshape(len(self._allowed), self.day.table.wide),
            sent=Lists.of([reader.sent for reader in readers]),
            everything=np.array([reader.everything for reader in readers], dtype=bool),
            partial=self.partial,
            anchored=self._anchored,
            twins=self.day.twins,
        )

    @cached_property
    def heralds(self) -> Integers:
        """By group and listing the announcement that speaks of it, see `News.heralds`."""
        return np.array([news.heralds for _, news in self._groups.values()], dtype=np.int64)

    def _everybody(self) -> list[Reader]:
        everybody = self._shard.subscribers
        groups, news = zip(*map(self._group, everybody), strict=True) if everybody else ((), ())
        had = [self._had(subscriber) for subscriber in everybody]
        return many(
            Reader,
            len(everybody),
            everybody,
            news,
            groups,
            had,
            map(self._with_twins, had),
            map(self._revised, everybody),
            map(self._wants_everything, everybody),
            map(self._problems, everybody),
        )

    def _keywords(self, numbers: Mapping[str, int]) -> Lists:
        """By subscriber, the rows of the keywords that could be read, each once."""
        written = [dict.fromkeys(subscriber.profile.keywords) for subscriber in self._shard.subscribers]
        sizes = np.fromiter(map(len, written), dtype=np.int64, count=len(written))
        rows = map(numbers.get, chain.from_iterable(written), repeat(-1))
        found = np.fromiter(rows, dtype=np.int64, count=int(sizes.sum()))
        owners = np.repeat(np.arange(len(written)), sizes)[found >= 0]
        read = Lists.owned(owners, found[found >= 0], len(written))
        if int(read.sizes.max(initial=0)) <= MOST_LINES:
            return read
        kept = np.arange(len(owners)) - read.ends[owners] < MOST_LINES
        return Lists.owned(owners[kept], read.values[kept], len(written))

    def _learnt_of(self, at: int) -> tuple[Learned, ...]:
        taste = self._shard.tastes.get(self._shard.subscribers[at].id)
        if not taste or not taste.feedback:
            return ()
        worths = self.day.table.most[self.lines[at]] / weights.UNIT
        return self.day.learner.learned(taste, self._shard.now, worths[worths > 0].tolist())

    def _problems(self, subscriber: Subscriber) -> tuple[str, ...]:
        keywords = subscriber.profile.keywords
        if not self._faults and len(keywords) <= MOST_LINES:
            return ()
        written = dict.fromkeys(keywords)
        found = [_problem(self._faults[text]) for text in written if text in self._faults]
        if sum(text in self._lines for text in written) > MOST_LINES:
            found.append(f"Only the first {MOST_LINES:,} of your keywords count.")
        return tuple(found)

    def _wants_everything(self, subscriber: Subscriber) -> bool:
        """Whether they name where to look but nothing to look for. A keyword they meant and we cannot read is one."""
        profile = subscriber.profile
        if not (profile.categories or profile.sources):
            return False
        return not any(self._asks(text) for text in profile.keywords)

    def _asks(self, text: str) -> bool:
        line = self._lines.get(text)
        return line.sign is not Sign.NEVER if line else text in self._faults and not text.lstrip().startswith("-")

    def _group(self, subscriber: Subscriber) -> tuple[int, News]:
        """The row of what subscribers are allowed who have got as far, and want the same sources and categories."""
        profile = subscriber.profile
        revisions = self.day.revisions and any(self._lines[t].revisions for t in profile.keywords if t in self._lines)
        key = subscriber.cursor, profile.sources, profile.categories, revisions
        if key not in self._groups:
            news = self.day.stock.news(subscriber.cursor, frozenset(profile.sources), revisions=revisions)
            self._groups[key] = len(self._allowed), news
            self._allowed.append(self.day.stock.allowed(news, profile.categories))
        return self._groups[key]

    def _had(self, subscriber: Subscriber) -> frozenset[int]:
        sent, numbers = self._shard.sent.get(subscriber.id), self.day.board.numbers
        return frozenset(numbers[listing] for listing in sent if listing in numbers) if sent else _NOTHING

    def _revised(self, subscriber: Subscriber) -> tuple[Announcement, ...]:
        """Of each paper they were sent in an earlier version, the newest announcement of a later one."""
        sent = self._shard.sent.get(subscriber.id)
        if not sent or not self.day.revised:
            return ()
        return tuple(sorted(self._later(subscriber, sent), key=lambda a: -a.seq))

    def _later(self, subscriber: Subscriber, sent: frozenset[int]) -> Iterator[Announcement]:
        sources, current = subscriber.profile.sources, self._shard.current.get(subscriber.id, frozenset())
        for listing in sent - current:
            announcements = self.day.revised.get(listing, ())
            news = (a for a in announcements if a.seq > subscriber.cursor and (not sources or a.source in sources))
            yield from islice(news, 1)

    def _with_twins(self, columns: frozenset[int]) -> frozenset[int]:
        if not columns:
            return columns
        papers = {self.day.twin_of[column] for column in columns if column in self.day.twin_of}
        return columns.union(*(self.day.twins[paper].tolist() for paper in papers))


_NOTHING: frozenset[int] = frozenset()


def _name(ground: Ground, word: Learned) -> str:
    """What a word learnt is called among lines, where no line can be called so."""
    return f"\0{ground}\0{word.key}\0{word.written}"


def _problem(error: ProfileError) -> str:
    return f"Your keyword `{error.line.strip()}` could not be read: {error.what.rstrip('.?')}{'?' if error.what.endswith('?') else '.'}"
