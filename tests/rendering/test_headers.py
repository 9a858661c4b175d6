from datetime import date
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default
from email.utils import parseaddr

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.errors import MessageError
from digest.model import Format, Listing
from digest.rendering import Mailing, Renderer, Site
from digest.rendering.headers import Field, checked, mailbox, named_mailbox, phrase, text_field
from digest.tokens import Named, Purpose, edition_named, edition_token, is_proven

EXPECTED = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Help",
    "List-Archive",
    "Auto-Submitted",
    "Precedence",
    "Feedback-ID",
    "MIME-Version",
    "Content-Type",
]

hostile = st.one_of(
    st.text(max_size=300),
    st.text(alphabet='=?uUtTfF-8qQbB _\r\n\x00:,<>@"\\()é漢', max_size=200),
    st.sampled_from(
        [
            "=?utf-8?q?x=0D=0ABcc:_a=40b.c?=",
            "a\r\nBcc: evil@example.com",
            "a\nBcc: x",
            "a\x00b",
            "a\u2028Bcc: x",
            'x" <evil@example.com>, "y',
            "x, evil@example.com",
            "=?utf-8?b?" + "QUJD" * 30 + "?=",
            "=" * 500,
            "\ud800",
            "\u202eevil",
            "漢字" * 200,
            "(comment) <a@b.c>",
        ]
    ),
)


@given(title=hostile, name=hostile)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_strangers_write_the_headers_are_exactly_those_that_were_meant(make, quick, title, name):
    edition = make.edition(make.pick(Listing(title=title)), subscriber=make.subscriber(name=name, format=Format.TEXT))
    message = quick.message(edition)
    parsed = message_from_bytes(message.content, policy=default)
    assert parsed.keys() == [*EXPECTED[:-2], "Content-Type", "Content-Transfer-Encoding", "MIME-Version"]
    assert [box.addr_spec for box in parsed["To"].addresses] == ["anna@example.org"]
    assert display_name(message.content) == phrase(name, 60)
    assert [box.addr_spec for box in parsed["From"].addresses] == ["digest@example.org"]
    assert " ".join(parsed["Subject"].split()) == " ".join(str(quick.email(edition)["Subject"]).split())
    assert not parsed.defects
    head = message.content.partition(b"\r\n\r\n")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 100


