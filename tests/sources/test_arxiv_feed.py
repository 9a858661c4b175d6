"""arXiv's announcement feeds are read as they are, and never more is believed than they say."""

from datetime import date

import pytest

from digest.model import Kind
from digest.sources.arxiv_feed import feed_error, read_bulletin, split_authors
from digest.sources.errors import UnreadableError

ITEM = """<item><title>{title}</title><link>https://arxiv.org/abs/{id}</link>
<description>arXiv:{id}v{version} Announce Type: {kind} \nAbstract: {abstract}</description>
<guid isPermaLink="false">oai:arXiv.org:{id}v{version}</guid><category>cs.CL</category><category>cs.LG</category>
<category>68T50</category><pubDate>Mon, 18 May 2026 00:00:00 -0400</pubDate><arxiv:announce_type>{kind}</arxiv:announce_type>
<dc:rights>http://creativecommons.org/licenses/by/4.0/</dc:rights><arxiv:DOI>10.1000/ABC</arxiv:DOI>
<dc:creator>Ann Bee, Cé Dee, Jr.</dc:creator></item>"""


def item(ident="2605.00001", kind="new", title="A &lt;b&gt; title", abstract="We show p&lt;0.05.", version=1):
    return ITEM.format(id=ident, kind=kind, title=title, abstract=abstract, version=version)


def rss(*items, day="Mon, 18 May 2026 00:00:00 -0400"):
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss xmlns:arxiv="http://arxiv.org/schemas/atom" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0"><channel><title>cs.CL updates on arXiv.org</title>'
        f"<pubDate>{day}</pubDate><skipDays><day>Sunday</day></skipDays>{''.join(items)}</channel></rss>"
    ).encode()


def test_an_item_becomes_a_listing():
    bulletin = read_bulletin(rss(item()))
    (row,) = bulletin.rows
    listing = row.listing
    assert (bulletin.day, bulletin.problems, row.kind) == (date(2026, 5, 18), (), Kind.NEW)
    assert (listing.arxiv_id, listing.version, listing.doi) == ("2605.00001", 1, "10.1000/abc")
    assert listing.abstract == "We show p<0.05."
    assert listing.authors == ("Ann Bee", "Cé Dee Jr.")
    assert listing.categories == ("cs.CL", "cs.LG")
    assert (listing.url, listing.pdf_url) == ("https://arxiv.org/abs/2605.00001", "https://arxiv.org/pdf/2605.00001")
    assert listing.raw_title == "A <b> title"
    assert listing.published is not None
    assert listing.published.day == 18


@pytest.mark.parametrize(
    ("announced", "kind"),
    [("new", Kind.NEW), ("cross", Kind.CROSS), ("replace", Kind.REVISION), ("replace-cross", Kind.REVISION)],
)
def test_every_announce_type_has_its_kind(announced, kind):
    (row,) = read_bulletin(rss(item(kind=announced, version=2))).rows
    assert (row.kind, row.listing.version) == (kind, 2)


def test_an_old_identifier_is_text():
    (row,) = read_bulletin(rss(item("hep-th/9901001", kind="replace", version=4))).rows
    assert (row.listing.arxiv_id, row.listing.version) == ("hep-th/9901001", 4)


def test_a_weekend_without_items_is_known_to_be_empty():
    bulletin = read_bulletin(rss(day="Sat, 16 May 2026 00:00:00 -0400"))
    assert (bulletin.day, bulletin.rows, bulletin.complete) == (date(2026, 5, 16), (), True)


def test_the_day_is_that_of_the_eastern_coast():
    assert read_bulletin(rss(day="Tue, 19 May 2026 03:00:00 +0000")).day == date(2026, 5, 18)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"<!DOCTYPE html>\n<html><head><title>Down</title></head><body><br></body></html>", "web page"),
        (b"<html><body/></html>", "web page"),
        (bytes(range(256)) * 16, "not the feed"),
        (b"<?xml version='1.0'?><opml><body/></opml>", "not the feed"),
        (b"<rss><channel><title>cs.CL upd", "cut off"),
        (b'{"error": "no"}', "damaged"),
        (b"\0" * 1000, "empty"),
    ],
)
def test_what_is_no_feed_is_a_problem_and_not_an_empty_day(body, said):
    with pytest.raises(UnreadableError, match=said):
        read_bulletin(body)


def test_of_a_feed_that_is_cut_off_the_whole_items_are_kept():
    whole = rss(item("2605.00001"), item("2605.00002"), item("2605.00003"))
    for end in (whole.index(b"2605.00003"), whole.rindex(b"</item>"), whole.rindex(b"</item>") + 3):
        bulletin = read_bulletin(whole[:end])
        assert [row.listing.arxiv_id for row in bulletin.rows] == ["2605.00001", "2605.00002"]
        assert "cut off" in bulletin.problems[0].what
        assert not bulletin.complete


def test_a_feed_that_goes_on_with_filler_is_cut_off_too():
    whole = rss(item("2605.00001"), item("2605.00002"))
    bulletin = read_bulletin(whole[: whole.index(b"2605.00002")] + b"x" * 100_000)
    assert len(bulletin.rows) == 1
    assert not bulletin.complete


def test_a_bad_character_costs_nothing_but_a_remark():
    bulletin = read_bulletin(rss(item("2605.00001", abstract="a \x0b b"), item("2605.00002")))
    assert len(bulletin.rows) == 2
    assert bulletin.complete
    assert "not well-formed" in bulletin.problems[0].what


