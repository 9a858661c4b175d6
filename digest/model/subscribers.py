"""Who gets a digest: what they want, and when."""

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum


class Format(StrEnum):
    """What a subscriber's mail is made of: HTML means multipart/alternative with plain text."""

    HTML = "html"
    TEXT = "text"
    MARKDOWN = "markdown"


class Layout(StrEnum):
    """How much of each paper the HTML, the text and the Markdown show."""

    CARDS = "cards"  # key sentences of the abstract
    COMPACT = "compact"  # a line a paper
    FULL = "full"  # the whole abstract


class Status(StrEnum):
    """Whether a subscriber gets mail."""

    ACTIVE = "active"
    PAUSED = "paused"
    REMOVED = "removed"
    SUPPRESSED = "suppressed"  # the address is on the suppression list


class Origin(StrEnum):
    """Where a subscriber is kept: the configuration file is the authority over its own."""

    FILE = "file"
    DATABASE = "database"


EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Profile:
    """What one subscriber wants."""

    keywords: tuple[str, ...] = ()  # one term a line, as written; ranking reads them
    categories: tuple[str, ...] = ()  # only these ("cs.CL", "cs.*"); empty: any. Unclassified listings always pass
    sources: tuple[str, ...] = ()  # only these names; empty: any
    max_papers: int = 20
    max_trending: int = 5
    min_match: float = 0.0  # 0 to 100: what matches less is not shown
    max_per_term: int = 0  # so many papers that a term alone is the strongest reason for; 0: any number
    diversity: float = 0.0  # 0 to 1: how much a paper loses for saying what a better one says
    signals: bool = False  # upvotes, comments and code add to a score


@dataclass(frozen=True, slots=True)
class Away:
    """Local days, both included, for which somebody wants no digest."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Schedule:
    """When one subscriber wants it, by the clock on their wall."""

    timezone: str = "UTC"  # IANA name
    send_at: time = time(7, 30)
    days: frozenset[int] = EVERY_DAY  # Monday is 0; a weekly digest has one day
    away: tuple[Away, ...] = ()
    catch_up: bool = True  # after an absence or a pause, the first digest looks back on it


@dataclass(frozen=True, slots=True)
class Subscriber:
    """An address with a profile, a schedule and a status, and how far they have been served."""

    email: str
    name: str = ""
    profile: Profile = Profile()
    schedule: Schedule = Schedule()
    format: Format = Format.HTML
    layout: Layout = Layout.CARDS
    locale: str = ""  # "de", "zh_Hans": what the fixed words are in; empty: the site's own
    send_empty: bool = True  # also on days without picks
    status: Status = Status.ACTIVE
    origin: Origin = Origin.DATABASE
    id: int = 0  # the store's number; 0 until stored
    cursor: int = 0  # announcements up to this seq have been considered
    last_issue: date | None = None  # local date of the newest edition
    paused_until: date | None = None  # local date of the first edition after a pause that ends by itself
