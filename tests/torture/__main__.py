"""`make torture`: 2,000 readers, 200 kills; `make torture-cluster`: the same of three workers on PostgreSQL, 80 faults.

SEED, READERS, KILLS and SECONDS can be set in the environment.
"""

import os
import random
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import mkdtemp
from time import monotonic

from ..postgres import serving  # noqa: TID252  (tests are no package)
from ..proxy import proxy  # noqa: TID252
from . import cluster
from .books import Books, balance
from .house import installation
from .killing import Run, orphans, torture

_DELIVERY = "connections = 3\nprocesses = 2"
_SILENCE = 150  # seconds: a worker that is not heard of for two minutes counts as gone

Told = tuple[Run, Books, Iterable[str]]


def main(arguments: list[str]) -> int:
    workers = arguments == ["cluster"]
    seed, readers, kills, seconds = (
        int(os.environ.get(name) or value)
        for name, value in (
            ("SEED", random.randrange(10**6)),
            ("READERS", 2_000),
            ("KILLS", 80 if workers else 200),
            ("SECONDS", 540),
        )
    )
    print(f"SEED={seed} READERS={readers} KILLS={kills} SECONDS={seconds}", flush=True)
    begun = monotonic()
    folder = Path(mkdtemp(prefix="digest-torture-"))
    series: Callable[[Path, int, int, int, int], Told] = _workers if workers else _commands
    run, books, more = series(folder, readers, kills, seed, seconds)
    faults = [*books.faults, *(f"process {pid} outlived everything" for pid in orphans(run)), *more]
    print(f"{run.done} faults: {', '.join(f'{count} {name}' for name, count in run.counted.most_common())}")
    print(f"{books.readers} readers, {books.messages} messages, {books.again} again, {books.by_log} held by the log")
    print(f"{monotonic() - begun:.0f} s, {len(faults)} of them wrong")
    if faults:
        print(*faults[:40], f"everything is in {folder}", sep="\n", file=sys.stderr)
        return 1
    shutil.rmtree(folder)
    return 0


def _commands(folder: Path, readers: int, kills: int, seed: int, seconds: int) -> Told:
    with installation(folder, readers, seed=seed, delivery=_DELIVERY) as house:
        run = torture(house, kills=kills, seed=seed, seconds=seconds, startup=1.5)
        return run, balance(house), ()


def _workers(folder: Path, readers: int, kills: int, seed: int, seconds: int) -> Told:
    with (
        serving() as server,
        server.database() as url,
        proxy(server.own.port) as between,
        installation(folder, readers, seed=seed, delivery=cluster.DELIVERY, url=url, with_log=False) as house,
    ):
        run = cluster.new_run(house, seed=seed, faults=kills, seconds=seconds)
        tortured = cluster.Cluster(run, server.own, between, silence=_SILENCE)
        cluster.torture(tortured)
        return run, balance(house, slept=True), cluster.faults(tortured)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
