"""What is held of somebody: theirs to have as a file, and to have deleted."""

import json
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from digest import due
from digest.model import Origin, Suppression
from digest.rendering.language import ENGLISH
from digest.tokens import Purpose
from digest.web.desk import Desk, Reader
from digest.web.posting import Form, acting, done, next_page, seen, showing
from digest.web.safety import heed_limit

_OWN = Purpose.PREFERENCES


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """Also for those who have left."""
    return [
        showing(desk, "/preferences/{token}/export", seen(_OWN, _export, also_left=True)),
        showing(desk, "/preferences/{token}/delete", seen(_OWN, _asks, also_left=True)),
        acting(desk, "/preferences/{token}/delete", done(_OWN, _delete, also_left=True)),
        showing(desk, "/deleted", _deleted),
    ]


# --- having it ----------------------------------------------------------------------------------------------------


def _export(desk: Desk, reader: Reader, request: Request) -> Response:
    """A file that says what everything in it is; see docs/your-data.md."""
    now = desk.clock()
    heed_limit(request, "backtest", now)
    held = desk.store.export(reader.subscriber.id) or {}
    content = {"made_at": now.isoformat(), "made_by": desk.settings.site.name, "meaning": MEANING, **held}
    written = json.dumps(content, ensure_ascii=False, indent=1).encode("utf-8", "replace")
    name = f"digest-{due.local_date(reader.subscriber.schedule, now)}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Robots-Tag": "noindex"}
    return Response(written, media_type="application/json", headers=headers)


MEANING = {
    "subscribers": "your address, your profile and your schedule, and how far you have been served",
    "editions": "your digests: one a local day",
    "contents": "what was in each of those digests that are still kept, with the reasons, and your profile of that day",
    "had": "the papers that you were sent, in which version and when, so that none comes twice",
    "looks": "what your profile and settings were before you changed them, as long as a digest of then is kept",
    "deliveries": "how sending each digest went, and what the mail server said",
    "returns": "mails about your digests that came back",
    "feedback": "papers that you liked or disliked",
    "forgotten": "words that are not to be learnt from that",
    "votes": "papers that you recommended to others",
    "suggestions": "papers that you suggested, or that you judged as a curator",
    "wishes": "mails that were asked for on the pages, for your address or in your name",
    "pins": "papers that you picked for everybody as a curator",
    "suppressions": "why your address gets no mail, if it is on that list",
    "papers": "the papers that all of this speaks of, by the number that stands for them",
}


# --- having it deleted --------------------------------------------------------------------------------------------


def _asks(desk: Desk, reader: Reader, _request: Request) -> Response:
    subscriber = reader.subscriber
    return desk.page(
        "own/delete",
        "Delete everything",
        private=True,
        token=reader.token,
        email=subscriber.email,
        in_file=subscriber.origin is Origin.FILE,
        listed=_why(desk.store.suppression(subscriber.email)),
        leaves=f"/unsubscribe/{desk.token(subscriber, Purpose.UNSUBSCRIBE)}",
    )


def _why(entry: Suppression | None) -> str:
    return f"since {ENGLISH.long_day(entry.at.date())}" if entry else ""


def _delete(desk: Desk, reader: Reader, _form: Form, _request: Request) -> Response:
    listed = desk.store.suppression(reader.subscriber.email) is not None
    all_of_it = desk.store.erase(reader.subscriber.id, desk.clock())
    kept = "" if all_of_it else "file"
    return next_page(desk, f"/deleted?kept={kept or 'list'}" if kept or listed else "/deleted")


def _deleted(desk: Desk, request: Request) -> Response:
    """The same for everybody: there is nothing left to know anybody by."""
    kept = {
        "file": f"What is left is your address in the operator's configuration, and that you have left. To have that"
        f" taken out too, write to {desk.operator}.",
        "list": "What is left is your address on the list of those that we send nothing to, and why it is there.",
    }
    paragraphs = [
        "Your profile, your digests and all that you said of papers are deleted. No more digests come.",
        *filter(None, [kept.get(request.query_params.get("kept", ""))]),
        "A digest that was on its way in this very minute may still arrive. All links in your mails lead nowhere now.",
        "Backups and logs that the operator has hold what they held until they are thrown away.",
        "Thank you for having read with us.",
    ]
    return desk.says("It is all gone", *paragraphs)
