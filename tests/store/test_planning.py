"""When somebody is looked at next: pauses, clocks that were wrong, zone data that change."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from digest.errors import UsageError
from digest.model import Away, Cause, Schedule, State, Status
from digest.store import zones

from .making import DAY, HOUR, NOW, announce_papers, edition, papers, publish, subscribe

ONE_DAY = timedelta(days=1)
YEARS = timedelta(days=3650)
EVENING = Schedule(send_at=time(20, 0))


def due(store, now=NOW):
    return [each.email for each in store.due(now, everyone=False, after=0, limit=10)]


def the_one_due(store, now):
    (found,) = store.due(now, everyone=False, after=0, limit=10)
    return found


# --- pauses -------------------------------------------------------------------------------------------------------


def test_a_pause_until_a_day_ends_on_it(store):
    subscribe(store)
    paused = store.pause("Ann@example.org", DAY + 7 * ONE_DAY, NOW)
    assert (paused.status, paused.paused_until) == (Status.ACTIVE, DAY + 7 * ONE_DAY)
    assert due(store, NOW + 6 * ONE_DAY) == []
    assert due(store, NOW + 7 * ONE_DAY) == ["ann@example.org"]


def test_resuming_ends_a_pause_at_once_and_pausing_for_good_forgets_its_end(store):
    subscribe(store)
    store.pause("ann@example.org", DAY + 7 * ONE_DAY, NOW)
    assert store.set_status("ann@example.org", Status.ACTIVE, NOW).paused_until is None
    assert due(store) == ["ann@example.org"]
    store.pause("ann@example.org", DAY + 7 * ONE_DAY, NOW)
    assert store.set_status("ann@example.org", Status.PAUSED, NOW).paused_until is None
    assert due(store, NOW + 30 * ONE_DAY) == []


def test_who_does_not_catch_up_is_known_to_have_paused_until_they_resumed(store):
    subscribe(store, schedule=Schedule(catch_up=False))
    store.set_status("ann@example.org", Status.PAUSED, NOW)
    later = NOW + 30 * ONE_DAY
    assert store.set_status("ann@example.org", Status.ACTIVE, later).paused_until == later.date()
    assert due(store, later) == ["ann@example.org"]


def test_who_resumes_has_all_that_was_announced_meanwhile_before_them(store):
    announce_papers(store, 2)
    ann = subscribe(store)
    publish(store, edition(ann, cursor=2))
    store.set_status(ann.email, Status.PAUSED, NOW)
    announce_papers(store, 3, now=NOW + ONE_DAY, first=10)
    assert store.set_status(ann.email, Status.ACTIVE, NOW + 10 * ONE_DAY).cursor == 2


@pytest.mark.parametrize("day", [DAY, DAY - ONE_DAY])
def test_a_pause_until_a_day_that_has_come_is_refused(store, day):
    subscribe(store)
    with pytest.raises(UsageError, match=r"is not a day to come for ann@example\.org, whose zone is UTC"):
        store.pause("ann@example.org", day, NOW)


def test_a_pause_never_makes_a_suppressed_address_active_and_needs_a_subscriber(store):
    subscribe(store)
    store.suppress("ann@example.org", Cause.BOUNCE, "no such user", NOW)
    with pytest.raises(UsageError, match="suppression list"):
        store.pause("ann@example.org", DAY + ONE_DAY, NOW)
    with pytest.raises(UsageError, match="not subscribed"):
        store.pause("nobody@example.org", DAY + ONE_DAY, NOW)


def test_a_long_absence_is_looked_at_when_it_is_over_and_not_before(store):
    away = (Away(DAY, DAY + 59 * ONE_DAY),)
    subscribe(store, schedule=Schedule(away=away))
    moments = [NOW + n * HOUR for n in range(60 * 24)]
    assert [moment for moment in moments if due(store, moment)] == []
    assert due(store, NOW + 60 * ONE_DAY) == ["ann@example.org"]


# --- how far --------------------------------------------------------------------------------------------------------


def test_what_was_announced_before_a_moment_has_a_number(store):
    announce_papers(store, 2, now=NOW - ONE_DAY)
    announce_papers(store, 3, now=NOW, first=10)
    moments = (NOW - ONE_DAY, NOW, NOW + timedelta(seconds=1))
    assert [store.seq_before(moment) for moment in moments] == [0, 2, 5]


# --- clocks that were wrong -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ahead", [2 * HOUR, 2 * ONE_DAY, YEARS])
def test_what_a_clock_that_was_ahead_planned_is_looked_at_again_and_once(store, ahead):
    ann = subscribe(store, schedule=EVENING)
    assert due(store) == []
    store.reschedule(ann.id, NOW + ahead + ONE_DAY, NOW + ahead)
    assert due(store) == ["ann@example.org"]
    store.reschedule(ann.id, NOW + 12 * HOUR, NOW)
    assert due(store) == []


def test_who_changes_their_schedule_while_their_edition_is_composed_is_looked_at_by_the_new_one(store):
    ann, bob = subscribe(store), subscribe(store, "bob@example.org")
    later = NOW + HOUR / 60
    store.update(replace(ann, schedule=Schedule(send_at=time(6))), later)
    publish(store, edition(ann), edition(bob))
    assert due(store, later) == [ann.email]
    store.reschedule(ann.id, NOW + ONE_DAY, later)
    assert due(store, later) == []


def test_who_changes_their_schedule_while_it_is_looked_at_is_looked_at_by_the_new_one(store):
    ann = subscribe(store)
    publish(store, edition(ann))
    later = NOW + HOUR
    store.update(replace(ann, schedule=Schedule(send_at=time(6))), later + HOUR / 60)
    planned = due(store, NOW + ONE_DAY - 2 * HOUR)
    store.reschedule(ann.id, NOW + 5 * ONE_DAY, later)
    assert due(store, NOW + ONE_DAY - 2 * HOUR) == planned == [ann.email]


def test_machines_whose_clocks_differ_by_minutes_leave_each_others_plans_alone(store):
    ann = subscribe(store, schedule=EVENING)
    store.reschedule(ann.id, NOW + 12 * HOUR, NOW + timedelta(minutes=59))
    assert due(store) == []


def a_year_of_editions(store, ann, days):
    """One a day up to `DAY`, the clock being right."""
    for ago in range(days, 0, -1):
        then = NOW - ago * ONE_DAY
        publish(store, edition(ann, day=then.date(), now=then), tomorrow=then + ONE_DAY)


def test_an_edition_dated_years_ahead_keeps_nobody_from_todays(store):
    ann = subscribe(store, now=NOW - 3 * ONE_DAY)
    a_year_of_editions(store, ann, 2)
    future = NOW + YEARS
    publish(store, edition(ann, day=future.date(), now=future), tomorrow=future + ONE_DAY)
    found = the_one_due(store, NOW)
    assert found.last_issue == DAY - ONE_DAY
    assert publish(store, edition(found)) == 1
    assert store.subscriber(ann.email).last_issue == DAY
    assert due(store) == []


def test_a_date_that_was_used_up_years_ahead_of_its_time_stays_used(store):
    """Law 1 holds when its time comes: the day is passed over, and what was announced for it is in the next."""
    announce_papers(store, 2)
    ann = subscribe(store)
    ahead = NOW + 40 * ONE_DAY
    publish(store, edition(ann, papers(store)[:1], day=ahead.date(), now=ahead, cursor=1), tomorrow=ahead + ONE_DAY)
    publish(store, edition(the_one_due(store, NOW), cursor=2))
    again = edition(store.subscriber(ann.email), papers(store)[1:], day=ahead.date(), now=ahead, cursor=9)
    assert publish(store, again, tomorrow=ahead + ONE_DAY) == 0
    ann = store.subscriber(ann.email)
    assert (ann.last_issue, ann.cursor) == (ahead.date(), 2)
    assert store.sent([ann.id], [1, 2]) == {ann.id: {1}}
    assert sum(store.overview(NOW).deliveries.values()) == 2
    assert due(store, ahead) == []


@pytest.mark.parametrize("behind", [2, 20, 40, 200])
def test_a_clock_that_is_behind_sends_nothing_though_all_it_sees_is_in_the_future(store, behind):
    ann = subscribe(store, now=NOW - 301 * ONE_DAY)
    a_year_of_editions(store, ann, 300)
    past = NOW - behind * ONE_DAY
    (found,) = store.due(past, everyone=True, after=0, limit=10)
    assert found.last_issue == DAY - ONE_DAY
    assert publish(store, edition(found, day=past.date(), now=past)) == 0


def test_an_edition_dated_a_few_days_ahead_is_waited_for(store):
    ann = subscribe(store)
    ahead = NOW + 5 * ONE_DAY
    publish(store, edition(ann, day=ahead.date(), now=ahead), tomorrow=ahead + ONE_DAY)
    assert the_one_due(store, NOW).last_issue == ahead.date()


def test_the_only_edition_ever_may_be_the_one_that_a_clock_dated_ahead(store):
    ann = subscribe(store)
    future = NOW + YEARS
    publish(store, edition(ann, day=future.date(), now=future))
    assert the_one_due(store, NOW).last_issue is None


# --- zone data ------------------------------------------------------------------------------------------------------


def test_plans_are_made_anew_when_zone_data_change_and_only_then(store, monkeypatch):
    ann = subscribe(store, schedule=EVENING)
    assert store.replan(NOW) == 0  # the first look: plans are as they should be
    store.reschedule(ann.id, NOW + 9 * HOUR, NOW)  # as the old zone data had it
    assert store.replan(NOW) == 0
    monkeypatch.setattr(zones, "_content", lambda name: b"another release of " + name.encode())
    assert store.replan(NOW) == 1
    assert store.replan(NOW) == 0
    assert due(store, NOW + 9 * HOUR) == []
    assert due(store, NOW + 12 * HOUR) == ["ann@example.org"]


def test_zone_data_change_the_future_and_not_the_past(store, monkeypatch):
    ann = subscribe(store)
    publish(store, edition(ann))
    before = store.edition(ann.email, DAY)
    monkeypatch.setattr(zones, "_content", lambda _name: b"new")
    store.replan(NOW)
    assert store.edition(ann.email, DAY) == before
    assert store.subscriber(ann.email).last_issue == DAY
    assert store.overview(NOW).deliveries[State.PENDING] == 1


def test_who_waits_to_be_looked_at_now_is_not_put_off_by_new_zone_data(store, monkeypatch):
    ann = subscribe(store)
    store.reschedule(ann.id, NOW, NOW)
    monkeypatch.setattr(zones, "_content", lambda _name: b"new")
    assert store.replan(NOW) == 0
    assert due(store) == ["ann@example.org"]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires", "Asia/Tokyo"])
def test_the_data_of_a_zone_are_found_where_they_are_read_from(zone):
    assert zones._content(zone).startswith(b"TZif")


@pytest.mark.parametrize("zone", ["Nowhere/Atlantis", "", "../../etc/passwd", "America"])
def test_a_zone_that_this_machine_does_not_know_is_no_error(store, zone):
    assert zones._content(zone) == b""
    subscribe(store, schedule=replace(EVENING, timezone=zone or "None"))
    assert store.replan(NOW) == 0


def test_an_absence_is_kept_as_it_was_written(store):
    schedule = Schedule(away=(Away(date(2026, 12, 24), date(2027, 1, 3)),), catch_up=False)
    assert subscribe(store, schedule=schedule).schedule == schedule
