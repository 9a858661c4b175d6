"""Somebody who changes their mind keeps their place."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from digest.errors import UsageError
from digest.model import Origin, Profile, Schedule, Status, Subscriber

NOW = datetime(2026, 5, 18, 12, tzinfo=UTC)
ANN = Subscriber("ann@example.org", profile=Profile(("GAN",)), schedule=Schedule(send_at=time(6)))


def test_what_is_wanted_changes_and_what_happened_stays(store):
    added = store.add(ANN, NOW)
    store.set_status(ANN.email, Status.PAUSED, NOW)
    wish = replace(ANN, email="Ann@example.org", profile=Profile(("diffusion",)), origin=Origin.FILE, cursor=99)
    changed = store.update(wish, NOW)
    assert changed == replace(added, email=wish.email, profile=wish.profile, status=Status.PAUSED)
    assert store.subscriber("ann@example.org") == changed


def test_another_hour_is_kept_from_now_on(store):
    store.add(ANN, NOW - timedelta(days=1))
    store.update(replace(ANN, schedule=Schedule(send_at=time(20))), NOW)
    due = [store.due(at, everyone=False, after=0, limit=9) for at in (NOW, NOW + timedelta(hours=8))]
    assert [len(subscribers) for subscribers in due] == [0, 1]


def test_nobody_and_those_who_left_cannot_be_changed(store):
    with pytest.raises(UsageError, match="not subscribed"):
        store.update(ANN, NOW)
    store.add(ANN, NOW)
    store.set_status(ANN.email, Status.REMOVED, NOW)
    with pytest.raises(UsageError, match="not subscribed"):
        store.update(ANN, NOW)
