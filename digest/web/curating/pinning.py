"""A curator's page: picking papers for a day, and judging what readers suggest."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import wraps
from types import MappingProxyType
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from digest import due
from digest.curating import FRESH, NOTE
from digest.errors import UsageError
from digest.model import Judged, Pin, Suggestion
from digest.rendering.words import capital
from digest.tokens import Purpose
from digest.web.archive.calendar import long_day
from digest.web.archive.cards import Shown
from digest.web.archive.papers import no_such_paper
from digest.web.curating.drafts import Draft, draft, iso_day
from digest.web.curating.naming import LONGEST, meant, paper, shown
from digest.web.desk import Desk, Reader
from digest.web.posting import Act, Form, acting, done, next_page, number, seen, showing
from digest.web.preferences.choosing import is_curator
from digest.web.safety import heed_limit

_PATH = "/preferences/{token}/curate"
_MOST = 20  # suggestions, and recommended papers, at a time
_DONE: Mapping[str, str] = MappingProxyType(
    {
        "picked": "Picked. It comes first in the digests of that day that have not gone out yet.",
        "unpicked": "Taken away. Digests that have gone out have it all the same.",
        "declined": "Declined. Nobody is told.",
        "late": "Somebody else has judged that suggestion already.",
    }
)


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """Of one curator."""
    return [
        showing(desk, _PATH, seen(Purpose.PREFERENCES, _show)),
        acting(desk, _PATH, done(Purpose.PREFERENCES, _curator(_pick))),
        acting(desk, f"{_PATH}/preview", done(Purpose.PREFERENCES, _curator(_preview))),
        acting(desk, f"{_PATH}/unpick", done(Purpose.PREFERENCES, _curator(_unpick))),
        acting(desk, f"{_PATH}/decline", done(Purpose.PREFERENCES, _curator(_decline))),
    ]


def _curator(act: Act) -> Act:
    """For curators alone."""

    @wraps(act)
    def guarded(desk: Desk, reader: Reader, form: Form, request: Request) -> Response:
        return act(desk, reader, form, request) if is_curator(desk, reader.subscriber) else _no_curator(desk, reader)

    return guarded


def _no_curator(desk: Desk, reader: Reader) -> Response:
    suggest = ("Suggest a paper", f"/suggest/{desk.token(reader.subscriber, Purpose.FEEDBACK)}")
    what = f"{reader.subscriber.email} does not pick papers for everybody here. Whoever runs this site names who does."
    return desk.says("This page is for curators", what, status=403, go=suggest)


# --- looking --------------------------------------------------------------------------------------------------------


def _show(desk: Desk, reader: Reader, request: Request) -> Response:
    if not is_curator(desk, reader.subscriber):
        return _no_curator(desk, reader)
    asked = request.query_params
    now = desk.clock()
    typed = asked.get("q", "").strip()[:LONGEST]
    if typed:
        heed_limit(request, "search", now)
    found = shown(desk, meant(desk, typed)) if typed else []
    shown_now = paper(desk, asked.get("paper", "")) or (found[0] if len(found) == 1 else None)
    chosen = Chosen(shown_now, number(asked.get("suggestion", ""))) if shown_now else None
    first = _begun(desk, reader, chosen, iso_day(asked.get("day", "")))
    said = _DONE.get(asked.get("done", ""), "")
    return _page(desk, reader, first, chosen, typed=typed, found=() if chosen else found, said=said)


class Chosen(NamedTuple):
    """A paper that is about to be picked, and the suggestion that it came by; 0 if by none."""

    paper: Shown
    suggestion: int


def _begun(desk: Desk, reader: Reader, chosen: Chosen | None, wanted: date | None) -> Draft:
    """The form as it begins: as it was written, where this paper is picked already."""
    day = wanted or _next(reader, desk.clock())
    pins = desk.store.pins(day) if chosen else ()
    before = next((pin for pin in pins if chosen and pin.listing == chosen.paper.number), None)
    name = before.name if before else reader.subscriber.name or reader.subscriber.email.partition("@")[0]
    return Draft(name, before.note if before else "", day.isoformat(), day)


def _next(reader: Reader, now: datetime) -> date:
    """The first local day whose digests have not gone out, as far as the curator's own hour tells."""
    schedule = reader.subscriber.schedule
    today = due.local_date(schedule, now)
    return today if now < due.due_instant(schedule, today) else today + timedelta(days=1)


class Group(NamedTuple):
    """The picks of one day."""

    day: date
    named: str
    pins: Sequence[tuple[Pin, Shown]]


