"""One installation to be measured, and what a stage of its work takes when worker processes do it."""

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import URL, Engine, create_engine

from benchmarks import _cluster_people
from benchmarks._cluster_postgres import Postgres
from benchmarks._cluster_watch import Family
from benchmarks._sink import TO_SINK, Sink, Took, sink
from digest.delivery import keys
from digest.store import open_store

LOOK = 0.25  # seconds between two looks
SAID = 10.0  # seconds between two lines of progress
STILL = 240.0  # seconds without any progress, after which a stage is broken off: some ticks
CONFIG = f"""\
[site]
name = "Daily Papers"
contact = "papers@example.org"

[store]
url = "{{url}}"

{TO_SINK}
[delivery]
processes = 1
connections = 8
per_session = 100

[[sources]]
kind = "arxiv"
categories = ["cs.CL"]
rss_url = "http://127.0.0.1:9"
api_url = "http://127.0.0.1:9"
"""


# --- a house ----------------------------------------------------------------------------------------------------------


class House(NamedTuple):
    """One installation: a database, a sink, and the configuration for both."""

    server: Postgres
    taken: Sink
    config: Path
    database: str
    engine: Engine
    filled: float  # seconds for writing all subscribers
    pulled: float  # seconds for the day's papers

    def count(self, query: str) -> int:
        with self.engine.connect() as connection:
            return int(connection.exec_driver_sql(query).scalar() or 0)


@contextmanager
def house(server: Postgres, subscribers: int, listings: int) -> Iterator[House]:
    """A database in which so many are due, and a sink; gone afterwards."""
    with ExitStack() as rooms:
        folder = Path(rooms.enter_context(tempfile.TemporaryDirectory(prefix="digest-bench-")))
        taken = rooms.enter_context(sink())
        name = "bench"
        url = server.make(name)
        rooms.callback(server.drop, name)
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        rooms.callback(engine.dispose)
        config = _written(folder, url, taken.port)
        open_store(url.render_as_string(hide_password=False)).close()
        pulled, filled = _cluster_people.fill(url, subscribers, listings, datetime.now(UTC))
        server.checkpoint()
        say(f"{subscribers:,} subscribers written in {filled:.0f} s, {listings:,} papers in {pulled:.1f} s")
        yield House(server, taken, config, name, engine, filled, pulled)


def _written(folder: Path, url: URL, port: int) -> Path:
    keys.write_new(folder / "dkim.pem", keys.generate(keys.Kind.RSA))
    path = folder / "config.toml"
    path.write_text(CONFIG.format(url=url.render_as_string(hide_password=False), folder=folder, port=port))
    return path


# --- a stage ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stage:
    """Composing all editions, or sending them."""

    count: int
    seconds: float  # from the command to the last one
    waited: float  # of these, until the first were seen
    rate: float  # a second, from the first to the last
    cpu: float  # microseconds for each, of the workers
    server_cpu: float  # the same of PostgreSQL
    sink_cpu: float  # the same of the sink
    size: float  # bytes of a message; 0 where none is sent
    wal: float  # bytes for each
    inserted: float  # rows for each, with those of jobs
    updated: float
    peak: float  # megabytes, of the largest worker


def stage(home: House, queue: str, workers: int, goal: int, limit: float) -> Stage:
    """Let workers of this queue run until so much is done, or the time is over."""
    before = _read(home)
    command = [sys.executable, "-m", "digest", "--config", str(home.config), "worker"]
    command += ["--queues", queue, "--processes", str(workers)]
    home.taken.took()
    with home.config.with_name(f"{queue}.log").open("wb") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            seen = watched(process, _progress(home, queue), goal, limit, f"{queue} {goal:,}, {workers} workers")
        finally:
            _stopped(process)
    if seen.done < goal:
        say(f"broken off at {seen.done:,}; what the workers said last:")
        print(Path(log.name).read_text()[-4_000:], flush=True)
    if not seen.done:
        raise SystemExit(f"the workers of {queue} did nothing")
    return _spent(before, _read(home), seen)


