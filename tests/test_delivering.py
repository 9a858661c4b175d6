"""Many connections at once, on a real database: nothing lost, nothing twice, and nobody waits for ever."""

import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from digest import pipeline
from digest.errors import RelayError, StoreError
from digest.model import Blame, Edition, Message, Outcome, State, Status, Subscriber, Verdict
from digest.pacing import Limits
from digest.pipeline import Parts
from digest.pipeline.ledger import Ledger
from digest.store import open_store

from .stores import store_url

NOW = datetime(2026, 5, 18, 12, tzinfo=UTC)
SENT = Outcome(Verdict.SENT, "250 OK", 250)


class Renderer:
    forgot = False

    def forget(self):
        self.forgot = True

    def message(self, edition):
        return Message("digest@example.org", edition.subscriber.email, f"<{edition.subscriber.id}>", b"text")


class Relay:
    """What all connections of a test lead to. Answers by a script: per recipient an Outcome, an exception, or a function."""

    def __init__(self, script=None, *, meet=0):
        self.script = script or {}
        self.got = Counter()
        self.opened = self.closed = 0
        self.followed = []
        self._meeting = threading.Barrier(meet, timeout=20) if meet else None
        self.wait_for_each_other = set()

    def open(self):
        self.opened += 1
        return Connection(self)


class Connection:
    def __init__(self, relay):
        self._relay = relay

    def send(self, message, commit, following=None):
        relay = self._relay
        answer = relay.script.get(message.recipient, SENT)
        if isinstance(answer, RelayError):
            raise answer
        if message.recipient in relay.wait_for_each_other:
            relay._meeting.wait()
        if not commit():
            return Outcome(Verdict.DEFERRED, "no longer ours")
        if isinstance(answer, Exception):
            raise answer
        relay.followed.append((message.recipient, following and following.recipient))
        if answer.verdict is Verdict.SENT:
            relay.got[message.recipient] += 1
        return answer

    def close(self):
        self._relay.closed += 1


class Log:
    """A delivery log in memory."""

    def __init__(self, held=()):
        self.held = set(held)
        self.error = None

    def note(self, _edition, message, _now):
        if self.error:
            raise self.error
        self.held.add(message.message_id)

    def holds(self, message):
        return message.message_id in self.held


@contextmanager
def home(folder, count=3, relay=None, **parts):
    store = open_store(store_url(folder / "digest.db"))
    try:
        people = [store.add(Subscriber(f"reader{number}@example.org"), NOW) for number in range(count)]
        store.publish([(Edition(one, NOW.date(), NOW), NOW + timedelta(days=1)) for one in people])
        known = {"limits": Limits(connections=4), "transport": (relay or Relay()).open, "renderer": Renderer()}
        yield Parts(sources=(), store=store, ranker=None, worker="here", **(known | parts))
    finally:
        store.close()


def deliver(parts, now=NOW, **options):
    return pipeline.deliver(parts, lambda: now, **options)


def states(parts):
    return {state: count for state, count in parts.store.overview(NOW).deliveries.items() if count}


def address(number):
    return f"reader{number}@example.org"


# --- connections --------------------------------------------------------------------------------------------------


def test_many_connections_send_everything_once(tmp_path):
    relay = Relay()
    with home(tmp_path, 250, relay) as parts:
        assert deliver(parts).sent == 250
        assert states(parts) == {State.SENT: 250}
    assert set(relay.got.values()) == {1}
    assert len(relay.got) == 250
    assert relay.closed == relay.opened <= 4


def test_they_send_at_the_same_time(tmp_path):
    relay = Relay(meet=3)
    relay.wait_for_each_other = {address(n) for n in range(60, 63)}
    with home(tmp_path, 90, relay) as parts:
        assert deliver(parts).sent == 90


def test_a_few_messages_are_not_worth_a_second_connection(tmp_path):
    relay = Relay()
    with home(tmp_path, 9, relay) as parts:
        assert deliver(parts).sent == 9
    assert relay.opened == 1


