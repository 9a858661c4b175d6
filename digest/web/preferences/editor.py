"""The editor of somebody's preferences."""

from collections.abc import Iterable, Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from digest.errors import UsageError
from digest.model import Layout, Origin, Pick, Status, Subscriber
from digest.ranking.query import labels
from digest.rendering.backtest_view import Tested, report
from digest.rendering.cards import Card, card_of
from digest.rendering.language import ENGLISH
from digest.tokens import Purpose
from digest.web import links
from digest.web.archive.cards import setting
from digest.web.coming import comes
from digest.web.desk import Desk, Reader
from digest.web.leaving import is_paused
from digest.web.posting import next_page
from digest.web.preferences import choosing, saying
from digest.web.preferences.chart import HIGH, WIDE, columns
from digest.web.preferences.finding import Finder, Look
from digest.web.preferences.form import Draft, differences, read, shown, toml
from digest.web.safety import form, heed_limit

_AT_FIRST = 4  # picks that are shown without being asked for more


def show(finder: Finder, desk: Desk, reader: Reader, request: Request) -> Response:
    """The editor as things are; `?saved` and `?added=N` say what was just done."""
    draft = shown(reader.subscriber, choosing.choices(desk))
    done = _done(desk, reader, request.query_params)
    return page(desk, reader, draft, done=done, found=_found(desk, finder, reader.subscriber))


def act(finder: Finder, desk: Desk, reader: Reader, request: Request) -> Response:
    """Save, or look, as the button says."""
    fields = form(request)
    draft = _draft(desk, reader, fields)
    if not draft.is_sound:
        return page(desk, reader, draft, status=422)
    if "backtest" in fields:
        return page(desk, reader, draft, tested=_tested(desk, finder, draft.subscriber, request))
    if "look" in fields:
        heed_limit(request, "preview", desk.clock())
        return page(desk, reader, draft, found=_asked_for(desk, finder, draft.subscriber))
    return save(desk, reader, draft.subscriber, "saved")


def save(desk: Desk, reader: Reader, wanted: Subscriber, did: str) -> Response:
    """Keep what they want; whoever is kept in a file is shown the lines that their operator would write there."""
    if wanted.origin is Origin.FILE:
        return _for_operator(desk, reader, wanted)
    try:
        desk.store.update(wanted, desk.clock())
    except UsageError:  # they left while this was on its way
        return links.left(desk, reader)
    return next_page(desk, f"/preferences/{reader.token}?{did}")


def preview(finder: Finder, desk: Desk, reader: Reader, request: Request) -> Response:
    """A part of the page: what the form would bring now."""
    heed_limit(request, "preview", desk.clock())
    draft = _draft(desk, reader, form(request))
    values = _asked_for(desk, finder, draft.subscriber)
    return HTMLResponse(desk.written("preferences/found", **values, slips=draft.slips))


def backtest(finder: Finder, desk: Desk, reader: Reader, request: Request) -> Response:
    """A part of the page: what the form would have brought in the last weeks."""
    draft = _draft(desk, reader, form(request))
    return HTMLResponse(desk.written("preferences/tested", **_tested(desk, finder, draft.subscriber, request)))


# --- the page -------------------------------------------------------------------------------------------------------


def _draft(desk: Desk, reader: Reader, fields: FormData) -> Draft:
    texts = {name: [one for one in fields.getlist(name) if isinstance(one, str)] for name in fields}
    return read(texts, reader.subscriber, choosing.choices(desk))


def page(desk: Desk, reader: Reader, draft: Draft, *, status: int = 200, **more: object) -> Response:
    subscriber, now = reader.subscriber, desk.clock()
    values = {
        "token": reader.token,
        "subscriber": subscriber,
        "values": draft.values,
        "faults": draft.faults,
        "slips": draft.slips,
        "is_file": subscriber.origin is Origin.FILE,
        "is_suppressed": subscriber.status is Status.SUPPRESSED,
        "is_paused": is_paused(subscriber, now),
        "returns": ENGLISH.long_day(subscriber.paused_until) if subscriber.paused_until else "",
        "comes": comes(subscriber, now),
        "summaries": choosing.summaries(desk, draft.subscriber),
        "options": choosing.options(desk, draft),
        "is_curator": choosing.is_curator(desk, subscriber),
        "stop": desk.token(subscriber, Purpose.UNSUBSCRIBE, reader.issue_date),
        "feed": desk.token(subscriber, Purpose.FEED, reader.issue_date),
        "suggest": desk.token(subscriber, Purpose.FEEDBACK, reader.issue_date) if desk.settings.web.curators else "",
        "done": "",
        "found": None,
        "tested": None,
        **more,
    }
    return desk.page("preferences/editor", "Your digest", status=status, private=True, wide=True, **values)


def _done(desk: Desk, reader: Reader, query: Mapping[str, str]) -> str:
    """What is said of what was just done."""
    if "added" in query:
        return f"Added. {saying.holds(reader.subscriber, desk.clock())}"
    return f"Saved. {saying.holds(reader.subscriber, desk.clock())}" if "saved" in query else ""


def _for_operator(desk: Desk, reader: Reader, wanted: Subscriber) -> Response:
    changes = differences(reader.subscriber, wanted)
    return desk.page(
        "preferences/operator", "For your operator", private=True, token=reader.token, email=wanted.email,
        lines=toml(changes) if changes else "",
    )  # fmt: skip


# --- what is found --------------------------------------------------------------------------------------------------


def _asked_for(desk: Desk, finder: Finder, subscriber: Subscriber) -> dict[str, Any]:
    """What is found; raises HTTPException where nobody can look just now."""
    found = _found(desk, finder, subscriber)
    if found is None:
        raise HTTPException(503, headers={"Retry-After": "10"})
    return found


def _found(desk: Desk, finder: Finder, subscriber: Subscriber) -> dict[str, Any] | None:
    look = finder.look(subscriber)
    if look is None:
        return None
    picks = cards(desk, look.picks)
    return {
        "look": look,
        "first": picks[:_AT_FIRST],
        "more": picks[_AT_FIRST:],
        "near": cards(desk, look.near),
        "day": ENGLISH.long_day(desk.live.today()),
        "terms": _terms(look),
        "is_early": look.terms is None and look.papers > 0,
        "has_keywords": any(line.strip() for line in subscriber.profile.keywords),
    }


def _terms(look: Look) -> list[dict[str, Any]]:
    if look.terms is None:
        return []
    return [
        {"line": one.text, "reading": one.reading, "papers": one.papers or 0, "remark": one.remark}
        for one in look.terms.terms
    ]


def cards(desk: Desk, picks: Iterable[Pick]) -> list[tuple[Card, int]]:
    """Each pick as a card, with the number of its paper."""
    made, today = setting(desk, Layout.COMPACT), desk.clock().date()
    return [(card_of(pick, today, made, place), pick.listing.id) for place, pick in enumerate(picks, start=1)]


def _tested(desk: Desk, finder: Finder, subscriber: Subscriber, request: Request) -> dict[str, Any]:
    heed_limit(request, "backtest", desk.clock())
    result = finder.test(subscriber, desk.clock())
    if result is None:
        return {"side": None, "days": ()}
    tested = Tested(subscriber.email, result, labels(subscriber.profile.keywords))
    told = report([tested], choosing.choices(desk).sources)
    is_known = len(result.unknown) < len(result.days)
    return {
        "side": told.sides[0],
        "period": told.period,
        "days": columns(result.days),
        "wide": f"{WIDE:g}",
        "high": f"{HIGH:g}",
        "is_known": is_known,
    }
