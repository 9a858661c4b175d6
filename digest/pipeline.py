"""Pull, compose, deliver: the order of the calls, and no decision of its own.

    tick(now)
      pull      for each source that is due:
                    source.fetch(state)      -> Fetched        a failure is a value in it
                    store.announce(fetched)                    upsert by identity; each piece of news gets the next seq
      compose   for each shard of store.due(now):
                    window  = store.window(after=cursor)       what was announced and not yet considered for them
                    ranking = ranker.rank(shard)               one product for the whole shard
                    store.publish(editions)                    edition, delivery, cursor, next due: one transaction
      deliver   for each claim of store.claim(now):
                    message = renderer.message(edition)
                    outcome = transport.send(message)
                    store.record(outcome)

What is decided is decided elsewhere: when and what next in `due`, which papers in `ranking`, identity in `model`.
"""

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Protocol

import structlog

from digest import due
from digest.errors import DigestError, RelayError
from digest.model import (
    NOT_YET_READ,
    Announcement,
    Background,
    Claim,
    Edition,
    Fetched,
    Kind,
    Message,
    Missing,
    Outcome,
    Problem,
    Pulled,
    Ranking,
    Settled,
    Shard,
    SourceState,
    State,
    Subscriber,
    Taste,
    Verdict,
    incomplete,
)

log = structlog.get_logger(__name__)

SHARD = 1_000  # subscribers composed at a time
BATCH = 50  # deliveries claimed at a time
LEASE = timedelta(minutes=15)  # longer than the 10 minutes SMTP may take after the final dot (RFC 5321, 4.5.3.2)
TRENDING_DAYS = 3  # how long a paper's upvotes are followed


# --- what the pipeline asks of the rooms --------------------------------------------------------------------------


