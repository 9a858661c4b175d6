"""Giving editions back exactly as they were published, whatever happened since."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select

from digest.errors import StoreError
from digest.model import Edition, Listing
from digest.store import columns, looks, sheets
from digest.store.kept import whole_listing
from digest.store.recent import Recent
from digest.store.schema import contents, editions, subscribers, texts
from digest.store.schema import sheets as sheets_table
from digest.store.sql import rows_with

_MOST_SHEETS = 16  # remembered: some megabytes each


class Texts:
    """What editions are made of, as it was read of late; their ids are never given to others."""

    def __init__(self, limit: int) -> None:
        """Of so many listings; of sheets, which are of hundreds of editions each, fewer."""
        self.listings: Recent[int, Listing] = Recent(limit)  # by the ids of their snapshots
        self.sheets: Recent[int, sheets.Sheet] = Recent(min(limit, _MOST_SHEETS))


def read(connection: Connection, ids: Iterable[int], known: Texts | None = None) -> dict[int, Edition]:
    """Editions by their ids, exactly as they were published; without those whose content was vacuumed.

    What is `known` of listings is not read again, and remembered from one call to the next.

    Raises:
        StoreError: one of them is damaged, or what it is made of is gone.
    """
    known = known or Texts(0)
    rows = {row.id: row for row in rows_with(connection, _OF_THESE, editions.c.id, ids)}
    held = {n: columns.read(partial(sheets.kept, issue=row.issue_date), row.content) for n, row in rows.items()}
    with columns.understood(list(rows)):
        return _whole(connection, rows, held, known)


def _whole(
    connection: Connection, rows: Mapping[int, Any], held: Mapping[int, sheets.Kept], known: Texts
) -> dict[int, Edition]:
    wanted = {one.sheet for one in held.values() if one.sheet is not None}
    on = known.sheets.of(wanted, partial(_sheets, connection))
    shown = {number: sheets.shown(one, on) for number, one in held.items()}
    listings = known.listings.of({key for keys in shown.values() for key in keys}, partial(_texts, connection))
    alone = {number for number, one in held.items() if one.sheet is None or one.subscriber}
    readers = looks.of(connection, {n: row.subscriber_id for n, row in rows.items() if n not in alone})
    return {
        number: sheets.whole(
            one, on, [listings[key] for key in shown[number]], _issue(rows[number]), readers.get(number)
        )
        for number, one in held.items()
    }


_OF_THESE = (
    select(editions.c.id, editions.c.subscriber_id, editions.c.issue_date, editions.c.composed_at, contents.c.content)
    .join_from(editions, contents, contents.c.edition_id == editions.c.id)
    .order_by(editions.c.id)
)


def kept(connection: Connection, where: ColumnElement[bool]) -> Iterator[sheets.Kept]:
    """How these editions are kept, but for those that cannot be read."""
    for row in connection.execute(_OF_THESE.where(where)):
        with suppress(StoreError):
            yield columns.read(partial(sheets.kept, issue=row.issue_date), row.content)


def _issue(row: Any) -> tuple[date, datetime]:
    return row.issue_date, row.composed_at


def _sheets(connection: Connection, ids: Iterable[int]) -> dict[int, sheets.Sheet]:
    c = sheets_table.c
    found = rows_with(connection, select(c.id, c.content), c.id, ids)
    return {number: columns.read(sheets.sheet, content) for number, content in found}


def _texts(connection: Connection, ids: Iterable[int]) -> dict[int, Listing]:
    c = texts.c
    found = rows_with(connection, select(c.snapshot_id, c.content), c.snapshot_id, ids)
    return {number: whole_listing(kept) for number, kept in found}


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
