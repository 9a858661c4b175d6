"""`digest web`: the pages alone, and what they need."""

import sys
from typing import Annotated

import typer

from digest.cli.arguments import Now, or_now
from digest.errors import UsageError

app = typer.Typer(
    help="Serve the pages: sign-up, preferences, archive, leaving.",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def web(
    ctx: typer.Context,
    host: Annotated[str | None, typer.Option(help="The address to listen at; else web.host.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port; else web.port, else 8080. 0 is a free one.")
    ] = None,
) -> None:
    """Serve the pages in this process, and mail what is asked for there, until SIGTERM, SIGHUP or Ctrl-C.

    `digest run` does the same beside its deliveries where web.port is set. Alone, the pages can run as another user,
    in another container, or (with PostgreSQL) on another machine.

    Example: digest web --port 8080
    """
    if ctx.invoked_subcommand is not None:
        return
    from datetime import UTC, datetime

    from digest import daemon
    from digest.cli import attending, logs, pages, wiring

    settings = wiring.load_settings(ctx.obj)
    if settings.site.url is None:
        raise UsageError(
            f'Pages need to know where people reach them: set site.url; to try it out, "http://localhost:{port or pages.PORT}".'
        )
    logs.verbose(logs.hiding(settings))
    stop = daemon.Stop()
    with (
        pages.listening(settings, host, port) as where,
        wiring.installation(ctx.obj, datetime.now(UTC)) as home,
        daemon.signals_set(stop),
        attending.at_work(home.store, home.parts.worker, stop.set),
    ):
        pages.serve(pages.desk_of(home, daemon.utc_now), where, stop.is_set)


@app.command("password")
def password(ctx: typer.Context) -> None:
    """Choose the operator's password for URL/admin; only its hash is kept, in admin.password_file.

    Asks for it, or reads one line from standard input if that is no terminal. Whoever is logged in with the password
    before has to log in again.

    Example: digest web password
    """
    from digest.cli import wiring
    from digest.cli.init import write_private
    from digest.web.admin.passwords import hashed

    file = wiring.load_settings(ctx.obj).admin.password_file
    if file is None:
        raise UsageError('Say where its hash is to be kept, in [admin]: password_file = "admin-password"')
    chosen = _chosen()
    if len(chosen) < _SHORTEST:
        raise UsageError(f"That is too short to stand on the open internet: take {_SHORTEST} characters or more.")
    try:
        write_private(file, f"{hashed(chosen)}\n")
    except ValueError as error:
        raise UsageError(f"{str(error).capitalize()}.") from None
    typer.echo(f"{file} holds its hash, for your eyes only. Pages that are running know it at once.")


_SHORTEST = 10  # characters


def _chosen() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt="Once more"))
    return sys.stdin.readline().rstrip("\r\n")


@app.command("rotate-keys")
def rotate_keys(
    ctx: typer.Context,
    leaked: Annotated[
        bool, typer.Option("--leaked", help="The keys so far got into other hands: no link that they signed is good.")
    ] = False,
    now: Now = None,
) -> None:
    """Sign links with a new key from now on. Links that were signed before stay good for 180 days.

    Pages that are running believe the new key within a minute; `digest run` signs with it from its next start on.
    What Message-IDs are made of stays as it is, since by them nothing is sent twice.

    Example: digest web rotate-keys
    """
    from digest.cli import logs, wiring

    logs.quiet()
    moment = or_now(now)
    with wiring.store_of(wiring.load_settings(ctx.obj), create=False) as store:
        store.rotate_keys(moment, leaked=leaked)
        before = len(store.keys(moment)) - 1
    typer.echo(_rotated(before))


def _rotated(before: int) -> str:
    """What to do now that there is a new key, and so many `before` it."""
    if not before:
        return (
            "A new key signs links, and no link in any mail so far is good. Restart `digest run` at once: until then, what"
            " it sends has links that are not good either. Readers get new ones with their next digest, or at URL/link."
        )
    others = "the one before it stays" if before == 1 else f"the {before} before it stay"
    return (
        f"A new key signs links; {others} good for 180 days. Restart `digest run`, so that it signs with the new one."
    )
