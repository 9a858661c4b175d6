"""Publishing editions, and giving them back exactly as they were published, whatever happened since."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import CompoundSelect, Connection, Select, bindparam, select, union_all, update

from digest.errors import StoreError
from digest.model import Edition, Listing, Pick, Section, State, Status
from digest.store import astray, codec, sent
from digest.store.kept import KeptListing, whole_edition, whole_listing
from digest.store.listings import spokesmen
from digest.store.numbers import unused
from digest.store.recent import Recent
from digest.store.schema import contents, deliveries, editions, picks, snapshots, subscribers, texts, versions
from digest.store.sent import Had, later
from digest.store.sql import chunks, insert

Entry = tuple[Edition, datetime]  # and when its subscriber is due next


# --- publishing ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Reader:
    """A subscriber as publishing finds them."""

    status: Status
    cursor: int
    last_issue: date | None


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
    before = _history(connection, [edition for edition, _ in wanted], papers)
    had = _History(set(before.papers), before.newest)
    fresh = [(_unsent(edition, papers, had), next_due) for edition, next_due in wanted]
    if not fresh:
        return 0
    numbers = _insert_editions(connection, [edition for edition, _ in fresh])
    if numbers:
        _insert_picks(connection, numbers, papers, before.papers)
        _insert_deliveries(connection, numbers)
    _move_on(connection, fresh, readers, numbers.values())
    return len(numbers)


def _locked(connection: Connection, ids: Iterable[int]) -> dict[int, _Reader]:
    """The subscribers, kept from every other publisher until the commit."""
    c = subscribers.c
    query = select(c.id, c.status, c.cursor, c.last_issue).order_by(c.id).with_for_update()
    rows = (row for chunk in chunks(sorted(ids)) for row in connection.execute(query.where(c.id.in_(chunk))))
    return {row.id: _Reader(row.status, row.cursor, row.last_issue) for row in rows}


def _wanted(connection: Connection, entries: Sequence[Entry], readers: Mapping[int, _Reader]) -> Iterator[Entry]:
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


@dataclass(slots=True)
class _History:
    """What subscribers have had."""

    papers: set[Had]
    newest: dict[Had, int]  # versions of those papers of which a new one is to be told

    def takes(self, key: Had, pick: Pick) -> bool:
        """Whether this is news; it is no news the next time."""
        version = later(pick.listing.version)
        is_new = key not in self.papers
        if is_new or (pick.section is Section.VERSIONS and version > self.newest[key]):
            self.papers.add(key)
            self.newest[key] = version
            return True
        return False


def _history(connection: Connection, wanted: Sequence[Edition], papers: Mapping[int, int]) -> _History:
    readers = {edition.subscriber.id for edition in wanted}
    told = (pick for edition in wanted for pick in edition.section(Section.VERSIONS))
    revised = {_paper(pick, papers) for pick in told}
    before = set(sent.papers(connection, readers, set(papers.values())))
    return _History(before, sent.newest(connection, readers, revised))


def _unsent(edition: Edition, papers: Mapping[int, int], had: _History) -> Edition:
    """The edition without what its subscriber has; from then on they have its own picks, too."""
    reader = edition.subscriber.id
    kept = tuple(pick for pick in edition.picks if had.takes((reader, _paper(pick, papers)), pick))
    return edition if len(kept) == len(edition.picks) else replace(edition, picks=kept)


def _paper(pick: Pick, papers: Mapping[int, int]) -> int:
    if pick.listing.id not in papers:
        raise StoreError(f'"{pick.listing.title}" was picked but never stored: this is a bug, please report it')
    return papers[pick.listing.id]


def _insert_editions(connection: Connection, fresh: Sequence[Edition]) -> dict[int, Edition]:
    """The editions by their new numbers."""
    by_key = {(edition.subscriber.id, edition.issue_date): edition for edition in fresh}
    rows = [
        {"subscriber_id": number, "issue_date": day, "composed_at": edition.composed_at}
        for (number, day), edition in by_key.items()
    ]
    # A day may be taken though it comes after all that counts as served: see `astray`.
    write = insert(connection, editions).on_conflict_do_nothing()
    written = write.returning(editions.c.id, editions.c.subscriber_id, editions.c.issue_date)
    numbers = {
        number: by_key[reader, day]
        for number, reader, day in connection.execute(written, unused(connection, editions, rows))
    }
    if numbers:
        connection.execute(insert(connection, contents), [{"edition_id": n, "content": e} for n, e in numbers.items()])
    return numbers


def _insert_picks(
    connection: Connection, numbers: Mapping[int, Edition], papers: Mapping[int, int], before: Collection[Had]
) -> None:
    """Keep what the editions show: apart, what their subscribers had `before`."""
    newest = max(edition.composed_at for edition in numbers.values())
    shown = _snapshots(connection, {pick.listing for edition in numbers.values() for pick in edition.picks}, newest)
    had = set(before)
    begun: list[dict[str, Any]] = []
    told: list[dict[str, Any]] = []
    for number, edition in sorted(numbers.items(), key=lambda item: item[1].issue_date):
        for position, pick in enumerate(edition.picks):
            key = edition.subscriber.id, papers[pick.listing.id]
            row = {
                "subscriber_id": key[0],
                "listing_id": key[1],
                "edition_id": number,
                "position": position,
                "snapshot_id": shown[pick.listing],
            }
            if key in had:
                told.append(row | {"version": later(pick.listing.version)})
            else:
                begun.append(row)
            had.add(key)
    for table, rows in ((picks, begun), (versions, told)):
        if rows:
            connection.execute(insert(connection, table), rows)


def _snapshots(connection: Connection, shown: Collection[Listing], now: datetime) -> dict[Listing, int]:
    """Where the listings' texts are kept as they are now; the same text is kept once."""
    written = {listing: codec.dumps(KeptListing, listing) for listing in shown}
    digests = {listing: hashlib.sha256(text.encode()).hexdigest()[:32] for listing, text in written.items()}
    by_digest = {digest: listing for listing, digest in digests.items()}
    rows = [{"digest": digest, "version": one.version, "shown_at": now} for digest, one in by_digest.items()]
    if rows:
        write = insert(connection, snapshots)
        again, is_later = {"shown_at": write.excluded.shown_at}, snapshots.c.shown_at < write.excluded.shown_at
        connection.execute(write.on_conflict_do_update(index_elements=["digest"], set_=again, where=is_later), rows)
    numbers = _snapshot_ids(connection, by_digest)
    kept = _kept(connection, numbers.values())
    new = [{"snapshot_id": n, "content": by_digest[d]} for d, n in numbers.items() if n not in kept]
    if new:
        connection.execute(insert(connection, texts).on_conflict_do_nothing(), new)
    return {listing: numbers[digest] for listing, digest in digests.items()}


