"""Hugging Face Daily Papers: what the community put on each day's list, and how it is liked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from digest.model import Announcement, Fetched, Kind, Listing, Problem, SourceState, Validators
from digest.sources import wire
from digest.sources.client import Client
from digest.sources.errors import FetchError, PausedError, UnreachableError, UnreadableError
from digest.text import clean
from digest.text.ids import arxiv_id, arxiv_pages

GROUP = "huggingface"
PAGE = 100  # the most that is given; the default of 50 cuts a day without a word
MOST_PAGES = 20
READ_AGAIN = timedelta(days=3)  # upvotes grow for days
LONGEST_GAP = timedelta(days=30)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Day:
    """One day's list, read in full."""

    listings: tuple[Listing, ...] = ()
    problems: tuple[Problem, ...] = ()
    validators: Mapping[str, Validators] = field(default_factory=dict)


class HuggingFaceSource:
    """The daily lists. Those of the last three days are read again at every visit, for their upvotes."""

    def __init__(
        self,
        name: str,
        client: Client,
        *,
        url: str = "https://huggingface.co/api/daily_papers",
        every: timedelta = timedelta(hours=1),
        title: str = "Hugging Face Daily Papers",
    ) -> None:
        self.name = name
        self.title = title
        self.every = every
        self._client = client
        self._url = wire.endpoint(url, "/api/daily_papers")

    def expected(self, now: datetime) -> None:
        """It has no calendar."""

    def fetch(self, state: SourceState, now: datetime, since: date | None = None) -> Fetched:
        """The lists from `since`, or from the last complete day, to today."""
        self._client.keep_silent(GROUP, state.not_before)
        announcements: list[Announcement] = []
        problems: list[Problem] = []
        validators: dict[str, Validators] = {}
        unread: list[date] = []
        failed: dict[str, list[date]] = {}
        not_before = None
        days = wanted(state.covered.get(""), now.astimezone(UTC).date(), since)
        for day in days:
            try:
                read = self._day(day, {} if since else state.validators, now)
            except FetchError as error:
                failed.setdefault(error.what, []).append(day)
                unread.append(day)
                not_before = error.not_before
                if isinstance(error, PausedError | UnreachableError):  # the next day would fare no better
                    unread += [later for later in days if later > day]
                    break
            else:
                announcements += [Announcement(listing, self.name, Kind.TRENDING, day) for listing in read.listings]
                problems += read.problems
                validators |= read.validators
        return Fetched(
            tuple(announcements),
            problems=(*(_missing(lost, what) for what, lost in failed.items()), *problems),
            covered=_covered(days, unread),
            validators=validators,
            not_before=not_before,
        )

    def _day(self, day: date, known: Mapping[str, Validators], now: datetime) -> _Day:
        items: list[Any] = []
        validators: dict[str, Validators] = {}
        for page in range(MOST_PAGES):
            url = f"{self._url}{'&' if '?' in self._url else '?'}" + urlencode(
                {"date": f"{day}", "limit": PAGE, "p": page}
            )
            answer = self._client.get(url, group=GROUP, now=now, validators=known.get(url) if page == 0 else None)
            if answer.not_modified:
                return _Day(validators=answer.validators_for(url))
            rows = read_list(answer.body)
            items += rows
            if len(rows) < PAGE and 'rel="next"' not in answer.headers.get("link", ""):
                if page == 0:  # of a longer list, the first page alone proves nothing
                    validators = answer.validators_for(url)
                break
        else:
            raise UnreadableError(f"it has more than {MOST_PAGES * PAGE:,} papers")
        listings, problems = wire.read_each(items, lambda item: _listing(item, self.name), f"papers of {day:%d %B}")
        return _Day(tuple(_once(listings)), tuple(problems), {} if problems else validators)


def wanted(covered: date | None, today: date, since: date | None = None) -> tuple[date, ...]:
    """The days to ask for, oldest first."""
    first = max(min(covered or today, today - READ_AGAIN), today - LONGEST_GAP)
    first = min(since, first) if since else first
    return tuple(first + n * DAY for n in range((today - first).days + 1))


def _missing(days: Sequence[date], what: str) -> Problem:
    named = ", ".join(f"{day:%d %B}" for day in days)
    return Problem(
        f"the list of {named} is missing: {what}" if len(days) == 1 else f"the lists of {named} are missing: {what}"
    )


def _covered(days: tuple[date, ...], unread: list[date]) -> dict[str, date]:
    """Complete up to the day before the first that was not read."""
    until = unread[0] - DAY if unread else days[-1]
    return {"": until} if until >= days[0] else {}


def read_list(body: bytes) -> list[Any]:
    """The items of an answer.

    Raises:
        UnreadableError: it is not a list.
    """
    value = wire.read_json(body)
    if isinstance(value, list):
        return value
    said = wire.plain(value.get("error")) if isinstance(value, dict) else ""
    raise UnreadableError(f"it says: {said[:200]}" if said else "JSON that is not a list of papers")


def _once(listings: list[Listing]) -> Iterator[Listing]:
    seen: set[str] = set()
    for listing in listings:
        if listing.keys[0] not in seen:
            seen.add(listing.keys[0])
            yield listing


def _listing(item: Any, source: str) -> Listing:
    """A listing from one item, of any of the schemas since 2024; hidden authors are authors (only their profile is)."""
    paper = item["paper"] if isinstance(item, dict) else None
    if not isinstance(paper, dict):
        raise TypeError("no paper in it")
    ident = wire.plain(paper.get("id")).strip()
    raw_title = wire.plain(paper.get("title")) or wire.plain(item.get("title"))
    if not ident or not raw_title.strip():
        raise ValueError("a paper without id or title")
    raw_abstract = wire.plain(paper.get("summary")) or wire.plain(item.get("summary"))
    raw_authors = tuple(name for author in _items(paper.get("authors")) if (name := _name(author)))
    discussion = f"https://huggingface.co/papers/{ident}"
    known = arxiv_id(ident)
    url, pdf_url = arxiv_pages(known[0]) if known else (wire.web_url(discussion) or "", None)
    return Listing(
        title=clean.title(raw_title),
        abstract=clean.abstract(raw_abstract),
        authors=clean.authors(raw_authors),
        url=url,
        arxiv_id=known[0] if known else None,
        guid=None if known else f"{source}:{ident}",
        keywords=tuple(
            word for keyword in _items(paper.get("ai_keywords")) if (word := clean.title(wire.plain(keyword)))
        ),
        summary=clean.abstract(wire.plain(paper.get("ai_summary"))) or None,
        pdf_url=pdf_url,
        code_url=wire.web_url(paper.get("githubRepo")),
        project_url=wire.web_url(paper.get("projectPage")),
        discussion_url=wire.web_url(discussion),
        thumbnail_url=wire.web_url(item.get("thumbnail")) or wire.web_url(item.get("mediaUrl")),
        published=wire.moment(paper.get("publishedAt")),
        upvotes=wire.count(paper.get("upvotes")),
        comments=wire.count(item.get("numComments")),
        raw_title=raw_title,
        raw_abstract=raw_abstract,
        raw_authors=raw_authors,
    )


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _name(author: object) -> str:
    return wire.plain(author.get("name")).strip() if isinstance(author, dict) else ""
