"""Who gets a digest, from when on, and when next."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Select, or_, select, update

from digest import due
from digest.errors import UsageError
from digest.model import Origin, Status, Subscriber, Suppression
from digest.store import astray, crowd, deliveries, feedback, looks, suppressions, zones
from digest.store.numbers import unused
from digest.store.schema import announcements, subscribers
from digest.store.sql import chunks, insert

STILL_NEWS = timedelta(days=3)  # to somebody who subscribes now

# What a person can write about a subscriber, in the file or by command; the rest is the store's own.
_WRITTEN = (
    *(name for name in crowd.OWN if name not in ("id", "status", "origin", "cursor", "last_issue", "paused_until")),
    "schedule",
)


def address(email: str) -> str:
    """The email as it is compared: in one case and one spelling, also left of the @.

    RFC 5321 lets two mailboxes differ by case there, but no provider in use does, and people type their own address
    in several ways: one subscriber each would get several digests.
    """
    return unicodedata.normalize("NFC", email.strip()).casefold()


def is_same(email: str, other: str) -> bool:
    """Whether two addresses that compare alike are one mailbox: `ß` and `ss` are two domains (RFC 5891), of two owners."""
    one, another = (unicodedata.normalize("NFC", each.strip()).lower() for each in (email, other))
    return one == another


def _values(subscriber: Subscriber) -> dict[str, Any]:
    """The row's columns that come from the subscriber."""
    own = {name: getattr(subscriber, name) for name in crowd.OWN if name != "id"}
    schedule = {name: getattr(subscriber.schedule, name) for name in crowd.SCHEDULE}
    return {**own, **schedule, "address": address(subscriber.email)}


# --- reading ------------------------------------------------------------------------------------------------------


def all_(connection: Connection, status: Status | None = None) -> list[Subscriber]:
    """Subscribers in the order they came, all or those with one status."""
    query = select(*crowd.COLUMNS).order_by(subscribers.c.id)
    if status is not None:
        query = query.where(subscribers.c.status == status)
    return crowd.read(connection, query)


def one(connection: Connection, email: str) -> Subscriber | None:
    return _by_address(connection, [address(email)]).get(address(email))


def numbered(connection: Connection, number: int) -> Subscriber | None:
    return all_numbered(connection, [number]).get(number)


def all_numbered(connection: Connection, numbers: Iterable[int], *, held: bool = False) -> dict[int, Subscriber]:
    """Those with these numbers; `held` back from everybody else until the transaction ends, in the order of numbers."""
    query = select(*crowd.COLUMNS).order_by(subscribers.c.id)
    # Their numbers do not change: who says something of a paper, which names them, need not wait.
    query = query.with_for_update(key_share=True) if held else query
    return {each.id: each for each in _with(connection, query, subscribers.c.id, numbers)}


def number(connection: Connection, email: str) -> int:
    """The number of somebody who gets the digest or is paused.

    Raises:
        UsageError: nobody is subscribed with this address.
    """
    query = select(subscribers.c.id).where(subscribers.c.address == address(email))
    found = connection.scalar(query.where(subscribers.c.status != Status.REMOVED))
    if found is None:
        raise UsageError(f"{email} is not subscribed: see `digest subscribers list`")
    return int(found)


def _by_address(connection: Connection, addresses: Iterable[str]) -> dict[str, Subscriber]:
    found = _with(connection, select(*crowd.COLUMNS), subscribers.c.address, addresses)
    return {address(subscriber.email): subscriber for subscriber in found}


def _with(
    connection: Connection, query: Select[Any], column: ColumnElement[Any], values: Iterable[Any]
) -> Iterator[Subscriber]:
    """The subscribers that a query finds in whose rows a column has one of these values, however many they are."""
    for chunk in chunks(values):
        yield from crowd.read(connection, query.where(column.in_(chunk)))


