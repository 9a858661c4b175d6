"""What is said of a message that was refused, and how the next one goes on: in this session or another."""

import pytest

from digest.delivery import Patience
from digest.delivery.replies import Step
from digest.errors import RelayError
from digest.model import Verdict

from .promises import EASED, SENT, SLOWER, STOP, promise

REFUSALS = {"for now": "451 4.3.0 not now", "for good": "550 5.1.1 no such user"}


@pytest.mark.parametrize("step", ["RCPT", "DATA", "."])
@pytest.mark.parametrize("fault", list(REFUSALS))
def test_a_refusal_is_reported_in_the_servers_words(server, transport, message, step, fault):
    relay = server(answers={step: REFUSALS[fault]})
    outcome = transport(relay.port).send(message(), lambda: True)
    assert f"{outcome.code} {outcome.detail}" == REFUSALS[fault]
    assert outcome.enhanced == REFUSALS[fault].split()[1]


@pytest.mark.parametrize("answer", ["550 5.1.1 no such user", "450 4.2.1 busy", "<close>", "garbage", "421 4.7.0 bye"])
@pytest.mark.parametrize("pipelining", [True, False])
def test_a_bad_recipient_never_stops_the_next_message(server, transport, message, answer, pipelining):
    relay = server(answers={"RCPT bad@example.org": answer}, extensions=("PIPELINING",) if pipelining else ())
    sender = transport(relay.port)
    outcomes = [sender.send(message(who), lambda: True).verdict for who in ("a@x.org", "bad@example.org", "b@x.org")]
    assert outcomes[0] is outcomes[2] is Verdict.SENT
    assert outcomes[1] in (Verdict.FAILED, Verdict.DEFERRED)
    assert [one.rcpt for one in relay.received] == ["RCPT TO:<a@x.org>", "RCPT TO:<b@x.org>"]


@pytest.mark.parametrize("step", ["RCPT", "DATA", "."])
@pytest.mark.parametrize("answer", ["<close>", "421 closing"])
def test_a_relay_that_breaks_off_three_messages_in_a_row_is_to_blame_itself(server, transport, message, step, answer):
    relay = server(answers={step: answer})
    sender = transport(relay.port)
    doubtful = {sender.send(message(), lambda: True).verdict for _ in range(3)}
    assert doubtful == ({Verdict.UNKNOWN} if (step, answer) == (".", "<close>") else {Verdict.DEFERRED})
    with pytest.raises(RelayError, match=r"broke off 3 messages in a row"):
        sender.send(message(), pytest.fail)
    assert relay.sessions == (3 if step == "." else 6)  # before the dot, each is tried twice


@pytest.mark.parametrize("data", ["354 go on", "503 no recipients", "554 5.5.1 no valid recipients"])
def test_when_the_only_recipient_is_refused_no_message_is_delivered_whatever_data_says(
    server, transport, message, data
):
    relay = server(answers={"RCPT bad@example.org": "550 5.1.1 unknown", "DATA": data})
    sender = transport(relay.port)
    outcome = sender.send(message("bad@example.org"), pytest.fail)
    assert (outcome.verdict, outcome.code, outcome.detail) == (Verdict.FAILED, 550, "5.1.1 unknown")
    assert b"Hello" not in b"".join(one.content for one in relay.received)
    del relay.answers["DATA"]
    assert sender.send(message(), lambda: True).verdict is Verdict.SENT
    assert relay.sessions == 1


def test_a_data_opened_for_a_refused_sender_is_not_closed_with_a_dot(server, transport, message):
    relay = server(answers={"MAIL": "552 5.3.4 too big", "DATA": "354 go on"})
    assert transport(relay.port).send(message(), pytest.fail).verdict is Verdict.FAILED
    assert relay.received == []


def test_a_session_that_died_while_idle_is_opened_again_for_the_same_message(server, transport, message):
    relay = server(answers={".": "250 2.0.0 ok"})
    sender = transport(relay.port)
    sender.send(message("a@x.org"), lambda: True)
    for connection in list(relay._open):
        connection.shutdown(2)
    assert sender.send(message("b@x.org"), lambda: True).verdict is Verdict.SENT
    assert [one.rcpt for one in relay.received] == ["RCPT TO:<a@x.org>", "RCPT TO:<b@x.org>"]
    assert relay.sessions == 2


