"""The suppression list, and what mail that came back does to subscribers."""

from dataclasses import replace
from datetime import timedelta

import pytest

from digest.errors import UsageError
from digest.model import (
    Cause,
    Effect,
    Origin,
    Report,
    Return,
    Schedule,
    State,
    Status,
    Subscriber,
    Suppression,
    Taken,
)
from digest.store.returns import PATIENCE

from .making import DAY, HOUR, NOW, announce_papers, claim, edition, publish, subscribe

ANN, A_DAY = "ann@example.org", timedelta(days=1)
GONE = Report(Return.PERMANENT, "token", "5.1.1", "550 5.1.1 no such user")
FULL = Report(Return.TEMPORARY, "token", "5.2.2", "mailbox full")
SPAM = Report(Return.COMPLAINT, "token", "", "abuse")
LEAVES = Report(Return.UNSUBSCRIBE, "token", "", "unsubscribe")


@pytest.fixture
def ann(store):
    """A subscriber to whom one edition goes."""
    return with_editions(store, subscribe(store, ANN), 1)


def with_editions(store, subscriber, days, first=0):
    for day in range(first, first + days):
        publish(store, edition(subscriber, day=DAY + day * A_DAY))
    return subscriber


def status(store, email=ANN):
    return store.subscriber(email).status


def states(store):
    return {state: count for state, count in store.overview(NOW).deliveries.items() if count}


def sent(store):
    """All that waits goes out."""
    from sqlalchemy import update

    from digest.store.schema import deliveries

    with store._database.writing() as connection:
        connection.execute(update(deliveries).values(state=State.SENT, next_attempt=None))


# --- the list -----------------------------------------------------------------------------------------------------


def test_a_suppressed_address_gets_nothing_and_what_waits_for_it_is_cancelled(store, ann):
    store.suppress("ANN@example.ORG", Cause.BOUNCE, "550 no such user", NOW)
    assert status(store) is Status.SUPPRESSED
    assert states(store) == {State.CANCELLED: 1}
    assert claim(store, NOW + HOUR) == []
    assert store.due(NOW + A_DAY, everyone=True, after=0, limit=10) == []
    assert store.suppressions() == [Suppression("ANN@example.ORG", Cause.BOUNCE, NOW, "550 no such user")]
    assert store.suppression(ANN) == store.suppressions()[0]


def test_the_first_reason_stays_unless_a_complaint_comes(store):
    store.suppress(ANN, Cause.OPERATOR, "asked by phone", NOW)
    store.suppress(ANN, Cause.BOUNCE, "no such user", NOW + HOUR)
    assert store.suppression(ANN) == Suppression(ANN, Cause.OPERATOR, NOW, "asked by phone")
    store.suppress(ANN, Cause.COMPLAINT, "abuse", NOW + HOUR)
    store.suppress(ANN, Cause.COMPLAINT, "abuse again", NOW + 2 * HOUR)
    assert store.suppression(ANN) == Suppression(ANN, Cause.COMPLAINT, NOW + HOUR, "abuse")


def test_what_servers_say_is_kept_as_far_as_any_database_can(store):
    store.suppress(ANN, Cause.BOUNCE, "a\0b \udcff " + "x" * 5_000, NOW)
    assert store.suppression(ANN).detail.startswith("ab ? xxx")
    assert len(store.suppression(ANN).detail) <= 1_000


@pytest.mark.parametrize("wanted", [Status.ACTIVE, Status.PAUSED])
def test_nobody_on_the_list_is_resumed_or_paused(store, ann, wanted):
    store.suppress(ANN, Cause.BOUNCE, "no such user", NOW)
    with pytest.raises(UsageError, match=r"since 2026-05-18 \(bounce: no such user\); `digest suppressions remove"):
        store.set_status(ANN, wanted, NOW)
    assert status(store) is Status.SUPPRESSED


def test_nobody_on_the_list_is_added(store, ann):
    store.suppress("new@example.org", Cause.OPERATOR, "", NOW)
    with pytest.raises(UsageError, match=r"New@example\.org gets no mail: .* \(operator\)"):
        subscribe(store, "New@example.org")
    store.take_back(ann.id, DAY, SPAM, NOW)
    with pytest.raises(UsageError, match="complaint: abuse"):
        subscribe(store, ANN)
    assert status(store) is Status.REMOVED


