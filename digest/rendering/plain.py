"""The plain path: view -> Jinja page -> inlined styles -> `email`. One reader, one page, no memory.

What the assembly falls back on where a template asks for more than it can give, and what it is measured by: both say
the same.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence

from markupsafe import Markup, escape

from digest.rendering.cards import Card
from digest.rendering.escaping import Ready
from digest.rendering.excerpts import Run, Runs
from digest.rendering.inlining import inline
from digest.rendering.language import Language
from digest.rendering.reasons import Why
from digest.rendering.templates import Templates
from digest.rendering.view import CardSection, View, folded

HTML_BUDGET = 95_000  # bytes; Gmail cuts a message at about 102 KB of HTML


def subtype(ending: str) -> str:
    """Markdown is not sent as text/markdown (RFC 7763): most mail programs show that as an attachment."""
    return "html" if ending == "html" else "plain"


def body(ending: str, digest: View, templates: Templates, own: Language) -> str:
    """The digest in one form, "html", "txt" or "md"; of HTML as many of the first papers as fit.

    Raises:
        TemplateError: a template cannot be rendered.
    """
    said = whole(ending, digest, templates, own)
    if ending != "html" or not _is_too_long(said) or not digest.count:
        return said

    def shorter(keep: int) -> str:
        return whole(ending, folded(digest, keep, own), templates, own)

    most = bisect_left(range(digest.count), x=True, key=lambda keep: _is_too_long(shorter(keep)))
    return shorter(max(most - 1, 0))


def _is_too_long(html: str) -> bool:
    return len(html.encode()) + html.count("\n") > HTML_BUDGET  # a line end is two bytes in mail


def whole(ending: str, digest: View, templates: Templates, own: Language) -> str:
    """The same, every paper in it."""
    return html(digest, templates, own) if ending == "html" else text(ending, digest, templates, own)


def text(ending: str, digest: View, templates: Templates, own: Language) -> str:
    """Plain text or Markdown, every paper in it."""

    def cards(section: CardSection) -> str:
        return Ready("\n\n".join(card_text(ending, card, templates, own) for card in section.cards))

    return squeezed(templates.render(f"digest.{ending}", own, digest=digest, cards=cards)) + "\n"


def card_text(ending: str, card: Card, templates: Templates, own: Language) -> str:
    return squeezed(templates.render(f"{card.template}.{ending}", own, card=card))


def squeezed(text: str) -> str:
    """Without blank lines at its ends, and no two in a row."""
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")


def html(digest: View, templates: Templates, own: Language) -> str:
    """The page, its styles written into its tags."""

    def cards(section: CardSection) -> Markup:
        return Markup().join(card_html(card, templates, own) for card in section.cards)

    return inline(page(digest, cards, templates, own)).rstrip("\n") + "\n"


def page(digest: View, cards: Callable[[CardSection], object], templates: Templates, own: Language) -> str:
    """The HTML page, its styles not yet written into its tags."""
    return templates.render("digest.html", own, digest=digest, cards=cards)


def card_html(card: Card, templates: Templates, own: Language) -> Markup:
    def runs(stretches: Runs) -> Markup:
        return Markup().join(run_html(run, templates, own) for run in stretches)

    def whys(reasons: Sequence[Why]) -> Markup:
        return parted(own).join(why_html(why, templates, own) for why in reasons)

    return rendered(f"{card.template}.html", templates, own, card=card, runs=runs, whys=whys)


def run_html(run: Run, templates: Templates, own: Language) -> Markup:
    """One stretch of a title or an abstract."""
    return rendered("run.html", templates, own, run=run)


def why_html(why: Why, templates: Templates, own: Language) -> Markup:
    """One reason."""
    return rendered("why.html", templates, own, why=why)


def parted(own: Language) -> Markup:
    """What stands between two reasons."""
    return Markup(escape(own.gettext("; ")))  # noqa: S704 - just escaped


def rendered(name: str, templates: Templates, own: Language, **context: object) -> Markup:
    return Markup(templates.render(name, own, **context).strip("\n"))  # noqa: S704 - the template escapes
