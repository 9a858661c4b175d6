"""Several machines' workers on one PostgreSQL database: killed, cut off, and the database restarted under them.

The third of them reaches the database through a proxy, which may stall, and believes that it is another machine, if that can
be had: then nobody else may ask whether its processes live.
"""

import random
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from signal import SIGTERM
from threading import Event, Thread, Timer
from time import monotonic

import psutil
import sqlalchemy as sa

from ..postgres import Own  # noqa: TID252  (tests are no package)
from ..proxy import Proxy  # noqa: TID252
from .house import House
from .killing import DELIVERING, WRITING, Instant, Run, kill_one, ports, waiting
from .running import PATIENCE, Running, lives, until

CONNECTIONS = 2  # to the mail server, a process
WORKERS = 3
APART = WORKERS - 1  # the one behind the proxy

DELIVERY = f"connections = {CONNECTIONS}"

_ELSEWHERE = ["unshare", "--uts", "sh", "-c", 'hostname elsewhere && exec "$@"', "sh"]
_INSTANTS: dict[str, Instant] = WRITING | DELIVERING


@dataclass
class Cluster:
    """What is tortured."""

    run: Run
    server: Own
    proxy: Proxy
    longest: float = 10.0  # seconds of a partition
    processes: int = 2  # a worker
    patient: bool = True  # wait until nobody has jobs who is gone
    silence: float | None = None  # seconds of one more, in which the others are tortured on
    allowed: int = 0  # messages that nobody can know to have been taken

    def __post_init__(self) -> None:
        house = self.run.house
        text = (house.folder / "config.toml").read_text()
        direct, apart = house.url, house.url.set(host="127.0.0.1", port=self.proxy.port)
        shown = [url.render_as_string(hide_password=False) for url in (direct, apart)]
        (house.folder / "apart.toml").write_text(text.replace(*shown))
        self._machines: list[Running | None] = [None] * WORKERS
        self._letting_go: Timer | None = None
        self._before = _ELSEWHERE if _can_be_elsewhere() else []

    @property
    def machines(self) -> list[Running]:
        """Those at work, and in reach."""
        near = self._machines[:APART] if self.is_apart else self._machines
        return [machine for machine in near if machine and machine.lives()]

    @property
    def is_apart(self) -> bool:
        """Whether the third one is cut off for long."""
        return self._letting_go is not None and self._letting_go.is_alive()

    @property
    def spared(self) -> list[psutil.Process]:
        """Who is to live to see the end of it."""
        apart = self._machines[APART]
        return apart.tree() if apart and self.is_apart else []

    def fall_silent(self) -> None:
        """Cut the third one off, once, for longer than anybody waits for it: while it sends, if that can be had."""
        late = self.run.done > self.run.kills // 3 and self.has_begun()
        if self.silence is not None and self._letting_go is None and (late or self._is_sending()):
            self.proxy.stall()
            self._letting_go = Timer(self.silence, self.proxy.go)
            self._letting_go.start()
            self.run.counted["silence"] += 1
            self.allowed += CONNECTIONS * self.processes

    def _is_sending(self) -> bool:
        apart, port = self._machines[APART], self.run.house.sink.port
        return apart is not None and any(port in ports(process) for process in apart.tree())

    def be_heard(self) -> None:
        """Wait until it is back."""
        if self._letting_go is not None:
            self._letting_go.join()

    def populate(self) -> None:
        """All machines are at work."""
        for number, machine in enumerate(self._machines):
            is_gone = machine is None or not machine.lives()
            if is_gone and not (number == APART and self.is_apart):
                if machine is not None:
                    machine.wait()
                self._machines[number] = self._start(number)

    def has_begun(self) -> bool:
        """Whether all machines have processes."""
        return all(machine and len(machine.tree()) > self.processes for machine in self._machines)

    def _start(self, number: int) -> Running:
        arguments = ("worker", "--processes", str(self.processes))
        if number == APART:
            return self.run.house.start(*arguments, config="apart.toml", before=self._before)
        return self.run.house.start(*arguments)


def _can_be_elsewhere() -> bool:
    with suppress(OSError):
        return subprocess.run([*_ELSEWHERE, "true"], check=False, capture_output=True).returncode == 0
    return False


# --- what is done to them --------------------------------------------------------------------------------------------

Stroke = Callable[[Cluster, str, int | None], None]


def _kill(cluster: Cluster, name: str, port: int | None) -> None:
    """One process, whoever's."""
    cluster.allowed += CONNECTIONS * (cluster.processes if kill_one(cluster.run, name, port, cluster.spared) else 0)


def _kill_machine(cluster: Cluster, name: str, _port: int | None) -> None:
    """A worker with all its processes, as when its machine loses its power."""
    machine = cluster.run.dice.choice(cluster.machines)
    family = machine.tree()
    cluster.run.seen |= {process.pid: process for process in family}
    for process in family:
        with suppress(psutil.Error):
            process.kill()
    until(lambda: not any(lives(process) for process in family))
    cluster.run.counted[f"machine at {name}"] += 1
    cluster.allowed += CONNECTIONS * cluster.processes


