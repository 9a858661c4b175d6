"""What is known of a source, and what one visit to it brought."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from digest.model.listings import Announcement, Listing


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that went wrong with a source, in words for people: what, and what happens next."""

    what: str
    incomplete: bool = True  # listings are missing because of it


def incomplete(problems: Iterable[Problem]) -> bool:
    """Whether listings are missing because of any of these."""
    return any(problem.incomplete for problem in problems)


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server wants back to answer "not modified" (RFC 9110, 8.8)."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class SourceState:
    """What the store remembers of a source between pulls."""

    name: str
    covered: Mapping[str, date] = field(default_factory=dict)  # per part (a category, or ""): complete up to this day
    validators: Mapping[str, Validators] = field(default_factory=dict)  # per URL
    last_attempt: datetime | None = None
    last_success: datetime | None = None  # the last pull without an incomplete part
    next_pull: datetime | None = None
    problems: tuple[Problem, ...] = ()  # of the last attempt
    not_before: datetime | None = None  # it asked for silence until then

    @property
    def incomplete(self) -> bool:
        return incomplete(self.problems)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one visit to a source brought, and how far it can be relied on."""

    announcements: tuple[Announcement, ...] = ()
    backlog: tuple[Listing, ...] = ()  # worth knowing, too old to be news
    problems: tuple[Problem, ...] = ()
    covered: Mapping[str, date] = field(default_factory=dict)  # only parts that were read in full
    validators: Mapping[str, Validators] = field(default_factory=dict)
    not_before: datetime | None = None  # the source asked for silence until then


@dataclass(frozen=True, slots=True)
class Pulled:
    """What one visit changed in the store."""

    source: str
    announced: int = 0  # listings the source gave
    new: int = 0  # first seen now
    revised: int = 0  # seen before, with a new version now
    problems: tuple[Problem, ...] = ()
