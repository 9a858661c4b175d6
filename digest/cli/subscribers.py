"""`digest subscribers`: who gets a digest."""

from contextlib import contextmanager
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.arguments import Json, Now, or_now, read_date
from digest.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from digest.cli.roster import Sifted
    from digest.config import Settings
    from digest.model import Status, Subscriber
    from digest.store import Store

app = typer.Typer(
    name="subscribers",
    help="Who gets a digest: list, add, remove, pause, resume, import, export.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


class Shape(StrEnum):
    """How subscribers are written to a file."""

    CSV = "csv"
    JSON = "json"


Email = Annotated[str, typer.Argument(help="The subscriber's address.", show_default=False)]
AsShape = Annotated[Shape | None, typer.Option("--format", help="csv or json; else by the file's name.")]


@contextmanager
def _opened(ctx: typer.Context, sync: datetime | None) -> "Iterator[tuple[Settings, Store]]":
    """The configuration and the database; with `sync`, the file's subscribers are written to it first."""
    from digest.cli import wiring
    from digest.cli.logs import quiet

    quiet()
    settings = wiring.load_settings(ctx.find_root().obj)
    with wiring.store_of(settings, sync, create=sync is not None) as store:
        yield settings, store


# --- looking --------------------------------------------------------------------------------------------------------


@app.command("list")
def list_(ctx: typer.Context, now: Now = None, as_json: Json = False) -> None:
    """Show who gets a digest, for which keywords, and when the next one is due.

    Example: digest subscribers list
    """
    from digest.cli import output, roll, wiring

    moment = or_now(now)
    with _opened(ctx, None) as (settings, store):
        present = wiring.everybody(settings, store, moment)
    if as_json:
        output.emit_json([roll.as_json(subscriber, moment) for subscriber in present])
    elif not present:
        typer.echo("Nobody yet. Add somebody: digest subscribers add you@example.org --keyword diffusion")
    else:
        output.table(None, roll.COLUMNS, [roll.as_row(subscriber, moment) for subscriber in present])


@app.command("export")
def export(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="Where to; without it, or with -, to the terminal.")] = None,
    shape: AsShape = None,
) -> None:
    """Write all subscribers as CSV or JSON, in the form that `import` reads.

    A cell that a spreadsheet would take for a formula gets a ' in front, which `import` takes away again.

    Example: digest subscribers export subscribers.csv
    """
    from digest.cli import roster, sheets, wiring
    from digest.text.counts import counted

    with _opened(ctx, None) as (settings, store):
        present = wiring.everybody(settings, store, or_now(None))
    is_json = _shape(file, shape) is Shape.JSON
    text = roster.to_json(present) if is_json else roster.to_csv(present)
    if sheets.wrote(text, file, marked=not is_json):
        typer.echo(f"Wrote {counted(len(present), 'subscriber')} to {file}.", err=True)


def _shape(file: Path | None, given: Shape | None) -> Shape:
    if given:
        return given
    return Shape.JSON if file is not None and file.suffix.casefold() == ".json" else Shape.CSV


# --- changing one ---------------------------------------------------------------------------------------------------


