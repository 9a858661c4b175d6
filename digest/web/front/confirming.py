"""Confirming a sign-up: opening the link shows what will come, pressing the button makes it come."""

from collections.abc import Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from digest.errors import UsageError
from digest.model import Errand, Status, Subscriber, Wish
from digest.tokens import Purpose
from digest.web.coming import comes, daily
from digest.web.desk import Desk
from digest.web.wished import asked

_SUBSCRIBED = (Status.ACTIVE, Status.PAUSED)


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """Where the link in the mail leads."""
    path = "/confirm/{token}"
    return [Route(path, partial(_look, desk)), Route(path, partial(_confirm, desk), methods=["POST"])]


def _look(desk: Desk, request: Request) -> Response:
    token = request.path_params["token"]
    found = asked(desk, Errand.SIGN_UP, token)
    if found is None or found.wish.wanted is None:
        return _unknown(desk)
    if not found.works:
        return _old(desk)
    if found.wish.done_at is not None:
        return _done(desk, desk.store.subscriber(found.wish.email))
    return _open(desk, found.wish, found.wish.wanted, token)


def _confirm(desk: Desk, request: Request) -> Response:
    token = request.path_params["token"]
    found = asked(desk, Errand.SIGN_UP, token)
    if found and found.works:
        try:
            desk.store.confirm_wish(found.wish, desk.clock())
        except UsageError:  # on the suppression list since the mail went out
            return _refused(desk, found.wish.email)
    return RedirectResponse(f"{desk.at}/confirm/{token}", 303)


# --- what the page says -------------------------------------------------------------------------------------------


def _open(desk: Desk, wish: Wish, wanted: Subscriber, token: str) -> Response:
    return desk.page(
        "front/confirm",
        "Confirm your subscription",
        private=True,
        email=wish.email,
        keywords=wanted.profile.keywords,
        daily=daily(wanted.schedule),
        token=token,
    )


def _done(desk: Desk, subscriber: Subscriber | None) -> Response:
    if subscriber is None or subscriber.status not in _SUBSCRIBED:
        return _left(desk)
    return desk.page(
        "front/welcome",
        "You are in",
        private=True,
        email=subscriber.email,
        first=comes(subscriber, desk.clock()),
        daily=daily(subscriber.schedule),
        which="first" if subscriber.last_issue is None else "next",
        is_every_day=len(subscriber.schedule.days) == 7,
        preferences=f"/preferences/{desk.token(subscriber, Purpose.PREFERENCES)}",
    )


def _unknown(desk: Desk) -> Response:
    paragraphs = [
        "It may have been cut in two when it was copied. Or you asked again since: then the newest mail has the one that works.",
        "If neither helps, just subscribe once more.",
    ]
    return desk.says("We do not know this link", *paragraphs, status=404, go=("Subscribe", "/#subscribe"))


def _old(desk: Desk) -> Response:
    paragraphs = [
        "A link to confirm works for three days, and this one had them.",
        "Are you subscribed already? Then nothing is to be done. Else ask for a new mail.",
    ]
    return desk.says("This link has grown old", *paragraphs, status=410, go=("Subscribe again", "/#subscribe"))


def _left(desk: Desk) -> Response:
    paragraphs = ["This subscription was confirmed, and has ended since.", "You are welcome back at any time."]
    return desk.says("You have left", *paragraphs, go=("Subscribe again", "/#subscribe"))


def _refused(desk: Desk, email: str) -> Response:
    paragraphs = [
        f"{email} is on the list of addresses that we send nothing to: mail to it came back, or we were asked to stop.",
        f"If you would like to get the digest there, write to {desk.operator}.",
    ]
    return desk.says("We may not write to this address", *paragraphs, status=409)
