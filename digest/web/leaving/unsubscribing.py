"""Unsubscribing, getting less instead, and taking it back.

    GET  /unsubscribe/TOKEN         asks; what it says afterwards is read from the subscriber as they are
    POST /unsubscribe/TOKEN         leaves: a mail program's one click (RFC 8058) hears 200, a person goes on to the page
    POST /unsubscribe/TOKEN/pause, /weekly, /undo

Whatever was done can be undone: the page that follows carries, signed, how things were before.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from itsdangerous import BadSignature
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute

from digest import due
from digest.errors import UsageError
from digest.model import Origin, Status, Subscriber
from digest.rendering.language import ENGLISH
from digest.tokens import Purpose, edition_named
from digest.web import links
from digest.web.coming import comes
from digest.web.desk import Desk, Reader
from digest.web.leaving.standing import a_month_on, is_paused
from digest.web.posting import Form, acting, done, next_page, seen, showing

_UNDO = timedelta(days=1)  # how long the page that follows can take it back
_MONDAY = 0


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """All that leads away, and back."""
    leave, own = "/unsubscribe/{token}", Purpose.UNSUBSCRIBE
    return [
        showing(desk, leave, seen(own, _asks, lasting=True, also_left=True)),
        acting(desk, leave, _leave),
        *(
            acting(desk, f"{leave}/{name}", done(own, act, lasting=True, also_left=True))
            for name, act in {"pause": _pause_a_month, "weekly": _weekly, "undo": _undo}.items()
        ),
        acting(desk, "/preferences/{token}/return", done(Purpose.PREFERENCES, _return, also_left=True)),
    ]


# --- how things stand ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Before:
    """What was done, and how things were before it."""

    did: str  # "left", "paused", "weekly"
    status: Status
    until: date | None
    days: frozenset[int]


# --- asking -------------------------------------------------------------------------------------------------------


def _asks(desk: Desk, reader: Reader, request: Request) -> Response:
    now, subscriber = desk.clock(), reader.subscriber
    today = due.local_date(subscriber.schedule, now)
    sealed = request.query_params.get("before", "")
    before = _opened(desk, subscriber, sealed)
    return desk.page(
        "leaving/unsubscribe",
        _TITLES[subscriber.status],
        private=True,
        token=reader.token,
        email=subscriber.email,
        status=200,
        state=_state(subscriber, now),
        until=subscriber.paused_until and ENGLISH.long_day(subscriber.paused_until),
        coming=comes(subscriber, now),
        month=ENGLISH.long_day(a_month_on(today)),
        weekly=_may_be_weekly(subscriber),
        did=before.did if before else "",
        before=sealed if before else "",
        returns=before is not None or links.may_return(desk, subscriber),
        listed=desk.store.suppression(subscriber.email) is not None,
    )


_TITLES = {
    Status.ACTIVE: "Unsubscribe",
    Status.PAUSED: "Unsubscribe",
    Status.SUPPRESSED: "Unsubscribe",
    Status.REMOVED: "You have left",
}


def _state(subscriber: Subscriber, now: datetime) -> str:
    return "paused" if is_paused(subscriber, now) else subscriber.status.value


def _may_be_weekly(subscriber: Subscriber) -> bool:
    return subscriber.origin is Origin.DATABASE and len(subscriber.schedule.days) > 1


# --- acting -------------------------------------------------------------------------------------------------------


def _leave(desk: Desk, form: Form, request: Request) -> Response:
    """Leaves, however the wish was written down: what a mail program posts counts as much as our own button."""
    token = request.path_params["token"]
    reader = desk.reader(token, Purpose.UNSUBSCRIBE)
    if reader is None:
        return _unheard(desk, token)
    if form.get("by") == "page":
        return _acted(desk, reader, "left")
    _act(desk, reader.subscriber, "left")
    return _said("You are unsubscribed: nothing more is sent to this address.")


def _unheard(desk: Desk, token: str) -> Response:
    """Whoever was deleted has been unsubscribed with it; to a mail program that is no failure."""
    named = edition_named(token)
    if named is not None and desk.store.subscriber_numbered(named.subscriber) is None:
        return _said("Nothing is sent by this link any more.")
    return links.unknown(desk)


def _said(words: str) -> Response:
    return PlainTextResponse(f"{words}\n")


def _pause_a_month(desk: Desk, reader: Reader, _form: Form, _request: Request) -> Response:
    return _acted(desk, reader, "paused")


def _weekly(desk: Desk, reader: Reader, _form: Form, _request: Request) -> Response:
    return _acted(desk, reader, "weekly")


def _acted(desk: Desk, reader: Reader, did: str) -> Response:
    """Do it, and go on to the page that says so."""
    before = _sealed(desk, reader.subscriber, did)
    changed = _act(desk, reader.subscriber, did)
    query = f"?{urlencode({'before': before})}" if changed else ""
    return next_page(desk, f"/unsubscribe/{reader.token}{query}")


def _act(desk: Desk, subscriber: Subscriber, did: str) -> bool:
    """Whether that changed anything. Effective at once: what waits to be sent is not sent, or waits too."""
    now, email = desk.clock(), subscriber.email
    with suppress(UsageError):  # they left meanwhile, or no mail may go to them: the page says how things stand
        match did:
            case "left" if subscriber.status is not Status.REMOVED:
                desk.store.set_status(email, Status.REMOVED, now)
                return True
            case "paused":
                desk.store.pause(email, a_month_on(due.local_date(subscriber.schedule, now)), now)
                return True
            case "weekly" if _may_be_weekly(subscriber):
                schedule = replace(subscriber.schedule, days=frozenset({_MONDAY}))
                desk.store.update(replace(subscriber, schedule=schedule), now)
                return True
    return False


# --- back ---------------------------------------------------------------------------------------------------------


def _undo(desk: Desk, reader: Reader, form: Form, _request: Request) -> Response:
    before = _opened(desk, reader.subscriber, form.get("before", ""))
    if before is not None:
        _restore(desk, reader.subscriber, before)
    else:
        _come_back(desk, reader.subscriber)
    return next_page(desk, f"/unsubscribe/{reader.token}")


def _return(desk: Desk, reader: Reader, _form: Form, _request: Request) -> Response:
    if not _come_back(desk, reader.subscriber):
        return next_page(desk, f"/unsubscribe/{desk.token(reader.subscriber, Purpose.UNSUBSCRIBE, reader.issue_date)}")
    return next_page(desk, f"/preferences/{reader.token}")


def _come_back(desk: Desk, subscriber: Subscriber) -> bool:
    if subscriber.status is Status.REMOVED and not links.may_return(desk, subscriber):
        return False
    with suppress(UsageError):  # on the suppression list
        desk.store.set_status(subscriber.email, Status.ACTIVE, desk.clock())
        return True
    return False


def _restore(desk: Desk, subscriber: Subscriber, before: Before) -> None:
    now, email, store = desk.clock(), subscriber.email, desk.store
    with suppress(UsageError):  # the address was put on the suppression list meanwhile
        store.set_status(email, before.status, now)
        if before.until is not None and before.until > due.local_date(subscriber.schedule, now):
            store.pause(email, before.until, now)
        if subscriber.origin is Origin.DATABASE and before.days != subscriber.schedule.days:
            store.update(replace(subscriber, schedule=replace(subscriber.schedule, days=before.days)), now)


def _sealed(desk: Desk, subscriber: Subscriber, did: str) -> str:
    """How things are before `did`, for the page that follows."""
    until = subscriber.paused_until.isoformat() if subscriber.paused_until else ""
    was = (did, subscriber.status.value, until, sorted(subscriber.schedule.days))
    return str(desk.seal("undo").dumps([subscriber.id, desk.clock().isoformat(), *was]))


def _opened(desk: Desk, subscriber: Subscriber, sealed: str) -> Before | None:
    """What `_sealed` wrote for this subscriber; None if it did not, or too long ago."""
    try:
        number, at, did, status, until, days = desk.seal("undo").loads(sealed)
    except BadSignature:
        return None
    if number != subscriber.id or datetime.fromisoformat(at) < desk.clock() - _UNDO:
        return None
    return Before(did, Status(status), date.fromisoformat(until) if until else None, frozenset(days))
