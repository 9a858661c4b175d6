"""Who sends which edition now, and how that went. Which way a delivery may go is in `moves`."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, or_, select, update

from digest import due
from digest.errors import StoreError
from digest.model import Claim, Edition, Ended, Schedule, State, Status
from digest.store import editions as published
from digest.store.moves import MOVES, moved
from digest.store.schema import deliveries, editions, subscribers
from digest.store.sql import chunks, plain

_WITHDRAWABLE = [state for state, ways in MOVES.items() if State.CANCELLED in ways and state is not State.CLAIMED]
_AT_REST = [State.PENDING, State.DEFERRED, State.UNKNOWN]  # in nobody's hands
LEFT = frozenset({Status.REMOVED, Status.SUPPRESSED})  # what waits for them is withdrawn
_GONE = "its content was taken away, being too old"
_LOST = "the worker that was sending it stopped; it may have gone out"


# Statements of the hot path are built once: building one costs as much as running it.
_READER = (subscribers.c.status, subscribers.c.email, subscribers.c.timezone, subscribers.c.paused_until)
_STANDING = (
    select(deliveries, *_READER)
    .join_from(deliveries, editions, editions.c.id == deliveries.c.edition_id)
    .join(subscribers, subscribers.c.id == editions.c.subscriber_id)
)
_THESE = (
    _STANDING.where(deliveries.c.id.in_(bindparam("numbers", expanding=True)))
    .order_by(deliveries.c.id)  # whoever locks several locks them in the same order
    .with_for_update(of=deliveries)
)
_MOVED = ("state", "attempts", "next_attempt", "worker", "lease_until", "code", "detail", "resent", "changed_at")
_MOVE = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("number"))
    .values({name: bindparam(f"new_{name}") for name in _MOVED})
)
_Move = dict[str, Any]


def _move(row: Row[Any], state: State, now: datetime, **values: Any) -> _Move:
    """The parameters of `_MOVE` that take a delivery on from where it was read; nobody's, unless `values` says whose."""
    freed = {"worker": None, "lease_until": None, "next_attempt": None}
    return _stay(row, **freed | values | {"state": moved(row.state, state), "changed_at": now})


def _stay(row: Row[Any], **values: Any) -> _Move:
    """The same for one that stays in its state."""
    kept = row._mapping  # noqa: SLF001  (public, for all its name)
    return {"number": row.id} | {f"new_{name}": values.get(name, kept[name]) for name in _MOVED}


def _make(connection: Connection, moves: Sequence[_Move]) -> None:
    if moves:
        connection.execute(_MOVE, moves)


# --- claiming -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries, and for whom."""

    worker: str
    lease: timedelta
    limit: int
    address: str | None  # of one subscriber alone
    on_unknown: str  # "resend" or "hold"
    expiry: timedelta | None  # older ones are not sent any more


def claim(connection: Connection, now: datetime, wanted: Wanted) -> list[Row[Any]]:
    """Up to `limit` deliveries that are due, oldest first, for this worker alone until its lease ends.

    A worker that died before sending leaves its deliveries to others as they were. One that died while sending may
    have sent: "resend" hands that delivery on, with the attempt counted; "hold" parks it as unknown for good.
    """
    mine: list[Row[Any]] = []
    while not mine and (rows := connection.execute(_due(now, wanted)).all()):
        aside = {row.id: move for row in rows if (move := _aside(row, now, wanted))}
        mine = [row for row in rows if row.id not in aside]
        _make(connection, [*aside.values(), *(_taken(row, now, wanted) for row in mine)])
    if not mine and wanted.expiry:
        _expire(connection, now, wanted)
    return mine


def _attempts(row: Row[Any]) -> int:
    """Attempts so far, with one that its worker did not live to record."""
    return int(row.attempts) + (row.state is State.SENDING)


def _may_have_arrived(row: Row[Any]) -> bool:
    return row.state in (State.SENDING, State.UNKNOWN)


def _resent(row: Row[Any]) -> int:
    return int(row.resent) + _may_have_arrived(row)


def _taken(row: Row[Any], now: datetime, wanted: Wanted) -> _Move:
    until = now + wanted.lease
    held = {"worker": wanted.worker, "lease_until": until, "next_attempt": until}
    detail = _LOST if row.state is State.SENDING else row.detail
    return _move(row, State.CLAIMED, now, attempts=_attempts(row), resent=_resent(row), detail=detail, **held)


