"""Giving messages to a mail store (RFC 2033): over TCP and over a Unix socket."""

import socket
from contextlib import contextmanager

import pytest
from aiosmtpd.controller import Controller, UnixSocketController
from aiosmtpd.lmtp import LMTP

from digest.errors import RelayError
from digest.model import Blame, Verdict


class Store:
    def __init__(self):
        self.kept = []

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if address.startswith("nobody@"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, _server, _session, envelope):
        if "full@" in envelope.rcpt_tos[0]:
            return "552 5.2.2 <full@example.org> Quota exceeded (mailbox for user is full)"
        self.kept.append((envelope.rcpt_tos, envelope.content))
        return "250 2.0.0 kept"


class Listening(Controller):
    def factory(self):
        return LMTP(self.handler, enable_SMTPUTF8=True)


class ListeningOnASocket(UnixSocketController):
    def factory(self):
        return LMTP(self.handler, enable_SMTPUTF8=True)


@contextmanager
def running(controller):
    controller.start()
    try:
        yield controller.handler
    finally:
        controller.stop()


@pytest.fixture(params=["tcp", "unix"])
def store(request, tmp_path, transport):
    """A mail store that others wrote, and a transport to it."""
    if request.param == "tcp":
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        with running(Listening(Store(), hostname="127.0.0.1", port=port)) as kept:
            yield kept, transport(port, lmtp=True)
    else:
        path = str(tmp_path / "lmtp")
        with running(ListeningOnASocket(Store(), unix_socket=path)) as kept:
            yield kept, transport(0, host=path, lmtp=True)


def test_messages_are_kept(store, message):
    kept, sender = store
    for who in ("ann@example.org", "bo@example.org"):
        outcome = sender.send(message(who), lambda: True)
        assert (outcome.verdict, outcome.detail) == (Verdict.SENT, "2.0.0 kept")
    sender.close()
    assert [recipients for recipients, _ in kept.kept] == [["ann@example.org"], ["bo@example.org"]]
    assert kept.kept[0][1] == message().content


def test_a_recipient_is_refused_before_or_after_the_dot_alone(store, message):
    kept, sender = store
    outcomes = [sender.send(message(f"{who}@example.org"), lambda: True) for who in ("nobody", "full", "ann")]
    assert [outcome.verdict for outcome in outcomes] == [Verdict.FAILED, Verdict.FAILED, Verdict.SENT]
    assert [outcome.hopeless for outcome in outcomes] == [True, False, False]
    assert outcomes[1].blame is Blame.ADDRESS
    assert len(kept.kept) == 1


def test_check_says_where_it_is(store):
    assert "answers without TLS, no login" in store[1].check()


@pytest.mark.parametrize("answer", ["451 4.2.0 busy", "550 5.7.1 no", "250 2.0.0 kept"])
def test_the_reply_behind_the_dot_is_that_of_the_one_recipient(server, transport, message, answer):
    relay = server(answers={".": answer})
    outcome = transport(relay.port, lmtp=True).send(message(), lambda: True)
    assert f"{outcome.code} {outcome.detail}" == answer
    assert relay.said[0].upper().startswith("LHLO")


def test_a_store_that_opens_data_for_nobody_is_not_waited_for(server, transport, message):
    """It owes one reply a recipient that it took: none."""
    relay = server(answers={"RCPT bad@example.org": "550 5.1.1 no such user", "DATA": "354 go on", ".": "<hang>"})
    sender = transport(relay.port, lmtp=True)
    assert sender.send(message("bad@example.org"), pytest.fail).verdict is Verdict.FAILED
    assert b"\r\n.\r\n" not in relay.clear
    relay.answers.pop(".")
    assert sender.send(message(), lambda: True).verdict is Verdict.SENT
    assert relay.sessions == 2


def test_a_server_that_speaks_no_lmtp_is_not_spoken_to_in_another_way(server, transport, message):
    relay = server(answers={"LHLO": "500 5.5.1 what?"})
    with pytest.raises(RelayError, match="refuses us: 500") as refused:
        transport(relay.port, lmtp=True).send(message(), pytest.fail)
    assert refused.value.kind == "ours"
    assert [line.split()[0].upper() for line in relay.said] == ["LHLO"]


def test_tls_that_was_asked_for_is_got_or_nothing_is_said(server, transport, message, certificates):
    relay = server(tls=certificates.server, extensions=("STARTTLS",))
    ours = {"lmtp": True, "security": "starttls", "ssl_context": certificates.trusting}
    assert transport(relay.port, **ours).send(message(), lambda: True).verdict is Verdict.SENT
    assert b"MAIL" not in relay.clear
    behind = server(tls=certificates.server, implicit_tls=True)
    sender = transport(behind.port, **ours | {"security": "tls"})
    assert sender.send(message(), lambda: True).verdict is Verdict.SENT
    assert next(line.split()[0].upper() for line in behind.said) == "LHLO"


def test_a_socket_that_is_not_there_is_said(tmp_path, transport, message):
    with pytest.raises(RelayError, match=r"lmtp takes no connections: check smtp\.path") as missing:
        transport(0, host=str(tmp_path / "lmtp"), lmtp=True).send(message(), pytest.fail)
    assert missing.value.kind == "down"


def test_a_socket_that_nobody_listens_on_is_said(tmp_path, server, transport, message):
    path = str(tmp_path / "lmtp")
    server(path=path).close()
    with pytest.raises(RelayError, match=r"takes no connections"):
        transport(0, host=path, lmtp=True).send(message(), pytest.fail)


def test_messages_are_begun_behind_each_other_here_too(tmp_path, server, transport, message):
    relay = server(path=str(tmp_path / "lmtp"))
    sender = transport(0, host=relay.path, lmtp=True, chaining=True)
    first, second = message(), message("bo@example.org")
    assert [sender.send(first, lambda: True, second).verdict, sender.send(second, lambda: True).verdict] == [
        Verdict.SENT
    ] * 2
    assert (len(relay.received), relay.sessions) == (2, 1)
