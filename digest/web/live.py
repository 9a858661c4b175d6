"""The papers of the moment, kept ready to be ranked: what a page shows while somebody types.

    store --(something was announced)--> Moment: a window, what is trending, a ranker that has read both
    profile --rank--> Ranking, in milliseconds

A ranker reads a day's papers in a second or so, and then ranks them for one person in milliseconds. So a day is read once,
and ranked for whoever asks. When something was announced, it is read again behind the scenes: who asks meanwhile gets what
was known before, and nobody waits but the very first.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import chain
from threading import Event, Lock, Thread
from typing import Protocol

import structlog

from digest.model import Announcement, Background, Pick, Profile, Ranking, Section, Shard, Subscriber, Taste
from digest.pipeline import Parts, Ranker
from digest.pipeline.composing import TRENDING_DAYS
from digest.ranking.corpus import Reader
from digest.ranking.ranker import Ranker as KeywordRanker

log = structlog.get_logger(__name__)

MOST_DAYS = 7  # of each source that can be asked for; and what is older is shown to nobody as news
_MOST_TRENDING = 50
_MOMENTS = 2  # kept at once, for different numbers of days
_FRESH = timedelta(minutes=10)  # upvotes grow without an announcement
_LOOK = 30.0  # seconds between two looks at whether something is new
_LINES = 1 << 13  # remembered of what strangers type
_ENTRIES = 1 << 20  # of the table of what they type: some 30 MB
_DAY = timedelta(days=1)


class Held(Protocol):
    """What is asked of the store."""

    def head(self) -> int: ...
    def announced(self, since: date, until: date) -> Sequence[Announcement]: ...
    def trending(self, since: date) -> Sequence[Announcement]: ...
    def background(self) -> Background: ...
    def tastes(self, subscribers: Collection[int]) -> Mapping[int, Taste]: ...


@dataclass(frozen=True, slots=True)
class Moment:
    """What was known at one time, and a ranker that has read it."""

    head: int  # the newest announcement
    at: datetime
    window: tuple[Announcement, ...]
    trending: tuple[Announcement, ...]
    background: Background
    ranker: Ranker
    lock: Lock  # a ranker is for one thread at a time

    def rank(self, subscribers: Sequence[Subscriber], tastes: Mapping[int, Taste], *, partial: bool) -> list[Ranking]:
        """One ranking each, of all that is held here, as if nobody had been sent anything."""
        anew = [replace(subscriber, cursor=0) for subscriber in subscribers]
        background = self.background
        shard = Shard(anew, self.window, self.at, self.trending, background=background, tastes=tastes, partial=partial)
        with self.lock:
            return self.ranker.rank(shard)

    def is_of(self, other: "Moment") -> bool:
        """Whether both hold the same."""
        return (self.window, self.trending, self.background) == (other.window, other.trending, other.background)


class Live:
    """What is new, for previews. Threads may share it; what is remembered is bounded."""

    def __init__(self, parts: Parts, store: Held, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._others = parts.ranker
        self._texts = Reader(1 << 13)
        self._moments: dict[int, Moment] = {}  # by number of days, those last asked for behind
        self._reading = Lock()
        self._asked = Lock()

    # --- ranking ----------------------------------------------------------------------------------------------------

    def rank(self, subscriber: Subscriber, *, days: int = 1, partial: bool = False) -> Ranking:
        """What somebody's profile finds in the newest papers, whether they were sent them or not.

        Args:
            subscriber: who has a number has their likes counted, too; who has none is anybody.
            days: how many of each source's own days, up to `MOST_DAYS`.
            partial: also what no term matches in full.
        """
        return self.ranks([subscriber], days=days, partial=partial)[0]

    def ranks(self, subscribers: Sequence[Subscriber], *, days: int = 1, partial: bool = False) -> list[Ranking]:
        """The same for several, such as one for each line of a profile: at little more than the cost of one."""
        known = [subscriber.id for subscriber in subscribers if subscriber.id]
        tastes = self._store.tastes(known) if known else {}
        return self._moment(days).rank(subscribers, tastes, partial=partial)

    def test(self, shard: Shard) -> list[Ranking]:
        """Rank other papers than the newest, such as a past day's: one at a time, the newest stay in mind."""
        with self._asked:
            return list(self._others.rank(shard))

    # --- what there is ----------------------------------------------------------------------------------------------

    def today(self) -> date:
        """The newest day that anything was announced for; the clock's own if nothing was."""
        moment = self._moment(1)
        return max((a.day for a in moment.window), default=moment.at.date())

    def window(self, days: int = 1) -> tuple[Announcement, ...]:
        """What each source announced for the newest of its days, in the order in which it came."""
        return self._moment(days).window

    def trending(self, limit: int) -> tuple[Pick, ...]:
        """What is talked about most, the most first; 50 at most."""
        anybody = Subscriber("", profile=Profile(max_papers=0, max_trending=min(limit, _MOST_TRENDING)))
        return tuple(pick for pick in self.rank(anybody).picks if pick.section is Section.TRENDING)

    # --- reading ----------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read again what is not as it was, and wait for it: for a thread that does so now and then. Raises StoreError."""
        with self._reading:
            for days in [*self._moments] or [1]:
                self._read_again(days)

    def run(self, over: Event) -> None:
        """Keep up with what is announced, so that the first who asks finds it read, until it is over."""
        while not over.is_set():
            try:
                self.refresh()
            except Exception:  # of whatever kind: what is kept is still good
                log.exception("cannot read what is new")
            over.wait(_LOOK)

    def _moment(self, days: int) -> Moment:
        days = min(max(days, 1), MOST_DAYS)
        moment = self._moments.get(days)
        if moment is None:
            with self._reading:
                return self._moments.get(days) or self._keep(days, self._read(days, None))
        if self._is_old(moment) and self._reading.acquire(blocking=False):
            Thread(target=self._behind_the_scenes, args=(days,), daemon=True).start()
        return moment

    def _is_old(self, moment: Moment) -> bool:
        return moment.head != self._store.head() or self._clock() - moment.at > _FRESH

    def _behind_the_scenes(self, days: int) -> None:
        try:
            self._read_again(days)
        except Exception:  # of whatever kind: what is kept is still good
            log.exception("cannot read what is new")
        finally:
            self._reading.release()

    def _read_again(self, days: int) -> None:
        before = self._moments.get(days)
        if before is None or self._is_old(before):
            self._keep(days, self._read(days, before))

    def _keep(self, days: int, moment: Moment) -> Moment:
        others = [(key, kept) for key, kept in self._moments.items() if key != days]
        self._moments = dict([*others[1 - _MOMENTS :], (days, moment)])
        return moment

    def _read(self, days: int, before: Moment | None) -> Moment:
        now, head = self._clock(), self._store.head()  # before what follows: what comes meanwhile is read once more
        trending = tuple(self._store.trending(now.date() - TRENDING_DAYS * _DAY))
        window = tuple(newest(self._store.announced, now.date(), days))
        moment = Moment(head, now, window, trending, self._store.background(), *self._ranker())
        if before and before.is_of(moment):
            return replace(before, head=head, at=now)
        moment.rank([Subscriber("")], {}, partial=False)  # so that the ranker has read it
        return moment

    def _ranker(self) -> tuple[Ranker, Lock]:
        """One that holds on to this day while others are ranked, with its lock; one that is not ours to make is shared."""
        if isinstance(self._others, KeywordRanker):
            return KeywordRanker(self._texts, lines=_LINES, entries=_ENTRIES), Lock()
        return self._others, self._asked


def newest(announced: Callable[[date, date], Sequence[Announcement]], today: date, days: int) -> list[Announcement]:
    """What each source announced for the newest `days` of its own days, by seq; what is a week old is not looked at.

    Sources have calendars of their own: on a Sunday, the newest papers of one are Friday's, of another today's.
    """
    seen: dict[str, int] = {}
    found: list[Sequence[Announcement]] = []
    for ago in range(-1, MOST_DAYS):  # it may be tomorrow where a source is
        day = today - ago * _DAY
        those = [a for a in announced(day, day) if seen.get(a.source, 0) < days]
        for source in {a.source for a in those}:
            seen[source] = seen.get(source, 0) + 1
        found.append(those)
    return sorted(chain.from_iterable(found), key=lambda a: a.seq)