def test_the_file_makes_nobody_active_who_is_on_the_list(store):
    store.suppress(ANN, Cause.OPERATOR, "", NOW)
    ann = Subscriber(ANN, "Ann")
    assert [each.status for each in store.foreseen([ann], NOW)] == [Status.SUPPRESSED]
    store.sync([ann], NOW)
    assert status(store) is Status.SUPPRESSED
    store.sync([], NOW)
    store.sync([ann], NOW)  # a new decision of the file's
    assert (status(store), store.subscriber(ANN).origin) == (Status.SUPPRESSED, Origin.FILE)
    assert [each.status for each in store.foreseen([ann], NOW)] == [Status.SUPPRESSED]


def test_a_suppressed_subscriber_may_change_what_they_want_and_stays_suppressed(store, ann):
    store.suppress(ANN, Cause.BOUNCE, "", NOW)
    store.update(replace(ann, name="Ann Lee", schedule=Schedule("Asia/Tokyo")), NOW)
    assert (store.subscriber(ANN).name, status(store)) == ("Ann Lee", Status.SUPPRESSED)


def test_who_is_taken_off_the_list_is_paused_until_somebody_resumes_them(store, ann):
    store.suppress(ANN, Cause.BOUNCE, "", NOW)
    assert store.unsuppress("Ann@Example.org", NOW)
    assert (status(store), store.suppressions()) == (Status.PAUSED, [])
    assert not store.unsuppress(ANN, NOW)
    assert store.set_status(ANN, Status.ACTIVE, NOW).status is Status.ACTIVE
    assert [each.email for each in store.due(NOW + A_DAY, everyone=True, after=0, limit=9)] == [ANN]


def test_who_left_is_suppressed_without_coming_back(store, ann):
    store.set_status(ANN, Status.REMOVED, NOW)
    store.suppress(ANN, Cause.OPERATOR, "", NOW)
    store.unsuppress(ANN, NOW)
    assert status(store) is Status.REMOVED


def test_a_list_is_imported_with_its_own_dates(store, ann):
    entries = [
        Suppression(ANN, Cause.BOUNCE, NOW - A_DAY),
        Suppression("Bob@example.org", Cause.COMPLAINT, NOW, "spam"),
    ]
    assert store.import_suppressions(entries, NOW) == 2
    assert store.import_suppressions(entries, NOW) == 0
    assert store.suppressions() == entries
    assert status(store) is Status.SUPPRESSED


# --- what came back -----------------------------------------------------------------------------------------------


def test_a_permanent_bounce_suppresses_once_however_often_it_is_read(store, ann):
    assert store.take_back(ann.id, DAY, GONE, NOW) == Taken(Effect.SUPPRESSED, ANN)
    assert store.take_back(ann.id, DAY, GONE, NOW + HOUR) == Taken(Effect.REPEATED, ANN)
    assert store.suppressions() == [Suppression(ANN, Cause.BOUNCE, NOW, "5.1.1 550 5.1.1 no such user")]
    assert status(store) is Status.SUPPRESSED
    store.unsuppress(ANN, NOW)
    assert store.take_back(ann.id, DAY, GONE, NOW + HOUR).effect is Effect.REPEATED
    assert status(store) is Status.PAUSED


def test_a_complaint_unsubscribes_and_suppresses(store, ann):
    assert store.take_back(ann.id, DAY, SPAM, NOW) == Taken(Effect.REMOVED, ANN)
    assert status(store) is Status.REMOVED
    assert store.suppression(ANN).cause is Cause.COMPLAINT
    assert states(store) == {State.CANCELLED: 1}


def test_a_wish_to_leave_unsubscribes_and_suppresses_nothing(store, ann):
    assert store.take_back(ann.id, DAY, LEAVES, NOW) == Taken(Effect.REMOVED, ANN)
    assert (status(store), store.suppressions()) == (Status.REMOVED, [])
    assert store.take_back(ann.id, DAY, LEAVES, NOW) == Taken(Effect.REPEATED, ANN)
    assert [(back.kind, back.at) for back in store.history(ANN, 1).editions[0].came_back] == [(Return.UNSUBSCRIBE, NOW)]
    assert store.gauges(NOW).sums["returns:unsubscribe"] == 1
    assert subscribe(store, ANN).status is Status.ACTIVE
    assert store.take_back(ann.id, DAY - 400 * A_DAY, LEAVES, NOW).effect is Effect.REMOVED  # by an old digest


@pytest.mark.parametrize("report", [GONE, FULL, SPAM], ids=lambda report: report.kind)
def test_what_is_about_an_edition_that_never_was_does_nothing(store, ann, report):
    assert store.take_back(ann.id, DAY - A_DAY, report, NOW) == Taken(Effect.UNKNOWN, ANN)
    assert store.take_back(ann.id + 1, DAY, report, NOW) == Taken(Effect.UNKNOWN)
    assert status(store) is Status.ACTIVE