@app.command("add")
def add(
    ctx: typer.Context,
    email: Email,
    *,
    name: Annotated[str | None, typer.Option("--name", help="How the mail addresses them.")] = None,
    keyword: Annotated[
        list[str] | None, typer.Option("--keyword", help="What they look for, like '\"flow matching\"^3'. Repeatable.")
    ] = None,
    category: Annotated[
        list[str] | None,
        typer.Option("--category", help="Only papers of this category, like cs.CL or cs.*. Repeatable."),
    ] = None,
    source: Annotated[
        list[str] | None, typer.Option("--source", help="Only papers of this source, by its name. Repeatable.")
    ] = None,
    timezone: Annotated[str | None, typer.Option("--timezone", help="Their zone, like Europe/Zurich.")] = None,
    send_at: Annotated[str | None, typer.Option("--send-at", help="When it comes, by the clock there: 07:30.")] = None,
    days: Annotated[str | None, typer.Option("--days", help="On which days: mon,tue,thu. Else every day.")] = None,
    away: Annotated[
        list[str] | None,
        typer.Option("--away", help="Days without a digest, like 2026-12-24..2027-01-03. Repeatable."),
    ] = None,
    catch_up: Annotated[
        bool | None,
        typer.Option("--catch-up/--no-catch-up", help="Whether the first digest after an absence looks back on it."),
    ] = None,
    max_papers: Annotated[int | None, typer.Option("--max-papers", help="At most so many papers.")] = None,
    format_: Annotated[str | None, typer.Option("--format", help="html, text or markdown.")] = None,
    layout: Annotated[str | None, typer.Option("--layout", help="cards, compact or full.")] = None,
    locale: Annotated[str | None, typer.Option("--locale", help="The language of the fixed words, like de.")] = None,
    now: Now = None,
) -> None:
    """Add somebody; they are kept in the database.

    Example: digest subscribers add ann@example.org --keyword '"flow matching"^3' --keyword -survey --timezone Asia/Tokyo
    """
    from digest.cli import roster
    from digest.cli.faults import refused
    from digest.errors import Fault
    from digest.rendering.language import require

    given = {
        "email": email,
        "name": name,
        "keywords": keyword,
        "categories": category,
        "sources": source,
        "timezone": timezone,
        "send_at": send_at,
        "days": days.replace(",", " ").split() if days is not None else None,
        "away": away,
        "catch_up": catch_up,
        "max_papers": max_papers,
        "format": format_,
        "layout": layout,
        "locale": locale,
    }
    with _opened(ctx, or_now(now)) as (settings, store):
        table = {key: value for key, value in given.items() if value is not None}
        entry, faults = roster.read(table, [source.name for source in settings.sources])
        if entry is None:
            raise refused(faults)
        try:
            require(entry.locale)
        except UsageError as error:
            raise refused([Fault("locale", str(error))]) from None
        added = store.add(entry, or_now(now))
    typer.echo(f"Added {added.email}: {_promise(added, or_now(now))}.")
    if not added.profile.keywords:
        typer.echo("There are no keywords yet, so nothing will be picked for them.", err=True)


def _promise(subscriber: "Subscriber", now: datetime) -> str:
    from digest.cli.roll import next_due

    due = next_due(subscriber, now)
    if due is None:
        return "no digest is due"
    if due <= now:
        return "today's digest goes out with the next `digest send`, or at once if `digest run` is running"
    return f"the next digest is due {due:%A, %d %B, %H:%M %Z}"


@app.command("remove")
def remove(
    ctx: typer.Context,
    email: Email,
    erase: Annotated[bool, typer.Option("--erase", help="And everything that is held of them, at once.")] = False,
    now: Now = None,
) -> None:
    """Take somebody off for good; what was sent to them is remembered, should they come back, unless it is erased.

    Example: digest subscribers remove ann@example.org
    """
    from digest.model import Origin, Status

    with _opened(ctx, or_now(now)) as (_, store):
        found = store.subscriber(email) if erase else _present(store, email)
        if found is None:
            raise UsageError(f"Nothing is held of {email}.")
        in_file = found.origin is Origin.FILE
        if erase:
            in_file = not store.erase(found.id, or_now(now))
        elif not in_file:
            store.set_status(found.email, Status.REMOVED, or_now(now))
    if not in_file:
        typer.echo(f"{'Erased' if erase else 'Removed'} {found.email}.")
        return
    kept = "is erased, but still named" if erase else "is kept"
    ways = "" if erase else ", or use `digest subscribers pause`"
    typer.echo(
        f"{found.email} {kept} in the configuration file: delete their [[subscribers]] there{ways}.",
        err=True,
    )
    raise typer.Exit(1)