def test_until_the_relay_has_answered_there_is_one_connection(tmp_path):
    relay = Relay({address(n): RelayError("wrong password", "ours") for n in range(60)})
    with home(tmp_path, 60, relay) as parts:
        assert deliver(parts).relay == "wrong password"
        assert states(parts) == {State.PENDING: 60}
    assert relay.opened == 1


def test_a_connection_that_fails_leaves_its_message_to_the_others(tmp_path):
    failures = iter([RelayError("421 4.7.0 too many connections", "busy")])

    class Flaky(Relay):
        def open(self):
            if self.opened and (error := next(failures, None)):
                raise error
            return super().open()

    relay = Flaky()
    with home(tmp_path, 120, relay) as parts:
        delivered = deliver(parts)
        assert (delivered.sent, delivered.relay) == (120, None)
    assert set(relay.got.values()) == {1}


def test_a_transport_is_told_what_follows_if_it_is_to_chain_and_gets_that_next(tmp_path):
    relay = Relay()
    with home(tmp_path, 40, relay, chaining=True, limits=Limits(connections=1)) as parts:
        assert deliver(parts).sent == 40
    told = [following for _, following in relay.followed if following]
    assert told
    sent = [recipient for recipient, _ in relay.followed]
    assert all(sent[at + 1] == following for at, (_, following) in enumerate(relay.followed) if following)


# --- what goes wrong in a thread ----------------------------------------------------------------------------------


def test_a_fault_before_a_message_is_handed_over_puts_it_off_and_one_behind_that_leaves_it_unknown(tmp_path):
    class Faulty(Connection):
        def send(self, message, commit, following=None):
            if message.recipient == address(0):
                raise ZeroDivisionError
            return super().send(message, commit, following)

    relay = Relay({address(1): ZeroDivisionError("behind the dot")})
    with home(tmp_path, 30, transport=lambda: Faulty(relay)) as parts:
        delivered = deliver(parts)
        assert (delivered.sent, delivered.deferred, delivered.unknown) == (28, 1, 1)
        assert states(parts) == {State.SENT: 28, State.DEFERRED: 1, State.UNKNOWN: 1}


class Locked:
    """A store that cannot be written to for a while: so many calls, or until it is mended."""

    def __init__(self, store, calls):
        self._store, self.calls = store, calls

    def __getattr__(self, name):
        return getattr(self._store, name)

    def progress(self, begun, ended, now):
        if self.calls > 0 and (begun or ended):
            self.calls -= 1
            raise StoreError("the database is locked")
        return self._store.progress(begun, ended, now)


def test_nothing_is_sent_whose_beginning_cannot_be_written_and_nothing_is_lost(tmp_path):
    relay = Relay()
    with home(tmp_path, 40, relay) as parts:
        with pytest.raises(StoreError, match="locked"):
            deliver(replace(parts, store=Locked(parts.store, 9)))
        assert not relay.got
        assert states(parts) == {State.PENDING: 40}
        assert deliver(parts).sent == 40


class CutOff(Locked):
    """One whose connection breaks after it has written what is to begin, and before it could say so."""

    def progress(self, begun, ended, now):
        may = self._store.progress(begun, ended, now)
        if self.calls > 0 and begun:
            self.calls -= 1
            raise StoreError("the network broke")
        return may


@pytest.mark.parametrize("on_unknown", ["resend", "hold"])
def test_what_the_store_has_as_begun_and_nobody_began_goes_back_at_once_and_is_no_second_try(tmp_path, on_unknown):
    relay = Relay()
    with home(tmp_path, 40, relay, limits=Limits(connections=4, on_unknown=on_unknown)) as parts:
        with pytest.raises(StoreError, match="broke"):
            deliver(replace(parts, store=CutOff(parts.store, 1)))
        assert set(states(parts)) <= {State.PENDING, State.SENT}
        deliver(parts)
        assert states(parts) == {State.SENT: 40}
    assert set(relay.got.values()) == {1}
    assert len(relay.got) == 40


