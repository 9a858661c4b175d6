"""The commands, put together. Modules here import what is heavy inside functions, so that `digest --help` answers at once."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from digest import __version__
from digest.cli import (
    backtest,
    backup,
    bounces,
    check,
    cluster,
    demo,
    dkim,
    explain,
    feedback,
    init,
    preview,
    profile,
    pull,
    rank,
    run,
    search,
    send,
    status,
    store,
    subscribers,
    suppressions,
    templates,
    vacuum,
    web,
)
from digest.errors import DigestError

app = typer.Typer(
    name="digest",
    help="Your daily digest of new research papers: pulled, ranked for your keywords, mailed at your hour.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"digest {__version__}")
        raise typer.Exit


@app.callback()
def options(
    ctx: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", help="The configuration; else ./config.toml, else $XDG_CONFIG_HOME/digest/config.toml."
        ),
    ] = None,
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """What every command shares."""
    ctx.obj = config


app.command("init")(init.init)
app.command("check")(check.check)
app.command("pull")(pull.pull)
app.command("preview")(preview.preview)
app.command("send")(send.send)
app.command("run")(run.run)
app.command("worker")(cluster.worker)
app.add_typer(web.app, name="web")
app.add_typer(subscribers.app, name="subscribers")
app.command("bounces")(bounces.bounces)
app.add_typer(suppressions.app, name="suppressions")
app.add_typer(templates.app, name="templates")
app.command("status")(status.status)
app.command("vacuum")(vacuum.vacuum)
app.command("backup")(backup.backup)
app.add_typer(store.app, name="store")
app.add_typer(dkim.app, name="dkim")
app.command("search")(search.search)
app.command("rank")(rank.rank)
app.command("feedback")(feedback.feedback)
app.add_typer(profile.app, name="profile")
app.command("explain")(explain.explain)
app.command("backtest")(backtest.backtest)
app.command("demo")(demo.demo)


def main() -> None:
    """Run the command line; what we raise on purpose, or a file refuses, is said in one line, not as a traceback."""
    _open_streams()
    try:
        app()
    except DigestError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        what = error.strerror or str(error)
        print(f"{error.filename}: {what}" if error.filename else what, file=sys.stderr)
        sys.exit(2)


def _open_streams() -> None:
    """A program started with its output closed (`>&-`) has None for it, which nothing can be written to."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - for good
