"""Deliveries: one worker at a time, nothing lost when it dies, nothing sent that may not be."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from digest.errors import StoreError
from digest.model import Outcome, Settled, State, Status, Verdict
from digest.store.moves import MOVES, moved

from .making import HOUR, LEASE, NOW, begin, claim, end, publish_for

SENT = Outcome(Verdict.SENT, "250 ok", 250)


def states(store):
    return {state: count for state, count in store.overview(NOW).deliveries.items() if count}


def emails(claims):
    return [each.edition.subscriber.email for each in claims]


# --- moves --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", State)
@pytest.mark.parametrize("after", State)
def test_a_delivery_goes_only_where_the_table_lets_it(before, after):
    if after in MOVES[before]:
        assert moved(before, after) is after
    else:
        with pytest.raises(StoreError, match=f"that is {before} cannot become {after}"):
            moved(before, after)


@pytest.mark.parametrize("state", [State.SENT, State.FAILED, State.CANCELLED])
def test_what_is_over_stays_over(state):
    assert MOVES[state] == frozenset()


def test_only_what_was_being_sent_can_have_been_sent():
    assert [state for state in State if State.SENT in MOVES[state]] == [State.SENDING]
    assert [state for state in State if State.UNKNOWN in MOVES[state]] == [State.SENDING]


# --- the happy way ------------------------------------------------------------------------------------------------


def test_a_delivery_is_claimed_sent_and_done(store):
    publish_for(store, 1)
    (held,) = claim(store)
    assert (held.attempts, held.worker, held.lease_until) == (0, "one", NOW + LEASE)
    assert states(store) == {State.CLAIMED: 1}
    assert begin(store, held, NOW)
    assert states(store) == {State.SENDING: 1}
    end(store, held, SENT, Settled(State.SENT), NOW)
    assert states(store) == {State.SENT: 1}
    assert claim(store, NOW + 100 * HOUR) == []


def test_the_oldest_are_claimed_first_as_many_as_asked(store):
    publish_for(store, 3)
    assert emails(claim(store, limit=2)) == ["reader0@example.org", "reader1@example.org"]
    assert emails(claim(store, limit=2)) == ["reader2@example.org"]
    assert claim(store) == []


def test_one_subscriber_can_be_asked_for_in_whatever_case(store):
    publish_for(store, 3)
    assert emails(claim(store, subscriber="READER1@example.org")) == ["reader1@example.org"]
    assert claim(store, subscriber="nobody@example.org") == []


def test_what_is_put_off_comes_back_at_its_time_with_its_attempts(store):
    publish_for(store, 1)
    (held,) = claim(store)
    assert begin(store, held, NOW)
    end(store, held, Outcome(Verdict.DEFERRED, "451 later", 451), Settled(State.DEFERRED, NOW + HOUR), NOW)
    assert [failure.detail for failure in store.overview(NOW).failures] == ["451 later"]
    assert claim(store, NOW + HOUR - timedelta(seconds=1)) == []
    (again,) = claim(store, NOW + HOUR)
    assert again.attempts == 1


def test_a_message_that_cannot_be_rendered_is_put_off_without_being_sent(store):
    publish_for(store, 1)
    (held,) = claim(store)
    end(store, held, Outcome(Verdict.DEFERRED), Settled(State.DEFERRED, NOW + HOUR), NOW)
    assert states(store) == {State.DEFERRED: 1}


def test_a_failure_for_good_is_shown_with_the_servers_words(store):
    publish_for(store, 2)
    for held in claim(store):
        end(
            store,
            held,
            Outcome(Verdict.FAILED, "550 no such\0 user \ud800" + "x" * 9_999, 550),
            Settled(State.FAILED),
            NOW,
        )
    failures = store.overview(NOW).failures
    assert [(each.email, each.code, each.attempts) for each in failures] == [
        ("reader1@example.org", 550, 1),
        ("reader0@example.org", 550, 1),
    ]
    assert failures[0].detail.startswith("550 no such user ?")
    assert failures[0].when == NOW
    assert len(failures[0].detail) <= 1_000


def test_claims_given_back_wait_until_they_are_told_and_count_no_attempt(store):
    publish_for(store, 2)
    store.release(claim(store), NOW + HOUR)
    assert claim(store) == []
    assert [each.attempts for each in claim(store, NOW + HOUR)] == [0, 0]
    store.release([], NOW)


def test_an_attempt_that_ends_where_it_cannot_is_a_bug_that_shouts(store):
    publish_for(store, 1)
    (held,) = claim(store)
    with pytest.raises(StoreError, match="claimed cannot become sent"):
        end(store, held, SENT, Settled(State.SENT), NOW)
    assert states(store) == {State.CLAIMED: 1}


# --- workers that die ---------------------------------------------------------------------------------------------


def test_what_a_worker_held_when_it_died_goes_to_another_as_it_was(store):
    publish_for(store, 1)
    (dead,) = claim(store)
    assert claim(store, NOW + LEASE - timedelta(seconds=1), "two") == []
    (taken,) = claim(store, NOW + LEASE, "two")
    assert taken.attempts == 0
    assert not begin(store, dead, NOW + LEASE)
    end(store, dead, Outcome(Verdict.FAILED), Settled(State.FAILED), NOW + LEASE)
    store.release([dead], NOW)
    assert begin(store, taken, NOW + LEASE)


def test_a_worker_that_comes_too_late_gives_the_delivery_back(store):
    publish_for(store, 1)
    (late,) = claim(store)
    assert not begin(store, late, NOW + LEASE)
    assert states(store) == {State.PENDING: 1}
    (again,) = claim(store, NOW + LEASE)
    assert begin(store, again, NOW + LEASE)
    assert not begin(store, late, NOW + LEASE)


def test_sending_begins_the_lease_anew(store):
    publish_for(store, 1)
    (held,) = claim(store)
    later = NOW + LEASE - timedelta(seconds=1)
    assert begin(store, held, later)
    assert claim(store, NOW + LEASE, "two") == []
    end(store, held, SENT, Settled(State.SENT), later + LEASE + HOUR)
    assert states(store) == {State.SENT: 1}


def test_what_was_being_sent_when_its_worker_died_is_sent_again_with_the_attempt_counted(store):
    publish_for(store, 1)
    (dead,) = claim(store)
    assert begin(store, dead, NOW)
    (again,) = claim(store, NOW + LEASE, "two", on_unknown="resend")
    assert again.attempts == 1
    assert again.edition == dead.edition
    end(store, dead, SENT, Settled(State.SENT), NOW + LEASE)
    assert states(store) == {State.CLAIMED: 1}


def test_or_it_is_held_as_unknown_if_the_operator_says_so(store):
    publish_for(store, 1)
    (dead,) = claim(store)
    assert begin(store, dead, NOW)
    assert claim(store, NOW + LEASE, "two", on_unknown="hold") == []
    assert claim(store, NOW + 99 * HOUR) == []
    (failure,) = store.overview(NOW).failures
    assert (failure.state, failure.attempts) == (State.UNKNOWN, 1)
    assert "may have gone out" in failure.detail


def test_a_delivery_being_sent_is_not_given_back(store):
    publish_for(store, 1)
    (held,) = claim(store)
    assert begin(store, held, NOW)
    assert not begin(store, held, NOW), "once is enough"
    store.release([held], NOW)
    assert states(store) == {State.SENDING: 1}


# --- subscribers that pause or leave ------------------------------------------------------------------------------


def test_what_waits_for_the_paused_waits_for_their_return(store):
    (ann, _) = publish_for(store, 2)
    store.set_status(ann.email, Status.PAUSED, NOW)
    assert emails(claim(store)) == ["reader1@example.org"]
    store.set_status(ann.email, Status.ACTIVE, NOW)
    assert emails(claim(store)) == ["reader0@example.org"]


@pytest.mark.parametrize(("status", "state"), [(Status.PAUSED, State.PENDING), (Status.REMOVED, State.CANCELLED)])
def test_who_leaves_at_the_last_moment_is_not_sent_to(store, status, state):
    (ann,) = publish_for(store, 1)
    (held,) = claim(store)
    store.set_status(ann.email, status, NOW)
    assert not begin(store, held, NOW)
    end(store, held, Outcome(Verdict.DEFERRED), Settled(State.DEFERRED, NOW), NOW)
    assert states(store) == {state: 1}


def test_what_a_dead_worker_held_for_somebody_who_left_is_cancelled(store):
    (ann, bob) = publish_for(store, 2)
    first, second = claim(store)
    assert begin(store, second, NOW)
    for person in (ann, bob):
        store.set_status(person.email, Status.REMOVED, NOW)
    assert claim(store, NOW + LEASE, "two") == []
    assert states(store) == {State.CANCELLED: 1, State.UNKNOWN: 1}
    assert first.edition.subscriber == ann


# --- many at once -------------------------------------------------------------------------------------------------


def test_threads_that_claim_at_once_share_the_deliveries_without_overlap(store):
    publish_for(store, 60)
    with ThreadPoolExecutor(6) as pool:
        batches = list(pool.map(lambda worker: claim(store, worker=f"w{worker}", limit=7), range(12)))
    claimed = [each.id for batch in batches for each in batch]
    assert len(claimed) == len(set(claimed)) == 60
