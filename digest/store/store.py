"""The one Store: each public method is one transaction over the functions of its topic."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from digest.alerts import Facts
from digest.curating import Refusal
from digest.model import (
    Alert,
    Announcement,
    Background,
    Cause,
    Claim,
    Deed,
    Edition,
    Ended,
    Feedback,
    Fetched,
    Judged,
    Listing,
    Pace,
    Pin,
    Pulled,
    Report,
    SourceState,
    State,
    Status,
    Subscriber,
    Suggestion,
    Suppression,
    Taken,
    Taste,
    Wish,
)
from digest.store import (
    addresses,
    alerts,
    announce,
    background,
    curating,
    deeds,
    deliveries,
    erasing,
    feedback,
    files,
    finding,
    history,
    holding,
    keeping,
    keyring,
    listings,
    lists,
    overview,
    paces,
    pulls,
    returns,
    search,
    sent,
    shelf,
    subscribers,
    suppressions,
    vectors,
    watching,
    wishes,
)
from digest.store import editions as published
from digest.store.database import Database
from digest.store.history import History, News
from digest.store.schema import meta
from digest.store.search import Asked, Hits
from digest.text.background import with_prior
from digest.text.catalog import Part
from digest.text.closeness import Wanted

_MOST_TEXTS = 2_000  # listings remembered from one batch of deliveries to the next: about 5 KB each


class Store:
    """Everything that survives a restart. Safe to share between threads; several processes may open one database.

    Every method may raise StoreError: the database cannot be reached, is locked, full or damaged.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._texts = published.Texts(_MOST_TEXTS)

    def close(self) -> None:
        """Give back all connections."""
        self._database.engine.dispose()

    def secret(self) -> bytes:
        """32 random bytes, made with the database and never changed: what message ids are made of."""
        with self._database.reading() as connection:
            return bytes.fromhex(connection.scalars(select(meta.c.value).where(meta.c.key == "secret")).one())

    def keys(self, now: datetime | None = None) -> tuple[bytes, ...]:
        """What links are signed with: the newest first, and behind it those that are still good (at `now`) for older links."""
        with self._database.reading() as connection:
            return keyring.keys(connection, now)

    def rotate_keys(self, now: datetime, *, leaked: bool = False) -> None:
        """Sign links with a new key from now on; those before it stay good for `keyring.KEPT`, unless they were `leaked`."""
        with self._database.writing() as connection:
            keyring.rotate(connection, now, leaked=leaked)

    def overview(self, now: datetime) -> overview.Overview:
        """How things stand."""
        with self._database.reading() as connection:
            return overview.overview(connection, now)

    # --- operation ------------------------------------------------------------------------------------------------

    def answers(self) -> None:
        """Nothing, if it can be read; else a StoreError."""
        with self._database.reading() as connection:
            connection.execute(select(meta.c.key).limit(1)).all()

    def history(self, email: str, limit: int) -> History | None:
        """What became of the newest editions of whoever has, or had, this address; None if nobody ever did."""
        with self._database.reading() as connection:
            return history.history(connection, email, limit)

    def news(self, since: date, until: date) -> list[News]:
        """What sources announced for their days `since` to `until`, both included, and what became of it."""
        with self._database.reading() as connection:
            return history.news(connection, since, until)

    def first_visits(self) -> Mapping[str, datetime]:
        """When each source brought anything first."""
        with self._database.reading() as connection:
            return history.first_visits(connection)

    def facts(self, now: datetime, expiry: timedelta) -> Facts:
        """What alerts are about; an edition is not sent any more `expiry` after it was composed."""
        with self._database.reading() as connection:
            return watching.facts(connection, now, expiry)

    def gauges(self, now: datetime) -> watching.Gauges:
        """Everything that is measured."""
        with self._database.reading() as connection:
            return watching.gauges(connection, now)

    def alerts(self) -> tuple[Alert, ...]:
        """What the operator was told of: what holds, and what held within the last day."""
        with self._database.reading() as connection:
            return alerts.all_(connection)

    def replace_alert(self, before: Alert | None, after: Alert | None) -> bool:
        """Remember `after` in place of `before`; False if somebody else was faster."""
        with self._database.writing() as connection:
            return alerts.replace(connection, before, after)

    def vacuum(
        self, before: datetime, now: datetime, *, stopping: Callable[[], bool] = lambda: False
    ) -> keeping.Vacuumed:
        """Take away what is older than `before` and that nobody needs, in many short transactions."""
        return keeping.vacuum(self._database, before, now, stopping)

    def to_vacuum(self, before: datetime) -> keeping.Vacuumed:
        """How much `vacuum` would take away; writes nothing."""
        with self._database.reading() as connection:
            return keeping.foreseen(connection, before)

    def vacuumed_at(self) -> datetime | None:
        """When a vacuum came to its end last."""
        with self._database.reading() as connection:
            return keeping.last(connection)

    def was_vacuumed(self, email: str, issue_date: date) -> bool:
        """Whether there was an edition of that day whose content is gone."""
        with self._database.reading() as connection:
            return published.is_gone(connection, subscribers.address(email), issue_date)

    @property
    def is_file(self) -> bool:
        """Whether it is an SQLite database in a file, which can be backed up and compacted here."""
        return files.is_file(self._database)

    def backup(self, target: Path, *, force: bool = False) -> int:
        """Copy an SQLite database, checked, while others write to it; returns the copy's size in bytes.

        Raises:
            UsageError: the file is there already (unless `force`), or is the database itself.
        """
        return files.backup(self._database, target, force=force)

    def compact(self) -> bool:
        """Give the empty pages of an SQLite file back to the disk, if that is worth it; returns whether it was."""
        return files.compact(self._database)

    # --- the operator's pages -------------------------------------------------------------------------------------

    def pulse(self, now: datetime) -> lists.Pulse:
        """What is going on: asked for again and again, it takes little."""
        with self._database.reading() as connection:
            return lists.pulse(connection, now)

    def people(self, among: lists.Among, after: str, limit: int) -> list[lists.Person]:
        """A page of subscribers, by address, behind the key `after` ("" at first)."""
        with self._database.reading() as connection:
            return lists.people(connection, among, after, limit)

    def statuses(self) -> Mapping[Status, int]:
        """How many subscribers there are of each status."""
        with self._database.reading() as connection:
            return lists.statuses(connection)

    def sendings(
        self, day: date, states: Sequence[State], before: lists.Place | None, limit: int
    ) -> list[lists.Sending]:
        """A page of what was composed on a day (UTC) and is in one of these states; the newest first."""
        with self._database.reading() as connection:
            return lists.sendings(connection, day, states, before, limit)

    def day(self, when: date) -> lists.Day:
        """What became of what was composed on a day (UTC)."""
        with self._database.reading() as connection:
            return lists.day(connection, when)

    def said(self, when: date) -> list[tuple[str, int]]:
        """What was said most often of those of a day (UTC) that did not go through, or not yet, and how often."""
        with self._database.reading() as connection:
            return lists.said(connection, when)

    def last_composed(self) -> date | None:
        """The last day (UTC) on which anything was composed; None: nothing ever was."""
        with self._database.reading() as connection:
            return lists.last_composed(connection)

    def suppressed(self, begins: str, before: tuple[datetime, str] | None, limit: int) -> list[Suppression]:
        """A page of the suppression list, the newest first; or, by address, those that begin so."""
        with self._database.reading() as connection:
            return lists.suppressed(connection, begins, before, limit)

    def came_back(self, limit: int) -> list[lists.Back]:
        """The last mails that came back, newest first."""
        with self._database.reading() as connection:
            return lists.came_back(connection, limit)

    def note_deed(self, deed: Deed) -> None:
        """Write down what was changed on the operator's pages."""
        with self._database.writing() as connection:
            deeds.keep(connection, deed)

    def deeds(self, limit: int, before: int | None = None) -> list[tuple[int, Deed]]:
        """What was changed there, newest first, with numbers; of those with numbers lower than `before`."""
        with self._database.reading() as connection:
            return deeds.latest(connection, limit, before)

    def end_session(self, session: str, until: datetime, now: datetime) -> None:
        """Let one of the operator's sessions, which would have been good `until` then, be good for nothing."""
        with self._database.writing() as connection:
            deeds.end_session(connection, session, until, now)

    def is_ended(self, session: str) -> bool:
        """Whether a session of the operator's was ended."""
        with self._database.reading() as connection:
            return deeds.is_ended(connection, session)

    # --- sources --------------------------------------------------------------------------------------------------

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
            pulls.bereave(connection, is_dead)
            deliveries.bereave(connection, is_dead, now)

    def announce(self, source: str, fetched: Fetched, now: datetime, next_pull: datetime) -> Pulled:
        """Keep what a visit brought: listings by identity, their news in order, the source's state."""
        with self._database.writing() as connection:
            return announce.announce(connection, source, fetched, now, next_pull)

    # --- listings -------------------------------------------------------------------------------------------------

    def head(self) -> int:
        """The newest seq; 0 before the first announcement."""
        with self._database.reading() as connection:
            return overview.head(connection)

    def seq_before(self, instant: datetime) -> int:
        """The newest seq of what was announced before then; 0 if nothing was."""
        with self._database.reading() as connection:
            return subscribers.seq_before(connection, instant)

    def window(self, after: int) -> list[Announcement]:
        """Announcements with a seq higher than `after`, by seq, with the listings as they are now; no originals."""
        with self._database.reading() as connection:
            return listings.window(connection, after)

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
        """How common words are in the papers of the last weeks; in the first days, the count that is shipped helps."""
        with self._database.reading() as connection:
            return with_prior(background.read(connection))

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

    # --- the archive ----------------------------------------------------------------------------------------------

    def archive_mark(self) -> str:
        """The same as long as nothing that the archive shows has changed."""
        with self._database.reading() as connection:
            return shelf.mark(connection)

    def entries(self, day: date) -> list[shelf.Entry]:
        """All news of one day, by seq; a paper that several sources announced has as many."""
        with self._database.reading() as connection:
            return shelf.entries(connection, day)

    def day_counts(self, since: date, until: date) -> Mapping[date, int]:
        """How many papers were announced on each day from `since` to `until`; days without any are left out."""
        with self._database.reading() as connection:
            return shelf.counts(connection, since, until)

    def days_beside(self, day: date) -> shelf.Beside:
        """The nearest days before and after this one on which papers were announced."""
        with self._database.reading() as connection:
            return shelf.beside(connection, day)

    def newest_day(self, until: date) -> date | None:
        """The last day up to `until` on which papers were announced; None before the first."""
        with self._database.reading() as connection:
            return shelf.newest_day(connection, until)

    def archive_days(self) -> list[date]:
        """All days on which papers were announced, newest first."""
        with self._database.reading() as connection:
            return shelf.days(connection)

    def paper_numbers(self, after: int, limit: int) -> list[int]:
        """The numbers of papers higher than `after`, rising; one a paper."""
        with self._database.reading() as connection:
            return shelf.numbers(connection, after, limit)

    def paper_borders(self, size: int) -> list[int]:
        """The numbers behind which each `size` papers begin, from 0."""
        with self._database.reading() as connection:
            return shelf.borders(connection, size)

    def spokesman(self, number: int) -> int | None:
        """The number of the listing that speaks for this one's paper; None if nothing has this number."""
        with self._database.reading() as connection:
            return shelf.spokesman(connection, number)

    def newest_found(self, asked: Asked, limit: int, offset: int, most: int) -> Hits:
        """`limit` of the `most` newest papers that a search finds, behind the first `offset`."""
        with self._database.reading() as connection:
            return search.newest(connection, asked, limit, offset, most)

    def closest_found(self, asked: Asked, titles: Part, wanted: Sequence[Wanted], most: int) -> Hits:
        """Up to `search.CANDIDATES` papers that a search finds, the closest to `wanted` first, counted up to `most`."""
        with self._database.reading() as connection:
            return search.closest(connection, asked, titles, wanted, most)

    def named(self, text: str) -> list[int]:
        """The numbers of the papers whose arXiv identifier or DOI this is, in any spelling."""
        with self._database.reading() as connection:
            return finding.named(connection, text)

    def latest_news(self, numbers: Collection[int]) -> Mapping[int, Announcement]:
        """The newest announcement of each of these papers; those that never were news are left out."""
        with self._database.reading() as connection:
            return search.latest(connection, numbers)

    def papers(self, numbers: Collection[int]) -> Mapping[int, Listing]:
        """The papers with these numbers, each of a listing that speaks for one; no originals."""
        with self._database.reading() as connection:
            return listings.texts(connection, numbers)

    # --- subscribers ----------------------------------------------------------------------------------------------

    def subscribers(self, *, status: Status | None = None) -> list[Subscriber]:
        """All subscribers, or those with one status, in the order they came."""
        with self._database.reading() as connection:
            return subscribers.all_(connection, status)

    def subscriber(self, email: str) -> Subscriber | None:
        """The subscriber with this address, in whatever case it is written."""
        with self._database.reading() as connection:
            return subscribers.one(connection, email)

    def subscriber_numbered(self, number: int) -> Subscriber | None:
        """The subscriber with this number."""
        with self._database.reading() as connection:
            return subscribers.numbered(connection, number)

    def due(self, now: datetime, *, everyone: bool, after: int, limit: int) -> list[Subscriber]:
        """Active subscribers with id > `after` whose next due time has come (all of them if `everyone`), by id."""
        with self._database.reading() as connection:
            return subscribers.due_now(connection, now, everyone=everyone, after=after, limit=limit)

    def sync(self, written: Sequence[Subscriber], now: datetime) -> None:
        """Make the configuration file's subscribers the store's; writes nothing where nothing changed."""
        with self._database.writing() as connection:
            subscribers.sync(connection, written, now)

    def foreseen(self, written: Sequence[Subscriber], now: datetime) -> list[Subscriber]:
        """Who is subscribed once the file's `written` are synced, the file's first, without writing anything."""
        with self._database.reading() as connection:
            return subscribers.foreseen(connection, written, now)

    def add(self, subscriber: Subscriber, now: datetime) -> Subscriber:
        """A new subscriber, or one who comes back with their history.

        Raises:
            UsageError: the address is subscribed already, or on the suppression list.
        """
        with self._database.writing() as connection:
            return subscribers.add(connection, subscriber, now)

    def update(self, subscriber: Subscriber, now: datetime) -> Subscriber:
        """Change what somebody wants; their status and how far they have been served stay.

        Raises:
            UsageError: nobody is subscribed with this address.
        """
        with self._database.writing() as connection:
            return subscribers.change(connection, subscriber, now)

    def set_status(self, email: str, status: Status, now: datetime) -> Subscriber:
        """Pause, resume, remove or suppress. What waits to be sent waits through a pause; else it is cancelled.

        Raises:
            UsageError: nobody is subscribed with this address, or it is on the suppression list and was to be resumed
                or paused.
        """
        with self._database.writing() as connection:
            return subscribers.set_status(connection, email, status, now)

    def pause(self, email: str, until: date, now: datetime) -> Subscriber:
        """Send nothing before the local day `until`.

        Raises:
            UsageError: nobody is subscribed with this address, it is on the suppression list, or the day has come.
        """
        with self._database.writing() as connection:
            return subscribers.pause(connection, email, until, now)

    def move(self, subscriber: int, email: str, now: datetime) -> Subscriber:
        """Send somebody's digest to another address, whose own subscription is erased if they had left it.

        Raises:
            UsageError: nobody is subscribed with this number, the configuration file says where theirs goes, or the
                address has a digest already or is on the suppression list.
        """
        with self._database.writing() as connection:
            return addresses.move(connection, subscriber, email, now)

    def export(self, subscriber: int) -> Mapping[str, Any] | None:
        """Every row that is held of somebody, by its table, as JSON has it; None if nobody has this number."""
        with self._database.reading() as connection:
            return holding.export(connection, subscriber)

    def erase(self, subscriber: int, now: datetime) -> bool:
        """Take away all that is held of somebody; whoever has no row is no error.

        Returns whether their row is gone, too: of whom the configuration file names, it stays and says that they left.
        """
        with self._database.writing() as connection:
            return erasing.erase(connection, subscriber, now)

    def reschedule(self, subscriber: int, next_due: datetime, now: datetime) -> None:
        """Look at this subscriber again at `next_due`."""
        with self._database.writing(swift=True) as connection:
            subscribers.reschedule(connection, subscriber, next_due, now)

    def replan(self, now: datetime) -> int:
        """Plan everybody anew if zone data changed since the last time; returns for how many that made a difference."""
        with self._database.writing() as connection:
            return subscribers.replan(connection, now)

    # --- returns --------------------------------------------------------------------------------------------------

    def suppress(self, email: str, cause: Cause, detail: str, now: datetime) -> None:
        """Put an address on the suppression list: nothing is sent to it any more, and what waits for it is cancelled.

        The first reason stays, unless a complaint comes.
        """
        with self._database.writing() as connection:
            returns.suppress(connection, Suppression(email, cause, now, detail), now)

    def import_suppressions(self, entries: Sequence[Suppression], now: datetime) -> int:
        """Put all these on the suppression list, with their own dates; returns how many are new there."""
        with self._database.writing() as connection:
            return sum([returns.suppress(connection, entry, now) for entry in entries])

    def unsuppress(self, email: str, now: datetime) -> bool:
        """Take an address off the suppression list; its subscriber stays paused. False if it was not on it."""
        with self._database.writing() as connection:
            return returns.unsuppress(connection, email, now)

    def suppressions(self) -> list[Suppression]:
        """The whole suppression list, oldest first."""
        with self._database.reading() as connection:
            return suppressions.all_(connection)

    def suppression(self, email: str) -> Suppression | None:
        """Why this address gets no mail, in whatever case it is written; None if it may."""
        with self._database.reading() as connection:
            return suppressions.one(connection, subscribers.address(email))

    def take_back(self, subscriber: int, issue_date: date, report: Report, now: datetime) -> Taken:
        """What follows from a mail that came back about one edition, once however often it is read."""
        with self._database.writing() as connection:
            return returns.take_back(connection, subscriber, issue_date, report, now)

    def begin_reading(self, name: str, now: datetime, until: datetime) -> bool:
        """Whether to look into this inbox now; if so, nobody else is told so before `until`."""
        with self._database.writing(swift=True) as connection:
            return returns.begin_reading(connection, name, now, until)

    # --- feedback -------------------------------------------------------------------------------------------------

    def give_feedback(self, email: str, listing_id: int, liked: bool | None, now: datetime) -> None:
        """Keep what somebody says of a paper: that they like it, dislike it, or (None) neither. The last word counts.

        Raises:
            UsageError: nobody is subscribed with this address, or no such paper is stored.
        """
        with self._database.writing() as connection:
            feedback.give(connection, subscribers.number(connection, email), listing_id, liked, now)

    def feedback(self, email: str) -> list[Feedback]:
        """What somebody said of papers, each once, oldest first; the newest 200.

        Raises:
            UsageError: nobody is subscribed with this address.
        """
        with self._database.reading() as connection:
            reader = subscribers.number(connection, email)
            return list(feedback.tastes(connection, [reader]).get(reader, Taste()).feedback)

    def tastes(self, subscribers: Collection[int]) -> Mapping[int, Taste]:
        """What each of these subscribers said of papers, the newest 200; who never said anything is left out."""
        with self._database.reading() as connection:
            return feedback.tastes(connection, subscribers)

    def forget(self, email: str, keys: Collection[str]) -> None:
        """Let nothing be learnt for somebody from these words, keys of `digest.text.tokens`.

        Raises:
            UsageError: nobody is subscribed with this address.
        """
        with self._database.writing() as connection:
            feedback.forget(connection, subscribers.number(connection, email), keys)

    def remember(self, email: str, keys: Collection[str]) -> None:
        """Undo `forget` for these words.

        Raises:
            UsageError: nobody is subscribed with this address.
        """
        with self._database.writing() as connection:
            feedback.remember(connection, subscribers.number(connection, email), keys)

    # --- picked by people -----------------------------------------------------------------------------------------

    def pin(self, pin: Pin) -> None:
        """Show a paper, by whichever of its numbers, to everybody on a day; a second time its note changes, and it comes last.

        Raises:
            UsageError: no such paper is stored, or enough are pinned for that day.
        """
        with self._database.writing() as connection:
            curating.pin(connection, pin)

    def unpin(self, day: date, listing_id: int) -> bool:
        """Take a paper away from a day; False if it was not there."""
        with self._database.writing() as connection:
            return curating.unpin(connection, day, listing_id)

    def pins(self, day: date) -> list[Pin]:
        """The papers that curators picked for a day, in the order that they did."""
        with self._database.reading() as connection:
            return curating.pinned(connection, day, day)

    def pins_since(self, day: date) -> list[Pin]:
        """The papers that curators picked for that day and all later ones, in the order that they did."""
        with self._database.reading() as connection:
            return curating.pinned(connection, day, date.max)

    def vote(self, subscriber: int, listing_id: int, now: datetime, *, on: bool) -> None:
        """Recommend a paper to other readers, once however often, or take that back.

        Raises:
            UsageError: no such paper is stored.
        """
        with self._database.writing(swift=True) as connection:
            curating.vote(connection, subscriber, listing_id, now, on=on)

    def voted(self, subscriber: int, listing_id: int) -> bool:
        """Whether this subscriber recommends that paper."""
        with self._database.reading() as connection:
            return curating.voted(connection, subscriber, listing_id)

    def votes(self, listings: Collection[int]) -> Mapping[int, int]:
        """How many readers recommend each of these papers; those that nobody does are left out."""
        with self._database.reading() as connection:
            return curating.counted(connection, listings)

    def most_voted(self, since: datetime, limit: int) -> Mapping[int, int]:
        """The papers that readers recommended since then, each with how many did; the most come first."""
        with self._database.reading() as connection:
            return curating.most_voted(connection, since, limit)

    def suggest(self, subscriber: int, listing_id: int, now: datetime) -> Refusal | None:
        """Suggest a paper for everybody's edition; returns why not, if it cannot be."""
        with self._database.writing() as connection:
            return curating.suggest(connection, subscriber, listing_id, now)

    def suggestions(self, state: Judged, limit: int) -> list[Suggestion]:
        """The newest suggestions of which this became, newest first."""
        with self._database.reading() as connection:
            return curating.suggested(connection, state, limit)

    def judge(self, suggestion: int, by: str, accepted: Pin | None) -> bool:
        """Accept a suggestion by pinning its paper, or (None) decline it; False if somebody was faster.

        Raises:
            UsageError: the paper cannot be pinned; the suggestion stays open.
        """
        with self._database.writing() as connection:
            return curating.judge(connection, suggestion, by, accepted)

    # --- wishes ---------------------------------------------------------------------------------------------------

    def wish(self, wish: Wish, now: datetime) -> None:
        """Keep what somebody asks for on a page; it is mailed for as often as `digest.wishing` allows."""
        with self._database.writing(swift=True) as connection:  # on the disk with its mail, seconds later
            wishes.ask(connection, replace(wish, at=now))

    def wish_numbered(self, number: int) -> Wish | None:
        """The wish with this number."""
        with self._database.reading() as connection:
            return wishes.numbered(connection, number)

    def claim_wishes(self, now: datetime, lease: timedelta, limit: int) -> list[Wish]:
        """Up to `limit` wishes to mail for now, for the caller alone until its lease ends."""
        with self._database.reading() as connection:
            if not wishes.are_due(connection, now):
                return []
        with self._database.writing(swift=True) as connection:
            return wishes.claim(connection, now, lease, limit)

    def wish_mailed(self, wish: Wish, now: datetime) -> None:
        """The relay has the mail for this wish."""
        with self._database.writing() as connection:
            wishes.mailed(connection, wish, now)

    def put_off_wish(self, wish: Wish, until: datetime) -> None:
        """Mail for this wish at `until`, or later."""
        with self._database.writing(swift=True) as connection:
            wishes.put_off(connection, wish, until)

    def drop_wish(self, wish: Wish) -> None:
        """Mail nothing for this wish, and forget it if nothing ever was."""
        with self._database.writing() as connection:
            wishes.drop(connection, wish)

    def confirm_wish(self, wish: Wish, now: datetime) -> Subscriber | None:
        """Subscribe, or have back, whoever wished it; None if it was confirmed before, or is gone.

        Raises:
            UsageError: the address is on the suppression list.
        """
        with self._database.writing() as connection:
            return wishes.confirm(connection, wish, now)

    def confirm_move(self, wish: Wish, now: datetime) -> Subscriber | None:
        """Move a subscription to the address of the wish, and have the old one told; None if that was done before.

        Raises:
            UsageError: as `move`.
        """
        with self._database.writing() as connection:
            return addresses.confirm(connection, wish, now)

    # --- editions -------------------------------------------------------------------------------------------------

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
        """Write editions with their next due times; returns how many were not there yet."""
        with self._database.writing() as connection:
            return published.publish(connection, editions)

    def edition(self, email: str, issue_date: date) -> Edition | None:
        """The edition of one local day, exactly as it was published."""
        with self._database.reading() as connection:
            return published.one(connection, subscribers.address(email), issue_date)

    def editions(self, email: str, limit: int) -> list[Edition]:
        """The newest editions, newest first, exactly as they were published."""
        with self._database.reading() as connection:
            return published.latest(connection, subscribers.address(email), limit)

    # --- deliveries -----------------------------------------------------------------------------------------------
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

    def release(self, claims: Sequence[Claim], until: datetime) -> None:
        """Give claims back, not counted as attempts; nobody takes them before `until`."""
        if claims:
            with self._database.writing(swift=True) as connection:
                deliveries.release(connection, claims, until)

    # --- paces ----------------------------------------------------------------------------------------------------
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
