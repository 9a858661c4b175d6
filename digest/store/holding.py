"""All that is held of one subscriber, table by table. What is shown of it and what is erased of it is the same list."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, func, or_, select

from digest.model import Edition
from digest.store import editions as published
from digest.store import had, listings
from digest.store.had import Had
from digest.store.schema import contents, editions, metadata, pins, subscribers, suggestions, suppressions, wishes
from digest.store.sql import chunks


class Whose(NamedTuple):
    """Whom it is about."""

    number: int
    address: str  # as it is compared
    email: str


def of(whose: Whose) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """Each table with rows that are somebody's own, and which rows these are; dependent tables first.

    Found by what the tables refer to, so that a table which is added later is neither forgotten nor kept.
    """
    theirs = select(editions.c.id).where(editions.c.subscriber_id == whose.number)
    for table in reversed(metadata.sorted_tables):
        references = {key.column: key.parent for key in table.foreign_keys}
        if (own := references.get(subscribers.c.id)) is not None:
            yield table, own == whose.number
        elif (edition := references.get(editions.c.id)) is not None:
            yield table, edition.in_(theirs)
    asked = (wishes.c.address == whose.address, func.lower(wishes.c.email) == whose.email.lower())
    yield wishes, or_(wishes.c.subscriber == whose.number, *asked)
    yield subscribers, subscribers.c.id == whose.number


def kept(whose: Whose) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """What names somebody and is not theirs alone: it is shown to them, and outlives them, in part without their name."""
    yield suppressions, suppressions.c.address == whose.address
    names = {whose.address, whose.email}
    yield pins, pins.c.by.in_(names)
    yield suggestions, suggestions.c.judged_by.in_(names)


def whose(connection: Connection, number: int, *, held: bool = False) -> Whose | None:
    """Who has this number; `held` back from everybody else until the transaction ends."""
    c = subscribers.c
    query = select(c.id, c.address, c.email).where(c.id == number)
    row = connection.execute(query.with_for_update() if held else query).one_or_none()
    return Whose(*row) if row else None


def export(connection: Connection, number: int) -> dict[str, Any] | None:
    """Every row of theirs by its table, in values that JSON has; and the papers that these speak of, by number."""
    who = whose(connection, number)
    if who is None:
        return None
    conditions: dict[Table, list[ColumnElement[bool]]] = {}
    for table, own in (*of(who), *kept(who)):
        conditions.setdefault(table, []).append(own)
    rows = {
        table.name: _rows(connection, table, or_(*own)) for table, own in conditions.items() if table is not contents
    }
    kept_whole = published.read(connection, [row["id"] for row in rows["editions"]])
    rows["contents"] = [_edition(edition_id, edition) for edition_id, edition in kept_whole.items()]
    rows["had"] = [_named(entry) for entry in had.of(connection, number)]
    papers = {row["listing_id"] for some in rows.values() for row in some if "listing_id" in row}
    return {**dict(sorted(rows.items())), "papers": _papers(connection, papers)}


def _rows(connection: Connection, table: Table, own: ColumnElement[bool]) -> list[dict[str, Any]]:
    found = connection.execute(select(table).where(own).order_by(*table.primary_key)).mappings()
    return [{name: _plain(value) for name, value in row.items()} for row in found]


def _edition(number: int, edition: Edition) -> dict[str, Any]:
    """All of an edition but the texts of its papers, which are told apart."""
    content = _plain(edition)
    for pick in content["picks"]:
        pick["listing_id"] = pick.pop("listing")["id"]
    return {"edition_id": number, "content": content}


def _named(entry: Had) -> dict[str, Any]:
    """What they had of a paper: it is in rows that are others', too."""
    return {"listing_id": entry.listing, "version": entry.version, "issue_date": entry.day.isoformat()}


def _papers(connection: Connection, numbers: set[int]) -> dict[str, Any]:
    names = ("title", "url", "arxiv_id", "doi")
    return {
        str(number): {name: getattr(listing, name) for name in names}
        for chunk in chunks(sorted(numbers))
        for number, listing in listings.texts(connection, chunk).items()
    }


def _plain(value: Any) -> Any:
    """As JSON has it."""
    if is_dataclass(value):
        value = {part.name: getattr(value, part.name) for part in fields(value)}
    match value:
        case datetime() | date() | time():
            return value.isoformat()
        case Mapping():
            return {key: _plain(part) for key, part in value.items()}
        case tuple() | frozenset():
            return [_plain(part) for part in (sorted(value) if isinstance(value, frozenset) else value)]
    return str(value) if isinstance(value, str) else value  # enums are words
