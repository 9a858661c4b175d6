"""What an operator asks of the store: who got what, what waits, what is wrong, what came of a source's days."""

from datetime import timedelta

import pytest

from digest.model import (
    Alert,
    Blame,
    Cause,
    Kind,
    Outcome,
    Problem,
    Report,
    Return,
    Settled,
    State,
    Status,
    Verdict,
)
from digest.pacing import BREAKER, broken, throttled
from digest.store import CameBack

from .making import (
    DAY,
    HOUR,
    NOW,
    announce,
    announce_papers,
    begin,
    claim,
    edition,
    end,
    paper,
    papers,
    publish,
    publish_for,
    said,
    subscribe,
)

A_DAY = timedelta(days=1)
TOMORROW = DAY + timedelta(days=1)
ENDS = {
    State.SENT: Verdict.SENT,
    State.FAILED: Verdict.FAILED,
    State.DEFERRED: Verdict.DEFERRED,
    State.UNKNOWN: Verdict.UNKNOWN,
}


def settle(store, held, state, detail="", now=NOW, *, again=None, code=None):
    assert begin(store, held, now)
    end(store, held, Outcome(ENDS[state], detail, code, blame=Blame.ADDRESS), Settled(state, again), now)


# --- one subscriber -------------------------------------------------------------------------------------------------


def test_the_history_of_somebody_says_what_the_server_said_and_what_came_back(store):
    announce_papers(store, 3)
    ann = subscribe(store)
    publish(store, edition(ann, papers(store)[:2]))
    settle(store, claim(store, NOW + HOUR)[0], State.SENT, "250 2.0.0 queued", NOW + HOUR, code=250)
    publish(store, edition(ann, papers(store)[2:], day=TOMORROW, now=NOW + timedelta(days=1)))
    store.take_back(ann.id, DAY, Report(Return.TEMPORARY, code="4.2.2", detail="full"), NOW + 2 * HOUR)
    history = store.history("ANN@example.org", 10)
    newest, first = history.editions
    assert (history.subscriber.email, history.created_at, history.suppression) == (ann.email, NOW, None)
    assert (newest.issue_date, newest.state, newest.papers, newest.kept) == (TOMORROW, State.PENDING, 1, True)
    assert (first.state, first.attempts, first.code, first.detail) == (State.SENT, 1, 250, "250 2.0.0 queued")
    assert (first.changed_at, first.next_attempt, first.papers) == (NOW + HOUR, None, 2)
    assert first.came_back == (CameBack(Return.TEMPORARY, "4.2.2", "full", NOW + 2 * HOUR),)


def test_the_newest_editions_come_first_and_no_more_than_asked_for(store):
    ann = subscribe(store)
    for ahead in range(4):
        publish(store, edition(ann, day=DAY + timedelta(days=ahead)))
    days = [served.issue_date for served in store.history(ann.email, 2).editions]
    assert days == [DAY + timedelta(days=3), DAY + timedelta(days=2)]


def test_nobody_has_no_history(store):
    assert store.history("nobody@example.org", 3) is None


def test_an_edition_that_was_not_worth_sending_has_no_delivery(store):
    ann = subscribe(store, send_empty=False)
    publish(store, edition(ann))
    (served,) = store.history(ann.email, 3).editions
    assert (served.state, served.kept) == (None, True)


def test_a_suppressed_subscriber_is_told_with_the_reason(store):
    ann = subscribe(store)
    store.suppress(ann.email, Cause.BOUNCE, "550 no such user", NOW)
    suppression = store.history(ann.email, 3).suppression
    assert (suppression.cause, suppression.detail, suppression.at) == (Cause.BOUNCE, "550 no such user", NOW)


# --- everything -----------------------------------------------------------------------------------------------------


def test_what_waits_and_what_is_held_are_told_apart(store):
    publish_for(store, 5)
    held = claim(store, limit=4)
    settle(store, held[0], State.UNKNOWN)
    settle(store, held[1], State.UNKNOWN, again=NOW + HOUR)
    settle(store, held[2], State.DEFERRED, again=NOW + HOUR)
    settle(store, held[3], State.FAILED)
    overview = store.overview(NOW)
    assert (overview.waiting, overview.held, overview.oldest_waiting) == (3, 1, NOW)
    assert overview.deliveries[State.EXPIRED] == 0


def test_what_waits_for_its_subscriber_to_come_back_is_not_late(store):
    (ann,) = publish_for(store, 1)
    assert store.facts(NOW, A_DAY).oldest_waiting == NOW
    store.set_status(ann.email, Status.PAUSED, NOW)
    assert store.facts(NOW, A_DAY).oldest_waiting is None


