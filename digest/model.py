"""The words of the product, as values.

Every room of the house speaks in these terms and in no synonyms of them. Values are frozen; times are
aware UTC datetimes; dates are calendar days of whoever the field's comment names. Standard library only.
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from enum import StrEnum


class Kind(StrEnum):
    """Why a listing is news. Declared from the strongest to the weakest."""

    NEW = "new"
    CROSS = "cross"
    TRENDING = "trending"
    REVISION = "revision"

    @property
    def order(self) -> int:
        return list(Kind).index(self)


class Section(StrEnum):
    """Where in the digest a pick is shown."""

    FOR_YOU = "for_you"
    TRENDING = "trending"


class Format(StrEnum):
    """What a subscriber's mail is made of: HTML means multipart/alternative with plain text."""

    HTML = "html"
    TEXT = "text"
    MARKDOWN = "markdown"


class Ground(StrEnum):
    """What a reason rests on."""

    KEYWORD = "keyword"
    LIKED = "liked"  # words learnt from what was liked and disliked
    RELATED = "related"  # words learnt from what matches best
    SIGNAL = "signal"  # upvotes, comments, code
    MEANING = "meaning"  # a sentence encoder


class Hurdle(StrEnum):
    """What kept a listing out of an edition. Declared in the order in which they are met."""

    NONE = "none"  # it is shown
    NOT_NEWS = "not_news"  # not announced since the last edition, or by no source they read
    CATEGORY = "category"  # in none of their categories
    SENT = "sent"  # they have had it
    EXCLUDED = "excluded"  # by a term that never must match
    LACKING = "lacking"  # a term that must match
    PARTIAL = "partial"  # no term matches in full
    WEAK = "weak"  # below their least match
    TWIN = "twin"  # the same paper is shown under another id
    CROWDED = "crowded"  # one term would bring more than its share
    CUT = "cut"  # others matched better


class Status(StrEnum):
    """Whether a subscriber gets mail."""

    ACTIVE = "active"
    PAUSED = "paused"
    REMOVED = "removed"


class Origin(StrEnum):
    """Where a subscriber is kept: the configuration file is the authority over its own."""

    FILE = "file"
    DATABASE = "database"


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


# --- listings ---------------------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """Letters and digits alone, without marks or case: what is left when two sources spell one thing differently."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in decomposed if c.isalnum())


def _surname(author: str) -> str:
    family, comma, _ = author.partition(",")
    words = family.split()
    if not words:
        return ""
    return plain(family if comma else words[-1])


# Shorter titles ("Editorial", "Weekly links") recur, so they say nothing about identity.
_TELLING_TITLE = 20


@dataclass(frozen=True, slots=True)
class Listing:
    """One paper, whatever source it came from. Text fields are clean Unicode; the `raw_*` twins are as received."""

    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    url: str = ""  # landing page, http(s)
    id: int = 0  # the store's number; 0 until stored
    arxiv_id: str | None = None  # without version: "2409.01234", "hep-th/9901001"
    doi: str | None = None  # lower case, without resolver: "10.1101/2024.01.01.123456"
    guid: str | None = None  # the feed's own identifier, unique together with the feed
    version: int | None = None
    categories: tuple[str, ...] = ()  # of an archive's classification, primary first: "cs.CL", "neuroscience"
    keywords: tuple[str, ...] = ()  # free tags
    comment: str | None = None  # the authors' remark: "12 pages, accepted at ..."
    summary: str | None = None  # somebody else's short summary, where the source offers one
    pdf_url: str | None = None
    code_url: str | None = None
    project_url: str | None = None
    discussion_url: str | None = None
    thumbnail_url: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    upvotes: int | None = None
    comments: int | None = None
    raw_title: str = ""
    raw_abstract: str = ""
    raw_authors: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Every name this paper is known by, strongest first; two listings that share one are one paper."""
        keys = []
        if self.arxiv_id:
            keys.append(f"arxiv:{self.arxiv_id}")
        if self.doi:
            keys.append(f"doi:{self.doi}")
        title = plain(self.title)
        if len(title) >= _TELLING_TITLE and self.authors:
            named = f"{title}|{_surname(self.authors[0])}"
            keys.append(f"title:{hashlib.sha256(named.encode()).hexdigest()[:24]}")
        if self.guid:
            keys.append(f"guid:{self.guid}")
        if not keys:
            keys.append(f"url:{self.url}" if self.url else f"text:{title}")
        return tuple(keys)

    def merged(self, newer: "Listing") -> "Listing":
        """This listing with what `newer`, another account of the same paper, adds to it.

        Signals take the newest word. The text is replaced as a whole, and only by an account that is at least as
        good: not by an earlier version, and not by a reader's copy (no classification) of an archive's record.
        """
        filled = {
            name: getattr(newer, name) if getattr(newer, name) not in (None, "", ()) else getattr(self, name)
            for name in _FILLED
        }
        older_version = (newer.version or 0) < (self.version or 0)
        copy_of_record = bool(self.categories) and not newer.categories
        text = self if older_version or copy_of_record or not newer.title else newer
        return replace(self, **filled, **{name: getattr(text, name) or getattr(self, name) for name in _TEXT})


# `version` goes with the text: it says which version the text is of.
_TEXT = ("title", "abstract", "authors", "raw_title", "raw_abstract", "raw_authors", "url", "version", "categories")
_FILLED = tuple(name for name in Listing.__dataclass_fields__ if name not in (*_TEXT, "id"))


@dataclass(frozen=True, slots=True)
class Announcement:
    """A listing became news."""

    listing: Listing
    source: str  # the source's name
    kind: Kind
    day: date  # the source's own calendar day of the announcement
    seq: int = 0  # rising number given by the store; 0 until stored


# --- sources ----------------------------------------------------------------------------------------------------


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


# --- subscribers ------------------------------------------------------------------------------------------------

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
class Schedule:
    """When one subscriber wants it, by the clock on their wall."""

    timezone: str = "UTC"  # IANA name
    send_at: time = time(7, 30)
    days: frozenset[int] = EVERY_DAY  # Monday is 0


@dataclass(frozen=True, slots=True)
class Subscriber:
    """An address with a profile, a schedule and a status, and how far they have been served."""

    email: str
    name: str = ""
    profile: Profile = Profile()
    schedule: Schedule = Schedule()
    format: Format = Format.HTML
    send_empty: bool = True  # also on days without picks
    status: Status = Status.ACTIVE
    origin: Origin = Origin.DATABASE
    id: int = 0  # the store's number; 0 until stored
    cursor: int = 0  # announcements up to this seq have been considered
    last_issue: date | None = None  # local date of the newest edition


# --- ranking ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Background:
    """How common words are in the papers of the last weeks. Counts may be fractions, since older papers count less."""

    papers: float = 0.0
    title_words: float = 0.0  # of all titles together
    abstract_words: float = 0.0
    holders: Mapping[str, float] = field(default_factory=dict)  # how many papers hold a word, by each of its forms


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a subscriber said of a paper."""

    listing: Listing
    liked: bool  # or disliked
    at: datetime


