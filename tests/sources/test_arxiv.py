"""What arXiv announces is announced once, whole, and the days that nobody read are filled."""

from datetime import UTC, date, datetime

import pytest

from digest.arxiv_calendar import announced
from digest.model import Announcement, Kind, Listing, SourceState, Validators
from digest.sources.arxiv import ArxivSource, missed, of_days, united
from digest.sources.arxiv_api import read_page, submitted_between
from digest.sources.errors import UnreadableError


def rss(day, *items):
    rows = "".join(
        f"<item><title>Paper {ident}</title><guid>oai:arXiv.org:{ident}v1</guid><description>arXiv:{ident}v1 Announce Type: "
        f"{kind} \nAbstract: Text.</description><category>{primary}</category><category>cs.CL</category></item>"
        for ident, kind, primary in items
    )
    return f"<rss version='2.0'><channel><title>updates</title><pubDate>{day}</pubDate>{rows}</channel></rss>"


def entry(ident, published, primary="cs.CL", version=1):
    return (
        f"<entry><id>http://arxiv.org/abs/{ident}v{version}</id><title>Paper\n  {ident}</title><summary>Text.</summary>"
        f"<published>{published}</published><updated>{published}</updated><category term='{primary}'/><category term='cs.CL'/>"
        f"<arxiv:primary_category term='{primary}'/><arxiv:comment>12 pages</arxiv:comment>"
        f"<author><name>Ann Bee</name></author></entry>"
    )


def atom(total, *entries):
    return (
        "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:arxiv='http://arxiv.org/schemas/atom' "
        "xmlns:opensearch='http://a9.com/-/spec/opensearch/1.1/'><title>arXiv Query</title>"
        f"<opensearch:totalResults>{total}</opensearch:totalResults>{''.join(entries)}</feed>"
    )


FRIDAY, MONDAY, WEDNESDAY = (
    "Fri, 15 May 2026 00:00:00 -0400",
    "Mon, 18 May 2026 00:00:00 -0400",
    "Wed, 20 May 2026 00:00:00 -0400",
)


@pytest.fixture
def source(web, client):
    return ArxivSource("arxiv", ["cs.CL"], client, rss_url=f"{web.url}/rss", api_url=f"{web.url}/api/query")


def state(**covered):
    return SourceState(
        "arxiv", covered={name.replace("_", "."): date.fromisoformat(day) for name, day in covered.items()}
    )


def ids(fetched):
    return {said.listing.arxiv_id: said.kind for said in fetched.announcements}


def test_a_first_visit_takes_the_day_and_looks_no_further_back(source, web, noon):
    web.on("/rss/cs.CL", rss(WEDNESDAY, ("2605.00001", "new", "cs.CL")))
    fetched = source.fetch(SourceState("arxiv"), noon("2026-05-20"))
    assert ids(fetched) == {"2605.00001": Kind.NEW}
    assert fetched.announcements[0].day == date(2026, 5, 20)
    assert fetched.covered == {"cs.CL": date(2026, 5, 20)}
    assert [seen.path for seen in web.seen] == ["/rss/cs.CL"]


@pytest.mark.parametrize(
    ("covered", "feed"),
    [("2026-05-15", MONDAY), ("2026-05-18", MONDAY), ("2026-05-14", FRIDAY), ("2026-05-21", MONDAY)],
)
def test_there_is_no_gap_over_a_weekend_nor_in_a_feed_seen_before(source, web, noon, covered, feed):
    web.on("/rss/cs.CL", rss(feed))
    fetched = source.fetch(state(cs_CL=covered), noon("2026-05-18"))
    assert not fetched.problems
    assert len(web.seen) == 1


def test_days_that_nobody_read_are_filled(source, web, noon):
    web.on("/rss/cs.CL", rss(WEDNESDAY, ("2605.00009", "new", "cs.CL")))
    web.on(
        "/api/query",
        atom(
            3,
            entry("2605.00001", "2026-05-15T15:00:00Z"),
            entry("2605.00002", "2026-05-16T15:00:00Z", "cs.LG"),
            entry("2605.00003", "2026-05-17T15:00:00Z", version=3),
        ),
    )
    fetched = source.fetch(state(cs_CL="2026-05-15"), noon("2026-05-20"))
    assert ids(fetched) == {
        "2605.00001": Kind.NEW,
        "2605.00002": Kind.CROSS,
        "2605.00003": Kind.NEW,
        "2605.00009": Kind.NEW,
    }
    assert {said.listing.arxiv_id: said.day.day for said in fetched.announcements} == {
        "2605.00001": 18, "2605.00002": 19, "2605.00003": 19, "2605.00009": 20,
    }  # fmt: skip
    assert fetched.announcements[0].listing.title == "Paper 2605.00001"
    assert fetched.announcements[0].listing.comment == "12 pages"
    assert fetched.covered == {"cs.CL": date(2026, 5, 20)}
    query = web.seen[1].params
    assert (
        query["search_query"] == "cat:cs.CL AND submittedDate:[202605071800 TO 202605181759]"
    )  # held back: 7 days earlier
    assert (query["sortBy"], query["sortOrder"], query["start"], query["max_results"]) == (
        "submittedDate",
        "ascending",
        "0",
        "100",
    )


