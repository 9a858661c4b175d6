"""One paper as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from digest.model import Kind, Listing, Pick, Section
from digest.rendering.reasons import BAR, Run, Why, hit_keys, key_sentences, marked, steps, whys
from digest.rendering.words import clean, listed, number, short_day, shorten, web_url


@dataclass(frozen=True, slots=True)
class Link:
    """A link that names its target: "PDF", "Discussion 14"."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Card:
    """One paper."""

    title: str
    url: str | None  # its landing page
    authors: str  # "A. One, B. Two, C. Three and 12 more"; empty if unknown
    source: str  # "arXiv"
    categories: tuple[str, ...]  # primary first, four at most
    day: str  # "Mon 18 May"
    note: str  # "cross-listed", "version 2"; empty for plain news
    steps: int  # how well it matches, 1 to 5; 0 in "Trending"
    whys: tuple[Why, ...]
    abstract: str  # its key sentences
    runs: tuple[Run, ...]  # the same, in stretches, the reader's words marked
    links: tuple[Link, ...]
    upvotes: int | None
    bar: int = BAR  # steps there are


# Characters of a part of a card: a listing may hold anything, a card must stay one.
_TITLE, _AUTHOR, _SOURCE, _CATEGORY, _ABSTRACT, _SHORT_ABSTRACT = 300, 80, 60, 40, 420, 200


def card_of(pick: Pick, sources: Mapping[str, str], today: date) -> Card:
    """The pick as a template shows it; `today` is the edition's date."""
    listing = pick.listing
    short = pick.section is Section.TRENDING
    wanted = hit_keys(pick)
    text = key_sentences(listing.abstract or listing.summary or "", wanted, _SHORT_ABSTRACT if short else _ABSTRACT)
    return Card(
        title=shorten(clean(listing.title), _TITLE) or "Untitled",
        url=_landing_page(listing),
        authors=_byline(listing.authors),
        source=source_title(pick.source, sources),
        categories=tuple(shorten(clean(category), _CATEGORY) for category in listing.categories[:4]),
        day=short_day(pick.day) + (f" {pick.day.year}" if pick.day.year != today.year else ""),
        note=_kind(pick),
        steps=0 if short else steps(pick.score),
        whys=whys(pick.reasons),
        abstract=text,
        runs=marked(text, wanted),
        links=_links(listing),
        upvotes=listing.upvotes,
    )


def _landing_page(listing: Listing) -> str | None:
    return next(filter(None, map(web_url, (listing.url, listing.pdf_url, listing.discussion_url))), None)


def _byline(authors: tuple[str, ...]) -> str:
    named = [shorten(clean(author), _AUTHOR) for author in authors[:3]]
    more = len(authors) - len(named)
    return listed(named) if more <= 0 else f"{', '.join(named)} and {number(more)} more"


def _kind(pick: Pick) -> str:
    match pick.kind:
        case Kind.CROSS:
            return "cross-listed"
        case Kind.REVISION:
            return f"version {pick.listing.version}" if pick.listing.version else "revised"
    return ""


def _links(listing: Listing) -> tuple[Link, ...]:
    discussion = f"Discussion {number(listing.comments)}" if listing.comments else "Discussion"
    targets = (
        ("Abstract", listing.url),
        ("PDF", listing.pdf_url),
        ("Code", listing.code_url),
        ("Project", listing.project_url),
        (discussion, listing.discussion_url),
    )
    links: dict[str, Link] = {}
    for label, target in targets:
        if url := web_url(target):
            links.setdefault(url, Link(label, url))
    return tuple(links.values())


def source_title(source: str, sources: Mapping[str, str]) -> str:
    """The source's name as people say it."""
    return shorten(clean(sources.get(source, source)), _SOURCE)
