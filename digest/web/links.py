"""What a page says whose link is nobody's, has grown old, or belongs to somebody who has left."""

from starlette.responses import Response

from digest.web.desk import LINKS_LAST, Desk, Reader


def unknown(desk: Desk) -> Response:
    """A link that this installation did not make, or made for something else, or for an address that has changed."""
    paragraphs = [
        "It may have been cut in two when it was copied, or it belongs to an address that has changed since, or whoever"
        " had it was deleted.",
        "Take it from your newest digest, or have a new one mailed to you.",
    ]
    go = ("Mail me my link", "/link")
    return desk.page("says", "Unknown link", status=404, head="We do not know this link", private=True,
                     paragraphs=paragraphs, go=go)  # fmt: skip


def grown_old(desk: Desk, reader: Reader) -> Response:
    """A link that was good for changing something, and is too old for that."""
    paragraphs = [
        f"It is from {said(reader)}, and links like this one are good for {LINKS_LAST.days} days, so that an old mail in"
        " the wrong hands changes nothing of yours.",
        "Your newest digest has a fresh one. Or we mail you one now, to the address that the digest goes to.",
    ]
    action = ("Mail me a new link", f"/preferences/{reader.token}/link")
    return desk.page("says", "An old link", status=410, head="This link has grown old", private=True,
                     paragraphs=paragraphs, action=action)  # fmt: skip


def left(desk: Desk, reader: Reader) -> Response:
    """The preferences of somebody who has left."""
    paragraphs = [
        f"Nothing is sent to {reader.subscriber.email} any more. Your keywords and hours are still as they were.",
    ]
    action = ("Come back", f"/preferences/{reader.token}/return")
    return desk.page("says", "You have left", head="You have left", private=True, paragraphs=paragraphs, action=action)


def said(reader: Reader) -> str:
    """The day of a reader's link as people say it: "18 June 2026"."""
    return f"{reader.issue_date.day} {reader.issue_date:%B %Y}"
