"""`make torture`: 2,000 readers, 200 kills. SEED, READERS, KILLS and SECONDS can be set in the environment."""

import os
import random
import shutil
import sys
from pathlib import Path
from tempfile import mkdtemp
from time import monotonic

from .books import balance
from .house import installation
from .killing import orphans, torture

_DELIVERY = "connections = 3\nprocesses = 2"


def main() -> int:
    seed, readers, kills, seconds = (
        int(os.environ.get(name) or value)
        for name, value in (("SEED", random.randrange(10**6)), ("READERS", 2_000), ("KILLS", 200), ("SECONDS", 540))
    )
    print(f"SEED={seed} READERS={readers} KILLS={kills} SECONDS={seconds}", flush=True)
    begun = monotonic()
    folder = Path(mkdtemp(prefix="digest-torture-"))
    with installation(folder, readers, seed=seed, delivery=_DELIVERY) as house:
        run = torture(house, kills=kills, seed=seed, seconds=seconds, startup=1.5)
        books = balance(house)
        faults = [*books.faults, *(f"process {pid} outlived everything" for pid in orphans(run))]
    print(f"{run.done} kills: {', '.join(f'{count} {name}' for name, count in run.counted.most_common())}")
    print(f"{books.readers} readers, {books.messages} messages, {books.again} again, {books.by_log} held by the log")
    print(f"{monotonic() - begun:.0f} s, {len(faults)} faults")
    if faults:
        print(*faults[:40], f"everything is in {folder}", sep="\n", file=sys.stderr)
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
