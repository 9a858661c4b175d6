"""No answer, however damaged, gets an exception out of a visit."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.model import Fetched, SourceState
from digest.sources.arxiv import ArxivSource
from digest.sources.biorxiv import BiorxivSource
from digest.sources.client import Answer
from digest.sources.feed import FeedSource
from digest.sources.huggingface import HuggingFaceSource

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)

RSS = b"""<?xml version='1.0' encoding='UTF-8'?>
<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0"><channel>
<title>cs.CL updates on arXiv.org</title><pubDate>Wed, 20 May 2026 00:00:00 -0400</pubDate>
<item><title>H\xc3\xb6lder &amp; $p$</title><link>https://arxiv.org/abs/2605.00001</link><guid>oai:arXiv.org:2605.00001v1</guid>
<description>arXiv:2605.00001v1 Announce Type: new \nAbstract: We &lt; they.</description><category>cs.CL</category>
<arxiv:announce_type>new</arxiv:announce_type><dc:creator>Ann Bee, C\xc3\xa9 Dee</dc:creator></item>
<item><title>B</title><link>https://arxiv.org/abs/2605.00002</link><description>b</description></item></channel></rss>"""
ATOM = b"""<?xml version='1.0'?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">
<opensearch:totalResults>1</opensearch:totalResults><entry><id>http://arxiv.org/abs/2605.00003v1</id><title>A</title>
<published>2026-05-18T12:00:00Z</published><category term="cs.CL"/><author><name>Ann Bee</name></author><summary>s</summary></entry></feed>"""
HF = json.dumps(
    [
        {
            "paper": {
                "id": "2605.00001",
                "title": "A",
                "summary": "s",
                "authors": [{"name": "Ann"}],
                "upvotes": 3,
                "publishedAt": "2026-05-18T12:00:00Z",
            },
            "numComments": 1,
        }
    ]
).encode()
BIO = json.dumps(
    {
        "messages": [{"status": "ok", "total": "1"}],
        "collection": [
            {
                "doi": "10.1101/2026.01.01.1",
                "title": "A",
                "date": "2026-05-20",
                "version": "1",
                "authors": "Bee, A.",
                "abstract": "O_LIx",
            }
        ],
    }
).encode()
JSON = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "items": [
            {
                "id": "1",
                "url": "http://b.example/1",
                "title": "A",
                "content_html": "<p>x</p>",
                "date_published": "2026-05-18T12:00:00Z",
            }
        ],
    }
).encode()


class Canned:
    """Answers by address, without a server: thousands of visits a second."""

    def __init__(self, **answers: bytes) -> None:
        self.answers = answers

    def keep_silent(self, group, until):
        pass

    def get(self, url, **_):
        return Answer(url, 200, next(body for name, body in self.answers.items() if name in url), {"etag": '"1"'})


def arxiv(body):
    return ArxivSource("arxiv", ["cs.CL"], Canned(rss=body, query=ATOM))


def arxiv_gap(body):
    return ArxivSource("arxiv", ["cs.CL"], Canned(rss=RSS, query=body))


def huggingface(body):
    return HuggingFaceSource("hf", Canned(daily=body))


def biorxiv(body):
    return BiorxivSource("bio", Canned(details=body))


def feed(body):
    return FeedSource("blog", Canned(blog=body), "http://blog.example/feed")


WIRE = {arxiv: RSS, arxiv_gap: ATOM, huggingface: HF, biorxiv: BIO}


@st.composite
def damaged(draw, original: bytes) -> bytes:
    body = bytearray(original)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(body) - 1)))
        match draw(st.sampled_from(["flip", "delete", "insert", "cut", "double"])):
            case "flip":
                body[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case "delete":
                del body[at : at + draw(st.integers(1, 60))]
            case "insert":
                body[at:at] = draw(
                    st.sampled_from(
                        [
                            b"<",
                            b">",
                            b"&",
                            b"]]>",
                            b"\0",
                            b"\xff",
                            b'"',
                            b"{",
                            b"[",
                            b"\\ud800",
                            b"<!--",
                            b"&#0;",
                            b"9" * 40,
                            b"null",
                        ]
                    )
                )
            case "cut":
                del body[at:]
            case "double":
                body[at:at] = body[at : at + 200]
    return bytes(body)


def check(make, body):
    known = SourceState("x", covered={"cs.CL": datetime(2026, 5, 18, tzinfo=UTC).date()})
    fetched = make(body).fetch(known, NOW)
    assert isinstance(fetched, Fetched)
    complete = not any(problem.incomplete for problem in fetched.problems)
    assert complete or not fetched.validators
    for listing in (*(said.listing for said in fetched.announcements), *fetched.backlog):
        assert listing.keys
        assert listing.title
        assert "\0" not in listing.raw_title + listing.raw_abstract + listing.title + listing.abstract
        (listing.raw_title + listing.raw_abstract + listing.url + (listing.guid or "")).encode()
        assert listing.url == "" or listing.url.startswith(("http://", "https://"))


@pytest.mark.parametrize("make", WIRE)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_damaged_answer_is_a_value(make, data):
    check(make, data.draw(damaged(WIRE[make])))


@pytest.mark.parametrize("original", [RSS, ATOM, JSON])
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_damaged_feed_is_a_value(original, data):
    check(feed, data.draw(damaged(original)))


@pytest.mark.parametrize("make", [*WIRE, feed])
@settings(max_examples=40, deadline=None)
@given(body=st.binary(max_size=300))
def test_random_bytes_are_a_problem(make, body):
    fetched = make(body).fetch(SourceState("x", covered={"cs.CL": datetime(2026, 5, 18, tzinfo=UTC).date()}), NOW)
    assert fetched.problems