@dataclass(frozen=True, slots=True)
class Taste:
    """All that a subscriber has said of papers, and which of the words learnt from it they want forgotten."""

    feedback: tuple[Feedback, ...] = ()  # newest last
    forgotten: frozenset[str] = frozenset()  # keys of digest.text.tokens


@dataclass(frozen=True, slots=True)
class Shard:
    """Subscribers that are ranked for at once, and all that is known for it."""

    subscribers: Sequence[Subscriber]
    window: Sequence[Announcement]  # what became news, by seq; each subscriber's cursor says from where on
    now: datetime
    trending: Sequence[Announcement] = ()
    sent: Mapping[int, frozenset[int]] = field(default_factory=dict)  # by subscriber: ids of listings they have had
    background: Background = Background()  # the window's own, if it is empty
    tastes: Mapping[int, Taste] = field(default_factory=dict)  # by subscriber
    partial: bool = False  # rank also what matches no term in full
    related: bool = False  # rank once more with the words that the best listings have in common


# --- editions ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reason:
    """One addend of a score: the term as written, where it matched, and what that was worth."""

    term: str
    field: str  # "title", "abstract", "authors", "categories", ...
    contribution: float
    tokens: tuple[str, ...] = ()  # keys of digest.text.tokens that matched, for marking words
    ground: Ground = Ground.KEYWORD
    partial: bool = False  # a word of a term that is not matched in full


@dataclass(frozen=True, slots=True)
class Pick:
    """A listing chosen for a subscriber. The contributions of its reasons add up to its score."""

    listing: Listing
    section: Section
    kind: Kind
    source: str
    day: date
    score: float  # 0 to 100 of what the profile could attain; 0 for trending
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Ranking:
    """What ranking found for one subscriber."""

    picks: tuple[Pick, ...] = ()
    read: Mapping[str, int] = field(default_factory=dict)  # per source name: listings considered
    matched: int = 0  # listings that met the profile, shown or not
    problems: tuple[str, ...] = ()  # faults of the profile itself
    papers: int = 0  # listings considered, each once however many sources announced it


@dataclass(frozen=True, slots=True)
class Account:
    """What ranking says of one listing for one subscriber, shown or not."""

    score: float = 0.0
    reasons: tuple[Reason, ...] = ()
    hurdle: Hurdle = Hurdle.NONE  # the first that it met
    place: int | None = None  # among all that could be shown, from 1; None: it could not
    last: float | None = None  # the score of the last one shown, if any is
    terms: tuple[str, ...] = ()  # the keywords that exclude it, or that it lacks, or that crowd it out
    twin: Listing | None = None  # what is shown in its stead


@dataclass(frozen=True, slots=True)
class Missing:
    """A source this edition could not rely on."""

    source: str
    why: str
    since: datetime | None = None  # complete up to then; None: never


NOT_YET_READ = "it has not been read yet"  # why a source is missing before its first pull


@dataclass(frozen=True, slots=True)
class Edition:
    """One subscriber's digest for one local date. Holds all that rendering needs, so that it can be rendered again."""

    subscriber: Subscriber
    issue_date: date  # in the subscriber's zone
    composed_at: datetime
    cursor: int = 0  # announcements up to this seq were considered for it
    picks: tuple[Pick, ...] = ()
    read: Mapping[str, int] = field(default_factory=dict)
    matched: int = 0
    missing: tuple[Missing, ...] = ()
    problems: tuple[str, ...] = ()
    note: str = ""  # the operator's Markdown
    papers: int = 0  # listings considered, each once however many sources announced it

    def section(self, section: Section) -> tuple[Pick, ...]:
        return tuple(pick for pick in self.picks if pick.section is section)

    @property
    def worth_sending(self) -> bool:
        return bool(self.picks) or self.subscriber.send_empty


# --- deliveries -------------------------------------------------------------------------------------------------


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
