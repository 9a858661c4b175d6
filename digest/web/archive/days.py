"""A day of the archive: its papers, its calendar, what was missing."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from digest.coverage import announces
from digest.model import Pin
from digest.web.archive import cards, choosing, telling
from digest.web.archive.calendar import day_of, last_day, long_day, month, month_name, month_of
from digest.web.archive.choosing import AT_ONCE, Choice, Shelved
from digest.web.archive.telling import OfSource
from digest.web.desk import Desk

_CATEGORIES = 12  # offered to choose from
_TOMORROW = timedelta(days=1)  # it may be tomorrow where a source is


def newest(desk: Desk, request: Request) -> Response:
    """The newest day that there are papers of."""
    today = desk.clock().date()
    return _day(desk, request, desk.store.newest_day(today + _TOMORROW) or today)


def one(desk: Desk, request: Request) -> Response:
    """One day, or the calendar of one month."""
    named = request.path_params["day"]
    if day := day_of(named):
        return _day(desk, request, day)
    if first := month_of(named):
        return _month(desk, first)
    return no_such_day(desk)


def archive(desk: Desk, request: Request) -> Response:  # noqa: ARG001
    """Where mails link to."""
    return RedirectResponse(f"{desk.at}/papers", 301)


def no_such_day(desk: Desk) -> Response:
    """What is said of an address that names none."""
    return desk.says(
        "There is no such day",
        "A day of the archive is written like 2026-06-18: year, month, day.",
        status=404,
        go=("The newest day", "/papers"),
    )


# --- a day --------------------------------------------------------------------------------------------------------


def _day(desk: Desk, request: Request, day: date) -> Response:
    today = desk.clock().date()
    papers = choosing.shelved(desk.store.entries(day))
    sources = list(of_sources(desk, day, papers))
    if not papers:
        return _empty_day(desk, day, sources)
    wanted = choosing.choice(request.query_params)
    votes = desk.store.votes([paper.first.listing for paper in papers])
    found = choosing.chosen(papers, wanted, votes)
    page = choosing.page_of(found, wanted.page)
    news = [paper for paper in papers if not paper.is_version]
    summary = telling.summary(len(news), sources)
    return desk.page(
        "archive/day",
        long_day(day) if page.number == 1 else f"{long_day(day)}, page {page.number}",
        **_frame(desk, day),
        description=f"New research papers of {long_day(day)}. {summary}",
        canonical=f"/papers/{day}{Choice(page=page.number).query()}",
        private=wanted != Choice(page=wanted.page),  # one page of a day is enough to be found
        feeds=_feeds(day),
        summary=summary,
        remarks=telling.remarks(day, today, sources),
        choice=wanted,
        page=page,
        cards=_cards(desk, found[page.begin : page.begin + AT_ONCE], today, votes),
        pins=_pins(desk, day) if page.number == 1 and not wanted.versions else (),
        categories=choosing.categories(news, _CATEGORIES),
        sources=[(name, title, count) for name, title, count in _named(desk, news) if count],
        news=len(news),
        versions=len(papers) - len(news),
    )


def _empty_day(desk: Desk, day: date, sources: Sequence[OfSource]) -> Response:
    today = desk.clock().date()
    begins = min((source.begins for source in sources if source.begins), default=None)
    is_held = begins is not None and begins <= day <= today
    return desk.page(
        "archive/empty",
        long_day(day),
        status=200 if is_held or begins is None else 404,
        **_frame(desk, day),
        private=True,
        why=telling.emptiness(day, today, begins),
        remarks=telling.remarks(day, today, sources),
        pins=_pins(desk, day) if day <= today else (),
    )


def _frame(desk: Desk, day: date) -> dict[str, Any]:
    """What every page of a day has around its papers."""
    beside = desk.store.days_beside(day)
    begin = day.replace(day=1)
    counts = desk.store.day_counts(begin, last_day(day))
    first = begin if beside.before and beside.before < begin else day
    return {
        "day": day,
        "heading": long_day(day),
        "before": (beside.before, long_day(beside.before)) if beside.before else None,
        "after": (beside.after, long_day(beside.after)) if beside.after else None,
        "month": month(day, counts, min(first, beside.before or day), max(day, beside.after or day)),
    }


def _feeds(day: date) -> list[tuple[str, str, str]]:
    return [
        ("New papers every day", "/papers.atom", "application/atom+xml"),
        (f"Papers of {long_day(day)}", f"/papers/{day}.atom", "application/atom+xml"),
        ("New papers every day", "/papers.json", "application/feed+json"),
    ]


def _cards(desk: Desk, papers: Sequence[Shelved], today: date, votes: Mapping[int, int]) -> list[cards.Shown]:
    listings = desk.store.papers([paper.first.listing for paper in papers])
    picks = [
        cards.pick_of(listings[entry.listing], entry.kind, entry.source, entry.day)
        for entry in (paper.first for paper in papers)
        if entry.listing in listings
    ]
    return cards.shown(picks, today, cards.setting(desk), votes)


def _pins(desk: Desk, day: date) -> list[tuple[Pin, cards.Shown]]:
    """What curators picked for this day, with their notes."""
    pins = desk.store.pins(day)
    numbers = [pin.listing for pin in pins]
    listings, news = desk.store.papers(numbers), desk.store.latest_news(numbers)
    held = [pin for pin in pins if pin.listing in listings]
    told = [cards.told(listings[pin.listing], news.get(pin.listing), day) for pin in held]
    picks = [cards.pick_of(listings[pin.listing], *said) for pin, said in zip(held, told, strict=True)]
    return list(zip(held, cards.shown(picks, day, cards.setting(desk), {}), strict=True))


def _named(desk: Desk, papers: Sequence[Shelved]) -> Iterator[tuple[str, str, int]]:
    """Sources by name and title, with how many papers they announced; those that are no longer configured, too."""
    counts = choosing.sources(papers)
    titles = {source.name: source.title for source in desk.parts.sources}
    for name in [*titles, *(name for name in counts if name not in titles)]:
        yield name, titles.get(name, name), counts[name]


def of_sources(desk: Desk, day: date, papers: Sequence[Shelved]) -> Iterator[OfSource]:
    """What each source brought for a day."""
    begins = desk.store.begins()
    configured = {source.name: source for source in desk.parts.sources}
    for name, title, count in _named(desk, papers):
        source = configured.get(name)
        covered = desk.store.source_state(name).covered.values()
        calendar = partial(announces, source.expected) if source else lambda _: None
        yield OfSource(title, count, calendar(day), not covered or min(covered) >= day, begins.get(name))


# --- a month ------------------------------------------------------------------------------------------------------


def _month(desk: Desk, first: date) -> Response:
    counts = desk.store.day_counts(first, last_day(first))
    beside = desk.store.days_beside(first)
    begins = min(filter(None, (*counts, beside.before)), default=first)
    ends = max(filter(None, (*counts, desk.store.newest_day(date.max))), default=first)
    return desk.page(
        "archive/month",
        month_name(first),
        status=200 if counts else 404,
        canonical=f"/papers/{first:%Y-%m}",
        private=not counts,
        description=f"New research papers of {month_name(first)}, day by day.",
        day=None,
        month=month(first, counts, begins, ends),
        total=sum(counts.values()),
    )
