"""What pages ask of the store, and keep there."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from digest.curating import Refusal
from digest.model import (
    Announcement,
    Deed,
    Judged,
    Listing,
    Pin,
    State,
    Status,
    Subscriber,
    Suggestion,
    Suppression,
    Wish,
)
from digest.store import addresses, curating, deeds, finding, listings, lists, overview, search, shelf, wishes
from digest.store.opened import Opened
from digest.store.search import Asked, Hits
from digest.text.catalog import Part
from digest.text.closeness import Wanted


class Pages(Opened):
    """The operator's lists, the archive, what people pick and what they wish: a part of `Store`, whose rules hold."""

    # --- the operator's pages ---------------------------------------------------------------------------------------

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
            return overview.statuses(connection)

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

    # --- the archive ------------------------------------------------------------------------------------------------

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

    # --- picked by people -------------------------------------------------------------------------------------------

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

    # --- wishes -----------------------------------------------------------------------------------------------------

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
