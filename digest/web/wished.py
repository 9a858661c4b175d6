"""The links in mails that were asked for on a page: /confirm/TOKEN of a sign-up, /move/TOKEN of a new address."""

from typing import NamedTuple

from itsdangerous import BadData

from digest import wishing
from digest.model import Errand, Wish
from digest.web.desk import Desk

_SEALS = {Errand.SIGN_UP: "confirm", Errand.MOVE: "move"}


class Asked(NamedTuple):
    """The wish that a link confirms."""

    wish: Wish
    works: bool  # whether the link is still good


def link(desk: Desk, wish: Wish) -> str:
    """The URL that confirms the wish as it is now: whatever is asked anew has a link of its own."""
    name = _SEALS[wish.errand]
    token = desk.seal(name).dumps([wish.id, _mark(wish)])
    return f"{desk.base}/{name}/{token}"


def asked(desk: Desk, errand: Errand, token: str) -> Asked | None:
    """The wish that this token confirms, confirmed before or not; None if there is none, or it was asked anew since."""
    try:
        number, mark = desk.seal(_SEALS[errand]).loads(token)
    except (BadData, ValueError, TypeError):
        return None
    wish = desk.store.wish_numbered(number)
    if wish is None or wish.errand is not errand or mark != _mark(wish):
        return None
    return Asked(wish, wishing.works(wish, desk.clock()))


def _mark(wish: Wish) -> int:
    """When it was asked, which is never the same twice, in microseconds."""
    return int(wish.at.timestamp() * 1_000_000)
