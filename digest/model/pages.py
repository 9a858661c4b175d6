"""What people ask for on the pages, and what they say of papers to others."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from digest.model.subscribers import Subscriber


class Errand(StrEnum):
    """What a mail is sent for that somebody asked for on a page."""

    SIGN_UP = "sign_up"  # confirm a subscription, or hear that one is in already
    LINK = "link"  # a link to one's own preferences
    MOVE = "move"  # confirm, at the new address, that a subscription moves there
    MOVED = "moved"  # hear, at the old address, that it did


@dataclass(frozen=True, slots=True)
class Wish:
    """Something asked for on a page, which whoever reads mail to `email` has to confirm or to know. One each."""

    errand: Errand
    email: str  # where the mail goes
    at: datetime
    wanted: Subscriber | None = None  # of a sign-up: what they want
    subscriber: int = 0  # of a move: whose
    id: int = 0  # the store's number; 0 until stored
    mails: int = 0  # sent for it so far
    mailed_at: datetime | None = None
    done_at: datetime | None = None  # confirmed: its link has done its work


@dataclass(frozen=True, slots=True)
class Pin:
    """A paper that a curator picked for a day."""

    day: date
    listing: int
    name: str  # of the curator, as it is shown
    note: str  # Markdown
    by: str  # address of the curator
    at: datetime


class Judged(StrEnum):
    """What became of a suggestion."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A paper that a reader would show to everybody."""

    listing: int
    subscriber: int
    at: datetime
    state: Judged = Judged.OPEN
    id: int = 0
    judged_by: str = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that was changed on the operator's pages."""

    at: datetime
    who: str
    what: str  # "paused ann@example.org"
