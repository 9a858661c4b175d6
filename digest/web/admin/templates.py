"""The mail as readers see it, in every theme and layout; and a test of it to the operator."""

from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from digest.errors import DigestError
from digest.model import Edition, Format, Layout, Outcome, Verdict
from digest.pacing import RELAY
from digest.rendering.page import in_mode
from digest.rendering.templates import themes
from digest.web import safety
from digest.web.admin import looks, words
from digest.web.admin.looks import Look
from digest.web.admin.visits import Visit, text
from digest.web.safety.headers import POLICY

_LONGEST = 320  # characters of an address
# A mail brings its own styles, and nothing else: it runs nothing, loads nothing, and its links open beside it.
_MAIL = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_FRAMED = f"{_MAIL}; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
_LAYOUTS = {Layout.CARDS: "Cards", Layout.COMPACT: "Compact", Layout.FULL: "Whole abstracts"}
_FORMATS = {Format.HTML: "HTML", Format.TEXT: "Plain text", Format.MARKDOWN: "Markdown"}


def show(visit: Visit) -> Response:
    """The mail in a frame, and what can be chosen."""
    return _shown(visit, _look(visit), visit.asked("of")[:_LONGEST])


def _look(visit: Visit) -> Look:
    asked, own = visit.asked, visit.desk.settings.site.theme
    return looks.read(asked("theme"), asked("layout"), asked("format"), asked("mode"), own)


def _shown(visit: Visit, look: Look, of: str, *, fault: str = "", status: int = 200) -> Response:
    edition, remark = _edition(visit, of)
    answer = visit.page(
        "templates",
        "Templates",
        status=status,
        look=look,
        themes=[(name, name.title()) for name in themes()],
        layouts=list(_LAYOUTS.items()),
        formats=list(_FORMATS.items()),
        of=of,
        remark=remark,
        day=words.on(edition.issue_date),
        query=_query(look, of),
        to=looks.recipient(visit.desk.settings) or "",
        done=visit.asked("done") == "sent",
        fault=fault,
    )
    answer.headers["Content-Security-Policy"] = f"{POLICY}; frame-src 'self'"
    return answer


def _query(look: Look, of: str) -> dict[str, str]:
    chosen = {"theme": look.theme, "layout": look.layout, "format": look.format, "of": of}
    return {**chosen, "mode": "dark" if look.dark else "light"}


def _edition(visit: Visit, of: str) -> tuple[Edition, str]:
    """Somebody's newest, or the sample; and, where it is not what was asked for, why."""
    if not of:
        return looks.sample_edition(visit.now), ""
    found = visit.desk.store.editions(of, 1)
    if found:
        return found[0], ""
    whom = visit.desk.store.subscriber(of)
    why = "Nothing that is still kept was composed for them" if whom else "Nobody is subscribed with that address"
    return looks.sample_edition(visit.now), f"{why}: this is the sample."


def mail(visit: Visit) -> Response:
    """The mail itself, for the frame."""
    look, renderer = _look(visit), looks.renderer(visit.desk.settings, visit.desk.parts, _look(visit).theme)
    try:
        bodies = renderer.bodies(looks.dressed(_edition(visit, visit.asked("of")[:_LONGEST])[0], look))
    except DigestError as error:  # a template that cannot be rendered is what one looks for here
        return _framed(PlainTextResponse(f"This cannot be shown.\n\n{error}"))
    if look.format is Format.HTML:
        return _framed(HTMLResponse(in_mode(bodies.html, dark=look.dark)))
    return _framed(PlainTextResponse(bodies.text if look.format is Format.TEXT else bodies.markdown))


def _framed(answer: Response) -> Response:
    answer.headers["Content-Security-Policy"] = _FRAMED
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    return answer


# --- the test -------------------------------------------------------------------------------------------------------


def tested(visit: Visit, given: FormData) -> Response:
    """Send it to the operator."""
    own = visit.desk.settings
    theme, layout, form, mode = (text(given, name) for name in ("theme", "layout", "format", "mode"))
    look = looks.read(theme, layout, form, mode, own.site.theme)
    of, to = text(given, "of")[:_LONGEST], looks.recipient(own)
    if to is None:
        return _shown(
            visit, look, of, fault="Nobody is named in [operator] alert: a test goes there alone.", status=422
        )
    if refused := _refused(visit):
        return _shown(visit, look, of, fault=refused, status=429)
    renderer = looks.renderer(own, visit.desk.parts, look.theme)
    outcome = looks.sent(visit.desk.parts, renderer, looks.dressed(_edition(visit, of)[0], look), to)
    visit.note(f"{_TRIED[outcome.verdict]} {to.casefold()}")
    if outcome.verdict is not Verdict.SENT:
        return _shown(visit, look, of, fault=_said(outcome), status=422)
    return visit.moved_on("/admin/templates?done=sent")


_TRIED = {
    Verdict.SENT: "sent a test to",
    Verdict.DEFERRED: "could not send a test to",
    Verdict.FAILED: "could not send a test to",
    Verdict.UNKNOWN: "perhaps sent a test to",
}


def _refused(visit: Visit) -> str:
    """Why no test can be sent now; empty if one can."""
    wait = safety.limits_of(visit.request).allow("link", "the operator's tests", visit.now)
    if wait:
        return f"That were many tests. In {words.many(-(-wait // 60), 'minute')} you can send another."
    return looks.refusal(visit.desk.store.paces().get(RELAY), visit.now)


def _said(outcome: Outcome) -> str:
    code = f"{outcome.code} " if outcome.code and not outcome.detail.startswith(str(outcome.code)) else ""
    if outcome.verdict is Verdict.UNKNOWN:
        return f"It may have arrived, or not: the connection broke. {code}{outcome.detail}"
    return f"The test was not sent. The mail server said: {code}{outcome.detail}"
