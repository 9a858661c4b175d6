"""From the store to the wire. `python -m benchmarks.delivery [--readers N] [--json FILE]`

    speed     20,000 personal digests of 20 papers, signed by RSA-2048, from SQLite through the assembly into a loopback sink, by
              the very processes that `digest send` uses; the delivery log is kept
    20 ms     the same, every reply of the sink 20 milliseconds late: as it is, and chained
    beside    the plain path (Jinja, premailer, `email`, dkimpy, smtplib; a sample) and Postfix's smtp-source into the same sink
    stages    milliseconds of CPU a message, in one process
    growth    the same with more readers: seconds, and memory at its height (`--growth 200000`)

Messages a second are counted by the sink, from the first to the last; "in all" is from the command to its end, with the start of
processes and the first rendering of every paper.
"""

import argparse
import json
import random
import shutil
import smtplib
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from threading import Lock
from typing import Any

import psutil

from benchmarks._invented import NOW, listings
from benchmarks._sink import TO_SINK, Sink, sink
from benchmarks.message import DAY, editions, linked, pick
from digest.cli import delivering, wiring
from digest.collecting import undisturbed
from digest.delivery import keys
from digest.model import Announcement, Fetched, Kind, Message, Outcome, Subscriber
from digest.pipeline import Delivered, deliver
from digest.store import Store, open_store

STOCK = 400  # papers of the day
SAMPLE = 60  # messages by the plain path, in each of two processes
SHARD = 1_000
DELAY = 0.02  # seconds
CONFIG = f"""\
[site]
name = "Daily Papers"
url = "{{pages}}"
contact = "papers@example.org"

[store]
url = "sqlite:///{{folder}}/digest.db"

{TO_SINK}chaining = {{chaining}}

[delivery]
processes = {{processes}}
connections = {{connections}}
per_session = 100

[[sources]]
kind = "arxiv"
categories = ["cs.CL"]
"""


# --- a day that waits to be sent --------------------------------------------------------------------------------------


def prepare(folder: Path, readers: int) -> None:
    """A database with one edition for each reader, each of 20 papers of the day's 400."""
    keys.write_new(folder / "dkim.pem", keys.generate(keys.Kind.RSA))
    store = open_store(f"sqlite:///{folder / 'digest.db'}")
    chance = random.Random(1)
    found = tuple(Announcement(linked(each), "arxiv", Kind.NEW, DAY) for each in listings(chance, STOCK))
    store.announce("arxiv", Fetched(found), NOW, NOW + timedelta(hours=6))
    stock = [pick(each.listing) for each in store.window(after=0)]
    for first in range(0, readers, SHARD):
        people = [_added(store, number) for number in range(first, min(first + SHARD, readers))]
        some = editions(chance, stock, len(people))
        entries = [replace(edition, subscriber=reader) for edition, reader in zip(some, people, strict=True)]
        store.publish([(edition, NOW + timedelta(days=1)) for edition in entries])
    store.close()


def _added(store: Store, number: int) -> Subscriber:
    return store.add(Subscriber(f"reader{number}@example.org", f"Reader {number}"), NOW)


def rewind(folder: Path) -> None:
    """Everything is still to be sent."""
    (folder / "digest-deliveries.log").unlink(missing_ok=True)
    with sqlite3.connect(folder / "digest.db") as books:
        books.execute(
            "UPDATE deliveries SET state = 'pending', attempts = 0, resent = 0, next_attempt = created_at, code = NULL,"
            " detail = '', worker = NULL, lease_until = NULL"
        )
    books.close()


def written(folder: Path, port: int, **wishes: Any) -> Path:
    """The configuration for one run."""
    known = {"pages": "", "chaining": "false", "processes": 2, "connections": 8} | wishes
    path = folder / "config.toml"
    path.write_text(CONFIG.format(folder=folder, port=port, **known).replace('url = ""\n', ""))
    return path


# --- speed ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Run:
    """One run over all readers."""

    name: str
    messages: int
    rate: float  # messages a second, while they come in
    seconds: float  # in all
    cpu: float  # milliseconds a message, of the processes that deliver
    sink_cpu: float  # the same of the sink
    megabytes: float  # of memory, of all processes that deliver together, at the height


def clock() -> Callable[[], datetime]:
    """The morning that the editions are for, going on."""
    begun = datetime.now(UTC)
    return lambda: NOW + (datetime.now(UTC) - begun)


def sent(config: Path) -> Delivered:
    """As `digest send` does, without composing."""
    now = clock()
    with wiring.installation(config, now()) as home:
        return delivering.deliver(home, now)


