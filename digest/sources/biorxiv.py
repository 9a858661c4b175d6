"""bioRxiv and medRxiv: what was posted, from their details API (https://api.biorxiv.org)."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote

from digest.model import Announcement, Fetched, Kind, Listing, Problem, SourceState, incomplete
from digest.sources import wire
from digest.sources.client import Client
from digest.sources.errors import FetchError, UnreadableError
from digest.text import clean
from digest.text.biorxiv import biorxiv
from digest.text.ids import doi

GROUP = "biorxiv"
TITLES = {"biorxiv": "bioRxiv", "medrxiv": "medRxiv"}
MOST_PAGES = 500  # a month of bioRxiv at 30 a page is about 250
READ_AGAIN = timedelta(days=1)  # a day's list grows until it is over
FIRST_VISIT = timedelta(days=2)
LONGEST_GAP = timedelta(days=30)


class BiorxivSource:
    """The postings of one server, all of them or those of one of its categories."""

    def __init__(  # noqa: PLR0913 - an operator may replace each of them
        self,
        name: str,
        client: Client,
        *,
        server: Literal["biorxiv", "medrxiv"] = "biorxiv",
        category: str | None = None,
        url: str = "https://api.biorxiv.org/details",
        every: timedelta = timedelta(hours=6),
        title: str = "",
    ) -> None:
        self.name = name
        self.title = title or TITLES[server]
        self.every = every
        self._client = client
        self._url = f"{wire.endpoint(url, '/details')}/{server}"
        self._server = server
        self._category = category

    def expected(self, now: datetime) -> None:
        """It has no calendar."""

    def fetch(self, state: SourceState, now: datetime, since: date | None = None) -> Fetched:
        """What was posted from `since`, or from the last complete day, to today; the last two days always."""
        self._client.keep_silent(GROUP, state.not_before)
        first, last = wanted(state.covered.get(""), now.astimezone(UTC).date(), since)
        rows: list[Any] = []
        problems: list[Problem] = []
        not_before = None
        try:
            for page in self._pages(first, last, now):
                rows += page
        except FetchError as error:
            not_before = error.not_before
            problems.append(Problem(error.what))
        try:
            read, faults = wire.read_each(rows, self._announcement, "postings")
        except UnreadableError as error:
            read, faults = [], [Problem(error.what)]
        problems += faults
        complete = not incomplete(problems)
        return Fetched(
            latest(read),
            problems=tuple(problems),
            covered={"": last} if complete else {},
            not_before=not_before,
        )

    def _pages(self, first: date, last: date, now: datetime) -> Iterator[Sequence[Any]]:
        """All pages; the next begins after what was received, however much that is. An empty one is asked for again."""
        received, expected = 0, 0
        last_rows: list[Any] | None = None
        query = {"category": self._category.replace(" ", "_")} if self._category else None
        for _ in range(MOST_PAGES):
            url = f"{self._url}/{first}/{last}/{received}/json"
            rows, total = read_page(self._client.get(url, params=query, group=GROUP, now=now).body)
            expected = max(expected, total)  # past the end it only says "no posts found"
            if rows == last_rows:
                break
            yield rows
            last_rows = rows
            received += len(rows)
            if received >= expected:
                return
        raise UnreadableError(f"it gave {received:,} of {expected:,} postings")

    def _announcement(self, row: Any) -> Announcement:
        if not isinstance(row, dict):
            raise TypeError("not a posting")
        identifier, version = doi(wire.plain(row.get("doi"))), wire.count(row.get("version")) or 1
        raw_title, raw_abstract = wire.plain(row.get("title")), wire.plain(row.get("abstract"))
        if identifier is None or not raw_title.strip():
            raise ValueError("a posting without DOI or title")
        day = date.fromisoformat(wire.plain(row.get("date")))
        posted = datetime(day.year, day.month, day.day, tzinfo=UTC)
        raw_authors = tuple(author for part in wire.plain(row.get("authors")).split(";") if (author := part.strip()))
        page = f"https://www.{self._server}.org/content/{quote(identifier, safe='/().;:_-')}v{version}"
        listing = Listing(
            title=clean.title(raw_title),
            abstract=biorxiv(raw_abstract),
            authors=clean.authors(map(forename_first, raw_authors)),
            url=page,
            doi=identifier,
            version=version,
            categories=tuple(part for part in [wire.plain(row.get("category")).strip().lower()] if part),
            pdf_url=f"{page}.full.pdf",
            published=posted if version == 1 else None,
            updated=posted if version > 1 else None,
            raw_title=raw_title,
            raw_abstract=raw_abstract,
            raw_authors=raw_authors,
        )
        return Announcement(listing, self.name, Kind.NEW if version == 1 else Kind.REVISION, day)


def wanted(covered: date | None, today: date, since: date | None = None) -> tuple[date, date]:
    """The first and the last day to ask for."""
    first = max(min(covered, today - READ_AGAIN), today - LONGEST_GAP) if covered else today - FIRST_VISIT
    return (min(since, first) if since else first), today


def read_page(body: bytes) -> tuple[list[Any], int]:
    """The postings of one page, and how many all pages have.

    Raises:
        UnreadableError: it is not an answer, or an empty one (the service sends a 200 without a body when it fails).
    """
    value = wire.read_json(body)
    messages = value.get("messages") if isinstance(value, dict) else None
    if not isinstance(messages, list) or not messages or not isinstance(messages[0], dict):
        raise UnreadableError("JSON that is not an answer of the details API")
    status, rows = wire.plain(messages[0].get("status")), value.get("collection")
    if "no posts found" in status.lower():
        return [], wire.count(messages[0].get("total")) or 0
    if status.lower() != "ok" or not isinstance(rows, list):
        raise UnreadableError(f"it says: {status[:200] or 'nothing'}")
    total = wire.count(messages[0].get("total"))
    if total is None:
        raise UnreadableError("it does not say how many postings there are")
    return rows, total


def latest(announcements: Sequence[Announcement]) -> tuple[Announcement, ...]:
    """One announcement a paper, of its highest version; new if its first version is among them."""
    by_doi: dict[str | None, Announcement] = {}
    for found in sorted(announcements, key=lambda a: a.listing.version or 1):
        known = by_doi.get(found.listing.doi)
        if known is not None:
            kind, day = min((known.kind, known.day), (found.kind, found.day), key=lambda pair: pair[0].order)
            found = Announcement(known.listing.merged(found.listing), found.source, kind, day)  # noqa: PLW2901
        by_doi[found.listing.doi] = found
    return tuple(by_doi.values())


_SUFFIX = re.compile(r"(?:jr|sr)\.?|II|III|IV", re.IGNORECASE)


def forename_first(author: str) -> str:
    """The name "Smith, C." as "C. Smith"; a consortium as it is."""
    family, *rest = (part.strip() for part in author.split(","))
    suffix = [part for part in rest if _SUFFIX.fullmatch(part)]
    given = [part for part in rest if part not in suffix]
    return " ".join(part for part in (*given, family, *suffix) if part)
