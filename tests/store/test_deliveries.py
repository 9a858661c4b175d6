"""Deliveries: one worker at a time, nothing lost when it dies, nothing sent that may not be."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, text, update

from digest.errors import StoreError
from digest.model import Ended, Outcome, Settled, State, Status, Verdict
from digest.store import deliveries
from digest.store.moves import MOVES, moved
from digest.store.schema import contents, subscribers

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


@pytest.mark.parametrize("state", [State.SENT, State.FAILED, State.CANCELLED, State.EXPIRED])
def test_what_is_over_stays_over(state):
    assert MOVES[state] == frozenset()


def test_only_what_was_being_sent_can_have_been_sent():
    assert [state for state in State if State.SENT in MOVES[state]] == [State.SENDING]


def test_what_can_expire_can_be_held_instead_since_an_earlier_attempt_may_have_arrived():
    expiring = {state for state in State if State.EXPIRED in MOVES[state]}
    assert {state for state in State if State.UNKNOWN in MOVES[state]} == {State.SENDING, *expiring}


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


def test_one_that_is_known_not_to_have_been_sent_is_given_back_as_it_was(store):
    publish_for(store, 1)
    (held,) = claim(store)
    assert begin(store, held, NOW)
    store.release([held], NOW, unsent=True)
    assert states(store) == {State.PENDING: 1}
    (again,) = claim(store, NOW, "two")
    assert (again.attempts, again.resent) == (0, 0)
    store.release([held], NOW, unsent=True)  # which is another's now
    assert states(store) == {State.CLAIMED: 1}


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


# --- many in one step ---------------------------------------------------------------------------------------------


def test_one_step_ends_some_and_begins_others_and_says_which_may_go_out(store):
    (ann, *_) = publish_for(store, 4)
    first, second, third, fourth = claim(store)
    assert store.progress([first, second], [], NOW) == {first.id, second.id}
    store.release([third], NOW)
    later = Settled(State.DEFERRED, NOW + HOUR)
    ended = [Ended(first, SENT, Settled(State.SENT)), Ended(second, Outcome(Verdict.DEFERRED, "451"), later)]
    assert store.progress([third, fourth], ended, NOW) == {fourth.id}
    assert states(store) == {State.SENT: 1, State.DEFERRED: 1, State.PENDING: 1, State.SENDING: 1}
    assert ann.email == "reader0@example.org"


def test_a_step_that_cannot_be_is_not_made_by_half(store):
    publish_for(store, 2)
    first, second = claim(store)
    assert begin(store, first)
    with pytest.raises(StoreError, match="bug"):
        store.progress(
            [second], [Ended(first, SENT, Settled(State.SENT)), Ended(second, SENT, Settled(State.SENT))], NOW
        )
    assert states(store) == {State.SENDING: 1, State.CLAIMED: 1}


def test_how_many_wait_is_counted_no_further_than_asked(store):
    publish_for(store, 5)
    assert [store.waiting(NOW, most) for most in (1, 3, 9)] == [1, 3, 5]
    claim(store, limit=3)
    assert store.waiting(NOW, 9) == 2
    assert store.waiting(NOW - HOUR, 9) == 0


# --- too old ------------------------------------------------------------------------------------------------------

DAY = timedelta(days=1)


def test_what_is_too_old_is_never_sent_and_keeps_the_servers_last_words(store):
    publish_for(store, 2)
    first, _ = claim(store)
    assert begin(store, first)
    end(store, first, Outcome(Verdict.DEFERRED, "451 later", 451), Settled(State.DEFERRED, NOW + DAY))
    assert claim(store, NOW + DAY, "two", expiry=DAY) == []
    assert states(store) == {State.EXPIRED: 2}
    assert {each.detail for each in store.overview(NOW).failures} == {"451 later", ""}


def test_what_waits_for_a_later_try_or_for_its_subscriber_ends_when_it_is_too_old(store):
    (ann, _) = publish_for(store, 2)
    store.set_status(ann.email, Status.PAUSED, NOW)
    (other,) = claim(store)
    assert begin(store, other)
    end(store, other, Outcome(Verdict.DEFERRED), Settled(State.DEFERRED, NOW + 30 * HOUR))
    assert claim(store, NOW + DAY - HOUR, expiry=DAY) == []
    assert states(store) == {State.PENDING: 1, State.DEFERRED: 1}
    assert claim(store, NOW + DAY, expiry=DAY) == []
    assert states(store) == {State.EXPIRED: 2}


def test_what_may_have_arrived_and_is_too_old_to_be_sent_again_stays_unknown(store):
    publish_for(store, 2)
    first, second = claim(store)
    assert store.progress([first, second], [], NOW) == {first.id, second.id}
    end(store, first, Outcome(Verdict.UNKNOWN, "no reply"), Settled(State.UNKNOWN, NOW + HOUR))
    assert claim(store, NOW + DAY, "two", expiry=DAY) == []
    assert states(store) == {State.UNKNOWN: 2}
    assert claim(store, NOW + 99 * DAY, "two") == []


def test_nor_is_it_forgotten_that_it_may_have_arrived_if_the_second_try_came_to_nothing(store):
    publish_for(store, 4)
    for first in claim(store, limit=3):
        assert begin(store, first)
        end(store, first, Outcome(Verdict.UNKNOWN, "no reply"), Settled(State.UNKNOWN, NOW + HOUR))
    given_back, put_off, _dead, never_tried = sorted(claim(store, NOW + HOUR, "two"), key=lambda each: each.id)
    store.release([given_back, never_tried], NOW + HOUR)
    assert begin(store, put_off, NOW + HOUR)
    end(store, put_off, Outcome(Verdict.DEFERRED, "451", 451), Settled(State.DEFERRED, NOW + DAY), NOW + HOUR)
    assert states(store) == {State.PENDING: 2, State.DEFERRED: 1, State.CLAIMED: 1}
    assert claim(store, NOW + DAY, "three", expiry=DAY) == []
    assert states(store) == {State.UNKNOWN: 3, State.EXPIRED: 1}
    assert store.overview(NOW).held == 3


# --- sent again ---------------------------------------------------------------------------------------------------


def test_each_time_that_it_may_have_arrived_before_is_counted(store):
    publish_for(store, 1)
    (first,) = claim(store)
    assert first.resent == 0
    assert begin(store, first)
    (second,) = claim(store, NOW + LEASE, "two")
    assert (second.resent, second.attempts) == (1, 1)
    store.release([second], NOW + LEASE)
    (third,) = claim(store, NOW + LEASE, "two")
    assert third.resent == 1, "it was given back, not handed over"
    assert begin(store, third, NOW + LEASE)
    unknown = Settled(State.UNKNOWN, NOW + LEASE)
    end(store, third, Outcome(Verdict.UNKNOWN), unknown, NOW + LEASE)
    (fourth,) = claim(store, NOW + LEASE)
    assert fourth.resent == 2


# --- where, and on which day --------------------------------------------------------------------------------------


def moved_house(store, email, new):
    with store._database.writing() as connection:
        values = {"email": new, "address": new.lower()}
        connection.execute(update(subscribers).where(subscribers.c.email == email).values(values))


def test_a_message_goes_where_its_subscriber_is_now(store):
    (ann,) = publish_for(store, 1)
    moved_house(store, ann.email, "Ann@new.example.org")
    (held,) = claim(store)
    assert held.edition.subscriber.email == "Ann@new.example.org"
    assert held.edition.subscriber.id == ann.id
    assert begin(store, held)


def test_who_moves_house_at_the_last_moment_gets_it_at_the_new_address(store):
    (ann,) = publish_for(store, 1)
    (held,) = claim(store)
    moved_house(store, ann.email, "ann@new.example.org")
    assert not begin(store, held)
    assert emails(claim(store)) == ["ann@new.example.org"]


def pause_until(store, email, day, zone="UTC"):
    with store._database.writing() as connection:
        values = {"paused_until": day, "timezone": zone}
        connection.execute(update(subscribers).where(subscribers.c.email == email).values(values))


@pytest.mark.parametrize(("zone", "back"), [("UTC", 16), ("Pacific/Auckland", 4), ("America/Los_Angeles", 23)])
def test_a_pause_ends_with_the_subscribers_own_day(store, zone, back):
    """It is 8:00 UTC on the 18th of May; the pause ends with the 18th."""
    (ann,) = publish_for(store, 1)
    pause_until(store, ann.email, NOW.date() + DAY, zone)
    assert claim(store, NOW + (back - 1) * HOUR) == []
    assert emails(claim(store, NOW + back * HOUR)) == [ann.email]


def test_who_pauses_until_a_day_at_the_last_moment_is_not_sent_to(store):
    (ann,) = publish_for(store, 1)
    (held,) = claim(store)
    pause_until(store, ann.email, NOW.date() + DAY)
    assert not begin(store, held)
    assert states(store) == {State.PENDING: 1}


def test_an_edition_that_cannot_be_read_fails_alone(store):
    publish_for(store, 3)
    with store._database.writing() as connection:
        number = connection.scalar(select(contents.c.edition_id).order_by(contents.c.edition_id).limit(1))
        connection.execute(
            text("UPDATE kept_contents SET content = :junk WHERE edition_id = :n"), {"junk": b"x", "n": number}
        )
        connection.execute(delete(contents).where(contents.c.edition_id == number + 1))
    assert emails(claim(store)) == ["reader2@example.org"]
    assert states(store) == {State.FAILED: 2, State.CLAIMED: 1}
    assert "being too old" in store.overview(NOW).failures[0].detail


def test_claiming_a_few_does_not_sort_all_that_are_due_at_the_same_moment(store):
    publish_for(store, 30)
    asked = deliveries._due(NOW, deliveries.Wanted("one", LEASE, 5, None, "resend", None))
    with store._database.reading() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if not is_sqlite:  # for so few rows it would not look at an index at all
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            connection.exec_driver_sql("SET LOCAL enable_hashjoin = off")
        statement = str(asked.compile(connection, compile_kwargs={"literal_binds": True})).replace("%%", "%")
        statement = statement.replace("FOR UPDATE OF deliveries SKIP LOCKED", "")
        rows = connection.exec_driver_sql(f"EXPLAIN {'QUERY PLAN ' if is_sqlite else ''}{statement}").all()
    plan = " ".join(str(cell) for row in rows for cell in row)
    assert "ix_deliveries_next_attempt" in plan
    assert "sort" not in plan.lower()
    assert "b-tree" not in plan.lower()