class Source(Protocol):
    """Something that announces papers."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str:
        """Its name as people say it."""
        ...

    @property
    def every(self) -> timedelta:
        """How often to visit it."""
        ...

    def fetch(self, state: SourceState, now: datetime, since: date | None = None) -> Fetched:
        """What is new since `state`, or since the day `since`. Failures are problems in the answer."""
        ...


class Store(Protocol):
    """Everything that survives a restart. Each method is one transaction."""

    def source_state(self, name: str) -> SourceState: ...
    def begin_pull(self, name: str, now: datetime, until: datetime, *, worker: str, force: bool) -> bool:
        """Take the source for this worker until `until`; False if it is not due (unless `force`) or taken."""
        ...

    def announce(self, source: str, fetched: Fetched, now: datetime, next_pull: datetime) -> Pulled: ...

    def due(self, now: datetime, *, everyone: bool, after: int, limit: int) -> list[Subscriber]:
        """Active subscribers with id > `after` whose next due time has come (all of them if `everyone`), by id."""
        ...

    def window(self, after: int) -> list[Announcement]: ...
    def trending(self, since: date) -> list[Announcement]: ...
    def background(self) -> Background: ...
    def tastes(self, subscribers: Collection[int]) -> Mapping[int, Taste]: ...
    def sent(self, subscribers: Collection[int], listings: Collection[int]) -> Mapping[int, frozenset[int]]:
        """Which of these listings, under any of their identities, each of these subscribers was already sent."""
        ...

    def current(self, subscribers: Collection[int], listings: Collection[int]) -> Mapping[int, frozenset[int]]:
        """Which of these listings each of these subscribers was sent, or told of, in the version that they have now."""
        ...

    def publish(self, editions: Sequence[tuple[Edition, datetime]]) -> int:
        """Write editions with their next due times; returns how many were not there yet."""
        ...

    def reschedule(self, subscriber: int, next_due: datetime) -> None: ...
    def claim(  # noqa: PLR0913  (all of them say which deliveries, and for whom)
        self, now: datetime, *, worker: str, lease: timedelta, limit: int, subscriber: str | None, on_unknown: str
    ) -> list[Claim]:
        """Deliveries to attempt now, held until the lease ends; `on_unknown` is for those that died while sending."""
        ...

    def sending(self, claim: Claim, now: datetime) -> bool:
        """Note that the message is about to be handed over; False if the claim is no longer ours or was cancelled."""
        ...

    def record(self, claim: Claim, outcome: Outcome, settled: Settled, now: datetime) -> None: ...
    def release(self, claims: Sequence[Claim], until: datetime) -> None:
        """Give claims back, not counted as attempts; nobody takes them before `until`."""
        ...


class Ranker(Protocol):
    def rank(self, shard: Shard) -> list[Ranking]:
        """One ranking a subscriber, in their order."""
        ...


class Renderer(Protocol):
    def message(self, edition: Edition) -> Message: ...
    def forget(self) -> None:
        """Give back the memory of papers: there is nothing to deliver."""
        ...


class Transport(Protocol):
    def send(self, message: Message, commit: Callable[[], bool]) -> Outcome:
        """Hand one message over. Calls `commit` right before the point of no return, and gives up if it says no.

        Raises:
            RelayError: nothing can be sent for now, whatever the message.
        """
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """The concrete parts of one installation."""

    sources: Sequence[Source]
    store: Store
    ranker: Ranker
    renderer: Renderer
    transport: Callable[[], Transport]  # opened only when there is something to send
    worker: str  # this process, unique among all that share the store
    note: Callable[[], str] = lambda: ""  # the operator's words for today
    on_unknown: str = "resend"


@dataclass(frozen=True, slots=True)
class Delivered:
    """What one round of deliveries came to."""

    sent: int = 0
    deferred: int = 0
    failed: int = 0
    unknown: int = 0
    relay: str | None = None  # why the relay could not be used, if it could not


# --- pull ---------------------------------------------------------------------------------------------------------

PULL_LEASE = timedelta(minutes=30)


def pull(  # noqa: PLR0913  (all of them say which sources, and as of when)
    parts: Parts,
    now: datetime,
    *,
    only: str | None = None,
    since: date | None = None,
    force: bool = False,
    stopping: Callable[[], bool] = lambda: False,
) -> Iterator[Pulled]:
    """Visit the sources that are due (all of them if `force`), each in its own thread; yields each as it is stored.

    When `stopping` says so, nobody waits for the visits under way: what they would bring, the next pull brings.
    """
    lease = now + PULL_LEASE
    due_now = [
        source
        for source in parts.sources
        if only in (None, source.name)
        and parts.store.begin_pull(source.name, now, lease, worker=parts.worker, force=force)
    ]
    visits: SimpleQueue[tuple[Source, Fetched]] = SimpleQueue()
    for source in due_now:
        state = parts.store.source_state(source.name)
        Thread(target=_visit, args=(visits, source, state, now, since), name=source.name, daemon=True).start()
    for source, fetched in _arriving(visits, len(due_now), stopping):
        next_pull = due.next_pull(
            source.every, now, incomplete=incomplete(fetched.problems), not_before=fetched.not_before
        )
        pulled = parts.store.announce(source.name, fetched, now, next_pull)
        log.info("pulled", source=source.name, new=pulled.new, problems=[p.what for p in pulled.problems])
        yield pulled


def _visit(
    visits: "SimpleQueue[tuple[Source, Fetched]]", source: Source, state: SourceState, now: datetime, since: date | None
) -> None:
    visits.put((source, _fetch(source, state, now, since)))


def _arriving(
    visits: "SimpleQueue[tuple[Source, Fetched]]", expected: int, stopping: Callable[[], bool]
) -> Iterator[tuple[Source, Fetched]]:
    while expected and not stopping():
        with suppress(Empty):
            yield visits.get(timeout=0.2)
            expected -= 1


def _fetch(source: Source, state: SourceState, now: datetime, since: date | None) -> Fetched:
    try:
        return source.fetch(state, now, since)
    except Exception as error:  # a fault of ours in one source must not take the others down
        log.exception("source failed", source=source.name)
        return Fetched(problems=(Problem(f"{type(error).__name__} while reading it: {error}"),))


# --- compose ------------------------------------------------------------------------------------------------------


def compose(
    parts: Parts, now: datetime, *, early: bool = False, replay: bool = False, only: str | None = None
) -> Iterator[Edition]:
    """Write the editions that are due, and yield them.

    In a `replay`, `now` is not the time of the clock, and everybody's schedule is read afresh.
    """
    last = 0
    while shard := parts.store.due(now, everyone=early or replay, after=last, limit=SHARD):
        last = shard[-1].id
        wanted = [subscriber for subscriber in shard if only in (None, subscriber.email)]
        plans = [(s, due.plan(s.schedule, s.last_issue, now, early=early)) for s in wanted]
        for subscriber, plan in plans:
            if plan.issue_date is None:
                parts.store.reschedule(subscriber.id, plan.next_due)
        next_due = {subscriber.id: plan.next_due for subscriber, plan in plans}
        editions = compose_for(parts, [(s, plan.issue_date) for s, plan in plans if plan.issue_date], now)
        parts.store.publish([(edition, next_due[edition.subscriber.id]) for edition in editions])
        yield from editions


def issues_of(subscribers: Sequence[Subscriber], now: datetime, *, early: bool) -> list[tuple[Subscriber, date]]:
    """Whose edition is due at `now`, and for which local date."""
    plans = ((s, due.plan(s.schedule, s.last_issue, now, early=early)) for s in subscribers)
    return [(subscriber, plan.issue_date) for subscriber, plan in plans if plan.issue_date]


def compose_for(parts: Parts, issues: Sequence[tuple[Subscriber, date]], now: datetime) -> list[Edition]:
    """The editions of these subscribers for these local dates, as of `now`. Writes nothing."""
    if not issues:
        return []
    shard = shard_of(parts, [subscriber for subscriber, _ in issues], now)
    rankings = parts.ranker.rank(shard)
    missing = tuple(_missing(parts))
    note = parts.note()
    head = shard.window[-1].seq if shard.window else 0
    return [
        Edition(
            subscriber=subscriber,
            issue_date=day,
            composed_at=now,
            cursor=max(head, subscriber.cursor),
            picks=ranking.picks,
            read=ranking.read,
            matched=ranking.matched,
            missing=tuple(m for m in missing if _reads(subscriber, m.source)),
            problems=ranking.problems,
            note=note,
            papers=ranking.papers,
        )
        for (subscriber, day), ranking in zip(issues, rankings, strict=True)
    ]


def shard_of(parts: Parts, subscribers: Sequence[Subscriber], now: datetime) -> Shard:
    """What the ranker is given for these subscribers (one at least), as of `now`."""
    window = parts.store.window(after=min(subscriber.cursor for subscriber in subscribers))
    trending = parts.store.trending(since=now.date() - timedelta(days=TRENDING_DAYS))
    listings = {announcement.listing.id for announcement in (*window, *trending)}
    revised = {announcement.listing.id for announcement in window if announcement.kind is Kind.REVISION}
    readers = [subscriber.id for subscriber in subscribers]
    return Shard(
        subscribers,
        window,
        now,
        trending,
        sent=parts.store.sent(readers, listings),
        background=parts.store.background(),
        tastes=parts.store.tastes(readers),
        current=parts.store.current(readers, revised),
    )


def _reads(subscriber: Subscriber, source: str) -> bool:
    return not subscriber.profile.sources or source in subscriber.profile.sources


def _missing(parts: Parts) -> Iterator[Missing]:
    for source in parts.sources:
        state = parts.store.source_state(source.name)
        if state.last_attempt is None:
            yield Missing(source.name, NOT_YET_READ)
        elif state.incomplete:
            why = "; ".join(problem.what for problem in state.problems if problem.incomplete)
            yield Missing(source.name, why, since=state.last_success)


# --- deliver ------------------------------------------------------------------------------------------------------


def deliver(
    parts: Parts,
    now: Callable[[], datetime],
    *,
    only: str | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> Delivered:
    """Send what is pending or due for another try, until nothing is left, the relay fails, or `stopping` says so."""
    round_ = _Round(parts, now, stopping)
    try:
        while not stopping() and (claims := _claim(parts, now(), only)):
            round_.run(claims)
    except RelayError as error:
        log.warning("relay unusable", reason=str(error))
        return round_.delivered(relay=str(error))
    finally:
        round_.close()
    return round_.delivered()


def _claim(parts: Parts, now: datetime, only: str | None) -> list[Claim]:
    return parts.store.claim(
        now, worker=parts.worker, lease=LEASE, limit=BATCH, subscriber=only, on_unknown=parts.on_unknown
    )


class _Round:
    """One round of deliveries over one transport."""

    def __init__(self, parts: Parts, now: Callable[[], datetime], stopping: Callable[[], bool]) -> None:
        self._parts = parts
        self._now = now
        self._stopping = stopping
        self._transport: Transport | None = None
        self._counts: Counter[Verdict] = Counter()

    def run(self, claims: Sequence[Claim]) -> None:
        """Send these; whatever is not begun when it must end goes back unharmed."""
        waiting = deque(claims)
        try:
            while waiting and not self._stopping():
                self._attempt(waiting[0])
                waiting.popleft()
        finally:
            self._parts.store.release(list(waiting), until=self._now())

    def _attempt(self, claim: Claim) -> None:
        try:
            message = self._parts.renderer.message(claim.edition)
        except Exception as error:  # a template or an address that breaks one message must not stop the rest
            ours = not isinstance(error, DigestError)  # what is raised on purpose says where; a fault of ours does not
            log.error("cannot render", subscriber=claim.edition.subscriber.email, reason=str(error), exc_info=ours)
            outcome = Outcome(Verdict.DEFERRED, f"cannot be rendered: {error}")
        else:
            outcome = self._open().send(message, lambda: self._parts.store.sending(claim, self._now()))
        settled = due.settle(outcome, claim.attempts + 1, self._now(), on_unknown=self._parts.on_unknown)
        self._parts.store.record(claim, outcome, settled, self._now())
        self._counts[Verdict.FAILED if settled.state is State.FAILED else outcome.verdict] += 1

    def _open(self) -> Transport:
        if self._transport is None:
            self._transport = self._parts.transport()
        return self._transport

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
        if not self._counts:
            self._parts.renderer.forget()

    def delivered(self, relay: str | None = None) -> Delivered:
        counts = {verdict.value: self._counts[verdict] for verdict in Verdict}
        return Delivered(**counts, relay=relay)