def display_name(content: bytes) -> str:
    """By `email`'s older parser: the newer one keeps the space between two encoded words (3.11)."""
    encoded, _ = parseaddr(message_from_bytes(content)["To"])
    return str(make_header(decode_header(encoded)))


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """A renderer whose text is one line, so that hypothesis can look at headers alone."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "email").mkdir()
    (folder / "email" / "digest.txt.j2").write_text("{{ digest.summary }}")
    site = Site("Daily Papers", "https://papers.example.org", "papers@example.org")
    return Renderer(site, Mailing("Daily Papers <digest@example.org>"), b"secret", {}, folder)


def headers_of(renderer, edition):
    return message_from_bytes(renderer.message(edition).content, policy=default)


def test_every_header_is_there_once_and_in_order(make, renderer):
    parsed = headers_of(renderer, make.edition(make.pick()))
    assert parsed.keys() == EXPECTED
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert parsed["Precedence"] == "bulk"
    assert parsed["List-Help"] == "<mailto:papers@example.org?subject=help>"
    assert parsed["List-Archive"] == "<https://papers.example.org/archive>"
    assert parsed["List-Id"] == '"Daily Papers" <digest.example.org>'
    assert parsed["Date"].datetime == make.now
    assert str(parsed["To"]) == "Anna Müller <anna@example.org>"


def test_feedback_id_says_nothing_of_the_reader(make, renderer):
    someone = headers_of(renderer, make.edition(make.pick()))["Feedback-ID"]
    another = headers_of(renderer, make.edition(make.pick(), subscriber=make.subscriber(email="b@c.org", id=9)))
    assert someone == another["Feedback-ID"] == "20260518:daily:digest:example.org"


def test_with_a_site_one_click_comes_first_and_mail_second(make, renderer):
    parsed = headers_of(renderer, make.edition(make.pick()))
    page, mail = parsed["List-Unsubscribe"].split(", ")
    assert page.startswith("<https://papers.example.org/unsubscribe/7-")
    assert mail == "<mailto:papers@example.org?subject=unsubscribe>"
    assert parsed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_unsubscribe_stands_on_the_wire_unencoded_and_within_76_columns(make, renderer):
    content = renderer.message(make.edition(make.pick())).content
    lines = content.split(b"\r\n")
    at = next(i for i, line in enumerate(lines) if line.startswith(b"List-Unsubscribe:"))
    assert lines[at].endswith(b">,")
    assert lines[at + 1] == b" <mailto:papers@example.org?subject=unsubscribe>"
    assert max(len(lines[at]) - len(b"List-Unsubscribe: "), len(lines[at + 1])) <= 76


def test_without_a_site_there_is_mail_alone_and_no_one_click(make):
    parsed = headers_of(make.renderer(url=None), make.edition(make.pick()))
    assert parsed["List-Unsubscribe"] == "<mailto:papers@example.org?subject=unsubscribe>"
    assert "List-Unsubscribe-Post" not in parsed
    assert "List-Archive" not in parsed


def test_one_click_is_not_offered_over_plain_http(make):
    parsed = headers_of(make.renderer(url="http://papers.example.org/"), make.edition(make.pick()))
    assert "<http://papers.example.org/unsubscribe/7-" in parsed["List-Unsubscribe"]
    assert "List-Unsubscribe-Post" not in parsed


def test_a_contact_that_is_a_page_gets_no_mail(make):
    site = Site("Daily Papers", None, "https://example.org/help")
    edition = make.edition(make.pick())
    answered = Renderer(site, Mailing("Papers <a@example.org>", "b@example.org"), b"s", {})
    unanswered = Renderer(site, Mailing("Papers <a@example.org>"), b"s", {})
    assert headers_of(answered, edition)["List-Help"] == "<mailto:b@example.org?subject=help>"
    assert headers_of(answered, edition)["Reply-To"] == "b@example.org"
    assert headers_of(unanswered, edition)["List-Help"] == "<mailto:a@example.org?subject=help>"


def test_message_id_is_the_same_on_every_attempt_and_another_for_everyone_else(make, renderer):
    first = renderer.message(make.edition(make.pick())).message_id
    again = renderer.message(make.edition()).message_id
    other_day = renderer.message(make.edition(issue_date=make.day.replace(day=19))).message_id
    other_reader = renderer.message(make.edition(subscriber=make.subscriber(email="bob@example.org"))).message_id
    assert first == again
    assert len({first, other_day, other_reader}) == 3
    assert first.endswith("@example.org>")
    assert "anna" not in first


def test_the_envelope_names_sender_and_reader(make, renderer):
    message = renderer.message(make.edition())
    assert (message.sender, message.recipient) == ("digest@example.org", "anna@example.org")


def test_idn_domains_are_written_in_ascii(make):
    renderer = make.renderer(sender="Blätter <post@bücher.example>")
    message = renderer.message(make.edition(subscriber=make.subscriber(email="anna@Exämple.org")))
    assert message.sender == "post@xn--bcher-kva.example"
    assert message.recipient == "anna@xn--exmple-cua.org"
    parsed = message_from_bytes(message.content, policy=default)
    assert parsed["From"].addresses[0].display_name == "Blätter"
    assert message.message_id.endswith("@xn--bcher-kva.example>")


def test_a_local_part_beyond_ascii_is_kept_and_the_headers_are_utf8(make, renderer):
    message = renderer.message(make.edition(subscriber=make.subscriber(email="älice@example.org")))
    assert message.recipient == "älice@example.org"
    assert 'To: "Anna Müller" <älice@example.org>\r\n'.encode() in message.content


@pytest.mark.parametrize("address", ["anna@localhost", "anna@mail.test", "anna@host.local", '"anna m"@example.org'])
def test_a_labs_own_addresses_are_good_addresses(make, renderer, address):
    assert renderer.message(make.edition(subscriber=make.subscriber(email=address))).recipient == address


@pytest.mark.parametrize("address", ["", "anna", "a b@example.org", "a@example.org\r\nBcc: b@c.d", "a@b.c, d@e.f"])
def test_an_address_that_cannot_get_mail_is_named(make, renderer, address):
    with pytest.raises(MessageError, match=r"^To: "):
        renderer.message(make.edition(subscriber=make.subscriber(email=address)))


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("a\rb", r"U\+000D"),
        ("a\nb", r"U\+000A"),
        ("a\0b", r"U\+0000"),
        ("a\x1bb", r"U\+001B"),
        ("a\u2028b", r"U\+2028"),
        ("=?utf-8?q?x?=", "encoded word"),
        ("x" * 901, "900 bytes"),
    ],
)
def test_what_no_header_may_hold_is_refused_by_name(value, why):
    with pytest.raises(MessageError, match=rf"^Subject: .*{why}"):
        checked("Subject", value)
    with pytest.raises(MessageError):
        Field("Subject", value)


def test_two_senders_are_one_too_many():
    with pytest.raises(MessageError, match="not one address"):
        mailbox("From", "a@example.org, b@example.org")


def test_a_name_with_a_comma_or_quotes_stays_a_name():
    assert mailbox("From", '"Lab, \\"The\\"" <a@example.org>').name == 'Lab, "The"'
    assert named_mailbox("To", "", "a@EXAMPLE.org").address == "a@example.org"


@pytest.mark.parametrize("text", ["plain", "é" * 180, "漢字 " * 50, "a" * 199, "word " * 39])
def test_a_subject_reads_back_as_it_was_within_76_columns(text):
    value = phrase(text)
    wire = text_field("Subject", value).fold(policy=default.clone(linesep="\r\n"))
    assert message_from_bytes(wire.encode() + b"\r\n", policy=default)["Subject"] == value
    assert all(len(line) <= 76 for line in wire.split("\r\n")) or " " not in text


KEYS, EMAIL, DAY = (b"newest", b"older"), "Ann@example.org", date(2026, 5, 18)


def stop_token(number=7, day=DAY, *, key=KEYS[0], purpose=Purpose.UNSUBSCRIBE):
    return edition_token(key, purpose, number, EMAIL, day)


def is_good(token, keys=KEYS, purpose=Purpose.UNSUBSCRIBE, email=EMAIL):
    return is_proven(keys, purpose, email, token)


def test_a_token_is_short_and_names_who_and_which_edition():
    token = stop_token()
    assert token.startswith("7-20260518-")
    assert edition_named(token) == Named(7, DAY)
    assert is_good(token)
    assert len(f"https://papers.example.org/unsubscribe/{stop_token(9_999_999)}") <= 76


@given(st.integers(1, 10**12), st.dates(date(1970, 1, 1), date(9999, 12, 31)))
def test_every_edition_has_a_token_of_its_own_that_leads_back_to_it(number, day):
    token = stop_token(number, day)
    assert edition_named(token) == Named(number, day)
    assert is_good(token)


@given(st.integers(0, 27), st.sampled_from("07AZaz-_.~/ \x00é٣"))
def test_a_token_with_a_character_changed_proves_nothing(at, character):
    token = stop_token()
    forged = token[:at] + character + token[at + 1 :]
    assert is_good(forged) == (forged == token)


def test_a_token_of_another_installation_edition_or_subscriber_proves_nothing():
    token = stop_token()
    proof = token[-16:]
    assert not is_good(token, (b"other",))
    for other in ("8-20260518", "7-20260519", "07-20260518"):
        assert not is_good(f"{other}-{proof}")


def test_a_token_is_good_for_one_purpose_and_for_the_address_that_it_was_made_for():
    token = stop_token()
    assert [purpose for purpose in Purpose if is_good(token, purpose=purpose)] == [Purpose.UNSUBSCRIBE]
    assert is_good(token, email="ann@EXAMPLE.org")
    assert not is_good(token, email="ann@example.com")


def test_an_older_key_is_good_for_what_it_signed():
    assert is_good(stop_token(key=b"older"))
    assert not is_good(stop_token(key=b"retired"))


@pytest.mark.parametrize(
    "token",
    [
        "",
        "7",
        "-x",
        "x-y",
        "٣-20260518-" + "a" * 16,
        "9" * 30 + "-20260518-" + "a" * 16,
        "7-20261399-" + "a" * 16,
        "7-\ud800",
    ],
)
def test_what_is_no_token_is_nobodys(token):
    assert edition_named(token) is None
    assert not is_good(token)