def _takeable(now: datetime) -> Select[Any]:
    """What may be taken up now, except what waits for its subscriber's return."""
    someday = now.date() + timedelta(days=1)  # nobody's local day is later
    back = or_(subscribers.c.status != Status.PAUSED, subscribers.c.paused_until.is_not(None))
    here = or_(subscribers.c.paused_until.is_(None), subscribers.c.paused_until <= someday)
    return _STANDING.where(deliveries.c.next_attempt <= now, back, here)


def _due(now: datetime, wanted: Wanted) -> Select[Any]:
    takeable = _takeable(now)
    if wanted.address is not None:
        takeable = takeable.where(subscribers.c.address == wanted.address)
    oldest = takeable.order_by(deliveries.c.next_attempt, deliveries.c.id).limit(wanted.limit)
    return oldest.with_for_update(of=deliveries, skip_locked=True)  # other workers take others


def waiting(connection: Connection, now: datetime, most: int) -> int:
    """How many deliveries are due, counted up to `most`."""
    some = _takeable(now).with_only_columns(deliveries.c.id).limit(most).subquery()
    return connection.scalar(select(func.count()).select_from(some)) or 0


def _expire(connection: Connection, now: datetime, wanted: Wanted) -> None:
    """Of what is not due now, end what will be too old when it is, or when its subscriber is back."""
    assert wanted.expiry is not None
    idle = or_(deliveries.c.state.in_(_AT_REST), deliveries.c.next_attempt <= now)
    old = _STANDING.where(deliveries.c.next_attempt.is_not(None), deliveries.c.created_at <= now - wanted.expiry, idle)
    rows = connection.execute(old.with_for_update(of=deliveries, skip_locked=True)).all()
    _make(connection, [move for row in rows if (move := _aside(row, now, wanted))])


def _aside(row: Row[Any], now: datetime, wanted: Wanted) -> _Move | None:
    """What becomes of a delivery that is due but must not be sent, or not yet; None if it may be."""
    left = row.status in LEFT
    late = wanted.expiry is not None and row.created_at <= now - wanted.expiry
    if row.state is State.SENDING and (wanted.on_unknown == "hold" or left or late):
        return _move(row, State.UNKNOWN, now, attempts=_attempts(row), detail=_LOST)
    if left:
        return _move(row, State.CANCELLED, now)
    if late and row.state is State.UNKNOWN:
        return _stay(row, next_attempt=None)
    if late:
        return _move(row, State.UNKNOWN if row.resent else State.EXPIRED, now)
    if _waits(row, now):
        return _stay(row, next_attempt=_return(row))
    return None


def _waits(row: Row[Any], now: datetime) -> bool:
    """Whether its subscriber wants no mail on this day of theirs."""
    if row.paused_until is None:
        return bool(row.status is Status.PAUSED)
    return bool(due.local_date(Schedule(row.timezone), now) < row.paused_until)


def _return(row: Row[Any]) -> datetime:
    """When the day begins on which its subscriber is back."""
    return due.due_instant(Schedule(row.timezone, send_at=time()), row.paused_until)


def claims(rows: Sequence[Row[Any]], found: Mapping[int, Edition], now: datetime, wanted: Wanted) -> list[Claim]:
    """The claims with their editions, each for the address that its subscriber has now."""
    until = now + wanted.lease
    return [
        Claim(row.id, _addressed(found[row.edition_id], row.email), _attempts(row), wanted.worker, until, _resent(row))
        for row in rows
        if row.edition_id in found
    ]


def _addressed(edition: Edition, email: str) -> Edition:
    if edition.subscriber.email == email:
        return edition
    return replace(edition, subscriber=replace(edition.subscriber, email=email))


def read(
    connection: Connection, rows: Iterable[Row[Any]], known: published.Texts
) -> tuple[dict[int, Edition], dict[int, str]]:
    """The editions of these deliveries by their ids, and why some cannot be read."""
    ids = [row.edition_id for row in rows]
    damaged: dict[int, str] = {}
    try:
        found = published.read(connection, ids, known)
    except StoreError:  # one of them, and not the others
        found = {}
        for number in ids:
            try:
                found |= published.read(connection, [number], known)
            except StoreError as error:
                damaged[number] = str(error)
    return found, damaged | {number: _GONE for number in ids if number not in found and number not in damaged}


def fail(connection: Connection, rows: Sequence[Row[Any]], why: Mapping[int, str], now: datetime) -> None:
    """End claimed deliveries whose editions cannot be read, by the edition's id."""
    bad = [row.id for row in rows if row.edition_id in why]
    held = connection.execute(_THESE, {"numbers": bad}).all()
    claimed = [row for row in held if row.state is State.CLAIMED]
    _make(connection, [_move(row, State.FAILED, now, detail=plain(why[row.edition_id])) for row in claimed])


# --- in a worker's hands ------------------------------------------------------------------------------------------


