"""`digest run`: the daemon."""

import typer

from digest.cli.arguments import Now


def run(ctx: typer.Context, now: Now = None) -> None:
    """Pull on each source's schedule, and compose and deliver what is due, until told to stop.

    Stops cleanly on SIGTERM: the message in hand is finished. After downtime, today's editions are caught up.
    --now is the time of the first tick only.

    Example: digest --config /etc/digest/config.toml run
    """
    from datetime import UTC, datetime

    from digest import daemon
    from digest.cli import logs, wiring
    from digest.cli.ranking import PassingRanker

    logs.verbose()
    with wiring.installation(ctx.obj, now or datetime.now(UTC), ranker=PassingRanker) as home:
        daemon.run(home.parts, first=now)