class Away(Locked):
    """One that is away: nothing can be begun, nor given back for a while."""

    def progress(self, begun, ended, now):
        raise StoreError("away")

    def release(self, claims, until, **known):
        if claims and self.calls > 0:
            self.calls -= 1
            raise StoreError("away")
        self._store.release(claims, until, **known)


def test_claims_that_cannot_be_given_back_are_given_back_when_they_can(tmp_path):
    with home(tmp_path, 5) as parts:
        with pytest.raises(StoreError, match="away"):
            deliver(replace(parts, store=Away(parts.store, 2)))
        assert states(parts) == {State.PENDING: 5}


def test_an_outcome_that_cannot_be_written_is_written_when_it_can(tmp_path):
    relay = Relay()
    with home(tmp_path, 1, relay) as parts:
        locked = Locked(parts.store, 0)

        class Locking(Connection):
            def send(self, message, commit, following=None):
                outcome = super().send(message, commit, following)
                locked.calls = 2
                return outcome

        with pytest.raises(StoreError, match="locked"):
            deliver(replace(parts, store=locked, transport=lambda: Locking(relay)))
        assert states(parts) == {State.SENT: 1}


def test_an_outcome_that_can_never_be_written_keeps_no_other_from_being_written(tmp_path):
    with home(tmp_path, 2) as parts:
        first, second = parts.store.claim(
            NOW, worker="here", lease=pipeline.LEASE, limit=2, subscriber=None, expiry=timedelta(days=1)
        )
        ledger = Ledger(parts.store, lambda: NOW, patience=0)
        assert ledger.begin(first)
        for claim in (second, first):  # the second never began: it cannot have been sent
            ledger.end(pipeline_ended(claim))
        with pytest.raises(StoreError, match="bug"):
            ledger.flush()
        ledger.close()
        assert states(parts) == {State.SENT: 1, State.CLAIMED: 1}


def pipeline_ended(claim):
    from digest.model import Ended, Settled

    return Ended(claim, SENT, Settled(State.SENT))


def test_stopping_lets_all_messages_in_hand_be_finished(tmp_path):
    relay, stopped = Relay(), threading.Event()

    class Slow(Connection):
        def send(self, message, commit, following=None):
            outcome = super().send(message, commit, following)
            if sum(relay.got.values()) >= 30:
                stopped.set()
                time.sleep(0.05)
            return outcome

    with home(tmp_path, 200, relay, transport=lambda: Slow(relay)) as parts:
        delivered = deliver(parts, stopping=stopped.is_set)
        sent = sum(relay.got.values())
        assert 30 <= sent == delivered.sent < 40
        assert states(parts) == {State.SENT: sent, State.PENDING: 200 - sent}


# --- what others asked for meanwhile ------------------------------------------------------------------------------


def test_a_message_that_must_not_go_out_any_more_is_not_counted(tmp_path):
    relay = Relay()
    with home(tmp_path, 2, relay) as parts:

        class Leaving(Connection):
            def send(self, message, commit, following=None):
                parts.store.set_status(address(1), Status.REMOVED, NOW)
                return super().send(message, commit, following)

        delivered = deliver(replace(parts, transport=lambda: Leaving(relay)))
        assert (delivered.sent, delivered.deferred) == (1, 0)
        assert states(parts) == {State.SENT: 1, State.CANCELLED: 1}
    assert list(relay.got) == [address(0)]


def test_an_address_that_will_never_take_mail_is_suppressed(tmp_path):
    gone = Outcome(Verdict.FAILED, "550 5.1.1 no such user", 550, "5.1.1", Blame.ADDRESS, hopeless=True)
    with home(tmp_path, 2, Relay({address(0): gone})) as parts:
        delivered = deliver(parts)
        assert (delivered.sent, delivered.failed) == (1, 1)
        (suppressed,) = parts.store.suppressions()
        assert (suppressed.email, suppressed.detail) == (address(0), "550 5.1.1 no such user")
        assert parts.store.subscriber(address(0)).status is Status.SUPPRESSED


