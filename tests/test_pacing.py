"""How fast and how often: tables for the decisions, hypothesis for what must hold whatever happens."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest import pacing
from digest.model import Blame, Claim, Edition, Outcome, Settled, State, Subscriber, Verdict
from digest.pacing import Limits

NOW = datetime(2026, 5, 20, 6, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DEFERRED = Outcome(Verdict.DEFERRED, "451 later", 451)
PROVIDER = Outcome(Verdict.DEFERRED, "421 4.7.28 slow down", 421, "4.7.28", Blame.PROVIDER)


def claim(number=1, attempts=0, email="ann@example.org"):
    edition = Edition(Subscriber(email), date(2026, 5, 20), NOW)
    return Claim(number, edition, attempts, "here", NOW + timedelta(minutes=15))


def wait(outcome=DEFERRED, number=1, attempts=0, **options):
    settled = pacing.settle(outcome, claim(number, attempts), NOW, Limits(), **options)
    assert settled.state is State.DEFERRED
    return settled.next_attempt - NOW


# --- after an attempt ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "on_unknown", "settled"),
    [
        (Outcome(Verdict.SENT), "resend", Settled(State.SENT)),
        (Outcome(Verdict.FAILED), "resend", Settled(State.FAILED)),
        (Outcome(Verdict.FAILED, blame=Blame.ADDRESS, hopeless=True), "resend", Settled(State.FAILED)),
        (Outcome(Verdict.UNKNOWN), "hold", Settled(State.UNKNOWN)),
    ],
)
def test_what_is_over_is_not_tried_again(outcome, on_unknown, settled):
    assert pacing.settle(outcome, claim(), NOW, Limits(on_unknown)) == settled


@pytest.mark.parametrize(
    ("attempts", "least", "most"),
    [
        (0, 5 * MINUTE, 10 * MINUTE),
        (1, 10 * MINUTE, 20 * MINUTE),
        (4, 80 * MINUTE, 160 * MINUTE),
        (5, 2 * HOUR, 4 * HOUR),
        (12, 2 * HOUR, 4 * HOUR),
        (10**9, 2 * HOUR, 4 * HOUR),
    ],
)
@pytest.mark.parametrize("number", [1, 2, 10**12])
def test_retries_begin_within_minutes_and_grow_to_hours_without_ever_being_counted_out(number, attempts, least, most):
    assert least <= wait(number=number, attempts=attempts) < most


def test_a_message_that_may_have_arrived_waits_like_any_other():
    settled = pacing.settle(Outcome(Verdict.UNKNOWN), claim(), NOW, Limits())
    assert settled == Settled(State.UNKNOWN, NOW + wait())


def test_greylisting_is_tried_again_within_ten_minutes_whatever_other_deliveries_do():
    greylisted = Outcome(
        Verdict.DEFERRED, "450 4.7.1 Greylisted, try again in 300 seconds", 450, "4.7.1", Blame.ADDRESS
    )
    assert wait(greylisted) < 10 * MINUTE
    assert wait(greylisted, quiet_until=NOW + HOUR) < 10 * MINUTE


@pytest.mark.parametrize("verdict", [Verdict.DEFERRED, Verdict.FAILED])
def test_what_a_provider_wants_less_of_waits_for_the_end_of_the_silence_and_is_spread_behind_it(verdict):
    outcome = Outcome(verdict, blame=Blame.PROVIDER)
    waits = [wait(outcome, number, quiet_until=NOW + HOUR) for number in range(50)]
    assert HOUR <= min(waits) <= max(waits) < HOUR + 5 * MINUTE
    assert len(set(waits)) == 50


@pytest.mark.parametrize("verdict", [Verdict.DEFERRED, Verdict.FAILED])
def test_a_refused_text_fails_no_address_and_leaves_the_operator_an_hour(verdict):
    refused = Outcome(verdict, "550 5.7.26 unauthenticated mail", 550, "5.7.26", Blame.MESSAGE)
    assert wait(refused) == HOUR
    assert wait(refused, attempts=6) >= 2 * HOUR


@given(
    outcome=st.builds(
        Outcome, st.sampled_from(Verdict), blame=st.none() | st.sampled_from(Blame), hopeless=st.booleans()
    ),
    number=st.integers(1, 10**15),
    attempts=st.integers(0, 10_000),
    silence=st.none() | st.integers(-HOUR.seconds, 5 * HOUR.seconds),
    on_unknown=st.sampled_from(["resend", "hold"]),
)
def test_the_next_attempt_is_always_ahead_and_the_same_when_asked_again(outcome, number, attempts, silence, on_unknown):
    quiet_until = None if silence is None else NOW + timedelta(seconds=silence)
    ask = (outcome, claim(number, attempts), NOW, Limits(on_unknown), quiet_until)
    settled = pacing.settle(*ask)
    assert settled == pacing.settle(*ask)
    if settled.next_attempt is not None:
        assert settled.next_attempt > NOW
        assert settled.state in (State.DEFERRED, State.UNKNOWN)
    if outcome.blame is Blame.PROVIDER and quiet_until and settled.state is State.DEFERRED:
        assert settled.next_attempt >= quiet_until


def test_a_thousand_deliveries_deferred_in_one_second_come_back_over_minutes():
    due = sorted(wait(number=number) for number in range(1_000))
    a_minute = [sum(start <= each < start + MINUTE for each in due) for start in due]
    assert max(a_minute) < 300, "evenly spread over five minutes it would be 200"
    again = [wait(number=number, attempts=1) / 2 for number in range(1_000)]
    assert again != [wait(number=number) for number in range(1_000)], "no two attempts draw the same lot"
