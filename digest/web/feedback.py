"""What a reader says of a paper, and what is learnt from it.

    /like/TOKEN/N, /dislike/TOKEN/N   of the paper in that place of their digest, from 1: where the links in mails lead
    /say/TOKEN/ID                     of any paper, by its number

A look asks, or tells what was said before and what it taught. A press says it: what the path says, or the field `say`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from digest.model import Listing, Pick, Status, Taste
from digest.ranking.learning import Learned
from digest.ranking.lessons import Lessons, held_by
from digest.rendering.cards import card_of
from digest.rendering.language import ENGLISH
from digest.rendering.summary import by_section
from digest.rendering.words import counted
from digest.tokens import Purpose
from digest.web.archive.cards import pick_of, setting
from digest.web.desk import Desk, Reader
from digest.web.links import unknown
from digest.web.posting import Form, acting, done, next_page, number, seen, showing
from digest.web.safety import heed_limit

_OWN = Purpose.FEEDBACK
_MOST_WORDS = 8
_LIKED: Mapping[str, bool | None] = MappingProxyType({"like": True, "dislike": False, "undo": None})


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """By place and by number."""
    paths = {"like": "/like/{token}/{number}", "dislike": "/dislike/{token}/{number}", "": "/say/{token}/{number}"}
    return [
        route
        for verdict, path in paths.items()
        for route in (
            showing(desk, path, seen(_OWN, partial(_look, verdict), lasting=True, also_left=True)),
            acting(desk, path, done(_OWN, partial(_say, verdict), lasting=True, also_left=True)),
        )
    ]


# --- which paper --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Subject:
    """The paper that a link is about."""

    pick: Pick  # as it was shown
    listing: Listing  # as it is now, also if it was found to be another one's twin since
    verdict: str  # of the link: "like", "dislike"; empty: either
    path: str  # of this page, without the verdict
    page: str  # of the paper itself, for this reader


def in_place(picks: Sequence[Pick], place: int) -> Pick | None:
    """The paper in this place of a digest, from 1, in the order in which it shows them."""
    return picks[place - 1] if 1 <= place <= len(picks) else None


def _subject(desk: Desk, reader: Reader, request: Request, verdict: str) -> Subject | Response:
    asked = number(request.path_params["number"])
    if not verdict:
        return _by_number(desk, reader, asked)
    edition = desk.store.edition(reader.subscriber.email, reader.issue_date)
    if edition is None:
        return _gone(desk, reader)
    pick = in_place(list(chain.from_iterable(by_section(edition).values())), asked)
    if pick is None:
        return _nowhere(desk, reader, len(edition.picks))
    listing = desk.store.listing(pick.listing.id) or pick.listing
    return Subject(pick, listing, verdict, f"{reader.token}/{asked}", _page(reader, listing))


def _by_number(desk: Desk, reader: Reader, number: int) -> Subject | Response:
    news = desk.store.announcements_of(number) if number else []
    if not news:
        return desk.says("We do not know this paper", "Its page may say more: look for it in the archive.", status=404)
    first = news[0]
    pick = pick_of(first.listing, first.kind, first.source, first.day)
    return Subject(pick, first.listing, "", f"{reader.token}/{number}", _page(reader, first.listing))


def _page(reader: Reader, listing: Listing) -> str:
    return f"/reader/{reader.token}/paper/{listing.id}"


# --- looking ------------------------------------------------------------------------------------------------------


def _look(verdict: str, desk: Desk, reader: Reader, request: Request) -> Response:
    if reader.subscriber.status is Status.REMOVED:
        return _has_left(desk)
    subject = _subject(desk, reader, request, verdict)
    if isinstance(subject, Response):
        return subject
    taste = desk.store.tastes([reader.subscriber.id]).get(reader.subscriber.id, Taste())
    said = next((each.liked for each in taste.feedback if each.listing.id == subject.listing.id), None)
    return _asks(desk, subject) if said is None else _tells(desk, reader, subject, taste, liked=said)


def _shown(desk: Desk, subject: Subject, title: str, **values: object) -> Response:
    card = card_of(subject.pick, subject.pick.day, setting(desk))
    return desk.page(
        f"feedback/{title}", _TITLES[title], private=True, card=card, page=subject.page, path=subject.path,
        verdict=subject.verdict, status=200, **values,
    )  # fmt: skip


_TITLES = {"asks": "What do you think of it?", "tells": "Noted"}


def _asks(desk: Desk, subject: Subject) -> Response:
    return _shown(desk, subject, "asks")


def _tells(desk: Desk, reader: Reader, subject: Subject, taste: Taste, *, liked: bool) -> Response:
    """What was said, and what it taught."""
    now, keywords = desk.clock(), reader.subscriber.profile.keywords
    lessons = Lessons(keywords, desk.store.background())
    learnt = lessons.of(subject.listing, taste, now)
    held = held_by([subject.listing])
    forgotten = {key: word for key, word in lessons.forgotten(taste, now).items() if key in held}
    return _shown(
        desk,
        subject,
        "tells",
        liked=liked,
        words=_words(learnt.more if liked else learnt.less),
        forgotten=sorted(forgotten.items(), key=lambda item: item[1]),
        count=counted(sum(1 for each in taste.feedback if each.liked), "paper"),
    )


def _words(learnt: Sequence[Learned]) -> list[tuple[str, str]]:
    """The strongest, each with its key."""
    return [(word.key, word.written) for word in learnt[:_MOST_WORDS]]


# --- saying -------------------------------------------------------------------------------------------------------


def _say(verdict: str, desk: Desk, reader: Reader, form: Form, request: Request) -> Response:
    if reader.subscriber.status is Status.REMOVED:
        return _has_left(desk)
    subject = _subject(desk, reader, request, verdict)
    if isinstance(subject, Response):
        return subject
    heed_limit(request, "like", desk.clock())
    if "forget" in form or "remember" in form:
        _mind(desk, reader, subject, form)
        return next_page(desk, f"/{verdict or 'say'}/{subject.path}")
    said = form.get("say", verdict)
    if said not in _LIKED:
        return next_page(desk, f"/say/{subject.path}" if not verdict else f"/{verdict}/{subject.path}")
    desk.store.give_feedback(reader.subscriber.email, subject.listing.id, _LIKED[said], desk.clock())
    shows = said if verdict and said != "undo" else verdict or "say"
    return next_page(desk, f"/{shows}/{subject.path}")


def _mind(desk: Desk, reader: Reader, subject: Subject, form: Form) -> None:
    """Forget a word, or learn it after all: of this paper, since no other is on the page."""
    held, email = held_by([subject.listing]), reader.subscriber.email
    if form.get("forget") in held:
        desk.store.forget(email, [form["forget"]])
    if form.get("remember") in held:
        desk.store.remember(email, [form["remember"]])


# --- what else may be ---------------------------------------------------------------------------------------------


def _gone(desk: Desk, reader: Reader) -> Response:
    if not desk.store.was_vacuumed(reader.subscriber.email, reader.issue_date):
        return unknown(desk)
    day = ENGLISH.long_day(reader.issue_date)
    words = f"We do not know any more which papers were in the digest of {day}: it is too old to be kept."
    return desk.says("This digest is not kept any more", words, status=410)


def _nowhere(desk: Desk, reader: Reader, papers: int) -> Response:
    day = ENGLISH.long_day(reader.issue_date)
    return desk.says("There is no such paper", f"Your digest of {day} has {counted(papers, 'paper')}.", status=404)


def _has_left(desk: Desk) -> Response:
    words = "You have left, so nothing is learnt any more. If you come back, you can begin anew."
    return desk.says("You have left", words)
