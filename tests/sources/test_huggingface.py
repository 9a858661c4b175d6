"""The community's lists are read whole, again while their upvotes grow, and an error is never an empty list."""

import gzip
import json
from datetime import date

import pytest

from digest.model import Kind, SourceState, Validators
from digest.sources.huggingface import HuggingFaceSource, wanted


def paper(n, **more):
    inner = {
        "id": f"2605.{n:05}", "title": f"Paper\n  {n}", "summary": "We  do.", "publishedAt": "2026-05-17T00:00:00.000Z", "upvotes": n,
        "authors": [{"name": "Ann Bee", "hidden": True}, {"name": "Cé Dee", "hidden": False}],
    }  # fmt: skip
    return {"paper": inner | more, "title": f"Paper {n}", "publishedAt": "2026-05-16T20:00:00.000Z", "numComments": 3}


@pytest.fixture
def source(web, client):
    return HuggingFaceSource("hf", client, url=f"{web.url}/api/daily_papers")


def lists(web, **days):
    """`days`: may_18=[items]; other days are empty."""
    by_day = {f"2026-05-{name[4:]}": items for name, items in days.items()}

    def answer(seen):
        start = int(seen.params["p"]) * int(seen.params["limit"])
        return json.dumps(by_day.get(seen.params["date"], [])[start : start + int(seen.params["limit"])])

    web.on("/api/daily_papers", answer)


def test_the_last_days_are_read_with_all_that_the_community_says(source, web, noon):
    lists(
        web,
        may_18=[
            paper(
                7,
                githubRepo="https://github.com/a/b",
                projectPage="javascript:alert(1)",
                ai_summary="Short.",
                ai_keywords=["x", 5],
            )
        ],
    )
    fetched = source.fetch(SourceState("hf"), noon("2026-05-18"))
    (said,) = fetched.announcements
    listing = said.listing
    assert (said.kind, said.day) == (Kind.TRENDING, date(2026, 5, 18))
    assert (listing.title, listing.abstract, listing.raw_title) == ("Paper 7", "We do.", "Paper\n  7")
    assert listing.authors == ("Ann Bee", "Cé Dee")  # hidden is the profile, not the author
    assert (listing.arxiv_id, listing.upvotes, listing.comments) == ("2605.00007", 7, 3)
    assert listing.published is not None
    assert listing.published.day == 17  # the paper's, not the list's
    assert (listing.code_url, listing.project_url) == ("https://github.com/a/b", None)
    assert (listing.summary, listing.keywords) == ("Short.", ("x",))
    assert listing.discussion_url == "https://huggingface.co/papers/2605.00007"
    assert [seen.params["date"] for seen in web.seen] == ["2026-05-15", "2026-05-16", "2026-05-17", "2026-05-18"]
    assert fetched.covered == {"": date(2026, 5, 18)}


def test_a_day_with_more_papers_than_a_page_is_read_whole(source, web, noon):
    lists(web, may_18=[paper(n) for n in range(1, 231)])
    fetched = source.fetch(SourceState("hf"), noon("2026-05-18"))
    assert len(fetched.announcements) == 230


@pytest.mark.parametrize(
    ("covered", "since", "first", "count"),
    [(None, None, 15, 4), (18, None, 15, 4), (10, None, 10, 9), (None, 12, 12, 7), (18, 17, 15, 4)],
)
def test_the_days_asked_for_reach_back_to_the_last_complete_one(covered, since, first, count):
    days = wanted(covered and date(2026, 5, covered), date(2026, 5, 18), since and date(2026, 5, since))
    assert (days[0].day, len(days), days[-1].day) == (first, count, 18)


