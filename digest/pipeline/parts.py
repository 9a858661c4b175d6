"""What the pipeline asks of the rooms, as Protocols, and the parts of one installation."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

from digest.model import (
    Announcement,
    Background,
    Cause,
    Claim,
    Edition,
    Ended,
    Fetched,
    Listing,
    Mail,
    Message,
    Outcome,
    Pin,
    Pulled,
    Ranking,
    Report,
    Shard,
    SourceState,
    Subscriber,
    Taken,
    Taste,
)
from digest.pacing import Limits
from digest.pipeline.gate import Paces
from digest.tokens import Keys


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

    def expected(self, now: datetime) -> date | None:
        """The day that it should be complete for by now, by its own calendar; None if it has none."""
        ...


class Store(Paces, Protocol):
    """Everything that survives a restart. Each method is one transaction."""

    def source_state(self, name: str) -> SourceState: ...
    def begin_pull(self, name: str, now: datetime, until: datetime, *, worker: str, force: bool) -> bool:
        """Take the source for this worker until `until`; False if it is not due (unless `force`) or taken."""
        ...

    def announce(self, source: str, fetched: Fetched, now: datetime, next_pull: datetime) -> Pulled: ...

    def due(
        self, now: datetime, *, everyone: bool, after: int, limit: int, upto: int | None = None
    ) -> list[Subscriber]:
        """Active subscribers with id > `after` (and not > `upto`) whose next due time has come (all of them if `everyone`), by id."""
        ...

    def seq_before(self, instant: datetime) -> int:
        """The newest number of what was announced before then; 0 if nothing was."""
        ...

    def head(self) -> int:
        """The newest number of all announcements; 0 before the first."""
        ...

    def window(self, after: int) -> Sequence[Announcement]: ...
    def announced(self, since: date, until: date) -> list[Announcement]:
        """What sources announced for their days `since` to `until`, both included, by number."""
        ...

    def begins(self) -> Mapping[str, date]:
        """The first day that anything is held of, by source."""
        ...

    def trending(self, since: date) -> list[Announcement]: ...
    def announcements_of(self, listing_id: int) -> list[Announcement]: ...
    def papers(self, numbers: Collection[int]) -> Mapping[int, Listing]:
        """The papers with these numbers, each of a listing that speaks for one."""
        ...

    def pins_since(self, day: date) -> list[Pin]:
        """What curators picked for that day and all later ones, in the order that they did."""
        ...

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

    def reschedule(self, subscriber: int, next_due: datetime, now: datetime) -> None: ...
    def claim(  # noqa: PLR0913  (all of them say which deliveries, and for whom)
        self,
        now: datetime,
        *,
        worker: str,
        lease: timedelta,
        limit: int,
        subscriber: str | None,
        on_unknown: str,
        expiry: timedelta,
    ) -> list[Claim]:
        """Deliveries to attempt now, held until the lease ends, each for the address that its subscriber has now.

        `on_unknown` is for those that died while sending; what is older than `expiry` ends here.
        """
        ...

    def waiting(self, now: datetime, most: int) -> int:
        """How many deliveries are due, counted up to `most`."""
        ...

    def progress(self, begun: Sequence[Claim], ended: Sequence[Ended], now: datetime) -> frozenset[int]:
        """Note what is about to be handed over, and how attempts went; returns the ids of those begun that may go out.

        On the disk when it returns, if anything is begun.
        """
        ...

    def release(self, claims: Sequence[Claim], until: datetime, *, unsent: bool = False) -> None:
        """Give claims back, not counted as attempts; nobody takes them before `until`.

        What the store was told to be about to be handed over is kept back, unless it is known to be `unsent`.
        """
        ...

    def suppress(self, email: str, cause: Cause, detail: str, now: datetime) -> None:
        """Send nothing more to this address."""
        ...

    def begin_reading(self, name: str, now: datetime, until: datetime) -> bool:
        """Whether to look into this inbox now; if so, nobody else is told so before `until`."""
        ...

    def take_back(self, subscriber: int, issue_date: date, report: Report, now: datetime) -> Taken:
        """What follows from a mail that came back about one edition, once however often it is read."""
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
    """One session, for one thread."""

    def send(self, message: Message, commit: Callable[[], bool], following: Message | None = None) -> Outcome:
        """Hand one message over. Calls `commit` right before the point of no return, and gives up if it says no.

        `following` is what the next call will be asked to send, so that it may begin behind the end of this one. It is
        not promised: what comes instead may be another message, or `close`.

        Raises:
            RelayError: nothing can be sent for now, whatever the message; `commit` was not called.
        """
        ...

    def close(self) -> None: ...


class DeliveryLog(Protocol):
    """What was taken by the relay, kept apart from the store."""

    def note(self, edition: Edition, message: Message, now: datetime) -> None:
        """The relay has taken this message. Written before the store learns of it; survives the process."""
        ...

    def holds(self, message: Message) -> bool:
        """Whether it was taken before, whatever the store says."""
        ...


class Inbox(Protocol):
    """One look into where mail that came back lies."""

    def mails(self) -> Iterable[Mail]:
        """What was not read before, oldest first; what cannot be read is put aside, and named once.

        Raises:
            InboxError: it cannot be looked into.
        """
        ...

    def done(self, mail: Mail) -> None:
        """Mark it as read: the store has what it says. Raises InboxError."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Box:
    """An inbox, and how often to look into it."""

    name: str
    open: Callable[[], Inbox]  # raises InboxError
    every: timedelta = timedelta(0)  # 0: at each opportunity


@dataclass(frozen=True, slots=True)
class Post:
    """Where mail comes back to, and how it is read."""

    read: Callable[[bytes], Sequence[Report]]
    keys: Keys  # what tokens are made with
    boxes: Sequence[Box] = ()


@dataclass(frozen=True, slots=True)
class Parts:
    """The concrete parts of one installation."""

    sources: Sequence[Source]
    store: Store
    ranker: Ranker
    renderer: Renderer
    transport: Callable[[], Transport]  # opened only when there is something to send, once a connection
    worker: str  # this process, unique among all that share the store
    note: Callable[[], str] = lambda: ""  # the operator's words for today
    sign: Callable[[Message], Message] = lambda message: message
    log: DeliveryLog | None = None
    limits: Limits = field(default_factory=Limits)
    chaining: bool = False  # whether transports are told what comes next
    grace: timedelta = timedelta(0)  # how long an edition waits for a source that is late
    post: Post | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """What one round of deliveries came to."""

    sent: int = 0
    deferred: int = 0
    failed: int = 0
    unknown: int = 0
    relay: str | None = None  # why the relay could not be used, if it could not
    refused: str | None = None  # the relay's words, if what we say was refused again and again, and the round ended
    noted: int = 0  # of those sent: the delivery log has them, the store, restored from a backup, knew of no attempt

    @property
    def counts(self) -> dict[str, int]:
        """How many messages came to what."""
        return {name: getattr(self, name) for name in ("sent", "deferred", "failed", "unknown", "noted")}