def due_now(  # noqa: PLR0913  (all of them say which)
    connection: Connection, now: datetime, *, everyone: bool, after: int, limit: int, upto: int | None = None
) -> list[Subscriber]:
    """Active subscribers with id > `after` (and not > `upto`) whose next due time has come (or `everyone`), by id."""
    query = select(*crowd.COLUMNS).where(subscribers.c.status == Status.ACTIVE, subscribers.c.id > after)
    if upto is not None:
        query = query.where(subscribers.c.id <= upto)
    if not everyone:
        query = query.where(or_(subscribers.c.next_due <= now, astray.planned_ahead(now)))
    found = crowd.read(connection, query.order_by(subscribers.c.id).limit(limit))
    served = astray.served_until(connection, {each.id: each.last_issue for each in found}, now)
    return [each if served[each.id] == each.last_issue else replace(each, last_issue=served[each.id]) for each in found]


def due_shards(connection: Connection, now: datetime, size: int) -> list[range]:
    """The ranges of so many numbers, each beginning at a multiple of `size`, in which anybody is due."""
    shard = subscribers.c.id.op("/", return_type=Integer)(size)
    late = or_(subscribers.c.next_due <= now, astray.planned_ahead(now))
    query = select(shard).where(subscribers.c.status == Status.ACTIVE, late).distinct().order_by(shard)
    return [range(at * size, (at + 1) * size) for at in connection.scalars(query)]


def seq_before(connection: Connection, instant: datetime) -> int:
    """The newest number of what was announced before then; 0 if nothing was."""
    older = select(announcements.c.seq).where(announcements.c.announced_at < instant)
    return connection.scalar(older.order_by(announcements.c.seq.desc()).limit(1)) or 0


def first_cursor(connection: Connection, now: datetime) -> int:
    """Where a new subscriber starts: what was announced in the last three days is still news to them."""
    return seq_before(connection, now - STILL_NEWS)


# --- writing ------------------------------------------------------------------------------------------------------


def reschedule(connection: Connection, number: int, next_due: datetime, now: datetime) -> None:
    """What was found at `now`, unless somebody changed their schedule since then, which planned them anew."""
    planned = subscribers.c.planned_at
    stands = or_(planned.is_(None), planned <= now, astray.planned_ahead(now))
    plan = {"next_due": next_due, "planned_at": now}
    connection.execute(update(subscribers).where(subscribers.c.id == number, stands).values(plan))


def replan(connection: Connection, now: datetime) -> int:
    """Plan everybody anew if the zone data that they live by are not those of the last time; returns whose changed."""
    if (mark := zones.changed(connection)) is None:
        return 0
    query = select(subscribers.c.id, subscribers.c.next_due).where(subscribers.c.status == Status.ACTIVE)
    plans = {row.id: row.next_due for row in connection.execute(query.where(subscribers.c.next_due > now))}
    changed = 0
    for each in _with(connection, select(*crowd.COLUMNS), subscribers.c.id, plans):
        plan = _planned(each, now)
        if plan["next_due"] != plans[each.id]:
            connection.execute(update(subscribers).where(subscribers.c.id == each.id).values(plan))
            changed += 1
    zones.keep(connection, mark)
    return changed


def add(connection: Connection, subscriber: Subscriber, now: datetime) -> Subscriber:
    """A new subscriber, or one who comes back: with their history, so that nothing is sent to them twice.

    Raises:
        UsageError: the address gets the digest already, or is paused, or is on the suppression list.
    """
    before = one(connection, subscriber.email)
    if before is None or before.status in deliveries.LEFT:
        _allowed(connection, subscriber.email)
    if before is None:
        return _insert(connection, [subscriber], now)[0]
    if before.status is not Status.REMOVED:
        raise UsageError(f"{before.email} is subscribed already ({before.status}): change or resume that subscription")
    return _update(connection, [(before, _back(connection, _as_written(before, subscriber), now))], now)[0]


def change(connection: Connection, subscriber: Subscriber, now: datetime) -> Subscriber:
    """What somebody wants from now on: everything that a person can write of them; their status stays.

    Raises:
        UsageError: nobody is subscribed with this address.
    """
    before = one(connection, subscriber.email)
    if before is None or before.status is Status.REMOVED:
        raise UsageError(f"{subscriber.email} is not subscribed: see `digest subscribers list`")
    return _update(connection, [(before, _as_written(before, subscriber))], now)[0]


