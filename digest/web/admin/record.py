"""What was changed on these pages, and which papers readers suggest."""

from starlette.responses import Response

from digest.model import Judged
from digest.web.admin.visits import Visit

PAGE = 100  # lines
_SUGGESTIONS = 50


def deeds(visit: Visit) -> Response:
    """What was changed, newest first, page by page."""
    before = visit.asked("before")
    number = int(before) if before.isdecimal() and before.isascii() and len(before) <= 18 else None
    found = visit.desk.store.deeds(PAGE + 1, number)
    return visit.page(
        "log",
        "Log",
        rows=[(deed.what, deed.who, visit.when(deed.at)) for _, deed in found[:PAGE]],
        before=found[PAGE - 1][0] if len(found) > PAGE else "",
    )


def suggestions(visit: Visit) -> Response:
    """What readers would show to everybody, and no curator has judged yet."""
    store = visit.desk.store
    rows = [
        (listing, visit.when(one.at), by.email if (by := store.subscriber_numbered(one.subscriber)) else "")
        for one in store.suggestions(Judged.OPEN, _SUGGESTIONS)
        if (listing := store.listing(one.listing))
    ]
    curators = visit.desk.settings.web.curators
    return visit.page("suggestions", "Suggestions", rows=rows, curators=curators)