def test_a_reply_too_many_is_not_taken_for_an_answer_to_the_next_message(server, transport, message):
    answers = iter([b"250 2.0.0 ok\r\n550 5.1.1 no such user\r\n"])
    relay = server(answers={".": lambda: next(answers, "250 2.0.0 ok")})
    sender = transport(relay.port)
    assert [promise(sender, message()) for _ in range(2)] == [SENT] * 2
    assert relay.sessions == 2


def test_a_session_that_takes_no_more_messages_is_opened_again_and_nothing_counts(server, transport, message):
    relay = server()
    enough, more = "421 4.7.0 too many messages in this session", "250 ok"
    relay.answers["MAIL"] = lambda: enough if len(relay.received) >= relay.sessions else more
    sender = transport(relay.port)
    assert [promise(sender, message()) for _ in range(3)] == [SENT] * 3
    assert relay.sessions == 3


@pytest.mark.parametrize("step", ["RCPT", "DATA", "."])
def test_after_a_421_nothing_more_is_said_in_that_session(server, transport, message, step):
    relay = server(answers={step: "421 4.7.0 too many connections"})
    sender = transport(relay.port)
    assert promise(sender, message()) == EASED
    del relay.answers[step]
    said = len(relay.said)
    assert promise(sender, message()) == SENT
    assert (relay.sessions, relay.said[said].split()[0].upper()) == (2, "EHLO")


@pytest.mark.parametrize("answer", ["421 4.7.0 too many connections", "530 5.7.0 Authentication required"])
def test_who_wants_less_or_somebody_to_change_something_is_not_asked_twice(server, transport, message, answer):
    relay = server(answers={"MAIL": answer})
    assert promise(transport(relay.port), message(), pytest.fail) in (SLOWER, STOP)
    assert relay.sessions == 1


def test_a_claim_that_is_no_longer_ours_is_given_up_before_the_dot(server, transport, message):
    relay = server()
    sender = transport(relay.port)
    outcome = sender.send(message(), lambda: False)
    assert (outcome.verdict, outcome.detail) == (Verdict.DEFERRED, "no longer ours")
    assert sender.send(message("b@x.org"), lambda: True).verdict is Verdict.SENT
    assert [one.rcpt for one in relay.received] == ["RCPT TO:<b@x.org>"]
    assert relay.sessions == 2


def test_a_commit_that_raises_leaves_no_half_message_behind(server, transport, message):
    relay = server()
    sender = transport(relay.port)
    with pytest.raises(ZeroDivisionError):
        sender.send(message(), lambda: 1 // 0)
    assert sender.send(message("b@x.org"), lambda: True).verdict is Verdict.SENT
    assert [one.rcpt for one in relay.received] == ["RCPT TO:<b@x.org>"]


def test_commit_comes_after_the_354_and_before_the_message(server, transport, message):
    relay = server()
    heard = []
    transport(relay.port).send(message(), lambda: heard.extend(relay.said) or True)
    assert heard[-1] == "DATA"
    assert relay.received[0].content == message().content


def test_a_connection_lost_in_the_middle_of_the_message_is_known_not_to_have_delivered_it(server, transport, message):
    """Megabytes fit no buffer: the write itself fails, so the dot never went out and the server has nothing."""
    relay = server()
    asked = []

    def cut() -> bool:
        for connection in list(relay._open):
            connection.shutdown(2)
        asked.append(1)
        return True

    big = message(content=b"Subject: big\r\n\r\n" + b"".join([b"x" * 100_000 + b"\r\n"] * 80))
    assert transport(relay.port).send(big, cut).verdict is Verdict.DEFERRED
    assert asked == [1]  # what was committed to once cannot be committed to again
    assert relay.received == []


def test_each_step_has_the_patience_that_rfc_5321_asks_for():
    ours = Patience.of(60)
    assert [ours.at(step) for step in Step] == [300, 300, 120, 600]
    assert (ours.connect, ours.greeting, ours.content) == (60, 300, 180)
    assert Patience.of(400).at(Step.DATA) == 400
