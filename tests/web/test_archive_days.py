"""The archive day by day: what was announced, in which order, what was missing."""

from datetime import date, timedelta

import httpx
import pytest

from digest import sample
from digest.model import Announcement, Fetched, Kind, Listing, Pin
from digest.store.shelf import Entry
from digest.web.archive import choosing, telling
from digest.web.archive.calendar import day_of, month, month_of
from digest.web.archive.choosing import Choice, Order
from digest.web.archive.telling import OfSource

from .conftest import NOW

DAY = sample.DAYS[1]
EARLIER = sample.DAYS[0]


def announce(site, *listings, day=DAY, kind=Kind.NEW, source="Sample arXiv"):
    said = tuple(Announcement(listing, source, kind, day) for listing in listings)
    site.store.announce(source, Fetched(said), NOW, NOW + timedelta(hours=1))


def titles(page: httpx.Response) -> list[str]:
    return [line.split(">")[2].split("<")[0] for line in page.text.splitlines() if line.startswith('<h3 class="title"')]


# --- pages --------------------------------------------------------------------------------------------------------


def test_the_newest_day_is_shown_and_says_where_it_is_for_good(site):
    page = site.get("/papers")
    assert page.status_code == 200
    assert "<h1>Thursday, 18 June 2026</h1>" in page.text
    assert f'<link rel="canonical" href="https://papers.example.org/papers/{DAY}">' in page.text
    assert titles(page) == titles(site.get(f"/papers/{DAY}"))


def test_where_mails_link_to_leads_to_the_newest_day(site):
    answer = site.get("/archive")
    assert (answer.status_code, answer.headers["location"]) == (301, "/papers")


def test_what_is_talked_about_most_comes_first_unless_the_newest_is_wanted(site):
    announce(site, Listing("The quiet one of the two", url="https://example.org/1"))
    announce(site, Listing("The loud one of the two", url="https://example.org/2", upvotes=9_999))
    announce(site, Listing("The last one of all", url="https://example.org/3"))
    assert titles(site.get(f"/papers/{DAY}"))[0] == "The loud one of the two"
    assert titles(site.get(f"/papers/{DAY}?order=newest"))[0] == "The last one of all"


def test_a_paper_that_two_sources_announced_is_shown_once(site):
    paper = Listing("Told of by two, and one paper all the same", ("x"), ("Ann Lee",), doi="10.1/twice")
    announce(site, paper)
    announce(site, paper, source="Sample Lab", kind=Kind.TRENDING)
    assert titles(site.get(f"/papers/{DAY}")).count(paper.title) == 1


def test_only_one_category_or_source_is_shown_where_that_is_wanted(site):
    announce(site, Listing("Numbers and their friends", url="https://example.org/4", categories=("math.NT",)))
    assert titles(site.get(f"/papers/{DAY}?category=math.NT")) == ["Numbers and their friends"]
    assert titles(site.get(f"/papers/{DAY}?category=math")) == ["Numbers and their friends"]
    assert titles(site.get(f"/papers/{DAY}?source=nobody")) == []
    assert "No paper of this day is in nobody" in site.get(f"/papers/{DAY}?source=nobody").text


def test_new_versions_of_older_papers_are_apart(site):
    page, versions = site.get(f"/papers/{DAY}"), site.get(f"/papers/{DAY}?versions=yes")
    assert titles(versions)
    assert not set(titles(page)) & set(titles(versions))


def test_a_long_day_has_pages(site):
    announce(
        site, *(Listing(f"Paper number {n:03} of a long day", url=f"https://example.org/n{n}") for n in range(120))
    )
    first, last = (site.get(f"/papers/{DAY}?order=newest&page={n}") for n in (1, 3))
    assert len(titles(first)) == choosing.AT_ONCE
    assert 'rel="next"' in first.text
    assert len(titles(last)) == 120 + 5 - 2 * choosing.AT_ONCE
    assert titles(site.get(f"/papers/{DAY}?order=newest&page=99")) == titles(last)


