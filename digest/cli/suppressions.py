"""`digest suppressions`: the addresses that no mail is sent to."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.arguments import Json, Now, or_now
from digest.errors import UsageError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from digest.store import Store

app = typer.Typer(
    name="suppressions",
    help="The addresses that no mail is sent to: list, add, remove, import, export.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

Email = Annotated[str, typer.Argument(help="The address.", show_default=False)]


def _store(ctx: typer.Context, sync: datetime | None = None) -> "AbstractContextManager[Store]":
    from digest.cli import wiring
    from digest.cli.logs import quiet

    quiet()
    return wiring.store_of(wiring.load_settings(ctx.find_root().obj), sync, create=sync is not None)


@app.command("list")
def list_(ctx: typer.Context, as_json: Json = False) -> None:
    """Show which addresses get no mail, since when and why.

    Example: digest suppressions list
    """
    from digest.cli import output

    with _store(ctx) as store:
        entries = store.suppressions()
    if as_json:
        output.emit_json(entries)
    elif not entries:
        typer.echo("Nobody: every subscriber's address may get mail.")
    else:
        columns = ["address", "why", "since", "what was said"]
        output.table(None, columns, [[e.email, e.cause, e.at, e.detail or None] for e in entries])


@app.command("add")
def add(
    ctx: typer.Context,
    email: Email,
    detail: Annotated[str, typer.Option("--reason", help="Why, in your words.")] = "",
    now: Now = None,
) -> None:
    """Send nothing to an address any more, whether it is a subscriber's or not; what waits for it is cancelled.

    Example: digest suppressions add ann@example.org --reason "she asked by phone"
    """
    from digest.cli import blocklist
    from digest.model import Cause, Suppression

    moment = or_now(now)
    entry = Suppression(blocklist.address(email), Cause.OPERATOR, moment, detail)
    with _store(ctx, moment) as store:
        new = store.import_suppressions([entry], moment)
    typer.echo(f"{entry.email} gets no mail any more." if new else f"{entry.email} was on the list already.")


@app.command("remove")
def remove(ctx: typer.Context, email: Email, now: Now = None) -> None:
    """Let an address get mail again. Its subscriber is paused then: whoever wants them to get it says so.

    Example: digest suppressions remove ann@example.org
    """
    from digest.model import Status

    moment = or_now(now)
    with _store(ctx, moment) as store:
        if not store.unsuppress(email, moment):
            raise UsageError(f"{email} is not on the list: see `digest suppressions list`")
        subscriber = store.subscriber(email)
    paused = subscriber is not None and subscriber.status is Status.PAUSED
    then = f" Its subscriber is paused: `digest subscribers resume {email}` sends to them again." if paused else ""
    typer.echo(f"{email} may get mail again.{then}")


@app.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV, or an address a line; - reads from the terminal.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; change nothing.")] = False,
    now: Now = None,
) -> None:
    """Add the addresses of a file: a CSV as `export` writes it, or any with a column named email, or an address a line.

    Lines with faults are named and left out, the others are imported; what is on the list keeps its reason and date.
    Exit status 1 if there were any.

    Example: digest suppressions import suppressed.csv
    """
    from digest.cli import blocklist, sheets

    moment = or_now(now)
    sifted = blocklist.read(sheets.content(file), moment)
    with _store(ctx, None if dry_run else moment) as store:
        known = {entry.email.casefold() for entry in store.suppressions()}
        new = len({e.email.casefold() for e in sifted.entries} - known)
        if not dry_run:
            new = store.import_suppressions(sifted.entries, moment)
    for line, fault in sifted.faults:
        typer.echo(f"{file}, line {line}: {fault}", err=True)
    counts = f"{new} added, {len(sifted.entries) - new} there already, {len(sifted.faults)} with faults"
    typer.echo(f"{'This would be: ' if dry_run else ''}{counts}.")
    if sifted.faults:
        raise typer.Exit(1)


@app.command("export")
def export(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="Where to; without it, or with -, to the terminal.")] = None,
) -> None:
    """Write the whole list as CSV, in the form that `import` reads.

    Example: digest suppressions export suppressed.csv
    """
    from digest.cli import blocklist, sheets
    from digest.text.counts import counted

    with _store(ctx) as store:
        entries = store.suppressions()
    if sheets.wrote(blocklist.to_csv(entries), file):
        typer.echo(f"Wrote {counted(len(entries), 'address', 'addresses')} to {file}.", err=True)