def _restart(mode: str) -> Stroke:
    def restart(cluster: Cluster, name: str, _port: int | None) -> None:
        """The database, under everybody."""
        cluster.server.restart(mode)
        cluster.run.counted[f"{mode} restart at {name}"] += 1
        cluster.allowed += CONNECTIONS * cluster.processes * WORKERS

    return restart


def _part(cluster: Cluster, name: str, _port: int | None) -> None:
    """One machine from the database: what it says is held, and comes through later."""
    if cluster.is_apart:
        return
    cluster.proxy.stall()
    cluster.run.house.sink.order("go")  # what it has in hand it may end
    cluster.run.house.sink.order("flow")
    cluster.run.some(cluster.longest)
    cluster.proxy.go()
    cluster.run.counted[f"partition at {name}"] += 1
    cluster.allowed += CONNECTIONS * cluster.processes


def _cut(cluster: Cluster, name: str, _port: int | None) -> None:
    """The same, but its connections end, and nobody lets it in for a while."""
    if cluster.is_apart:
        return
    cluster.proxy.refuse()
    cluster.run.house.sink.order("go")
    cluster.run.some(cluster.longest / 2)
    cluster.proxy.go()
    cluster.run.counted[f"cut at {name}"] += 1
    cluster.allowed += CONNECTIONS * cluster.processes


STROKES: dict[Stroke, int] = {  # with their weights
    _kill: 10,
    _kill_machine: 3,
    _restart("fast"): 2,
    _restart("immediate"): 3,
    _part: 2,
    _cut: 2,
}


# --- the series ------------------------------------------------------------------------------------------------------


def torture(cluster: Cluster) -> None:
    """Faults until there were so many, or the time is over, or all is sent; then all is let come to its end."""
    run, sink = cluster.run, cluster.run.house.sink
    sink.order("hold")  # nothing is sent but while an instant is waited for
    with _ticking(run.house):
        while run.done < run.kills and monotonic() < run.until and sum(waiting(run.house)) > 0:
            cluster.populate()
            run.pace = max(1, sum(waiting(run.house)) // max(1, run.kills - run.done))
            name = run.dice.choice(list(_INSTANTS))
            stroke = run.dice.choices(list(STROKES), list(STROKES.values()))[0]
            with _INSTANTS[name](run) as port:
                cluster.fall_silent()
                stroke(cluster, name, port)
            sink.order("hold")
        sink.order("flow")
        cluster.be_heard()
        _finish(cluster)


@contextmanager
def _ticking(house: House) -> Iterator[None]:
    """An impatient clock: a tick a second instead of a minute, while the database is there."""
    over = Event()

    def tick() -> None:
        while not over.wait(1):
            with suppress(sa.exc.DBAPIError):
                house.say(_TICK)

    thread = Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


_TICK = """
    INSERT INTO procrastinate_jobs (queue_name, task_name, priority, queueing_lock, args)
    VALUES ('clock', 'tick', 100, 'tick', '{"timestamp": 0}') ON CONFLICT DO NOTHING
"""


def _finish(cluster: Cluster) -> None:
    """Whoever lives goes on until nothing waits; then all stop when they are told to."""
    house = cluster.run.house
    cluster.populate()
    until(cluster.has_begun, 3 * PATIENCE)  # and tidied up behind the one that was killed there
    with suppress(AssertionError):  # what hangs by a lease is seen below
        until(lambda: sum(waiting(house)) == 0, 2 * PATIENCE)
    if cluster.patient:
        until(lambda: not _held(house), 2 * PATIENCE)
    ended = [machine for machine in cluster.machines if machine.signal(SIGTERM) is None]
    codes = [machine.wait() for machine in ended]
    assert set(codes) == {0}, codes
    for minutes in (0, 20, 40):
        if sum(waiting(house)):
            cluster.run.counted["settled by a lease's end"] += 0 if minutes == 0 else 1
            house.run("send", "--now", (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat(), patience=PATIENCE)


def _held(house: House) -> list[tuple]:
    """Jobs in the hands of workers that are gone: in half a minute, they are in nobody's."""
    return house.ask(
        "SELECT j.id, j.task_name, j.status FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w"
        " ON w.id = j.worker_id WHERE j.status = 'doing'"
        " AND (w.id IS NULL OR w.last_heartbeat < now() - interval '20 seconds')"
    )


def faults(cluster: Cluster) -> list[str]:
    """What is wrong that the books do not tell."""
    house = cluster.run.house
    again = len(house.sink.taken()) - house.count("SELECT count(*) FROM subscribers")
    doing = house.ask("SELECT id, task_name, args FROM procrastinate_jobs WHERE status = 'doing'")
    present = house.ask("SELECT name FROM workers")
    return [
        *(f"a job is still in somebody's hands: {job}" for job in doing if cluster.patient),
        *(f"a process is gone, and the store has it at work: {name}" for (name,) in present),
        *([f"{again} messages again, where {cluster.allowed} may be"] if again > cluster.allowed else []),
    ]


def new_run(house: House, *, seed: int, faults: int, seconds: float) -> Run:
    return Run(house, random.Random(seed), faults, monotonic() + seconds, startup=3.0)
