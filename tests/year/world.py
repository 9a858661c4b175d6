"""An invented world, drawn from a seed: readers in many zones, sources with their bad days, a relay with its own.

Everything is in this process but the database. Nothing here knows how the digest decides: what it decides is compared
with what `books` counts out by a clock on the wall.
"""

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from threading import Lock

from digest import arxiv_calendar
from digest.errors import RelayError
from digest.model import (
    Announcement,
    Away,
    Blame,
    Fetched,
    Kind,
    Listing,
    Message,
    Outcome,
    Pick,
    Problem,
    Profile,
    Ranking,
    Schedule,
    Section,
    Subscriber,
    Verdict,
)

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
ZONES = (
    *("Pacific/Honolulu", "America/Los_Angeles", "America/New_York", "America/Nuuk", "Europe/London", "Europe/Berlin"),
    *("Africa/Cairo", "Asia/Kolkata", "Asia/Shanghai", "Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Kiritimati"),
)
LOCALES = ("", "de", "zh_Hans")


@dataclass(frozen=True, slots=True)
class Span:
    """From, and to before."""

    start: datetime
    end: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


def spans(drawn: random.Random, start: datetime, days: int, every: float, longest: timedelta) -> list[Span]:
    """Bad times of up to `longest`, one in `every` days."""
    found = []
    at = start + drawn.expovariate(1 / every) * DAY
    while at < start + days * DAY:
        length = drawn.uniform(0.05, 1) * longest
        found.append(Span(at, at + length))
        at += length + drawn.expovariate(1 / every) * DAY
    return found


# --- readers --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Life:
    """One reader, and what becomes of them."""

    reader: Subscriber
    joins: datetime
    leaves: datetime | None = None
    pause: Span | None = None  # resumed by hand
    pause_until: tuple[datetime, date] | None = None


def lives(drawn: random.Random, start: datetime, days: int, count: int) -> list[Life]:
    return [_life(drawn, start, days, number) for number in range(count)]


def _life(drawn: random.Random, start: datetime, days: int, number: int) -> Life:
    kinds = [frozenset(range(7))] * 5 + [frozenset(range(5))] * 3 + [frozenset({drawn.randrange(7)})] * 2
    away = (_away(drawn, start.date(), days) for _ in range(drawn.choice([0, 0, 1, 2])))
    sources = drawn.choice([(), (), (), ("arxiv",), ("arxiv", "blog"), ("daily",)])
    reader = Subscriber(
        f"reader{number}@{drawn.choice('abcdefgh')}.example.org",
        f"Reader {number}",
        Profile(("flow matching",), sources=sources),
        Schedule(
            ZONES[number % len(ZONES)],
            time(drawn.randrange(24), drawn.choice([0, 7, 30, 55])),
            drawn.choice(kinds),
            tuple(sorted(away, key=lambda each: each.first)),
            drawn.random() < 0.7,
        ),
        locale=drawn.choice(LOCALES),
        send_empty=drawn.random() < 0.8,
    )
    when = lambda: start + drawn.uniform(0.1, 0.9) * days * DAY  # noqa: E731
    joins = start if drawn.random() < 0.9 else when()
    at = when()
    fate = drawn.random()
    return Life(
        reader,
        joins,
        leaves=joins + at.minute * days / 60 * DAY if fate > 0.95 else None,
        pause=Span(at, at + drawn.uniform(0.5, 20) * DAY) if fate < 0.1 else None,
        pause_until=(at, at.date() + drawn.randrange(2, 30) * DAY) if 0.1 <= fate < 0.2 else None,
    )


def _away(drawn: random.Random, start: date, days: int) -> Away:
    first = start + drawn.randrange(days) * DAY
    return Away(first, first + drawn.randrange(30) * DAY)


# --- sources ----------------------------------------------------------------------------------------------------------


class Source:
    """A few papers a day; late on some days, failing on others."""

    every = 3 * HOUR

    def __init__(self, name: str, drawn: random.Random, start: datetime, days: int) -> None:
        self.name = self.title = name
        self._failures = spans(drawn, start, days, 25, 30 * HOUR)
        self._lateness = {start.date() + n * DAY: self._late(drawn) for n in range(-3, days + 9)}
        self._per_day = {day: drawn.randrange(3) for day in self._lateness}

    @staticmethod
    def _late(drawn: random.Random) -> timedelta:
        return drawn.choice([20 * MINUTE, 2 * HOUR, 9 * HOUR]) if drawn.random() < 0.06 else timedelta(0)

    def expected(self, _now: datetime) -> date | None:
        return None

    def newest(self, now: datetime) -> date:
        """The newest day that is out, however late."""
        today = now.date()
        return today if now >= datetime.combine(today, time(2), UTC) + self._lateness[today] else today - DAY

    def _is_out(self, _day: date) -> bool:
        return True

    def fetch(self, state, now: datetime, _since: date | None = None) -> Fetched:
        if any(now in failure for failure in self._failures):
            return Fetched(problems=(Problem("HTTP 503"),))
        newest = self.newest(now)
        first = max(state.covered.values(), default=newest - DAY) + DAY
        days = [first + n * DAY for n in range((newest - first).days + 1)]
        papers = [paper for day in days if self._is_out(day) for paper in self._papers(day)]
        return Fetched(tuple(papers), covered={"": newest})

    def _papers(self, day: date) -> list[Announcement]:
        titles = [f"Flow matching on {day} as {self.name} has it, part {n}" for n in range(self._per_day.get(day, 1))]
        return [
            Announcement(Listing(title, authors=("Ann Lee",), guid=title), self.name, Kind.NEW, day) for title in titles
        ]


