"""What a source brought becomes listings and news, in one transaction."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select, update

from digest.model import Announcement, Fetched, Kind, Listing, Problem, Pulled
from digest.store import background, pulls, words
from digest.store.identity import Shelf, fault, stored_keys
from digest.store.listings import FIELDS, known, note_change, whole
from digest.store.schema import announcements, counters, listing_keys, listings
from digest.store.sql import chunks, insert, rows_with

_A_WEEK = timedelta(days=7)

News = tuple[int, str, Kind, int]  # listing, source, kind, version: what is told once


@dataclass(frozen=True, slots=True)
class Numbers:
    """The newest numbers given out so far."""

    seq: int
    listing: int


def announce(connection: Connection, source: str, fetched: Fetched, now: datetime, next_pull: datetime) -> Pulled:
    """Upsert the listings by identity, count new words, number what is news, remember how the pull went and give its lease back."""
    numbers = _locked(connection)
    accounts = list(_accounts(fetched))
    shelf = _shelf(connection, [account for account in accounts if account.fault is None], numbers.listing)
    placed = [(shelf.place(a.listing, a.keys), a.said) for a in accounts if a.fault is None]
    given = [(shelf.speaks_for(number), said) for number, said in placed]  # now that all of them are placed
    background.learn(connection, shelf.new(), now)
    _keep(connection, shelf, now)
    seq = _tell(connection, [(number, said) for number, said in given if said], numbers.seq, now)
    _advance(connection, Numbers(seq, shelf.last_id))
    if shelf.new() or shelf.changed() or shelf.joined:
        note_change(connection)
    problems = (*fetched.problems, *_unkept([account for account in accounts if account.fault]))
    announced = len({number for number, _ in given})
    pulls.finish(connection, source, fetched, problems, now=now, next_pull=next_pull, announced=announced)
    return Pulled(source, announced, len(shelf.new()), len(shelf.revised()), problems)


@dataclass(frozen=True, slots=True)
class Account:
    """What one source says of one paper, as news or as backlog."""

    listing: Listing
    said: Announcement | None
    fault: str | None  # why it cannot be kept
    keys: tuple[str, ...]


def _accounts(fetched: Fetched) -> Iterator[Account]:
    everything = [*((listing, None) for listing in fetched.backlog), *((a.listing, a) for a in fetched.announcements)]
    for listing, said in everything:
        why = fault(listing)
        yield Account(listing, said, why, () if why else stored_keys(listing))


def _locked(connection: Connection) -> Numbers:
    """The counters, kept from everyone else until the commit: a lower number is never committed after a higher."""
    own = counters.c.name.in_(Numbers.__dataclass_fields__)  # `digest.store.numbers` keeps others there
    query = select(counters.c.name, counters.c.value).where(own).order_by(counters.c.name)
    rows = connection.execute(query.with_for_update())
    return Numbers(**{row.name: row.value for row in rows})


def _advance(connection: Connection, numbers: Numbers) -> None:
    values = [{"named": "seq", "newest": numbers.seq}, {"named": "listing", "newest": numbers.listing}]
    advance = update(counters).where(counters.c.name == bindparam("named"), counters.c.value < bindparam("newest"))
    connection.execute(advance.values(value=bindparam("newest")), values)


def _unkept(faulty: Sequence[Account]) -> Iterator[Problem]:
    """One problem for all listings that no database can hold."""
    if faulty:
        first = faulty[0]
        title = first.listing.title[:60].encode("ascii", "backslashreplace").decode().replace("\0", "\\x00")
        count = "1 listing" if len(faulty) == 1 else f"{len(faulty)} listings"
        yield Problem(f'{count} could not be kept; "{title}": {first.fault}')


# --- listings -----------------------------------------------------------------------------------------------------


def _shelf(connection: Connection, accounts: Sequence[Account], last_id: int) -> Shelf:
    """What is stored of the given papers."""
    speaks = (
        select(listing_keys.c.key, listings.c.same_as)
        .join_from(listing_keys, listings, listing_keys.c.listing_id == listings.c.id)
    )  # fmt: skip
    keys = {key for account in accounts for key in account.keys}
    owners: dict[str, int] = dict(rows_with(connection, speaks, listing_keys.c.key, keys))
    return Shelf(owners, whole(connection, set(owners.values())), last_id)


def _keep(connection: Connection, shelf: Shelf, now: datetime) -> None:
    if new := shelf.new():
        rows = [_row(listing) | {"same_as": listing.id, "first_seen": now, "last_seen": now} for listing in new]
        connection.execute(insert(connection, listings), rows)
    if changed := shelf.changed():
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in FIELDS if name != "id"}
        rows = [{f"new_{name}": value for name, value in _row(listing).items()} for listing in changed]
        connection.execute(update(listings).where(listings.c.id == bindparam("new_id")).values(values), rows)
    _seen(connection, shelf.stored, now)
    if joined := shelf.one_paper():
        point = update(listings).where(listings.c.same_as == bindparam("younger")).values(same_as=bindparam("older"))
        connection.execute(point, [{"younger": younger, "older": older} for younger, older in joined.items()])
        words.forget(connection, joined)
    words.keep(connection, [*new, *(listing for listing in changed if _reads_otherwise(listing, shelf))])
    if added := shelf.keys_added():
        rows = [{"key": key, "listing_id": number} for key, number in added.items()]
        connection.execute(insert(connection, listing_keys).on_conflict_do_nothing(), rows)


def _seen(connection: Connection, stored: Iterable[int], now: datetime) -> None:
    """A feed may give the same papers for years, and they are no news as long as they are kept."""
    given = update(listings).where(or_(listings.c.last_seen.is_(None), listings.c.last_seen < now - _A_WEEK))
    for chunk in chunks(stored):
        connection.execute(given.where(listings.c.id.in_(chunk)).values(last_seen=now))


_READ = attrgetter("title", "abstract", "summary", "authors", "keywords", "categories")


def _reads_otherwise(listing: Listing, shelf: Shelf) -> bool:
    """Whether other words find it than those that found it before: upvotes alone change every day."""
    return bool(_READ(listing) != _READ(shelf.stored[listing.id]))


def _row(listing: Listing) -> dict[str, object]:
    return {name: getattr(listing, name) for name in FIELDS}


# --- news ---------------------------------------------------------------------------------------------------------


def _tell(connection: Connection, spoken: Sequence[tuple[int, Announcement]], seq: int, now: datetime) -> int:
    """Number what has not been told yet; returns the newest number."""
    told = _told(connection, {number for number, _ in spoken})
    fresh: dict[News, Announcement] = {}
    for number, said in spoken:
        version = (said.listing.version or 0) if said.kind is Kind.REVISION else 0
        fresh.setdefault((number, said.source, said.kind, version), said)
    rows = [_news(news, said, now) for news, said in fresh.items() if news not in told]
    for row in rows:
        seq += 1
        row["seq"] = seq
    if rows:
        connection.execute(insert(connection, announcements), rows)
    return seq


def _told(connection: Connection, numbers: set[int]) -> set[News]:
    """The news already told of these papers, under any of their listings."""
    c = announcements.c
    news = select(known.c.same_as, c.source, c.kind, c.version).join_from(
        announcements, known, c.listing_id == known.c.id
    )
    return {tuple(row) for row in rows_with(connection, news, known.c.same_as, numbers)}


def _news(news: News, said: Announcement, now: datetime) -> dict[str, object]:
    listing_id, source, kind, version = news
    return {
        "listing_id": listing_id,
        "source": source,
        "kind": kind,
        "day": said.day,
        "version": version,
        "announced_at": now,
    }