def _kept(connection: Connection, ids: Iterable[int]) -> set[int]:
    """Those of the snapshots that have their text: what is old may have lost it."""
    own = select(texts.c.snapshot_id)
    return {n for chunk in chunks(ids) for n in connection.scalars(own.where(texts.c.snapshot_id.in_(chunk)))}


def _snapshot_ids(connection: Connection, digests: Iterable[Any]) -> dict[str, int]:
    c = snapshots.c
    return {
        digest: number
        for chunk in chunks(digests)
        for digest, number in connection.execute(select(c.digest, c.id).where(c.digest.in_(chunk)))
    }


def _insert_deliveries(connection: Connection, numbers: Mapping[int, Edition]) -> None:
    rows = [
        {
            "edition_id": number,
            "state": State.PENDING,
            "attempts": 0,
            "next_attempt": edition.composed_at,
            "detail": "",
            "resent": 0,
            "created_at": edition.composed_at,
            "changed_at": edition.composed_at,
        }
        for number, edition in numbers.items()
        if edition.worth_sending
    ]
    if rows:
        connection.execute(insert(connection, deliveries), unused(connection, deliveries, rows))


def _move_on(
    connection: Connection, fresh: Sequence[Entry], readers: Mapping[int, _Reader], written: Collection[Edition]
) -> None:
    """On to the next day; what was considered for an edition is, if it was written."""
    considered = {edition.subscriber.id: edition.cursor for edition in written}
    rows = [
        {
            "number": edition.subscriber.id,
            "considered": max(considered.get(edition.subscriber.id, 0), readers[edition.subscriber.id].cursor),
            "issue": edition.issue_date,
            "due": next_due,
            "moment": edition.composed_at,
        }
        for edition, next_due in fresh
    ]
    values: dict[str, Any] = {
        "cursor": bindparam("considered"),
        "last_issue": bindparam("issue"),
        "next_due": bindparam("due"),
        "planned_at": bindparam("moment"),
    }
    connection.execute(update(subscribers).where(subscribers.c.id == bindparam("number")).values(values), rows)


