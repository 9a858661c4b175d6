"""What the store remembers of each source between pulls, and who is pulling it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, or_, select, update

from digest.model import Fetched, Problem, SourceState, incomplete
from digest.store.schema import sources
from digest.store.sql import insert

_STATE = [sources.c[name] for name in SourceState.__dataclass_fields__]
_UNREAD = {"covered": {}, "validators": {}, "problems": (), "announced": 0}


def source_state(connection: Connection, name: str) -> SourceState:
    """What is known of the source; nothing, if it was never pulled."""
    row = connection.execute(select(*_STATE).where(sources.c.name == name)).one_or_none()
    return SourceState(name) if row is None else SourceState(*row)


def begin(  # noqa: PLR0913  (who takes what, for how long)
    connection: Connection, name: str, now: datetime, until: datetime, *, worker: str, force: bool
) -> bool:
    """Take the source for this worker until `until`; False if another holds it, or if it is not due (unless `force`)."""
    connection.execute(insert(connection, sources).values(name=name, **_UNREAD).on_conflict_do_nothing())
    free = or_(sources.c.lease_until.is_(None), sources.c.lease_until <= now)
    take = update(sources).where(sources.c.name == name, free).values(worker=worker, lease_until=until)
    if not force:
        # After a clock was ahead, what it planned says nothing.
        take = take.where(or_(sources.c.next_pull.is_(None), sources.c.next_pull <= now, sources.c.last_attempt > now))
    return connection.execute(take).rowcount == 1


def finish(  # noqa: PLR0913  (what a visit is made of)
    connection: Connection,
    name: str,
    fetched: Fetched,
    problems: Sequence[Problem],
    *,
    now: datetime,
    next_pull: datetime,
    announced: int,
) -> None:
    """Remember how the pull went, and give the source back."""
    before = source_state(connection, name)
    complete = not incomplete(problems)
    values = {
        "covered": _furthest(before.covered, fetched.covered),
        "validators": {**before.validators, **fetched.validators},
        "problems": tuple(problems),
        "last_attempt": now,
        "last_success": now if complete else before.last_success,
        "next_pull": next_pull,
        "not_before": fetched.not_before or before.not_before,
        "worker": None,
        "lease_until": None,
        "announced": announced,
    }
    upsert = insert(connection, sources).values(name=name, **values)
    connection.execute(upsert.on_conflict_do_update(index_elements=["name"], set_=values))


def _furthest(before: Mapping[str, date], now: Mapping[str, date]) -> dict[str, date]:
    """A part that was complete up to a day stays so."""
    return {**before, **{part: max(day, before.get(part, day)) for part, day in now.items()}}


def bereave(connection: Connection, is_dead: Callable[[str], bool]) -> None:
    """Give back what dead workers were pulling."""
    holders = connection.scalars(select(sources.c.worker).where(sources.c.worker.is_not(None)).distinct())
    if dead := [worker for worker in holders if is_dead(worker)]:
        connection.execute(update(sources).where(sources.c.worker.in_(dead)).values(worker=None, lease_until=None))
