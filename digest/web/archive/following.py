"""The feeds: of the newest day, of one day, of a search, of somebody's profile."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta

from starlette.requests import Request
from starlette.responses import Response

from digest.model import Pick, Section, Status, Subscriber
from digest.rendering.cards import Setting, card_of
from digest.tokens import Purpose
from digest.web import links
from digest.web.archive import cards, choosing, feeds, searching
from digest.web.archive.calendar import day_of, long_day
from digest.web.archive.days import no_such_day
from digest.web.archive.feeds import ATOM, JSON, Feed
from digest.web.desk import Desk

MOST = 100  # papers of a day
_MOST_FOUND = 50
_DAYS = 7  # of what matches a profile
_TOMORROW = timedelta(days=1)

Write = tuple[str, Callable[[Feed], bytes]]
FORMS: Mapping[str, Write] = {"atom": (ATOM, feeds.atom), "json": (JSON, feeds.json_feed)}


def _answer(form: str, feed: Feed) -> Response:
    kind, write = FORMS[form]
    return Response(write(feed), media_type=kind)


# --- days ---------------------------------------------------------------------------------------------------------


def newest(desk: Desk, form: str, request: Request) -> Response:
    """The papers of the newest day."""
    today = desk.clock().date()
    day = desk.store.newest_day(today + _TOMORROW) or today
    choice = choosing.choice(request.query_params)
    about = f": {choice.category or choice.source}" if choice.category or choice.source else ""
    asked = replace(choice, page=1, versions=False).query()
    path, title = f"/papers.{form}{asked}", f"{desk.settings.site.name}{about}"
    return _answer(form, _of_day(desk, day, replace(choice, versions=False), title, path, f"/papers{asked}"))


def one(desk: Desk, form: str, request: Request) -> Response:
    """The papers of one day."""
    day = day_of(request.path_params["day"])
    if day is None:
        return no_such_day(desk)
    title = f"{desk.settings.site.name}: {long_day(day)}"
    choice = choosing.choice(request.query_params)
    asked = replace(choice, page=1, versions=False).query()
    feed = _of_day(
        desk, day, replace(choice, versions=False), title, f"/papers/{day}.{form}{asked}", f"/papers/{day}{asked}"
    )
    return _answer(form, feed)


def _of_day(desk: Desk, day: date, choice: choosing.Choice, title: str, path: str, page: str) -> Feed:  # noqa: PLR0913, PLR0917
    papers = choosing.shelved(desk.store.entries(day))
    votes = desk.store.votes([paper.first.listing for paper in papers])
    entries = [paper.first for paper in choosing.chosen(papers, choice, votes)[:MOST]]
    listings = desk.store.papers([entry.listing for entry in entries])
    picks = [
        cards.pick_of(listings[one.listing], one.kind, one.source, day) for one in entries if one.listing in listings
    ]
    return _feed(desk, title, path, page, picks, day)


def _feed(desk: Desk, title: str, path: str, page: str, picks: Iterable[Pick], day: date) -> Feed:  # noqa: PLR0913, PLR0917
    items = tuple(feeds.item(pick, desk.base) for pick in picks)
    return Feed(title, desk.base + page, desk.base + path, desk.settings.site.name, feeds.changed(items, day), items)


# --- searches -----------------------------------------------------------------------------------------------------


def search(desk: Desk, form: str, request: Request) -> Response:
    """What a search finds, the newest first, whatever order was asked for."""
    asked = replace(searching.search_of(request.query_params), order="newest", page=1)
    found = searching.found(desk, asked, _MOST_FOUND)
    today = desk.clock().date()
    listings, news = desk.store.papers(found.numbers), desk.store.latest_news(found.numbers)
    told = [(listings[number], cards.told(listings[number], news.get(number), today)) for number in found.numbers]
    picks = [cards.pick_of(listing, *said) for listing, said in told]
    query = asked.address(order="")
    query = f"?{query}" if query else ""
    title = f"{desk.settings.site.name}: {asked.q}" if asked.q else desk.settings.site.name
    begin = min((pick.day for pick in picks), default=date(1970, 1, 1))
    return _answer(form, _feed(desk, title, f"/search.{form}{query}", f"/search{query}", picks, begin))


# --- profiles -----------------------------------------------------------------------------------------------------


def profile(desk: Desk, form: str, request: Request) -> Response:
    """What matches somebody's profile. Its link has no end, as a program asks for it again and again, until they leave."""
    reader = desk.reader(request.path_params["token"], Purpose.FEED)
    if reader is None:
        return links.unknown(desk)
    subscriber = reader.subscriber
    if subscriber.status is Status.REMOVED:
        return desk.says(
            "This feed has ended",
            "Its reader has left. Subscribe again, and there is a new one in your digest.",
            status=410,
            go=("Subscribe", "/"),
        )
    picks = _picks(desk, subscriber)
    made = cards.setting(desk)
    items = tuple(feeds.item(pick, desk.base, _why(pick, made)) for pick in picks)
    title = f"{desk.settings.site.name} for {subscriber.name or 'you'}"
    own = f"{desk.base}/feed/{reader.token}.{form}"
    at = feeds.changed(items, subscriber.last_issue or reader.issue_date)
    return _answer(form, Feed(title, f"{desk.base}/papers", own, desk.settings.site.name, at, items))


def _picks(desk: Desk, subscriber: Subscriber) -> list[Pick]:
    """What is new for them in the last days, the newest first."""
    wide = replace(subscriber, profile=replace(subscriber.profile, max_papers=_MOST_FOUND, max_trending=0))
    picks = [pick for pick in desk.live.rank(wide, days=_DAYS).picks if pick.section is not Section.VERSIONS]
    return sorted(picks, key=lambda pick: (pick.day, pick.score), reverse=True)


def _why(pick: Pick, made: Setting) -> str:
    """In words: "Match 4 of 5: flow matching (title and abstract)"."""
    return card_of(pick, pick.day, made).explanation
