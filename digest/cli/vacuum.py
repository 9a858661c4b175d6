"""`digest vacuum`: keep the database small."""

from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.arguments import Json, Now, or_now

if TYPE_CHECKING:
    from collections.abc import Callable

    from digest.cli.wiring import Installation
    from digest.daemon import Round
    from digest.store import Vacuumed

_FEWEST = 30  # as operator.keep_days


def vacuum(
    ctx: typer.Context,
    keep_days: Annotated[
        int | None, typer.Option("--keep-days", min=_FEWEST, help="Instead of operator.keep_days.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go; take nothing away.")] = False,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Take away what is old: contents of editions, and papers that nobody was sent.

    Who was sent what, and when, stays, so that nothing is sent twice. The daemon does it once a day by itself.

    Example: digest vacuum --dry-run
    """
    from digest.cli import output, wiring
    from digest.cli.logs import quiet

    quiet()
    moment = or_now(now)
    settings = wiring.load_settings(ctx.obj)
    before = moment - timedelta(days=keep_days or settings.operator.keep_days)
    with wiring.store_of(settings, create=False) as store:
        size = store.overview(moment).size
        gone = store.to_vacuum(before) if dry_run else store.vacuum(before, moment)
        is_file = store.is_file
        if not dry_run and is_file:
            store.compact()
        left = store.overview(moment).size
    if as_json:
        output.emit_json({"before": before, "gone": gone, "size_before": size, "size": left, "dry_run": dry_run})
        return
    typer.echo(f"{'Would go' if dry_run else 'Gone'}, from before {before:%Y-%m-%d}: {_told(gone)}.")
    if not dry_run:
        typer.echo(_room(size, left, is_file=is_file))


def _told(gone: "Vacuumed") -> str:
    from digest.text.counts import counted

    return (
        f"the contents of {counted(gone.editions, 'edition')}, {counted(gone.texts, 'text')} of papers in them,"
        f" {counted(gone.papers, 'paper')} that nobody was sent, {counted(gone.returns, 'mail')} that came back"
    )


def _room(before: int, after: int, *, is_file: bool) -> str:
    """What became of the room, in bytes. PostgreSQL seldom gives any back: https://www.postgresql.org/docs/current/routine-vacuuming.html."""
    if is_file or after < before:
        return f"The database had {before / 1e6:.1f} MB, and has {after / 1e6:.1f} MB."
    return f"The database has {after / 1e6:.1f} MB as before: PostgreSQL's autovacuum makes what is free usable again."


# --- in the daemon --------------------------------------------------------------------------------------------------

_EVERY = timedelta(days=1)
_LATEST = timedelta(days=2)  # after which it no longer waits for a quiet moment
_AT_A_TIME = 20  # seconds: mail must not wait for it; the next tick goes on


def is_due(last: datetime | None, now: datetime, *, is_quiet: bool) -> bool:
    """Whether to vacuum now: once a day, when there is nothing else to do, or when there always is something."""
    if last is None or last > now + _EVERY:  # a clock that was ahead
        return is_quiet
    return now - last >= (_EVERY if is_quiet else _LATEST)


def chore(
    home: "Installation", stopping: "Callable[[], bool]", seconds: "Callable[[], float]" = monotonic
) -> "Callable[[Round], None]":
    """What the daemon does at the end of a tick, when it is due."""
    import structlog

    log = structlog.get_logger(__name__)
    keep = timedelta(days=home.settings.operator.keep_days)

    def run(done: "Round") -> None:
        if is_due(home.store.vacuumed_at(), done.now, is_quiet=done.is_quiet):
            end = seconds() + _AT_A_TIME
            gone = home.store.vacuum(done.now - keep, done.now, stopping=lambda: stopping() or seconds() > end)
            log.info("vacuumed", editions=gone.editions, texts=gone.texts, papers=gone.papers, returns=gone.returns)

    return run
