"""`digest preview`: look at a digest without any effect."""

import sys
from dataclasses import replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli.arguments import Now, or_now, read_date

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from digest.cli.wiring import Installation
    from digest.model import Announcement, Edition
    from digest.rendering import Renderer
    from digest.store import Store


class Shape(StrEnum):
    """What to print of a digest."""

    HTML = "html"
    TEXT = "text"
    MD = "md"
    EML = "eml"


def preview(
    ctx: typer.Context,
    email: Annotated[str | None, typer.Argument(help="The subscriber; without it, the first one.")] = None,
    day: Annotated[
        date | None,
        typer.Option(
            "--date", parser=read_date, metavar="DATE", help="The edition of that day, sent or as it would have been."
        ),
    ] = None,
    shape: Annotated[
        Shape | None, typer.Option("--format", help="Print this alone; without it, a page with everything.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    now: Now = None,
) -> None:
    """Render a subscriber's digest, without any effect on what will be sent.

    Example: digest preview ann@example.org --open
    """
    from digest.cli import wiring
    from digest.cli.logs import quiet

    quiet()
    with wiring.installation(ctx.obj) as home:
        edition = _edition(home, email, day, or_now(now))
        content = _render(home.renderer, edition, shape)
    path = output or _default_path(shape, open_=open_)
    if path is None:
        sys.stdout.buffer.write(content)
        return
    path.write_bytes(content)
    typer.echo(f"{edition.subscriber.email}, {edition.issue_date}: {path}", err=True)
    if open_:
        typer.launch(str(path))


def _default_path(shape: Shape | None, *, open_: bool) -> Path | None:
    if shape is None:
        return Path("preview.html")
    return Path(f"preview.{shape}") if open_ else None


def _edition(home: "Installation", email: str | None, day: date | None, now: "datetime") -> "Edition":
    from digest import due, pipeline

    subscriber = home.subscriber(email, now)
    if day and (stored := home.store.edition(subscriber.email, day)):
        return stored
    plan = due.plan(subscriber.schedule, subscriber.last_issue, now, early=True)
    upcoming = plan.issue_date or due.local_date(subscriber.schedule, plan.next_due)
    if day is None or day >= upcoming:
        (edition,) = pipeline.compose_for(home.parts, [(subscriber, day or upcoming)], now)
        return edition
    parts = replace(home.parts, store=_DayOf(home.store, day))
    (edition,) = pipeline.compose_for(parts, [(replace(subscriber, cursor=0), day)], now)
    return edition


class _DayOf:
    """A store that holds one past day's news, for an edition that was never composed."""

    def __init__(self, store: "Store", day: date) -> None:
        self._store = store
        self._day = day

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def window(self, after: int) -> "list[Announcement]":
        return [a for a in self._store.window(after) if a.day == self._day]

    def sent(self, subscribers: "Collection[int]", listings: "Collection[int]") -> "Mapping[int, frozenset[int]]":  # noqa: ARG002
        return {}


def _render(renderer: "Renderer", edition: "Edition", shape: Shape | None) -> bytes:
    from digest.rendering.page import preview_page

    match shape:
        case None:
            return preview_page(renderer, edition).encode()
        case Shape.EML:
            return renderer.message(edition).content
    bodies = renderer.bodies(edition)
    return {Shape.HTML: bodies.html, Shape.TEXT: bodies.text, Shape.MD: bodies.markdown}[shape].encode()
