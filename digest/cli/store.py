"""`digest store`: the database as a whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.arguments import Now, or_now

if TYPE_CHECKING:
    from digest.config import Settings
    from digest.store.copying import Copied, Told

app = typer.Typer(help="The database: move it, between SQLite and PostgreSQL as well.", no_args_is_help=True)


@app.command("copy")
def copy(
    ctx: typer.Context,
    to: Annotated[
        str, typer.Option("--to", metavar="URL", help="An empty database: postgresql://USER@HOST/NAME, sqlite:///FILE.")
    ],
    stays: Annotated[
        bool, typer.Option("--stays", help="Leave this database in use: for a rehearsal, or a test installation.")
    ] = False,
    now: Now = None,
) -> None:
    """Move everything into another database, and compare every row.

    Stop the daemon, pages and cron first. If it is stopped or killed, run it again: it goes on where it was. Until it
    is through, this database is as it was and the new one cannot be opened; after it, the new one can be opened and
    this one cannot, so that nothing is sent from both.

    Example: digest store copy --to postgresql://digest@db.example.org/digest
    """
    from digest.cli import wiring, worker
    from digest.store import copying

    settings = wiring.load_settings(ctx.obj)
    with _shown() as told:
        copied = copying.copy(settings.store.url, to, or_now(now), told=told, is_dead=worker.is_dead, stays=stays)
    typer.echo("\n".join(_said(copied, stays=stays)))
    if not stays:
        typer.echo("\n".join(_configured(settings, to)))


@app.command("reopen")
def reopen(ctx: typer.Context) -> None:
    """Use this database again although it was moved elsewhere.

    For when the new one was given up: what was sent from there is not known here, and is sent again.

    Example: digest store reopen
    """
    from digest.cli import wiring
    from digest.store import moving

    settings = wiring.load_settings(ctx.obj)
    was_moved = moving.reopen(settings.store.url)
    typer.echo("It can be used again." if was_moved else "It was not moved: nothing to do.")


@app.command("upgrade")
def upgrade(
    ctx: typer.Context,
    force: Annotated[
        bool, typer.Option("--force", help="Although older programs are at work: they fail from then on; stop them.")
    ] = False,
) -> None:
    """Change the tables to those of this version now, as far as no older program at work needs them as they are.

    Whatever is started does the same by itself; this is for doing it at an hour of your choice, and for --force. Exit
    status 1 if something waits for older programs to be stopped.

    Example: digest store upgrade
    """
    from digest.cli import wiring
    from digest.store import migrating

    standing = migrating.bring_up(wiring.load_settings(ctx.obj).store.url, force=force)
    if standing.ahead:
        who = migrating.described(standing.in_the_way)
        typer.echo(
            f"The tables are at {standing.revision}; {standing.knows} waits: {who}. Stop them, and run this again."
        )
        raise typer.Exit(1)
    typer.echo(f"The tables are at {standing.revision}, as this version wants them.")


@contextmanager
def _shown() -> Iterator["Told"]:
    """What shows on a terminal how far it is; elsewhere nothing does."""
    from digest.cli.output import console

    with console(stderr=True).status("looking at both databases") as status:
        yield lambda done, table, rows: status.update(f"{table}: {rows:,} rows {done}")


def _said(copied: "Copied", *, stays: bool) -> Iterator[str]:
    if copied.afresh:
        yield "What an earlier attempt had brought there was out of date, and was brought anew."
    elif copied.found:
        yield f"{copied.found:,} rows were there from an earlier attempt."
    rows = sum(copied.rows.values())
    yield f"{rows:,} rows of {len(copied.rows)} tables are in {copied.target}: each was compared, and is the same."
    if stays:
        yield f"{copied.source} stays in use. Do not let both send mail: each would send everything."
    else:
        yield f"{copied.source} cannot be opened any more. Put the new one into the configuration:"


def _configured(settings: "Settings", to: str) -> Iterator[str]:
    """What to write into the configuration; the password is known to whoever gave it."""
    from sqlalchemy import make_url

    from digest.cli import wiring

    url = make_url(to)
    without = url._replace(password=None).render_as_string()
    yield f'    [store]\n    url = "{without}"{"  # and the password" if url.password else ""}'
    # The log is beside a database that is a file, unless it has a place of its own.
    if settings.delivery.log is None and (log := wiring.beside_the_database(settings.store.url)):
        yield f'    [delivery]\n    log = "{log}"'
