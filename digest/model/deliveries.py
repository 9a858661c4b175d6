"""How sending an edition goes."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from digest.model.editions import Edition

TAKEN_BEFORE = "the delivery log has it: it was taken before"  # why one counts as sent without being sent


class State(StrEnum):
    """How far a delivery has come."""

    PENDING = "pending"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"  # its subscriber left, or is suppressed
    EXPIRED = "expired"  # too old to be sent


class Verdict(StrEnum):
    """What one attempt at sending came to."""

    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Blame(StrEnum):
    """Whose doing it is that an attempt did not go through; the relay's own troubles are a RelayError."""

    ADDRESS = "address"  # this one alone: others at the same provider may be reached
    PROVIDER = "provider"  # whoever takes mail for that domain wants less of it for a while
    MESSAGE = "message"  # what is said, or who says it: the next message would fare no better


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
    enhanced: str = ""  # "5.1.1", where the server said it (RFC 3463)
    blame: Blame | None = None  # None: nobody's, or not known
    hopeless: bool = False  # no mail will ever reach this address: it is to be suppressed


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that one worker holds until `lease_until`."""

    id: int
    edition: Edition
    attempts: int  # before this one
    worker: str
    lease_until: datetime
    resent: int = 0  # times before this one that it was handed over and may have arrived


@dataclass(frozen=True, slots=True)
class Settled:
    """What becomes of a delivery after an outcome."""

    state: State
    next_attempt: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt that is over, and what becomes of the delivery."""

    claim: Claim
    outcome: Outcome
    settled: Settled