def test_no_more_than_a_month_is_read_unasked():
    assert len(wanted(date(2020, 1, 1), date(2026, 5, 18))) == 31


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b'[{"paper": {"id": "26', "cut off"),
        (b'{"error": "Invalid date"}', "it says: Invalid date"),
        (b"{}", "not a list"),
        (b"null", "not a list"),
        (b"[" * 100_000, "cut off"),
        (bytes(range(128, 256)) * 10, "not JSON"),
    ],
)
def test_what_is_no_list_is_a_problem_and_not_an_empty_day(source, web, noon, body, said):
    web.on("/api/daily_papers", lambda seen: body if seen.params["date"] == "2026-05-17" else b"[]")
    fetched = source.fetch(SourceState("hf"), noon("2026-05-18"))
    (problem,) = fetched.problems
    assert problem.what.startswith("the list of 17 May is missing")
    assert said in problem.what
    assert problem.incomplete
    assert fetched.covered == {"": date(2026, 5, 16)}  # complete up to the day before
    assert len(web.seen) == 4  # the other days are read


def test_a_server_that_is_down_is_not_asked_for_every_day(source, web, reply, noon):
    web.on("/", reply(drop=True))
    fetched = source.fetch(SourceState("hf"), noon("2026-05-18"))
    assert len(fetched.problems) == 1
    assert fetched.covered == {}
    assert len(web.seen) == 3  # one day, with its retries


def test_a_bad_item_never_stops_the_others(source, web, noon):
    bad = ["text", None, {"paper": None}, {"paper": {"id": "x"}}, {"paper": {"title": "no id"}}]
    lists(web, may_18=[paper(1), *bad, paper(2, upvotes="many", authors="x", ai_keywords=None, publishedAt="soon")])
    fetched = source.fetch(SourceState("hf"), noon("2026-05-18"))
    assert [said.listing.arxiv_id for said in fetched.announcements] == ["2605.00001", "2605.00002"]
    assert fetched.announcements[1].listing.upvotes is None
    assert fetched.problems[0].what.startswith("5 of 7 papers of 18 May could not be read")
    assert fetched.covered == {"": date(2026, 5, 18)}


def test_text_that_no_database_can_hold_is_mended(source, web, noon):
    lists(web, may_18=[paper(1, title="A\0 b \ud800 c", summary="\x07")])
    listing = source.fetch(SourceState("hf"), noon("2026-05-18")).announcements[0].listing
    assert "\0" not in listing.raw_title
    listing.raw_title.encode()


def test_not_modified_is_as_good_as_read(source, web, reply, noon):
    body = json.dumps([paper(1)]).encode()
    web.on(
        "/",
        lambda seen: reply(status=304) if "if-none-match" in seen.headers else reply(body, headers={"ETag": 'W/"1"'}),
    )
    first = source.fetch(SourceState("hf"), noon("2026-05-18"))
    assert set(first.validators.values()) == {Validators('W/"1"')}
    again = source.fetch(SourceState("hf", covered=first.covered, validators=first.validators), noon("2026-05-18"))
    assert (again.announcements, again.problems, again.covered) == ((), (), first.covered)
    asked = source.fetch(SourceState("hf", validators=first.validators), noon("2026-05-18"), date(2026, 5, 18))
    assert len(asked.announcements) == 4  # asked for by a person: read again


def test_every_schema_since_2024_is_read(shared, web, source, noon):
    found = {}
    for path in sorted((shared / "data" / "hf_raw").glob("*.json.gz")):
        body = gzip.decompress(path.read_bytes())
        day = path.name[:10]
        web.on("/", lambda seen, body=body, day=day: body if seen.params["date"] == day else b"[]")
        fetched = source.fetch(SourceState("hf"), noon(day))
        found[day] = len(fetched.announcements)
        if day == "2024-12-11":
            assert "26 of 26 papers of 11 December could not be read" in fetched.problems[0].what
            continue
        assert not fetched.problems
        assert found[day] == len(json.loads(body))
        for said in fetched.announcements:
            assert said.listing.arxiv_id
            assert said.listing.authors
            assert said.listing.abstract
            assert said.listing.upvotes is not None
            assert said.listing.thumbnail_url
    assert sum(found.values()) == 13 + 28 + 1 + 26 + 50 + 50 + 23 + 15 + 17
