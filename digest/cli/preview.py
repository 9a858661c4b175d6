"""`digest preview`: look at a digest without any effect."""

import sys
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.arguments import Now, or_now, read_date

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from digest.cli.live.asked import Asked
    from digest.cli.wiring import Installation
    from digest.model import Edition


class Shape(StrEnum):
    """What to print of a digest."""

    HTML = "html"
    TEXT = "text"
    MD = "md"
    EML = "eml"


_PANELS = {Shape.HTML: "mail", Shape.TEXT: "text", Shape.MD: "markdown", Shape.EML: "source"}


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
    open_: Annotated[
        bool, typer.Option("--open", help="Look at it in the browser, live: it follows every change until Ctrl-C.")
    ] = False,
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65535, help="With --open: the port of this machine to serve at.")
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="As --open, but only print the address.")] = False,
    now: Now = None,
) -> None:
    """Render a subscriber's digest, without any effect on what will be sent.

    Example: digest preview ann@example.org --open
    """
    from digest.cli.logs import quiet
    from digest.errors import UsageError

    quiet()
    if open_ or no_browser:
        if output:
            raise UsageError("--output writes a file, --open serves a page: take one of them.")
        _serve(ctx.obj, _asked(email, day, shape), port or 0, now, browser=not no_browser)
        return
    if port is not None:
        raise UsageError("--port goes with --open: without it, nothing is served.")
    _write(ctx.obj, email, day, shape, output, or_now(now))


# --- once ---------------------------------------------------------------------------------------------------------


def _write(
    config: Path | None, email: str | None, day: date | None, shape: Shape | None, output: Path | None, now: "datetime"
) -> None:
    from digest.cli import wiring
    from digest.cli.live.editions import composed, published

    with wiring.installation(config) as home:
        subscriber = home.subscriber(email, now)
        edition = published(home, subscriber, day) or composed(home, subscriber, day, now)
        content = _rendered(home, edition, shape, now)
    path = output or (Path("preview.html") if shape is None else None)
    if path is None:
        sys.stdout.buffer.write(content)
        return
    path.write_bytes(content)
    typer.echo(f"{edition.subscriber.email}, {edition.issue_date}: {path}", err=True)


def _rendered(home: "Installation", edition: "Edition", shape: Shape | None, now: "datetime") -> bytes:
    from digest.rendering.page import file_page, look

    if shape is Shape.EML:
        return _message(home, edition)
    bodies = home.renderer.bodies(edition)
    if shape is None:
        shown = look(edition, bodies, _message(home, edition), now)
        return file_page(home.renderer.templates, shown).encode()
    return {Shape.HTML: bodies.html, Shape.TEXT: bodies.text, Shape.MD: bodies.markdown}[shape].encode()


def _message(home: "Installation", edition: "Edition") -> bytes:
    """The very bytes that would go out."""
    from digest.cli.wiring import make_signer

    signer, content = make_signer(home.settings), home.renderer.message(edition).content
    return signer.signed(content) if signer else content


# --- live ---------------------------------------------------------------------------------------------------------


def _asked(email: str | None, day: date | None, shape: Shape | None) -> "Asked":
    from digest.cli.live.asked import Asked

    return Asked(to=email or "", day=day.isoformat() if day else "", show=_PANELS[shape] if shape else "")


def _serve(config: Path | None, asked: "Asked", port: int, now: "datetime | None", *, browser: bool) -> None:
    import os
    from contextlib import closing, suppress

    from digest.cli.live.desk import Desk
    from digest.cli.live.server import HOST, listen, serving
    from digest.config import find

    find(config, os.environ)  # one with faults is shown on the page; none at all is said at once
    clock: Callable[[], datetime] = lambda: or_now(now)  # noqa: E731
    with closing(Desk(config, clock)) as desk, closing(listen(port)) as sock, serving(desk) as (server, path):
        url = f"http://{HOST}:{sock.getsockname()[1]}{asked.url(path)}"
        typer.echo(
            f"{url}\nIt follows every change of templates, configuration and database. Ctrl-C ends it.", err=True
        )
        if browser and not _opened(url):
            typer.echo("No browser was found here: open the address yourself.", err=True)
        with suppress(KeyboardInterrupt):
            server.run(sockets=[sock])


def _opened(url: str) -> bool:
    """Show the address in a browser with windows; one of the terminal would take the terminal from us."""
    import os
    import webbrowser

    windows = sys.platform in ("darwin", "win32") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")))
    return windows and webbrowser.open(url)
