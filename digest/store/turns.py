"""Whose turn it is to ask a server that stands one asker at a time, over all processes and machines.

A turn is a pace whose next moment is when it ends: at the latest when whoever has it must have died. Moments are those of
the database's clock, since machines' own may differ by more than two requests have to be apart.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from digest.model import Pace, Turn
from digest.store import paces
from digest.store.sql import clock

_LONGEST_HOLD = timedelta(minutes=5)  # what is later was written by a clock that was wrong
_LONGEST_SILENCE = timedelta(days=1)


def take(connection: Connection, door: str, hold: timedelta) -> Turn:
    """The turn, if nobody has it; it ends after `hold` at the latest."""
    turn = Turn()

    def change(pace: Pace) -> Pace:
        nonlocal turn
        now = clock(connection)  # read when the pace is ours
        pace, turn = taken(pace, now, hold)
        return pace

    paces.repace(connection, _key(door), change)
    return turn


def taken(pace: Pace, now: datetime, hold: timedelta) -> tuple[Pace, Turn]:
    """The pace once somebody has asked for a turn, and what they get."""
    if pace.quiet_until is not None and now < pace.quiet_until <= now + _LONGEST_SILENCE:
        return pace, Turn(wait=pace.quiet_until - now, is_silent=True)
    if pace.free_at is not None and now < pace.free_at <= now + _LONGEST_HOLD:
        return pace, Turn(wait=pace.free_at - now)
    return replace(pace, free_at=now + hold), Turn(until=now + hold)


def end(connection: Connection, door: str, turn: Turn, gap: timedelta) -> None:
    """Others may have a turn after `gap`, unless this one had ended anyway and somebody has the next."""

    def change(pace: Pace) -> Pace:
        return replace(pace, free_at=clock(connection) + gap) if pace.free_at == turn.until else pace

    paces.repace(connection, _key(door), change)


def silence(connection: Connection, door: str, span: timedelta) -> None:
    """Nobody has a turn for so long."""

    def change(pace: Pace) -> Pace:
        until = clock(connection) + span
        return replace(pace, quiet_until=max(until, pace.quiet_until or until))

    paces.repace(connection, _key(door), change)


def _key(door: str) -> str:
    return f"source:{door}"  # no domain has a colon
