"""arXiv: what it announces each working day, and from its query API what was announced while nobody read it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from urllib.parse import quote

from digest.arxiv_calendar import DAY, announced, eastern_day, newest, submissions, working_days
from digest.model import Announcement, Fetched, Kind, Listing, Problem, SourceState, incomplete
from digest.sources.arxiv_api import Page, api_error, read_page, submitted_between
from digest.sources.arxiv_feed import Bulletin, feed_error, read_bulletin
from digest.sources.client import Client
from digest.sources.errors import FetchError, RefusedError, UnreadableError
from digest.sources.wire import endpoint

GROUP = "arxiv"  # all of arXiv's hosts are one door
PAGE = 100
MOST_FOUND = (
    10_000  # the API's window (https://info.arxiv.org/help/api/user-manual.html#3112-start-and-max_results-paging)
)
HELD_BACK = timedelta(days=7)  # how much earlier than usual a paper may have been submitted; moderators hold some back
LONGEST_GAP = timedelta(days=30)  # at 3 seconds a page, more would take longer than a pull may


class ArxivSource:
    """The announcements of some categories ("cs.CL") or whole archives ("hep-th").

    Every category is read by itself, because the feed of several shows 2,000 papers at most. Days between the last
    announcement that was read in full and the feed's own day are filled from the query API.
    """

    def __init__(  # noqa: PLR0913 - an operator may replace each of them
        self,
        name: str,
        categories: Sequence[str],
        client: Client,
        *,
        rss_url: str = "https://rss.arxiv.org/rss",
        api_url: str = "https://export.arxiv.org/api/query",
        every: timedelta = timedelta(hours=1),
        title: str = "arXiv",
    ) -> None:
        self.name = name
        self.title = title
        self.every = every
        self._categories = tuple(dict.fromkeys(categories))
        self._client = client
        self._rss_url = endpoint(rss_url, "/rss")
        self._api_url = endpoint(api_url, "/api/query")

    def expected(self, now: datetime) -> date:
        """The date of the newest announcement that should be in its feeds by now."""
        return newest(now)

    def fetch(self, state: SourceState, now: datetime, since: date | None = None) -> Fetched:
        """What these categories announce now, and what they announced since `state` or `since`."""
        self._client.keep_silent(GROUP, state.not_before)
        parts: dict[str, Fetched] = {}
        for position, category in enumerate(self._categories):
            part = self._category(category, state, now, since)
            parts[category] = part
            rest = self._categories[position + 1 :]
            if part.not_before and rest:  # asking for the others would only be refused
                parts[", ".join(rest)] = Fetched(problems=(Problem("not asked for after that"),))
                break
        return doubted(combined(parts), state, self.expected(now))

    def _category(self, category: str, state: SourceState, now: datetime, since: date | None) -> Fetched:
        url = f"{self._rss_url}/{quote(category)}"
        covered = state.covered.get(category)
        known = state.validators.get(url) if covered and since is None else None
        try:
            answer = self._client.get(url, group=GROUP, now=now, validators=known)
            if covered and answer.not_modified:
                return Fetched(covered={category: covered}, validators=answer.validators_for(url))
            bulletin = read_bulletin(answer.body)
        except FetchError as error:
            return Fetched(problems=(Problem(_said(error)),), not_before=error.not_before)
        today = _announcements(self.name, bulletin, now)
        gap = self._gap(category, missed(covered, bulletin.day, since), now) if bulletin.day else Fetched()
        problems = (*bulletin.problems, *gap.problems)
        part = Fetched((*gap.announcements, *today), problems=problems, not_before=gap.not_before)
        if bulletin.day is None or incomplete(problems):
            return part
        return replace(part, covered={category: bulletin.day}, validators=answer.validators_for(url))

    def _gap(self, category: str, days: Sequence[date], now: datetime) -> Fetched:
        """What was announced on these days, as far as the query API can tell: not replacements, not late cross-lists."""
        if not days:
            return Fetched()
        found: dict[str, Listing] = {}
        problems: list[Problem] = []
        not_before = None
        span = f"{days[0]:%d %B} to {days[-1]:%d %B}" if len(days) > 1 else f"{days[0]:%d %B}"
        try:
            start, end = submissions(days[0], days[-1])
            for page in self._pages(submitted_between(category, start - HELD_BACK, end), now):
                found |= {listing.arxiv_id or "": listing for listing in page.listings}
                problems += page.problems
        except FetchError as error:
            not_before = error.not_before
            problems.append(Problem(f"the papers of {span} are missing: {_said(error)}"))
        announcements = [self._filled(listing, days) for listing in of_days(found.values(), days)]
        return Fetched(tuple(announcements), problems=tuple(problems), not_before=not_before)

    def _filled(self, listing: Listing, days: Sequence[date]) -> Announcement:
        """The announcement that a paper found by its date of submission must have had.

        It was new then, whatever version it has now: the API searches by the date of the first.
        """
        primary = listing.categories[0] if listing.categories else ""
        ours = any(primary == category or primary.startswith(f"{category}.") for category in self._categories)
        day = announced(listing.published) if listing.published else days[-1]
        kind = Kind.NEW if ours else Kind.CROSS
        return Announcement(listing, self.name, kind, min(max(day, days[0]), days[-1]))

    def _pages(self, search: str, now: datetime) -> Iterator[Page]:
        """All pages of a search. One that comes short is asked for once more (the API is known to send such pages)."""
        start, again, seen = 0, False, set[str | None]()
        while True:
            page = self._page(search, start, now)
            if not again and page.rows < min(PAGE, page.total - start):
                again = True
                continue
            again = False
            fresh = {listing.arxiv_id for listing in page.listings} - seen
            if start < page.total and (not fresh or start >= MOST_FOUND):  # also the same page over and over
                raise UnreadableError(f"the query API gave {len(seen):,} of {page.total:,}")
            yield page
            seen |= fresh
            start += page.rows
            if start >= page.total:
                return

    def _page(self, search: str, start: int, now: datetime) -> Page:
        params = {
            "search_query": search,
            "sortBy": "submittedDate",
            "sortOrder": "ascending",
            "start": str(start),
            "max_results": str(PAGE),
        }
        return read_page(self._client.get(self._api_url, params=params, group=GROUP, now=now).body)


# --- decisions ----------------------------------------------------------------------------------------------------


def missed(covered: date | None, day: date, since: date | None = None) -> tuple[date, ...]:
    """The announcement days before `day` that were not read: after `covered`, from `since`; none on a first visit."""
    starts = [start for start in (covered and max(covered + DAY, day - LONGEST_GAP), since) if start]
    return tuple(working_days(min(starts), day)) if starts else ()


def of_days(found: Iterable[Listing], days: Sequence[date]) -> list[Listing]:
    """Those of the papers found that were announced on these days, on time or late.

    arXiv numbers papers as it announces them, so one that was held back has a higher number than those it was submitted
    with. The last tenth of the day before counts as possibly late: telling a paper again does no harm, losing one does.
    """
    usual = [(announced(listing.published) if listing.published else days[0], listing) for listing in found]
    eve = max((day for day, _ in usual if day < days[0]), default=None)
    numbers = sorted(listing.arxiv_id or "" for day, listing in usual if day == eve)
    least = numbers[len(numbers) * 9 // 10] if numbers else ""
    return [listing for day, listing in usual if day >= days[0] or (listing.arxiv_id or "") >= least]


def combined(by_category: Mapping[str, Fetched]) -> Fetched:
    """The parts of one visit as one; a paper announced in several categories once, as the strongest kind of news."""
    parts = tuple(by_category.values())
    by_id: dict[str | None, Announcement] = {}
    for announcement in (a for part in parts for a in part.announcements):
        known = by_id.get(announcement.listing.arxiv_id)
        by_id[announcement.listing.arxiv_id] = united(known, announcement) if known else announcement
    return Fetched(
        announcements=tuple(by_id.values()),
        problems=_named(by_category),
        covered={name: day for part in parts for name, day in part.covered.items()},
        validators={url: validators for part in parts for url, validators in part.validators.items()},
        not_before=max((part.not_before for part in parts if part.not_before), default=None),
    )


def doubted(fetched: Fetched, state: SourceState, expected: date) -> Fetched:
    """The visit, but that nothing in any category is not taken for the announcement of the day that has one.

    The feeds are dated anew at midnight, whether or not there has been an announcement.
    """
    known = any(day >= expected for day in state.covered.values())
    if known or any(announcement.day == expected for announcement in fetched.announcements):
        return fetched
    return replace(fetched, covered={part: day for part, day in fetched.covered.items() if day != expected})


def united(one: Announcement, other: Announcement) -> Announcement:
    """Two announcements of one paper: the stronger kind with its day, the newer text, all categories."""
    stronger, weaker = sorted((one, other), key=lambda announcement: announcement.kind.order)
    listing = stronger.listing.merged(weaker.listing)
    categories = dict.fromkeys((*stronger.listing.categories, *weaker.listing.categories))
    return replace(stronger, listing=replace(listing, categories=tuple(categories)))


def _announcements(source: str, bulletin: Bulletin, now: datetime) -> list[Announcement]:
    day = bulletin.day or eastern_day(now)
    return [Announcement(row.listing, source, row.kind, day) for row in bulletin.rows]


# --- words --------------------------------------------------------------------------------------------------------


def _said(error: FetchError) -> str:
    """The server's own words where it has any."""
    if isinstance(error, RefusedError):
        body = error.answer.body
        if words := feed_error(body) or api_error(body):
            return f"arXiv says: {words}"
    return error.what


def _named(by_category: Mapping[str, Fetched]) -> tuple[Problem, ...]:
    """Every problem once, with the categories that have it."""
    places: dict[Problem, list[str]] = {}
    for category, part in by_category.items():
        for problem in part.problems:
            places.setdefault(problem, []).append(category)
    return tuple(replace(p, what=f"{', '.join(categories)}: {p.what}") for p, categories in places.items())