def _held(connection: Connection, claims: Sequence[Claim]) -> dict[int, Row[Any]]:
    """Those claimed deliveries that are still in their worker's hands."""
    if not claims:
        return {}
    rows = {row.id: row for row in connection.execute(_THESE, {"numbers": [claim.id for claim in claims]})}
    return {claim.id: rows[claim.id] for claim in claims if claim.id in rows and _is_ours(rows[claim.id], claim)}


def _is_ours(row: Row[Any], claim: Claim) -> bool:
    return bool(row.worker == claim.worker and row.lease_until == claim.lease_until)


def progress(connection: Connection, begun: Sequence[Claim], ended: Sequence[Ended], now: datetime) -> frozenset[int]:
    """Write down how attempts went, and that these are about to be handed over; returns which of those may be.

    A claim that is in other hands by now is left alone. The lease of one that is begun begins anew, because the reply
    to the final dot may take as long as it may.

    Raises:
        StoreError: a delivery cannot go from where it is to where its attempt led; nothing is written.
    """
    rows = _held(connection, [*(each.claim for each in ended), *begun])
    over = [_ended(rows[each.claim.id], each, now) for each in ended if each.claim.id in rows]
    mine = [claim for claim in begun if claim.id in rows and rows[claim.id].state is State.CLAIMED]
    moves = [_begun(rows[claim.id], claim, now) for claim in mine]
    _make(connection, [*over, *moves])
    return frozenset(move["number"] for move in moves if move["new_state"] is State.SENDING)


def _begun(row: Row[Any], claim: Claim, now: datetime) -> _Move:
    """What the delivery becomes when its worker is about to hand the message over."""
    if row.status in LEFT:
        return _move(row, State.CANCELLED, now)
    moved_house = row.email != claim.edition.subscriber.email
    if moved_house or claim.lease_until <= now or _waits(row, now):
        return _move(row, State.PENDING, now, next_attempt=now)
    dead = now + (claim.lease_until - row.changed_at)
    return _move(row, State.SENDING, now, worker=claim.worker, lease_until=claim.lease_until, next_attempt=dead)


def _ended(row: Row[Any], ended: Ended, now: datetime) -> _Move:
    outcome, settled = ended.outcome, ended.settled
    said = {"code": outcome.code, "detail": plain(outcome.detail), "attempts": ended.claim.attempts + 1}
    return _move(row, settled.state, now, next_attempt=settled.next_attempt, **said)


def release(connection: Connection, claims: Sequence[Claim], until: datetime, *, unsent: bool = False) -> None:
    """Give claims back, not counted as attempts. One that was being sent is kept back, unless it is known to be `unsent`."""
    free = {State.CLAIMED, State.SENDING} if unsent else {State.CLAIMED}
    held = [row for row in _held(connection, claims).values() if row.state in free]
    _make(connection, [_move(row, State.PENDING, until, next_attempt=until) for row in held])


def cancel(connection: Connection, readers: Collection[int], now: datetime) -> None:
    """Withdraw what waits for these subscribers."""
    for chunk in chunks(readers):
        theirs = select(editions.c.id).where(editions.c.subscriber_id.in_(chunk))
        waiting = (deliveries.c.state.in_(_WITHDRAWABLE), deliveries.c.edition_id.in_(theirs))
        _update(connection, waiting, state=State.CANCELLED, next_attempt=None, changed_at=now)


def bereave(connection: Connection, is_dead: Callable[[str], bool], now: datetime) -> None:
    """Make what dead workers held due now, as if their leases had ended."""
    held = (deliveries.c.worker.is_not(None), deliveries.c.next_attempt.is_not(None))
    holders = connection.scalars(select(deliveries.c.worker).where(*held).distinct())
    if dead := [worker for worker in holders if is_dead(worker)]:
        _update(connection, [deliveries.c.worker.in_(dead)], next_attempt=now)


def give_back(connection: Connection, workers: Collection[str], now: datetime) -> None:
    """Let others take at once what these workers have claimed and not begun to hand over."""
    theirs = (deliveries.c.worker.in_(workers), deliveries.c.state == State.CLAIMED)
    _update(connection, theirs, next_attempt=now)


def _update(connection: Connection, which: Sequence[ColumnElement[bool]], **values: Any) -> None:
    """Change those that will be looked at again; all who lock several lock them in the same order."""
    some = select(deliveries.c.id).where(deliveries.c.next_attempt.is_not(None), *which)
    locked = connection.scalars(some.order_by(deliveries.c.id).with_for_update()).all()
    for chunk in chunks(locked):
        connection.execute(update(deliveries).where(deliveries.c.id.in_(chunk)).values(values))
