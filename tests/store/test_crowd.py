"""Many subscribers at once are read as each by themselves is."""

from dataclasses import fields, replace
from datetime import date, time

import pytest

from digest.errors import StoreError
from digest.model import Away, Format, Layout, Profile, Schedule
from tests.store.making import NOW, subscribe

BERLIN = Schedule("Europe/Berlin", time(6, 45), frozenset({0, 3}), (Away(date(2026, 7, 1), date(2026, 7, 9)),), False)


def due(store):
    return store.due(NOW, everyone=True, after=0, limit=100)


def test_whoever_is_due_is_who_they_are(store):
    both = Profile(("diffusion", '"a, b"', "ünïcode"), ("cs.*",), ("arxiv",), 7, 2, 12.5, 3, 0.25, True)
    subscribe(store, "ann@example.org", profile=both, schedule=BERLIN)
    subscribe(store, "bob@example.org", profile=both, schedule=BERLIN, format=Format.TEXT, layout=Layout.FULL, name="B")
    subscribe(store, "cyd@example.org", locale="de", send_empty=False)
    found = due(store)
    assert found == store.subscribers()
    for one, alone in zip(found, store.subscribers(), strict=True):
        assert [type(getattr(one, field.name)) for field in fields(one)] == [
            type(getattr(alone, field.name)) for field in fields(alone)
        ]
    assert found[0].profile is found[1].profile
    assert found[0].schedule is found[1].schedule
    assert hash(found[0]) == hash(replace(found[0]))


def test_nobody_is_due_where_nobody_is(store):
    assert due(store) == []


@pytest.mark.parametrize("damaged", ["{oops", "{}, {}", '"text"', '{"keywords": 5}', ""])
def test_a_profile_that_is_damaged_is_said_to_be(store, damaged):
    for name in ("ann", "bob"):
        subscribe(store, f"{name}@example.org", profile=Profile((name,)))
    with store._database.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE subscribers SET profile = '{damaged}' WHERE email = 'ann@example.org'")
    with pytest.raises(StoreError, match="not written by this program"):
        due(store)
