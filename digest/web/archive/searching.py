"""Search over everything that is held: what was asked, what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from digest.model import Announcement, Listing, Pick, Reason, Section
from digest.rendering.words import counted
from digest.store.search import CANDIDATES, Asked
from digest.text import catalog
from digest.text.catalog import Every
from digest.text.tokens import words
from digest.web.archive import asking, cards
from digest.web.archive.asking import Query
from digest.web.archive.calendar import day_of
from digest.web.archive.choosing import page_number
from digest.web.desk import Desk

AT_ONCE = 20
MOST, MOST_OF_DAYS = 10_000, 1_000  # papers that are counted; where it matters when each was announced, fewer
_LAST_PAGE = 100
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Search:
    """What a form asks for, as it was typed."""

    q: str = ""
    order: str = ""  # "newest"; empty: the closest first
    category: str = ""
    since: str = ""
    until: str = ""
    page: int = 1

    def address(self, **change: object) -> str:
        """The query of an address that asks for the same, with something changed."""
        said = {name: change.get(name, getattr(self, name)) for name in ("q", "order", "category", "since", "until")}
        page = change.get("page", self.page)
        values = {name: str(value) for name, value in said.items() if value} | (
            {"page": str(page)} if page != 1 else {}
        )
        return urlencode(values, errors="replace")

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is asked for beside the words."""
        return bool(self.category or self.since or self.until)


def search_of(values: Mapping[str, str]) -> Search:
    """A search as an address has it; nothing is an error."""
    return Search(
        q=values.get("q", "")[: asking.LONGEST].strip(),
        order="newest" if values.get("order") == "newest" else "",
        category=values.get("category", "").strip()[:_LONGEST],
        since=values.get("since", "").strip()[:_LONGEST],
        until=values.get("until", "").strip()[:_LONGEST],
        page=min(page_number(values.get("page", "")), _LAST_PAGE),
    )


class Found(NamedTuple):
    """What a search found."""

    query: Query
    numbers: Sequence[int]  # of the papers of this page
    total: int
    pages: int
    is_more: bool  # there are more than that


def found(desk: Desk, search: Search, at_once: int = AT_ONCE) -> Found:
    """The papers that a search finds."""
    if named := desk.store.named(search.q):
        return Found(asking.NOTHING, named, len(named), 1, is_more=False)
    query = asking.asked(search.q)
    what = _asked(search, query)
    if what is None:
        return Found(query, (), 0, 1, is_more=False)
    most, begin = MOST_OF_DAYS if what.is_about_news else MOST, (search.page - 1) * at_once
    if search.order == "newest" or not query.wanted:
        hits = desk.store.newest_found(what, at_once, begin, most)
        return Found(query, hits.numbers, hits.total, _pages(hits.total, at_once), is_more=hits.total >= most)
    hits = desk.store.closest_found(what, query.titles, query.wanted, most)
    numbers = hits.numbers[begin : begin + at_once]
    return Found(query, numbers, hits.total, _pages(len(hits.numbers), at_once), is_more=hits.total >= most)


def _asked(search: Search, query: Query) -> Asked | None:
    """What the store is asked for; None if that is nothing at all."""
    parts = [part for part in (query.part, catalog.category(search.category) if search.category else None) if part]
    since, until = day_of(search.since), day_of(search.until)
    if not parts and not (since or until):
        return None
    return Asked(Every(tuple(parts)), since, until, query.sources, query.kinds)


def _pages(total: int, at_once: int) -> int:
    return min(max(1, -(-total // at_once)), _LAST_PAGE)


# --- the page -----------------------------------------------------------------------------------------------------


def search(desk: Desk, request: Request) -> Response:
    """The form, and what was found."""
    asked = search_of(request.query_params)
    answer = found(desk, asked)
    shown = shown_of(desk, answer)
    return desk.page(
        "archive/search",
        f"Search: {asked.q[:60]}" if asked.q else "Search",
        private=bool(request.url.query),
        canonical="/search",
        description="Search every paper that was announced.",
        feeds=[(f"Search: {asked.q[:60]}", f"/search.atom?{asked.address(page=1)}", "application/atom+xml")]
        if answer.numbers
        else [],
        search=asked,
        head=_head(asked, answer),
        shown=shown,
        pages=answer.pages,
        begin=(asked.page - 1) * AT_ONCE,
        readings=answer.query.readings,
        faults=answer.query.faults,
        wrong_days=[text for text in (asked.since, asked.until) if text and not day_of(text)],
    )


def _head(search: Search, answer: Found) -> str:
    """What was found, in words; empty where nothing was asked."""
    if not answer.total and answer.query.part is None and not search.is_narrowed:
        return ""
    if not answer.total:
        return "No paper that is held here answers this."
    many = f"More than {answer.total:,} papers" if answer.is_more else counted(answer.total, "paper")
    if search.order == "newest":
        return f"{many}, the newest first"
    if answer.total > CANDIDATES and answer.query.wanted:
        return f"{many}; the closest of the newest first"
    return f"{many}, the closest first" if answer.total > 1 and answer.query.wanted else many


def shown_of(desk: Desk, answer: Found) -> list[cards.Shown]:
    """The papers of a page as cards, the words that were looked for marked."""
    today = desk.clock().date()
    listings, news = desk.store.papers(answer.numbers), desk.store.latest_news(answer.numbers)
    picks = [_pick(listings[number], news.get(number), answer.query, today) for number in answer.numbers]
    return cards.shown(picks, today, cards.setting(desk), desk.store.votes(answer.numbers))


def _pick(listing: Listing, said: Announcement | None, query: Query, today: date) -> Pick:
    kind, source, day = cards.told(listing, said, today)
    tokens = (*query.keys, *_begun(listing, query.begins))
    return Pick(listing, Section.TRENDING, kind, source, day, 0.0, (Reason("", "abstract", 1.0, tokens),))


def _begun(listing: Listing, begins: Sequence[str]) -> list[str]:
    """The keys of its words that begin so."""
    if not begins:
        return []
    return [word.key for word in words(listing.abstract) if word.word.startswith(tuple(begins))]
