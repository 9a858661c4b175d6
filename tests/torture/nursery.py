"""Forks processes of the product from one that has read its modules already: a start takes 0.1 s instead of 1.

    python nursery.py

reads an order a line, JSON, from standard input: a list, of a file for what it says, the seconds that it waits for a
database that is locked or full, and command line arguments, is answered with the number of a new process; the number of
one with its exit status, when it has ended. Those are processes like any other, but for how they began.
"""

import json
import os
import pkgutil
import sys
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
import digest


def main() -> None:
    for module in pkgutil.walk_packages(digest.__path__, "digest."):
        if not module.name.startswith(("digest.store.migrations.", "digest.__main__")):
            import_module(module.name)  # here, so that nobody else has to
    from digest.pipeline.ledger import Ledger
    from digest.store import open_store

    print("ready", flush=True)
    while line := sys.stdin.readline():
        match json.loads(line):
            case [said, patience, *arguments]:
                pid = os.fork()
                if pid == 0:
                    for waiting in (open_store, Ledger.__init__):
                        waiting.__kwdefaults__["patience"] = patience
                    _live(Path(said), arguments)
                print(pid, flush=True)
            case pid:
                print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


def _live(said: Path, arguments: list[str]) -> None:
    """The life of one; it does not come back."""
    from digest.cli import main as run

    nothing = os.open(os.devnull, os.O_RDWR)
    output = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for descriptor, place in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(descriptor, place)
    sys.argv[1:] = arguments
    code = 1
    try:
        run()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:  # whatever is on its way: what follows is the nursery's
        sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
