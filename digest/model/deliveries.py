"""How sending an edition goes."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from digest.model.editions import Edition


class State(StrEnum):
    """How far a delivery has come."""

    PENDING = "pending"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


class Verdict(StrEnum):
    """What one attempt at sending came to."""

    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Message:
    """One mail, ready for the wire: CRLF line ends, not yet dot-stuffed."""

    sender: str  # envelope
    recipient: str
    message_id: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a transport says of one attempt."""

    verdict: Verdict
    detail: str = ""  # the server's words
    code: int | None = None  # SMTP reply code


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that one worker holds until `lease_until`."""

    id: int
    edition: Edition
    attempts: int  # before this one
    worker: str
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class Settled:
    """What becomes of a delivery after an outcome."""

    state: State
    next_attempt: datetime | None = None
