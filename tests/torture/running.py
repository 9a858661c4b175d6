"""Commands of the product as processes: begun quickly, looked at, stopped, killed."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from signal import SIGSTOP
from time import monotonic, sleep

import psutil

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PATIENCE = 60  # seconds for what must happen


class Nursery:
    """Where processes come from that need no second to start."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "nursery.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        )
        self._process.stdout.readline()

    def ask(self, order: "list[str | float] | int") -> int:
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


class Running:
    """One command of the product, as a process."""

    def __init__(
        self,
        arguments: Sequence[str],
        said: Path,
        nursery: Nursery | None,
        patience: float,
        before: Sequence[str] = (),
    ) -> None:
        self._nursery = nursery
        self._code: int | None = None
        if nursery is not None:
            self.pid = nursery.ask([str(said), patience, *arguments])
            return
        with said.open("ab") as output:
            command = [*before, sys.executable, "-m", "digest", *arguments]
            self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        self.pid = self._process.pid

    def tree(self) -> list[psutil.Process]:
        """The process and what it began, as far as they live."""
        with suppress(psutil.Error):
            own = psutil.Process(self.pid)
            return [one for one in (own, *own.children(recursive=True)) if lives(one)]
        return []

    def lives(self) -> bool:
        with suppress(psutil.Error):
            return self._code is None and lives(psutil.Process(self.pid))
        return False

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def stop(self) -> None:
        """Let it sleep, all of it, until SIGCONT."""
        self.signal(SIGSTOP)
        until(lambda: psutil.Process(self.pid).status() == psutil.STATUS_STOPPED)

    def wait(self, patience: float = PATIENCE) -> int:
        """Its exit status, once it has ended."""
        until(lambda: not self.lives(), patience)
        if self._code is None:
            self._code = self._nursery.ask(self.pid) if self._nursery else self._process.wait()
        return self._code

    def kill(self) -> None:
        """It, and whatever it began."""
        for process in self.tree():
            with suppress(psutil.Error):
                process.kill()
        self.wait()


def lives(process: psutil.Process) -> bool:
    """Whether it runs; not if it has ended and nobody has asked how."""
    with suppress(psutil.Error):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def until(condition, patience: float = PATIENCE) -> None:
    """Wait for it."""
    end = monotonic() + patience
    while not condition():
        assert monotonic() < end, "it did not happen"
        sleep(0.005)
