"""Who is subscribed, who gets no mail, and what each of them said of papers."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from digest.model import Cause, Feedback, Report, Status, Subscriber, Suppression, Taken, Taste
from digest.store import addresses, erasing, feedback, holding, returns, subscribers, suppressions
from digest.store.opened import Opened


class People(Opened):
    """Subscribers and what they want: a part of `Store`, whose rules hold."""

    # --- subscribers ------------------------------------------------------------------------------------------------

    def subscribers(self, *, status: Status | None = None) -> list[Subscriber]:
        """All subscribers, or those with one status, in the order they came."""
        with self._database.reading() as connection:
            return subscribers.all_(connection, status)

    def subscriber(self, email: str) -> Subscriber | None:
        """The subscriber with this address, in whatever case it is written; nobody whose address but compares alike."""
        with self._database.reading() as connection:
            found = subscribers.one(connection, email)
        return found if found and subscribers.is_same(found.email, email) else None

    def subscriber_numbered(self, number: int) -> Subscriber | None:
        """The subscriber with this number."""
        with self._database.reading() as connection:
            return subscribers.numbered(connection, number)

    def due(
        self, now: datetime, *, everyone: bool, after: int, limit: int, upto: int | None = None
    ) -> list[Subscriber]:
        """Active subscribers with id > `after` (and not > `upto`) whose next due time has come (or `everyone`), by id."""
        with self._database.reading() as connection:
            return subscribers.due_now(connection, now, everyone=everyone, after=after, limit=limit, upto=upto)

    def due_shards(self, now: datetime, size: int) -> list[range]:
        """The ranges of so many subscribers' numbers in which anybody is due; the same ranges whenever it is asked."""
        with self._database.reading() as connection:
            return subscribers.due_shards(connection, now, size)

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

    # --- returns ----------------------------------------------------------------------------------------------------

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

    # --- feedback ---------------------------------------------------------------------------------------------------

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
