"""An installation in a folder of its own, its mail server and its listings, and the processes that work in it."""

import csv
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

import psutil
import sqlalchemy as sa

from digest.store.schema import metadata

from . import listings
from .running import PATIENCE, Nursery, Running

_SINK = Path(__file__).with_name("sink.py")

_CONFIG = """
[site]
contact = "torture@example.org"
[store]
url = "{url}"
[mail]
from = "Daily Papers <digest@example.org>"
[smtp]
host = "127.0.0.1"
port = {port}
security = "none"
[dkim]
key_file = "dkim.pem"
[delivery]
grace = "0"
{delivery}
[[sources]]
kind = "feed"
name = "Invented"
url = "{feed}"
"""


class Sink:
    """The mail server, as the harness holds it."""

    def __init__(self, record: Path) -> None:
        command = [sys.executable, str(_SINK), str(record)]
        self.record = record
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._said: SimpleQueue[str] = SimpleQueue()
        self.port = int(self._process.stdout.readline().split()[1])
        Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in self._process.stdout:
            self._said.put(line)

    def order(self, *words: object) -> None:
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()

    def trap(self, step: str, times: int = 1) -> None:
        """Let the session that reaches this step for the so many-th time from now wait there for `go`."""
        with suppress(Empty):
            while True:
                self._said.get_nowait()
        self.order("trap", step, times)

    def trapped(self, patience: float = PATIENCE) -> int | None:
        """Wait for somebody to step into the trap; their port, if somebody did."""
        with suppress(Empty):
            return int(self._said.get(timeout=patience).split()[1])
        return None

    def taken(self) -> list[dict]:
        """What was taken, in its order."""
        return [line for line in self.lines() if "content" in line]

    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.record.read_text().splitlines()] if self.record.exists() else []

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()


@dataclass
class House:
    """One installation."""

    folder: Path
    url: sa.URL
    sink: Sink
    web: listings.Listings
    nursery: Nursery | None
    patience: float = 10  # seconds that one from the nursery waits for a database that is locked or full
    begun: list[Running] = field(default_factory=list)

    @property
    def database(self) -> Path:
        """The file of SQLite."""
        assert self.is_sqlite
        return Path(str(self.url.database))

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @property
    def logs(self) -> list[Path]:
        """The delivery log, and what was put aside of it."""
        folder = self.database.parent if self.is_sqlite else self.folder
        return list(folder.glob("digest-deliveries.log*"))

    def start(self, *arguments: str, config: str = "config.toml", before: Sequence[str] = ()) -> Running:
        """Begin a command of the product; `before` is what begins it."""
        whole = ["--config", str(self.folder / config), *arguments]
        self.begun.append(Running(whole, self.folder / "said", self.nursery, self.patience, before))
        return self.begun[-1]

    def run(self, *arguments: str, patience: float = PATIENCE) -> int:
        """Run one to its end; its exit status."""
        return self.start(*arguments).wait(patience)

    def ask(self, query: str) -> list[tuple]:
        """What the database says, without keeping it open."""
        with self._connected() as connection:
            return [tuple(row) for row in connection.execute(sa.text(query))]

    def count(self, query: str) -> int:
        return self.ask(query)[0][0]

    def say(self, command: str) -> None:
        """Have the database do something."""
        with self._connected() as connection:
            connection.exec_driver_sql(command)

    def written(self) -> object:
        """Something that is another whenever the database was written to."""
        if self.is_sqlite:
            stat = self.database.with_name(f"{self.database.name}-wal").stat()
            return stat.st_size, stat.st_mtime_ns
        return self.ask("SELECT pg_current_wal_insert_lsn()")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Another program writes, and does not come to an end."""
        with self._connected() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                _lock(connection)
            yield
            with suppress(sa.exc.OperationalError):  # it was restarted meanwhile
                connection.exec_driver_sql("ROLLBACK")

    @contextmanager
    def _connected(self) -> Iterator[sa.Connection]:
        own = {"timeout": PATIENCE} if self.is_sqlite else {}
        engine = sa.create_engine(self.url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT", connect_args=own)
        with engine.connect() as connection:
            yield connection

    def tree(self) -> list[psutil.Process]:
        return [process for running in self.begun for process in running.tree()]

    def said(self) -> str:
        """What all commands said."""
        path = self.folder / "said"
        return path.read_text(errors="replace") if path.exists() else ""


def _lock(connection: sa.Connection) -> None:
    """Take all tables from whoever would write to them; who is at it is let finish."""
    tables = ", ".join(sorted(metadata.tables))
    while True:
        connection.exec_driver_sql("BEGIN")
        try:
            connection.exec_driver_sql(f"LOCK TABLE {tables} IN EXCLUSIVE MODE")
        except sa.exc.OperationalError:  # they wait for one that we have, and we for one of theirs
            connection.exec_driver_sql("ROLLBACK")
        else:
            return


@contextmanager
def installation(
    folder: Path,
    readers: int,
    *,
    seed: int = 0,
    delivery: str = "",
    nursery: Nursery | None = None,
    url: str | None = None,
    with_log: bool = True,
) -> Iterator[House]:
    """An installation with so many readers, whose edition of today is due, and nothing read yet.

    With a nursery, it is one in a hurry: its readers want no HTML.
    """
    with ExitStack() as stack:
        web = stack.enter_context(listings.serving(seed))
        sink = Sink(folder / "record.jsonl")
        stack.callback(sink.close)
        url = url or f"sqlite:///{folder / 'digest.db'}"
        if with_log and not url.startswith("sqlite"):  # which has one beside it
            delivery = f'log = "digest-deliveries.log"\n{delivery}'
        text = _CONFIG.format(port=sink.port, feed=web.url, url=url, delivery=delivery)
        (folder / "config.toml").write_text(text)
        (folder / "dkim.pem").write_bytes(_key())
        (folder / "dkim.pem").chmod(0o600)
        _write_readers(folder / "readers.csv", readers, "text" if nursery else "html")
        house = House(folder, sa.make_url(url), sink, web, nursery)
        stack.callback(lambda: [running.kill() for running in house.begun])
        assert house.run("subscribers", "import", str(folder / "readers.csv"), patience=5 * PATIENCE) == 0, house.said()
        yield house


def _write_readers(path: Path, readers: int, form: str) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["email", "name", "timezone", "send_at", "keywords", "max_papers", "format"])
        for number in range(readers):
            wanted = listings.KEYWORDS[number % 3], listings.KEYWORDS[3 + number % 4]
            who = f"reader{number}@example.org", f"R. {number}"
            writer.writerow([*who, _zone(), "00:00", ";".join(wanted), 8, form])


def _zone() -> str:
    """One in which it is about noon: a run over midnight would have two days."""
    ahead = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "UTC"


@cache
def _key() -> bytes:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return rsa.generate_private_key(65537, 2048).private_bytes(*form)
