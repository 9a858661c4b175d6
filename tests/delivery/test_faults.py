"""A server that misbehaves at every step of a session, and what becomes of the message: the table of docs/mail.md."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from digest.delivery import Patience

from .promises import EASED, FAILED, LATER, PUT_OFF, SENT, SLOWER, STOP, SUPPRESSED, UNKNOWN, WAITS, promise

PASSWORD = "correct horse"
FAULTS = {
    "refuses with 4xx": "451 4.3.0 not now",
    "refuses with 5xx": "550 no",
    "5.1.1 no such user": "550 5.1.1 no such user",
    "5.7.1 spam": "550 5.7.1 spam",
    "421 closing": "421 closing",
    "421 4.7.0 too many connections": "421 4.7.0 too many connections",
    "closes the connection": "<close>",
    "says nothing": "<hang>",
    "sends a reply without an end, slowly": "<trickle>",
    "sends a reply of 200 lines": b"250-more\r\n" * 200,
    "sends an over-long line": b"250 " + b"x" * 20_000 + b"\r\n",
    "sends what is not SMTP": "HTTP/1.1 400 Bad Request",
    "says yes and no in one reply": "250-yes\r\n550 no",
    "answers octet by octet": "<slow>",
    "splits its replies over packets": "<split>",
    "has NULs in its replies": "<nul>",
}
STEPS = ("greeting", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", ".", "QUIT")

_BREAKS = (*[WAITS] * 5, *[LATER] * 2, UNKNOWN, SENT)
_GOES = (SENT,) * len(STEPS)
MATRIX = {
    fault: dict(zip(STEPS, row, strict=True))
    for fault, row in {
        "refuses with 4xx": (*[WAITS] * 5, LATER, LATER, LATER, SENT),
        "refuses with 5xx": (*[STOP] * 4, PUT_OFF, FAILED, PUT_OFF, PUT_OFF, SENT),
        "5.1.1 no such user": (*[STOP] * 4, PUT_OFF, SUPPRESSED, SUPPRESSED, SUPPRESSED, SENT),
        "5.7.1 spam": (*[STOP] * 4, PUT_OFF, PUT_OFF, PUT_OFF, PUT_OFF, SENT),
        "421 closing": (*[WAITS] * 5, LATER, LATER, LATER, SENT),
        "421 4.7.0 too many connections": (*[SLOWER] * 5, EASED, EASED, EASED, SENT),
        "closes the connection": _BREAKS,
        "says nothing": _BREAKS,
        "sends a reply without an end, slowly": _BREAKS,
        "sends a reply of 200 lines": _BREAKS,
        "sends an over-long line": _BREAKS,
        "sends what is not SMTP": _BREAKS,
        "says yes and no in one reply": _BREAKS,
        "answers octet by octet": _GOES,
        "splits its replies over packets": _GOES,
        "has NULs in its replies": _GOES,
    }.items()
}
SLOW = ("says nothing", "sends a reply without an end, slowly")


def patience(step: str, fault: str) -> Patience:
    """Short where nothing comes, so that a busy machine makes no difference: it could only make the same."""
    if fault not in SLOW:
        return Patience.throughout(10)
    field = {"MAIL": "mail", "RCPT": "rcpt", "DATA": "data", ".": "dot", "greeting": "greeting", "QUIT": "quit"}
    return replace(Patience.throughout(10), **{field.get(step, "connect"): 0.1})


def behind_tls(certificates, **more):
    """A whole session: STARTTLS, a login, and everything in one flight."""
    relay = {"tls": certificates.server, "extensions": ("STARTTLS", "AUTH PLAIN", "PIPELINING", "SIZE"), **more}
    relay["tls"] = certificates.expired if relay["tls"] == "expired" else relay["tls"]
    ours = {"security": "starttls", "ssl_context": certificates.trusting, "username": "ann", "password": PASSWORD}
    return relay, ours


def nothing_in_the_clear(relay) -> bool:
    """Neither a login nor a message, nor for whom it is, was said where anybody could hear it."""
    return not re.search(rb"AUTH|MAIL|RCPT|DATA|Hello|AGFubg|example", bytes(relay.clear), re.IGNORECASE)


def heal(sender, relay, step):
    """From now on the server does as it should, and has all the time for it."""
    del relay.answers[step]
    sender._relay = replace(sender._relay, patience=Patience.throughout(10))


ROWS = [pytest.param((step, fault), id=f"{step}-{fault}") for fault in FAULTS for step in STEPS]


@pytest.mark.parametrize("row", ROWS)
def test_a_fault_at_any_step_has_its_one_result(server, transport, message, certificates, row):
    step, fault = row
    settings, ours = behind_tls(certificates)
    relay = server(answers={step: FAULTS[fault]}, **settings)
    sender = transport(relay.port, patience=patience(step, fault), **ours)
    committed = []

    assert promise(sender, message(), lambda: committed.append(1) or True) == MATRIX[fault][step]
    sender.close()

    result = MATRIX[fault][step]
    arrived = [one.content for one in relay.received if result != UNKNOWN]
    assert arrived == ([message().content] if result == SENT else [])
    assert bool(committed) == (step == "." or result == SENT)  # a RelayError is no attempt
    assert nothing_in_the_clear(relay)
    heal(sender, relay, step)
    assert promise(sender, message("next@example.org")) == SENT
    assert nothing_in_the_clear(relay)


IN_THE_CLEAR = [row for row in ROWS if row.values[0][0] in ("MAIL", "RCPT", "DATA") and row.values[0][1] != SLOW[1]]


@pytest.mark.parametrize("row", IN_THE_CLEAR)
def test_it_is_the_same_one_command_at_a_time(server, transport, message, row):
    step, fault = row
    relay = server(answers={step: FAULTS[fault]}, extensions=())
    sender = transport(relay.port, patience=patience(step, fault))
    assert promise(sender, message()) == MATRIX[fault][step]
    heal(sender, relay, step)
    assert promise(sender, message("next@example.org")) == SENT


# --- the faults that are of one step only -------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A server, what is done with it, and what becomes of the message."""

    words: str  # of the second table in docs/mail.md
    result: str
    then: str  # of a message behind it
    answers: dict | None = None
    ours: dict | None = None
    relay: dict | None = None


