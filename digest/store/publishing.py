"""Publishing editions: what is written of them, and what is left out because it is no news to their subscribers."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from digest.errors import StoreError
from digest.model import Edition, Listing, Pick, Section, State, Status, Subscriber
from digest.store import astray, codec, had, looks, sent, sheets
from digest.store import subscribers as people
from digest.store.had import Had
from digest.store.kept import KeptListing
from digest.store.listings import spokesmen
from digest.store.numbers import next_ones
from digest.store.schema import contents, deliveries, editions, snapshots, subscribers, texts
from digest.store.schema import sheets as sheets_table
from digest.store.sent import Reads, first, later
from digest.store.sql import insert, rows_with, update_many, write_many

Entry = tuple[Edition, datetime]  # and when its subscriber is due next

SHOWN = timedelta(days=1)  # how much older `snapshots.shown_at` may be than what it says


def publish(connection: Connection, entries: Sequence[Entry]) -> int:
    """Write editions, their deliveries, cursors and next due times; returns how many were not there yet.

    Left out: an edition of a day its subscriber was already served for, whatever their clock said then, or of somebody
    no longer active; and from an edition the papers, and versions of papers, that were sent to its subscriber since it
    was composed.

    Raises:
        StoreError: a pick's listing is not stored.
    """
    readers = _locked(connection, {edition.subscriber.id for edition, _ in entries})
    wanted = list(_wanted(connection, entries, readers))
    papers = spokesmen(connection, {pick.listing.id for edition, _ in wanted for pick in edition.picks})
    before = sent.newest(connection, {edition.subscriber.id for edition, _ in wanted}, set(papers.values()))
    news = _News(papers, dict(before))
    fresh = [(news.of(edition), next_due) for edition, next_due in wanted]
    if not fresh:
        return 0
    numbers = _insert_editions(connection, [edition for edition, _ in fresh])
    if numbers:
        _insert_contents(connection, numbers, readers)
        had.keep(connection, _entries(numbers, papers, before), min(numbers))
        _insert_deliveries(connection, numbers)
    _move_on(connection, fresh, readers, numbers.values())
    return len(numbers)


def _locked(connection: Connection, ids: Iterable[int]) -> dict[int, Subscriber]:
    """The subscribers, kept from every other publisher until the commit."""
    return people.all_numbered(connection, sorted(ids), held=True)


def _wanted(connection: Connection, entries: Sequence[Entry], readers: Mapping[int, Subscriber]) -> Iterator[Entry]:
    """One edition a subscriber and local day, for those who still want it."""
    if not entries:
        return
    active = {number: reader.last_issue for number, reader in readers.items() if reader.status is Status.ACTIVE}
    served = astray.served_until(connection, active, max(edition.composed_at for edition, _ in entries))
    for edition, next_due in entries:
        number = edition.subscriber.id
        if number in served and (served[number] or date.min) < edition.issue_date:
            served[number] = edition.issue_date
            yield edition, next_due


@dataclass(frozen=True, slots=True)
class _News:
    """What is news to subscribers, who have had some papers, each up to some version."""

    papers: Mapping[int, int]
    had: dict[Reads, int]

    def of(self, edition: Edition) -> Edition:
        """The edition without what its subscriber has; from then on they have its own picks, too."""
        kept = tuple([pick for pick in edition.picks if self._takes(edition.subscriber.id, pick)])
        return edition if len(kept) == len(edition.picks) else replace(edition, picks=kept)

    def _takes(self, reader: int, pick: Pick) -> bool:
        key, version = (reader, _paper(pick, self.papers)), later(pick.listing.version)
        known = self.had.get(key)
        if known is None or (pick.section is Section.VERSIONS and version > known):
            self.had[key] = version
            return True
        return False


def _paper(pick: Pick, papers: Mapping[int, int]) -> int:
    if pick.listing.id not in papers:
        raise StoreError(f'"{pick.listing.title}" was picked but never stored: this is a bug, please report it')
    return papers[pick.listing.id]


def _insert_editions(connection: Connection, fresh: Sequence[Edition]) -> dict[int, Edition]:
    """The editions by their new numbers."""
    by_key = {(edition.subscriber.id, edition.issue_date): edition for edition in fresh}
    for key in _taken(connection, fresh):
        by_key.pop(key, None)
    numbers = dict(zip(next_ones(connection, editions, len(by_key)), by_key.values(), strict=True))
    names = ["id", "subscriber_id", "issue_date", "composed_at", "papers"]
    rows = ((n, e.subscriber.id, e.issue_date, e.composed_at, len(e.picks)) for n, e in numbers.items())
    write_many(connection, editions, names, rows)
    return numbers


def _taken(connection: Connection, fresh: Sequence[Edition]) -> Iterator[tuple[int, date]]:
    """Days that are taken though they come after all that counts as served: see `astray`."""
    days = {edition.issue_date for edition in fresh}
    c = editions.c
    query = select(c.subscriber_id, c.issue_date).where(c.issue_date.in_(days))
    readers = {edition.subscriber.id for edition in fresh}
    return (tuple(row) for row in rows_with(connection, query, c.subscriber_id, readers))


def _insert_contents(connection: Connection, numbers: Mapping[int, Edition], readers: Mapping[int, Subscriber]) -> None:
    newest = max(edition.composed_at for edition in numbers.values())
    listings = {id(pick.listing): pick.listing for edition in numbers.values() for pick in edition.picks}
    placed = _snapshots(connection, set(listings.values()), newest)
    press = sheets.Press(numbers, {key: placed[listing] for key, listing in listings.items()})
    (sheet,) = next_ones(connection, sheets_table, 1)
    names = ["id", "composed_at", "first_edition", "last_edition", "content"]
    write_many(connection, sheets_table, names, [(sheet, newest, min(numbers), max(numbers), press.sheet())])
    apart = [n for n, e in numbers.items() if not looks.is_same(e.subscriber, readers[e.subscriber.id])]
    write_many(connection, contents, ["edition_id", "content"], press.contents(sheet, apart).items())


def _entries(numbers: Mapping[int, Edition], papers: Mapping[int, int], before: Mapping[Reads, int]) -> Iterator[Had]:
    """What subscribers have by these editions, who had some of it `before`."""
    known = set(before)
    for edition in sorted(numbers.values(), key=lambda edition: edition.issue_date):
        reader, day = edition.subscriber.id, edition.issue_date
        for pick in edition.picks:
            key = reader, papers[pick.listing.id]
            version = (later if key in known else first)(pick.listing.version)
            known.add(key)
            yield Had(reader, key[1], version, day)


def _snapshots(connection: Connection, shown: Collection[Listing], now: datetime) -> dict[Listing, int]:
    """Where the listings' texts are kept as they are now; the same text is kept once."""
    written = {listing: codec.dumps(KeptListing, listing) for listing in shown}
    digests = {listing: hashlib.sha256(text.encode()).hexdigest()[:32] for listing, text in written.items()}
    by_digest = {digest: listing for listing, digest in digests.items()}
    numbers = _snapshot_ids(connection, by_digest, now)
    rows = [
        {"digest": d, "version": by_digest[d].version, "shown_at": now}
        for d in sorted(by_digest.keys() - numbers.keys())
    ]
    if rows:  # in one order, since others may keep the same at the same time
        write = insert(connection, snapshots)
        again, is_later = {"shown_at": write.excluded.shown_at}, snapshots.c.shown_at < write.excluded.shown_at
        connection.execute(write.on_conflict_do_update(index_elements=["digest"], set_=again, where=is_later), rows)
        numbers = _snapshot_ids(connection, by_digest, None)
    kept = _kept(connection, numbers.values())
    new = [{"snapshot_id": numbers[d], "content": by_digest[d]} for d in sorted(numbers) if numbers[d] not in kept]
    if new:
        connection.execute(insert(connection, texts).on_conflict_do_nothing(), new)
    return {listing: numbers[digest] for listing, digest in digests.items()}


