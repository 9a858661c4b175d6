"""A reader's own editions: the list of them, and each by a link that may be shown to others."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from digest.model import Edition, Pick, Section, State
from digest.rendering.cards import Card, Setting, card_of
from digest.rendering.language import ENGLISH
from digest.rendering.summary import by_section
from digest.rendering.words import counted
from digest.store.history import Served
from digest.tokens import Purpose
from digest.web.archive.cards import setting
from digest.web.desk import Desk, Reader
from digest.web.links import unknown
from digest.web.posting import seen, showing

_MOST = 400  # editions in a list: more than a year


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """The list, and one of them."""
    return [
        showing(desk, "/preferences/{token}/editions", seen(Purpose.PREFERENCES, _list)),
        showing(desk, "/edition/{token}", seen(Purpose.EDITION, _one, lasting=True, also_left=True)),
    ]


# --- all of them --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """One edition in the list."""

    day: str
    papers: str
    became: str  # how sending it went
    path: str  # of its own page; empty if its content is not kept


def _list(desk: Desk, reader: Reader, _request: Request) -> Response:
    subscriber = reader.subscriber
    history = desk.store.history(subscriber.email, _MOST)
    served = history.editions if history else ()
    links = {each.issue_date: desk.token(subscriber, Purpose.EDITION, each.issue_date) for each in served if each.kept}
    return desk.page(
        "own/editions",
        "Your digests",
        private=True,
        token=reader.token,
        feed=desk.token(subscriber, Purpose.FEED),
        rows=[row(each, links.get(each.issue_date)) for each in served],
    )


def row(served: Served, token: str | None) -> Row:
    """An edition in a list, with the token of its own page if it has one."""
    papers = counted(served.papers, "paper") if served.papers else "nothing matched"
    return Row(ENGLISH.long_day(served.issue_date), papers, became(served), f"/edition/{token}" if token else "")


def became(served: Served) -> str:
    """How sending it went, in a word or two."""
    if served.came_back:
        return "came back"
    match served.state:
        case State.SENT:
            return "sent"
        case State.PENDING | State.CLAIMED | State.SENDING | State.DEFERRED:
            return "on its way"
        case State.UNKNOWN:
            return "sent, it seems"
        case None:
            return "not sent, being empty" if served.kept else ""
    return "not sent"


# --- one of them --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """Papers under one heading."""

    title: str
    papers: Sequence[tuple[Card, int]]  # with their numbers


_TITLES = {
    Section.FOR_YOU: "What matched",
    Section.AUTHORS: "By authors they follow",
    Section.TRENDING: "Trending",
    Section.VERSIONS: "New versions",
}


def _one(desk: Desk, reader: Reader, _request: Request) -> Response:
    edition = desk.store.edition(reader.subscriber.email, reader.issue_date)
    if edition is None:
        return _gone(desk, reader)
    day = ENGLISH.long_day(reader.issue_date)
    page = desk.page(
        "own/edition",
        f"Papers of {day}",
        private=True,
        day=day,
        papers=counted(len(edition.picks), "paper"),
        read=edition.papers,
        parts=parts(desk, edition),
    )
    page.headers["X-Robots-Tag"] = "noindex"
    return page


def parts(desk: Desk, edition: Edition) -> list[Part]:
    """Its papers, without what they say of its reader: reasons are their keywords."""
    made = setting(desk)
    return [
        Part(_TITLES.get(section, "Picked for everybody"), [_card(pick, edition.issue_date, made) for pick in picks])
        for section, picks in by_section(edition).items()
        if picks
    ]


def _card(pick: Pick, day: date, made: Setting) -> tuple[Card, int]:
    card = card_of(replace(pick, reasons=()), day, made)
    return replace(card, match="", steps=0, explanation=""), pick.listing.id


def _gone(desk: Desk, reader: Reader) -> Response:
    day = ENGLISH.long_day(reader.issue_date)
    if not desk.store.was_vacuumed(reader.subscriber.email, reader.issue_date):
        return unknown(desk)
    paragraphs = [f"The digest of {day} is too old to be kept here. The papers of that day are in the archive."]
    return desk.says(
        "This digest is not kept any more",
        *paragraphs,
        status=410,
        go=("Papers of that day", f"/papers/{reader.issue_date}"),
    )