@app.command("pause")
def pause(
    ctx: typer.Context,
    email: Email,
    until: Annotated[
        date | None,
        typer.Option("--until", parser=read_date, metavar="DATE", help="The day of their first digest after it."),
    ] = None,
    now: Now = None,
) -> None:
    """Send somebody nothing until `resume`, or until a day to come.

    The first digest after it looks back on the last two weeks of it, unless their `catch_up` is off.

    Example: digest subscribers pause ann@example.org --until 2027-01-04
    """
    from digest.model import Status

    moment = or_now(now)
    if until is None:
        found = _set(ctx, email, Status.PAUSED, moment)
        typer.echo(f"{found.email} gets nothing until `digest subscribers resume {found.email}`.")
        return
    with _opened(ctx, moment) as (_, store):
        found = store.pause(_present(store, email).email, until, moment)
    typer.echo(f"{found.email} is paused until {until:%A, %d %B %Y}: {_promise(found, moment)}.")


@app.command("resume")
def resume(ctx: typer.Context, email: Email, now: Now = None) -> None:
    """Send to somebody again.

    Example: digest subscribers resume ann@example.org
    """
    from digest.model import Status

    found = _set(ctx, email, Status.ACTIVE, or_now(now))
    typer.echo(f"{found.email} gets digests again: {_promise(found, or_now(now))}.")


def _set(ctx: typer.Context, email: str, status: "Status", now: datetime) -> "Subscriber":
    with _opened(ctx, now) as (_, store):
        return store.set_status(_present(store, email).email, status, now)


def _present(store: "Store", email: str) -> "Subscriber":
    from digest.cli import wiring
    from digest.model import Status

    found = store.subscriber(email)
    if found is None or found.status is Status.REMOVED:
        raise wiring.not_a_subscriber(email)
    return found


# --- importing ------------------------------------------------------------------------------------------------------


@app.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV or JSON; - reads from the terminal.", show_default=False)],
    *,
    shape: AsShape = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; change nothing.")] = False,
    now: Now = None,
) -> None:
    """Add subscribers from a CSV or JSON file, and bring those already there up to date.

    The columns are the keys of a subscriber in the configuration; lists are separated by semicolons. Rows with
    faults are named with their line and left out, the others are imported. Exit status 1 if there were any.

    Example: digest subscribers import lab.csv --dry-run
    """
    from digest.cli import roster, sheets

    content = sheets.content(file)
    rows = roster.from_json(content) if _shape(file, shape) is Shape.JSON else roster.from_csv(content)
    moment = or_now(now)
    with _opened(ctx, None if dry_run else moment) as (settings, store):
        sources = [source.name for source in settings.sources]
        sifted = roster.sift(rows, _ever_known(settings, store, moment), sources, _suppressed(store))
        if not dry_run:
            _take(store, sifted, moment)
    for where, faults in sifted.faults.items():
        for fault in faults:
            typer.echo(f"{file}, {where}: {fault}", err=True)
    counts = f"{len(sifted.new)} added, {len(sifted.changed)} changed, {len(sifted.unchanged)} as before"
    typer.echo(f"{'This would be: ' if dry_run else ''}{counts}, {len(sifted.faults)} with faults.")
    if sifted.faults:
        raise typer.Exit(1)


def _ever_known(settings: "Settings", store: "Store", now: datetime) -> "list[Subscriber]":
    from digest.cli import wiring
    from digest.model import Status

    gone = [subscriber for subscriber in store.subscribers() if subscriber.status is Status.REMOVED]
    return [*gone, *wiring.everybody(settings, store, now)]


def _suppressed(store: "Store") -> dict[str, str]:
    from digest.store.subscribers import suppressed

    return {entry.email.casefold(): suppressed(entry) for entry in store.suppressions()}


def _take(store: "Store", sifted: "Sifted", now: datetime) -> None:
    from digest import due
    from digest.model import Cause, Status

    taken = [(store.add(subscriber, now), subscriber) for subscriber in sifted.new]
    taken += [(store.update(subscriber, now), subscriber) for subscriber in sifted.changed]
    for stored, wanted in taken:
        if wanted.status is Status.SUPPRESSED:
            store.suppress(stored.email, Cause.OPERATOR, "imported as suppressed", now)
        elif wanted.status is not stored.status:
            store.set_status(stored.email, wanted.status, now)
        if wanted.paused_until and wanted.paused_until > due.local_date(stored.schedule, now):
            store.pause(stored.email, wanted.paused_until, now)
