"""Any feed gives its entries, however carelessly it was made; what is no feed, or not all of one, is a problem."""

import gzip
import io
import json
import tarfile
from datetime import UTC, date, datetime

import feedparser
import pytest

from digest.model import Kind, SourceState, Validators
from digest.sources.feed import LONGEST_ABSTRACT, LONGEST_RAW, FeedSource
from digest.sources.feed_entries import people_of, read_feed

NOW = datetime(2026, 5, 18, 12, tzinfo=UTC)


@pytest.fixture
def fetch(web, client):
    def fetched(body, state=None, since=None, path="/feed.xml", **headers):
        web.on(path, lambda _: body)
        return FeedSource("blog", client, web.url + path).fetch(state or SourceState("blog"), NOW, since)

    return fetched


def rss(*items, version="2.0"):
    return f"<?xml version='1.0'?><rss version='{version}'><channel><title>A blog</title><link>http://b.example/</link>{''.join(items)}</channel></rss>"


def listings(fetched):
    return [*(said.listing for said in fetched.announcements), *fetched.backlog]


def test_an_rss_item_becomes_a_listing(fetch):
    fetched = fetch(
        rss(
            "<item><title>AT&amp;amp;T &lt;b&gt;wins&lt;/b&gt; &amp;mdash; really</title><link>/posts/1</link><guid isPermaLink='false'>post-1</guid>"
            "<description>&lt;p&gt;One &amp;amp; two.&lt;/p&gt;&lt;script&gt;x()&lt;/script&gt;</description><author>a@b.example (Ann Bee)</author>"
            "<category>Learning</category><category>Learning</category><pubDate>Mon, 18 May 2026 08:00:00 +0200</pubDate></item>"
        )
    )
    (said,) = fetched.announcements
    listing = said.listing
    assert (said.kind, said.day, said.source) == (Kind.NEW, date(2026, 5, 18), "blog")
    assert (listing.title, listing.abstract, listing.authors) == ("AT&T wins — really", "One & two.", ("Ann Bee",))
    assert listing.url.endswith("/posts/1")
    assert listing.url.startswith("http://127.0.0.1:")
    assert listing.guid == "blog:post-1"
    assert (listing.keywords, listing.categories) == (("Learning",), ())
    assert listing.published == datetime(2026, 5, 18, 6, tzinfo=UTC)
    assert fetched.covered == {"": date(2026, 5, 18)}


def test_what_is_written_as_text_stays_text(fetch):
    fetched = fetch(
        rss(
            "<item><title>p &lt; 0.05 and a $5 bill</title><guid>1</guid><description>if a&lt;b and &lt;EOS&gt;</description></item>"
        )
    )
    assert listings(fetched)[0].title == "p < 0.05 and a $5 bill"
    assert listings(fetched)[0].abstract == "if a<b and <EOS>"


def test_an_entry_without_id_is_known_by_its_link_and_without_link_by_its_title(fetch):
    fetched = fetch(
        rss("<item><title>One</title><link>http://b.example/1</link></item><item><title>Two</title></item>")
    )
    assert [listing.guid for listing in listings(fetched)] == ["blog:http://b.example/1", "blog:Two"]


def test_an_entry_without_title_is_called_by_its_first_words_and_without_text_by_its_link(fetch):
    fetched = fetch(
        rss(
            f"<item><guid>1</guid><description>{'word ' * 100}</description></item><item><link>http://b.example/2</link></item><item><guid isPermaLink='false'>3</guid></item>"
        )
    )
    first, second = listings(fetched)
    assert first.title.startswith("word word")
    assert first.title.endswith("…")
    assert len(first.title) <= 100
    assert second.title == "http://b.example/2"
    assert fetched.problems[0].what.startswith("1 of 3 entries could not be read")
    assert not fetched.problems[0].incomplete


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "data:text/html,x", "mailto:a@b.example", "http://[", "ht tp://x", "file:///etc/passwd"],
)
def test_only_web_addresses_are_kept(fetch, link):
    fetched = fetch(
        rss(
            f"<item><title>One</title><guid isPermaLink='false'>1</guid><link>{link}</link><comments>{link}</comments></item>"
        )
    )
    (listing,) = listings(fetched)
    assert not listing.url.startswith(link[:4]) or listing.url == ""
    assert listing.discussion_url is None or listing.discussion_url.startswith("http://127.0.0.1")