def run(name: str, folder: Path, server: Sink, **wishes: Any) -> Run:
    """Send everything once."""
    rewind(folder)
    config = written(folder, server.port, **wishes)
    server.took()
    start = time.monotonic()
    program = f"from pathlib import Path; from benchmarks.delivery import sent; print(sent(Path({str(config)!r})))"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        cpu, height = watched(process.pid)
        said = process.stdout.read() if process.stdout else ""
    seconds, took = time.monotonic() - start, server.took()
    assert took.messages, said
    return Run(
        name,
        took.messages,
        took.messages / took.seconds,
        seconds,
        cpu / took.messages * 1e3,
        took.cpu / took.messages * 1e3,
        height / 2**20,
    )


def watched(number: int) -> tuple[float, int]:
    """Seconds of CPU and the most bytes of memory that a process and its children took, until it ends."""
    height, spent, first = 0, {}, psutil.Process(number)
    while first.is_running() and first.status() != psutil.STATUS_ZOMBIE:
        try:
            family = [first, *first.children(recursive=True)]
            memory = [each.memory_full_info().pss for each in family]
            height = max(height, sum(memory))
            spent |= {each.pid: sum(each.cpu_times()[:2]) for each in family}
        except psutil.Error:  # one of them has just ended
            continue
        time.sleep(0.5)
    return sum(spent.values()), height


# --- stages -----------------------------------------------------------------------------------------------------------


class Stages:
    """Seconds of CPU by stage, over all threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.spent: dict[str, float] = defaultdict(float)

    def clocked(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its time noted."""

        def clocked(*arguments: Any, **named: Any) -> Any:
            start = time.thread_time()
            try:
                return function(*arguments, **named)
            finally:
                self.add(stage, time.thread_time() - start)

        return clocked

    def add(self, stage: str, seconds: float) -> None:
        with self._lock:
            self.spent[stage] += seconds


class _Clocked:
    """An object of which some methods are clocked."""

    def __init__(self, real: Any, **methods: Callable[..., Any]) -> None:
        self._real = real
        self.__dict__.update(methods)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class _Transport:
    """What is spent in `commit`, the ledger's, is not SMTP's."""

    def __init__(self, real: Any, stages: Stages) -> None:
        self._real, self._stages = real, stages

    def send(self, message: Message, commit: Callable[[], bool], *ahead: Message) -> Outcome:
        inside = 0.0

        def counted() -> bool:
            nonlocal inside
            start = time.thread_time()
            try:
                return commit()
            finally:
                inside = time.thread_time() - start

        start = time.thread_time()
        outcome: Outcome = self._real.send(message, counted, *ahead)
        self._stages.add("smtp", time.thread_time() - start - inside)
        return outcome

    def close(self) -> None:
        self._real.close()


def stages(folder: Path, port: int) -> dict[str, float]:
    """Milliseconds of CPU a message, in one process."""
    rewind(folder)
    now, found = clock(), Stages()
    with wiring.installation(written(folder, port, processes=1), now()) as home:
        taken = home.parts.log
        parts = replace(
            home.parts,
            store=_Clocked(
                home.store,
                claim=found.clocked("claim and read", home.store.claim),
                progress=found.clocked("ledger", home.store.progress),
            ),
            renderer=_Clocked(home.renderer, message=found.clocked("assemble", home.renderer.message)),
            sign=found.clocked("sign", home.parts.sign),
            transport=lambda: _Transport(home.parts.transport(), found),
            log=taken and _Clocked(taken, note=found.clocked("delivery log", taken.note)),
        )
        before, start = time.process_time(), time.monotonic()
        with undisturbed():
            delivered = deliver(parts, now)
        whole, seconds = time.process_time() - before, time.monotonic() - start
    spent = {name: value / delivered.sent * 1e3 for name, value in found.spent.items()}
    spent["threads, queues, the rest"] = (whole - sum(found.spent.values())) / delivered.sent * 1e3
    return spent | {"together": whole / delivered.sent * 1e3, "messages a second": delivered.sent / seconds}


# --- beside it --------------------------------------------------------------------------------------------------------


def plainly(folder: Path, port: int, first: int, count: int) -> None:
    """Some messages by the plain path: rendered whole, inlined by premailer, built by `email`, signed by dkimpy."""
    import dkim

    key = (folder / "dkim.pem").read_bytes()
    with wiring.installation(written(folder, port)) as home, smtplib.SMTP("127.0.0.1", port) as session:
        for number in range(first, first + count):
            edition = home.store.edition(f"reader{number}@example.org", DAY)
            assert edition is not None
            content = home.renderer.email(edition, plainly=True).as_bytes()
            signature = dkim.sign(content, b"digest", b"example.org", key, canonicalize=(b"relaxed", b"simple"))
            session.sendmail("digest@example.org", [edition.subscriber.email], signature + content)