def test_a_friday_missed_is_filled_on_the_weekend(source, web, noon):
    web.on("/rss/cs.CL", rss("Sat, 16 May 2026 00:00:00 -0400"))
    web.on("/api/query", atom(1, entry("2605.00001", "2026-05-14T15:00:00Z")))
    fetched = source.fetch(state(cs_CL="2026-05-14"), noon("2026-05-16"))
    assert [(said.listing.arxiv_id, said.day.day) for said in fetched.announcements] == [("2605.00001", 15)]
    assert fetched.covered == {"cs.CL": date(2026, 5, 16)}


def test_a_gap_that_cannot_be_filled_is_tried_again_and_today_is_not_lost(source, web, reply, noon):
    web.on(
        "/rss/cs.CL", lambda _: reply(rss(WEDNESDAY, ("2605.00009", "new", "cs.CL")).encode(), headers={"ETag": "tag"})
    )
    web.on("/api/query", reply(b"", 500))
    fetched = source.fetch(state(cs_CL="2026-05-15"), noon("2026-05-20"))
    assert ids(fetched) == {"2605.00009": Kind.NEW}
    assert fetched.covered == {}
    assert fetched.validators == {}
    assert "cs.CL: the papers of 18 May to 19 May are missing" in fetched.problems[0].what
    assert fetched.problems[0].incomplete


def test_since_fills_from_the_day_asked_for(source, web, noon):
    web.on("/rss/cs.CL", rss(WEDNESDAY, ("2605.00009", "new", "cs.CL")))
    web.on("/api/query", atom(0))
    fetched = source.fetch(
        SourceState("arxiv", validators={f"{web.url}/rss/cs.CL": Validators("x")}),
        noon("2026-05-20"),
        date(2026, 5, 13),
    )
    assert "if-none-match" not in web.seen[0].headers
    assert "[202605041800 TO 202605181759]" in web.seen[1].params["search_query"]
    assert fetched.covered == {"cs.CL": date(2026, 5, 20)}


@pytest.mark.parametrize(
    ("now", "feeds", "covered"),
    [
        pytest.param("2026-05-20", {"cs.CL": 0, "cs.LG": 0}, {}, id="late, or nothing in any category"),
        pytest.param("2026-05-20", {"cs.CL": 0, "cs.LG": 1}, {"cs.CL", "cs.LG"}, id="nothing in one of two"),
        pytest.param("2026-05-23", {"cs.CL": 0, "cs.LG": 0}, {"cs.CL", "cs.LG"}, id="a weekend"),
        pytest.param("2026-11-27", {"cs.CL": 0, "cs.LG": 0}, {"cs.CL", "cs.LG"}, id="after a holiday"),
    ],
)
def test_empty_feeds_of_a_day_with_an_announcement_are_not_taken_for_it(client, web, noon, *, now, feeds, covered):
    """They are dated anew at midnight; whether there was an announcement, only a paper shows."""
    stamp = f"{date.fromisoformat(now):%a, %d %b %Y} 05:00:00 +0000"
    for category, count in feeds.items():
        web.on(f"/rss/{category}", rss(stamp, *[("2605.00009", "new", category)] * count))
    source = ArxivSource("arxiv", list(feeds), client, rss_url=f"{web.url}/rss", api_url=f"{web.url}/api/query")
    fetched = source.fetch(SourceState("arxiv"), noon(now))
    assert fetched.covered == dict.fromkeys(covered, date.fromisoformat(now))
    assert not fetched.problems


def test_it_is_expected_to_be_complete_for_the_newest_day_of_its_calendar(source, noon):
    assert source.expected(noon("2026-05-23")) == date(2026, 5, 22)
    assert source.expected(noon("2026-11-27")) == date(2026, 11, 26)


def test_not_modified_is_as_good_as_read(source, web, reply, noon):
    body = rss(WEDNESDAY, ("2605.00001", "new", "cs.CL")).encode()
    web.on(
        "/rss/cs.CL",
        lambda seen: (
            reply(status=304, headers={"ETag": "t"})
            if seen.headers.get("if-none-match") == "t"
            else reply(body, headers={"ETag": "t"})
        ),
    )
    first = source.fetch(SourceState("arxiv"), noon("2026-05-20"))
    assert first.validators == {f"{web.url}/rss/cs.CL": Validators("t")}
    known = SourceState("arxiv", covered=first.covered, validators=first.validators)
    again = source.fetch(known, noon("2026-05-20"))
    assert (again.announcements, again.problems, again.covered) == ((), (), first.covered)
    forgot = SourceState("arxiv", validators=first.validators)  # validators without coverage prove nothing
    assert ids(source.fetch(forgot, noon("2026-05-20"))) == {"2605.00001": Kind.NEW}