def test_the_growth_of_the_suppression_list_is_counted(store):
    for days in (1, 6, 8, 29, 31):
        store.suppress(f"r{days}@example.org", Cause.BOUNCE, "", NOW - timedelta(days=days))
    listed = store.overview(NOW).suppressed
    assert (listed.total, listed.last_7_days, listed.last_30_days) == (5, 2, 4)
    assert listed.causes == {Cause.BOUNCE: 5, Cause.COMPLAINT: 0, Cause.OPERATOR: 0}


def test_who_is_left_alone_is_told_until_it_is_over(store):
    store.repace("example.org", lambda pace: throttled(pace, NOW))
    store.repace(BREAKER, lambda pace: broken(pace, NOW))
    assert [pace.key for pace in store.overview(NOW).quiet] == ["example.org", BREAKER]
    assert [pace.key for pace in store.overview(NOW + HOUR).quiet] == [BREAKER]


# --- what is wrong --------------------------------------------------------------------------------------------------


def test_facts_are_of_the_last_day(store):
    old, new = NOW - timedelta(hours=25), NOW - HOUR
    people = [subscribe(store, f"r{number}@example.org", old) for number in range(5)]
    publish(store, edition(people[0], now=old))
    settle(store, *claim(store, old), State.FAILED, "550 old", old)
    publish(store, *(edition(one, now=new) for one in people[1:]))
    rest = claim(store, NOW)
    settle(store, rest[0], State.SENT, "250", NOW)
    settle(store, rest[1], State.FAILED, "550 5.1.1 no", NOW)
    settle(store, rest[2], State.FAILED, "550 5.1.1 no", NOW)
    facts = store.facts(NOW, A_DAY)
    assert facts.ended == {State.SENT: 1, State.FAILED: 2}
    assert facts.said == (("550 5.1.1 no", 2),)
    assert facts.oldest_waiting == new
    assert facts.restored == 0


def test_what_expired_is_of_the_last_day_although_it_was_composed_before(store):
    publish_for(store, 2)
    assert claim(store, NOW + A_DAY, expiry=A_DAY) == []
    assert store.facts(NOW + A_DAY + HOUR, A_DAY).ended == {State.EXPIRED: 2}
    assert store.facts(NOW + 2 * A_DAY + HOUR, A_DAY).ended == {}


def test_facts_name_sources_with_their_problems(store):
    announce(store, said(paper(1)), problems=(Problem("503"),), covered={"cs.CL": DAY})
    facts = store.facts(NOW, A_DAY)
    assert facts.sources["arxiv"].problems == (Problem("503"),)
    assert facts.sources["arxiv"].covered == {"cs.CL": DAY}


def test_only_one_of_two_that_saw_the_same_tells_it(store):
    alert = Alert("relay", "away", NOW, told_at=NOW)
    assert [store.replace_alert(None, alert) for _ in range(2)] == [True, False]
    again = Alert("relay", "away", NOW, told_at=NOW + HOUR)
    assert [store.replace_alert(alert, again) for _ in range(2)] == [True, False]
    assert store.alerts() == (again,)
    assert store.overview(NOW).alerts == (again,)
    over = Alert("relay", "away", NOW, told_at=NOW + HOUR, over_at=NOW + HOUR)
    assert store.replace_alert(again, over)
    assert store.overview(NOW).alerts == ()
    assert [store.replace_alert(over, None) for _ in range(2)] == [True, False]
    assert store.alerts() == ()


# --- sources --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "is_sent"), [(State.SENT, True), (State.FAILED, False)])
def test_papers_of_a_source_are_told_as_chosen_and_sent(store, state, is_sent):
    announce_papers(store, 2)
    announce(store, said(paper(1), Kind.TRENDING, source="hf"), source="hf", now=NOW + HOUR)
    publish(store, edition(subscribe(store), papers(store)[:1]))
    settle(store, claim(store)[0], state)
    told = {(news.source, news.came, news.chosen, news.sent) for news in store.news(DAY, DAY)}
    assert told == {
        ("arxiv", NOW, True, is_sent),
        ("arxiv", NOW, False, False),
        ("hf", NOW + HOUR, True, is_sent),
    }
    assert store.news(TOMORROW, TOMORROW) == []
    assert store.first_visits() == {"arxiv": NOW, "hf": NOW + HOUR}