@pytest.mark.parametrize(
    ("pub_date", "published", "day"),
    [
        ("Sun, 17 May 2026 23:30:00 -0500", datetime(2026, 5, 18, 4, 30, tzinfo=UTC), 18),
        ("2026-05-16", datetime(2026, 5, 16, tzinfo=UTC), 16),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None, 18),
        ("Fri, 01 Jan 2100 00:00:00 GMT", None, 18),
        ("yesterday", None, 18),
        ("", None, 18),
    ],
)
def test_a_date_that_cannot_be_true_is_no_date_and_the_entry_is_news(fetch, pub_date, published, day):
    fetched = fetch(rss(f"<item><title>One</title><pubDate>{pub_date}</pubDate></item>"))
    (said,) = fetched.announcements
    assert (said.listing.published, said.day) == (published, date(2026, 5, day))


def test_old_entries_are_stored_but_are_no_news(fetch):
    body = rss(
        *(
            f"<item><title>{n}</title><guid>{n}</guid><pubDate>{n} May 2026 00:00:00 GMT</pubDate></item>"
            for n in (10, 11, 18)
        )
    )
    first = fetch(body)
    assert [said.listing.title for said in first.announcements] == ["11", "18"]
    assert [listing.title for listing in first.backlog] == ["10"]
    late = fetch(body, SourceState("blog", last_success=datetime(2026, 5, 16, tzinfo=UTC)))
    assert [said.listing.title for said in late.announcements] == ["10", "11", "18"]
    asked = fetch(body, since=date(2026, 5, 18))
    assert [said.listing.title for said in asked.announcements] == ["18"]


def test_the_same_entry_twice_is_once(fetch):
    fetched = fetch(
        rss("<item><title>One</title><guid>1</guid></item>" * 2, "<item><title>Two</title><guid>2</guid></item>")
    )
    assert [listing.title for listing in listings(fetched)] == ["One", "Two"]


def test_a_paper_that_is_linked_to_is_known_as_that_paper(fetch):
    fetched = fetch(
        rss(
            "<item><title>An arXiv paper</title><link>https://arxiv.org/abs/2605.01234v2</link></item>"
            "<item><title>A journal paper</title><link>https://b.example/2</link><dc:identifier xmlns:dc='http://purl.org/dc/elements/1.1/'>doi:10.1000/ABC</dc:identifier></item>"
            "<item><title>A preprint</title><link>http://biorxiv.org/cgi/content/short/10.64898/2026.05.12.700001v1?rss=1</link></item>"
            "<item><title>A post</title><guid isPermaLink='false'>2012.01234</guid><link>https://b.example/3</link></item>"
        )
    )
    found = [(listing.arxiv_id, listing.version, listing.doi) for listing in listings(fetched)]
    assert found == [
        ("2605.01234", 2, None),
        (None, None, "10.1000/abc"),
        (None, None, "10.64898/2026.05.12.700001"),
        (None, None, None),
    ]
    assert listings(fetched)[0].pdf_url == "https://arxiv.org/pdf/2605.01234"


def test_atom_is_read(fetch):
    fetched = fetch(
        "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='http://b.example/blog/'><title>B</title><entry><id>tag:b.example,2026:1</id>"
        "<title type='html'>A &lt;em&gt;title&lt;/em&gt;</title><link href='one.html'/><link rel='related' type='application/pdf' href='one.pdf'/>"
        "<updated>2026-05-17T10:00:00Z</updated><author><name>Ann Bee</name></author><author><name>Cé Dee</name></author>"
        "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>Hello</p></div></content><category term='x'/></entry></feed>"
    )
    (said,) = fetched.announcements
    assert said.listing.title == "A title"
    assert said.listing.abstract == "Hello"
    assert said.listing.url == "http://b.example/blog/one.html"
    assert said.listing.pdf_url == "http://b.example/blog/one.pdf"
    assert said.listing.authors == ("Ann Bee", "Cé Dee")
    assert said.day == date(2026, 5, 17)


