"""What a page says whose link is nobody's, has grown old, or belongs to somebody who has left."""

from starlette.responses import Response

from digest.config.domains import domain_of
from digest.model import Subscriber
from digest.rendering.language import ENGLISH
from digest.tokens import Purpose, is_proven
from digest.web.desk import LINKS_LAST, Desk, Reader


def unknown(desk: Desk) -> Response:
    """A link that this installation did not make, or made for something else, or for an address that has changed."""
    why = (
        "It may have been cut in two when it was copied. Or the subscription that it belonged to has another address by"
        " now, or was deleted."
    )
    what = "Take it from your newest digest, or have a new one mailed to you."
    return desk.says("We do not know this link", why, what, status=404, go=("Mail me my link", "/link"))


def grown_old(desk: Desk, reader: Reader) -> Response:
    """A link that was good for changing something, and is too old for that."""
    day = ENGLISH.long_day(reader.issue_date)
    why = f"It is of {day}. Links that change something of yours are good for {LINKS_LAST.days} days, for your safety."
    what = "Your newest digest has a fresh one. Or we mail you one now, to the address that the digest goes to."
    if not _is_to_preferences(desk, reader):
        return desk.says(_OLD, why, what, status=410, go=("Mail me my link", "/link"))
    return desk.says(_OLD, why, what, status=410, action=("Mail me a new link", f"/preferences/{reader.token}/link"))


_OLD = "This link has grown old"


def left(desk: Desk, reader: Reader) -> Response:
    """A page of somebody who has left; the link to their preferences brings them back, and only that one."""
    what = f"Nothing is sent to {reader.subscriber.email} any more. Your keywords and hours are still as they were."
    if not _is_to_preferences(desk, reader):
        return desk.says("You have left", "Nothing is sent to you any more.")
    back = ("Come back", f"/preferences/{reader.token}/return") if may_return(desk, reader.subscriber) else None
    away = ("Delete all of it", f"/preferences/{reader.token}/delete")
    return desk.says("You have left", what, action=back, go=away)


def _is_to_preferences(desk: Desk, reader: Reader) -> bool:
    """No other link may lead to what this one can do."""
    return is_proven(desk.keys, Purpose.PREFERENCES, reader.subscriber.email, reader.token)


def may_return(desk: Desk, subscriber: Subscriber) -> bool:
    """Whether somebody who left may come back by themselves: as they could sign up."""
    web = desk.settings.web
    return web.sign_up == "open" and (not web.domains or domain_of(subscriber.email) in web.domains)
