"""Who this process is among all that share a database, and whether another one that held something is gone."""

import os
import signal
import socket
from pathlib import Path
from uuid import uuid4


def name() -> str:
    """A name no other process has: the place where its number means something, the number, and a word of chance."""
    return f"{_place()}:{os.getpid()}:{uuid4().hex[:8]}"


def is_dead(worker: str) -> bool:
    """Whether that worker ran where we run, and runs no more. A process of another place may be alive: False."""
    place, _, rest = worker.partition(":")
    number = rest.partition(":")[0]
    if place != _place() or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):  # it is somebody else's, so it is
        return False
    return _is_zombie(number)


def _is_zombie(number: str) -> bool:
    """Whether it has ended and nobody has asked how: in a container without an init, nobody ever does."""
    try:
        stat = Path(f"/proc/{number}/stat").read_bytes()
    except OSError:  # not Linux
        return False
    return stat.rpartition(b")")[2].split()[:1] == [b"Z"]  # what is in brackets is a name, and may hold any


def leave_signals_alone() -> None:
    """For a process that works for another: who stops the whole process group means that one, which tells this one."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _place() -> str:
    """The machine since it was started, and on Linux the PID namespace: containers may share a host name."""
    return "/".join([socket.gethostname().replace(":", "-"), *_kernel()])


def _kernel() -> tuple[str, ...]:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        return boot[:8], Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")
    except OSError:  # not Linux
        return ()
