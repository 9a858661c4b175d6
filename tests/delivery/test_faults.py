"""A server that misbehaves at every step of a session: what happens to the message, row by row."""

import socket

import pytest

from digest.errors import RelayError
from digest.model import Verdict

FAULTS = {
    "4xx": "451 4.3.0 not now",
    "5xx": "550 5.7.1 never",
    "421": "421 4.3.2 closing",
    "garbage": "HTTP/1.1 400 Bad Request",
    "close": "<close>",
    "hang": "<hang>",
    "over-long": b"250 " + b"x" * 20_000 + b"\r\n",
    "endless": b"250-more\r\n" * 200,
}
BREAKS = ("421", "garbage", "close", "hang", "over-long", "endless")  # the session, whatever the message

RELAY = "RelayError"
MATRIX = {
    "greeting": dict.fromkeys(FAULTS, RELAY),
    # RFC 5321, 3.2: a server without EHLO is greeted with HELO.
    "EHLO": {"4xx": Verdict.SENT, "5xx": Verdict.SENT, **dict.fromkeys(BREAKS, RELAY), "421": Verdict.SENT},
    "STARTTLS": dict.fromkeys(FAULTS, RELAY),
    "AUTH": dict.fromkeys(FAULTS, RELAY),
    "MAIL": dict.fromkeys(FAULTS, RELAY),
    # Broken off twice after MAIL was taken: it may be this one that breaks it, so the rest goes on.
    "RCPT": {"4xx": Verdict.DEFERRED, "5xx": Verdict.FAILED, **dict.fromkeys(BREAKS, Verdict.DEFERRED)},
    "DATA": {"4xx": Verdict.DEFERRED, "5xx": Verdict.FAILED, **dict.fromkeys(BREAKS, Verdict.DEFERRED)},
    # After the dot nobody knows, unless the server says that it did not take the message.
    ".": {
        "4xx": Verdict.DEFERRED,
        "5xx": Verdict.FAILED,
        "421": Verdict.DEFERRED,
        **dict.fromkeys(BREAKS[1:], Verdict.UNKNOWN),
    },
    "QUIT": dict.fromkeys(FAULTS, Verdict.SENT),
}
ROWS = [
    pytest.param((step, kind, result), pipelining, id=f"{step}-{kind}-{result}{'-in one flight' * pipelining}")
    for step, row in MATRIX.items()
    for kind, result in row.items()
    for pipelining in ((True, False) if step in ("MAIL", "RCPT", "DATA") else (True,))
]
SETTINGS = {
    "STARTTLS": {"security": "starttls"},
    "AUTH": {"username": "ann", "password": "secret"},
}
EXTENSIONS = {
    "STARTTLS": ("STARTTLS",),
    "AUTH": ("AUTH PLAIN",),
}


@pytest.mark.parametrize(("row", "pipelining"), ROWS)
def test_a_fault_at_any_step_has_its_one_result(server, transport, message, row, pipelining):
    step, kind, result = row
    extensions = (*EXTENSIONS.get(step, ()), *(["PIPELINING"] if pipelining else []), "8BITMIME")
    relay = server(answers={step: FAULTS[kind]}, extensions=extensions)
    patience = 0.2 if kind == "hang" else 5
    sender = transport(relay.port, timeout=patience, dot_timeout=patience, **SETTINGS.get(step, {}))
    committed = []
    if result == RELAY:
        with pytest.raises(RelayError, match=rf"127\.0\.0\.1:{relay.port} "):
            sender.send(message(), lambda: committed.append(1) or True)
    else:
        assert sender.send(message(), lambda: committed.append(1) or True).verdict is result
    sender.close()
    arrived = [one.content for one in relay.received if step != "."]
    assert arrived == ([message().content] if result is Verdict.SENT else [])
    assert bool(committed) == (step in (".", "QUIT") or result is Verdict.SENT)


@pytest.mark.parametrize("step", ["RCPT", "DATA", "."])
@pytest.mark.parametrize("fault", ["4xx", "5xx"])
def test_a_refusal_is_reported_in_the_servers_words(server, transport, message, step, fault):
    relay = server(answers={step: FAULTS[fault]})
    outcome = transport(relay.port).send(message(), lambda: True)
    assert f"{outcome.code} {outcome.detail}" == FAULTS[fault]


@pytest.mark.parametrize("answer", ["550 5.1.1 no such user", "450 4.2.1 busy", "<close>", "garbage", "421 4.7.0 bye"])
@pytest.mark.parametrize("pipelining", [True, False])
def test_a_bad_recipient_never_stops_the_next_message(server, transport, message, answer, pipelining):
    relay = server(answers={"RCPT bad@example.org": answer}, extensions=("PIPELINING",) if pipelining else ())
    sender = transport(relay.port)
    outcomes = [sender.send(message(who), lambda: True).verdict for who in ("a@x.org", "bad@example.org", "b@x.org")]
    assert outcomes[0] is outcomes[2] is Verdict.SENT
    assert outcomes[1] in (Verdict.FAILED, Verdict.DEFERRED)
    assert [one.rcpt for one in relay.received] == ["RCPT TO:<a@x.org>", "RCPT TO:<b@x.org>"]
    assert relay.sessions == (1 if answer[0] == "5" or answer.startswith("450") else 3)


@pytest.mark.parametrize("step", ["RCPT", "DATA", "."])
@pytest.mark.parametrize("answer", ["<close>", "421 4.7.0 slow down"])
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


@pytest.mark.parametrize("answer", ["552 5.3.4 too big", "550 5.6.7 not that", "552 no"])
def test_a_sender_refused_because_of_the_message_fails_that_message_alone(server, transport, message, answer):
    relay = server(answers={"MAIL": answer})
    assert transport(relay.port).send(message(), pytest.fail).verdict is Verdict.FAILED


def test_a_pipelining_that_is_offered_and_does_not_work_costs_one_wait_only(server, transport, message):
    relay = server()

    def forgetful() -> str:  # reads MAIL, and forgets whatever came in with it
        session_flight = relay.flights[-1]
        return "<hang>" if session_flight > 60 else "250 2.1.0 ok"

    relay.answers["MAIL"] = forgetful
    sender = transport(relay.port, timeout=0.3)
    assert [sender.send(message(), lambda: True).verdict for _ in range(3)] == [Verdict.SENT] * 3
    assert relay.sessions == 2


def test_a_session_that_died_while_idle_is_opened_again_for_the_same_message(server, transport, message):
    relay = server(answers={".": "250 2.0.0 ok"})
    sender = transport(relay.port)
    sender.send(message("a@x.org"), lambda: True)
    for connection in list(relay._open):
        connection.shutdown(2)
    assert sender.send(message("b@x.org"), lambda: True).verdict is Verdict.SENT
    assert [one.rcpt for one in relay.received] == ["RCPT TO:<a@x.org>", "RCPT TO:<b@x.org>"]
    assert relay.sessions == 2


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

    def cut() -> str:
        for connection in list(relay._open):
            connection.shutdown(socket.SHUT_RD)
        return "354 go on"

    relay.answers["DATA"] = cut
    big = message(content=b"Subject: big\r\n\r\n" + b"".join([b"x" * 100_000 + b"\r\n"] * 80))
    asked = []
    assert transport(relay.port).send(big, lambda: asked.append(1) or True).verdict is Verdict.DEFERRED
    assert asked == [1]  # what was committed to once cannot be committed to again
    assert relay.received == []
