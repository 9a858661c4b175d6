"""What ranking is given, and what it answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from digest.model.listings import Announcement, Kind, Listing
from digest.model.subscribers import Subscriber

GRAIN = 500  # parts of a point, of which scores and contributions are whole numbers: 50 times as fine as what is shown


class Section(StrEnum):
    """Where in the digest a pick is shown. Declared in the order in which they are shown."""

    PICKED = "picked"  # by a curator, for everybody
    FOR_YOU = "for_you"
    AUTHORS = "authors"  # matched by nothing but the authors they named
    TRENDING = "trending"
    VERSIONS = "versions"  # new versions of papers they were sent


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
    current: Mapping[int, frozenset[int]] = field(default_factory=dict)  # of `sent`, what they have had as it is now


@dataclass(frozen=True, slots=True)
class Reason:
    """One addend of a score: the term as written, where it matched, and what that was worth."""

    term: str
    field: str  # "title", "abstract", "authors", "categories", ...
    contribution: float
    tokens: tuple[str, ...] = ()  # keys of digest.text.tokens that matched, for marking words
    ground: Ground = Ground.KEYWORD
    partial: bool = False  # a word or two of a term that this field does not match in full


@dataclass(frozen=True, slots=True)
class Pick:
    """A listing chosen for a subscriber. The contributions of its reasons add up to its score.

    The reasons come largest first, whatever their sign, and equal ones always in the same order.
    """

    listing: Listing
    section: Section
    kind: Kind
    source: str
    day: date
    score: float  # 0 to 100 of what the profile could attain; 0 for trending
    reasons: tuple[Reason, ...] = ()
    by: str = ""  # the name of the curator who picked it
    note: str = ""  # their Markdown
    votes: int = 0  # of readers who recommend it, where that is why it is trending


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
