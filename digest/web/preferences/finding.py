"""What a profile finds: in the newest papers while it is being written, and over the last weeks."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from threading import Lock, Semaphore, Thread

import structlog

from digest import pipeline
from digest.backtest import Backtest
from digest.model import Pick, Section, Subscriber
from digest.ranking.finds import Found, Pulled
from digest.ranking.query import parse_profile
from digest.web.desk import Desk

log = structlog.get_logger(__name__)

WEEK = 7  # days in which terms are counted
_ADVISED = 5  # terms that find nothing, for which near spellings are looked for
_NEAR = 3
_PATIENCE = 1.0  # seconds to wait for a week that is being read: thousands of papers take a few
_AT_ONCE, _TURN = (
    2,
    0.5,
)  # looks, and seconds to wait for one's turn: the longest takes many, and pages want threads, too
DAYS = 30  # of a backtest


@dataclass(frozen=True, slots=True)
class Look:
    """What a profile finds."""

    papers: int  # the newest, of the sources that are read
    matched: int  # of them
    picks: tuple[Pick, ...]  # that would be shown
    trending: tuple[Pick, ...]
    near: tuple[Pick, ...] = ()  # if nothing is found: what comes nearest
    is_of_week: bool = False  # then `near` are what matched earlier in the week
    terms: Found | None = None  # what each term finds within a week; None: nothing is held


class Finder:
    """Looks for whoever tunes a profile. Remembers the papers of the week, for as long as they are the same."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._week: tuple[object, Pulled] | None = None  # what was read of it, and what finds terms there
        self._reading: Thread | None = None
        self._starting, self._testing, self._looking = Lock(), Lock(), Semaphore(_AT_ONCE)

    def look(self, subscriber: Subscriber) -> Look | None:
        """What this profile finds now, sent already or not; None while others' profiles take that long."""
        if not self._looking.acquire(timeout=_TURN):
            return None
        try:
            return self._look(subscriber)
        finally:
            self._looking.release()

    def _look(self, subscriber: Subscriber) -> Look:
        live = self._desk.live
        ranking = live.rank(subscriber)
        picks = tuple(pick for pick in ranking.picks if pick.section in (Section.FOR_YOU, Section.AUTHORS))
        trending = tuple(pick for pick in ranking.picks if pick.section is Section.TRENDING)
        near, is_of_week = ((), False) if picks else self._near(subscriber)
        return Look(ranking.papers, ranking.matched, picks, trending, near, is_of_week, self._terms(subscriber))

    def of_week(self, subscriber: Subscriber, most: int) -> tuple[Pick, ...]:
        """The best that this profile finds in the papers of a week."""
        alone = replace(subscriber, profile=replace(subscriber.profile, max_papers=most, max_trending=0))
        return self._desk.live.rank(alone, days=WEEK).picks

    def _near(self, subscriber: Subscriber) -> tuple[tuple[Pick, ...], bool]:
        """What matched earlier in the week, or matches in part, though it is not much."""
        if self._pulled() and (week := self.of_week(subscriber, _NEAR)):
            return week, True
        least = replace(subscriber.profile, max_papers=_NEAR, max_trending=0, min_match=0.0)
        any_match = replace(subscriber, profile=least)
        return self._desk.live.rank(any_match, partial=True).picks, False

    def _terms(self, subscriber: Subscriber) -> Found | None:
        terms, _ = parse_profile(subscriber.profile.keywords)
        pulled = self._pulled()
        return pulled.find(terms, subscriber.profile, _ADVISED) if pulled and pulled.papers and terms else None

    # --- the week -----------------------------------------------------------------------------------------------------

    def _pulled(self) -> Pulled | None:
        """What finds terms in the papers of the week; None while these are being read for the first time."""
        if self._week is None:
            self._begin().join(_PATIENCE)
            return self._week[1] if self._week else None
        if self._week[0] is not self._desk.live.window(WEEK):
            self._read()
        return self._week[1]

    def _begin(self) -> Thread:
        with self._starting:
            if self._reading is None or not self._reading.is_alive():
                self._reading = Thread(target=self._read_first, daemon=True)
                self._reading.start()
            return self._reading

    def _read_first(self) -> None:
        try:
            self._read()
        except Exception:  # of whatever kind: the page does without, and tries again
            log.exception("cannot read the week")

    def _read(self) -> None:
        live = self._desk.live
        window = live.window(WEEK)
        sources = [source.name for source in self._desk.parts.sources]
        background = self._desk.store.background()
        self._week = window, Pulled(partial(live.ranks, days=WEEK), window, background, sources)

    # --- the last weeks -----------------------------------------------------------------------------------------------

    def test(self, subscriber: Subscriber, now: datetime) -> Backtest | None:
        """What it would have sent in the last weeks, which takes seconds; None while others are being tested."""
        if not self._testing.acquire(blocking=False):
            return None
        try:
            until = now.date()
            since = until - timedelta(days=DAYS - 1)
            rank = self._desk.live.test
            (result,) = pipeline.backtest(self._desk.parts, [subscriber], since, until, now, rank=rank)
        finally:
            self._testing.release()
        return result