def _progress(home: House, queue: str) -> Callable[[], Took]:
    """What is done so far: editions, or what the sink took."""
    so_far = Took(0, 0, 0.0, 0.0)

    def sent() -> Took:
        nonlocal so_far
        took = home.taken.took()
        so_far = Took(so_far.messages + took.messages, so_far.bytes + took.bytes, 0.0, so_far.cpu + took.cpu)
        return so_far

    return sent if queue == "deliver" else lambda: Took(home.count("SELECT max(id) FROM editions"), 0, 0.0, 0.0)


class _Meter(NamedTuple):
    """What was spent on the house so far."""

    wal: int  # bytes
    cpu: float  # seconds, of PostgreSQL
    inserted: int  # rows
    updated: int


def _read(home: House) -> _Meter:
    return _Meter(home.server.wal(), home.server.cpu(), *home.server.rows(home.database))


def _spent(before: _Meter, after: _Meter, seen: "Seen") -> Stage:
    n = seen.done
    return Stage(
        count=n,
        seconds=seen.seconds,
        waited=seen.waited,
        rate=seen.rate,
        cpu=seen.family.cpu / n * 1e6,
        server_cpu=(after.cpu - before.cpu) / n * 1e6,
        sink_cpu=seen.taken.cpu / n * 1e6,
        size=seen.taken.bytes / n,
        wal=(after.wal - before.wal) / n,
        inserted=(after.inserted - before.inserted) / n,
        updated=(after.updated - before.updated) / n,
        peak=seen.family.peak,
    )


class Seen(NamedTuple):
    """What looking at workers came to."""

    done: int
    seconds: float
    waited: float
    rate: float
    taken: Took
    family: Family


def watched(process: subprocess.Popen[bytes], progress: Callable[[], Took], goal: int, limit: float, name: str) -> Seen:
    """Look until the goal is reached, the time is over or the workers are gone, and say every few seconds how it goes."""
    family, start, said, first = Family(process.pid), time.monotonic(), 0.0, None
    done, moved = 0, 0.0
    while True:
        taken = progress()
        seconds = time.monotonic() - start
        moved = seconds if taken.messages > done else moved
        done = taken.messages
        family.look()
        if first is None and done:
            first = (done, seconds)
        if done >= goal or seconds > limit or seconds - moved > STILL or process.poll() is not None:
            break
        if seconds - said >= SAID:
            said = seconds
            say(
                f"{name}: {done:,} ({done / goal:.0%}) after {seconds:.0f} s{_pace(first, done, seconds)}, {family.peak:.0f} MB"
            )
        time.sleep(LOOK)
    begun, waited = first or (0, seconds)
    rate = (done - begun) / (seconds - waited) if done > begun else done / max(seconds, LOOK)
    return Seen(done, seconds, waited, rate, taken, family)


def _pace(first: tuple[int, float] | None, done: int, seconds: float) -> str:
    if first is None or done == first[0]:
        return ""
    return f", {(done - first[0]) / (seconds - first[1]):,.0f} a second"


def _stopped(process: subprocess.Popen[bytes]) -> None:
    """End the workers as systemd does."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(120)
    except subprocess.TimeoutExpired:
        process.kill()


def say(line: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {line}", flush=True)


# --- what it weighs ---------------------------------------------------------------------------------------------------


def sizes(home: House) -> dict[str, int]:
    """Bytes by table, with its indexes, after VACUUM."""
    query = (
        "SELECT relname, pg_total_relation_size(oid) FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname"
    )
    with home.engine.connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
        found: dict[str, int] = dict(connection.exec_driver_sql(query).tuples().all())
    return found


def states(home: House) -> dict[str, int]:
    with home.engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT state, count(*) FROM deliveries GROUP BY state ORDER BY state")
        return dict(found.tuples().all())
