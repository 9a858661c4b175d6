"""One paper as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from digest.model import Kind, Layout, Listing, Pick, Section
from digest.rendering.language import Language
from digest.rendering.reasons import BAR, Run, Why, hit_keys, key_sentences, marked, steps, whys
from digest.rendering.words import clean, shorten, web_url


@dataclass(frozen=True, slots=True)
class Link:
    """A link that names its target: "PDF", "Discussion 14"."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Card:
    """One paper. Texts are ready to be printed in the reader's language."""

    template: str  # "card", "line" or "trending": which of the templates shows it
    number: int  # its place in the digest, from 1
    title: str
    title_runs: tuple[Run, ...]  # the same, in stretches: what is raised or lowered, the reader's words
    url: str | None  # its landing page
    authors: str  # "A. One, B. Two, C. Three and 12 more"; empty if unknown
    source: str  # "arXiv"
    categories: tuple[str, ...]  # primary first, four at most
    day: str  # "Mon 18 May"
    note: str  # "cross-listed", "version 2"; empty for plain news
    meta: str  # source, categories, day and note in one line
    match: str  # "Match 4 of 5"; empty where nothing was matched
    steps: int  # how well it matches, 1 to 5; 0 where nothing was matched
    whys: tuple[Why, ...]
    abstract: str  # its key sentences; all of it in the layout "full"
    runs: tuple[Run, ...]  # the same, in stretches
    links: tuple[Link, ...]
    upvotes: int | None
    votes: str  # "1,204 upvotes"; empty if unknown
    image: str | None  # the URL of a thumbnail, where the operator turned images on
    like: Link | None = None  # "more like this", where there are pages that answer
    dislike: Link | None = None
    bar: int = BAR  # steps there are


@dataclass(frozen=True, slots=True)
class Setting:
    """What every card of a digest is made with."""

    sources: Mapping[str, str]  # name -> as people say it
    language: Language
    layout: Layout = Layout.CARDS
    images: bool = False


# Characters of a part of a card: a listing may hold anything, a card must stay one.
_TITLE, _AUTHOR, _SOURCE, _CATEGORY, _ABSTRACT, _SHORT_ABSTRACT, _WHOLE = 300, 80, 60, 40, 420, 200, 6_000


def card_of(pick: Pick, today: date, setting: Setting, number: int = 1) -> Card:
    """The pick as a template shows it; `today` is the edition's date, `number` its place there from 1."""
    listing, language = pick.listing, setting.language
    wanted = hit_keys(pick)
    title = shorten(clean(listing.title), _TITLE) or language.gettext("Untitled")
    text = _text(pick, wanted, setting.layout)
    filled = steps(pick.score) if pick.section in _MATCHED else 0
    source = source_title(pick.source, setting.sources)
    categories = tuple(shorten(clean(category), _CATEGORY) for category in listing.categories[:4])
    day = language.short_day(pick.day) + (f" {pick.day.year}" if pick.day.year != today.year else "")
    note = _kind(pick, language)
    return Card(
        template=_template(pick.section, setting.layout),
        number=number,
        title=title,
        title_runs=(Run(title),),
        url=_landing_page(listing),
        authors=_byline(listing.authors, language),
        source=source,
        categories=categories,
        day=day,
        note=note,
        meta=" · ".join(filter(None, (source, ", ".join(categories), day, note))),
        match=language.gettext("Match {steps} of {bar}").format(steps=filled, bar=BAR) if filled else "",
        steps=filled,
        whys=whys(pick.reasons),
        abstract=text,
        runs=marked(text, wanted),
        links=_links(listing, language),
        upvotes=listing.upvotes,
        votes=_votes(listing.upvotes, language),
        image=web_url(listing.thumbnail_url) if setting.images else None,
    )


_MATCHED = (Section.FOR_YOU, Section.AUTHORS)


def _template(section: Section, layout: Layout) -> str:
    if layout is Layout.COMPACT or section is Section.VERSIONS:
        return "line"
    return "trending" if section is Section.TRENDING else "card"


def _text(pick: Pick, wanted: frozenset[str], layout: Layout) -> str:
    text = pick.listing.abstract or pick.listing.summary or ""
    if layout is Layout.COMPACT or pick.section is Section.VERSIONS:
        return ""
    if layout is Layout.FULL:
        return shorten(clean(text), _WHOLE)
    return key_sentences(text, wanted, _SHORT_ABSTRACT if pick.section is Section.TRENDING else _ABSTRACT)


def _votes(upvotes: int | None, language: Language) -> str:
    if upvotes is None:
        return ""
    return language.ngettext("{count} upvote", "{count} upvotes", upvotes).format(count=language.number(upvotes))


def _landing_page(listing: Listing) -> str | None:
    return next(filter(None, map(web_url, (listing.url, listing.pdf_url, listing.discussion_url))), None)


def _byline(authors: tuple[str, ...], language: Language) -> str:
    named = [shorten(clean(author), _AUTHOR) for author in authors[:3]]
    more = len(authors) - len(named)
    if more <= 0:
        return language.listed(named)
    return language.gettext("{names} and {more} more").format(names=", ".join(named), more=language.number(more))


def _kind(pick: Pick, language: Language) -> str:
    match pick.kind:
        case Kind.CROSS:
            return language.gettext("cross-listed")
        case Kind.REVISION:
            version = language.gettext("version {number}").format(number=pick.listing.version)
            return version if pick.listing.version else language.gettext("revised")
    return ""


def _links(listing: Listing, language: Language) -> tuple[Link, ...]:
    discussion = language.gettext("Discussion") + (f" {language.number(listing.comments)}" if listing.comments else "")
    targets = (
        (language.gettext("Abstract"), listing.url),
        (language.gettext("PDF"), listing.pdf_url),
        (language.gettext("Code"), listing.code_url),
        (language.gettext("Project"), listing.project_url),
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
