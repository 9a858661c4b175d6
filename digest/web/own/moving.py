"""Another address for a subscription: asked for by whoever has the old one, confirmed by whoever has the new one."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from digest import wishing
from digest.config.domains import domain_of
from digest.errors import UsageError
from digest.model import Errand, Origin, Subscriber, Wish
from digest.rendering.words import clean, listed
from digest.store.subscribers import address
from digest.tokens import Purpose
from digest.web.desk import Desk, Reader
from digest.web.front import typed
from digest.web.links import unknown
from digest.web.posting import Form, acting, done, next_page, seen, showing
from digest.web.safety import heed_limit
from digest.web.wished import asked

_OWN = Purpose.PREFERENCES
_LONGEST = 400  # characters that are shown again


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """Asking, and confirming."""
    ask = "/preferences/{token}/address"
    return [
        showing(desk, ask, seen(_OWN, _form)),
        acting(desk, ask, done(_OWN, _ask)),
        showing(desk, f"{ask}/sent", seen(_OWN, _sent)),
        acting(desk, "/preferences/{token}/link", done(_OWN, _link, lasting=True, also_left=True)),
        showing(desk, "/move/{token}", _look),
        acting(desk, "/move/{token}", _move),
    ]


# --- asking -------------------------------------------------------------------------------------------------------


def _form(desk: Desk, reader: Reader, _request: Request) -> Response:
    return _shown(desk, reader)


def _shown(desk: Desk, reader: Reader, email: str = "", fault: str = "") -> Response:
    return desk.page(
        "own/address",
        "Another address",
        status=422 if fault else 200,
        private=True,
        token=reader.token,
        now=reader.subscriber.email,
        in_file=reader.subscriber.origin is Origin.FILE,
        email=email,
        fault=fault,
    )


def _ask(desk: Desk, reader: Reader, form: Form, request: Request) -> Response:
    """Whether anybody gets a digest at the new address already is not looked up here: who reads mail there is told."""
    if reader.subscriber.origin is Origin.FILE:
        return _shown(desk, reader)
    written = clean(form.get("email", ""))[:_LONGEST]
    try:
        email = new_address(written, reader.subscriber, desk.settings.web.domains)
    except ValueError as error:
        return _shown(desk, reader, written, str(error))
    now = desk.clock()
    heed_limit(request, "link", now)
    desk.store.wish(Wish(Errand.MOVE, email, now, subscriber=reader.subscriber.id), now)
    return next_page(desk, f"/preferences/{reader.token}/address/sent")


def new_address(written: str, subscriber: Subscriber, domains: Sequence[str]) -> str:
    """The address that somebody wrote; raises ValueError with what is wrong."""
    found = typed.email(written)
    if address(found) == address(subscriber.email):
        raise ValueError("Your digest goes to this address already.")
    if domains and domain_of(found) not in domains:
        raise ValueError(f"Only addresses at {listed(sorted(domains))} can subscribe here.")
    return found


def _sent(desk: Desk, reader: Reader, _request: Request) -> Response:
    days = wishing.LINK_WORKS.days
    paragraphs = [
        f"A mail is on its way to the new address. Its link works for {days} days.",
        f"Once its button is pressed, your digest goes there. Until then it goes to {reader.subscriber.email}.",
        "Nothing there? Look where your mail program puts what it takes for spam, and whether you typed it right.",
    ]
    back = ("Back to your preferences", f"/preferences/{reader.token}")
    return desk.says("Look into the new mailbox", *paragraphs, go=back)


def _link(desk: Desk, reader: Reader, _form: Form, request: Request) -> Response:
    """A fresh link for an old one, by mail: whoever has the old one need not be its reader."""
    now = desk.clock()
    heed_limit(request, "link", now)
    desk.store.wish(Wish(Errand.LINK, reader.subscriber.email, now), now)
    return next_page(desk, "/link/sent")


# --- confirming ---------------------------------------------------------------------------------------------------


def _look(desk: Desk, request: Request) -> Response:
    token = request.path_params["token"]
    found = asked(desk, Errand.MOVE, token)
    if found is None:
        return unknown(desk)
    if found.wish.done_at is not None and found.works:  # else it would give out fresh links for as long as it is kept
        return _moved(desk, found.wish)
    if not found.works:
        return desk.says(
            "This link has grown old",
            f"It worked for {wishing.LINK_WORKS.days} days. Ask for another on the page of your preferences:"
            " the link to it is in every digest.",
            status=410,
        )
    return desk.page("own/move", "Your new address", private=True, token=token, email=found.wish.email)


def _move(desk: Desk, _form: Form, request: Request) -> Response:
    token = request.path_params["token"]
    found = asked(desk, Errand.MOVE, token)
    if found and found.works and found.wish.done_at is None:
        try:
            desk.store.confirm_move(found.wish, desk.clock())
        except UsageError:  # something has changed since the mail went out
            return desk.says(
                "It cannot move there",
                f"{found.wish.email} gets a digest already, or may get no mail from us, or the subscription that"
                f" was to move has ended. If that surprises you, write to {desk.operator}.",
                status=409,
            )
    return next_page(desk, f"/move/{token}")


def _moved(desk: Desk, wish: Wish) -> Response:
    subscriber = desk.store.subscriber_numbered(wish.subscriber)
    if subscriber is None or address(subscriber.email) != address(wish.email):
        return desk.says("This link has done its work", "The subscription has moved on since, or has ended.")
    what = (
        f"Your digest comes to {subscriber.email} from now on, and the links in your older mails are good for nothing."
    )
    go = ("Your preferences", f"/preferences/{desk.token(subscriber, _OWN)}")
    return desk.says("It has moved", what, go=go)