def test_a_json_feed_is_read(fetch):
    item = {
        "id": 7, "url": "/7", "title": "A <b> title", "content_html": "<p>Hi &amp; ho</p>", "date_published": "2026-05-17T10:00:00+02:00",
        "authors": [{"name": "Ann Bee"}, None], "tags": ["x", 5], "image": "javascript:x",
    }  # fmt: skip
    fetched = fetch(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [item, 5, {"id": "empty"}]}))
    (said,) = fetched.announcements
    assert (said.listing.title, said.listing.abstract, said.listing.authors) == ("A <b> title", "Hi & ho", ("Ann Bee",))
    assert (said.listing.guid, said.listing.keywords, said.listing.thumbnail_url) == ("blog:7", ("x",), None)
    assert said.listing.url.endswith("/7")
    assert fetched.problems[0].what.startswith("1 of 3")
    assert "without title" in fetched.problems[1].what


def test_an_article_is_shortened_at_a_word(fetch):
    fetched = fetch(rss(f"<item><title>One</title><description>{'word ' * 9999}</description></item>"))
    (listing,) = listings(fetched)
    assert LONGEST_ABSTRACT - 10 < len(listing.abstract) <= LONGEST_ABSTRACT
    assert listing.abstract.endswith("word…")


def test_an_article_with_its_pictures_inside_is_no_larger_than_what_can_be_kept(fetch):
    picture = f'<img src="data:image/png;base64,{"QUJD" * 300_000}">'
    item = {"id": "1", "title": "One", "url": "/1", "content_html": f"<p>Some words.</p>{picture}<p>More.</p>"}
    fetched = fetch(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [item]}))
    (listing,) = listings(fetched)
    assert listing.abstract == "Some words.\n\nMore."
    assert len(listing.raw_abstract) == LONGEST_RAW


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (
            b"<!doctype html><html><head><link rel=alternate type='application/rss+xml'></head><body>Hi</body></html>",
            "web page",
        ),
        (b"<html><body><p>Not <item> here", "web page"),
        (bytes(range(256)) * 16, "not a feed"),
        (b"Just some words.", "not a feed"),
        (b"<?xml version='1.0'?><opml><body/></opml>", "not a feed (<opml>)"),
        (b"{}", "not a feed"),
        (b'{"items": [{"id": 1', "cut off"),
        (b"<rss version='2.0'><channel><title>A bl", "cut off"),
        (b"\xff\xfe" + "<rss version='2.0'><channel><item><title>A</title></item>".encode("utf-16-le"), "cut off"),
    ],
)
def test_what_is_no_feed_is_a_problem_and_not_an_empty_day(fetch, body, said):
    fetched = fetch(body)
    assert said in fetched.problems[0].what
    assert fetched.problems[0].incomplete
    assert not fetched.covered
    assert not fetched.validators


def test_an_empty_feed_is_known_to_be_empty(fetch):
    for body in (
        rss(),
        "<rss/>",
        "<feed xmlns='http://www.w3.org/2005/Atom'/>",
        '{"version": "https://jsonfeed.org/version/1", "items": []}',
    ):
        fetched = fetch(body)
        assert (listings(fetched), fetched.problems, fetched.covered) == ([], (), {"": date(2026, 5, 18)})


def test_of_a_feed_that_is_cut_off_the_whole_entries_are_kept(fetch):
    body = rss(*(f"<item><title>{n}</title><guid>{n}</guid></item>" for n in range(3)))
    fetched = fetch(body[: body.index("<title>2")])
    assert [listing.title for listing in listings(fetched)] == ["0", "1"]
    assert fetched.problems[0].incomplete
    assert not fetched.covered


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body.replace("<channel>", "<channel><title>R&D</title>"),  # a bare ampersand
        lambda body: body.replace("</title><guid>0", "&nbsp;</title><guid>0"),  # HTML's entity
        lambda body: body.replace("<title>1", "<title>1 \x0b"),
        lambda body: body + "<!-- generated in 0.1 s --><br>Warning: mysql_connect()",
        lambda body: "\n\n" + body,
        lambda body: body.replace("</rss>", ""),
        lambda body: body.replace("<?xml version='1.0'?>", "<?xml version='1.0' encoding='klingon'?>"),
    ],
)
def test_a_feed_that_is_badly_made_but_whole_gives_its_entries(fetch, spoil):
    fetched = fetch(spoil(rss(*(f"<item><title>{n}</title><guid>{n}</guid></item>" for n in range(3)))))
    assert len(listings(fetched)) == 3
    assert not fetched.problems


