"""Sending over SMTP to servers that obey: what arrives, over what, and how it is said when nothing can."""

import re
import socket
import ssl
from contextlib import contextmanager

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.delivery import Patience, SmtpTransport
from digest.delivery.advice import explain
from digest.delivery.session import Relay
from digest.delivery.wire import as_sent, envelope, stuffed
from digest.errors import RelayError
from digest.model import Verdict

from ..ports import free_port  # noqa: TID252  (tests are no package)


class Sink:
    def __init__(self):
        self.envelopes = []

    async def handle_DATA(self, _server, _session, envelope):
        self.envelopes.append(envelope)
        return "250 2.0.0 queued as 7"


@contextmanager
def _aiosmtpd(**options):
    sink = Sink()
    controller = Controller(sink, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield controller.port, sink
    finally:
        controller.stop()


def _authenticator(_server, _session, _envelope, _mechanism, auth):
    return AuthResult(success=(auth.login, auth.password) == (b"ann", b"secret"), handled=False)


# --- a server that others wrote -----------------------------------------------------------------------------------


def test_messages_arrive_in_the_clear_where_that_was_asked_for(transport, message):
    with _aiosmtpd() as (port, sink):
        sender = transport(port)
        outcome = sender.send(message(), lambda: True)
        assert sender.send(message("bo@example.org"), lambda: True).verdict is Verdict.SENT
        assert sender.check() == f"127.0.0.1:{port} answers without TLS, no login"
        sender.close()
    assert (outcome.verdict, outcome.code, outcome.detail) == (Verdict.SENT, 250, "2.0.0 queued as 7")
    first, second = sink.envelopes
    assert (first.mail_from, first.rcpt_tos) == ("digest@example.org", ["ann@example.org"])
    assert first.content == message().content
    assert second.rcpt_tos == ["bo@example.org"]


def test_starttls_and_login(transport, message, certificates):
    options = {"tls_context": certificates.server, "require_starttls": True, "authenticator": _authenticator}
    with _aiosmtpd(**options) as (port, sink):
        trusting = {"host": "localhost", "security": "starttls", "ssl_context": certificates.trusting}
        sender = transport(port, username="ann", password="secret", **trusting)
        assert sender.send(message(), lambda: True).verdict is Verdict.SENT
        assert re.fullmatch(rf"localhost:{port} answers over TLSv1\.[23], logged in as ann", sender.check())
        sender.close()
        wrong = transport(port, username="ann", password="guess", **trusting)
        with pytest.raises(
            RelayError, match=r"refuses the login of ann: 535 5\.7\.8 .* check smtp.username"
        ) as refused:
            wrong.check()
    assert "guess" not in str(refused.value)
    assert len(sink.envelopes) == 1


def test_an_international_name_is_sent_where_smtputf8_is_offered(transport, message):
    with _aiosmtpd(enable_SMTPUTF8=True) as (port, sink):
        sender = transport(port)
        assert sender.send(message("jürgen@bücher.example"), lambda: True).verdict is Verdict.SENT
        assert sender.send(message("ann@bücher.example"), lambda: True).verdict is Verdict.SENT
        sender.close()
    assert [one.rcpt_tos for one in sink.envelopes] == [["jürgen@bücher.example"], ["ann@xn--bcher-kva.example"]]


# --- TLS ----------------------------------------------------------------------------------------------------------


def test_tls_from_the_start(server, transport, message, certificates):
    relay = server(tls=certificates.server, implicit_tls=True)
    sender = transport(relay.port, security="tls", ssl_context=certificates.trusting)
    assert sender.send(message(), lambda: True).verdict is Verdict.SENT
    assert relay.received[0].content == message().content
    assert sender.check().startswith(f"127.0.0.1:{relay.port} answers over TLS")


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize("wrong", ["authority", "name"])
def test_a_wrong_certificate_means_that_nothing_is_said_and_nothing_is_sent(
    request, transport, certificates, security, wrong
):
    server, message = request.getfixturevalue("server"), request.getfixturevalue("message")
    relay = server(
        tls=certificates.server,
        implicit_tls=security == "tls",
        extensions=("STARTTLS", "AUTH PLAIN"),
        address="127.0.0.2" if wrong == "name" else "127.0.0.1",  # the certificate has only the latter
    )
    sender = transport(
        relay.port,
        host=relay.address,
        security=security,
        ssl_context=None if wrong == "authority" else certificates.trusting,  # None: this machine's own authorities
        username="ann",
        password="secret",
    )
    with pytest.raises(RelayError, match=r"certificate that cannot be trusted \(.+\): set smtp.host"):
        sender.send(message(), pytest.fail)
    assert relay.received == []
    assert not [line for line in relay.said if line.startswith(("AUTH", "MAIL"))]


def test_a_relay_without_starttls_gets_nothing_in_the_clear(server, transport, message):
    relay = server()
    with pytest.raises(RelayError) as refused:
        transport(relay.port, security="starttls", username="ann", password="secret").send(message(), pytest.fail)
    assert str(refused.value) == (
        f"127.0.0.1:{relay.port} does not offer STARTTLS: "
        'set smtp.security to "tls" (port 465) or "none" for a relay on this machine'
    )
    assert {line.split()[0] for line in relay.said} <= {"ehlo", "EHLO", "QUIT"}


def test_what_was_offered_before_tls_does_not_count_after_it(server, transport, message, certificates):
    relay = server(tls=certificates.server, extensions=("STARTTLS", "SMTPUTF8"))
    answers = iter(["250-test\r\n250-SMTPUTF8\r\n250 STARTTLS", "250 test"])
    relay.answers["EHLO"] = lambda: next(answers)
    sender = transport(relay.port, security="starttls", ssl_context=certificates.trusting)
    outcome = sender.send(message("jürgen@example.org"), pytest.fail)
    assert outcome.verdict is Verdict.FAILED
    assert "jürgen@example.org needs SMTPUTF8" in outcome.detail


def test_a_session_over_tls_does_not_wait_for_acknowledgements(server, transport, message, certificates):
    relay = server(tls=certificates.server, extensions=("STARTTLS",))
    sender = transport(relay.port, security="starttls", ssl_context=certificates.trusting)
    sender.send(message(), lambda: True)
    assert sender._connection.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_server_of_long_ago_is_greeted_as_it_knows(server, transport, message):
    relay = server(answers={"EHLO": "502 5.5.1 what?"})
    assert transport(relay.port).send(message(), lambda: True).verdict is Verdict.SENT
    assert [line.split()[0].upper() for line in relay.said[:3]] == ["EHLO", "HELO", "MAIL"]


# --- no relay -----------------------------------------------------------------------------------------------------


def test_a_closed_port_says_host_port_and_what_to_do(transport, message):
    port = free_port()
    with pytest.raises(RelayError, match=rf"^127\.0\.0\.1:{port} refuses the connection: check smtp.host"):
        transport(port).send(message(), pytest.fail)


def test_a_server_that_speaks_tls_is_recognised_by_one_who_expected_none(server, transport, certificates):
    relay = server(tls=certificates.server, implicit_tls=True)
    with pytest.raises(RelayError, match=r'set smtp\.security to "tls"'):
        transport(relay.port, patience=Patience.of(0.2)).check()  # which does not wait for five minutes


def test_a_server_that_speaks_no_tls_is_recognised_by_one_who_expected_it(server, transport):
    relay = server()
    with pytest.raises(RelayError, match=r'set smtp\.security to "starttls"'):
        transport(relay.port, security="tls").check()


def test_a_login_that_is_not_offered_is_not_left_out(server, transport, message):
    relay = server()
    with pytest.raises(RelayError, match=r"offers no login without TLS: set smtp\.security"):
        transport(relay.port, username="ann", password="secret").send(message(), pytest.fail)


@pytest.mark.parametrize("offered", ["AUTH GSSAPI", "AUTH CRAM-MD5"])
def test_a_login_that_cannot_be_done_is_said(server, transport, offered):
    relay = server(extensions=(offered,), answers={"AUTH": "334 ###not base64"})
    with pytest.raises(RelayError, match=rf"127\.0\.0\.1:{relay.port} "):
        transport(relay.port, username="ann", password="secret").check()


@pytest.mark.parametrize("host", ["", "nobody..example", "a" * 70 + ".example", "exa\0mple"])
def test_a_host_name_that_is_none_is_a_relay_error(transport, host):
    with pytest.raises(RelayError, match=r"smtp\.host"):
        transport(free_port(), host=host).check()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            socket.gaierror(-2, "Name or service not known"),
            "cannot be found (Name or service not known): check smtp.host",
        ),
        (TimeoutError("timed out"), "does not answer within 60 s"),
        (OSError(113, "No route to host"), "cannot be reached (No route to host)"),
        (ssl.SSLError(1, "[SSL] unsupported protocol"), "cannot agree with us on TLS"),
        (ValueError("odd"), "cannot be used (odd)"),
    ],
)
def test_each_reason_has_its_advice(error, words):
    assert words in explain(error, Relay("smtp.example.org", 587, "starttls"))


