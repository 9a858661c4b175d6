"""The one Store: each public method is one transaction over the functions of its topic."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from digest.model import (
    Announcement,
    Background,
    Claim,
    Edition,
    Ended,
    Fetched,
    Listing,
    Pace,
    Pulled,
    SourceState,
    Turn,
)
from digest.store import (
    announce,
    attendance,
    background,
    curating,
    deliveries,
    finding,
    listings,
    overview,
    paces,
    publishing,
    pulls,
    search,
    sent,
    subscribers,
    turns,
    vectors,
)
from digest.store import editions as published
from digest.store.database import Database
from digest.store.operation import Operation
from digest.store.pages import Pages
from digest.store.people import People
from digest.store.recent import Recent
from digest.text.background import with_prior

HandOn = Callable[[Any, int], None]  # the driver's connection, with a transaction that is open; and how many editions

_MOST_WINDOWS = 2  # remembered from one shard to the next, for readers who have got as far; some MB each
_MOST_TEXTS = 2_000  # listings remembered from one batch of deliveries to the next: about 5 KB each


class Store(Operation, People, Pages):
    """Everything that survives a restart. Safe to share between threads; several processes may open one database.

    Every method may raise StoreError: the database cannot be reached, is locked, full or damaged. What the pipeline asks is
    here; the rest is in the classes that this one is made of.
    """

    def __init__(self, database: Database, hand_on: HandOn | None = None) -> None:
        super().__init__(database)
        self._texts = published.Texts(_MOST_TEXTS)
        self._hand_on = hand_on
        self._windows: Recent[tuple[listings.Mark, int], Sequence[Announcement]] = Recent(_MOST_WINDOWS)
        self._backgrounds: Recent[listings.Mark, Background] = Recent(1)

    # --- sources ----------------------------------------------------------------------------------------------------

    def source_state(self, name: str) -> SourceState:
        """What is remembered of a source between pulls."""
        with self._database.reading() as connection:
            return pulls.source_state(connection, name)

    def begin_pull(self, name: str, now: datetime, until: datetime, *, worker: str, force: bool) -> bool:
        """Take the source for this worker until `until`; False if it is not due (unless `force`) or taken."""
        with self._database.writing(swift=True) as connection:
            return pulls.begin(connection, name, now, until, worker=worker, force=force)

    def bereave(self, is_dead: Callable[[str], bool], now: datetime) -> None:
        """End the leases of workers known to be dead, of sources and of deliveries, instead of waiting them out."""
        with self._database.writing() as connection:
            attendance.bereave(connection, is_dead)
            pulls.bereave(connection, is_dead)
            deliveries.bereave(connection, is_dead, now)

    def announce(self, source: str, fetched: Fetched, now: datetime, next_pull: datetime) -> Pulled:
        """Keep what a visit brought: listings by identity, their news in order, the source's state."""
        with self._database.writing() as connection:
            return announce.announce(connection, source, fetched, now, next_pull)

    # --- listings ---------------------------------------------------------------------------------------------------

    def head(self) -> int:
        """The newest seq; 0 before the first announcement."""
        with self._database.reading() as connection:
            return overview.head(connection)

    def moment(self) -> str:
        """Another one after each commit, whoever's it is: for who watches a database that is no file."""
        with self._database.reading() as connection:
            return overview.moment(connection)

    def seq_before(self, instant: datetime) -> int:
        """The newest seq of what was announced before then; 0 if nothing was."""
        with self._database.reading() as connection:
            return subscribers.seq_before(connection, instant)

    def window(self, after: int) -> Sequence[Announcement]:
        """Announcements with a seq higher than `after`, by seq, with the listings as they are now; no originals.

        Who asks again gets the very same, as long as nothing is written.
        """
        with self._database.reading() as connection:
            asked = (listings.mark(connection), after)
            return self._windows.of([asked], lambda _: {asked: tuple(listings.window(connection, after))})[asked]

    def trending(self, since: date) -> list[Announcement]:
        """Listings announced as trending on the day `since` or later, once each, by seq; no originals.

        With those, new in the last days, that enough readers recommended since then: with their votes, as trending on
        the day of their news.
        """
        with self._database.reading() as connection:
            return curating.with_recommended(connection, listings.trending(connection, since), since)

    def announced(self, since: date, until: date) -> list[Announcement]:
        """What sources announced for their days `since` to `until`, both included, by seq; no originals."""
        with self._database.reading() as connection:
            return listings.announced(connection, since, until)

    def begins(self) -> Mapping[str, date]:
        """The first day that anything is held of, by source."""
        with self._database.reading() as connection:
            return listings.begins(connection)

    def announcements_of(self, listing_id: int) -> list[Announcement]:
        """All news of one paper, under whatever number it was ever stored, by seq; no originals."""
        with self._database.reading() as connection:
            return listings.announcements_of(connection, listing_id)

    def background(self) -> Background:
        """How common words are in the papers of the last weeks; in the first days, the count that is shipped helps.

        Who asks again gets the very same, as long as nothing is written.
        """
        with self._database.reading() as connection:
            mark = listings.mark(connection)
            return self._backgrounds.of([mark], lambda _: {mark: with_prior(background.read(connection))})[mark]

    def listing(self, number: int) -> Listing | None:
        """One paper with its originals, under whatever number it was ever stored."""
        with self._database.reading() as connection:
            return listings.listing(connection, number)

    def search(self, words: str, limit: int, since: date | None = None) -> list[Announcement]:
        """Listings with all these words in title, abstract or authors, closest first; no input is an error."""
        with self._database.reading() as connection:
            return search.search(connection, words, limit, since)

    def find(self, text: str) -> list[Listing]:
        """The papers that go by this name, with their originals, newest first: several if it is a part of their titles.

        A name is an arXiv identifier or a DOI in any spelling, the store's number, the address of a page, or a title
        or part of one, in whatever case and punctuation.
        """
        with self._database.reading() as connection:
            return finding.find(connection, text)

    def recognized(self, entries: Sequence[Listing]) -> list[Listing | None]:
        """For each of these accounts of papers the stored one that shares a name with it, with its originals."""
        with self._database.reading() as connection:
            return finding.recognized(connection, entries)

    def vectors(self, model: str, digests: Collection[str]) -> Mapping[str, bytes]:
        """Those vectors of texts, by the texts' digests, that were kept for this model."""
        with self._database.reading() as connection:
            return vectors.kept(connection, model, digests)

    def keep_vectors(self, model: str, made: Mapping[str, bytes]) -> None:
        """Keep what a model made of texts, by the texts' digests; what is kept already stays."""
        with self._database.writing(swift=True) as connection:
            vectors.keep(connection, model, made)

    # --- editions ---------------------------------------------------------------------------------------------------

    def sent(self, subscribers: Collection[int], listings: Collection[int]) -> Mapping[int, frozenset[int]]:
        """Which of these listings, under any of their identities, each of these subscribers was already sent."""
        with self._database.reading() as connection:
            return sent.sent(connection, subscribers, listings)

    def current(self, subscribers: Collection[int], listings: Collection[int]) -> Mapping[int, frozenset[int]]:
        """Which of these listings each of these subscribers was sent, or told of, in the version that they have now."""
        with self._database.reading() as connection:
            return sent.current(connection, subscribers, listings)

    def sent_on(self, subscriber: int, listing_id: int) -> list[date]:
        """The local dates of the editions in which this subscriber got this paper, under any of its identities.

        Oldest first: what follows the first told of new versions.
        """
        with self._database.reading() as connection:
            return sent.told_on(connection, subscriber, listing_id)

    def publish(self, editions: Sequence[tuple[Edition, datetime]]) -> int:
        """Write editions with their next due times; returns how many were not there yet.

        What is to be told of them, see `open_store`, is told in the same transaction.
        """
        with self._database.writing() as connection:
            written = publishing.publish(connection, editions)
            if written and self._hand_on:
                self._hand_on(connection.connection.driver_connection, written)
            return written

    def edition(self, email: str, issue_date: date) -> Edition | None:
        """The edition of one local day, exactly as it was published."""
        with self._database.reading() as connection:
            return published.one(connection, subscribers.address(email), issue_date)

    def editions(self, email: str, limit: int) -> list[Edition]:
        """The newest editions, newest first, exactly as they were published."""
        with self._database.reading() as connection:
            return published.latest(connection, subscribers.address(email), limit)

    # --- deliveries -------------------------------------------------------------------------------------------------
    # Swift, but for what is begun: no byte goes out before its own commit, and with it all earlier ones, is on the disk.
    # A power failure may undo a claim, which its lease would have undone anyway, or the end of the last message: that
    # one is then `sending` with a lease that ends, the very case that `on_unknown` settles.

    def claim(  # noqa: PLR0913
        self,
        now: datetime,
        *,
        worker: str,
        lease: timedelta,
        limit: int,
        subscriber: str | None,
        on_unknown: str = "resend",
        expiry: timedelta | None = None,
    ) -> list[Claim]:
        """Up to `limit` deliveries that are due, oldest first, for this worker alone until its lease ends.

        `on_unknown` says what becomes of one whose worker died while sending: "resend" or "hold". What is older than
        `expiry` (None: nothing is) ends here. One whose edition cannot be read fails, and does not stop the others.
        """
        address = None if subscriber is None else subscribers.address(subscriber)
        wanted = deliveries.Wanted(worker, lease, limit, address, on_unknown, expiry)
        with self._database.writing(swift=True) as connection:
            rows = deliveries.claim(connection, now, wanted)
        with self._database.reading() as connection:  # nobody has to wait for it
            found, damaged = deliveries.read(connection, rows, self._texts)
        if damaged:
            with self._database.writing(swift=True) as connection:
                deliveries.fail(connection, rows, damaged, now)
        return deliveries.claims(rows, found, now, wanted)

    def waiting(self, now: datetime, most: int) -> int:
        """How many deliveries are due, counted up to `most`."""
        with self._database.reading() as connection:
            return deliveries.waiting(connection, now, most)

    def progress(self, begun: Sequence[Claim], ended: Sequence[Ended], now: datetime) -> frozenset[int]:
        """Write down how attempts went, and that these are about to be handed over; returns which of those may be.

        A claim may not if it is in other hands by now, or its subscriber left, paused or moved to another address.

        Raises:
            StoreError: a delivery cannot go from where it is to where its attempt led; nothing is written.
        """
        with self._database.writing(swift=not begun) as connection:
            return deliveries.progress(connection, begun, ended, now)

    def release(self, claims: Sequence[Claim], until: datetime, *, unsent: bool = False) -> None:
        """Give claims back, not counted as attempts; nobody takes them before `until`.

        What the store was told to be about to be handed over is kept back, unless the caller knows it to be `unsent`:
        whether that was written is what one does not know when the connection breaks.
        """
        if claims:
            with self._database.writing(swift=True) as connection:
                deliveries.release(connection, claims, until, unsent=unsent)

    # --- paces ------------------------------------------------------------------------------------------------------
    # Swift: a power failure may forget a silence that began a moment ago; whoever asked for it asks again.

    def paces(self) -> Mapping[str, Pace]:
        """Those of the relay and of recipient domains that are in trouble, or were; by key."""
        with self._database.reading() as connection:
            return paces.troubled(connection)

    def repace(self, key: str, change: Callable[[Pace], Pace]) -> Pace:
        """Change one pace (a new one, if none is stored), while nobody else does; returns what it is now."""
        with self._database.writing(swift=True) as connection:
            return paces.repace(connection, key, change)

    def reserve(
        self, wanted: Sequence[Sequence[str]], rates: Mapping[str, int], now: datetime, until: datetime
    ) -> tuple[Mapping[str, Pace], list[datetime | None]]:
        """`pacing.allot` over the stored paces, while nobody else does; keeps those that it changed."""
        with self._database.writing(swift=True) as connection:
            return paces.reserve(connection, wanted, rates, now, until)

    # --- turns ------------------------------------------------------------------------------------------------------

    def take_turn(self, door: str, hold: timedelta) -> Turn:
        """A turn to ask this server, if nobody has it, over all processes; it ends after `hold` at the latest."""
        with self._database.writing(swift=True) as connection:
            return turns.take(connection, door, hold)

    def end_turn(self, door: str, turn: Turn, gap: timedelta) -> None:
        """Others may have a turn after `gap`, unless this one had ended anyway."""
        with self._database.writing(swift=True) as connection:
            turns.end(connection, door, turn, gap)

    def keep_silence(self, door: str, span: timedelta) -> None:
        """Nobody has a turn for so long."""
        with self._database.writing(swift=True) as connection:
            turns.silence(connection, door, span)
