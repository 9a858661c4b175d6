"""Beyond one machine. `make bench-cluster`, or `python -m benchmarks.cluster`; what to run is said by the environment.

    SUBSCRIBERS  10000      how many; several numbers with commas: growth is fitted over them
    WORKERS      1,2,4      processes of `digest worker`, tried with each of these numbers
    LISTINGS     1000       papers of the day
    STEPS        3000       subscribers for whom it is measured what each step costs; 0: not at all
    SECONDS      3600       after which a stage is broken off: what was done until then counts
    FOLDER                  where the databases lie; a folder of its own where temporary files go, if nothing is said
    MEMORY       2GB        PostgreSQL's shared_buffers
    JSON                    the file to keep the figures in; runs that it has already are left out

Each run is a new database, on a PostgreSQL of its own, in which everybody is due at once. `digest worker --queues compose`
writes all editions; then `digest worker --queues deliver` sends them, each personal and signed, into an SMTP server on the
loopback that keeps nothing. So the two are seen apart; at the same time they would share the same cores.
"""

import json
import math
import os
import platform
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import _cluster_stages
from benchmarks._cluster_house import Stage, house, say, sizes, stage, states
from benchmarks._cluster_postgres import SETTINGS, Postgres, postgres

# --- what is asked ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """What the environment says."""

    subscribers: Sequence[int]
    workers: Sequence[int]
    listings: int
    steps: int
    seconds: float
    folder: Path | None
    memory: str
    json: Path | None


def asked(environment: Mapping[str, str]) -> Asked:
    def numbers(name: str, otherwise: str) -> list[int]:
        return [int(each.replace("_", "")) for each in environment.get(name, otherwise).split(",")]

    def path(name: str) -> Path | None:
        return Path(environment[name]) if environment.get(name) else None

    return Asked(
        subscribers=numbers("SUBSCRIBERS", "10000"),
        workers=numbers("WORKERS", "1,2,4"),
        listings=numbers("LISTINGS", "1000")[0],
        steps=numbers("STEPS", "3000")[0],
        seconds=float(environment.get("SECONDS", "3600")),
        folder=path("FOLDER"),
        memory=environment.get("MEMORY", SETTINGS["shared_buffers"]),
        json=path("JSON"),
    )


# --- a run ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Run:
    """One day of so many subscribers."""

    subscribers: int
    workers: int
    listings: int
    filled: float  # seconds
    pulled: float  # seconds
    compose: Stage
    deliver: Stage
    whole: float  # seconds, from the command that composes to the last message; without the start of the one that sends
    weight: Mapping[str, float]  # bytes an edition by table, with indexes, after VACUUM: what composing added
    edition: float  # all of these, but for subscribers and jobs
    subscriber: float  # bytes, with the room that changed rows leave
    delivery: float  # bytes that sending added, by such room
    sent: Mapping[str, int]  # deliveries by their state, at the end
    disk: int  # bytes, with the WAL that is kept


def run(server: Postgres, subscribers: int, workers: int, what: Asked) -> Run:
    with house(server, subscribers, what.listings) as home:
        empty = sizes(home)
        composed = stage(home, "compose", workers, subscribers, what.seconds)
        full = sizes(home)
        server.checkpoint()
        delivered = stage(home, "deliver", workers, composed.count, what.seconds)
        weight = {name: (size - empty.get(name, 0)) / composed.count for name, size in full.items()}
        return Run(
            subscribers=subscribers,
            workers=workers,
            listings=what.listings,
            filled=home.filled,
            pulled=home.pulled,
            compose=composed,
            deliver=delivered,
            whole=composed.seconds + delivered.seconds - delivered.waited,
            weight={name: value for name, value in weight.items() if value},
            edition=sum(value for name, value in weight.items() if _is_of_editions(name)),
            subscriber=full["subscribers"] / subscribers,
            delivery=(sizes(home)["deliveries"] - full["deliveries"]) / composed.count,
            sent=states(home),
            disk=server.disk(),
        )


def _is_of_editions(table: str) -> bool:
    return table != "subscribers" and not table.startswith("procrastinate")


def growth(runs: Sequence[Run], value: Callable[[Run], float]) -> float | None:
    """The exponent with which something grows with subscribers: the slope of a line through logarithms."""
    points = [(math.log(each.subscribers), math.log(value(each))) for each in runs]
    if len({x for x, _ in points}) < 2:
        return None
    mx, my = (sum(column) / len(points) for column in zip(*points, strict=True))
    slope: float = sum((x - mx) * (y - my) for x, y in points) / sum((x - mx) ** 2 for x, _ in points)
    return slope