def test_not_modified_is_as_good_as_read(web, client, reply):
    body = rss("<item><title>One</title></item>").encode()
    web.on(
        "/",
        lambda seen: (
            reply(status=304)
            if "if-modified-since" in seen.headers
            else reply(body, headers={"Last-Modified": "Mon, 18 May 2026 08:00:00 GMT"})
        ),
    )
    source = FeedSource("blog", client, web.url)
    first = source.fetch(SourceState("blog"), NOW)
    assert list(first.validators.values()) == [Validators(last_modified="Mon, 18 May 2026 08:00:00 GMT")]
    again = source.fetch(SourceState("blog", validators=first.validators), NOW)
    assert (listings(again), again.problems, again.covered) == ([], (), {"": date(2026, 5, 18)})


def test_one_feed_that_asks_for_a_pause_does_not_silence_its_neighbour(web, client, reply):
    web.on("/a", reply(b"", 429, {"Retry-After": "600"}))
    web.on("/b", rss("<item><title>One</title></item>"))
    paused = FeedSource("a", client, web.url + "/a").fetch(SourceState("a"), NOW)
    assert paused.not_before is not None
    assert "asked for a pause" in paused.problems[0].what
    assert listings(FeedSource("b", client, web.url + "/b").fetch(SourceState("b"), NOW))


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Ann Bee", ["Ann Bee"]),
        ("Ann Bee, Cé Dee and E. Eff", ["Ann Bee", "Cé Dee", "E. Eff"]),
        ("Ann Bee, and Cé Dee", ["Ann Bee", "Cé Dee"]),
        ("Bee, Ann", ["Bee, Ann"]),
        ("Bee, A.; Dee, C.", ["Bee, A.", "Dee, C."]),
        ("Bee & Dee", ["Bee", "Dee"]),
        ("", []),
    ],
)
def test_a_line_of_authors_becomes_names(line, names):
    assert people_of(line) == names


# --- every feed there is ------------------------------------------------------------------------------------------


def stored(folder):
    for path in sorted(folder.glob("*")):
        if path.name.endswith(".tar.gz"):
            with tarfile.open(path) as tar:
                yield from ((member.name, tar.extractfile(member).read()) for member in tar if member.isfile())
        else:
            yield path.name, gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


NO_FEED = {"feedparser_nasty/illformed/rss_empty_document.xml"}
CUT_OFF = {"fastfeedparser__osm-pl.xml"}
NOTHING_TO_SHOW = {"feedparser_nasty/wellformed/node_precedence/atom10_id.xml"}
RESCUED = "fastfeedparser__malformed_rss_namespaced.xml"  # feedparser itself finds nothing in it


def test_every_stored_feed_gives_every_entry_that_has_anything_to_show(shared, fetch):
    seen = 0
    for name, body in stored(shared / "data" / "feeds"):
        fetched = fetch(body)
        problems = [problem.what for problem in fetched.problems if problem.incomplete]
        assert bool(problems) == (name in NO_FEED | CUT_OFF | NOTHING_TO_SHOW), (name, problems)
        assert all(listing.title and listing.guid for listing in listings(fetched))
        if name.endswith("xml") and "nasty" not in name and name not in CUT_OFF:
            showing = [e for e in feedparser.parse(io.BytesIO(body)).entries if e.get("title") or e.get("link")]
            guids = {(e.get("id") or e.get("link") or e.get("title")) for e in showing}
            assert len(listings(fetched)) >= min(len(showing), len(guids)), name
        seen += len(listings(fetched))
    assert len(read_feed((shared / "data" / "feeds" / RESCUED).read_bytes(), "")[0]) == 2
    assert seen == 347
