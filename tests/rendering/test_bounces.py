"""Senders of messages' own, and addresses for wishes to leave, where what comes back is read."""

import re
from datetime import date, timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import MessageError
from digest.rendering import Mailing, Renderer, Site
from digest.tokens import Named, Purpose, addressed, edition_token, leave_named, return_named

DAY = date(2026, 5, 18)
READ = "bounce@lists.example.org"


@pytest.fixture
def read_by():
    """A renderer for an installation that reads what comes back to this address."""
    return lambda address, url="https://papers.example.org": Renderer(
        Site("Daily Papers", url),
        Mailing("Daily Papers <papers@example.org>", bounces=address),
        b"secret",
        {"arxiv": "arXiv"},
    )


def test_each_message_has_a_sender_of_its_own_that_names_its_edition(make, read_by):
    first, again, other = (
        read_by(READ).message(edition).sender
        for edition in (
            make.edition(make.pick()),
            make.edition(make.pick()),
            make.edition(make.pick(), issue_date=DAY + timedelta(days=1)),
        )
    )
    assert first == again != other
    token = first.removeprefix("bounce+").removesuffix("@lists.example.org")
    assert return_named([b"secret"], token) == Named(7, DAY)
    assert leave_named([b"secret"], token) is None


@pytest.mark.parametrize("url", [None, "https://papers.example.org"])
def test_a_wish_to_leave_by_mail_goes_to_an_address_that_knows_whose_it_is(make, read_by, url):
    renderer = read_by(READ, url)
    message = renderer.message(make.edition(make.pick()))
    field = message_from_bytes(message.content, policy=default)["List-Unsubscribe"]
    found = re.search(r"<mailto:bounce\+(\S+)@lists\.example\.org\?subject=unsubscribe>", field)
    assert leave_named([b"secret"], found[1]) == Named(7, DAY)
    assert return_named([b"secret"], found[1]) is None
    assert (found[1] in renderer.bodies(make.edition(make.pick())).text) is (url is None)
    assert all(len(line) <= 998 for line in message.content.split(b"\r\n"))


def test_the_plain_path_says_the_same_where_bounces_are_read(make, read_by):
    renderer = read_by(READ, None)
    assert (
        renderer.email(make.edition(make.pick())).as_bytes()
        == renderer.email(make.edition(make.pick()), plainly=True).as_bytes()
    )


def test_the_longest_address_has_room_for_every_token(make, read_by):
    edition = make.edition(make.pick(), subscriber=make.subscriber(id=99_999_999))
    sender = read_by(f"{'b' * 28}@example.org").message(edition).sender
    assert len(sender.rpartition("@")[0]) == 64
    assert read_by("bounce+digest@example.org").message(edition).sender.startswith("bounce+digest+b99999999-")
    for bad in (f"{'b' * 29}@example.org", '"b b"@example.org', "bücher@example.org"):
        with pytest.raises(MessageError, match=r"bounces\.address"):
            read_by(bad).message(edition)


# --- tokens -------------------------------------------------------------------------------------------------------


@given(st.integers(1, 10**12), st.dates(date(1970, 1, 1), date(9999, 12, 31)))
def test_a_token_of_an_address_leads_back_in_whatever_case_and_for_one_purpose_only(number, day):
    back, leave = addressed(b"secret", number, day)
    for spelt in (str.lower, str.upper, str.title):
        assert return_named([b"secret"], spelt(back)) == leave_named([b"secret"], spelt(leave)) == Named(number, day)
    for other in (
        leave,
        "u" + back[1:],
        edition_token(b"secret", Purpose.UNSUBSCRIBE, number, "ann@example.org", day),
        back + "a",
        "",
        back[1:],
    ):
        assert return_named([b"secret"], other) is None
    assert leave_named([b"secret"], back) is leave_named([b"secret"], "b" + leave[1:]) is None
    assert return_named([b"another"], back) is None


@given(st.integers(0, 34), st.sampled_from("07AZaz-_.~/ \x00é٣"))
def test_a_token_of_an_address_with_one_other_character_is_nobodys(at, other):
    token = addressed(b"secret", 1234567, date(2026, 5, 18)).back
    changed = token[:at] + other + token[at + 1 :]
    assert return_named([b"secret"], changed) is None or changed.lower() == token