def test_the_days_before_and_after_are_linked_however_far_away(site):
    announce(site, Listing("Long ago", url="https://example.org/5"), day=date(2025, 2, 28))
    assert 'href="/papers/2026-06-17" rel="prev"' in site.get(f"/papers/{DAY}").text
    page = site.get("/papers/2025-02-28").text
    assert f'href="/papers/{DAY - timedelta(days=3)}" rel="next"' in page
    assert 'rel="prev">' not in page


def test_what_curators_picked_is_on_top_with_their_words(site):
    number = site.store.paper_numbers(0, 1)[0]
    site.store.pin(Pin(DAY, number, "Mira", "Read **this** <script>alert(1)</script>", "mira@example.org", NOW))
    page = site.get(f"/papers/{DAY}").text
    assert "Picked for this day" in page
    assert "Read <strong>this</strong>" in page
    assert "<script>alert" not in page
    assert "mira@example.org" not in page


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/papers/2026-06-19", 404, "This day has not come yet."),
        ("/papers/2019-01-01", 404, "The archive begins on 15 June 2026"),
        ("/papers/2026-06-31", 404, "There is no such day"),
        ("/papers/yesterday", 404, "There is no such day"),
        ("/papers/0000-00-00", 404, "There is no such day"),
        ("/papers/9999-12-31", 404, "There is no such day"),
        ("/papers/1000-01-01", 404, "The archive begins on"),
        ("/papers/2026-06", 200, "June 2026"),
        ("/papers/2031-01", 404, "No papers are held of this month"),
        ("/papers/2026-13", 404, "There is no such day"),
    ],
)
def test_a_day_without_papers_says_why(site, path, status, said):
    page = site.get(path)
    assert page.status_code == status
    assert said in page.text


def test_a_day_in_between_without_papers_is_no_error(site):
    announce(site, Listing("Long ago", url="https://example.org/5"), day=date(2026, 6, 1))
    page = site.get("/papers/2026-06-07")
    assert page.status_code == 200
    assert "No papers were announced on this day." in page.text


def test_an_archive_with_nothing_in_it_says_what_it_waits_for(make_site):
    site = make_site(more="")
    with site.store._database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM announcements")
    page = site.get("/papers")
    assert page.status_code == 200
    assert "Nothing has been read so far" in page.text


def test_under_a_prefix_all_links_have_it(make_site):
    site = make_site(url="https://example.org/digest")
    page = site.get("/digest/papers").text
    assert 'href="/digest/paper/' in page
    assert 'href="/paper/' not in page
    assert '<link rel="canonical" href="https://example.org/digest/papers/2026-06-18">' in page


# --- keeping ------------------------------------------------------------------------------------------------------


def test_a_page_is_sent_again_only_when_something_changed(site):
    tag = site.get("/papers").headers["etag"]
    again = site.get("/papers", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    announce(site, Listing("Something new under the sun", url="https://example.org/6"))
    changed = site.get("/papers", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert "Something new under the sun" in changed.text


def test_a_page_that_is_kept_shows_what_was_recommended_and_picked_since(site):
    ann, number = site.subscribe(), site.store.paper_numbers(0, 1)[0]
    site.get(f"/paper/{number}")
    site.store.vote(ann.id, number, NOW, on=True)
    assert "recommended by 1 reader" in site.get(f"/paper/{number}").text


# --- choosing -----------------------------------------------------------------------------------------------------


def entry(listing, seq, kind=Kind.NEW, source="arxiv", upvotes=0):
    return Entry(listing, seq, source, kind, DAY, upvotes, ())


def test_papers_are_gathered_by_their_strongest_news():
    papers = choosing.shelved([entry(1, 1, Kind.TRENDING, "hf"), entry(2, 2, Kind.REVISION), entry(1, 3)])
    assert [(p.first.listing, p.first.seq, p.sources, p.is_version) for p in papers] == [
        (1, 3, ("hf", "arxiv"), False),
        (2, 2, ("arxiv",), True),
    ]


def test_votes_of_readers_count_beside_upvotes():
    papers = choosing.shelved([entry(1, 1, upvotes=4), entry(2, 2, upvotes=3), entry(3, 3)])
    order = [p.first.listing for p in choosing.chosen(papers, Choice(), {2: 2, 3: 1})]
    assert order == [2, 1, 3]


@pytest.mark.parametrize(
    ("category", "wanted", "is_meant"),
    [("cs.CL", "cs.CL", True), ("cs.CL", "cs", True), ("cs.CL", "CS.*", True), ("cs.CL", "c", False), ("math", "math.AG", False)],
)  # fmt: skip
def test_a_category_is_in_its_archive(category, wanted, is_meant):
    assert choosing.is_in(category, wanted) is is_meant


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        ({}, Choice()),
        ({"order": "newest", "page": "3"}, Choice(order=Order.NEWEST, page=3)),
        ({"order": "'; DROP", "page": "-1", "versions": "1"}, Choice()),
        ({"page": "٣"}, Choice()),
        ({"page": "9" * 50}, Choice()),
        ({"category": "x" * 1_000}, Choice(category="x" * 60)),
    ],
)
def test_an_address_that_means_nothing_asks_for_nothing(asked, read):
    assert choosing.choice(asked) == read


