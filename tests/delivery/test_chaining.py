"""The next message begun behind the end of this one: what is faster, and what must not change."""

import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.delivery.transaction import BEFORE
from digest.errors import RelayError
from digest.model import Blame, Verdict


def mails(message, count):
    return [message(f"{number}@example.org") for number in range(count)]


def send_all(sender, messages, commit=lambda message: True):
    """Each with the one behind it, as the engine does; the outcomes."""
    behind = [*messages[1:], None]
    return [
        sender.send(message, lambda message=message: commit(message), following)
        for message, following in zip(messages, behind, strict=True)
    ]


def recipients(relay):
    return [one.rcpt.partition("<")[2].partition("@")[0] for one in relay.received]


def test_a_message_costs_one_round_trip_and_arrives_as_it_is(server, transport, message):
    relay = server()
    outcomes = send_all(transport(relay.port, chaining=True), mails(message, 5))
    assert {outcome.verdict for outcome in outcomes} == {Verdict.SENT}
    assert recipients(relay) == list("01234")
    assert {one.content for one in relay.received} == {message().content}
    assert relay.sessions == 1
    starts = [at for at, line in enumerate(relay.said) if line.startswith("MAIL")]
    assert [relay.said[at + 1].partition(":")[0] for at in starts] == ["RCPT TO"] * 5


def test_the_next_message_is_begun_before_this_one_is_answered(server, transport, message):
    relay = server()
    behind = []

    def answer_when_more_has_come() -> str:
        (connection,) = relay._open
        connection.settimeout(10)
        behind.append(relay.unread or connection.recv(4, socket.MSG_PEEK))
        return "250 ok"

    relay.answers["."] = answer_when_more_has_come
    first, second = mails(message, 2)
    assert transport(relay.port, chaining=True).send(first, lambda: True, second).verdict is Verdict.SENT
    assert behind[0].startswith(b"MAIL")


def test_nothing_is_begun_where_it_was_not_asked_for_or_is_not_offered(server, transport, message):
    for extensions, chaining in ((("PIPELINING",), False), ((), True)):
        relay = server(extensions=extensions)
        sender = transport(relay.port, chaining=chaining)
        sender.send(message(), lambda: True, message("next@example.org"))
        assert sender._opened is None


def test_each_message_is_committed_to_in_its_own_turn_right_before_its_own_dot(server, transport, message):
    relay = server()
    seen = []
    send_all(
        transport(relay.port, chaining=True),
        mails(message, 4),
        lambda one: seen.append((one.recipient[0], recipients(relay))) or True,
    )
    assert seen == [("0", []), ("1", ["0"]), ("2", ["0", "1"]), ("3", ["0", "1", "2"])]


@pytest.mark.parametrize(
    "case",
    [
        ("451 4.3.0 not now", Verdict.DEFERRED, None),
        ("550 5.7.1 spam", Verdict.DEFERRED, Blame.MESSAGE),
        ("550 5.1.1 no such user", Verdict.FAILED, Blame.ADDRESS),
        ("421 closing", Verdict.DEFERRED, None),
        ("<close>", Verdict.UNKNOWN, None),
        ("HTTP/1.1 400 Bad Request", Verdict.UNKNOWN, None),
        ("354 go on", Verdict.UNKNOWN, None),
    ],
)
def test_whatever_becomes_of_a_message_the_one_begun_behind_it_is_sent_once(server, transport, message, case):
    answer, verdict, blame = case
    relay = server()
    answers = iter(["250 ok", answer])
    relay.answers["."] = lambda: next(answers, "250 ok")
    outcomes = send_all(transport(relay.port, chaining=True), mails(message, 4))
    assert [outcome.verdict for outcome in outcomes] == [Verdict.SENT, verdict, Verdict.SENT, Verdict.SENT]
    assert outcomes[1].blame is blame
    assert [one for one in recipients(relay) if one != "1"] == list("023")


def test_an_allowance_used_up_is_told_to_the_next_message_which_is_not_begun(server, transport, message):
    relay = server(answers={".": "454 Throttling failure: Daily message quota exceeded."})
    sender = transport(relay.port, chaining=True)
    first, second = mails(message, 2)
    assert sender.send(first, lambda: True, second).verdict is Verdict.DEFERRED
    with pytest.raises(RelayError, match="quota exceeded") as told:
        sender.send(second, pytest.fail)
    assert told.value.kind == "busy"


@pytest.mark.parametrize("step", BEFORE)
@pytest.mark.parametrize("answer", ["<close>", "421 closing", "garbage"])
def test_a_message_begun_behind_another_loses_nothing_with_its_session(server, transport, message, step, answer):
    relay = server()
    sender = transport(relay.port, chaining=True)
    first, second, third = mails(message, 3)

    def later(good):
        answers = iter([good, answer])
        return lambda: next(answers, good)

    relay.answers[step.value] = later("354 go on" if step.value == "DATA" else "250 ok")
    committed = []
    outcomes = send_all(sender, [first, second, third], lambda one: committed.append(one) or True)
    assert [outcome.verdict for outcome in outcomes] == [Verdict.SENT] * 3
    assert recipients(relay) == list("012")
    assert committed == [first, second, third]