def _kept(connection: Connection, ids: Iterable[int]) -> set[int]:
    """Those of the snapshots that have their text: what is old may have lost it."""
    own = texts.c.snapshot_id
    return {row.snapshot_id for row in rows_with(connection, select(own), own, ids)}


def _snapshot_ids(connection: Connection, digests: Iterable[Any], now: datetime | None) -> dict[str, int]:
    """Those that are there, and were shown on a day before `now` at the most, if that is given."""
    c = snapshots.c
    query = select(c.digest, c.id)
    if now is not None:
        query = query.where(c.shown_at >= now - SHOWN)
    return dict(rows_with(connection, query, c.digest, digests))


def _insert_deliveries(connection: Connection, numbers: Mapping[int, Edition]) -> None:
    names = ["id", "edition_id", "state", "attempts", "next_attempt", "detail", "resent", "created_at", "changed_at"]
    wanted = [(number, edition.composed_at) for number, edition in numbers.items() if edition.worth_sending]
    ids = next_ones(connection, deliveries, len(wanted))
    rows = ((own, number, State.PENDING, 0, at, "", 0, at, at) for own, (number, at) in zip(ids, wanted, strict=True))
    write_many(connection, deliveries, names, rows)


def _move_on(
    connection: Connection, fresh: Sequence[Entry], readers: Mapping[int, Subscriber], written: Collection[Edition]
) -> None:
    """On to the next day; what was considered for an edition is, if it was written."""
    considered = {edition.subscriber.id: edition.cursor for edition in written}
    names = ["id", "cursor", "last_issue", "next_due", "planned_at"]
    rows = {}
    for edition, next_due in fresh:
        reader = edition.subscriber.id
        cursor = max(considered.get(reader, 0), readers[reader].cursor)
        # Who changed their schedule meanwhile is looked at again at once: `next_due` is by the one before.
        due = next_due if _when(edition.subscriber) == _when(readers[reader]) else edition.composed_at
        rows[reader] = (reader, cursor, edition.issue_date, due, edition.composed_at)
    update_many(connection, subscribers, names, rows.values())


def _when(subscriber: Subscriber) -> tuple[Any, ...]:
    return subscriber.schedule, subscriber.paused_until
