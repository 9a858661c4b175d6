"""What replies mean: tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.delivery.replies import NotSmtp, Reply, Ruling, Step, parse_line, rule, shown

MAIL, RCPT, DATA, DOT = Step


@pytest.mark.parametrize(
    ("step", "reply", "ruling"),
    [
        (MAIL, "250 2.1.0 ok", Ruling.ACCEPTED),
        (MAIL, "451 4.3.0 try later", Ruling.LOST),
        (MAIL, "452 4.3.1 insufficient storage", Ruling.LOST),
        (MAIL, "550 5.7.1 sender rejected", Ruling.LOST),
        (MAIL, "530 5.7.0 authentication required", Ruling.LOST),
        (MAIL, "552 5.3.4 too big", Ruling.FAIL),
        (MAIL, "550 5.6.7 no SMTPUTF8", Ruling.FAIL),
        (MAIL, "550 5.3.45 something else", Ruling.LOST),
        (MAIL, "354 go on", Ruling.LOST),
        (RCPT, "250 ok", Ruling.ACCEPTED),
        (RCPT, "251 will forward", Ruling.ACCEPTED),
        (RCPT, "252 cannot verify", Ruling.ACCEPTED),
        (RCPT, "450 4.2.0 greylisted", Ruling.DEFER),
        (RCPT, "452 4.2.2 mailbox full", Ruling.DEFER),
        (RCPT, "550 5.1.1 no such user", Ruling.FAIL),
        (RCPT, "421 4.3.2 closing", Ruling.LOST),
        (RCPT, "503 5.5.1 need MAIL", Ruling.LOST),
        (RCPT, "354 what", Ruling.LOST),
        (DATA, "354 go on", Ruling.ACCEPTED),
        (DATA, "250 ok", Ruling.LOST),
        (DATA, "451 4.3.0 later", Ruling.DEFER),
        (DATA, "554 5.5.1 no valid recipients", Ruling.FAIL),
        (DOT, "250 2.0.0 queued", Ruling.ACCEPTED),
        (DOT, "451 4.7.1 greylisted", Ruling.DEFER),
        (DOT, "554 5.7.1 spam", Ruling.FAIL),
        (DOT, "421 4.7.0 slow down", Ruling.LOST),
        (DOT, "354 more", Ruling.UNKNOWN),
    ],
)
def test_a_reply_means_one_thing_at_each_step(step, reply, ruling):
    assert rule(step, Reply(int(reply[:3]), reply[4:])) is ruling


@pytest.mark.parametrize(
    ("line", "code", "text", "last"),
    [
        (b"250 ok\r\n", 250, b"ok", True),
        (b"250-more\r\n", 250, b"more", False),
        (b"250\r\n", 250, b"", True),
        (b"250 ok\n", 250, b"ok", True),
        (b"250 \xff\r\n", 250, b"\xff", True),
    ],
)
def test_reply_lines_are_read(line, code, text, last):
    parsed = parse_line(line)
    assert (parsed.code, parsed.text, parsed.last) == (code, text, last)


@pytest.mark.parametrize(
    "line", [b"\r\n", b"25 ok\r\n", b"2500\r\n", b"150 ok\r\n", b"999 ok\r\n", b"HTTP/1.1 400\r\n"]
)
def test_what_is_no_reply_is_not_taken_for_one(line):
    with pytest.raises(NotSmtp, match="does not speak SMTP"):
        parse_line(line)


@given(st.binary(max_size=50))
def test_any_line_is_a_reply_or_is_refused(line):
    try:
        assert 200 <= parse_line(line).code <= 599
    except NotSmtp as error:
        assert str(error).isprintable()  # noqa: PT017 - what is said of it is the promise


@given(st.binary(max_size=2000))
def test_a_servers_words_cannot_act_on_a_terminal(text):
    words = shown(text)
    assert words.isprintable()
    assert len(words) <= 400
