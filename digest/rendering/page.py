"""The preview: one local page that shows a digest as its readers will see it."""

from dataclasses import dataclass
from math import ceil

from digest.model import Edition
from digest.rendering.renderer import HTML_BUDGET, Renderer

CLIPPED_AT = 102 * 1024  # bytes of HTML after which Gmail shows "[Message clipped]"

_DARK_QUERY = "@media (prefers-color-scheme: dark)"
_PHONE, _DESKTOP = 375, 700


@dataclass(frozen=True, slots=True)
class Frame:
    """The HTML at one width, as light or dark as asked for, whatever the browser prefers."""

    title: str
    width: int
    dark: bool
    html: str


@dataclass(frozen=True, slots=True)
class Weight:
    """How heavy the HTML is."""

    kilobytes: int
    limit: int
    share: int  # per cent of the limit, at most 100
    folds: bool  # cards were, or nearly were, left out


def preview_page(renderer: Renderer, edition: Edition) -> str:
    """A page of HTML that needs nothing but itself: no script, no network. Raises as `Renderer.email` does."""
    bodies = renderer.bodies(edition)
    email = renderer.email(edition)
    return renderer.templates.render(
        "preview.html",
        bodies=bodies,
        headers=tuple((name, str(value)) for name, value in email.items()),
        recipient=edition.subscriber.email,
        kind=str(edition.subscriber.format),
        frames=_frames(bodies.html),
        weight=_weight(len(bodies.html.encode())),
    )


def _frames(html: str) -> tuple[Frame, ...]:
    sizes = (("Phone", _PHONE), ("Desktop", _DESKTOP))
    return tuple(
        Frame(f"{name}, {width} px, {'dark' if dark else 'light'}", width, dark, _in_mode(html, dark=dark))
        for dark in (False, True)
        for name, width in sizes
    )


def _in_mode(html: str, *, dark: bool) -> str:
    """The page with its dark rules switched on or off for good, and links that open beside the preview."""
    query, scheme = ("@media all", "dark") if dark else ("@media not all", "light")
    paper = "#1e1e1e" if dark else "#ffffff"
    head = (
        f'<head><base target="_blank"><style>html {{ color-scheme: {scheme} !important; background: {paper}; }}</style>'
    )
    return html.replace(_DARK_QUERY, query).replace("<head>", head, 1)


def _weight(size: int) -> Weight:
    return Weight(
        kilobytes=ceil(size / 1024),
        limit=CLIPPED_AT // 1024,
        share=min(100, ceil(100 * size / CLIPPED_AT)),
        folds=size > HTML_BUDGET * 0.97,
    )
