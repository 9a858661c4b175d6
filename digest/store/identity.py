"""Which accounts are of one paper: pure, over the part of the store that a batch touches."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from digest.model import Listing

_LONGEST_KEY = 200  # PostgreSQL cannot index keys of more than 2,700 bytes, and some feeds' guids are whole pages
_LONGEST_LISTING = 1_000_000
_LARGEST_NUMBER = 2**31 - 1


def stored_keys(listing: Listing) -> tuple[str, ...]:
    """The listing's keys, cut to a length that can be indexed."""
    return tuple(key if len(key) <= _LONGEST_KEY else _digest(key) for key in listing.keys)


def _digest(key: str) -> str:
    kind = key.partition(":")[0]
    return f"{kind}:sha256:{hashlib.sha256(key.encode()).hexdigest()}"


def fault(listing: Listing) -> str | None:
    """Why this listing cannot be kept in a database, in words for people; None if it can."""
    values = [getattr(listing, name) for name in Listing.__dataclass_fields__]
    tuples = [value for value in values if isinstance(value, tuple)]
    text = "".join([value for value in values if isinstance(value, str)] + [part for each in tuples for part in each])
    if len(text) > _LONGEST_LISTING:
        return "it is longer than a million characters"
    if "\0" in text:
        return "it holds NUL characters"
    if not _encodable(text):
        return "it holds half characters (lone surrogates)"
    if any(isinstance(value, datetime) and not _representable(value) for value in values):
        return "one of its dates has no time zone"
    if any(isinstance(value, int) and abs(value) > _LARGEST_NUMBER for value in values):
        return "one of its numbers is absurdly large"
    return None


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _representable(moment: datetime) -> bool:
    try:
        return moment.tzinfo is not None and moment.timestamp() is not None
    except (OverflowError, ValueError):
        return False


@dataclass
class Shelf:
    """The listings that one batch touches: as they were stored, and as the batch leaves them."""

    owners: dict[str, int]  # key -> listing that speaks for it
    stored: Mapping[int, Listing]
    last_id: int
    current: dict[int, Listing] = field(init=False)
    joined: dict[int, int] = field(default_factory=dict)  # younger -> older, found to be one paper
    _added: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.current = dict(self.stored)

    def place(self, account: Listing, keys: Sequence[str]) -> int:
        """Put one account of a paper where it belongs; returns the number of the listing that speaks for it."""
        found = sorted({self.speaks_for(self.owners[key]) for key in keys if key in self.owners})
        if found:
            number = self._join(found)
            self.current[number] = self.current[number].merged(account)
        else:
            number = self.last_id = self.last_id + 1
            self.current[number] = replace(account, id=number)
        for key in keys:
            if key not in self.owners:
                self.owners[key] = self._added[key] = number
        return number

    def _join(self, numbers: list[int]) -> int:
        """One listing out of several, sorted: the oldest takes what the younger know."""
        oldest, *younger = numbers
        for number in younger:
            self.joined[number] = oldest
            self.current[oldest] = self.current[oldest].merged(self.current.pop(number))
        return oldest

    def speaks_for(self, number: int) -> int:
        while number in self.joined:
            number = self.joined[number]
        return number

    def new(self) -> list[Listing]:
        return [listing for number, listing in self.current.items() if number not in self.stored]

    def changed(self) -> list[Listing]:
        """Stored listings of which the batch knew more or better."""
        return [listing for number, listing in self.current.items() if listing != self.stored.get(number, listing)]

    def revised(self) -> list[Listing]:
        """Stored listings of which the batch brought a later version; one without a number counts as the first."""
        return [
            listing for listing in self.changed() if (listing.version or 1) > (self.stored[listing.id].version or 1)
        ]

    def one_paper(self) -> dict[int, int]:
        """Stored listings that turned out to be another stored one's paper."""
        return {younger: self.speaks_for(younger) for younger in self.joined if younger in self.stored}

    def keys_added(self) -> dict[str, int]:
        return {key: self.speaks_for(number) for key, number in self._added.items()}
