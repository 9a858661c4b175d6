"""`digest run`: the daemon."""

from contextlib import nullcontext
from datetime import timedelta
from typing import TYPE_CHECKING

import typer

from digest.cli.arguments import Now

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from digest.cli.wiring import Installation

_LONGEST_ROUND = timedelta(minutes=10)  # of deliveries: others are due meanwhile


def run(ctx: typer.Context, now: Now = None) -> None:
    """Pull on each source's schedule, compose and deliver what is due, and serve the pages, until told to stop.

    Stops cleanly on SIGTERM, SIGHUP and Ctrl-C: the message in hand is finished. After downtime, today's editions are
    caught up. Pages are served by a process of their own where web.port is set. --now is the time of the first tick
    only.

    Example: digest --config /etc/digest/config.toml run
    """
    from datetime import UTC, datetime

    from digest import daemon
    from digest.cli import alerting, logs, metrics, vacuum, wiring
    from digest.cli.attending import at_work, bereave
    from digest.cli.delivering import deliver
    from digest.cli.ranking import PassingRanker

    logs.verbose(logs.hiding(wiring.load_settings(ctx.obj)))
    stop, pulse = daemon.Stop(), daemon.Pulse()
    with (
        wiring.installation(ctx.obj, now or datetime.now(UTC), ranker=PassingRanker) as home,
        at_work(home.store, home.parts.worker, stop.set),
        metrics.observed(home.settings.operator.metrics_port, home.store, pulse),
        _paged(home),
    ):
        chores: dict[str, daemon.Stage] = {
            "bereave": lambda _: bereave(home.store, home.store.time()),
            "watch": lambda done: alerting.watch(home, done.now),
            "vacuum": vacuum.chore(home, stop.is_set),
        }
        daemon.run(
            home.parts,
            first=now,
            stop=stop,
            pulse=pulse,
            chores=chores,
            deliver=lambda _, moment, stopping: deliver(
                home, moment, stopping=stopping, lasting=_LONGEST_ROUND, verbose=True
            ),
        )


def _paged(home: "Installation") -> "AbstractContextManager[object]":
    """Pages beside it, if the configuration names a port."""
    from digest.cli import pages

    return pages.kept(home.settings) if home.settings.web.port else nullcontext()