def grown(runs: Sequence[Run]) -> dict[str, dict[str, float | None]]:
    """Exponents by how many workers there were."""
    values: Mapping[str, Callable[[Run], float]] = {
        "compose, seconds": lambda each: each.compose.count / each.compose.rate,
        "compose, CPU": lambda each: each.compose.count * (each.compose.cpu + each.compose.server_cpu),
        "deliver, seconds": lambda each: each.deliver.count / each.deliver.rate,
        "deliver, CPU": lambda each: each.deliver.count * (each.deliver.cpu + each.deliver.server_cpu),
        "bytes of editions": lambda each: each.edition * each.compose.count,
        "memory": lambda each: max(each.compose.peak, each.deliver.peak),
    }
    those = {workers: [each for each in runs if each.workers == workers] for workers in {each.workers for each in runs}}
    return {
        str(workers): {name: growth(some, value) for name, value in values.items()} for workers, some in those.items()
    }


# --- said -------------------------------------------------------------------------------------------------------------


def told(one: Run) -> None:
    for name, part in (("composed", one.compose), ("delivered", one.deliver)):
        say(
            f"{one.subscribers:,} subscribers, {one.workers} workers: {name} {part.count:,}, {part.rate:,.0f} a second"
            f" ({part.seconds:.0f} s in all, {part.waited:.0f} of them until the first); CPU {part.cpu:,.0f} us each,"
            f" PostgreSQL {part.server_cpu:,.0f}, sink {part.sink_cpu:,.0f}; WAL {part.wal:,.0f} bytes;"
            f" {part.inserted:.1f} rows inserted, {part.updated:.1f} updated; {part.peak:.0f} MB at most"
        )
    say(f"an edition weighs {one.edition:,.0f} bytes, a subscriber {one.subscriber:,.0f}; {one.sent}")
    say(", ".join(f"{name} {size:,.0f}" for name, size in one.weight.items()))


def steps(server: Postgres, what: Asked) -> dict[str, Any]:
    """What each step of a stage costs, in one process."""
    with house(server, what.steps, what.listings) as home:
        found = {
            "composed": _cluster_stages.composed(home.config, server),
            "delivered": _cluster_stages.delivered(home.config, server),
        }
    for name, spent in found.items():
        parts = ", ".join(f"{step} {value:,.0f}" for step, value in spent.steps.items())
        say(
            f"{name} {spent.count:,} in one process, us of CPU each: {parts}; PostgreSQL {spent.server:,.0f}; WAL {spent.wal:,.0f} bytes"
        )
    return {name: spent._asdict() for name, spent in found.items()}


def main(what: Asked) -> None:
    document = _kept(what.json)
    runs = [_read(each) for each in document["runs"]]
    with postgres(what.folder, shared_buffers=what.memory) as server:
        if what.steps and "steps" not in document:
            document["steps"] = steps(server, what)
        for subscribers in what.subscribers:
            for workers in what.workers:
                if any(
                    (each.subscribers, each.workers, each.listings) == (subscribers, workers, what.listings)
                    for each in runs
                ):
                    continue
                runs.append(run(server, subscribers, workers, what))
                told(runs[-1])
                document |= {"runs": [asdict(each) for each in runs], "growth": grown(runs)}
                _keep(what.json, document)
    for workers, exponents in grown(runs).items():
        say(
            f"grows with {workers} workers: "
            + ", ".join(f"{name} {value:.2f}" for name, value in exponents.items() if value)
        )
    _keep(what.json, document)


def _kept(path: Path | None) -> dict[str, Any]:
    if path and path.exists():
        found: dict[str, Any] = json.loads(path.read_text())
        return found
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    return {"machine": machine, "settings": dict(SETTINGS), "runs": []}


def _read(run: dict[str, Any]) -> Run:
    return Run(**run | {"compose": Stage(**run["compose"]), "deliver": Stage(**run["deliver"])})


def _keep(path: Path | None, document: dict[str, Any]) -> None:
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGINT):  # also where a shell in the background had it ignored
        signal.signal(number, lambda *_: sys.exit("stopped"))
    main(asked(os.environ))
