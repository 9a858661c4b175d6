"""Arithmetic on what was measured: `python -m benchmarks._cluster_plan [benchmarks/results/cluster.json]` prints the tables of
docs/scaling.md, as Markdown.
"""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GOALS = (1_000_000, 10_000_000, 100_000_000)
BUSIEST = (
    0.2  # of a day's digests are due in the busiest hour: people want theirs in the morning, and live where people do
)
LOAD = 0.7  # of a core may be used, or whatever comes in waits
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What one digest costs; seconds of CPU, bytes, rows."""

    compose: float
    compose_server: float
    deliver: float
    deliver_server: float
    edition: float
    subscriber: float
    wal: float
    rows: float  # written, with jobs
    size: float  # of a message


def figures(run: dict[str, Any]) -> Figures:
    composed, delivered = run["compose"], run["deliver"]
    return Figures(
        compose=composed["cpu"] / 1e6,
        compose_server=composed["server_cpu"] / 1e6,
        deliver=delivered["cpu"] / 1e6,
        deliver_server=delivered["server_cpu"] / 1e6,
        edition=run["edition"],
        subscriber=run["subscriber"],
        wal=composed["wal"] + delivered["wal"],
        rows=sum(each["inserted"] + each["updated"] for each in (composed, delivered)),
        size=delivered["size"],
    )


def cores(seconds: float) -> float:
    """How many cores that much CPU for each digest takes in the busiest hour, a digest a day being one."""
    return seconds * BUSIEST / HOUR / LOAD


def plan(own: Figures) -> Iterator[tuple[str, Callable[[int], str]]]:
    """Each line: what it says, and its value for so many subscribers."""
    yield "messages a second, busiest hour", lambda n: f"{n * BUSIEST / HOUR:,.0f}"
    yield "cores that compose, busiest hour", lambda n: _rounded(n * cores(own.compose))
    yield "cores that deliver, busiest hour", lambda n: _rounded(n * cores(own.deliver))
    yield (
        "cores of PostgreSQL, busiest hour",
        lambda n: _rounded(n * cores(own.compose_server + own.deliver_server)),
    )
    yield "hours of CPU a day, all", lambda n: _rounded(n * _all(own) / HOUR)
    yield "subscribers' table", lambda n: _bytes(n * own.subscriber)
    yield "editions and deliveries, a day", lambda n: _bytes(n * own.edition)
    yield "the same, kept for 30 days", lambda n: _bytes(30 * n * own.edition)
    yield "the same, kept for 400 days", lambda n: _bytes(400 * n * own.edition)
    yield "rows written a day", lambda n: f"{n * own.rows / 1e6:,.0f} million"
    yield "rows written a second, busiest hour", lambda n: f"{n * own.rows * BUSIEST / HOUR:,.0f}"
    yield "WAL a day", lambda n: _bytes(n * own.wal)
    yield "WAL a second, busiest hour", lambda n: _bytes(n * own.wal * BUSIEST / HOUR)
    yield "mail a day", lambda n: _bytes(n * own.size)
    yield "Mbit/s of mail, busiest hour", lambda n: f"{n * own.size * 8 * BUSIEST / HOUR / 1e6:,.0f}"


def _all(own: Figures) -> float:
    return own.compose + own.compose_server + own.deliver + own.deliver_server


def _rounded(value: float) -> str:
    return f"{value:,.1f}" if value < 10 else f"{value:,.0f}"


def _bytes(value: float) -> str:
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if value < 1_000:
            return f"{_rounded(value)} {unit}"
        value /= 1_000
    return f"{_rounded(value)} PB"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


def measured(runs: Sequence[dict[str, Any]]) -> str:
    head = [
        "subscribers",
        "workers",
        "composed/s",
        "µs CPU",
        "PostgreSQL's",
        "MB",
        "sent/s",
        "ms CPU",
        "PostgreSQL's",
        "MB",
    ]
    head += ["all, minutes", "bytes an edition", "WAL bytes"]
    return table(head, [_measured(run) for run in runs])


def _measured(run: dict[str, Any]) -> list[str]:
    first, then = run["compose"], run["deliver"]
    return [
        f"{run['subscribers']:,}",
        str(run["workers"]),
        *(f"{first[name]:,.0f}" for name in ("rate", "cpu", "server_cpu", "peak")),
        f"{then['rate']:,.0f}",
        *(f"{then[name] / 1e3:,.2f}" for name in ("cpu", "server_cpu")),
        f"{then['peak']:,.0f}",
        f"{run['whole'] / 60:,.1f}",
        f"{run['edition']:,.0f}",
        f"{first['wal'] + then['wal']:,.0f}",
    ]


def planned(run: dict[str, Any]) -> str:
    own = figures(run)
    return table(["", *(f"{n:,}" for n in GOALS)], [[name, *map(value, GOALS)] for name, value in plan(own)])


def main(path: Path) -> None:
    document = json.loads(path.read_text())
    runs = sorted(document["runs"], key=lambda run: (run["subscribers"], run["workers"]))
    print(measured(runs), planned(runs[-1]), json.dumps(document.get("growth"), indent=1), sep="\n\n")


if __name__ == "__main__":
    main(Path(sys.argv[1] if sys.argv[1:] else "benchmarks/results/cluster.json"))
