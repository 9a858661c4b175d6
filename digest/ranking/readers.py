"""The subscribers of a shard as the table knows them: their lines, and what may be shown to them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

import numpy as np

from digest.errors import ProfileError
from digest.model import Announcement, Ground, Shard, Subscriber
from digest.ranking import features, weights
from digest.ranking.choice import Wishes
from digest.ranking.day import Day
from digest.ranking.features import Line
from digest.ranking.learning import Learned
from digest.ranking.lists import Booleans, Lists
from digest.ranking.roster import Roster
from digest.ranking.selection import News
from digest.ranking.table import MOST_LINES
from digest.ranking.term import Sign


@dataclass(frozen=True, slots=True)
class Reader:
    """A subscriber, and what their profile comes to."""

    subscriber: Subscriber
    lines: tuple[int, ...]  # rows of the table: keywords, and behind them words learnt
    weights: tuple[int, ...]  # of the words learnt, in units of 1 / `weights.FINENESS`
    news: News
    allowed: int  # row of `Readers.allowed`
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
        self._numbers = day.numbers(lines)
        self._groups: dict[object, tuple[int, News]] = {}
        self._allowed: list[Booleans] = []
        self.all = [self._reader(subscriber) for subscriber in shard.subscribers]
        self._learn([self._learnt_of(subscriber) for subscriber in shard.subscribers], Ground.LIKED)

    def relate(self, related: Sequence[Sequence[Learned]]) -> None:
        """Let words count, too, that each of the subscribers' best listings have in common."""
        self._anchored = True
        self._learn(related, Ground.RELATED)

    def _learn(self, learnt: Sequence[Sequence[Learned]], ground: Ground) -> None:
        words = {_name(ground, word): features.learnt(word, ground) for word in chain.from_iterable(learnt)}
        numbers = self.day.table.numbers(words)
        self.all = [
            replace(
                reader,
                lines=(*reader.lines, *(numbers[_name(ground, word)] for word in own)),
                weights=(*reader.weights, *(round(word.weight * weights.FINENESS) for word in own)),
            )
            if own
            else reader
            for reader, own in zip(self.all, learnt, strict=True)
        ]

    def wishes(self, readers: Sequence[Reader], most: Sequence[int]) -> Wishes:
        """What is asked for some of them: so many of the best for each."""
        return Wishes(
            roster=_roster(readers),
            most=np.array(most, dtype=np.int64),
            group=np.array([reader.allowed for reader in readers], dtype=np.int64),
            allowed=np.array(self._allowed, dtype=bool).reshape(len(self._allowed), self.day.table.wide),
            sent=Lists.of([list(reader.sent) for reader in readers]),
            everything=np.array([reader.everything for reader in readers], dtype=bool),
            partial=self.partial,
            anchored=self._anchored,
            twins=self.day.twins,
        )

    def _reader(self, subscriber: Subscriber) -> Reader:
        allowed, news = self._group(subscriber)
        had = self._had(subscriber)
        return Reader(
            subscriber=subscriber,
            lines=tuple(self._keywords(subscriber)),
            weights=(),
            news=news,
            allowed=allowed,
            had=had,
            sent=self._with_twins(had),
            revised=tuple(sorted(self._revised(subscriber), key=lambda a: -a.seq)),
            everything=self._wants_everything(subscriber),
            problems=tuple(self._problems(subscriber)),
        )

    def _keywords(self, subscriber: Subscriber) -> list[int]:
        written = dict.fromkeys(subscriber.profile.keywords)
        return [self._numbers[text] for text in written if text in self._lines][:MOST_LINES]

    def _learnt_of(self, subscriber: Subscriber) -> tuple[Learned, ...]:
        taste = self._shard.tastes.get(subscriber.id)
        if not taste or not taste.feedback:
            return ()
        worths = self.day.table.most[self._keywords(subscriber)] / weights.UNIT
        return self.day.learner.learned(taste, self._shard.now, worths[worths > 0].tolist())

    def _problems(self, subscriber: Subscriber) -> Iterator[str]:
        written = dict.fromkeys(subscriber.profile.keywords)
        if self._faults:
            yield from (_problem(self._faults[text]) for text in written if text in self._faults)
        if len(written) > MOST_LINES and sum(text in self._lines for text in written) > MOST_LINES:
            yield f"Only the first {MOST_LINES:,} of your keywords count."

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
        sources = frozenset(profile.sources)
        revisions = self.day.revisions and any(self._lines[t].revisions for t in profile.keywords if t in self._lines)
        key = subscriber.cursor, sources, profile.categories, revisions
        if key not in self._groups:
            news = self.day.stock.news(subscriber.cursor, sources, revisions=revisions)
            self._groups[key] = len(self._allowed), news
            self._allowed.append(self.day.stock.allowed(news, profile.categories))
        return self._groups[key]

    def _had(self, subscriber: Subscriber) -> frozenset[int]:
        numbers = self.day.board.numbers
        return frozenset(numbers[listing] for listing in self._shard.sent.get(subscriber.id, ()) if listing in numbers)

    def _revised(self, subscriber: Subscriber) -> Iterator[Announcement]:
        """Of each paper they were sent in an earlier version, the newest announcement of a later one."""
        sources, current = subscriber.profile.sources, self._shard.current.get(subscriber.id, frozenset())
        for listing in self._shard.sent.get(subscriber.id, frozenset()) - current:
            announcements = self.day.revised.get(listing, ())
            news = (a for a in announcements if a.seq > subscriber.cursor and (not sources or a.source in sources))
            yield from islice(news, 1)

    def _with_twins(self, columns: frozenset[int]) -> frozenset[int]:
        papers = {self.day.twin_of[column] for column in columns if column in self.day.twin_of}
        return columns.union(*(self.day.twins[paper].tolist() for paper in papers))


def _roster(readers: Sequence[Reader]) -> Roster:
    lines = Lists.of([reader.lines for reader in readers])
    if not any(reader.weights for reader in readers):
        return Roster(lines)
    each = chain.from_iterable((*[1] * (len(r.lines) - len(r.weights)), *r.weights) for r in readers)
    return Roster(lines, np.fromiter(each, dtype=np.int32, count=len(lines.values)))


def _name(ground: Ground, word: Learned) -> str:
    """What a word learnt is called among lines, where no line can be called so."""
    return f"\0{ground}\0{word.key}\0{word.written}"


def _problem(error: ProfileError) -> str:
    return f"Your keyword `{error.line.strip()}` could not be read: {error.what.rstrip('.?')}{'?' if error.what.endswith('?') else '.'}"
