"""The gate on a real database: who may go, who waits and until when, what one round learns and the next one knows."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from digest.errors import RelayError
from digest.model import Blame, Claim, Edition, Outcome, Subscriber, Verdict
from digest.pacing import BREAKER, HORIZON, Limits
from digest.pipeline.gate import Gate
from digest.store import open_store

from .stores import store_url

NOW = datetime(2026, 5, 18, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
SENT = Outcome(Verdict.SENT, "250 2.0.0 ok", 250)
SLOW_DOWN = Outcome(Verdict.DEFERRED, "421 4.7.28 unusual rate", 421, "4.7.28", Blame.PROVIDER)
GREYLISTED = Outcome(Verdict.DEFERRED, "450 4.7.1 greylisted", 450, "4.7.1", Blame.ADDRESS)
DOWN = RelayError("mail.example.org:587 does not answer")
CROWDED = RelayError("mail.example.org:587 answered 421 4.7.0 too many connections", "busy")
BUSY = RelayError("mail.example.org:587 answered 421 4.7.28 unusual rate", "busy")
LOCKED_OUT = RelayError("mail.example.org:587 refused the password", "ours")


@pytest.fixture
def store(tmp_path):
    opened = open_store(store_url(tmp_path / "digest.db"))
    yield opened
    opened.close()


def claims(*domains, first=1):
    return [_claim(number, f"reader{number}@{domain}") for number, domain in enumerate(domains, start=first)]


def _claim(number, email):
    return Claim(number, Edition(Subscriber(email), date(2026, 5, 18), NOW), 0, "here", NOW + HOUR)


def seconds(sifted_part, now=NOW):
    return [(claim.id, (at - now).total_seconds()) for claim, at in sifted_part]


# --- nothing in the way -------------------------------------------------------------------------------------------


def test_without_limits_and_trouble_all_go_at_once_for_one_small_read(store):
    class Counting:
        reads = 0

        def paces(self):
            self.reads += 1
            return store.paces()

    counting = Counting()
    gate = Gate(counting, Limits(connections=4), NOW)
    waiting = claims(*["a.example", "b.example"] * 25)
    sifted = gate.sift(waiting, NOW)
    assert [claim for claim, _ in sifted.go] == waiting
    assert {at for _, at in sifted.go} == {NOW}
    assert sifted.later == []
    assert (gate.room(50, NOW), gate.connections(NOW), gate.refused_until(NOW)) == (50, 4, None)
    for claim in waiting:
        assert gate.heard(claim, SENT, NOW) is None
        assert gate.stopped(claim, NOW) is None
    assert gate.resume_at(NOW) is None
    assert counting.reads == 1


def test_nothing_to_sift_is_nothing(store):
    sifted = Gate(store, Limits(per_minute=1), NOW).sift([], NOW)
    assert (sifted.go, sifted.later) == ([], [])


# --- rates --------------------------------------------------------------------------------------------------------


def test_the_relays_rate_lets_few_go_and_gives_the_others_each_a_turn_of_its_own(store):
    gate = Gate(store, Limits(per_minute=60), NOW)
    assert gate.room(50, NOW) == 3
    sifted = gate.sift(claims(*["a.example"] * 6), NOW)
    assert seconds(sifted.go) == [(1, 0), (2, 1), (3, 2)]
    assert seconds(sifted.later) == [(4, 3), (5, 4), (6, 5)]
    assert gate.room(50, NOW) == 0
    assert gate.resume_at(NOW) == NOW + 3 * SECOND
    assert seconds(gate.sift(claims("b.example", first=7), NOW).later) == [(7, 6)]


def test_a_round_goes_on_at_the_first_moment_for_which_something_was_put_off(store):
    gate = Gate(store, Limits(domain_per_minute=20), NOW)
    assert seconds(gate.sift(claims(*["a.example"] * 4), NOW).later) == [(2, 3), (3, 6), (4, 9)]
    assert [gate.resume_at(NOW + wait * SECOND) for wait in (2, 3, 8, 9)] == [
        NOW + 3 * SECOND,
        NOW + 6 * SECOND,
        NOW + 9 * SECOND,
        None,
    ]


def test_a_full_relay_has_room_again_when_its_next_turn_comes(store):
    gate = Gate(store, Limits(per_minute=1), NOW)
    assert gate.room(50, NOW) == 1
    gate.sift(claims("a.example"), NOW)
    assert gate.room(50, NOW) == 0
    assert gate.resume_at(NOW) == NOW + MINUTE
    assert gate.room(50, NOW + MINUTE) == 1
    assert gate.resume_at(NOW + MINUTE) is None


def test_a_domains_rate_holds_up_nobody_elses_mail(store):
    gate = Gate(store, Limits(domain_per_minute=30), NOW)
    sifted = gate.sift(claims("a.example", "A.example", "b.example", "a.example."), NOW)
    assert seconds(sifted.go) == [(1, 0), (3, 0), (2, 2)]
    assert seconds(sifted.later) == [(4, 4)]
    assert gate.room(50, NOW) == 50


def test_what_was_put_off_goes_when_its_turn_comes_and_is_not_put_off_again(store):
    gate = Gate(store, Limits(domain_per_minute=30), NOW, patient=False)
    waiting = claims(*["a.example"] * 40)
    sifted = gate.sift(waiting, NOW)
    looks, due = len(waiting), sifted.later
    while due:
        now = min(at for _, at in due)
        again = gate.sift([claim for claim, at in due if at <= now], now)
        looks += len(again.go) + len(again.later)
        due = [(claim, at) for claim, at in due if at > now] + again.later
    assert looks == 40 + 38, "those that went at once were looked at once, the others twice"
    assert now == NOW + 39 * 2 * SECOND


@pytest.mark.parametrize(
    "limits", [Limits(per_minute=60), Limits(domain_per_minute=60), Limits(per_minute=60, domain_per_minute=60)]
)
def test_a_patient_round_leaves_to_the_next_what_a_rate_holds_up_before_the_minute_is_over(store, limits):
    patient = Gate(store, limits, NOW)
    patient.sift(claims(*["a.example"] * 4), NOW)
    spent = NOW + 50 * SECOND
    sifted = patient.sift(claims("a.example"), spent)
    assert (sifted.go, seconds(sifted.later)) == ([], [(1, 60)])
    assert patient.resume_at(spent) is None
    assert patient.room(50, spent) == (0 if limits.per_minute else 50)
    assert seconds(patient.sift(claims("a.example"), NOW + MINUTE).go) == [(1, 60)], "while other mail keeps it going"
    store.repace("relay:mail", lambda pace: replace(pace, free_at=None))
    store.repace("a.example", lambda pace: replace(pace, free_at=None))
    by_hand = Gate(store, limits, NOW, patient=False)
    assert seconds(by_hand.sift(claims("a.example"), spent).go) == [(1, 50)]
    by_hand.sift(claims(*["a.example"] * 5), spent)
    assert by_hand.resume_at(spent) is not None


def test_a_round_that_nothing_holds_up_goes_on_for_hours(store):
    gate = Gate(store, Limits(domain_per_minute=0), NOW)
    assert len(gate.sift(claims("a.example", "b.example"), NOW + 5 * HOUR).go) == 2
    assert gate.room(50, NOW + 5 * HOUR) == 50


def test_a_clock_that_stands_still_is_waited_for_once(store):
    gate = Gate(store, Limits(per_minute=1), NOW, patient=False)
    gate.sift(claims("a.example"), NOW)
    assert [gate.resume_at(NOW), gate.resume_at(NOW)] == [NOW + MINUTE, None]
    assert gate.resume_at(NOW + SECOND) == NOW + MINUTE


def test_a_silence_is_not_waited_for(store):
    gate = Gate(store, Limits(), NOW, patient=False)
    first, second = claims("a.example", "a.example")
    gate.heard(first, SLOW_DOWN, NOW)
    gate.sift([second], NOW)
    assert gate.resume_at(NOW + SECOND) is None
    assert gate.resume_at(NOW + 9 * MINUTE) == NOW + 10 * MINUTE


def test_two_processes_share_one_rate(store):
    gates = [Gate(store, Limits(per_minute=60), NOW) for _ in range(2)]
    with ThreadPoolExecutor(4) as pool:
        sifted = list(pool.map(lambda turn: gates[turn % 2].sift(claims("a.example"), NOW), range(8)))
    assert sorted(at for each in sifted for _, at in each.go) == [NOW, NOW + SECOND, NOW + 2 * SECOND]
    assert sum(len(each.later) for each in sifted) == 5


# --- a domain asks for less ---------------------------------------------------------------------------------------


def test_a_domain_that_asks_for_less_is_left_alone_while_others_get_their_mail(store):
    gate = Gate(store, Limits(), NOW)
    first, second, other = claims("a.example", "a.example", "b.example")
    assert gate.heard(first, SLOW_DOWN, NOW) == NOW + 10 * MINUTE
    sifted = gate.sift([second, other], NOW)
    assert [claim for claim, _ in sifted.go] == [other]
    assert seconds(sifted.later) == [(2, 600)]
    assert gate.refused_until(NOW) is None
    assert gate.connections(NOW) == Limits().connections


def test_what_was_let_go_before_the_domain_asked_is_stopped(store):
    gate = Gate(store, Limits(), NOW)
    first, second, other = claims("a.example", "a.example", "b.example")
    assert len(gate.sift([first, second, other], NOW).go) == 3
    gate.heard(first, SLOW_DOWN, NOW)
    assert gate.stopped(second, NOW + SECOND) == NOW + 10 * MINUTE
    assert gate.stopped(other, NOW + SECOND) is None


def test_what_comes_back_throttled_from_the_same_moment_makes_the_silence_no_longer(store):
    gate = Gate(store, Limits(), NOW)
    for late, claim in enumerate(claims(*["a.example"] * 4)):
        assert gate.heard(claim, SLOW_DOWN, NOW + late * SECOND) == NOW + 10 * MINUTE
    assert store.paces()["a.example"].strikes == 1


def test_five_thousand_that_wait_for_a_silent_domain_come_back_one_after_the_other_behind_the_silence(store):
    gate = Gate(store, Limits(), NOW)
    (first, *waiting) = claims(*["a.example"] * 5_001)
    gate.heard(first, SLOW_DOWN, NOW)
    later = [
        at for start in range(0, 5_000, 50) for _, at in gate.sift(waiting[start : start + 50], NOW + SECOND).later
    ]
    assert len(later) == 5_000
    in_minutes = [
        sum(NOW + minute * MINUTE <= at < NOW + (minute + 1) * MINUTE for at in later) for minute in range(22)
    ]
    assert in_minutes[:14] == [0] * 10 + [5, 10, 20, 40]
    assert sum(in_minutes) == 5_000, "all within twenty minutes of the beginning"


def test_a_silence_outlives_the_round_and_begins_slowly_when_it_is_over(store):
    (throttled, *others) = claims(*["a.example"] * 20)
    Gate(store, Limits(), NOW).heard(throttled, SLOW_DOWN, NOW)
    middle = Gate(store, Limits(), NOW + 5 * MINUTE)
    assert middle.sift(others, NOW + 5 * MINUTE).go == []
    end = NOW + 10 * MINUTE
    after = Gate(store, Limits(), end).sift(others, end)
    assert seconds(after.go, end) == [(2, 0)]
    assert seconds(after.later, end)[:4] == [(3, 12), (4, 24), (5, 36), (6, 48)]
    free = Gate(store, Limits(), end + 12 * MINUTE)
    assert len(free.sift(others, end + 12 * MINUTE).go) == 19


def test_other_processes_hear_of_a_silence_within_seconds(store):
    ours, theirs = Gate(store, Limits(), NOW), Gate(store, Limits(), NOW)
    first, second = claims("a.example", "a.example")
    theirs.heard(first, SLOW_DOWN, NOW)
    assert ours.sift([second], NOW + 5 * SECOND).go == []


def test_greylisting_silences_nobody(store):
    gate = Gate(store, Limits(), NOW)
    first, second = claims("a.example", "a.example")
    assert gate.heard(first, GREYLISTED, NOW) is None
    assert len(gate.sift([second], NOW).go) == 1


def test_trouble_that_is_over_for_an_hour_is_no_longer_kept(store):
    gate = Gate(store, Limits(), NOW)
    gate.heard(*claims("a.example"), SLOW_DOWN, NOW)
    Gate(store, Limits(), NOW + 2 * HOUR)
    assert store.paces() == {}


def test_a_clock_that_was_years_ahead_silences_nobody_for_longer_than_the_longest_silence(store):
    ahead = NOW + 20_000 * HOUR
    gate = Gate(store, Limits(per_minute=60), ahead)
    gate.heard(*claims("a.example"), SLOW_DOWN, ahead)
    gate.broken(LOCKED_OUT, ahead)
    for waited in range(6):
        now = NOW + waited * HOUR
        gate = Gate(store, Limits(per_minute=60), now)
        went = gate.sift(claims("a.example"), now).go and gate.refused_until(now) is None
        assert bool(went) is (waited >= 4)


def test_a_clock_set_back_by_little_in_the_middle_of_a_round_is_taken_as_it_is(store):
    gate = Gate(store, Limits(per_minute=60), NOW)
    gate.sift(claims(*["a.example"] * 5), NOW)
    earlier = NOW - 30 * SECOND
    assert seconds(gate.sift(claims("b.example"), earlier).later) == [(1, 5)]
    assert gate.resume_at(earlier) == NOW + 3 * SECOND
    Gate(store, Limits(), earlier).heard(*claims("c.example"), SLOW_DOWN, earlier)
    assert seconds(gate.sift(claims("c.example"), earlier - SECOND).later) == [(1, 570)]


# --- the relay ----------------------------------------------------------------------------------------------------


def test_several_domains_that_ask_for_less_one_after_the_other_are_the_relay_speaking(store):
    gate = Gate(store, Limits(connections=4), NOW)
    for claim in claims("a.example", "b.example"):
        gate.heard(claim, SLOW_DOWN, NOW)
        assert gate.refused_until(NOW) is None
    gate.heard(*claims("c.example"), SLOW_DOWN, NOW)
    assert gate.refused_until(NOW) == NOW + 10 * MINUTE
    assert gate.connections(NOW) == 1
    assert seconds(gate.sift(claims("d.example"), NOW).later) == [(1, 600)]


def test_but_not_where_others_take_their_mail_in_between(store):
    gate = Gate(store, Limits(), NOW)
    for domain in ("a.example", "b.example", "c.example", "d.example"):
        gate.heard(*claims(domain), SLOW_DOWN, NOW)
        gate.heard(*claims("other.example"), SENT, NOW)
    assert gate.refused_until(NOW) is None


def test_a_relay_that_wants_less_mail_is_left_alone_by_everybody_also_by_the_impatient(store):
    Gate(store, Limits(connections=8), NOW).broken(BUSY, NOW)
    for patient in (True, False):
        gate = Gate(store, Limits(connections=8), NOW + MINUTE, patient=patient)
        assert gate.refused_until(NOW + MINUTE) == NOW + 10 * MINUTE
    after = NOW + 10 * MINUTE
    gate = Gate(store, Limits(connections=8), after)
    assert gate.refused_until(after) is None
    assert gate.room(50, after) == 1, "five in the first minute"
    assert gate.connections(NOW) == 1


def test_a_relay_that_wants_fewer_connections_gets_fewer_and_all_its_mail(store):
    gate = Gate(store, Limits(connections=8), NOW)
    for _ in range(7):  # all that were opened in the same moment
        gate.broken(CROWDED, NOW)
    assert (gate.connections(NOW), gate.refused_until(NOW), gate.room(50, NOW)) == (4, None, 50)
    assert gate.connections(NOW + 2 * MINUTE) == 6
    next_round = Gate(store, Limits(connections=8), NOW + MINUTE)
    assert next_round.connections(NOW + MINUTE) == 5
    assert len(next_round.sift(claims(*["a.example"] * 50), NOW + MINUTE).go) == 50


def test_a_relay_that_stands_not_even_one_connection_is_left_alone(store):
    gate = Gate(store, Limits(connections=2), NOW)
    gate.broken(CROWDED, NOW)
    assert gate.refused_until(NOW) is None
    gate.broken(CROWDED, NOW + 6 * SECOND)
    assert gate.refused_until(NOW + 6 * SECOND) == NOW + 6 * SECOND + 10 * MINUTE


def test_five_rounds_that_fail_open_the_breaker_and_the_impatient_go_through_it(store):
    for minute in range(5):
        now = NOW + minute * MINUTE
        gate = Gate(store, Limits(connections=4), now)
        assert gate.refused_until(now) is None
        for _ in range(4):  # once a round, however many connections saw it
            gate.broken(DOWN, now)
    assert gate.refused_until(now) == now + MINUTE
    assert Gate(store, Limits(), now).refused_until(now) == now + MINUTE
    assert Gate(store, Limits(), now, patient=False).refused_until(now) is None


def test_one_connection_tries_whether_the_relay_is_back_and_an_answer_closes_the_breaker(store):
    gate = Gate(store, Limits(connections=4), NOW)
    gate.broken(LOCKED_OUT, NOW)
    assert gate.refused_until(NOW) == NOW + MINUTE
    after = Gate(store, Limits(connections=4), NOW + MINUTE)
    assert (after.refused_until(NOW + MINUTE), after.connections(NOW + MINUTE)) == (None, 1)
    other = Gate(store, Limits(connections=4), NOW + MINUTE)
    after.heard(*claims("a.example"), Outcome(Verdict.UNKNOWN, "no reply"), NOW + MINUTE)
    assert after.connections(NOW + MINUTE) == 1
    after.heard(*claims("a.example"), Outcome(Verdict.FAILED, "550 no such user", 550), NOW + MINUTE)
    assert after.connections(NOW + MINUTE) == 4
    assert store.paces() == {}
    later = NOW + MINUTE + 6 * SECOND
    assert other.refused_until(later) is None
    assert other.connections(later) == 4, "another process learns of it, too"


def test_a_relay_that_comes_and_goes_in_one_round_has_failed_when_it_is_gone(store):
    gate = Gate(store, Limits(), NOW)
    gate.broken(DOWN, NOW)
    gate.heard(*claims("a.example"), SENT, NOW)
    gate.broken(DOWN, NOW)
    assert store.paces()[BREAKER].strikes == 1


def test_a_failure_after_each_success_never_opens_the_breaker(store):
    for minute in range(20):
        now = NOW + minute * MINUTE
        gate = Gate(store, Limits(), now)
        gate.heard(*claims("a.example"), SENT, now)
        gate.broken(DOWN, now)
        assert gate.refused_until(now) is None
    assert store.paces()[BREAKER].strikes == 1


def test_threads_that_share_a_gate_never_exceed_the_rate(store):
    gate = Gate(store, replace(Limits(), per_minute=600, domain_per_minute=300), NOW)

    def turn(number):
        now = NOW + number * timedelta(milliseconds=200)
        sifted = gate.sift(claims("a.example", "b.example", "c.example", first=10 * number), now)
        for claim, _ in sifted.go:
            gate.heard(claim, SENT, now)
        return [at for _, at in sifted.go]

    with ThreadPoolExecutor(8) as pool:
        moments = sorted(at for batch in pool.map(turn, range(40)) for at in batch)
    assert len(moments) > 60
    for first, start in enumerate(moments):
        within = sum(at <= start + SECOND for at in moments[first:])
        assert within <= 600 / 60 * (1 + HORIZON.total_seconds()) + 1