class Arxiv(Source):
    """It has arXiv's calendar, holidays and all."""

    def expected(self, now: datetime) -> date:
        return arxiv_calendar.newest(now)

    def newest(self, now: datetime) -> date:
        day = arxiv_calendar.newest(now)
        return arxiv_calendar.newest(now - self._lateness[day]) if self._lateness[day] else day

    def _is_out(self, day: date) -> bool:
        return arxiv_calendar.announces(day - DAY) is not False


# --- ranking, rendering and mail ------------------------------------------------------------------------------------


class Everything:
    """Takes whatever is news to each reader, as the real ranker would if all of it matched."""

    def rank(self, shard) -> list[Ranking]:
        had = {reader: set(papers) for reader, papers in shard.sent.items()}
        return [self._ranking(shard, reader, had.get(reader.id, set())) for reader in shard.subscribers]

    @staticmethod
    def _ranking(shard, reader: Subscriber, had: set[int]) -> Ranking:
        wanted = reader.profile.sources
        news = [a for a in shard.window if a.seq > reader.cursor and (not wanted or a.source in wanted)]
        picks = tuple(
            Pick(a.listing, Section.FOR_YOU, a.kind, a.source, a.day, 1.0) for a in news if a.listing.id not in had
        )
        return Ranking(picks, dict(Counter(a.source for a in news)), len(picks), papers=len(news))


class Renderer:
    """One line a message; a sample of them is rendered as the real one does."""

    def __init__(self, real) -> None:
        self._real = real
        self.samples: list[Message] = []
        self._seen: set[object] = set()

    def message(self, edition) -> Message:
        kind = edition.since is not None, bool(edition.missing), bool(edition.picks), edition.subscriber.locale
        if self._real and kind not in self._seen:  # one of each kind that there is
            self._seen.add(kind)
            self.samples.append(self._real.message(edition))
        ident = f"<{edition.subscriber.id}.{edition.issue_date}@example.org>"
        return Message("digest@example.org", edition.subscriber.email, ident, b"text")

    def forget(self) -> None:
        pass


@dataclass
class Relay:
    """What it takes and refuses follows from the message and how often it was tried, and from its own bad times."""

    outages: list[Span]
    clock: "Clock"
    taken: Counter = field(default_factory=Counter)  # by Message-ID
    unknown: set[str] = field(default_factory=set)
    tries: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _lock: Lock = field(default_factory=Lock)

    def send(self, message: Message, commit, following: Message | None = None) -> Outcome:
        if any(self.clock() in outage for outage in self.outages):
            raise RelayError("mail.example.org does not answer")
        with self._lock:
            self.tries[message.message_id] += 1
            drawn = random.Random(sha256(f"{message.message_id} {self.tries[message.message_id]}".encode()).digest())
        outcome = self._drawn(drawn.random())
        if not commit():
            return Outcome(Verdict.DEFERRED, "nothing was sent")
        with self._lock:
            self.taken[message.message_id] += outcome.verdict is Verdict.SENT or drawn.random() < 0.5 * (
                outcome.verdict is Verdict.UNKNOWN
            )
            if outcome.verdict is Verdict.UNKNOWN:
                self.unknown.add(message.message_id)
        return outcome

    @staticmethod
    def _drawn(chance: float) -> Outcome:
        if chance < 0.03:
            return Outcome(Verdict.DEFERRED, "450 4.2.2 mailbox full", 450, "4.2.2", Blame.ADDRESS)
        if chance < 0.033:
            return Outcome(Verdict.DEFERRED, "421 4.7.28 slow down", 421, "4.7.28", Blame.PROVIDER)
        if chance < 0.038:
            return Outcome(Verdict.FAILED, "554 5.6.0 not like this", 554, "5.6.0", Blame.ADDRESS)
        if chance < 0.0382:
            return Outcome(Verdict.FAILED, "550 5.1.1 no such user", 550, "5.1.1", Blame.ADDRESS, hopeless=True)
        if chance < 0.043:
            return Outcome(Verdict.UNKNOWN, "no reply after the final dot")
        return Outcome(Verdict.SENT, "250 OK", 250)

    def close(self) -> None:
        pass


class Clock:
    """Goes only where it is set."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now
