"""The preview: a page that shows a digest as its readers will see it, and what can be said of it.

Served by `digest preview --open`, which gives it controls, or as one file that needs nothing but itself.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from math import ceil

from digest.model import Edition, Format
from digest.rendering import HTML_BUDGET, Bodies
from digest.rendering.remarks import Grade, Remark, remarks
from digest.rendering.remarks.body import CLIPPED_AT
from digest.rendering.remarks.mail import Mail
from digest.rendering.templates import Templates

PHONE, DESKTOP = 375, 760  # CSS pixels
PANELS = {
    "mail": "Mail",
    "text": "Text",
    "markdown": "Markdown",
    "headers": "Headers",
    "source": "Source",
    "remarks": "Remarks",
}
_IN_A_FILE = ("mail", "text", "markdown", "headers", "remarks")


# --- what is shown ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Look:
    """One edition in every form, the message it is sent as, and what there is to say of that."""

    edition: Edition
    bodies: Bodies
    content: bytes  # the message as it would go out
    remarks: tuple[Remark, ...]

    @property
    def mark(self) -> str:
        """Another one for another content."""
        return sha256(self.bodies.html.encode()).hexdigest()[:12]

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        mail = Mail(self.content)
        return tuple((name, mail.header(name)) for name in mail.message.keys())  # noqa: SIM118

    @property
    def source(self) -> str:
        return self.content.decode("utf-8", "replace").replace("\r\n", "\n")


def look(edition: Edition, bodies: Bodies, content: bytes, now: datetime) -> Look:
    """An edition, with the remarks on its message."""
    return Look(edition, bodies, content, remarks(content, now))


@dataclass(frozen=True, slots=True)
class Frame:
    """The HTML at one width, in one mode: at a URL, or as it is."""

    title: str
    width: int
    dark: bool
    url: str = ""
    html: str = ""


def in_mode(html: str, *, dark: bool) -> str:
    """The page as light or dark, whatever the browser prefers, and links that open beside the preview."""
    wanted, other = ("dark", "light") if dark else ("light", "dark")
    paper = "#1e1e1e" if dark else "#ffffff"
    switched = _scheme(_scheme(html, wanted, "(min-width: 0)"), other, "(max-width: 0)")
    head = (
        f'<base target="_blank"><style>html {{ color-scheme: {wanted} !important; background: {paper}; }}</style>'
        '<meta name="referrer" content="no-referrer">'
    )
    return re.sub(r"(<head[^>]*>|\A(?!.*<head))", rf"\1{head}", switched, count=1, flags=re.DOTALL | re.IGNORECASE)


def _scheme(html: str, mode: str, condition: str) -> str:
    return re.sub(rf"\(\s*prefers-color-scheme\s*:\s*{mode}\s*\)", condition, html, flags=re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Weight:
    """How heavy the HTML is."""

    kilobytes: int
    limit: int
    share: int  # per cent of the limit, at most 100
    folds: bool  # cards were, or nearly were, left out


def weight(html: str) -> Weight:
    """Against what Gmail shows before it cuts."""
    size = len(html.encode())
    return Weight(
        kilobytes=ceil(size / 1024),
        limit=CLIPPED_AT // 1024,
        share=min(100, ceil(100 * size / CLIPPED_AT)),
        folds=size > HTML_BUDGET * 0.97,
    )


def verdict(found: Sequence[Remark]) -> str:
    """What the remarks come to: "2 faults, 1 warning"."""
    counts = Counter(remark.grade for remark in found)
    named = ((Grade.FAULT, "fault"), (Grade.WARNING, "warning"))
    said = [f"{counts[grade]} {word}{'s' * (counts[grade] > 1)}" for grade, word in named if counts[grade]]
    return ", ".join(said) or "nothing to remark"


# --- how it is shown ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several, at its own URL."""

    value: str
    label: str
    chosen: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class Menu:
    """Several to choose from."""

    name: str
    label: str
    choices: tuple[Choice, ...]
    typed: str | None = None  # there are so many that one is typed: what is typed already

    @property
    def changed(self) -> bool:
        """Whether something else is chosen than what is configured, which comes first and has no value."""
        return not any(choice.chosen and not choice.value for choice in self.choices)


@dataclass(frozen=True, slots=True)
class Controls:
    """What the served page can be asked for."""

    panels: tuple[Choice, ...]
    menus: tuple[Menu, ...]  # who and when
    tries: tuple[Menu, ...]  # what may be tried out
    switches: tuple[Menu, ...]  # of the mail's frames
    kept: Mapping[str, str]  # what a form passes on
    reset: str  # URL without what is tried out; empty if nothing is
    message: str  # URL of the message itself


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is nothing to see."""

    title: str
    lines: tuple[tuple[str, str], ...]  # (where, what)
    excerpt: tuple[tuple[int, str, bool], ...] = ()  # (number, line, whether this is the one)
    choices: tuple[Choice, ...] = ()  # ways on


@dataclass(frozen=True, slots=True)
class Session:
    """One answer of the server."""

    nonce: str  # lets this page's own style and script through its policy
    version: int  # of what is shown; see `/changes`


def file_page(templates: Templates, shown: Look) -> str:
    """Everything at once: no script, no network. Raises TemplateError if the page's own template cannot be rendered."""
    html = shown.bodies.html
    sizes = (("Phone", PHONE), ("Desktop", DESKTOP))
    frames = [
        Frame(f"{name}, {width} px, {'dark' if dark else 'light'}", width, dark=dark, html=in_mode(html, dark=dark))
        for dark in (False, True)
        for name, width in sizes
    ]
    return _page(templates, shown, panels=_IN_A_FILE, frames=frames)


def served_page(  # noqa: PLR0913, PLR0917
    templates: Templates, shown: Look, controls: Controls, panel: str, frames: Sequence[Frame], session: Session
) -> str:
    """One panel, and controls for the rest. Raises as `file_page` does."""
    return _page(templates, shown, panels=(panel,), frames=frames, controls=controls, session=session)


def trouble_page(templates: Templates, trouble: Trouble, controls: Controls | None, session: Session) -> str:
    """Why there is nothing to see, in its place. Raises as `file_page` does."""
    return templates.render(
        "web/preview.html", trouble=trouble, controls=controls, session=session, shown=None, panels=()
    )


_SENT_AS = {
    Format.HTML: "HTML and plain text",
    Format.TEXT: "plain text alone",
    Format.MARKDOWN: "Markdown alone",
}


def _page(  # noqa: PLR0913
    templates: Templates,
    shown: Look,
    *,
    panels: Sequence[str],
    frames: Sequence[Frame],
    controls: Controls | None = None,
    session: Session | None = None,
) -> str:
    return templates.render(
        "web/preview.html",
        shown=shown,
        subscriber=shown.edition.subscriber,
        sent_as=_SENT_AS[shown.edition.subscriber.format],
        has_html=shown.edition.subscriber.format is Format.HTML,
        weight=weight(shown.bodies.html),
        verdict=verdict(shown.remarks),
        panels=[(name, PANELS[name]) for name in panels],
        frames=frames,
        controls=controls,
        session=session,
        trouble=None,
    )
