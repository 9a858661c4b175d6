"""What procrastinate keeps in this database: its tables are made by its own scripts, and looked into for whoever asks.

Scripts are named so that they sort: "03.04.00_01_pre_..." goes before the programs of that version, "..._50_post_..." once
none of an older one is at work (https://procrastinate.readthedocs.io/en/stable/howto/production/migrations.html).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, inspect, text

from digest.errors import StoreError
from digest.store import marks
from digest.store.database import Database

_NEWEST = "procrastinate"  # in `meta`: the newest script that was run
_LOCK = 7204  # 7203 is that of our own migrations
_FRESH = "last_heartbeat > now() - interval '30 seconds'"


@dataclass(frozen=True, slots=True)
class Scripts:
    """Those of one version of procrastinate."""

    whole: str  # makes everything in an empty database
    steps: Mapping[str, str]  # by name: what leads from version to version

    @property
    def newest(self) -> str:
        return max(self.steps)


def prepare(database: Database, scripts: Scripts) -> None:
    """Make the tables, or bring them up; each script in a transaction of its own, by one process at a time.

    Raises:
        StoreError: programs of an older version are at work, and have to be stopped first; or the tables are not ours.
    """
    while _prepared(database, scripts):
        pass


def _prepared(database: Database, scripts: Scripts) -> bool:
    """Run one script, if one is missing; whether it did."""
    with database.writing() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        done = marks.read(connection, _NEWEST)
        if not _is_there(connection):  # whatever `meta` says: it may have come from another database
            _run(connection, scripts.whole)
            marks.keep(connection, _NEWEST, scripts.newest)
            return True
        if done is None:
            raise StoreError("Another program keeps its jobs in this database: give the digest one of its own.")
        following = next_step(sorted(scripts.steps), done, is_alone=_workers(connection) == 0)
        if following is None:
            return False
        _run(connection, scripts.steps[following])
        marks.keep(connection, _NEWEST, following)
        return True


def next_step(steps: Sequence[str], done: str, *, is_alone: bool) -> str | None:
    """The script to run behind that which was `done`; None if there is none, or none yet: others are at work.

    Raises:
        StoreError: one is needed that cannot be run before they are stopped.
    """
    missing = [step for step in steps if step > done]
    if not missing or is_alone or "_post_" not in missing[0]:
        return missing[0] if missing else None
    if all("_post_" in step for step in missing):
        return None  # what these take away harms nobody
    raise StoreError(
        "The job tables are several versions behind, and older workers are at work: stop every `digest worker`, and"
        " start this one again."
    )


def _run(connection: Connection, script: str) -> None:
    driver: Any = connection.connection.driver_connection  # SQLAlchemy would see parameters in it
    driver.execute(script)


# --- looking ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Jobs:
    """What workers have before them."""

    workers: int  # processes that were seen in the last half minute
    counts: Mapping[str, Mapping[str, int]]  # by queue and state: todo, doing, failed (a day long)


def jobs(connection: Connection) -> Jobs | None:
    """How the jobs stand; None where there never was a worker."""
    if connection.dialect.name != "postgresql" or not _is_there(connection):
        return None
    rows = connection.execute(
        text("SELECT queue_name, status::text, count(*) FROM procrastinate_jobs GROUP BY 1, 2 ORDER BY 1, 2")
    )
    counts: dict[str, dict[str, int]] = {}
    for queue, state, count in rows:
        counts.setdefault(queue, {})[state] = count
    return Jobs(_workers(connection), counts)


def _is_there(connection: Connection) -> bool:
    return inspect(connection).has_table("procrastinate_jobs")


def _workers(connection: Connection) -> int:
    return connection.scalar(text(f"SELECT count(*) FROM procrastinate_workers WHERE {_FRESH}")) or 0  # noqa: S608
