"""`digest status`: how things stand."""

from typing import TYPE_CHECKING

import typer

from digest.cli.arguments import Json, Now, or_now

if TYPE_CHECKING:
    from collections.abc import Iterable

    from digest.store import Overview


def status(ctx: typer.Context, now: Now = None, as_json: Json = False) -> None:
    """Show the last pull of each source, who is due, and what was sent, deferred or failed.

    Example: digest status --json
    """
    from digest.cli import output, wiring

    settings = wiring.load_settings(ctx.obj)
    with wiring.store_of(settings, create=False) as store:
        overview = store.overview(or_now(now))
    if as_json:
        output.emit_json(overview)
        return
    _print(overview)


def _print(overview: "Overview") -> None:
    from digest.cli import output

    output.table(
        "Sources",
        ["name", "last pull", "last complete", "next", "announced#", "papers#", "problems"],
        [
            [
                source.name,
                source.last_attempt,
                source.last_success,
                source.next_pull,
                source.announced,
                source.listings,
                "\n".join(problem.what for problem in source.problems) or "none",
            ]
            for source in overview.sources
        ],
    )
    if overview.failures:
        output.table(
            "Not delivered",
            ["subscriber", "date", "state", "tries#", "code", "what was said", "when"],
            [[f.email, f.issue_date, f.state, f.attempts, f.code, f.detail, f.when] for f in overview.failures],
        )
    typer.echo(f"Papers       {overview.listings} in a database of {overview.size / 1e6:.1f} MB")
    typer.echo(
        f"Subscribers  {_counts(overview.subscribers.items())}; {overview.due} due, the next at {output.say(overview.next_due)}"
    )
    typer.echo(
        f"Deliveries   {_counts(overview.deliveries.items())}; last 24 hours: {_counts(overview.deliveries_today.items())}"
    )


def _counts(by_state: "Iterable[tuple[str, int]]") -> str:
    return ", ".join(f"{count} {state}" for state, count in by_state if count) or "none"