def test_pages_are_read_until_the_total(source, web, noon):
    entries = [entry(f"2605.{n:05}", "2026-05-17T15:00:00Z") for n in range(1, 251)]
    web.on("/rss/cs.CL", rss(WEDNESDAY))
    web.on("/api/query", lambda seen: atom(250, *entries[int(seen.params["start"]) :][:100]))
    fetched = source.fetch(state(cs_CL="2026-05-18"), noon("2026-05-20"))
    assert len(fetched.announcements) == 250
    assert [seen.params.get("start") for seen in web.seen[1:]] == ["0", "100", "200"]


def test_a_short_page_is_asked_for_once_more_and_then_taken_as_it_is(source, web, noon):
    entries = [entry(f"2605.{n:05}", "2026-05-17T15:00:00Z") for n in range(1, 151)]
    web.on("/rss/cs.CL", rss(WEDNESDAY))
    web.on("/api/query", lambda seen: atom(150, *entries[int(seen.params["start"]) :][:60]))
    fetched = source.fetch(state(cs_CL="2026-05-18"), noon("2026-05-20"))
    assert len(fetched.announcements) == 150
    assert not fetched.problems
    assert [seen.params.get("start") for seen in web.seen[1:]] == ["0", "0", "60", "60", "120"]


@pytest.mark.parametrize("answer", [atom(250), atom(250, entry("2605.00001", "2026-05-17T15:00:00Z"))])
def test_a_server_that_never_gives_the_rest_does_not_hold_us(source, web, noon, answer):
    web.on("/rss/cs.CL", rss(WEDNESDAY))
    web.on("/api/query", answer)
    fetched = source.fetch(state(cs_CL="2026-05-18"), noon("2026-05-20"))
    assert "of 250" in fetched.problems[0].what
    assert fetched.covered == {}
    assert len(web.seen) < 6


def test_an_error_entry_is_a_problem_in_the_servers_words(source, web, reply, noon):
    said = "<entry><id>https://arxiv.org/api/errors#x</id><title>Error</title><summary>incorrect id format for x</summary></entry>"
    web.on("/rss/cs.CL", rss(WEDNESDAY))
    for answer in (atom(1, said), reply(atom(1, said).encode(), 400)):
        web.on("/api/query", answer)
        fetched = source.fetch(state(cs_CL="2026-05-18"), noon("2026-05-20"))
        assert "incorrect id format for x" in fetched.problems[0].what
        assert not fetched.covered


def test_a_category_that_does_not_exist_is_named_and_the_others_are_read(web, client, reply, noon):
    web.on("/rss/cs.CL", rss(WEDNESDAY, ("2605.00001", "new", "cs.CL")))
    error = b"<rss><channel><title>Feed error for query: x</title><description>Bad archive 'zz'. Valid: cs.</description></channel></rss>"
    web.on("/rss/zz", reply(error, 400))
    source = ArxivSource("arxiv", ["zz", "cs.CL"], client, rss_url=f"{web.url}/rss/")
    fetched = source.fetch(SourceState("arxiv"), noon("2026-05-20"))
    assert [problem.what for problem in fetched.problems] == ["zz: arXiv says: Bad archive 'zz'. Valid: cs."]
    assert ids(fetched) == {"2605.00001": Kind.NEW}
    assert fetched.covered == {"cs.CL": date(2026, 5, 20)}


def test_a_pause_is_one_problem_that_names_what_was_not_read(web, client, reply, noon):
    web.on("/rss", reply(b"Rate exceeded.", 429))
    source = ArxivSource("arxiv", ["cs.CL", "cs.CV", "cs.AI"], client, rss_url=f"{web.url}/rss")
    fetched = source.fetch(SourceState("arxiv"), noon("2026-05-20"))
    assert fetched.not_before == noon("2026-05-20").replace(minute=10)
    assert "next try after 12:10 UTC" in fetched.problems[0].what
    assert fetched.problems[1].what == "cs.CV, cs.AI: not asked for after that"
    assert len(web.seen) == 1


def test_silence_that_the_store_remembers_is_kept(source, web, noon):
    known = SourceState("arxiv", not_before=noon("2026-05-20").replace(minute=5))
    fetched = source.fetch(known, noon("2026-05-20"))
    assert fetched.not_before == known.not_before
    assert not web.seen