class Suggested(NamedTuple):
    """A suggestion, and the paper that it is of."""

    suggestion: Suggestion
    paper: Shown
    named: str  # the day


def _page(  # noqa: PLR0913  (the parts of a page)
    desk: Desk,
    reader: Reader,
    first: Draft,
    chosen: Chosen | None,
    *,
    typed: str = "",
    found: Sequence[Shown] = (),
    said: str = "",
    is_preview: bool = False,
) -> Response:
    today = due.local_date(reader.subscriber.schedule, desk.clock())
    groups = list(_groups(desk, today))
    picked = {pin.listing for group in groups for pin, _ in group.pins}
    return desk.page(
        "curating/curate", "Pick papers", status=422 if first.faults and not is_preview else 200, private=True,
        token=reader.token, draft=first, chosen=chosen, typed=typed, found=found, said=said,
        today=today, longest=LONGEST, most=NOTE, is_preview=is_preview, groups=groups, suggested=list(_suggested(desk)),
        recommended=[] if chosen else _recommended(desk, picked),
    )  # fmt: skip


def _groups(desk: Desk, today: date) -> Iterator[Group]:
    pins = desk.store.pins_since(today)
    known = _by_number(desk, [pin.listing for pin in pins])
    for day in sorted({pin.day for pin in pins}):
        yield Group(day, long_day(day), [(pin, known[pin.listing]) for pin in pins if pin.day == day])


def _suggested(desk: Desk) -> Iterator[Suggested]:
    waiting = desk.store.suggestions(Judged.OPEN, _MOST)
    known = _by_number(desk, [one.listing for one in waiting])
    return (Suggested(one, known[one.listing], long_day(one.at.date())) for one in waiting)


def _recommended(desk: Desk, picked: Iterable[int]) -> list[tuple[Shown, int]]:
    """What readers recommended of late, and how many did, but for what is picked."""
    voted = desk.store.most_voted(desk.clock() - FRESH, _MOST)
    known = _by_number(desk, set(voted).difference(picked))
    return [(known[paper], count) for paper, count in voted.items() if paper in known]


def _by_number(desk: Desk, numbers: Iterable[int]) -> dict[int, Shown]:
    return {one.number: one for one in shown(desk, desk.store.papers(list(numbers)).values())}


# --- doing ----------------------------------------------------------------------------------------------------------


def _pick(desk: Desk, reader: Reader, form: Form, _request: Request) -> Response:
    found = paper(desk, form.get("paper", ""))
    if found is None:
        return no_such_paper(desk)
    now = desk.clock()
    chosen = Chosen(found, number(form.get("suggestion", "")))
    written = draft(form, due.local_date(reader.subscriber.schedule, now))
    if "look" in form or written.faults or written.day is None:
        return _page(desk, reader, written, chosen, is_preview="look" in form)
    pin = Pin(written.day, found.number, written.name, written.note, reader.subscriber.email, now)
    try:
        return _back(desk, reader, _pinned(desk, pin, chosen.suggestion))
    except UsageError as error:
        what = str(error)
        full = {"day": f"{capital(what)}, or choose another day."}
        return _page(desk, reader, replace(written, faults=full), chosen)


def _pinned(desk: Desk, pin: Pin, suggestion: int) -> str:
    """What became of it. Raises UsageError: the day is full."""
    if not suggestion:
        desk.store.pin(pin)
        return "picked"
    return "picked" if desk.store.judge(suggestion, pin.by, pin) else "late"


def _preview(desk: Desk, reader: Reader, form: Form, request: Request) -> Response:
    """A part of a page: the note as it will look."""
    heed_limit(request, "preview", desk.clock())
    written = draft(form, due.local_date(reader.subscriber.schedule, desk.clock()))
    return Response(desk.written("curating/note", draft=written), media_type="text/html")


def _unpick(desk: Desk, reader: Reader, form: Form, _request: Request) -> Response:
    if day := iso_day(form.get("day", "")):
        desk.store.unpin(day, number(form.get("paper", "")))
    return _back(desk, reader, "unpicked")


def _decline(desk: Desk, reader: Reader, form: Form, _request: Request) -> Response:
    is_first = desk.store.judge(number(form.get("suggestion", "")), reader.subscriber.email, None)
    return _back(desk, reader, "declined" if is_first else "late")


def _back(desk: Desk, reader: Reader, what: str) -> Response:
    return next_page(desk, f"/preferences/{reader.token}/curate?done={what}")
