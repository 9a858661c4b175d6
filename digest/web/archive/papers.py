"""One paper: what is known of it, who announced it, how it is cited, what is like it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from digest.model import Announcement, Kind, Layout, Listing, Taste
from digest.rendering.cards import card_of, source_title
from digest.rendering.words import clean, counted, shorten
from digest.store.search import Asked
from digest.tokens import Purpose
from digest.web.archive import alike, cards
from digest.web.archive.alike import Rarity
from digest.web.archive.calendar import long_day, plain_day
from digest.web.archive.citing import bibtex, key
from digest.web.desk import Desk, Reader
from digest.web.posting import seen

_DESCRIPTION = 200  # characters of an abstract that search engines show
_MOST_AUTHORS = 200
_MOST_DIGITS = 15
_SIMILAR, _LOOKED_AT = 6, 1_000
_KINDS = {Kind.NEW: "new", Kind.CROSS: "cross-listed", Kind.TRENDING: "trending", Kind.REVISION: "a new version"}


class Found(NamedTuple):
    """A paper and its news."""

    listing: Listing
    news: Sequence[Announcement]

    @property
    def last(self) -> Announcement | None:
        """Its newest news but for new versions, if there is any other."""
        return next((a for a in reversed(self.news) if a.kind is not Kind.REVISION), next(iter(self.news), None))


def paper(desk: Desk, rarity: Rarity, request: Request) -> Response:
    """The page of a paper."""
    found = find(desk, request, "/paper/{}")
    if isinstance(found, Response):
        return found
    said = values(desk, found) | similar(desk, found.listing, rarity)
    return desk.page("archive/paper", title(found.listing), **said, **_public(found.listing))


def own(desk: Desk, rarity: Rarity, request: Request) -> Response:
    """The same for a reader whose link it is, with what they may say of it."""

    def show(desk: Desk, reader: Reader, request: Request) -> Response:
        found = find(desk, request, f"/reader/{reader.token}/paper/{{}}")
        if isinstance(found, Response):
            return found
        said = values(desk, found) | similar(desk, found.listing, rarity)
        return desk.page(
            "archive/paper", title(found.listing), private=True, own=_said(desk, reader, found.listing.id), **said
        )

    return seen(Purpose.FEEDBACK, show, lasting=True)(desk, request)


def _said(desk: Desk, reader: Reader, number: int) -> dict[str, object]:
    """What a reader said of a paper."""
    subscriber = reader.subscriber
    feedback = desk.store.tastes([subscriber.id]).get(subscriber.id, Taste()).feedback
    liked = next((each.liked for each in feedback if each.listing.id == number), None)
    return {
        "token": reader.token,
        "said": "" if liked is None else "like" if liked else "dislike",
        "voted": desk.store.voted(subscriber.id, number),
        "suggests": bool(desk.settings.web.curators),
    }


def citation(desk: Desk, request: Request) -> Response:
    """Its BibTeX entry, as a file."""
    found = find(desk, request, "/paper/{}.bib")
    if isinstance(found, Response):
        return found
    name = {"content-disposition": f'attachment; filename="{key(found.listing)[:60]}.bib"'}
    return PlainTextResponse(bibtex(found.listing), headers=name, media_type="application/x-bibtex")


def find(desk: Desk, request: Request, path: str) -> Found | Response:
    """The paper that an address names by its number, or the way to where it is now, or that there is none.

    `path` is where papers are, with braces for the number: two that were found to be one are at the older one's.
    """
    written = request.path_params["number"]
    number = int(written) if written.isdecimal() and written.isascii() and len(written) <= _MOST_DIGITS else 0
    speaks = desk.store.spokesman(number)
    if speaks is None:
        return no_such_paper(desk)
    if str(speaks) != written:
        return RedirectResponse(desk.at + path.format(speaks), 301)
    listing = desk.store.listing(speaks)
    return Found(listing, desk.store.announcements_of(speaks)) if listing else no_such_paper(desk)


def no_such_paper(desk: Desk) -> Response:
    """What is said where nothing has this number."""
    return desk.says(
        "There is no such paper here",
        "Its number may be mistyped, or it was taken away because it was old and nobody had chosen it.",
        status=404,
        go=("Search for it", "/search"),
    )


def title(listing: Listing) -> str:
    """Of the page."""
    return shorten(clean(listing.title), 120) or "Untitled"


def _public(listing: Listing) -> dict[str, Any]:
    """What search engines and other sites show of it."""
    text = clean(listing.abstract or listing.summary or "")
    return {
        "description": shorten(text, _DESCRIPTION) or f"A paper by {', '.join(map(clean, listing.authors[:3]))}",
        "canonical": f"/paper/{listing.id}",
        "private": False,
        "own": None,
    }


def values(desk: Desk, found: Found) -> dict[str, Any]:
    """What the page of a paper shows."""
    listing, today = found.listing, desk.clock().date()
    made = cards.setting(desk, Layout.FULL)
    kind, source, day = (found.last.kind, found.last.source, found.last.day) if found.last else (Kind.NEW, "", today)
    votes = desk.store.votes([listing.id])
    return {
        "number": listing.id,
        "card": card_of(cards.pick_of(listing, kind, source, day), today, made),
        "authors": [clean(author) for author in listing.authors[:_MOST_AUTHORS]],
        "more": max(0, len(listing.authors) - _MOST_AUTHORS),
        "categories": [clean(category) for category in listing.categories],
        "facts": _facts(listing, votes.get(listing.id, 0)),
        "news": [_news(said, made.sources) for said in reversed(found.news)],
        "summary": clean(listing.summary or "") if listing.abstract else "",
        "bibtex": bibtex(listing),
    }


def _facts(listing: Listing, votes: int) -> list[tuple[str, str]]:
    said = [
        ("Published", _day(listing.published)),
        ("Updated", _day(listing.updated) if listing.updated != listing.published else ""),
        ("Version", str(listing.version) if listing.version else ""),
        ("arXiv", listing.arxiv_id or ""),
        ("DOI", clean(listing.doi or "")),
        ("Remark", clean(listing.comment or "")),
        ("Keywords", clean(", ".join(listing.keywords))),
        ("Talked about", _signals(listing)),
        ("Readers", cards.recommended(votes)),
    ]
    return [(name, shorten(value, 500)) for name, value in said if value]


def _signals(listing: Listing) -> str:
    upvotes = counted(listing.upvotes, "upvote") if listing.upvotes else ""
    return ", ".join(filter(None, (upvotes, counted(listing.comments, "comment") if listing.comments else "")))


def _day(moment: datetime | None) -> str:
    return plain_day(moment.date()) if moment else ""


def similar(desk: Desk, listing: Listing, rarity: Rarity) -> dict[str, Any]:
    """The papers that are most like it, and a search for more."""
    words = alike.telling(listing, rarity)
    part, titles = alike.part(words), alike.part(words, ("t",))
    if part is None or titles is None:
        return {"similar": (), "alike": ""}
    hits = desk.store.closest_found(Asked(part), titles, alike.wanted(words), _LOOKED_AT)
    numbers = [number for number in hits.numbers if number != listing.id][:_SIMILAR]
    listings, news, today = desk.store.papers(numbers), desk.store.latest_news(numbers), desk.clock().date()
    picks = [
        cards.pick_of(listings[number], *cards.told(listings[number], news.get(number), today)) for number in numbers
    ]
    return {"similar": cards.shown(picks, today, cards.setting(desk), {}), "alike": alike.query(words)}


class News(NamedTuple):
    """A line of what was announced when."""

    day: date
    named: str
    what: str  # "new, arXiv"


def _news(said: Announcement, sources: Mapping[str, str]) -> News:
    return News(said.day, long_day(said.day), f"{_KINDS[said.kind]}, {source_title(said.source, sources)}")
