"""The decisions behind the rules for every page: whose address, which path, whose form, how often, what is logged."""

import re
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException

from digest.web.errors import WORDS, words_for
from digest.web.limits import RATES, Limits, Rate, reserve, widened
from digest.web.safety.lean import is_known, takes_gzip
from digest.web.safety.log import hidden
from digest.web.safety.origin import is_foreign
from digest.web.safety.place import below, origin, tidied

from .conftest import NOW

PROXIES = [ip_network(text) for text in ("127.0.0.1", "::1", "10.0.0.0/8")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "who"),
    [
        ("192.0.2.7", [], "192.0.2.7"),
        ("192.0.2.7", ["198.51.100.1"], "192.0.2.7"),  # a stranger's word
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),  # the first was written by the stranger
        ("127.0.0.1", ["198.51.100.1, 10.1.2.3, 10.0.0.1"], "198.51.100.1"),
        ("127.0.0.1", ["1.1.1.1", "198.51.100.1, 10.0.0.1"], "198.51.100.1"),  # two lines are one list
        ("127.0.0.1", ["10.1.2.3"], "10.1.2.3"),  # all of it is ours
        ("127.0.0.1", ["198.51.100.1, nonsense"], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1, nonsense, 10.0.0.1"], "10.0.0.1"),
        ("127.0.0.1", [""], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("::1", ["2001:db8::5"], "2001:db8::5"),
        ("::1", ["[2001:db8::5]:4711"], "2001:db8::5"),
        ("::ffff:127.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("fe80::1%eth0", [], "fe80::1"),
        ("", ["198.51.100.1"], ""),  # a socket of this machine
    ],
)
def test_whose_request_it_is_only_our_own_proxies_may_say(peer, forwarded, who):
    assert origin(peer, forwarded, PROXIES) == who


@given(st.text(max_size=40), st.lists(st.text(max_size=60), max_size=3))
def test_whatever_is_forwarded_it_is_an_address_or_nothing(peer, forwarded):
    for one in (peer, "127.0.0.1"):
        who = origin(one, forwarded, PROXIES)
        assert who == "" or ip_network(who)


@pytest.mark.parametrize(
    ("at", "path", "seen"),
    [
        ("", "/papers", "/papers"),
        ("", "", "/"),
        ("/digest", "/digest", "/"),
        ("/digest", "/digest/", "/"),
        ("/digest", "/digest/papers", "/papers"),
        ("/digest", "/papers", "/papers"),
        ("/digest", "/digestion", "/digestion"),
        ("/a/b", "/a/b/papers", "/papers"),
    ],
)
def test_a_prefix_is_taken_away_where_it_still_is(at, path, seen):
    assert below(at, path) == seen


@pytest.mark.parametrize(
    ("path", "other"),
    [
        ("/", None),
        ("/papers", None),
        ("/papers/", "/papers"),
        ("/papers//", "/papers"),
        ("//evil.example/", None),
        ("/\\evil.example/", None),
        ("///", None),
    ],
)
def test_a_slash_at_the_end_is_mended_but_never_into_another_site(path, other):
    assert tidied(path) == other


BASE = "https://papers.example.org/digest"


@pytest.mark.parametrize(
    ("said", "foreign"),
    [
        ({}, False),  # a mail server's one-click, curl
        ({"sec-fetch-site": "same-origin"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "same-site"}, True),
        ({"sec-fetch-site": "cross-site", "origin": "https://papers.example.org"}, True),
        ({"sec-fetch-site": "nonsense"}, True),
        ({"origin": "https://papers.example.org"}, False),
        ({"origin": "https://Papers.Example.org"}, False),
        ({"origin": "http://papers.example.org"}, True),
        ({"origin": "https://papers.example.org.evil.example"}, True),
        ({"origin": "https://evil.example"}, True),
        ({"origin": "https://evil.example", "host": "papers.example.org"}, True),
        ({"origin": "http://192.168.1.5:8080", "host": "192.168.1.5:8080"}, False),
        ({"origin": "null"}, True),
        ({"origin": "null", "host": "null"}, True),
        ({"origin": "", "host": ""}, True),
    ],
)
def test_a_form_of_another_site_is_known_by_what_browsers_say(said, foreign):
    assert is_foreign("POST", "/subscribe", said, BASE) is foreign
    assert not is_foreign("GET", "/subscribe", said, BASE)
    assert not is_foreign("POST", "/unsubscribe/1-20260618-abcdefghijklmnop", said, BASE)


# --- how often ------------------------------------------------------------------------------------------------------


def test_five_at_once_and_then_twenty_an_hour():
    limits, now = Limits({"x": Rate(5, 20)}), NOW
    assert [limits.allow("x", "1.2.3.4", now) for _ in range(5)] == [0] * 5
    assert limits.allow("x", "1.2.3.4", now) == 180
    assert limits.allow("x", "1.2.3.5", now) == 0
    assert limits.allow("x", "1.2.3.4", now + timedelta(seconds=180)) == 0
    assert limits.allow("x", "1.2.3.4", now + timedelta(seconds=180)) == 180
    assert limits.allow("x", "1.2.3.4", now + timedelta(hours=2)) == 0


@given(st.lists(st.integers(0, 400), max_size=80))
def test_no_hour_holds_more_than_its_rate_and_the_burst(waits):
    rate, now, free_at, done = Rate(5, 20), NOW, None, []
    for wait in waits:
        now += timedelta(seconds=wait)
        after, left = reserve(rate, free_at, now)
        if not left:
            free_at = after
            done.append(now)
    for first in done:
        assert sum(first <= moment < first + timedelta(hours=1) for moment in done) <= 5 + 20


def test_a_clock_that_was_set_back_locks_nobody_out_for_longer_than_the_burst_lasts():
    limits = Limits({"x": Rate(1, 60)})
    limits.allow("x", "a", NOW)
    assert limits.allow("x", "a", NOW - timedelta(minutes=1)) == 120


def test_what_is_remembered_is_bounded_and_the_longest_unseen_is_forgotten():
    limits = Limits({"x": Rate(1, 60)}, most_keys=10)
    for number in range(100):
        assert limits.allow("x", f"192.0.2.{number}", NOW) == 0
    assert len(limits) == 10
    assert limits.allow("x", "192.0.2.99", NOW) == 60
    assert limits.allow("x", "192.0.2.0", NOW) == 0


@pytest.mark.parametrize(
    ("key", "stands_for"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::", "2001:db8:1:2::"),
        ("ann@example.org", "ann@example.org"),
        ("", ""),
    ],
)
def test_who_has_a_whole_network_counts_once(key, stands_for):
    assert widened(key) == stands_for


def test_every_rate_lets_a_person_work():
    assert all(rate.burst >= 5 and rate.per_hour >= 20 for rate in RATES.values())


# --- words and lines ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/papers/2026-06-18", "/papers/2026-06-18"),
        ("/preferences/7-20260618-abcdefghijklmnop", "/preferences/***"),
        ("/preferences/7-20260618-abc", "/preferences/***"),  # cut in two by a mail program
        ("/digest/like/7-20260618-abcdefghijklmnop/3", "/digest/like/***/3"),
        ("/feed/7-20260618-abcdefghijklmnop.atom", "/feed/***"),
        ("/confirm/WzEyLCJhIl0.aGVsbG8.c2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJl", "/confirm/***"),
        ("/a\nfake line\x1b[31m", "/a?fake line?[31m"),
        ("/" + "a/" * 300, "/" + "a/" * 99 + "a"),
    ],
)
def test_a_line_of_the_log_has_no_token_and_is_one_line(path, line):
    assert hidden(path) == line


