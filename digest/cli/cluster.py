"""`digest worker`: one machine of several on one database."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from digest.errors import UsageError

if TYPE_CHECKING:
    from digest.config import Settings

_QUEUES = "pull,compose,deliver"


def worker(
    ctx: typer.Context,
    queues: Annotated[
        str, typer.Option("--queues", metavar="NAMES", help="What this machine is for: pull, compose, deliver.")
    ] = _QUEUES,
    processes: Annotated[
        int | None, typer.Option("--processes", min=1, max=256, help="How many; else one for each core.")
    ] = None,
) -> None:
    """Do what is due, together with the workers of other machines on the same PostgreSQL database, until told to stop.

    Any number of them may run, here and elsewhere, and come and go as they like: there is nothing else to start. Stops
    cleanly on SIGTERM, SIGHUP and Ctrl-C: messages in hand are finished, and others go on with the rest.

    Example: digest --config /etc/digest/config.toml worker --processes 4
    """
    from digest.cli import logs, wiring

    settings = wiring.load_settings(ctx.obj)
    wanted = _queues(queues)
    _suited(settings)
    from digest.cli import workers

    logs.verbose(logs.hiding(settings))
    workers.run(settings, wanted, processes or _cores())


def _queues(written: str) -> tuple[str, ...]:
    known = _QUEUES.split(",")
    wanted = tuple(dict.fromkeys(filter(None, (name.strip() for name in written.split(",")))))
    if unknown := [name for name in wanted if name not in known]:
        raise UsageError(f"--queues: there is no {unknown[0]!r}; there are {', '.join(known)}.")
    if not wanted:
        raise UsageError(f"--queues: name at least one of {', '.join(known)}.")
    return wanted


def _suited(settings: "Settings") -> None:
    """Raises UsageError where workers cannot be."""
    from importlib.util import find_spec

    from digest.store.database import parsed

    if parsed(settings.store.url).get_backend_name() != "postgresql":
        raise UsageError(
            "Workers share a PostgreSQL database, and store.url names an SQLite file, which one machine has for itself:"
            " `digest run` does all there is to do on it. To move to PostgreSQL: `digest store copy --to postgresql://...`"
        )
    if missing := [name for name in ("procrastinate", "psycopg") if find_spec(name) is None]:
        raise UsageError(
            f"`digest worker` needs {' and '.join(missing)}: install it with `pip install 'daily-paper-digest[cluster]'`."
        )


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