# --- reading again ------------------------------------------------------------------------------------------------


Texts = Recent[int, Listing]  # of snapshots, by their ids, which are never given to others


def read(connection: Connection, ids: Iterable[int], known: Texts | None = None) -> dict[int, Edition]:
    """Editions by their ids, exactly as they were published; without those whose content was vacuumed.

    What is `known` of listings is not read again, and remembered from one call to the next.
    """
    content = select(contents.c.edition_id, contents.c.content).order_by(contents.c.edition_id)
    wanted = {
        number: kept
        for chunk in chunks(ids)
        for number, kept in connection.execute(content.where(contents.c.edition_id.in_(chunk))).all()
    }
    shown: dict[int, list[int]] = {number: [] for number in wanted}
    for chunk in chunks(wanted):
        for number, _, snapshot in connection.execute(_placed(chunk)).all():
            shown[number].append(snapshot)
    snapshots_shown = {snapshot for numbers in shown.values() for snapshot in numbers}
    said = (known or Texts(0)).of(snapshots_shown, partial(_texts, connection))
    return {number: whole_edition(kept, [said[key] for key in shown[number]]) for number, kept in wanted.items()}


def _placed(ids: Collection[int]) -> CompoundSelect[Any]:
    """Edition, position and snapshot of everything that these editions show, in order."""
    each = (
        select(table.c.edition_id, table.c.position, table.c.snapshot_id).where(table.c.edition_id.in_(ids))
        for table in (picks, versions)
    )
    return union_all(*each).order_by("edition_id", "position")


def _texts(connection: Connection, ids: Iterable[int]) -> dict[int, Listing]:
    c = texts.c
    return {
        number: whole_listing(kept)
        for chunk in chunks(ids)
        for number, kept in connection.execute(select(c.snapshot_id, c.content).where(c.snapshot_id.in_(chunk)))
    }


def _of(email_address: str) -> Select[Any]:
    return (
        select(editions.c.id)
        .join(subscribers, subscribers.c.id == editions.c.subscriber_id)
        .where(subscribers.c.address == email_address)
    )


def one(connection: Connection, email_address: str, issue_date: date) -> Edition | None:
    """The edition of one local day."""
    number = connection.scalar(_of(email_address).where(editions.c.issue_date == issue_date))
    return None if number is None else read(connection, [number]).get(number)


def is_gone(connection: Connection, email_address: str, issue_date: date) -> bool:
    """Whether there was an edition of that day whose content was vacuumed."""
    left = _of(email_address).where(
        editions.c.issue_date == issue_date, ~editions.c.id.in_(select(contents.c.edition_id))
    )
    return connection.scalar(left) is not None


def latest(connection: Connection, email_address: str, limit: int) -> list[Edition]:
    """The newest editions, newest first."""
    newest = connection.scalars(_of(email_address).order_by(editions.c.issue_date.desc()).limit(limit)).all()
    found = read(connection, newest)
    return [found[number] for number in newest if number in found]