def test_what_the_relay_refuses_of_everybody_ends_the_round_with_its_words(tmp_path):
    refused = Outcome(Verdict.FAILED, "550 5.7.1 looks like spam", 550, "5.7.1", Blame.MESSAGE)
    with home(tmp_path, 50, Relay({address(n): refused for n in range(50)}), limits=Limits(connections=1)) as parts:
        delivered = deliver(parts)
        assert (delivered.refused, delivered.deferred) == ("550 5.7.1 looks like spam", 3)
        assert states(parts) == {State.DEFERRED: 3, State.PENDING: 47}


def test_between_two_acceptances_refusals_are_those_messages_own(tmp_path):
    refused = Outcome(Verdict.FAILED, "554 5.7.1 no", 554, "5.7.1", Blame.MESSAGE)
    some = {address(n): refused for n in range(0, 20, 2)}
    with home(tmp_path, 20, Relay(some), limits=Limits(connections=1)) as parts:
        delivered = deliver(parts)
        assert (delivered.refused, delivered.sent, delivered.deferred) == (None, 10, 10)


# --- the delivery log ---------------------------------------------------------------------------------------------


def test_what_the_log_has_is_not_sent_again_whatever_the_store_says(tmp_path):
    relay, kept = Relay(), Log(held={"<1>", "<2>"})
    with home(tmp_path, 3, relay, log=kept) as parts:
        delivered = deliver(parts)
        assert (delivered.sent, delivered.noted) == (3, 2)
        assert states(parts) == {State.SENT: 3}
    assert list(relay.got) == [address(2)]
    assert kept.held == {"<1>", "<2>", "<3>"}


def test_what_a_dead_worker_sent_is_known_from_the_log_and_no_reason_for_alarm(tmp_path):
    relay, kept = Relay(), Log()
    with home(tmp_path, 1, relay, log=kept) as parts:
        (dead,) = parts.store.claim(
            NOW, worker="dead", lease=pipeline.LEASE, limit=1, subscriber=None, expiry=timedelta(days=1)
        )
        assert parts.store.progress([dead], (), NOW)
        kept.held.add("<1>")
        delivered = deliver(parts, NOW + pipeline.LEASE)
        assert (delivered.sent, delivered.noted) == (1, 0)
    assert not relay.got


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path):
    kept = Log()
    kept.error = OSError(28, "No space left on device")
    with home(tmp_path, 3, log=kept) as parts:
        assert deliver(parts).sent == 3


# --- paces --------------------------------------------------------------------------------------------------------


def test_a_relay_that_is_left_alone_is_told_only_if_something_waits(tmp_path):
    down = RelayError("wrong password", "ours")
    with home(tmp_path, 1, Relay({address(0): down})) as parts:
        assert deliver(parts).relay == "wrong password"
        up = replace(parts, transport=Relay().open)
        assert "left alone until" in (deliver(up).relay or "")
        assert deliver(up, patient=False).sent == 1
        assert deliver(up) == pipeline.Delivered()


def test_messages_are_spaced_as_the_operator_wants(tmp_path):
    begun = time.monotonic()
    with home(tmp_path, 4, limits=Limits(connections=2, per_minute=600)) as parts:
        assert pipeline.deliver(parts, lambda: NOW + timedelta(seconds=time.monotonic() - begun)).sent == 4
        assert time.monotonic() - begun > 0.25


def test_a_round_that_is_to_send_so_many_sends_those_and_leaves_the_rest(tmp_path):
    relay = Relay()
    with home(tmp_path, 250, relay) as parts:
        assert deliver(parts, most=120).sent == 120
        assert states(parts) == {State.SENT: 120, State.PENDING: 130}
        assert deliver(parts, most=500).sent == 130
    assert len(relay.got) == 250
