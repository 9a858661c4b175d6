"""What a clock that was wrong left behind: plans made in what is now the future, editions dated years ahead.

A plan made in the future is known by when it was made, and is made again. An edition dated in the future was sent, and
its date stays taken. But somebody whose newest edition lies months ahead would get nothing until then; and the same is
seen by a clock that is months behind now. What tells the two apart: a clock that was ahead for a while has left one
edition beyond a gap, one that is behind finds many. So the date counts as if it had not been only if it is more than a
month ahead, was composed after now, and is the only one that was.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from digest.store.schema import editions, subscribers

_SLACK = timedelta(hours=1)  # by how much the clocks of machines that share a database may differ
_FAR = timedelta(days=31)


def planned_ahead(now: datetime) -> ColumnElement[bool]:
    """Whether a subscriber's plan was made by a clock that was ahead."""
    return subscribers.c.planned_at > now + _SLACK


def served_until(connection: Connection, last_issues: Mapping[int, date | None], now: datetime) -> dict[int, Any]:
    """By subscriber, the newest local date that counts as served: their `last_issue`, or the one before."""
    horizon = now.date() + _FAR
    far = [number for number, day in last_issues.items() if day is not None and day > horizon]
    return {**last_issues, **{number: _believed(connection, number, now) for number in far}}


def _believed(connection: Connection, number: int, now: datetime) -> date | None:
    c = editions.c
    newest = select(c.issue_date, c.composed_at).where(c.subscriber_id == number).order_by(c.issue_date.desc()).limit(2)
    last, *before = connection.execute(newest).all()
    is_alone = last.composed_at > now and all(row.composed_at <= now for row in before)
    if not is_alone:
        return last.issue_date  # type: ignore[no-any-return]
    return before[0].issue_date if before else None