def test_the_password_is_not_shown():
    assert "secret" not in repr(Relay("smtp.example.org", 587, "starttls", "ann", "secret"))


# --- one session, many messages -----------------------------------------------------------------------------------


def test_mail_rcpt_and_data_go_out_in_one_flight_where_the_server_takes_that(server, transport, message):
    relay = server()
    sender = transport(relay.port)
    sender.send(message(), lambda: True)
    before = len(relay.flights)
    sender.send(message(), lambda: True)
    flight = relay.flights[before]
    assert flight == len(
        b"MAIL FROM:<digest@example.org> SIZE=22\r\nRCPT TO:<ann@example.org>\r\nDATA\r\n",
    )


def test_a_session_ends_politely_after_a_hundred_messages(server, transport, message):
    relay = server()
    sender = transport(relay.port)
    for number in range(101):
        assert sender.send(message(f"{number}@example.org"), lambda: True).verdict is Verdict.SENT
    assert relay.sessions == 2
    assert relay.said.count("quit") + relay.said.count("QUIT") == 1
    assert len({one.rcpt for one in relay.received}) == 101


def test_nothing_is_opened_before_there_is_a_message(server, transport):
    relay = server()
    transport(relay.port).close()
    assert relay.sessions == 0


# --- addresses ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["a b@x.org", "a@x.org>\r\nRCPT TO:<b@x.org", "<a@x.org>", "a@x.org\n", "a\0@x.org", 'a"@x.org', "a\udcff@x.org"],
)
def test_an_address_that_cannot_stand_on_an_envelope_fails_alone_and_is_never_said(server, transport, message, address):
    relay = server(extensions=("SMTPUTF8", "PIPELINING"))
    sender = transport(relay.port)
    assert sender.send(message(address), pytest.fail).verdict is Verdict.FAILED
    assert sender.send(message(), lambda: True).verdict is Verdict.SENT
    assert [line for line in relay.said if line.startswith("RCPT")] == ["RCPT TO:<ann@example.org>"]