@pytest.mark.parametrize("report", [GONE, SPAM], ids=lambda report: report.kind)
def test_what_came_back_from_an_address_that_somebody_has_no_more_suppresses_nobody(store, ann, report):
    other = publish_for_another(store, ann)
    assert store.take_back(other.id, DAY, report, NOW) == Taken(Effect.COUNTED, other.email)
    assert (status(store, other.email), store.suppressions()) == (Status.ACTIVE, [])


def publish_for_another(store, ann):
    """Somebody whose edition was written for another address than they have now."""
    bob = subscribe(store, "bob@example.org")
    publish(store, edition(replace(bob, email="bob@old.example.org")))
    return bob


@pytest.mark.parametrize("report", [GONE, SPAM], ids=lambda report: report.kind)
def test_what_is_about_an_edition_whose_content_was_vacuumed_still_counts(store, ann, report):
    from sqlalchemy import delete

    from digest.store.schema import contents

    with store._database.writing() as connection:
        connection.execute(delete(contents))
    assert store.take_back(ann.id, DAY, report, NOW).effect in (Effect.SUPPRESSED, Effect.REMOVED)
    assert len(store.suppressions()) == 1


# --- what may pass ------------------------------------------------------------------------------------------------


def bounced(store, ann, *days):
    return [store.take_back(ann.id, DAY + day * A_DAY, FULL, NOW + day * A_DAY).effect for day in days]


@pytest.fixture
def read_for_days(store):
    """A subscriber who was sent a digest a day for two weeks."""
    announce_papers(store, 1)
    subscriber = with_editions(store, subscribe(store, ANN), 14)
    sent(store)
    return subscriber


def test_temporary_bounces_suppress_when_so_many_digests_in_a_row_came_back(store, read_for_days):
    effects = bounced(store, read_for_days, *range(PATIENCE))
    assert effects == [Effect.COUNTED] * (PATIENCE - 1) + [Effect.SUPPRESSED]
    assert store.suppression(ANN).detail == "5 digests in a row came back; the last: 5.2.2 mailbox full"


def test_a_digest_that_stayed_there_begins_the_count_anew(store, read_for_days):
    effects = bounced(store, read_for_days, *range(PATIENCE - 1), *range(PATIENCE, 2 * PATIENCE - 1))
    assert set(effects) == {Effect.COUNTED}
    assert bounced(store, read_for_days, 2 * PATIENCE - 1) == [Effect.SUPPRESSED]


def test_bounces_of_one_digest_count_once(store, read_for_days):
    assert bounced(store, read_for_days, *[3] * 10) == [Effect.COUNTED] + [Effect.REPEATED] * 9
    assert status(store) is Status.ACTIVE


def test_bounces_may_come_in_any_order(store, read_for_days):
    assert bounced(store, read_for_days, 6, 2, 4, 5, 3) == [Effect.COUNTED] * 4 + [Effect.SUPPRESSED]


def test_later_digests_that_are_still_under_way_say_nothing(store, read_for_days):
    """Fourteen were sent; the relay tries for days, and only the first have come back yet."""
    assert bounced(store, read_for_days, 0, 1, 2, 3)[-1] is Effect.COUNTED
    assert bounced(store, read_for_days, 4) == [Effect.SUPPRESSED]


def test_digests_that_were_never_sent_neither_count_nor_begin_anew(store):
    announce_papers(store, 1)
    ann = with_editions(store, subscribe(store, ANN), 3)
    sent(store)
    store.set_status(ANN, Status.REMOVED, NOW)
    subscribe(store, ANN)
    with_editions(store, ann, 1, first=3)
    store.set_status(ANN, Status.REMOVED, NOW)  # the fourth is cancelled
    subscribe(store, ANN)
    with_editions(store, ann, 2, first=4)
    assert bounced(store, ann, 0, 1, 2, 4) == [Effect.COUNTED] * 4
    assert bounced(store, ann, 5) == [Effect.SUPPRESSED]


# --- whose turn it is ---------------------------------------------------------------------------------------------


def test_an_inbox_is_looked_into_by_one_at_a_time(store):
    quarter = timedelta(minutes=15)
    assert store.begin_reading("imap", NOW, NOW + quarter)
    assert not store.begin_reading("imap", NOW + timedelta(minutes=1), NOW + HOUR)
    assert store.begin_reading("another", NOW, NOW + quarter)
    assert store.begin_reading("imap", NOW + quarter, NOW + 2 * quarter)
    assert store.begin_reading("imap", NOW - A_DAY, NOW - A_DAY + quarter)  # a clock that was ahead blocks nobody