@pytest.mark.parametrize("data", [None, "354 go on", "554 5.5.1 no valid recipients"])
def test_a_recipient_refused_behind_another_message_is_refused_alone(server, transport, message, data):
    relay = server(answers={"RCPT 1@example.org": "550 5.1.1 no such user"})
    if data:
        answers = iter(["354 go on", data])
        relay.answers["DATA"] = lambda: next(answers, "354 go on")
    outcomes = send_all(transport(relay.port, chaining=True), mails(message, 4))
    assert [outcome.verdict for outcome in outcomes] == [Verdict.SENT, Verdict.FAILED, Verdict.SENT, Verdict.SENT]
    assert outcomes[1].hopeless
    assert [one for one in recipients(relay) if one] == list("023")
    assert relay.sessions == 1


def test_another_message_than_the_one_that_was_begun_goes_through_a_session_of_its_own(server, transport, message):
    relay = server()
    sender = transport(relay.port, chaining=True)
    first, second, third = mails(message, 3)
    sender.send(first, lambda: True, second)
    assert sender.send(third, lambda: True).verdict is Verdict.SENT
    assert recipients(relay) == ["0", "2"]
    assert relay.sessions == 2


def test_the_same_recipient_with_other_words_is_another_message(server, transport, message):
    relay = server()
    sender = transport(relay.port, chaining=True)
    sender.send(message("a@x.org"), lambda: True, message("b@x.org"))
    changed = message("b@x.org", content=b"Subject: new\r\n\r\nx\r\n" * 3)
    sender.send(changed, lambda: True)
    assert relay.received[-1].content == changed.content
    assert relay.sessions == 2


def test_what_was_begun_and_is_given_up_leaves_nothing(server, transport, message):
    relay = server()
    sender = transport(relay.port, chaining=True)
    first, second = mails(message, 2)
    sender.send(first, lambda: True, second)
    assert sender.send(second, lambda: False).detail == "no longer ours"
    sender.close()
    sender = transport(relay.port, chaining=True)
    sender.send(first, lambda: True, second)
    sender.close()  # in the middle of what was begun, a goodbye would be its first line
    assert recipients(relay) == ["0", "0"]
    assert b"quit" not in relay.clear.lower()


def test_a_server_that_gives_up_waiting_in_between_is_noticed_before_the_next_message_is_committed_to(
    server, transport, message
):
    relay = server()
    sender = transport(relay.port, chaining=True)
    first, second = mails(message, 2)
    sender.send(first, lambda: True, second)
    for connection in list(relay._open):
        connection.shutdown(2)
    committed = []
    assert sender.send(second, lambda: committed.append(1) or True).verdict is Verdict.SENT
    assert (committed, recipients(relay), relay.sessions) == ([1], ["0", "1"], 2)


def test_a_session_is_not_longer_for_it(server, transport, message):
    relay = server()
    send_all(transport(relay.port, chaining=True, per_session=3), mails(message, 9))
    assert recipients(relay) == list("012345678")
    assert relay.sessions == 3


def test_one_that_cannot_stand_on_an_envelope_is_not_begun(server, transport, message):
    relay = server()
    messages = [message("0@x.org"), message("no body@x.org"), message("2@x.org", sender="dig est@x.org")]
    sender = transport(relay.port, chaining=True)
    assert [sender.send(messages[0], lambda: True, behind).verdict for behind in messages[1:]] == [Verdict.SENT] * 2
    assert sender.send(messages[1], pytest.fail).verdict is Verdict.FAILED


def test_it_is_the_same_over_tls(server, transport, message, certificates):
    relay = server(tls=certificates.server, extensions=("STARTTLS", "PIPELINING"))
    sender = transport(relay.port, chaining=True, security="starttls", ssl_context=certificates.trusting)
    assert {outcome.verdict for outcome in send_all(sender, mails(message, 5))} == {Verdict.SENT}
    assert (recipients(relay), relay.sessions) == (list("01234"), 1)


# --- anything at any time -----------------------------------------------------------------------------------------

ANSWERS = st.sampled_from(["", "", "", "451 no", "550 5.1.1 nobody", "550 5.7.1 spam", "421 bye", "<close>", "garbage"])


SCRIPTS = st.fixed_dictionaries({verb: st.lists(ANSWERS, max_size=8) for verb in ("MAIL", "RCPT", "DATA", ".")})
ORDERS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=6)


@given(scenario=st.tuples(SCRIPTS, ORDERS, st.booleans()))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_a_message_is_said_to_have_come_to_is_what_it_came_to(server, transport, message, scenario):
    """Whatever the server says, whatever was foretold, whether or not it is still to be sent."""
    scripts, order, chaining = scenario
    relay = server()
    usual = {"MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go on", ".": "250 ok"}
    for verb, script in scripts.items():
        answers = iter(script)
        relay.answers[verb] = lambda answers=answers, verb=verb: next(answers, "") or usual[verb]
    sender = transport(relay.port, chaining=chaining, per_session=4)
    for number, (foretold, ours) in enumerate(order):
        committed, before = [], len(relay.received)
        following = message(f"{number + 1}@example.org" if foretold else "else@example.org")
        try:
            outcome = sender.send(
                message(f"{number}@example.org"),
                lambda committed=committed, ours=ours: committed.append(1) or ours,
                following,
            )
        except RelayError:
            assert committed == []
            assert len(relay.received) == before
            continue
        arrived = [one.rcpt for one in relay.received[before:] if one.rcpt]
        sent = outcome.verdict is Verdict.SENT
        assert arrived == ([f"RCPT TO:<{number}@example.org>"] if sent else [])
        assert not sent or committed == [1]
        assert len(committed) <= 1
        assert outcome.verdict is not Verdict.UNKNOWN or committed
    sender.close()
    relay.close()
