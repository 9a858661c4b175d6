"""What programs send and get. These models check it, and they are what `openapi.json` says of it."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from digest.config.faults import shown
from digest.model import Announcement, Format, Ground, Kind, Layout, Listing, Origin, Pick, Reason, Section, Status
from digest.web.archive.asking import LONGEST
from digest.web.archive.calendar import day_of

_MOST_TRIED, _MOST_KEPT = 200, 1_000  # keywords
_LONGEST_KEYWORD = 300  # characters
_MOST_PER_TERM = 10_000
_MOST_NAMES = 100  # categories, sources, absences
_LONGEST_NAME = 80
_MOST_AT_ONCE = 100
_MOST_PAGES = 100
_HIGHEST = 2**53 - 1  # that a program that reads numbers as floating-point ones gets right


class Asked(BaseModel):
    """What somebody sends: a key that is not known is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(BaseModel):
    """What they get."""

    model_config = ConfigDict(frozen=True)


def _day(text: object) -> date:
    if isinstance(text, date):
        return text
    if not isinstance(text, str) or (day := day_of(text)) is None:
        raise ValueError(f'{shown(text)} is not a day like "2026-06-18"')
    return day


Day = Annotated[date, BeforeValidator(_day, json_schema_input_type=date)]
Keyword = Annotated[str, Field(min_length=1, max_length=_LONGEST_KEYWORD)]
Name = Annotated[str, Field(min_length=1, max_length=_LONGEST_NAME)]


# --- papers ---------------------------------------------------------------------------------------------------------


class PapersAsked(Asked):
    """Which papers of which day."""

    day: Day | None = Field(None, description="The day of the announcement; without it, the newest.")
    order: Literal["trending", "newest"] = Field("trending", description="What comes first.")
    category: Name | None = Field(None, description="`cs.CL`, or of a whole archive `cs`.")
    source: Name | None = Field(None, description="The name of a source.")
    limit: int = Field(50, ge=1, le=_MOST_AT_ONCE, description="How many at once.")
    cursor: int | None = Field(None, ge=1, le=_HIGHEST, description="`next` of the answer before.")


class SearchAsked(Asked):
    """What to look for."""

    q: str = Field(min_length=1, max_length=LONGEST, description="In the profile language, as on the page.")
    order: Literal["closest", "newest"] = Field("closest", description="What comes first.")
    category: Name | None = Field(None, description="`cs.CL`, or of a whole archive `cs`.")
    since: Day | None = Field(None, description="Announced on this day or later.")
    until: Day | None = Field(None, description="Announced on this day or earlier.")
    limit: int = Field(20, ge=1, le=_MOST_AT_ONCE, description="How many at once.")
    page: int = Field(1, ge=1, le=_MOST_PAGES, description="Which part, from 1.")


class Paper(Told):
    """One paper, whatever sources it came from. Texts are plain Unicode."""

    id: int = Field(description="Its number here.")
    title: str
    abstract: str
    summary: str | None = Field(description="Somebody else's short summary, where a source offers one.")
    authors: tuple[str, ...]
    arxiv_id: str | None = Field(description="Without version.")
    doi: str | None
    version: int | None
    categories: tuple[str, ...] = Field(description="Of the archive's classification, primary first.")
    keywords: tuple[str, ...]
    comment: str | None = Field(description="The authors' own remark.")
    url: str
    pdf_url: str | None
    code_url: str | None
    project_url: str | None
    discussion_url: str | None
    published: datetime | None
    updated: datetime | None
    upvotes: int | None = Field(description="Where a source counts them.")
    votes: int = Field(description="Of this site's own readers.")
    page: str = Field(description="Its page on this site.")


class News(Told):
    """How it became news."""

    day: date = Field(description="The source's own calendar day.")
    source: str
    kind: Kind


class PaperOfDay(Paper):
    """A paper, and how it was announced on that day."""

    kind: Kind
    sources: tuple[str, ...]


class Papers(Told):
    """A part of a day's papers."""

    day: date
    before: date | None = Field(description="The nearest earlier day with papers.")
    after: date | None = Field(description="The nearest later day with papers.")
    total: int = Field(description="How many there are, on all parts together.")
    papers: tuple[PaperOfDay, ...]
    next: int | None = Field(description="The `cursor` of the next part; null on the last one.")


class WholePaper(Paper):
    """A paper with all its news."""

    news: tuple[News, ...] = Field(description="Oldest first.")


class PaperFound(Paper):
    """A paper, and its newest announcement."""

    latest: News | None = Field(description="Null if it never was news.")


class Reading(Told):
    """How a part of a search was understood."""

    term: str = Field(description="As written.")
    reading: str = Field(description="In words.")


class Found(Told):
    """What a search found."""

    total: int = Field(description="How many there are; 10000 stands for that many or more.")
    pages: int = Field(description="How many parts can be asked for.")
    papers: tuple[PaperFound, ...]
    readings: tuple[Reading, ...]
    remarks: tuple[str, ...] = Field(description="What could not be understood, and what to write instead.")


