"""Any feed: RSS 0.9 to 2.0, Atom, JSON Feed."""

from datetime import UTC, date, datetime, timedelta

from digest.model import Announcement, Fetched, Kind, Listing, Problem, SourceState, incomplete
from digest.sources import wire
from digest.sources.client import MEBIBYTE, Client
from digest.sources.errors import FetchError
from digest.sources.feed_entries import Entry, read_feed
from digest.text import clean
from digest.text.characters import one_line
from digest.text.ids import arxiv_id, arxiv_pages, doi

NEWS = timedelta(days=7)  # what is dated longer before the last visit than this is no news
LARGEST = 10 * MEBIBYTE  # feedparser reads about one a second
LONGEST_ABSTRACT = 5_000  # characters; some feeds carry whole articles
LONGEST_TITLE = 300
LONGEST_RAW = 100_000  # characters; some articles have their pictures in them


class FeedSource:
    """The entries of one feed."""

    def __init__(
        self,
        name: str,
        client: Client,
        url: str,
        *,
        every: timedelta = timedelta(hours=1),
        title: str = "",
    ) -> None:
        self.name = name
        self.title = title or name
        self.every = every
        self._client = client
        self._url = url
        self._group = f"feed:{name}"  # each feed is refused for itself

    def expected(self, now: datetime) -> None:
        """It has no calendar."""

    def fetch(self, state: SourceState, now: datetime, since: date | None = None) -> Fetched:
        """The entries of the feed; those dated before `since` (or a week before the last success) as backlog."""
        self._client.keep_silent(self._group, state.not_before)
        today = now.astimezone(UTC).date()
        known = state.validators.get(self._url) if since is None else None
        try:
            answer = self._client.get(self._url, group=self._group, now=now, validators=known, limit=LARGEST)
            if answer.not_modified:
                return Fetched(covered={"": today}, validators=answer.validators_for(self._url))
            entries, problems = read_feed(answer.body, answer.url, answer.headers.get("content-type", ""))
            listings, faults = wire.read_each(entries, lambda entry: self._listing(entry, now), "entries")
        except FetchError as error:
            return Fetched(problems=(Problem(error.what),), not_before=error.not_before)
        oldest = since or ((state.last_success or now) - NEWS).astimezone(UTC).date()
        listings = list({listing.guid: listing for listing in reversed(listings)}.values())[::-1]
        complete = not incomplete((*problems, *faults))
        return Fetched(
            announcements=tuple(self._news(listing, today) for listing in listings if _day(listing, today) >= oldest),
            backlog=tuple(listing for listing in listings if _day(listing, today) < oldest),
            problems=(*problems, *faults),
            covered={"": today} if complete else {},
            validators=answer.validators_for(self._url) if complete else {},
        )

    def _news(self, listing: Listing, today: date) -> Announcement:
        return Announcement(listing, self.name, Kind.NEW, _day(listing, today))

    def _listing(self, entry: Entry, now: datetime) -> Listing:
        title = one_line(_readable(entry.title, html=entry.title_is_html))
        abstract = _shortened(_readable(entry.text, html=entry.text_is_html), LONGEST_ABSTRACT)
        title = title or _shortened(one_line(abstract), 100) or entry.url  # short posts often have none
        if not title:
            raise ValueError("an entry without title, text and link")
        known = next((paper for text in entry.names if (paper := arxiv_id(text))), None)
        url, pdf_url = arxiv_pages(known[0]) if known else ("", entry.pdf_url)
        identity = entry.id or entry.url or title
        return Listing(
            title=_shortened(title, LONGEST_TITLE),
            abstract=abstract,
            authors=clean.authors(entry.authors),
            url=entry.url or url,
            arxiv_id=known[0] if known else None,
            version=known[1] if known else None,
            doi=None if known else next((found for text in entry.names if (found := doi(text))), None),
            guid=f"{self.name}:{identity}",
            keywords=tuple(dict.fromkeys(tag for raw in entry.tags if (tag := clean.title(raw)))),
            pdf_url=pdf_url,
            discussion_url=entry.discussion_url,
            thumbnail_url=entry.thumbnail_url,
            published=believable(entry.published, now),
            updated=believable(entry.updated, now),
            comments=entry.comments,
            raw_title=entry.title[:LONGEST_RAW],
            raw_abstract=entry.text[:LONGEST_RAW],
            raw_authors=entry.authors,
        )


def believable(moment: datetime | None, now: datetime) -> datetime | None:
    """A date, unless it says that nothing was known (1970) or is yet to come."""
    if moment is None or moment.year < 1990 or moment > now + timedelta(days=1):
        return None
    return moment


def _readable(raw: str, *, html: bool) -> str:
    return clean.from_html(raw) if html else clean.abstract(raw)


def _day(listing: Listing, today: date) -> date:
    dated = listing.published or listing.updated
    return min(dated.astimezone(UTC).date(), today) if dated else today


def _shortened(text: str, most: int) -> str:
    """At most so many characters, ending with a whole word."""
    if len(text) <= most:
        return text
    return text[: most - 1].rsplit(maxsplit=1)[0] + "…"
