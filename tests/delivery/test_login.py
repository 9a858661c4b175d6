"""Saying who we are: over TLS only where it was asked for, once, and with the secret of this hour."""

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.delivery.login import mechanisms
from digest.errors import RelayError
from digest.model import Verdict

NOT_NUL = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


def decoded(words):
    return base64.b64decode(words).decode()


def encoded(words):
    """As the server on this machine knows a line that is no command."""
    return base64.b64encode(words.encode()).decode().upper()


@given(username=NOT_NUL, secret=NOT_NUL)
def test_plain_says_both_in_utf8_without_anybody_to_act_for(username, secret):
    plain = mechanisms(username, secret, token=False)[0]
    assert (plain.name, plain.first.split("\0")) == ("PLAIN", ["", username, secret])


@pytest.mark.parametrize(
    ("offered", "said"),
    [
        ("AUTH LOGIN PLAIN", "AUTH PLAIN"),
        ("AUTH login", "AUTH LOGIN"),
        ("AUTH=PLAIN", "AUTH PLAIN"),
        ("AUTH CRAM-MD5 PLAIN", "AUTH PLAIN"),
    ],
)
def test_the_best_way_that_the_server_offers_is_taken(server, transport, message, offered, said):
    relay = server(extensions=(offered,), answers={"AUTH": "235 2.7.0 welcome"})
    assert (
        transport(relay.port, username="ann", password="secret").send(message(), lambda: True).verdict is Verdict.SENT
    )
    assert next(line for line in relay.said if line.startswith("AUTH")).startswith(said)


def test_a_password_that_is_not_ascii_arrives_as_utf8(server, transport):
    relay = server(extensions=("AUTH PLAIN",))
    transport(relay.port, username="jürgen", password="geheimnißvoll").check()
    (line,) = [line for line in relay.said if line.startswith("AUTH")]
    assert decoded(line.split()[2]) == "\0jürgen\0geheimnißvoll"


def test_login_is_asked_for_both_one_after_the_other(server, transport):
    relay = server(extensions=("AUTH LOGIN",), answers={"AUTH": "334 VXNlcm5hbWU6"})
    relay.answers |= {encoded("ann"): "334 UGFzc3dvcmQ6", encoded("secret"): "235 2.7.0 welcome"}
    transport(relay.port, username="ann", password="secret").check()
    said = relay.said[relay.said.index("AUTH LOGIN") + 1 :]
    assert [decoded(line) for line in said[:2]] == ["ann", "secret"]


def test_a_token_is_given_as_google_and_microsoft_ask(server, transport):
    relay = server(extensions=("AUTH PLAIN XOAUTH2",))
    transport(relay.port, username="ann@example.org", password="ya29.token", xoauth2=True).check()
    (line,) = [line for line in relay.said if line.startswith("AUTH")]
    assert line.startswith("AUTH XOAUTH2 ")
    assert decoded(line.split()[2]) == "user=ann@example.org\x01auth=Bearer ya29.token\x01\x01"


def test_a_token_that_is_refused_is_said_and_not_tried_as_a_password(server, transport):
    why = base64.b64encode(b'{"status":"401"}').decode()
    relay = server(extensions=("AUTH PLAIN XOAUTH2",), answers={"AUTH": f"334 {why}", "": "535 5.7.8 not accepted"})
    with pytest.raises(RelayError, match=r"refuses the login of ann: 535 5\.7\.8 .*the token: it may have") as refused:
        transport(relay.port, username="ann", password="old token", xoauth2=True).check()
    assert refused.value.kind == "ours"
    assert relay.said[-1] == ""
    assert "old token" not in str(refused.value)


def test_a_password_that_is_refused_is_not_tried_again_in_another_way(server, transport):
    relay = server(extensions=("AUTH PLAIN LOGIN",), answers={"AUTH": "535 5.7.8 no"})
    with pytest.raises(RelayError, match=r"check smtp\.username and the password") as refused:
        transport(relay.port, username="ann", password="secret").check()
    assert refused.value.kind == "ours"
    assert len([line for line in relay.said if line.startswith("AUTH")]) == 1


def test_a_way_that_is_offered_and_not_there_makes_room_for_the_next(server, transport):
    answers = iter(["504 5.5.4 not that", "334 VXNlcm5hbWU6"])
    relay = server(extensions=("AUTH PLAIN LOGIN",), answers={"AUTH": lambda: next(answers)})
    relay.answers |= {encoded("ann"): "334 UGFzc3dvcmQ6", encoded("secret"): "235 ok"}
    transport(relay.port, username="ann", password="secret").check()
    assert [line.split()[1] for line in relay.said if line.startswith("AUTH")] == ["PLAIN", "LOGIN"]


def test_a_server_that_never_stops_asking_is_left(server, transport):
    relay = server(extensions=("AUTH PLAIN",), answers={"AUTH": "334 more"})
    with pytest.raises(RelayError, match=r"goes on asking.*smtp\.auth"):
        transport(relay.port, username="ann", password="secret").check()


def test_a_temporary_trouble_with_logins_is_the_relays_and_passes(server, transport):
    relay = server(extensions=("AUTH PLAIN",), answers={"AUTH": "454 4.7.0 Temporary authentication failure"})
    with pytest.raises(RelayError, match="may take mail later") as refused:
        transport(relay.port, username="ann", password="secret").check()
    assert refused.value.kind == "down"


@pytest.mark.parametrize("secret", ["se\0cret", "\0"])
def test_a_secret_that_would_be_read_as_two_is_not_said(server, transport, secret):
    relay = server(extensions=("AUTH PLAIN",))
    with pytest.raises(RelayError, match="with a NUL in it"):
        transport(relay.port, username="ann", password=secret).check()
    assert not [line for line in relay.said if line.startswith("AUTH")]


def test_a_secret_is_asked_for_anew_at_each_login(server, transport, message):
    relay = server(extensions=("AUTH PLAIN",))
    tokens = iter(["first", "second"])
    sender = transport(relay.port, username="ann", password=lambda: next(tokens), per_session=2)
    for number in range(4):
        sender.send(message(f"{number}@example.org"), lambda: True)
    said = [decoded(line.split()[2]) for line in relay.said if line.startswith("AUTH")]
    assert said == ["\0ann\0first", "\0ann\0second"]


def test_a_secret_that_cannot_be_read_leaves_no_session_open(server, transport):
    def read():
        raise RelayError("no file", "ours")

    relay = server(extensions=("AUTH PLAIN",))
    with pytest.raises(RelayError, match="no file"):
        transport(relay.port, username="ann", password=read).check()
    assert not re.search("AUTH|MAIL", " ".join(relay.said))
