"""What whoever runs the digest asks of the store, and has it do."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from digest.alerts import Facts
from digest.due import Planned
from digest.model import Alert
from digest.store import (
    alerts,
    attendance,
    database,
    files,
    history,
    jobs,
    keeping,
    keyring,
    migrating,
    overview,
    subscribers,
    watching,
)
from digest.store import editions as published
from digest.store.history import History, News
from digest.store.jobs import Jobs, Scripts
from digest.store.migrating import Standing
from digest.store.opened import Opened
from digest.store.schema import meta
from digest.store.sql import clock


class Operation(Opened):
    """Keys, alerts, measures, backups: a part of `Store`, whose rules hold."""

    def secret(self) -> bytes:
        """32 random bytes, made with the database and never changed: what message ids are made of."""
        with self._database.reading() as connection:
            return bytes.fromhex(connection.scalars(select(meta.c.value).where(meta.c.key == "secret")).one())

    def keys(self, now: datetime | None = None) -> tuple[bytes, ...]:
        """What links are signed with: the newest first, and behind it those that are still good (at `now`) for older links."""
        with self._database.reading() as connection:
            return keyring.keys(connection, now)

    def rotate_keys(self, now: datetime, *, leaked: bool = False) -> None:
        """Sign links with a new key from now on; those before it stay good for `keyring.KEPT`, unless they were `leaked`."""
        with self._database.writing() as connection:
            keyring.rotate(connection, now, leaked=leaked)

    def overview(self, now: datetime) -> overview.Overview:
        """How things stand."""
        with self._database.reading() as connection:
            return overview.overview(connection, now)

    def planned(self, after: datetime, until: datetime) -> list[Planned]:
        """Active subscribers whom to look at `after` then, and up to `until`, by their schedules."""
        with self._database.reading() as connection:
            return overview.planned(connection, after, until)

    def prepare_jobs(self, scripts: Scripts) -> None:
        """Make procrastinate's tables, or bring them up to its version. Raises StoreError if older workers prevent it."""
        jobs.prepare(self._database, scripts)

    def jobs(self) -> Jobs | None:
        """How the jobs of workers stand; None where there never was one."""
        with self._database.reading() as connection:
            return jobs.jobs(connection)

    def time(self) -> datetime:
        """What the time is by the clock that all who share the database have in common: its own."""
        with self._database.reading() as connection:
            return clock(connection)

    def answers(self) -> None:
        """Nothing, if it can be read; else a StoreError."""
        with self._database.reading() as connection:
            connection.execute(select(meta.c.key).limit(1)).all()

    def history(self, email: str, limit: int) -> History | None:
        """What became of the newest editions of whoever has, or had, this address; None if nobody ever did."""
        with self._database.reading() as connection:
            return history.history(connection, email, limit)

    def news(self, since: date, until: date) -> list[News]:
        """What sources announced for their days `since` to `until`, both included, and what became of it."""
        with self._database.reading() as connection:
            return history.news(connection, since, until)

    def first_visits(self) -> Mapping[str, datetime]:
        """When each source brought anything first."""
        with self._database.reading() as connection:
            return history.first_visits(connection)

    def facts(self, now: datetime, expiry: timedelta) -> Facts:
        """What alerts are about; an edition is not sent any more `expiry` after it was composed."""
        with self._database.reading() as connection:
            return watching.facts(connection, now, expiry)

    def gauges(self, now: datetime) -> watching.Gauges:
        """Everything that is measured."""
        with self._database.reading() as connection:
            return watching.gauges(connection, now)

    def alerts(self) -> tuple[Alert, ...]:
        """What the operator was told of: what holds, and what held within the last day."""
        with self._database.reading() as connection:
            return alerts.all_(connection)

    def replace_alert(self, before: Alert | None, after: Alert | None) -> bool:
        """Remember `after` in place of `before`; False if somebody else was faster."""
        with self._database.writing() as connection:
            return alerts.replace(connection, before, after)

    def vacuum(
        self, before: datetime, now: datetime, *, stopping: Callable[[], bool] = lambda: False
    ) -> keeping.Vacuumed:
        """Take away what is older than `before` and that nobody needs, in many short transactions."""
        return keeping.vacuum(self._database, before, now, stopping)

    def to_vacuum(self, before: datetime) -> keeping.Vacuumed:
        """How much `vacuum` would take away; writes nothing."""
        with self._database.reading() as connection:
            return keeping.foreseen(connection, before)

    def vacuumed_at(self) -> datetime | None:
        """When a vacuum came to its end last."""
        with self._database.reading() as connection:
            return keeping.last(connection)

    def was_vacuumed(self, email: str, issue_date: date) -> bool:
        """Whether there was an edition of that day whose content is gone."""
        with self._database.reading() as connection:
            return published.is_gone(connection, subscribers.address(email), issue_date)

    def attend(self, name: str, version: str, now: datetime) -> None:
        """Say that this process, whose claims bear this name, is at work: to be said three times a minute.

        Raises:
            OutdatedError: a newer version has changed the tables so that this one does not understand them: it must stop.
        """
        with self._database.writing(swift=True) as connection:
            migrating.must_understand(connection, self._database.place)
            attendance.attend(connection, name, version, database.head(), now)

    def leave(self, name: str) -> None:
        """Say that it is at work no more."""
        with self._database.writing(swift=True) as connection:
            attendance.leave(connection, [name])

    def attending(self, now: datetime) -> list[attendance.Attending]:
        """Which processes are at work: those seen within two minutes, the longest at work first."""
        with self._database.reading() as connection:
            return attendance.attending(connection, now)

    def bereave_silent(self, now: datetime) -> tuple[str, ...]:
        """Give back what processes held that nobody has seen for two minutes, but for messages being handed over.

        Returns the names of those processes, which count as gone from now on.
        """
        with self._database.writing(swift=True) as connection:
            return attendance.bereave_silent(connection, now)

    def standing(self) -> Standing:
        """How far the tables are, and which programs are in the way of more."""
        with self._database.reading() as connection:
            return migrating.look(connection)

    def upgrade(self) -> None:
        """Make those changes of the tables that waited for older programs to go, if they are gone."""
        migrating.migrate(self._database)

    @property
    def is_file(self) -> bool:
        """Whether it is an SQLite database in a file, which can be backed up and compacted here."""
        return files.is_file(self._database)

    def backup(self, target: Path, *, force: bool = False) -> int:
        """Copy an SQLite database, checked, while others write to it; returns the copy's size in bytes.

        Raises:
            UsageError: the file is there already (unless `force`), or is the database itself.
        """
        return files.backup(self._database, target, force=force)

    def compact(self) -> bool:
        """Give the empty pages of an SQLite file back to the disk, if that is worth it; returns whether it was."""
        return files.compact(self._database)
