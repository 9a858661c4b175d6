"""kill -9, again and again, at instants drawn by lot and at those that hurt most."""

import random
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from signal import SIGTERM
from time import monotonic, sleep

import psutil

from .house import House
from .running import PATIENCE, lives, until

Instant = Callable[["Run"], Iterator[int | None]]


@dataclass
class Run:
    """One series of kills."""

    house: House
    dice: random.Random
    kills: int  # at most
    until: float  # on the monotonic clock: no more kills after that
    startup: float  # seconds that a process takes to begin, about
    counted: Counter = field(default_factory=Counter)  # kills by instant
    seen: dict[int, psutil.Process] = field(default_factory=dict)
    pace: int = 1  # messages a life, about

    @property
    def done(self) -> int:
        return self.counted.total()

    def some(self, most: float) -> None:
        sleep(self.dice.uniform(0, most))


# --- instants: each waits for its moment, names the port of the session that it is about, and cleans up after ---------


@contextmanager
def _start(run: Run) -> Iterator[int | None]:
    """Anywhere from the first instruction on."""
    run.some(1.5 * run.startup)
    yield None


@contextmanager
def _pull(run: Run) -> Iterator[int | None]:
    """While a source has been asked and has not answered."""
    run.house.web.asked.wait(3 * run.startup)
    run.some(0.02)
    yield None


@contextmanager
def _announce(run: Run) -> Iterator[int | None]:
    """While what a source brought is about to be written."""
    run.house.web.asked.wait(3 * run.startup)
    with run.house.locked():
        run.house.web.open.set()
        run.some(0.1)
        run.house.web.open.clear()
        yield None


@contextmanager
def _write(run: Run) -> Iterator[int | None]:
    """While it waits to write: a transaction that was composed and not begun."""
    run.some(2 * run.startup)
    with run.house.locked():
        run.some(0.2)
        yield None


@contextmanager
def _wal(run: Run) -> Iterator[int | None]:
    """While the write-ahead log grows: in the middle of a transaction."""
    run.some(run.startup)
    changes, before, end = run.dice.randint(1, 30), None, monotonic() + 2 * run.startup
    while changes and monotonic() < end:
        with suppress(FileNotFoundError):
            now = run.house.written()
            changes -= now != before
            before = now
    yield None


@contextmanager
def _flow(run: Run) -> Iterator[int | None]:
    """Anywhere while messages flow."""
    run.house.sink.trap("greeting")
    with caught(run):
        run.house.sink.order("go")
        run.some(0.01 * run.pace)
        yield None


def _steered(step: str) -> Instant:
    @contextmanager
    def wait(run: Run) -> Iterator[int | None]:
        run.house.sink.trap(step, 1 if step == "greeting" else run.dice.randint(1, 2 * run.pace))
        with caught(run) as port:
            if step == "replied":
                run.house.sink.order("go")
                run.some(0.001)
            yield port

    return wait


@contextmanager
def _commit(run: Run) -> Iterator[int | None]:
    """After the server's yes was read, and before the store could write it down."""
    run.house.sink.trap("dot", run.dice.randint(1, 2 * run.pace))
    with caught(run) as port, run.house.locked():
        run.house.sink.order("go")
        run.some(0.03)
        yield port


@contextmanager
def caught(run: Run) -> Iterator[int | None]:
    """Let messages flow until the trap has somebody in it, or nobody will come."""
    run.house.sink.order("flow")
    end, port = monotonic() + 4 * run.startup, None
    while port is None and monotonic() < end and run.house.tree():
        port = run.house.sink.trapped(0.05)
    try:
        yield port
    finally:
        run.house.sink.order("hold")
        run.house.sink.order("go")


PULLING: dict[str, Instant] = {"start": _start, "pull": _pull, "announce": _announce}
WRITING: dict[str, Instant] = {"start": _start, "write": _write, "wal": _wal}
DELIVERING: dict[str, Instant] = {
    "flow": _flow,
    "claim": _steered("greeting"),
    "mail": _steered("mail"),
    "before DATA": _steered("data"),
    "dot arrived": _steered("arrived"),
    "dot taken": _steered("dot"),
    "reply": _steered("replied"),
    "before commit": _commit,
}
_SHARE = 0.12  # of the kills, for pulling and for composing


