"""How replies are read off the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.delivery.replies import NotSmtp, Reply, joined, parse_line, shown


@pytest.mark.parametrize(
    ("line", "code", "text", "last"),
    [
        (b"250 ok\r\n", 250, b"ok", True),
        (b"250-more\r\n", 250, b"more", False),
        (b"250\r\n", 250, b"", True),
        (b"250 ok\n", 250, b"ok", True),
        (b"250 \xff\r\n", 250, b"\xff", True),
        (b"250 o\0k\0\r\n", 250, b"ok", True),
    ],
)
def test_reply_lines_are_read(line, code, text, last):
    parsed = parse_line(line)
    assert (parsed.code, parsed.text, parsed.last) == (code, text, last)


@pytest.mark.parametrize(
    "line", [b"\r\n", b"25 ok\r\n", b"2500\r\n", b"150 ok\r\n", b"999 ok\r\n", b"HTTP/1.1 400\r\n", b"2\x0050 ok\r\n"]
)
def test_what_is_no_reply_is_not_taken_for_one(line):
    with pytest.raises(NotSmtp, match="does not speak SMTP"):
        parse_line(line)


@given(st.binary(max_size=50) | st.builds(b"%d%b%b".__mod__, st.tuples(st.integers(0, 999), st.binary(), st.binary())))
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


@pytest.mark.parametrize(
    ("lines", "reply"),
    [
        ([b"550 5.1.1 no such user"], Reply(550, "5.1.1 no such user")),
        (
            [b"550-5.1.1 The email account that you tried to reach", b"550-5.1.1 does not exist.", b"550 5.1.1 gsmtp"],
            Reply(550, "5.1.1 The email account that you tried to reach does not exist. gsmtp"),
        ),
        (
            [b"554-Transaction failed", b"554 Reject due to policy"],
            Reply(554, "Transaction failed Reject due to policy"),
        ),
        ([b"250-", b"250 ok"], Reply(250, " ok".strip())),
    ],
)
def test_several_lines_are_one_reply_that_reads_well(lines, reply):
    assert joined([parse_line(line) for line in lines]) == reply


@pytest.mark.parametrize(
    ("reply", "enhanced"),
    [
        (Reply(550, "5.1.1 no such user"), "5.1.1"),
        (Reply(550, "5.1.10 null MX"), "5.1.10"),
        (Reply(250, "2.0.0 ok"), "2.0.0"),
        (Reply(554, "Sorry, no mailbox here by that name. (#5.1.1)"), "5.1.1"),
        (Reply(550, "#5.1.0 Address rejected."), "5.1.0"),
        (Reply(550, "5.1.1.1 is the address of a machine"), ""),
        (Reply(550, "version 5.1.1"), ""),
        (Reply(354, "go on"), ""),
        (Reply(550, "5.1.1"), "5.1.1"),
    ],
)
def test_the_enhanced_code_is_found_where_servers_put_it(reply, enhanced):
    assert reply.enhanced == enhanced