def test_an_address_says_only_what_is_not_usual():
    assert Choice().query() == ""
    assert Choice(page=2).query(order="newest") == "?order=newest&page=2"
    assert Choice(page=2, category="cs.CL").query(page=1) == "?category=cs.CL"


# --- calendar -----------------------------------------------------------------------------------------------------


def test_a_month_begins_on_monday_and_knows_its_neighbours():
    june = month(DAY, {DAY: 5}, date(2026, 5, 1), DAY)
    assert [cell.day.day if cell else None for cell in june.weeks[0]] == [1, 2, 3, 4, 5, 6, 7]
    assert [cell.papers for week in june.weeks for cell in week if cell and cell.papers] == [5]
    assert (june.before, june.after) == (date(2026, 5, 1), None)


@pytest.mark.parametrize("text", ["", "2026-6-1", "20260618", "2026-W25-4", "2026-02-30", "0001-01-01", "9999-12-31"])
def test_what_is_no_day_is_none(text):
    assert day_of(text) is None
    assert month_of(text) is None


# --- words --------------------------------------------------------------------------------------------------------

ARXIV = {"title": "arXiv", "papers": 0, "announces": True, "complete": True, "begins": date(2026, 1, 1)}


@pytest.mark.parametrize(
    ("changed", "today", "said"),
    [
        ({"papers": 9}, DAY, []),
        ({"announces": False}, DAY, ["arXiv announces nothing on this day."]),
        ({}, DAY, ["The papers of arXiv are not here yet."]),
        ({"complete": False}, DAY + timedelta(days=3), ["arXiv could not be read on this day: its papers are missing here."]),
        ({}, DAY + timedelta(days=3), ["arXiv was read, and had nothing for this day."]),
        ({"papers": 9, "complete": False}, DAY, ["arXiv was not read to its end: papers of this day are missing here."]),
        ({"announces": None}, DAY, []),
        ({"begins": None}, DAY, []),
        ({"begins": DAY + timedelta(days=1)}, DAY, []),
    ],
)  # fmt: skip
def test_what_was_missing_is_said(changed, today, said):
    assert telling.remarks(DAY, today, [OfSource(**(ARXIV | changed))]) == said


def test_what_was_picked_for_a_day_without_news_is_shown_all_the_same(site):
    announce(site, Listing("Long ago", url="https://example.org/5"), day=date(2026, 6, 1))
    number = site.store.paper_numbers(0, 1)[0]
    site.store.pin(Pin(date(2026, 6, 7), number, "Mira", "For a Sunday.", "mira@example.org", NOW))
    site.store.pin(Pin(date(2026, 6, 19), number, "Mira", "For tomorrow.", "mira@example.org", NOW))
    assert "For a Sunday." in site.get("/papers/2026-06-07").text
    assert "For tomorrow." not in site.get("/papers/2026-06-19").text


def test_no_host_that_somebody_writes_puts_another_page_in_the_place_of_this_one(site):
    papers = site.get("/papers").text
    forged = site.get(f"/papers/{EARLIER}", headers={"Host": "x/papers?#"})
    assert forged.text != papers
    assert site.get("/papers").text == papers