def test_a_sender_that_cannot_stand_on_an_envelope_is_everybodys_problem(server, transport, message):
    with pytest.raises(RelayError, match=r"set mail\.from"):
        transport(server().port).send(message(sender="dig est@example.org"), pytest.fail)


def test_a_bounce_sender_is_empty(message):
    assert envelope("", "ann@example.org", b"", {}) == {
        "MAIL": b"MAIL FROM:<>\r\n",
        "RCPT": b"RCPT TO:<ann@example.org>\r\n",
        "DATA": b"DATA\r\n",
    }


@pytest.mark.parametrize(
    ("recipient", "content", "features", "mail"),
    [
        ("b@y.org", b"hi\r\n", {}, "MAIL FROM:<a@x.org>"),
        ("b@y.org", b"hi\r\n", {"size": "", "8bitmime": ""}, "MAIL FROM:<a@x.org> SIZE=4"),
        ("b@y.org", b"h\xc3\xa9\r\n", {"8bitmime": ""}, "MAIL FROM:<a@x.org> BODY=8BITMIME"),
        ("é@y.org", b"hi\r\n", {"smtputf8": "", "size": "9"}, "MAIL FROM:<a@x.org> SIZE=4 SMTPUTF8"),
        ("b@é.org", b"hi\r\n", {}, "MAIL FROM:<a@x.org>"),
    ],
)
def test_only_parameters_that_the_server_knows_and_the_message_needs_are_given(recipient, content, features, mail):
    assert envelope("a@x.org", recipient, content, features)["MAIL"] == f"{mail}\r\n".encode()


# --- content ------------------------------------------------------------------------------------------------------

TRICKY = st.lists(st.sampled_from([b"\r\n", b".", b"\n", b"\r", b"a", b"..", b"\x00", b"\xff", b"QUIT"])).map(b"".join)


def _normalised(content: bytes) -> bytes:
    """Another way to the same: what lines there are, joined by CRLF."""
    lines = re.split(rb"\r\n|\r|\n", content)
    return b"\r\n".join(lines) + (b"\r\n" if lines[-1] else b"")


@given(content=TRICKY | st.binary())
@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_arrives_is_what_was_given_with_every_line_end_a_crlf(session, message, content):
    sender, relay = session
    assert sender.send(message(content=content), lambda: True).verdict is Verdict.SENT
    assert relay.received.pop().content == _normalised(content)


@pytest.fixture
def session(server):
    relay = server()
    sender = SmtpTransport(Relay("127.0.0.1", relay.port, security="none", local_hostname="client.test"))
    yield sender, relay
    sender.close()


@given(st.lists(st.sampled_from([b"\r\n", b".", b"a", b""])).map(b"".join))
def test_a_message_with_right_line_ends_is_not_touched(content):
    assert as_sent(content + b"\r\n") == content + b"\r\n"


@given(TRICKY)
def test_no_line_of_a_stuffed_message_is_a_lone_dot(content):
    assert b"." not in stuffed(as_sent(content)).split(b"\r\n")
