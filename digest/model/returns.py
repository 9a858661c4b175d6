"""What comes back by mail: bounces, complaints, wishes to leave; and whom no mail is sent to any more."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Return(StrEnum):
    """What a mail that came back to us says."""

    PERMANENT = "permanent"  # no mail will reach that address
    TEMPORARY = "temporary"  # this one did not
    COMPLAINT = "complaint"  # its reader called it spam
    UNSUBSCRIBE = "unsubscribe"  # its reader wants no more
    IGNORED = "ignored"  # an automatic answer, a delay, something else


@dataclass(frozen=True, slots=True)
class Report:
    """One mail that came back, as read; nothing in it is believed until its token is."""

    kind: Return
    token: str = ""  # of the delivery it speaks of, as it was found; empty: none
    code: str = ""  # enhanced status (RFC 3463)
    detail: str = ""  # the reporter's words; for IGNORED, why


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it lies in an inbox."""

    name: str  # by which the inbox knows it
    content: bytes


class Effect(StrEnum):
    """What such a mail led to."""

    SUPPRESSED = "suppressed"  # no more mail to that address
    REMOVED = "removed"  # unsubscribed
    COUNTED = "counted"
    REPEATED = "repeated"  # it was read before, and has done what it does
    UNKNOWN = "unknown"  # there is no such subscriber, or edition
    FORGED = "forged"  # its token is not ours, or for something else, or it has none
    IGNORED = "ignored"  # it says nothing that matters


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one report, and of whom."""

    effect: Effect
    email: str = ""  # of the subscriber it was about; empty: nobody's


class Cause(StrEnum):
    """Why an address is on the suppression list."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    OPERATOR = "operator"  # somebody put it there by hand, or imported it


@dataclass(frozen=True, slots=True)
class Suppression:
    """An address that no mail is sent to, until somebody takes it off the list."""

    email: str
    cause: Cause
    at: datetime
    detail: str = ""
