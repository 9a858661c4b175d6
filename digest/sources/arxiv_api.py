"""arXiv's query API, one page of answers (https://info.arxiv.org/help/api/user-manual.html)."""

from dataclasses import dataclass, replace
from datetime import datetime

from lxml import etree

from digest.model import Listing, Problem
from digest.sources import wire
from digest.sources.arxiv_feed import categories, listed
from digest.sources.errors import UnreadableError
from digest.text import clean
from digest.text.ids import arxiv_id, doi


@dataclass(frozen=True, slots=True)
class Page:
    """One page of an answer, and how many papers all pages have."""

    total: int
    listings: tuple[Listing, ...]
    rows: int  # entries received, readable or not
    problems: tuple[Problem, ...] = ()


def submitted_between(category: str, start: datetime, end: datetime) -> str:
    """The search for papers of a category or archive submitted from `start` to before `end`, both in UTC."""
    within = f"cat:{category}" if "." in category else f"(cat:{category} OR cat:{category}.*)"
    last = end.timestamp() - 60  # both ends of a range belong to it
    stamps = (f"{start:%Y%m%d%H%M}", f"{datetime.fromtimestamp(last, tz=end.tzinfo):%Y%m%d%H%M}")
    return f"{within} AND submittedDate:[{stamps[0]} TO {stamps[1]}]"


def read_page(body: bytes) -> Page:
    """The page in this answer.

    Raises:
        UnreadableError: it is not one, or says that the request was wrong.
    """
    if complaint := api_error(body):
        raise UnreadableError(f"the query API says: {complaint}")
    document = wire.read_xml(body, entry="entry")
    total = wire.count(wire.text_of(document.root, "{*}totalResults"))
    if total is None:
        raise UnreadableError("XML that is not an answer of the query API")
    entries = document.root.findall("{*}entry")
    listings, problems = wire.read_each(entries, _listing, "papers")
    if document.fault:
        problems.append(Problem(document.fault, incomplete=document.cut))
    return Page(total, tuple(listings), len(entries), tuple(problems))


def api_error(body: bytes) -> str | None:
    """What the API says is wrong with the request, if this is its error answer."""
    if b"/api/errors" not in body and b"<title>Error</title>" not in body:
        return None
    try:
        root = wire.read_xml(body, entry="entry").root
    except UnreadableError:
        return None
    entries = root.findall("{*}entry")
    if len(entries) != 1 or wire.text_of(entries[0], "{*}title") != "Error":
        return None
    return wire.text_of(entries[0], "{*}summary") or "an error without words"


def _listing(entry: etree._Element) -> Listing:
    known = arxiv_id(wire.text_of(entry, "{*}id"))
    title = wire.text_of(entry, "{*}title")
    if known is None or not title.strip():
        raise ValueError("a paper without an arXiv id or title")
    authors = (wire.text_of(author, "{*}name") for author in entry.iterfind("{*}author"))
    primary = entry.iterfind("{*}primary_category")
    ident, version = known
    listing = listed(ident, version, title, wire.text_of(entry, "{*}summary"), authors)
    return replace(
        listing,
        categories=categories([*primary, *entry.iterfind("{*}category")]),
        comment=clean.abstract(wire.text_of(entry, "{*}comment")) or None,
        doi=doi(wire.text_of(entry, "{*}doi")),
        published=wire.moment(wire.text_of(entry, "{*}published")),
        updated=wire.moment(wire.text_of(entry, "{*}updated")) if version and version > 1 else None,
    )
