"""Many rows at once are written as one by one: every type means the same."""

from datetime import UTC, date, datetime, time

import pytest
from sqlalchemy import select

from digest.errors import StoreError
from digest.model import Away, Cause, Format, Layout, Origin, Profile, Status
from digest.store import Store
from digest.store.schema import subscribers, suppressions
from digest.store.sql import write_many

AT = datetime(2027, 3, 1, 6, 30, 15, 250_000, tzinfo=UTC)
ROW = {
    "address": "ann@example.org",
    "email": "Ann@example.org",
    "name": 'Zoë "Z", \\N\t\n日本',
    "profile": Profile(("graphs", "-cats")),
    "timezone": "Asia/Kathmandu",
    "send_at": time(7, 5),
    "days": frozenset({0, 4}),
    "away": (Away(date(2027, 7, 1), date(2027, 7, 9)),),
    "catch_up": True,
    "format": Format.HTML,
    "layout": Layout.FULL,
    "locale": "de",
    "send_empty": False,
    "status": Status.ACTIVE,
    "origin": Origin.DATABASE,
    "cursor": 2**40,
    "last_issue": date(2027, 2, 28),
    "paused_until": None,
    "next_due": AT,
    "planned_at": None,
    "created_at": AT,
}


def test_every_type_of_value_is_read_as_it_was_written(store: Store) -> None:
    with store._database.writing() as connection:
        write_many(connection, subscribers, list(ROW), [list(ROW.values())])
    with store._database.reading() as connection:
        found = connection.execute(select(*(subscribers.c[name] for name in ROW))).mappings().one()
    assert dict(found) == ROW


def test_more_rows_than_one_statement_takes_are_written(store: Store) -> None:
    names = ["address", "email", "cause", "detail", "at"]
    with store._database.writing() as connection:
        rows = ((f"{n}@x.org", f"{n}@x.org", Cause.BOUNCE, "", AT) for n in range(25_000))
        write_many(connection, suppressions, names, rows)
        write_many(connection, suppressions, names, [])
    assert len(store.suppressions()) == 25_000


def test_a_row_that_is_there_already_is_an_error_in_words_and_nothing_is_written(store: Store) -> None:
    rows = [(name, name, Cause.BOUNCE, "", AT) for name in ("a@x.org", "b@x.org", "a@x.org")]
    with pytest.raises(StoreError, match=r"(?i)unique"), store._database.writing() as connection:
        write_many(connection, suppressions, ["address", "email", "cause", "detail", "at"], rows)
    assert store.suppressions() == []
