"""How the operator's pages say times, counts and what became of things: pure."""

import re
from datetime import date, datetime, timedelta
from typing import NamedTuple, Protocol

from digest.model import State

_UNITS = ((timedelta(days=1), "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute"))


def many(count: int, one: str, several: str = "") -> str:
    """`1 paper`, `1,200 papers`."""
    return f"{count:,} {one if count == 1 else several or f'{one}s'}"


def on(day: date) -> str:
    """`Thursday, 18 June 2026`."""
    return f"{day:%A}, {day.day} {day:%B %Y}"


def on_short(day: date) -> str:
    """`18 June 2026`."""
    return f"{day.day} {day:%B %Y}"


def at(moment: datetime, now: datetime) -> str:
    """`09:05 UTC`, with the day where that is another than today's."""
    clock = f"{moment:%H:%M} UTC"
    if moment.date() == now.date():
        return clock
    year = "" if moment.year == now.year else f" {moment.year}"
    return f"{moment.day} {moment:%B}{year}, {clock}"


def ago(moment: datetime, now: datetime) -> str:
    """`5 minutes ago`, `in 2 hours`, `just now`."""
    span = abs(now - moment)
    for unit, name in _UNITS:
        if span >= unit:
            said = many(span // unit, name)
            return f"in {said}" if moment > now else f"{said} ago"
    return "in a moment" if moment > now else "just now"


def when(moment: datetime | None, now: datetime) -> str:
    """`09:05 UTC, 5 minutes ago`; `never`."""
    return f"{at(moment, now)}, {ago(moment, now)}" if moment else "never"


class Run(NamedTuple):
    """A stretch of text, as it is or as a command."""

    text: str
    is_code: bool


def runs(text: str) -> list[Run]:
    """Words for a terminal, whose commands stand between backticks."""
    parts = re.split(r"`([^`\n]+)`", text)
    return [Run(part, bool(index % 2)) for index, part in enumerate(parts) if part]


# --- deliveries -----------------------------------------------------------------------------------------------------

GROUPS = {
    "sent": (State.SENT,),
    "waiting": (State.PENDING, State.CLAIMED, State.SENDING),
    "put-off": (State.DEFERRED,),
    "failed": (State.FAILED, State.EXPIRED, State.UNKNOWN),
    "cancelled": (State.CANCELLED,),
}
NAMES = {
    "sent": "Sent",
    "waiting": "Waiting",
    "put-off": "Put off",
    "failed": "Not delivered",
    "cancelled": "Cancelled",
}


class Sent(Protocol):
    """How one delivery goes."""

    @property
    def state(self) -> State | None: ...
    @property
    def attempts(self) -> int: ...
    @property
    def resent(self) -> int: ...
    @property
    def code(self) -> int | None: ...
    @property
    def detail(self) -> str: ...
    @property
    def changed_at(self) -> datetime | None: ...
    @property
    def next_attempt(self) -> datetime | None: ...


def became(one: Sent, now: datetime) -> str:
    """What became of a delivery, in a sentence."""
    since, tries = when(one.changed_at, now), many(one.attempts, "try", "tries")
    following = f"; the next is at {when(one.next_attempt, now)}" if one.next_attempt else ""
    again = f", after being handed over {many(one.resent + 1, 'time')}" if one.resent else ""
    held = following or ". It is not sent again: the relay's log knows whether it took it"
    said = {
        State.PENDING: f"Waits to be sent since {since}",
        State.CLAIMED: _in_hand(one, since, now),
        State.SENDING: _in_hand(one, since, now),
        State.SENT: f"Sent at {since}{again}",
        State.DEFERRED: f"Put off after {tries}{following}",
        State.FAILED: f"Failed for good at {since}, after {tries}",
        State.EXPIRED: f"Became too old to be sent at {since}, after {tries}",
        State.UNKNOWN: f"May have arrived: the connection broke at {since}{held}",
        State.CANCELLED: f"Cancelled at {since}, since its reader left or gets no mail",
    }
    return said[one.state] if one.state else "Nothing was sent"


def _in_hand(one: Sent, since: str, now: datetime) -> str:
    """A worker has it, unless that worker's time is over."""
    if one.next_attempt is None or now < one.next_attempt:
        return f"Is being sent since {since}"
    return f"Was being sent at {since}, and the worker that had it stopped: the next one takes it up"


def why(one: Sent) -> str:
    """What was said of it last, with its code."""
    code = f"{one.code} " if one.code and not one.detail.startswith(str(one.code)) else ""
    return f"{code}{one.detail}" if one.detail else ""