def test_a_paper_in_several_categories_is_one_announcement(web, client, noon):
    web.on("/rss/cs.CL", rss(WEDNESDAY, ("2605.00001", "cross", "cs.LG"), ("2605.00002", "replace-cross", "cs.LG")))
    web.on("/rss/cs.LG", rss(WEDNESDAY, ("2605.00001", "new", "cs.LG"), ("2605.00002", "replace", "cs.LG")))
    source = ArxivSource("arxiv", ["cs.CL", "cs.LG"], client, rss_url=f"{web.url}/rss")
    fetched = source.fetch(SourceState("arxiv"), noon("2026-05-20"))
    assert ids(fetched) == {"2605.00001": Kind.NEW, "2605.00002": Kind.REVISION}
    assert fetched.announcements[0].listing.categories == ("cs.LG", "cs.CL")


# --- decisions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("covered", "day", "since", "days"),
    [
        (None, 20, None, []),
        (19, 20, None, []),
        (18, 20, None, [19]),
        (15, 18, None, []),
        (14, 19, None, [15, 18]),
        (20, 20, None, []),
        (None, 20, 18, [18, 19]),
        (18, 20, 13, [13, 14, 15, 18, 19]),
        (13, 20, 19, [14, 15, 18, 19]),  # asking for less than is missing does not lose the rest
    ],
)
def test_the_days_missed_are_the_working_days_between(covered, day, since, days):
    may = lambda n: n and date(2026, 5, n)  # noqa: E731
    assert [found.day for found in missed(may(covered), may(day), may(since))] == days


def test_no_more_than_a_month_is_filled_unasked():
    days = missed(date(2025, 1, 1), date(2026, 5, 20))
    assert (days[0], len(days)) == (date(2026, 4, 20), 22)
    assert missed(date(2026, 5, 19), date(2026, 5, 20), date(2026, 1, 5))[0] == date(2026, 1, 5)


def test_a_paper_held_back_is_known_by_its_number():
    def paper(number, published):
        return Listing(
            f"{number}", arxiv_id=f"2605.{number:05}", published=datetime.fromisoformat(published).replace(tzinfo=UTC)
        )

    on_monday = [paper(n, "2026-05-15T12:00") for n in range(100, 120)]  # announced on the 18th
    held = paper(150, "2026-05-15T13:00")  # submitted with them, numbered a day later
    on_tuesday = [paper(n, "2026-05-18T12:00") for n in range(151, 170)]
    found = of_days([*on_monday, held, *on_tuesday], [date(2026, 5, 19)])
    assert held in found
    assert set(on_tuesday) <= set(found)
    assert len(found) <= len(on_tuesday) + 1 + 3
    assert announced(held.published) == date(2026, 5, 18)


def test_the_stronger_kind_keeps_its_day_and_the_newer_text_is_kept():
    new = Announcement(
        Listing("Old words", arxiv_id="1", version=1, categories=("cs.CL",)), "arxiv", Kind.NEW, date(2026, 5, 18)
    )
    revised = Announcement(
        Listing("New words", arxiv_id="1", version=2, categories=("cs.CL", "cs.LG")),
        "arxiv",
        Kind.REVISION,
        date(2026, 5, 20),
    )
    for one, other in ((new, revised), (revised, new)):
        both = united(one, other)
        assert (both.kind, both.day, both.listing.title, both.listing.version) == (
            Kind.NEW,
            date(2026, 5, 18),
            "New words",
            2,
        )


def test_a_whole_archive_is_searched_with_its_classes():
    start, end = datetime(2026, 5, 14, 18, tzinfo=UTC), datetime(2026, 5, 15, 18, tzinfo=UTC)
    assert (
        submitted_between("hep-th", start, end)
        == "(cat:hep-th OR cat:hep-th.*) AND submittedDate:[202605141800 TO 202605151759]"
    )


def test_every_recorded_answer_of_the_api_is_read(shared):
    import gzip
    import json

    folder = shared / "data" / "arxiv_api"
    for recorded in json.loads((folder / "index.json").read_text()):
        path = folder / recorded["file"]
        body = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        if recorded["status"] == 200:
            page = read_page(body)
            assert (len(page.listings), page.problems) == (recorded["entries"], ())
            assert all(listing.authors and listing.published and listing.categories for listing in page.listings)
        else:
            with pytest.raises(UnreadableError, match="incorrect id format"):
                read_page(body)


def test_what_all_categories_suffer_from_is_said_once(web, client, reply, noon):
    web.on("/rss", reply(b"", 404))
    source = ArxivSource("arxiv", ["cs.CL", "cs.CV"], client, rss_url=f"{web.url}/rss")
    (problem,) = source.fetch(SourceState("arxiv"), noon("2026-05-20")).problems
    assert problem.what.startswith("cs.CL, cs.CV: ")