def plain_run(folder: Path, server: Sink, sample: int) -> Run:
    """A sample by the plain path, in two processes."""
    server.took()
    start = time.monotonic()
    with get_context("spawn").Pool(2) as pool:
        pool.starmap(plainly, [(folder, server.port, at * sample, sample) for at in range(2)])
    seconds, took = time.monotonic() - start, server.took()
    return Run("plain path", took.messages, took.messages / took.seconds, seconds, 0.0, 0.0, 0.0)


def source_run(server: Sink, messages: int, size: int, sessions: int) -> Run | None:
    """As many messages of that size by Postfix's smtp-source, which makes and signs nothing; None if it is not there."""
    program = shutil.which("smtp-source", path="/usr/sbin:/usr/lib/postfix:/usr/bin")
    if program is None:
        return None
    server.took()
    start = time.monotonic()
    command = [program, "-s", str(sessions), "-m", str(messages), "-l", str(size), f"127.0.0.1:{server.port}"]
    subprocess.run(command, check=True, timeout=600)
    seconds, took = time.monotonic() - start, server.took()
    return Run("smtp-source", took.messages, took.messages / took.seconds, seconds, 0.0, took.cpu / messages * 1e3, 0.0)


def yardstick() -> float:
    """Milliseconds of CPU for an RSA signature and nothing else: how fast the machine is just now."""
    key = keys.signing(keys.generate(keys.Kind.RSA), "digest")
    start = time.process_time()
    for _ in range(1_000):
        key.sign(b"what is to be signed")
    return time.process_time() - start


# --- all of it --------------------------------------------------------------------------------------------------------


def main(asked: argparse.Namespace) -> None:
    """Measure and print everything, and keep it as JSON if that is wanted."""
    runs: list[Run] = []

    def told(one: Run | None) -> None:
        if one is None:
            print("smtp-source is not installed (it comes with Postfix)")
            return
        runs.append(one)
        print(
            f"{one.name:<32} {one.messages:>7,} messages, {one.rate:>6,.0f} a second; in all {one.seconds:.1f} s;"
            f" {one.cpu:.2f} ms of CPU each, the sink {one.sink_cpu:.2f}; {one.megabytes:.0f} MB",
            flush=True,
        )

    alone = yardstick()
    print(f"a signature by itself takes {alone:.2f} ms", flush=True)
    with prepared(asked.readers) as folder:
        with sink() as server:
            told(run("speed", folder, server))
            told(run("speed, one process", folder, server, processes=1))
            told(run("with links of feedback", folder, server, pages="https://papers.example.org"))
            print(f"a signature by itself takes {yardstick():.2f} ms")
            told(plain_run(folder, server, asked.sample))
            told(source_run(server, asked.readers, 90_000, 16))
            spent = stages(folder, server.port)
        with sink(DELAY) as server:
            told(run("20 ms, 32 connections", folder, server, connections=32))
            told(run("20 ms, 32 connections, chained", folder, server, connections=32, chaining="true"))
            told(source_run(server, asked.readers, 90_000, 64))
    print("milliseconds of CPU a message: " + ", ".join(f"{stage} {value:.3f}" for stage, value in spent.items()))
    if asked.growth:
        with prepared(asked.growth) as folder, sink() as server:
            told(run(f"{asked.growth:,} readers", folder, server))
    if asked.json:
        document = {"runs": [asdict(one) for one in runs], "stages": spent, "signature": alone}
        asked.json.write_text(json.dumps(document, indent=1) + "\n")


@contextmanager
def prepared(readers: int) -> Iterator[Path]:
    """A folder with everything that is to be sent."""
    with tempfile.TemporaryDirectory(prefix="digest-bench-") as name:
        start = time.monotonic()
        prepare(Path(name), readers)
        print(f"{readers:,} editions composed in {time.monotonic() - start:.0f} s", flush=True)
        yield Path(name)


def _asked(arguments: list[str]) -> argparse.Namespace:
    options = argparse.ArgumentParser(description="From the store to the wire.")
    options.add_argument("--json", type=Path, help="keep the figures in this file, too")
    options.add_argument("--readers", type=int, default=20_000)
    options.add_argument(
        "--sample", type=int, default=SAMPLE, help="messages by the plain path, in each of two processes"
    )
    options.add_argument("--growth", type=int, default=0, help="once more with so many readers")
    return options.parse_args(arguments)


if __name__ == "__main__":
    main(_asked(sys.argv[1:]))