def _forgetful(relay):
    """Reads MAIL, and forgets whatever came in with it."""
    return lambda: "<hang>" if relay.flights[-1] > 60 else "250 2.1.0 ok"


def _once(first, then):
    answers = iter([first])
    return lambda: next(answers, then)


_UNASKED = b"220 2.0.0 go ahead\r\n250-test\r\n250 AUTH PLAIN X-INJECTED\r\n"
CASES = (
    Case("shows a certificate of an authority that is not trusted", STOP, STOP, ours={"ssl_context": None}),
    Case("shows a certificate that has expired", STOP, STOP, relay={"tls": "expired"}),
    Case("shows a certificate of another name", STOP, STOP, ours={"host": "127.0.0.2"}, relay={"address": "127.0.0.2"}),
    Case("does not offer STARTTLS any more", STOP, STOP, relay={"extensions": ("AUTH PLAIN", "PIPELINING")}),
    Case("goes on in the clear after its 220 to STARTTLS", STOP, STOP, relay={"tls": None}),
    Case("closes the connection in the middle of agreeing on TLS", WAITS, WAITS, relay={"tls": "<close>"}),
    Case("has replies slipped in behind its 220 to STARTTLS", SENT, SENT, answers={"STARTTLS": lambda _: _UNASKED}),
    Case("offers a login without TLS, and none behind it", STOP, STOP, answers={"EHLO": lambda _: _once(
        "250-test\r\n250-STARTTLS\r\n250 AUTH PLAIN", "250-test\r\n250 PIPELINING")}),
    Case("offers PIPELINING, and forgets all but the first", SENT, SENT, answers={"MAIL": _forgetful}, ours={
        "patience": replace(Patience.throughout(10), rcpt=0.2, mail=0.2)}),
    Case("refuses the recipient and says 354 to DATA", SUPPRESSED, SENT, answers={
        "RCPT ann@example.org": lambda _: "550 5.1.1 no such user", "DATA": lambda _: "354 go on"}),
    Case("refuses the sender and says 354 to DATA", PUT_OFF, PUT_OFF, answers={
        "MAIL": lambda _: "550 5.1.8 bad sender", "DATA": lambda _: "354 go on"}),
    Case("says 421 to RCPT in the middle of a flight, once", SENT, SENT, answers={
        "RCPT": lambda _: _once("421 closing", "250 2.1.5 ok")}),
    Case("closes in the middle of a flight, once", SENT, SENT, answers={"RCPT": lambda _: _once("<close>", "250 ok")}),
    Case("says 452 to MAIL, once", SENT, SENT, answers={"MAIL": lambda _: _once("452 4.3.1 no room", "250 ok")}),
    Case("says goodbye after its 354", LATER, LATER, answers={"DATA": lambda _: b"354 go on\r\n421 too late\r\n"}),
    Case("says that encryption is asked for", STOP, STOP, answers={
        "MAIL": lambda _: "530 5.7.0 Must issue a STARTTLS command first"}),
    Case("says after the dot that our allowance is used up", LATER, SLOWER, answers={
        ".": lambda _: "454 Throttling failure: Daily message quota exceeded."}),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.words)
def test_what_else_a_server_can_do(server, transport, message, certificates, case):
    settings, ours = behind_tls(certificates, **case.relay or {})
    relay = server(**settings)
    relay.answers |= {verb: make(relay) for verb, make in (case.answers or {}).items()}
    sender = transport(relay.port, **ours | (case.ours or {}))
    assert promise(sender, message()) == case.result
    assert promise(sender, message("next@example.org")) == case.then
    assert len([one for one in relay.received if one.rcpt]) == [case.result, case.then].count(SENT)
    assert nothing_in_the_clear(relay)


def test_tls_from_the_start_is_never_left_for_less(server, transport, message, certificates):
    relay = server(extensions=("AUTH PLAIN",))
    sender = transport(
        relay.port, security="tls", username="ann", password=PASSWORD, patience=patience("EHLO", SLOW[0])
    )
    assert promise(sender, message()) in (STOP, WAITS)
    assert relay.said == []
    assert nothing_in_the_clear(relay)


def test_what_was_said_before_tls_is_not_heard_after_it(server, transport, certificates):
    settings, ours = behind_tls(certificates)
    relay = server(answers={"STARTTLS": _UNASKED}, **settings)
    sender = transport(relay.port, **ours)
    connection = sender._session(None)
    assert "auth" in connection.esmtp_features
    assert "X-INJECTED" not in connection.esmtp_features["auth"]


# --- the table in the manual --------------------------------------------------------------------------------------


def first_table() -> str:
    """Rows are faults, columns are steps; "the dot" is what ends a message."""
    head = ["the server"] + ["the dot" if step == "." else step for step in STEPS]
    rows = [head, ["---"] * len(head), *([fault, *row.values()] for fault, row in MATRIX.items())]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def second_table() -> str:
    rows = [["the server", "the message", "the next one"], ["---"] * 3, *([c.words, c.result, c.then] for c in CASES)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


@pytest.mark.parametrize("table", [first_table, second_table])
def test_the_manual_has_this_table(table):
    manual = Path(__file__).parents[2] / "docs/mail.md"
    assert table() in manual.read_text(encoding="utf-8")
