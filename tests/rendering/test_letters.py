"""Small mails about a subscription: well made, the same each time, and nothing in them that could harm."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import MessageError
from digest.rendering import Mailing, Renderer, Site
from digest.rendering.letters import Letter

NOW = datetime(2026, 6, 18, 9, 0, tzinfo=UTC)
URL = (
    "https://papers.example.org/confirm/WzEsMTc4MTc3MzIwMDAwMDAwMF0.ajNXAA.c0mPl3t3ly_r4nd0m-b15g7eE3S0Z6Qmkg0XyT9vYwQ"
)
RENDERER = Renderer(
    Site("Daily Papers", "https://papers.example.org", "operator@example.org"),
    Mailing("Daily Papers <digest@example.org>", "answers@example.org"),
    b"x" * 32,
    {},
)
NAMES = ("confirm", "already", "link", "move", "moved")
VALUES = {"link": URL, "is_paused": True}


def letter(name="confirm", to="ann@example.org", key="1"):
    return RENDERER.letter(Letter(name, to, NOW, key, VALUES))


def parsed(message):
    return message_from_bytes(message.content, policy=default)


@pytest.mark.parametrize("name", NAMES)
def test_text_and_html_say_the_same_and_lead_to_the_same_place(name):
    mail = parsed(letter(name))
    text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert mail.get_content_type() == "multipart/alternative"
    assert "ann@example.org" in text
    assert "ann@example.org" in html
    if name != "moved":
        assert URL in text.splitlines()
        assert f'href="{URL}"' in html
    assert not mail.defects
    assert max(map(len, letter(name).content.split(b"\r\n"))) <= 78


@pytest.mark.parametrize("name", NAMES)
def test_headers_say_who_writes_to_whom_and_ask_for_no_answer_by_machine(name):
    mail = parsed(letter(name))
    assert [key for key in mail if mail.get_all(key)[1:]] == []
    assert mail["From"] == "Daily Papers <digest@example.org>"
    assert (mail["To"], mail["Reply-To"]) == ("ann@example.org", "answers@example.org")
    assert "Daily Papers" in mail["Subject"]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == NOW
    assert "List-Unsubscribe" not in mail


def test_the_same_letter_is_the_same_message_and_another_is_not():
    assert letter() == letter()
    others = [letter(key="2"), letter("link"), letter(to="bob@example.org")]
    assert len({message.message_id for message in (letter(), *others)}) == 4


def test_styles_are_in_the_elements_and_nothing_is_fetched():
    html = parsed(letter()).get_body(("html",)).get_content()
    assert 'style="' in html.split("<body")[1]
    assert "src=" not in html
    assert len(html) < 10_000


def test_an_address_beyond_ascii_is_written_as_it_is():
    mail = parsed(letter(to="j\u00f6rg@b\u00fccher.example"))
    assert mail["To"] == "j\u00f6rg@xn--bcher-kva.example"


@pytest.mark.parametrize("to", ["ann@example.org\r\nBcc: eve@example.org", "=?utf-8?q?x?=@example.org", "nobody", ""])
def test_an_address_that_could_become_a_header_is_refused(to):
    with pytest.raises(MessageError):
        letter(to=to)


@given(st.emails())
def test_whatever_address_there_is_is_one_recipient(address):
    try:
        message = letter(to=address)
    except MessageError:
        return
    mail = parsed(message)
    assert len(mail["To"].addresses) == 1
    assert mail["To"].addresses[0].domain == message.recipient.rpartition("@")[2]
