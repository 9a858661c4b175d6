"""bioRxiv and medRxiv: every page, one announcement a paper, and an empty body is no empty day."""

import json
from datetime import date

import pytest

from digest.model import Kind, SourceState
from digest.sources.biorxiv import BiorxivSource, forename_first, wanted


def posting(n, version="1", day="2026-05-18", **more):
    return {
        "doi": f"10.64898/2026.05.17.{n:06}", "title": f"Posting {n}", "authors": "Smith, C.; Nelson, M. J.; The Consortium",
        "date": day, "version": version, "category": "Neuroscience", "abstract": "BackgroundMice. O_LIOneC_LI", "server": "bioRxiv",
    } | more  # fmt: skip


def answer(rows, total=None, **more):
    total = len(rows) if total is None else total
    return json.dumps(
        {"messages": [{"status": "ok", "cursor": 0, "count": len(rows), "total": total} | more], "collection": rows}
    )


NONE = json.dumps({"messages": [{"status": "no posts found"}], "collection": []})


@pytest.fixture
def source(web, client):
    return BiorxivSource("bio", client, url=f"{web.url}/details", category="cell biology")


def test_a_posting_becomes_a_listing(source, web, noon):
    web.on("/details", answer([posting(1), posting(2, version="3", doi="10.1101/2025.01.01.123456")], "2"))
    fetched = source.fetch(SourceState("bio"), noon("2026-05-18"))
    first, second = fetched.announcements
    assert (first.kind, second.kind, first.day) == (Kind.NEW, Kind.REVISION, date(2026, 5, 18))
    assert first.listing.authors == ("C. Smith", "M. J. Nelson", "The Consortium")
    assert first.listing.doi == "10.64898/2026.05.17.000001"
    assert second.listing.doi == "10.1101/2025.01.01.123456"
    assert first.listing.url == "https://www.biorxiv.org/content/10.64898/2026.05.17.000001v1"
    assert first.listing.categories == ("neuroscience",)
    assert "O_LI" not in first.listing.abstract
    assert "O_LI" in first.listing.raw_abstract
    assert web.seen[0].path == "/details/biorxiv/2026-05-16/2026-05-18/0/json"
    assert web.seen[0].params == {"category": "cell_biology"}
    assert fetched.covered == {"": date(2026, 5, 18)}


def test_paging_advances_by_what_was_received(source, web, noon):
    rows = [posting(n) for n in range(70)]

    def page(seen):
        start = int(seen.path.split("/")[5])
        return answer(rows[start : start + 30], "70")

    web.on("/details", page)
    fetched = source.fetch(SourceState("bio"), noon("2026-05-18"))
    assert len(fetched.announcements) == 70
    assert [seen.path.split("/")[5] for seen in web.seen] == ["0", "30", "60"]


def test_no_posts_found_is_known_to_be_empty(source, web, noon):
    web.on("/details", NONE)
    fetched = source.fetch(SourceState("bio"), noon("2026-05-18"))
    assert (fetched.announcements, fetched.problems, fetched.covered) == ((), (), {"": date(2026, 5, 18)})


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "empty"),
        ("<html></html>", "web page"),
        ("{}", "not an answer"),
        ('{"messages": [], "collection": []}', "not an answer"),
        ("[]", "not an answer"),
        (
            '{"messages": [{"status": "Error: server overloaded"}], "collection": []}',
            "it says: Error: server overloaded",
        ),
        ('{"messages": [{"status": "ok"}], "collection": []}', "how many"),
        ('{"messages": [{"status": "ok", "total": 3}]}', "it says"),
        (answer([posting(1)])[:200], "cut off"),
    ],
)
def test_what_is_no_answer_is_a_problem_and_not_an_empty_day(source, web, noon, body, said):
    web.on("/details", body)
    fetched = source.fetch(SourceState("bio"), noon("2026-05-18"))
    assert said in fetched.problems[0].what
    assert fetched.problems[0].incomplete
    assert fetched.covered == {}


@pytest.mark.parametrize("second", [NONE, answer([], 60), answer([posting(n) for n in range(30)], 60), ""])
def test_pages_that_end_too_early_leave_the_day_open_and_keep_what_was_read(source, web, noon, second):
    web.on(
        "/details",
        lambda seen: answer([posting(n) for n in range(30)], 60) if seen.path.split("/")[5] == "0" else second,
    )
    fetched = source.fetch(SourceState("bio"), noon("2026-05-18"))
    assert len(fetched.announcements) == 30
    assert fetched.problems[0].incomplete
    assert fetched.covered == {}
    assert len(web.seen) < 6


def test_versions_of_one_paper_are_one_announcement_of_the_highest(source, web, noon):
    web.on(
        "/details",
        answer(
            [
                posting(1, version="2", title="Better words"),
                posting(1, day="2026-05-17"),
                posting(2, version="3"),
                posting(2, version="2"),
            ]
        ),
    )
    fetched = source.fetch(SourceState("bio"), noon("2026-05-18"))
    found = {said.listing.doi[-1]: (said.kind, said.listing.version, said.day.day) for said in fetched.announcements}
    assert found == {"1": (Kind.NEW, 2, 17), "2": (Kind.REVISION, 3, 18)}
    assert {said.listing.title for said in fetched.announcements} == {"Better words", "Posting 2"}


def test_a_bad_posting_never_stops_the_others(source, web, noon):
    web.on(
        "/details",
        answer(
            [
                posting(1),
                None,
                posting(2, doi="x"),
                posting(3, date="soon"),
                posting(4, title=None),
                posting(5, authors=None, category=None, abstract=7),
            ]
        ),
    )
    fetched = source.fetch(SourceState("bio"), noon("2026-05-18"))
    assert len(fetched.announcements) == 2
    assert "4 of 6 postings could not be read" in fetched.problems[0].what
    assert fetched.covered


@pytest.mark.parametrize(
    ("covered", "since", "first"),
    [(None, None, 16), (18, None, 17), (17, None, 17), (10, None, 10), (None, 1, 1), (10, 15, 10)],
)
def test_days_are_read_from_the_last_complete_one_and_the_last_two_again(covered, since, first):
    span = wanted(covered and date(2026, 5, covered), date(2026, 5, 18), since and date(2026, 5, since))
    assert span == (date(2026, 5, first), date(2026, 5, 18))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Smith, C.", "C. Smith"),
        ("van der Berg, M. J.", "M. J. van der Berg"),
        ("King, M. L., Jr.", "M. L. King Jr."),
        ("The Consortium", "The Consortium"),
        ("Smith,", "Smith"),
        (",", ""),
    ],
)
def test_names_are_turned_to_the_order_they_are_spoken_in(written, read):
    assert forename_first(written) == read


def test_the_real_answers_are_read(shared, web, client, noon):
    for path in (shared / "data" / "biorxiv").glob("*_details_*.json"):
        stored = json.loads(path.read_text())
        stored["messages"][0]["total"] = len(stored["collection"])  # the file was cut to three
        web.on("/details", json.dumps(stored))
        server = path.name.split("_")[0]
        fetched = BiorxivSource(server, client, server=server, url=f"{web.url}/details").fetch(
            SourceState(server), noon("2026-09-15")
        )
        assert len(fetched.announcements) == 3
        assert not fetched.problems
        assert all(server in said.listing.url and said.listing.authors for said in fetched.announcements)
