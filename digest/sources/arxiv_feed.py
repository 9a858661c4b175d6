"""arXiv's announcements of one day in one category: the RSS and Atom of rss.arxiv.org (https://info.arxiv.org/help/rss.html)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from lxml import etree

from digest.arxiv_calendar import eastern_day
from digest.model import Kind, Listing, Problem, incomplete
from digest.sources import wire
from digest.sources.errors import UnreadableError
from digest.text import clean
from digest.text.characters import one_line
from digest.text.ids import arxiv_id, arxiv_pages, doi

MOST_ROWS = 2_000  # what the service shows of one day; the kinds come in the order of `Kind`, so replacements go first
_ATOM = "{http://www.w3.org/2005/Atom}feed"


@dataclass(frozen=True, slots=True)
class Row:
    """One paper as one category announces it."""

    listing: Listing
    kind: Kind


@dataclass(frozen=True, slots=True)
class Bulletin:
    """One announcement of one category, as far as it could be read."""

    day: date | None  # as the feed is dated, in US/Eastern
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def complete(self) -> bool:
        return self.day is not None and not incomplete(self.problems)


def read_bulletin(body: bytes) -> Bulletin:
    """The announcement in this answer.

    Raises:
        UnreadableError: it is not one.
    """
    entry = "entry" if re.search(rb"<feed[\s>]", body[:2000]) else "item"
    document = wire.read_xml(body, entry=entry)
    head = _head(document.root)
    rows, problems = wire.read_each(head.iterfind(f"{{*}}{entry}"), _row, "papers")
    day = _day(head)
    if document.fault:
        kept = f"{document.fault}; {len(rows)} papers could be read"
        problems.append(Problem(kept, incomplete=document.cut))
    if day is None:
        problems.append(Problem("the feed is not dated"))
    if len(rows) >= MOST_ROWS:
        narrower = f"it shows {MOST_ROWS:,} papers at most; ask for its subject classes instead"
        problems.append(Problem(narrower, incomplete=rows[-1].kind is not Kind.REVISION))
    return Bulletin(day, tuple(rows), tuple(problems))


def feed_error(body: bytes) -> str | None:
    """What arXiv says is wrong with the request, if this is its error feed."""
    try:
        head = _head(wire.read_xml(body, entry="item").root)
    except UnreadableError:
        return None
    if not wire.text_of(head, "{*}title").startswith("Feed error"):
        return None
    return wire.text_of(head, "{*}description") or wire.text_of(head, "{*}subtitle")


def _head(root: etree._Element) -> etree._Element:
    """The element that holds the entries."""
    channel = root.find("channel")
    if root.tag == "rss" and channel is not None:
        return channel
    if root.tag == _ATOM:
        return root
    raise UnreadableError("a web page instead of the feed" if root.tag == "html" else "XML that is not the feed")


def _day(head: etree._Element) -> date | None:
    for path in ("pubDate", "{*}updated", "lastBuildDate"):
        if found := wire.moment(wire.text_of(head, path)):
            return eastern_day(found)
    return None


_DESCRIPTION = re.compile(
    r"\s*arXiv:\s*(?P<id>\S+)\s+Announce Type:\s*(?P<kind>[\w-]+)\s*(?:Abstract:\s*)?(?P<rest>.*)", re.DOTALL
)


def _row(item: etree._Element) -> Row:
    description = wire.text_of(item, "{*}description") or wire.text_of(item, "{*}summary")
    parts = _DESCRIPTION.fullmatch(description)
    ident, version = _identity(item, parts["id"] if parts else "")
    title = wire.text_of(item, "{*}title")
    if not title.strip():
        raise ValueError(f"{ident} has no title")
    abstract = parts["rest"] if parts else description
    kind = _kind(wire.text_of(item, "{*}announce_type") or (parts["kind"] if parts else ""))
    dated = wire.moment(wire.text_of(item, "{*}pubDate") or wire.text_of(item, "{*}published"))
    authors = split_authors(wire.text_of(item, "{*}creator"))
    listing = listed(ident, version, title, abstract, authors)
    return Row(
        replace(
            listing,
            categories=categories(item.iterfind("{*}category")),
            doi=doi(wire.text_of(item, "{*}DOI")),
            published=dated if kind is Kind.NEW else None,
            updated=dated if kind is Kind.REVISION else None,
        ),
        kind,
    )


def listed(ident: str, version: int | None, title: str, abstract: str, authors: Iterable[str]) -> Listing:
    """What every account of an arXiv paper has: names, clean and original text, addresses."""
    authors = tuple(authors)
    url, pdf_url = arxiv_pages(ident)
    return Listing(
        title=clean.title(title),
        abstract=clean.abstract(abstract),
        authors=clean.authors(authors),
        arxiv_id=ident,
        version=version,
        url=url,
        pdf_url=pdf_url,
        raw_title=title,
        raw_abstract=abstract,
        raw_authors=authors,
    )


def categories(elements: Iterable[etree._Element]) -> tuple[str, ...]:
    """The classification in `category` elements, primary first as arXiv writes them; ACM and MSC classes left out."""
    found = (wire.plain(element.get("term") or element.text or "").strip() for element in elements)
    return tuple(dict.fromkeys(name for name in found if re.fullmatch(r"[a-z]+(-[a-z]+)*(\.[A-Za-z-]+)?", name)))


def _identity(item: etree._Element, described: str) -> tuple[str, int | None]:
    texts = [wire.text_of(item, path) for path in ("{*}guid", "{*}id", "{*}link")]
    links = [str(link.get("href", "")) for link in item.iterfind("{*}link")]
    found = [known for text in (described, *texts, *links) if (known := arxiv_id(text))]
    if not found:
        raise ValueError("a paper without an arXiv id")
    return found[0][0], next((version for _, version in found if version), None)


def _kind(announced: str) -> Kind:
    name = announced.strip().lower()
    if name.startswith("replace"):
        return Kind.REVISION
    return Kind.CROSS if name.startswith("cross") else Kind.NEW


# --- authors ------------------------------------------------------------------------------------------------------

_SUFFIX = re.compile(r"(?:jr|sr)\.?|II|III|IV|Ph\.?\s?D\.?|M\.?D\.?", re.IGNORECASE)


def split_authors(text: str) -> tuple[str, ...]:
    """The names in arXiv's one line of authors: "The X Collaboration: A. Bee (1 and 2), C. Dee, Jr. ((1) Here, (2) There)"."""
    names: list[str] = []
    for part in re.split(r"[,;:]", _without_parentheses(text)):
        name = one_line(part).removeprefix("and ")
        if names and _SUFFIX.fullmatch(name):
            names[-1] = f"{names[-1]} {name}"
        elif name:
            names.append(name)
    return tuple(names)


def _without_parentheses(text: str) -> str:
    """Without affiliations, nested as deep as people nest them; a parenthesis that is never closed is left alone."""
    text = one_line(text)
    for _ in range(4):
        text = re.sub(r" ?\([^()]*\)", "", text)
    return text
