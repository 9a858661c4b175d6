"""Who gets a digest: by command and by file, who leaves and who comes back."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from digest.errors import UsageError
from digest.model import Format, Layout, Origin, Profile, Schedule, State, Status, Subscriber

from .making import DAY, HOUR, NOW, announce, announce_papers, claim, edition, paper, papers, publish, said, subscribe

FULL = Subscriber(
    "Ann@Example.org",
    "Ann",
    Profile(('"flow matching"^3', "-survey"), ("cs.*",), ("arxiv",), 7, 2),
    Schedule("Asia/Kathmandu", time(6, 15), frozenset({0, 2, 4})),
    Format.TEXT,
    Layout.COMPACT,
    "de",
    send_empty=False,
)


def due(store, now=NOW, *, everyone=False):
    return [each.email for each in store.due(now, everyone=everyone, after=0, limit=10)]


def test_a_subscriber_comes_back_with_everything(store):
    added = store.add(FULL, NOW)
    assert added == replace(FULL, id=added.id)
    assert store.subscriber("ann@example.org") == added
    assert store.subscribers() == [added]


def test_an_address_is_one_subscriber_in_whatever_case(store):
    subscribe(store, "Ann.Lee@Example.ORG")
    assert store.subscriber("ann.lee@EXAMPLE.org").email == "Ann.Lee@Example.ORG"
    with pytest.raises(UsageError, match="subscribed already"):
        subscribe(store, "ANN.LEE@example.org")
    assert store.subscriber("somebody@example.org") is None


def test_what_was_announced_in_three_days_is_news_to_a_newcomer_and_what_came_before_is_not(store):
    announce_papers(store, 2, now=NOW - timedelta(days=3, seconds=1))
    announce_papers(store, 3, now=NOW - timedelta(days=3), first=10)
    assert subscribe(store).cursor == 2
    store.sync([Subscriber("bob@example.org")], NOW)
    assert store.subscriber("bob@example.org").cursor == 2


def test_a_newcomer_is_due_at_once_if_their_hour_has_passed_today(store):
    subscribe(store, "early@example.org", schedule=Schedule(send_at=time(7, 30)))
    subscribe(store, "late@example.org", schedule=Schedule(send_at=time(9, 30)))
    assert due(store) == ["early@example.org"]
    assert due(store, NOW + 2 * HOUR) == ["early@example.org", "late@example.org"]
    assert due(store, everyone=True) == ["early@example.org", "late@example.org"]


def test_who_is_due_comes_by_id_in_shards(store):
    people = [subscribe(store, f"{number}@example.org") for number in range(5)]
    shard = store.due(NOW, everyone=False, after=people[1].id, limit=2)
    assert shard == people[2:4]
    store.reschedule(people[2].id, NOW + HOUR, NOW)
    assert people[2] not in store.due(NOW, everyone=False, after=0, limit=10)


def test_only_the_active_are_due(store):
    subscribe(store)
    for status, expected in ((Status.PAUSED, []), (Status.ACTIVE, ["ann@example.org"]), (Status.REMOVED, [])):
        assert store.set_status("ANN@example.org", status, NOW).status is status
        assert due(store, everyone=True) == expected
    assert [each.email for each in store.subscribers(status=Status.REMOVED)] == ["ann@example.org"]
    assert store.subscribers(status=Status.ACTIVE) == []


def test_who_is_not_subscribed_cannot_be_paused(store):
    with pytest.raises(UsageError, match=r"nobody@example\.org is not subscribed"):
        store.set_status("nobody@example.org", Status.PAUSED, NOW)


def test_who_comes_back_keeps_what_they_were_sent_and_skips_what_is_old(store):
    announce_papers(store, 2)
    ann = subscribe(store)
    publish(store, edition(ann, papers(store), cursor=2))
    store.set_status(ann.email, Status.REMOVED, NOW)
    announce(store, said(paper(9)), now=NOW + timedelta(days=10))
    back = store.add(replace(FULL, email=ann.email), NOW + timedelta(days=20))
    assert (back.id, back.status, back.last_issue, back.cursor) == (ann.id, Status.ACTIVE, DAY, 3)
    assert back.profile == FULL.profile
    assert store.sent([ann.id], [1, 2, 3])[ann.id] == {1, 2}


# --- the file -----------------------------------------------------------------------------------------------------

ANN, BOB = Subscriber("ann@example.org", "Ann"), Subscriber("bob@example.org", "Bob")


def statuses(store):
    return {each.email: (each.status, each.origin) for each in store.subscribers()}


def test_the_file_brings_and_takes_its_own_subscribers(store):
    subscribe(store, "web@example.org")
    store.sync([ANN, BOB], NOW)
    store.sync([BOB], NOW)
    assert statuses(store) == {
        "web@example.org": (Status.ACTIVE, Origin.DATABASE),
        "ann@example.org": (Status.REMOVED, Origin.DATABASE),
        "bob@example.org": (Status.ACTIVE, Origin.FILE),
    }
    store.sync([ANN, BOB], NOW)
    assert statuses(store)["ann@example.org"] == (Status.ACTIVE, Origin.FILE)
    assert len(store.subscribers()) == 3


def test_an_address_in_both_is_one_subscriber_and_the_file_says_what_they_want(store):
    stored = store.add(FULL, NOW)
    store.set_status(FULL.email, Status.PAUSED, NOW)
    store.sync([ANN], NOW)
    (one,) = store.subscribers()
    assert one == replace(ANN, id=stored.id, origin=Origin.FILE, status=Status.PAUSED)


def test_who_unsubscribed_stays_away_though_the_file_still_names_them(store):
    store.sync([ANN], NOW)
    store.set_status(ANN.email, Status.REMOVED, NOW)
    store.sync([ANN, BOB], NOW)
    assert store.subscriber(ANN.email).status is Status.REMOVED


def test_a_changed_profile_leaves_history_and_plan_alone_and_a_changed_hour_plans_anew(store):
    announce_papers(store, 1)
    store.sync([ANN], NOW)
    ann = store.subscriber(ANN.email)
    publish(store, edition(ann, cursor=1))
    store.sync([replace(ANN, profile=FULL.profile)], NOW)
    changed = store.subscriber(ANN.email)
    assert (changed.profile, changed.cursor, changed.last_issue) == (FULL.profile, 1, DAY)
    tomorrow = NOW + timedelta(days=1)
    assert due(store, tomorrow - HOUR) == []
    store.sync([replace(ANN, schedule=Schedule(send_at=time(6, 0)))], NOW)
    assert due(store, tomorrow - 3 * HOUR) == []
    assert due(store, tomorrow - 2 * HOUR) == ["ann@example.org"]


def test_an_unchanged_file_writes_nothing(tmp_path, store):
    store.sync([ANN, replace(FULL, email="carl@example.org")], NOW)
    with store._database.reading() as connection:
        if connection.dialect.name != "sqlite":
            pytest.skip("only SQLite numbers its commits")
        before = connection.exec_driver_sql("PRAGMA data_version").scalar()
        store.sync([ANN, replace(FULL, email="carl@example.org")], NOW + HOUR)
        assert connection.exec_driver_sql("PRAGMA data_version").scalar() == before
    wal = tmp_path / "digest.db-wal"
    size = wal.stat().st_size
    store.sync([ANN, replace(FULL, email="carl@example.org")], NOW + HOUR)
    assert wal.stat().st_size == size


def test_a_file_that_names_an_address_twice_brings_one_subscriber(store):
    store.sync([ANN, replace(ANN, email="ANN@example.org", name="Other")], NOW)
    assert [each.name for each in store.subscribers()] == ["Ann"]


def test_what_waits_for_somebody_who_leaves_is_cancelled(store):
    store.sync([ANN], NOW)
    publish(store, edition(store.subscriber(ANN.email)))
    store.sync([], NOW)
    assert store.overview(NOW).deliveries[State.CANCELLED] == 1
    store.sync([ANN], NOW)
    assert claim(store) == []


# --- who is to come -------------------------------------------------------------------------------------------------


def test_what_is_foreseen_is_what_syncing_leaves_and_foreseeing_writes_nothing(store):
    announce_papers(store, 3)
    store.add(subscriber("database"), NOW)
    store.sync([subscriber(name) for name in ("stays", "unsubscribes", "is dropped", "pauses", "comes back")], NOW)
    store.sync([subscriber(name) for name in ("stays", "unsubscribes", "is dropped", "pauses")], NOW)
    store.set_status("unsubscribes@example.org", Status.REMOVED, NOW)
    store.set_status("pauses@example.org", Status.PAUSED, NOW)
    written = [subscriber(name) for name in ("comes back", "is new", "stays", "unsubscribes", "pauses", "database")]
    later = NOW + timedelta(days=5)

    before = store.subscribers()
    foreseen = store.foreseen(written, later)
    assert store.subscribers() == before
    store.sync(written, later)
    left = {each.email: each for each in store.subscribers() if each.status is not Status.REMOVED}
    assert {each.email: replace(each, id=left[each.email].id) for each in foreseen} == left
    names = ["comes.back", "is.new", "stays", "pauses", "database"]
    assert [each.email for each in foreseen] == [f"{name}@example.org" for name in names]


def subscriber(name):
    return Subscriber(f"{name.replace(' ', '.')}@example.org")


def test_shards_in_which_somebody_is_due_are_ranges_of_numbers_that_stay_the_same(store):
    early = [subscribe(store, f"early{n}@example.org", schedule=Schedule(send_at=time(7, 30))) for n in range(2)]
    late = subscribe(store, "late@example.org", schedule=Schedule(send_at=time(9, 30)))
    first, own = range(early[0].id, early[0].id + 1), range(late.id, late.id + 1)
    assert store.due_shards(NOW, 1) == [first, range(early[1].id, early[1].id + 1)]
    assert store.due_shards(NOW + 2 * HOUR, 1)[-1] == own
    assert store.due_shards(NOW + 2 * HOUR, 1_000) == [range(1_000)]
    assert store.due(NOW, everyone=False, after=0, limit=10, upto=early[0].id) == [early[0]]