# --- the series -----------------------------------------------------------------------------------------------------


def torture(house: House, *, kills: int, seed: int, seconds: float, startup: float) -> Run:
    """Start and kill until so many are dead, then let them finish."""
    run = Run(house, random.Random(seed), kills, monotonic() + seconds, startup)
    early = max(1, round(kills * _SHARE))
    house.web.open.clear()  # as long as nobody is answered, nothing can be composed
    house.sink.order("hold")  # and nothing is sent but while an instant is waited for
    _series(run, PULLING, early, lambda: True)
    house.web.open.set()
    _series(run, WRITING, early, lambda: waiting(house)[0] > 0)
    _series(run, WRITING | DELIVERING, kills - run.done, lambda: sum(waiting(house)) > 0)
    house.sink.order("flow")
    _finish(run)
    return run


def waiting(house: House) -> tuple[int, int]:
    """Editions to be composed, deliveries to be made."""
    composed = house.count("SELECT count(*) FROM editions")
    readers = house.count("SELECT count(*) FROM subscribers")
    return readers - composed, house.count("SELECT count(*) FROM deliveries WHERE state NOT IN ('sent', 'failed')")


def _series(run: Run, instants: dict[str, Instant], kills: int, more: Callable[[], bool]) -> None:
    last = run.done + kills
    while run.done < last and monotonic() < run.until and more():
        left = sum(waiting(run.house))
        run.pace = max(1, left // max(1, run.kills - run.done))
        name = run.dice.choice(list(instants))
        if instants is PULLING:
            run.house.web.asked.clear()
        _populate(run, pulled=instants is not PULLING)
        with instants[name](run) as port:
            kill_one(run, name, port)


def _populate(run: Run, *, pulled: bool) -> None:
    """One command at least is running, at times two."""
    for running in run.house.begun:
        if not running.lives():
            running.wait()  # whoever starts the product asks how it ended
    wanted = 1 if run.dice.random() < 0.6 else 2
    for _ in range(wanted - sum(1 for running in run.house.begun if running.lives())):
        run.house.start(run.dice.choice(["run", "send", "send"] if pulled else ["run", "pull"]))


def kill_one(run: Run, name: str, port: int | None, spared: Collection[psutil.Process] = ()) -> bool:
    """Kill a process by lot, mostly the one that the instant is about; whether there was one."""
    alive = [process for process in run.house.tree() if process not in spared]
    run.seen |= {process.pid: process for process in alive}
    if not alive:  # it came to its end by itself
        return False
    victim = run.dice.choice(alive)
    if port is not None and run.dice.random() < 0.8:
        victim = next((one for one in alive if port in ports(one)), victim)
    with suppress(psutil.NoSuchProcess):
        victim.kill()
        run.counted[name] += 1
    until(lambda: not lives(victim))
    return True


def ports(process: psutil.Process) -> set[int]:
    """Its own and others' ports that it is connected with."""
    with suppress(psutil.Error):
        connections = process.net_connections("tcp")
        return {end.port for one in connections for end in (one.laddr, one.raddr) if end}
    return set()


def _finish(run: Run) -> None:
    """Let who lives come to an end, and start anew until nothing is waiting."""
    house = run.house
    for running in [running for running in house.begun if running.lives()]:
        running.signal(SIGTERM)
        running.wait()
    for attempt in range(10):
        # What a child held whose parent lived on comes back when its lease ends.
        later = () if attempt < 2 else ("--now", (datetime.now(UTC) + attempt * timedelta(minutes=10)).isoformat())
        house.run("send", *later, patience=5 * PATIENCE)
        if sum(waiting(house)) == 0:
            break
    end = monotonic() + 10  # children whose parent was killed
    while orphans(run) and monotonic() < end:
        sleep(0.05)


def orphans(run: Run) -> list[int]:
    """Processes that outlived the one that began them, and everything else."""
    return [process.pid for process in run.seen.values() if process.is_running() and lives(process)]