def move(connection: Connection, subscriber: Subscriber, email: str, now: datetime) -> Subscriber:
    """Another address for somebody; who was suppressed with the old one gets the digest again.

    Raises:
        UsageError: the new one is on the suppression list.
    """
    _allowed(connection, email)
    after = replace(subscriber, email=email)
    if subscriber.status is Status.SUPPRESSED:
        after = _back(connection, after, now)
    return _update(connection, [(subscriber, after)], now)[0]


def set_status(connection: Connection, email: str, status: Status, now: datetime) -> Subscriber:
    """Pause, resume, remove or suppress. What waits to be sent waits through a pause; else it is cancelled.

    Raises:
        UsageError: nobody is subscribed with this address, or it is on the suppression list and was to be resumed or
            paused.
    """
    before = one(connection, email)
    if before is None:
        raise UsageError(f"{email} is not subscribed: see `digest subscribers list`")
    today = due.local_date(before.schedule, now)
    if before.status is status and not (before.paused_until and before.paused_until > today):
        return before
    if status in (Status.ACTIVE, Status.PAUSED):
        _allowed(connection, email)
    if status is not Status.ACTIVE:
        after = replace(before, status=status, paused_until=None)
    elif before.status in (Status.ACTIVE, Status.PAUSED):
        started_afresh = None if before.schedule.catch_up else today
        after = replace(before, status=status, paused_until=started_afresh)
    else:
        after = _back(connection, before, now)
    return _update(connection, [(before, after)], now)[0]


def pause(connection: Connection, email: str, until: date, now: datetime) -> Subscriber:
    """Send nothing before the local day `until`; what waits to be sent waits.

    Raises:
        UsageError: nobody is subscribed with this address, it is on the suppression list, or the day has come.
    """
    before = one(connection, email)
    if before is None or before.status is Status.REMOVED:
        raise UsageError(f"{email} is not subscribed: see `digest subscribers list`")
    _allowed(connection, email)
    if until <= due.local_date(before.schedule, now):
        raise UsageError(f"{until} is not a day to come for {before.email}, whose zone is {before.schedule.timezone}")
    after = replace(before, status=Status.ACTIVE, paused_until=until)
    return _update(connection, [(before, after)], now)[0]


def _allowed(connection: Connection, email: str) -> None:
    """Raises UsageError: the address is on the suppression list."""
    if entry := suppressions.one(connection, address(email)):
        raise UsageError(f"{email} gets no mail: {suppressed(entry)}")


def suppressed(entry: Suppression) -> str:
    """Since when and why an address is on the suppression list, and what to do if it should not be."""
    why = f"{entry.cause}: {entry.detail}" if entry.detail else entry.cause
    return (
        f"it has been on the suppression list since {entry.at:%Y-%m-%d} ({why});"
        f" `digest suppressions remove {entry.email}` takes it off"
    )


def sync(connection: Connection, written: Sequence[Subscriber], now: datetime) -> None:
    """Make the configuration file's subscribers the store's; writes nothing where nothing changed.

    The file is the authority over what people want, the store over how far they have been served and whether they
    left: one who unsubscribed stays away while the file still names them. One who is taken out of the file is
    removed and becomes the database's, so that naming them again is a new decision and makes them active again. No
    decision of the file's makes anybody active whose address is on the suppression list.
    """
    in_file = {address(subscriber.email): subscriber for subscriber in reversed(written)}
    stored = _by_address(connection, in_file)
    new = [in_file[key] for key in reversed(in_file) if key not in stored]
    _insert(connection, _withheld(connection, new), now, Origin.FILE)
    own = select(*crowd.COLUMNS).where(subscribers.c.origin == Origin.FILE)
    left = [each for each in crowd.read(connection, own) if address(each.email) not in in_file]
    changes = [
        *((before, _adopted(connection, before, in_file[key], now)) for key, before in stored.items()),
        *((before, replace(before, status=Status.REMOVED, origin=Origin.DATABASE)) for before in left),
    ]
    _update(connection, [(before, after) for before, after in changes if after != before], now)


