"""Which processes are at work on the database: long-lived ones say so again and again, and say when they go."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from digest.store import deliveries, pulls
from digest.store.schema import workers
from digest.store.sql import insert

SILENCE = timedelta(minutes=2)  # after which a process counts as gone that says it is there three times a minute


@dataclass(frozen=True, slots=True)
class Attending:
    """One process at work."""

    name: str  # as in its claims
    version: str
    knows: str  # the newest revision of the tables that it knows
    begun_at: datetime
    seen_at: datetime

    @property
    def spoken(self) -> str:
        """Its name for people: "process 23923 on vm"."""
        place, *rest = self.name.split(":")
        return f"process {rest[0]} on {place.partition('/')[0]}" if len(rest) == _REST else self.name


_REST = 2  # of a name, behind its place: the number, and a word of chance
_ATTENDING = [workers.c[name] for name in Attending.__dataclass_fields__]


def attend(connection: Connection, name: str, version: str, knows: str, now: datetime) -> None:
    """Say that this process is at work."""
    row = insert(connection, workers).values(name=name, version=version, knows=knows, begun_at=now, seen_at=now)
    connection.execute(row.on_conflict_do_update(index_elements=["name"], set_={"seen_at": now}))


def leave(connection: Connection, names: Collection[str]) -> None:
    """These processes are at work no more."""
    connection.execute(delete(workers).where(workers.c.name.in_(names)))


def attending(connection: Connection, now: datetime) -> list[Attending]:
    """Who has been seen lately, the longest at work first."""
    lately = select(*_ATTENDING).where(workers.c.seen_at > now - SILENCE)
    return [Attending(*row) for row in connection.execute(lately.order_by(workers.c.begun_at, workers.c.name))]


def bereave(connection: Connection, is_dead: Callable[[str], bool]) -> None:
    """Forget the processes that are known to be dead."""
    if dead := [name for name in connection.scalars(select(workers.c.name)) if is_dead(name)]:
        leave(connection, dead)


def bereave_silent(connection: Connection, now: datetime) -> tuple[str, ...]:
    """Give back what processes held that nobody has seen for `SILENCE`, but for messages being handed over.

    A process that is cut off from the database may still be at work: what it has claimed and not begun, it cannot begin
    any more once another has taken it. What it has begun, it may have sent: that waits for the end of its lease.
    """
    gone = select(workers.c.name).where(workers.c.seen_at <= now - SILENCE).order_by(workers.c.name)
    silent = tuple(connection.scalars(gone.with_for_update(skip_locked=True)))
    if silent:
        leave(connection, silent)
        pulls.bereave(connection, silent.__contains__)
        deliveries.give_back(connection, silent, now)
    return silent