@given(st.text())
def test_no_path_breaks_a_line_of_the_log(path):
    assert hidden(path).isprintable()
    assert len(hidden(path)) <= 200


def test_every_error_says_what_happened_and_what_to_do_next():
    for status in (*WORDS, 410, 418, 431, 599):
        said = words_for(HTTPException(status))
        assert said.head
        assert said.text.endswith(".")
        assert not any(word in said.text.lower() for word in ("error", "invalid", "occurred"))


@pytest.mark.parametrize(("seconds", "spoken"), [(5, "a minute"), (180, "3 minutes"), (7_300, "3 hours")])
def test_how_long_to_wait_is_said_as_people_say_it(seconds, spoken):
    assert words_for(HTTPException(429, headers={"Retry-After": str(seconds)})).text.endswith(f"in {spoken}.")


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("gzip; q=0", False),
        ("identity", False),
        ("", False),
        ("x-gzip", False),
    ],
)
def test_gzip_goes_to_whoever_takes_it(accepted, takes):
    assert takes_gzip(accepted) is takes


@pytest.mark.parametrize(
    ("asked", "known"),
    [('"a"', True), ('W/"a"', True), ('"b", W/"a"', True), ("*", True), ('"b"', False), ("", False), ("a", False)],
)
def test_a_page_that_the_browser_has_is_known_by_its_tag(asked, known):
    assert is_known(asked, 'W/"a"') is known


@pytest.mark.parametrize("before", ["", "/daily", "/lab_2/Digest-24.7", "//daily/"])
@pytest.mark.parametrize("page", ["preferences", "like", "api/preferences", "reader"])
@pytest.mark.parametrize("behind", ["", "/1", "/paper/5?x=/", "/curate?paper=5", ".atom"])
def test_the_log_of_the_web_server_in_the_docs_holds_no_link_of_anybodys(before, page, behind):
    text = (Path(__file__).parents[2] / "docs" / "web.md").read_text("utf-8")
    (rule,) = re.findall(r'"~(\^.*)"  \$page/\*\*\*;', text)
    asked = f"{before}/{page}/1-20260528-8exV4BMJesOHINpR{behind}"
    assert re.match(rule.replace("(?<", "(?P<"), asked)["page"] == f"{before}/{page}"
