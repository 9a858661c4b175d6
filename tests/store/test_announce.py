"""What sources bring becomes listings and news: each paper once, each piece of news once, nothing lost."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from digest.model import Kind, Listing, Problem, SourceState, Validators
from digest.store.identity import Shelf, fault, stored_keys

from .making import DAY, HOUR, NOW, announce, announce_papers, paper, papers, said, subscribe


def test_news_gets_rising_numbers_in_the_order_it_came(store):
    announce_papers(store, 3)
    announce_papers(store, 2, first=10)
    assert [news.seq for news in store.window(0)] == [1, 2, 3, 4, 5]
    assert [news.listing.arxiv_id for news in store.window(3)] == ["2605.00010", "2605.00011"]
    assert store.head() == 5


def test_a_listing_comes_back_with_every_field(store):
    full = paper(
        1,
        doi="10.1101/2026.01.01.123456",
        guid="feed|1",
        categories=("cs.CL", "stat.ML"),
        keywords=("søk", "検索"),
        comment="12 pages",
        summary="Short.",
        pdf_url="https://example.org/1.pdf",
        code_url="https://example.org/code",
        project_url="https://example.org/project",
        discussion_url="https://example.org/talk",
        thumbnail_url="https://example.org/1.png",
        published=datetime(2026, 5, 17, 17, 59, 59, 123456, tzinfo=NOW.tzinfo),
        updated=NOW,
        upvotes=7,
        comments=0,
        raw_abstract="<p>raw</p>",
        raw_authors=("Author, A.",),
    )
    announce(store, said(full))
    assert store.listing(1) == replace(full, id=1)
    assert papers(store) == [replace(full, id=1, raw_title="", raw_abstract="", raw_authors=())]


def test_the_same_news_is_told_once(store):
    first, again = announce_papers(store, 3), announce_papers(store, 3, now=NOW + HOUR)
    assert (first.announced, first.new) == (3, 3)
    assert (again.announced, again.new, again.revised) == (3, 0, 0)
    assert store.head() == 3


def test_another_kind_and_another_source_are_other_news_of_the_same_paper(store):
    announce(store, said(paper(1)))
    announce(store, said(paper(1), Kind.CROSS))
    announce(store, said(paper(1), Kind.TRENDING, source="hf"), source="hf")
    assert [(news.kind, news.source, news.listing.id) for news in store.window(0)] == [
        (Kind.NEW, "arxiv", 1),
        (Kind.CROSS, "arxiv", 1),
        (Kind.TRENDING, "hf", 1),
    ]


def test_each_version_is_a_revision_once(store):
    announce(store, said(paper(1)))
    for version in (2, 2, 3):
        pulled = announce(store, said(paper(1, version=version, abstract=f"Version {version}."), Kind.REVISION))
    assert pulled.revised == 1
    assert [news.kind for news in store.window(0)] == [Kind.NEW, Kind.REVISION, Kind.REVISION]
    assert {listing.abstract for listing in papers(store)} == {"Version 3."}


def test_a_number_for_the_first_version_is_no_revision(store):
    announce(store, said(paper(1, version=None)))
    assert announce(store, said(paper(1, version=1))).revised == 0


def test_a_paper_known_by_another_name_is_the_same_paper(store):
    announce(store, said(paper(1, arxiv_id=None, doi="10.1/x", upvotes=3)))
    pulled = announce(store, said(paper(1, upvotes=None)), source="feed")
    assert pulled.new == 0
    assert papers(store)[-1].doi == "10.1/x"
    assert papers(store)[-1].arxiv_id == "2605.00001"


def test_two_stored_papers_found_to_be_one_are_spoken_of_as_the_older(store):
    announce(store, said(paper(1, title="A title of its own, long enough", doi=None)), said(paper(2)))
    announce(store, said(Listing("Another title, also long enough", doi="10.1/x", upvotes=9)), source="hf")
    both = Listing("A title of its own, long enough", arxiv_id="2605.00001", doi="10.1/x", authors=("Ann Author1",))
    announce(store, said(both, Kind.CROSS))
    assert [listing.id for listing in papers(store)] == [1, 2, 1, 1]
    assert papers(store)[0].upvotes == 9
    assert store.listing(3) == store.listing(1)
    assert store.find("3") == [store.listing(1)]


def test_news_told_of_one_of_two_papers_is_not_told_again_when_they_are_one(store):
    announce(store, said(paper(1)), said(paper(2, doi="10.1/x"), source="hf"))
    announce(store, said(paper(1, doi="10.1/x"), Kind.CROSS))
    head = store.head()
    announce(store, said(paper(2, doi="10.1/x"), source="hf"), said(paper(1)))
    assert store.head() == head


def test_one_batch_may_name_one_paper_often_and_under_several_names(store):
    a, b = paper(1, arxiv_id="2605.1"), Listing("Quite another title altogether", doi="10.1/b")
    both = Listing("", arxiv_id="2605.1", doi="10.1/b")
    pulled = announce(store, said(a), said(b), said(both), said(a))
    assert (pulled.announced, pulled.new) == (1, 1)
    assert len(papers(store)) == 1
    announce(store, said(b), said(both))
    assert len(papers(store)) == 1


def test_a_backlog_is_known_but_no_news(store):
    announce(store, backlog=(paper(1),))
    assert papers(store) == []
    assert store.listing(1).arxiv_id == "2605.00001"
    announce(store, said(paper(1)))
    assert len(papers(store)) == 1


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"title": "half a character \ud800 in a title"}, "half characters"),
        ({"abstract": "a \0 byte"}, "NUL"),
        ({"authors": ("A\0",)}, "NUL"),
        ({"raw_abstract": "x" * 1_000_001}, "longer than a million"),
        ({"published": datetime(2026, 5, 18)}, "no time zone"),  # noqa: DTZ001
        ({"upvotes": 10**30}, "absurdly large"),
    ],
)
def test_a_listing_that_no_database_can_hold_does_not_cost_the_others(store, fields, why):
    pulled = announce(store, said(paper(1)), said(paper(2, **fields)), said(paper(3)))
    assert (pulled.announced, pulled.new) == (2, 2)
    assert [listing.arxiv_id for listing in papers(store)] == ["2605.00001", "2605.00003"]
    (problem,) = pulled.problems
    assert "1 listing could not be kept" in problem.what
    assert why in problem.what
    assert store.source_state("arxiv").problems == (problem,)


@given(st.builds(Listing, title=st.text(st.characters(exclude_categories=())), guid=st.none() | st.text(min_size=300)))
def test_whatever_passes_as_a_listing_has_keys_that_can_be_indexed(listing):
    if fault(listing) is None:
        assert all(0 < len(key) <= 200 for key in stored_keys(listing))


@given(st.lists(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3, unique=True), min_size=1))
def test_papers_that_share_a_name_end_as_one_whatever_order_they_come_in(names):
    shelf = Shelf({}, {}, 0)
    placed = [shelf.place(Listing(f"{number}"), keys) for number, keys in enumerate(names)]
    ends = [shelf.speaks_for(number) for number in placed]
    owner = dict(shelf.keys_added())
    for keys, end in zip(names, ends, strict=True):
        assert {owner[key] for key in keys} == {end}
    assert {listing.id for listing in shelf.new()} == set(ends)


def test_a_guid_as_long_as_a_page_is_still_a_name(store):
    announce(store, said(Listing("Weekly links", guid="x" * 5_000)))
    assert announce(store, said(Listing("Weekly links", guid="x" * 5_000))).new == 0


def test_what_a_pull_learned_about_its_source_is_kept(store):
    assert store.source_state("arxiv") == SourceState("arxiv")
    trouble = Problem("cs.LG timed out \ud800")
    announce(
        store,
        covered={"cs.CL": DAY},
        validators={"https://a": Validators(etag='"1"'), "https://b": Validators(last_modified="Mon")},
        problems=(trouble,),
        not_before=NOW + HOUR,
    )
    state = store.source_state("arxiv")
    assert state.problems == (trouble,)
    assert (state.last_attempt, state.last_success, state.next_pull) == (NOW, None, NOW + HOUR)
    assert state.not_before == NOW + HOUR
    announce(
        store, covered={"cs.CL": DAY - timedelta(days=1), "cs.LG": DAY}, validators={"https://a": Validators('"2"')}
    )
    state = store.source_state("arxiv")
    assert state.covered == {"cs.CL": DAY, "cs.LG": DAY}
    assert state.validators == {"https://a": Validators('"2"'), "https://b": Validators(last_modified="Mon")}
    assert (state.problems, state.last_success) == ((), NOW)


def test_one_process_at_a_time_pulls_a_source_when_it_is_due(store):
    def begin(now=NOW, *, force=False):
        return store.begin_pull("arxiv", now, now + HOUR, worker="here", force=force)

    assert begin()
    assert not begin()
    assert not begin(force=True)
    assert begin(NOW + HOUR), "a dead puller's lease ends"
    announce(store, now=NOW + HOUR)
    assert not begin(NOW + HOUR)
    assert begin(NOW + HOUR, force=True), "announcing gives the lease back"
    announce(store, now=NOW + HOUR)
    assert begin(NOW + 2 * HOUR)


def test_what_trends_is_told_once_with_its_votes_as_they_are_now(store):
    yesterday = DAY - timedelta(days=1)
    announce(store, said(paper(1, upvotes=3), Kind.TRENDING, yesterday, "hf"), said(paper(2)), source="hf")
    announce(store, said(paper(3), Kind.TRENDING, DAY - timedelta(days=9), "hf"), source="hf")
    announce(store, said(paper(1, upvotes=30), Kind.TRENDING, DAY, "other"), source="other")
    (hot,) = store.trending(yesterday)
    assert (hot.listing.id, hot.listing.upvotes, hot.day) == (1, 30, DAY)


def test_ten_times_the_listings_are_not_ten_times_the_statements(store):
    few = [said(paper(number)) for number in range(200)]
    many = [said(paper(number)) for number in range(200, 2_200)]
    asked: list[str] = []
    event.listen(
        store._database.engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_: asked.append(statement),
    )

    def statements(batch):
        asked.clear()
        assert announce(store, *batch).announced == len(batch)
        return len(asked)

    assert statements(many) < 2 * statements(few), "first seen"
    assert statements(many) < 2 * statements(few), "known already"


def test_papers_are_kept_as_before_once_somebody_was_erased(store):
    announce_papers(store, 2)
    store.erase(subscribe(store).id, NOW)
    announce_papers(store, 2, first=3)
    assert [news.seq for news in store.window(0)] == [1, 2, 3, 4]
    assert [kept.id for kept in papers(store)] == [1, 2, 3, 4]


def test_what_is_news_is_read_once_until_anything_of_it_changes(store):
    announce_papers(store, 2)
    window, background = store.window(0), store.background()
    assert store.window(0) is window
    assert store.background() is background
    assert [news.seq for news in store.window(1)] == [2]
    announce(store, said(paper(1, upvotes=7)))  # no news, and nothing but a number is another
    assert [news.listing.upvotes for news in store.window(0)] == [7, None]
    announce(store, said(paper(3)))
    assert [news.seq for news in store.window(0)] == [1, 2, 3]
    assert store.background() != background
