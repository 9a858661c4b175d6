"""How fast and how often: tables for the decisions, hypothesis for what must hold whatever happens."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest import pacing
from digest.model import Blame, Claim, Edition, Outcome, Pace, Settled, State, Subscriber, Verdict
from digest.pacing import Limits, broken, throttled

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
    again = sorted(range(1_000), key=lambda number: wait(number=number, attempts=1))
    assert again != sorted(again, key=lambda number: wait(number=number)), "each attempt draws its own lot"


# --- domains ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("Ann@Example.ORG", "example.org"),
        ("ann@bücher.example", "xn--bcher-kva.example"),
        ("ann@BÜCHER.example", "xn--bcher-kva.example"),
        ("ann@xn--BCHER-kva.example", "xn--bcher-kva.example"),
        ("δοκιμή@παράδειγμα。δοκιμή", "xn--hxajbheg2az3al.xn--jxalpdlp"),
        ('"a@b"@example.org.', "example.org"),
        ("ann@[IPv6:::1]", "[ipv6:::1]"),
        ("ann@-ü-.example", "-ü-.example"),
        ("postmaster", "postmaster"),
        ("", ""),
    ],
)
def test_one_domain_has_one_name_however_it_is_written(address, domain):
    assert pacing.domain_of(address) == domain


@given(st.text(max_size=30), st.text(max_size=80))
def test_no_address_is_taken_for_the_relay_or_stops_anybody(name, domain):
    key = pacing.domain_of(f"{name}@{domain.replace(':', '')}")
    assert key not in {pacing.RELAY, pacing.BREAKER, pacing.LINES}


# --- rates --------------------------------------------------------------------------------------------------------

FRESH = Pace("example.org")
EASING = Pace("example.org", strikes=1, quiet_until=NOW, eased_at=NOW)


@pytest.mark.parametrize(
    ("pace", "per_minute", "after", "rate"),
    [
        (FRESH, 0, 0 * MINUTE, inf),
        (FRESH, 30, 0 * MINUTE, 30),
        (EASING, 0, 0 * MINUTE, 5),
        (EASING, 0, -HOUR, 5),
        (EASING, 0, 59 * timedelta(seconds=1), 5),
        (EASING, 0, MINUTE, 10),
        (EASING, 30, 2 * MINUTE, 20),
        (EASING, 30, 3 * MINUTE, 30),
        (EASING, 3, 0 * MINUTE, 3),
        (EASING, 0, 10 * MINUTE, 5 * 2**10),
        (EASING, 0, 11 * MINUTE, inf),
        (EASING, 0, 10**6 * MINUTE, inf),
    ],
)
def test_after_a_silence_it_begins_slowly_and_doubles_each_minute(pace, per_minute, after, rate):
    assert pacing.rate(pace, per_minute, NOW + after) == rate


def test_where_nothing_limits_nothing_is_remembered():
    assert pacing.reserve(FRESH, 0, NOW) == (FRESH, NOW)


def test_five_thousand_that_wait_for_one_domain_go_slowly_at_first_and_are_out_in_minutes():
    pace, moments = throttled(FRESH, NOW), []
    for _ in range(5_000):
        pace, at = pacing.reserve(pace, 0, NOW)
        moments.append(at)
    minutes = Counter((at - NOW) // MINUTE for at in moments)
    assert min(minutes) == 10
    assert [minutes[minute] for minute in range(10, 15)] == [5, 10, 20, 40, 80]
    assert max(minutes) <= 20


@given(
    per_minute=st.integers(1, 5_000),
    silence=st.none() | st.integers(0, 300),
    gaps=st.lists(st.integers(0, 40_000), min_size=1, max_size=60),
)
def test_no_span_ever_holds_more_than_the_configured_rate_and_nothing_goes_in_a_silence(per_minute, silence, gaps):
    """Asked at irregular moments, also while it is still full."""
    quiet_until = None if silence is None else NOW + timedelta(seconds=silence)
    pace, now, moments = Pace("example.org", quiet_until=quiet_until, eased_at=quiet_until), NOW, []
    for gap in gaps:
        now += timedelta(milliseconds=gap)
        pace, at = pacing.reserve(pace, per_minute, now)
        assert at >= now
        assert quiet_until is None or at >= quiet_until
        moments.append(at)
    for first, start in enumerate(moments):
        for count, end in enumerate(moments[first:], start=1):
            assert (count - 1) * 60 <= (end - start) / timedelta(seconds=1) * per_minute


KEYS = ("relay", "a.example", "b.example")


@given(
    rates=st.fixed_dictionaries({key: st.integers(0, 600) for key in KEYS}),
    batches=st.lists(
        st.tuples(st.integers(0, 5_000), st.lists(st.lists(st.sampled_from(KEYS), unique=True), max_size=20)),
        max_size=8,
    ),
    horizon=st.integers(0, 5),
)
def test_whoever_must_keep_several_rates_keeps_each_but_for_what_was_let_go_ahead(rates, batches, horizon):
    paces, now, ahead = {}, NOW, timedelta(seconds=horizon)
    gone = {key: [] for key in KEYS}
    for gap, wanted in batches:
        now += timedelta(milliseconds=gap)
        paces, moments = pacing.allot(paces, wanted, rates, now, now + ahead)
        assert len(moments) == len(wanted)
        for keys, at in zip(wanted, moments, strict=True):
            assert at is None or now <= at <= now + ahead
            for key in keys if at else ():
                gone[key].append(at)
    for key, moments in gone.items():
        if rate := rates[key]:
            moments.sort()
            for first, start in enumerate(moments):
                for count, end in enumerate(moments[first:], start=1):
                    assert (count - 1) * 60 <= (end - start + ahead) / timedelta(seconds=1) * rate


def test_a_domain_that_is_slow_costs_the_relay_nobody_elses_turn():
    slow, fast = ("slow.example", "relay"), ("fast.example", "relay")
    rates = {"relay": 60, "slow.example": 20}
    _, moments = pacing.allot({}, [slow, slow, fast, fast], rates, NOW, NOW + MINUTE)
    assert [(at - NOW).total_seconds() for at in moments] == [0, 3, 2, 3]


# --- silences -----------------------------------------------------------------------------------------------------


def test_who_asks_for_less_is_left_alone_for_ten_minutes_then_twice_as_long_up_to_four_hours():
    pace, now, silences = FRESH, NOW, []
    for _ in range(8):
        pace = throttled(pace, now)
        silences.append((pace.quiet_until - now) // MINUTE)
        now = pace.quiet_until + 59 * MINUTE
    assert silences == [10, 20, 40, 80, 160, 240, 240, 240]


def test_an_hour_without_trouble_is_forgiven_and_a_minute_less_is_not():
    pace = throttled(throttled(FRESH, NOW - HOUR), NOW)
    end = pace.quiet_until
    assert pacing.forgiven(pace, end + HOUR - MINUTE) == pace
    assert pacing.forgiven(pace, end + HOUR) == FRESH
    assert throttled(pace, end + HOUR).quiet_until == end + HOUR + 10 * MINUTE
    assert pacing.forgiven(FRESH, NOW) == FRESH
    assert pacing.forgiven(replace(pace, free_at=end), end + HOUR) == replace(FRESH, free_at=end)


PACES = st.builds(
    Pace,
    st.just("example.org"),
    st.none() | st.integers(-(10**6), 10**9).map(lambda seconds: NOW + timedelta(seconds=seconds)),
    st.integers(0, 10**4),
    *[st.none() | st.integers(-(10**6), 10**9).map(lambda seconds: NOW + timedelta(seconds=seconds))] * 2,
)


@given(PACES, st.integers(-3_600, 10**6), st.sampled_from([throttled, broken]))
def test_a_silence_is_never_shortened(pace, seconds, event):
    now = NOW + timedelta(seconds=seconds)
    after = event(pace, now)
    if pacing.quiet(pace, now):
        assert after.quiet_until == pace.quiet_until
    elif event is throttled:
        assert pacing.quiet(after, now)


@given(PACES, st.integers(-3_600, 10**6))
def test_a_clock_that_was_wrong_silences_nobody_for_longer_than_the_longest_silence(pace, seconds):
    now = NOW + timedelta(seconds=seconds)
    mended = pacing.credible(pace, now)
    assert pacing.opening(mended, now) <= now + pacing.LONGEST_SILENCE
    assert pacing.credible(mended, now + MINUTE) == mended, "mended once is mended"
    assert pacing.rate(mended, 0, now + pacing.LONGEST_SILENCE + 12 * MINUTE) == inf


def test_what_a_right_clock_wrote_is_believed():
    spaced, _ = pacing.reserve(FRESH, 1, NOW + pacing.HORIZON)
    strict = replace(throttled(replace(FRESH, strikes=9), NOW), free_at=spaced.free_at)
    assert pacing.credible(strict, NOW) == strict


# --- the breaker --------------------------------------------------------------------------------------------------


def test_five_failures_in_a_row_open_the_breaker_for_a_minute_then_longer_up_to_half_an_hour():
    pace, now, breaks = FRESH, NOW, []
    for _ in range(12):
        pace = broken(pace, now)
        breaks.append((pace.quiet_until - now) // MINUTE if pacing.quiet(pace, now) else 0)
        now = pace.quiet_until if pacing.quiet(pace, now) else now + MINUTE
    assert breaks == [0, 0, 0, 0, 1, 2, 4, 8, 16, 30, 30, 30]


def test_a_wrong_password_opens_it_at_once():
    pace = broken(FRESH, NOW, ours=True)
    assert pace.quiet_until == NOW + MINUTE
    assert broken(pace, NOW + MINUTE, ours=True).quiet_until == NOW + 3 * MINUTE


# --- connections --------------------------------------------------------------------------------------------------


def test_too_many_connections_are_halved_and_grow_back_one_a_minute():
    pace = pacing.crowded(FRESH, 16, NOW)
    assert [pacing.connections(pace, 16, NOW + minute * MINUTE) for minute in (0, 1, 5, 8, 100)] == [8, 9, 13, 16, 16]
    again = pacing.crowded(pace, 16, NOW + 2 * MINUTE)
    assert pacing.connections(again, 16, NOW + 2 * MINUTE) == 5
    alone = pacing.crowded(again, 16, NOW + 2 * MINUTE, to_one=True)
    assert pacing.connections(alone, 16, NOW + 3 * MINUTE) == 2


def test_what_all_connections_hear_at_once_counts_once():
    pace = pacing.crowded(FRESH, 16, NOW)
    assert pacing.crowded(pace, 16, NOW + timedelta(seconds=4)) == pace
    assert pacing.crowded(pace, 16, NOW + timedelta(seconds=6)) != pace


@pytest.mark.parametrize(
    ("before", "most", "minutes", "left"), [(100, 4, 0, 1), (100, 4, 1, 2), (4, 100, 0, 97), (16, 16, -1, 16)]
)
def test_connections_follow_what_the_operator_allows_now_and_no_clock_that_was_wrong(before, most, minutes, left):
    alone = pacing.crowded(FRESH, before, NOW, to_one=True)
    assert pacing.connections(alone, most, NOW + minutes * MINUTE) == left


@given(
    most=st.integers(0, 200),
    events=st.lists(st.tuples(st.integers(-600, 600), st.booleans(), st.integers(1, 200)), max_size=20),
)
def test_connections_stay_from_one_to_the_most_whatever_the_clock_and_the_operator_do(most, events):
    pace, now = FRESH, NOW
    for seconds, to_one, before in events:
        now += timedelta(seconds=seconds)
        pace = pacing.crowded(pace, before, now, to_one=to_one)
        assert 1 <= pacing.connections(pace, most, now) <= max(1, most)
    assert pacing.connections(pace, most, now + 200 * MINUTE + 20 * 600 * timedelta(seconds=1)) == max(1, most)


@pytest.mark.parametrize(
    ("words", "is_crowding"),
    [
        ("421 4.7.0 mail.example.org Error: too many connections from 192.0.2.1", True),  # Postfix
        (
            "421 4.3.2 The maximum number of concurrent server connections has exceeded a limit, closing",
            True,
        ),  # Exchange
        ("432 4.3.2 Concurrent connections limit exceeded", True),
        ("421 Too many concurrent SMTP connections from this IP address; please try again later.", True),  # Exim
        ("421 4.7.0 Too many sessions opened", True),
        ("421 4.4.5 Service unavailable, concurrency limit reached", True),
        ("432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", True),  # Exchange Online
        ("421 4.7.28 Our system has detected an unusual rate of unsolicited mail. Closing connection", False),  # Gmail
        ("454 4.7.0 Throttling failure: Maximum sending rate exceeded", False),  # Amazon SES
        ("421 4.7.0 [TSS04] Messages temporarily deferred due to unexpected volume", False),  # Yahoo
        ("421 4.7.0 Message limit reached, closing connection", False),
        ("452 4.3.1 Insufficient system resources", False),
    ],
)
def test_a_relay_that_wants_fewer_connections_is_told_from_one_that_wants_less_mail(words, is_crowding):
    assert pacing.is_crowding(f"mail.example.org:587 answered {words}") is is_crowding