def test_a_bad_item_never_stops_the_others():
    nameless, untitled = item("x"), item("2605.00002", title=" ")
    bulletin = read_bulletin(rss(item("2605.00001"), nameless, untitled))
    assert [row.listing.arxiv_id for row in bulletin.rows] == ["2605.00001"]
    assert bulletin.problems[0].what.startswith("2 of 3 papers could not be read")
    assert bulletin.complete  # asking again would bring the same


def test_entities_are_not_followed():
    bomb = b'<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd"><!ENTITY b "bbbb">]>'
    bulletin = read_bulletin(rss(item(title="safe &a;&b; title")).replace(b"<rss", bomb + b"<rss", 1))
    assert "root:" not in bulletin.rows[0].listing.raw_title


def test_a_feed_at_the_limit_says_that_it_may_be_cut():
    crosses = [item(f"2605.{n:05}", kind="cross") for n in range(1, 2001)]
    bulletin = read_bulletin(rss(*crosses))
    assert not bulletin.complete
    assert "2,000 papers at most" in bulletin.problems[0].what
    replaced = [*crosses[:-1], item("2605.02000", kind="replace")]
    assert read_bulletin(rss(*replaced)).complete


def test_the_error_feed_says_what_is_wrong():
    body = (
        rss()
        .replace(b"cs.CL updates on arXiv.org", b"Feed error for query: x")
        .replace(b"<pubDate>", b"<description>Bad archive 'zz'. Valid archive names are: cs.</description><pubDate>")
    )
    assert feed_error(body) == "Bad archive 'zz'. Valid archive names are: cs."
    assert feed_error(rss(item())) is None
    assert feed_error(b"<html>") is None


def test_the_atom_form_says_the_same():
    body = b"""<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns="http://www.w3.org/2005/Atom">
<id>http://rss.arxiv.org/atom/cs.AI</id><title>cs.AI updates on arXiv.org</title><updated>2026-05-18T04:00:19.866337+00:00</updated>
<entry><id>oai:arXiv.org:2605.13426v1</id><title>ALIGN</title><updated>2026-05-18T04:00:19+00:00</updated>
<link href="https://arxiv.org/abs/2605.13426" rel="alternate" type="text/html"/>
<summary>arXiv:2605.13426v1 Announce Type: cross \nAbstract: As large as life.</summary><category term="cs.CL"/><category term="cs.AI"/>
<published>2026-05-18T00:00:00-04:00</published><arxiv:announce_type>cross</arxiv:announce_type>
<dc:creator>Chunhua Liu, Sukai Huang</dc:creator></entry></feed>"""
    bulletin = read_bulletin(body)
    (row,) = bulletin.rows
    assert (bulletin.day, row.kind, row.listing.arxiv_id, row.listing.version) == (
        date(2026, 5, 18),
        Kind.CROSS,
        "2605.13426",
        1,
    )
    assert (row.listing.abstract, row.listing.categories) == ("As large as life.", ("cs.CL", "cs.AI"))
    assert len(row.listing.authors) == 2
    torn = read_bulletin(body[: body.index(b"</feed>")])
    assert (len(torn.rows), torn.complete) == (1, False)


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Ann Bee, Cé Dee", ("Ann Bee", "Cé Dee")),
        ("Sammy Davis, Jr., Ann Bee", ("Sammy Davis Jr.", "Ann Bee")),
        ("Ann Bee, III", ("Ann Bee III",)),
        (
            "ATLAS Collaboration: G. Aad (1), B. Abbott (2 and 3) ((1) CERN, (2) DESY, (3) MIT)",
            ("ATLAS Collaboration", "G. Aad", "B. Abbott"),
        ),
        ("Ann Bee (for the X Collaboration), and Cé Dee", ("Ann Bee", "Cé Dee")),
        ("Ann (Bee, Cé Dee", ("Ann (Bee", "Cé Dee")),
        ("The CMS Collaboration", ("The CMS Collaboration",)),
        (", ,", ()),
        ("", ()),
    ],
)
def test_one_line_of_authors_becomes_names(line, names):
    assert split_authors(line) == names


def test_no_line_of_authors_takes_long():
    import time

    for line in ("(" * 50_000 + ")" * 50_000, " " * 50_000 + "(" * 50_000, "(a), " * 20_000):
        started = time.monotonic()
        split_authors(line)
        assert time.monotonic() - started < 1


def test_the_real_feeds_are_read_in_full(shared):
    import gzip

    counts = {}
    for path in sorted((shared / "data" / "arxiv_feed").rglob("*.xml*")):
        body = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        if "error" in path.name:
            assert "Bad archive 'zz'" in (feed_error(body) or "")
            continue
        bulletin = read_bulletin(body)
        assert bulletin.complete
        assert not bulletin.problems
        assert all(row.listing.authors and row.listing.abstract and row.listing.categories for row in bulletin.rows)
        counts[path.name.split(".xml")[0]] = (len(bulletin.rows), str(bulletin.day))
    assert counts["rss_cs.LG+3_2026-09-24_4items"] == (4, "2026-09-24")
    assert counts["atom_cs.AI_2025-08-20_7entries"] == (7, "2025-08-20")
    assert counts["rss_cs.CL+cs.CV_2026-06-30"][0] == 396
    assert counts["atom_cs.CL_2026-06-26"][0] == 79
    assert counts["rss_empty_weekend"] == (0, "2026-06-27")