# --- profiles -------------------------------------------------------------------------------------------------------


class Wish(Asked):
    """What somebody wants to read."""

    keywords: tuple[Keyword, ...] = Field((), max_length=_MOST_TRIED, description="Lines of the profile language.")
    categories: tuple[Name, ...] = Field((), max_length=_MOST_NAMES, description="Only these; none: any.")
    sources: tuple[Name, ...] = Field((), max_length=_MOST_NAMES, description="Only these; none: any.")
    max_papers: int = Field(20, ge=1, le=200)
    max_trending: int = Field(5, ge=0, le=50)
    min_match: float = Field(0.0, ge=0, le=100, description="What matches less is not shown.")
    max_per_term: int = Field(
        0, ge=0, le=_MOST_PER_TERM, description="Papers that one term alone may bring; 0: any number."
    )
    diversity: float = Field(0.0, ge=0, le=1)
    signals: bool = Field(False, description="Whether upvotes, comments and code add to a score.")


class PreviewAsked(Wish):
    """A profile to try out."""

    days: Literal[1, 7] = Field(1, description="How many of each source's newest days.")  # those that are kept ready


class Wanted(Asked):
    """All that somebody wants. Everything is to be said: what was read is changed, and sent back as a whole."""

    name: str = Field(max_length=200)
    keywords: tuple[Keyword, ...] = Field(max_length=_MOST_KEPT, description="Lines of the profile language.")
    categories: tuple[Name, ...] = Field(max_length=_MOST_NAMES, description="Only these; none: any.")
    sources: tuple[Name, ...] = Field(max_length=_MOST_NAMES, description="Only these; none: any.")
    timezone: Name = Field(description="Of the IANA database, such as `Europe/Berlin`.")
    send_at: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="By the clock on their wall.")
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = Field(
        min_length=1, max_length=7, description="On which days of the week."
    )
    away: tuple[Name, ...] = Field(max_length=_MOST_NAMES, description="`2026-12-24..2027-01-03`, both included.")
    catch_up: bool = Field(description="Whether the first digest after an absence looks back on it.")
    max_papers: int = Field(ge=1, le=200)
    max_trending: int = Field(ge=0, le=50)
    min_match: float = Field(ge=0, le=100)
    max_per_term: int = Field(ge=0, le=_MOST_PER_TERM)
    diversity: float = Field(ge=0, le=1)
    signals: bool
    format: Format
    layout: Layout
    locale: str = Field(max_length=20, description="`de`, `zh_Hans`; empty: the site's own.")
    send_empty: bool = Field(description="Whether a digest comes on days without papers.")


class Preferences(Told):
    """A subscription."""

    email: str
    status: Status
    paused_until: date | None
    kept: Origin = Field(description="`file`: by the operator, who alone can change it.")
    wanted: Wanted


class Because(Told):
    """One addend of a score."""

    term: str = Field(description="As written.")
    where: str = Field(description="`title`, `abstract`, `authors`, ...")
    adds: float
    ground: Ground
    partial: bool = Field(description="Whether only a word or two of the term are there.")


class Picked(Told):
    """A paper chosen for a profile."""

    section: Section
    score: float = Field(description="0 to 100; 0 where nothing was matched.")
    reasons: tuple[Because, ...] = Field(description="They add up to the score.")
    news: News
    paper: Paper


class Preview(Told):
    """What a profile finds in the newest papers."""

    papers: int = Field(description="Read, each once however many sources announced it.")
    read: dict[str, int] = Field(description="By source.")
    matched: int = Field(description="That met the profile, shown or not.")
    picks: tuple[Picked, ...]


class Place(Told):
    """One thing that is wrong."""

    pointer: str = Field(description="Where (RFC 6901).")
    detail: str


class Problem(Told):
    """Why something cannot be answered (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str = Field(description="What is wrong and what to do, for people.")
    errors: tuple[Place, ...] = ()


# --- from the words of the product ----------------------------------------------------------------------------------

_OF_LISTING = tuple(name for name in Paper.model_fields if name in Listing.__dataclass_fields__)


def paper(listing: Listing, site: str, votes: int = 0) -> dict[str, Any]:
    """The fields of `Paper`; `site` is the address of the pages."""
    own = {name: getattr(listing, name) for name in _OF_LISTING}
    return {**own, "votes": votes, "page": f"{site}/paper/{listing.id}"}


def news(announcement: Announcement | Pick) -> News:
    return News(day=announcement.day, source=announcement.source, kind=announcement.kind)


def picked(pick: Pick, site: str) -> Picked:
    return Picked(
        section=pick.section,
        score=pick.score,
        reasons=tuple(map(_because, pick.reasons)),
        news=news(pick),
        paper=Paper(**paper(pick.listing, site)),
    )


def _because(reason: Reason) -> Because:
    return Because(
        term=reason.term, where=reason.field, adds=reason.contribution, ground=reason.ground, partial=reason.partial
    )