def foreseen(connection: Connection, written: Sequence[Subscriber], now: datetime) -> list[Subscriber]:
    """Who is subscribed once `written` is synced, the file's first, without writing; who is new has no number yet."""
    in_file = {address(subscriber.email): subscriber for subscriber in reversed(written)}
    stored = _by_address(connection, in_file)
    cursor = first_cursor(connection, now)
    new = {
        address(each.email): each for each in _withheld(connection, [in_file[key] for key in in_file.keys() - stored])
    }
    from_file = [
        _adopted(connection, stored[key], in_file[key], now)
        if key in stored
        else replace(new[key], origin=Origin.FILE, cursor=cursor, last_issue=None)
        for key in reversed(in_file)
    ]
    own = select(*crowd.COLUMNS).where(subscribers.c.origin == Origin.DATABASE).order_by(subscribers.c.id)
    others = [each for each in crowd.read(connection, own) if address(each.email) not in in_file]
    return [each for each in (*from_file, *others) if each.status is not Status.REMOVED]


def _adopted(connection: Connection, before: Subscriber, written: Subscriber, now: datetime) -> Subscriber:
    after = replace(_as_written(before, written), origin=Origin.FILE)
    comes_back = before.status is Status.REMOVED and before.origin is Origin.DATABASE
    return _back(connection, after, now) if comes_back else after


def _as_written(stored: Subscriber, written: Subscriber) -> Subscriber:
    return replace(stored, **{name: getattr(written, name) for name in _WRITTEN})


def _back(connection: Connection, subscriber: Subscriber, now: datetime) -> Subscriber:
    """Active again, if their address may get mail; what was announced long before is news no more."""
    cursor = max(subscriber.cursor, first_cursor(connection, now))
    return _withheld(connection, [replace(subscriber, status=Status.ACTIVE, cursor=cursor)])[0]


def _withheld(connection: Connection, new: Sequence[Subscriber]) -> list[Subscriber]:
    """The same, suppressed where their addresses are."""
    listed = suppressions.among(connection, [address(each.email) for each in new])
    return [replace(each, status=Status.SUPPRESSED) if address(each.email) in listed else each for each in new]


def _planned(subscriber: Subscriber, now: datetime) -> dict[str, Any]:
    """The row's columns that come from a look at the schedule."""
    plan = due.plan_of(subscriber, now)
    return {"next_due": plan.next_due if plan.issue_date is None else now, "planned_at": now}


def _when(subscriber: Subscriber) -> tuple[object, ...]:
    return subscriber.schedule, subscriber.status, subscriber.paused_until


def _insert(
    connection: Connection, new: Sequence[Subscriber], now: datetime, origin: Origin | None = None
) -> list[Subscriber]:
    if not new:
        return []
    cursor = first_cursor(connection, now)
    fresh = [replace(each, origin=origin or each.origin, cursor=cursor, last_issue=None) for each in new]
    rows = [_values(each) | _planned(each, now) | {"created_at": now} for each in fresh]
    connection.execute(insert(connection, subscribers), unused(connection, subscribers, rows))
    stored = _by_address(connection, [address(each.email) for each in new])
    return [stored[address(each.email)] for each in new]


def _update(
    connection: Connection, changes: Sequence[tuple[Subscriber, Subscriber]], now: datetime
) -> list[Subscriber]:
    """Write the changed subscribers; those whose schedule or status changed are planned anew."""
    stored = all_numbered(connection, sorted(before.id for before, _ in changes), held=True)
    looks.leave(connection, stored.values())
    for before, after in changes:
        was = _values(before)  # what is not changed here, others may have changed since it was read
        values = {name: value for name, value in _values(after).items() if value != was[name]}
        if _when(after) != _when(before):
            values |= _planned(after, now)
        if values:
            connection.execute(update(subscribers).where(subscribers.c.id == before.id).values(values))
    deliveries.cancel(connection, [after.id for _, after in changes if after.status in deliveries.LEFT], now)
    feedback.erase(connection, [after.id for _, after in changes if after.status is Status.REMOVED])
    return [after for _, after in changes]
