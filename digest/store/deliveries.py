"""Who sends which edition now, and how that went. Which way a delivery may go is in `moves`."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select, update

from digest.model import Claim, Outcome, Settled, State, Status
from digest.store import editions as published
from digest.store.moves import MOVES, moved
from digest.store.schema import deliveries, editions, subscribers
from digest.store.sql import chunks

_LONGEST_DETAIL = 1_000
_WITHDRAWABLE = [state for state, ways in MOVES.items() if State.CANCELLED in ways and state is not State.CLAIMED]


# Statements of the hot path are built once: building one costs as much as running it.
_STANDING = (
    select(deliveries, subscribers.c.status)
    .join_from(deliveries, editions, editions.c.id == deliveries.c.edition_id)
    .join(subscribers, subscribers.c.id == editions.c.subscriber_id)
)
_MINE = _STANDING.where(
    deliveries.c.id == bindparam("number"),
    deliveries.c.worker == bindparam("holder"),
    deliveries.c.lease_until == bindparam("until"),
).with_for_update(of=deliveries)
_MOVED = ("state", "attempts", "next_attempt", "worker", "lease_until", "code", "detail", "changed_at")
_MOVE = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("number"))
    .values({name: bindparam(f"new_{name}") for name in _MOVED})
)


def _move(row: Row[Any], state: State, now: datetime, **values: Any) -> dict[str, Any]:
    """The parameters of `_MOVE` that take a delivery on from where it was read; nobody's, unless `values` says whose."""
    kept = {"attempts": row.attempts, "code": row.code, "detail": row.detail}
    freed = {"worker": None, "lease_until": None, "next_attempt": None}
    new = kept | freed | values | {"state": moved(row.state, state), "changed_at": now}
    return {"number": row.id} | {f"new_{name}": value for name, value in new.items()}


# --- claiming -----------------------------------------------------------------------------------------------------


def claim(  # noqa: PLR0913  (all of them say which deliveries, and for whom)
    connection: Connection,
    now: datetime,
    *,
    worker: str,
    lease: timedelta,
    limit: int,
    address: str | None,
    on_unknown: str,
) -> list[Claim]:
    """Up to `limit` deliveries that are due, oldest first, for this worker alone until its lease ends.

    A worker that died before sending leaves its deliveries to others as they were. One that died while sending may
    have sent: "resend" hands that delivery on, with the attempt counted; "hold" parks it as unknown for good.
    """
    until = now + lease
    held = {"worker": worker, "lease_until": until, "next_attempt": until}
    mine: list[Row[Any]] = []
    while not mine and (rows := connection.execute(_due(now, limit, address)).all()):
        aside = {row.id: move for row in rows if (move := _aside(row, now, on_unknown))}
        mine = [row for row in rows if row.id not in aside]
        taken = [_move(row, State.CLAIMED, now, attempts=_attempts(row), **held) for row in mine]
        connection.execute(_MOVE, [*aside.values(), *taken])
    found = published.read(connection, [row.edition_id for row in mine])
    return [Claim(row.id, found[row.edition_id], _attempts(row), worker, until) for row in mine]


def _attempts(row: Row[Any]) -> int:
    """Attempts so far, with one that its worker did not live to record."""
    return int(row.attempts) + (row.state is State.SENDING)


def _due(now: datetime, limit: int, address: str | None) -> Select[Any]:
    """What may be taken up now, except what waits for its subscriber's return."""
    due = _STANDING.where(deliveries.c.next_attempt <= now, subscribers.c.status != Status.PAUSED)
    if address is not None:
        due = due.where(subscribers.c.address == address)
    oldest = due.order_by(deliveries.c.next_attempt, deliveries.c.id).limit(limit)
    return oldest.with_for_update(of=deliveries, skip_locked=True)  # other workers take others


def _aside(row: Row[Any], now: datetime, on_unknown: str) -> dict[str, Any] | None:
    """The end of a delivery that is due but must not be sent; None if it may be."""
    if row.state is State.SENDING and (on_unknown == "hold" or row.status is Status.REMOVED):
        lost = "the worker that was sending it stopped; it may have gone out"
        return _move(row, State.UNKNOWN, now, attempts=_attempts(row), detail=lost)
    if row.status is Status.REMOVED:
        return _move(row, State.CANCELLED, now)
    return None


# --- in a worker's hands ------------------------------------------------------------------------------------------


def _held(connection: Connection, claim: Claim) -> Row[Any] | None:
    """The claimed delivery, if it is still in this worker's hands."""
    mine = {"number": claim.id, "holder": claim.worker, "until": claim.lease_until}
    return connection.execute(_MINE, mine).one_or_none()


def sending(connection: Connection, claim: Claim, now: datetime) -> bool:
    """Note that the message is about to be handed over; False if it must not be.

    The lease begins anew, because the reply to the final dot may take as long as it may.
    """
    row = _held(connection, claim)
    if row is None or row.state is not State.CLAIMED:
        return False
    move = _begun(row, claim, now)
    connection.execute(_MOVE, move)
    return move["new_state"] is State.SENDING


def _begun(row: Row[Any], claim: Claim, now: datetime) -> dict[str, Any]:
    """What the delivery becomes when its worker is about to hand the message over."""
    if row.status is Status.REMOVED:
        return _move(row, State.CANCELLED, now)
    if row.status is Status.PAUSED or claim.lease_until <= now:
        return _move(row, State.PENDING, now, next_attempt=now)
    dead = now + (claim.lease_until - row.changed_at)
    return _move(row, State.SENDING, now, worker=claim.worker, lease_until=claim.lease_until, next_attempt=dead)


def record(connection: Connection, claim: Claim, outcome: Outcome, settled: Settled, now: datetime) -> None:
    """Write down how an attempt went; nothing if the delivery is in other hands by now.

    Raises:
        StoreError: a delivery cannot go from where it is to `settled.state`.
    """
    row = _held(connection, claim)
    if row is not None:
        detail = outcome.detail[:_LONGEST_DETAIL].encode("utf-8", "replace").decode().replace("\0", "")
        said = {"code": outcome.code, "detail": detail, "attempts": claim.attempts + 1}
        connection.execute(_MOVE, _move(row, settled.state, now, next_attempt=settled.next_attempt, **said))


def release(connection: Connection, claims: Sequence[Claim], until: datetime) -> None:
    """Give claims back, not counted as attempts. One that was being sent is kept back: it may have gone out."""
    for claim in claims:
        row = _held(connection, claim)
        if row is not None and row.state is State.CLAIMED:
            connection.execute(_MOVE, _move(row, State.PENDING, until, next_attempt=until))


def cancel(connection: Connection, readers: Collection[int], now: datetime) -> None:
    """Withdraw what waits for these subscribers."""
    for chunk in chunks(readers):
        theirs = select(editions.c.id).where(editions.c.subscriber_id.in_(chunk))
        waiting = (deliveries.c.state.in_(_WITHDRAWABLE), deliveries.c.next_attempt.is_not(None))
        withdraw = update(deliveries).where(deliveries.c.edition_id.in_(theirs), *waiting)
        connection.execute(withdraw.values(state=State.CANCELLED, next_attempt=None, changed_at=now))


def bereave(connection: Connection, is_dead: Callable[[str], bool], now: datetime) -> None:
    """Make what dead workers held due now, as if their leases had ended."""
    holders = connection.scalars(select(deliveries.c.worker).where(deliveries.c.worker.is_not(None)).distinct())
    if dead := [worker for worker in holders if is_dead(worker)]:
        connection.execute(update(deliveries).where(deliveries.c.worker.in_(dead)).values(next_attempt=now))
