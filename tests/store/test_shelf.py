"""The archive: what was announced on which day, and which papers there are."""

from datetime import date, timedelta

import pytest

from digest.model import Kind, Listing, Pin
from digest.store.shelf import Beside

from .making import DAY, NOW, announce, paper, said, subscribe

YESTERDAY, TOMORROW = DAY - timedelta(days=1), DAY + timedelta(days=1)


@pytest.fixture
def shelf(store):
    announce(store, said(paper(1, categories=("cs.CL",), upvotes=7)), said(paper(2)), said(paper(3), day=YESTERDAY))
    announce(store, said(paper(1), Kind.TRENDING, source="hf"), source="hf")
    announce(store, said(paper(2, version=2), Kind.REVISION, TOMORROW))
    return store


def merge(store):
    """The paper that was 4 and the one that was 1 turn out to be one."""
    announce(store, said(Listing("Told by somebody else", doi="10.1/x")))
    announce(store, said(paper(1, doi="10.1/x"), Kind.CROSS))


def test_a_day_has_all_its_news_in_their_order(shelf):
    entries = shelf.entries(DAY)
    assert [(e.listing, e.source, e.kind, e.upvotes) for e in entries] == [
        (1, "arxiv", Kind.NEW, 7),
        (2, "arxiv", Kind.NEW, 0),
        (1, "hf", Kind.TRENDING, 7),
    ]
    assert entries[0].categories == ("cs.CL",)
    assert shelf.entries(date(2020, 1, 1)) == []


def test_papers_of_a_day_are_counted_once_and_without_mere_versions(shelf):
    assert shelf.day_counts(YESTERDAY, TOMORROW) == {YESTERDAY: 1, DAY: 2}
    assert shelf.archive_days() == [DAY, YESTERDAY]
    assert shelf.newest_day(date.max) == DAY
    assert shelf.newest_day(YESTERDAY) == YESTERDAY
    assert shelf.newest_day(date(2020, 1, 1)) is None


def test_the_days_beside_one_are_those_with_papers(shelf):
    assert shelf.days_beside(DAY) == Beside(YESTERDAY, None)
    assert shelf.days_beside(date(2020, 1, 1)) == Beside(None, YESTERDAY)
    assert shelf.days_beside(date.max) == Beside(DAY, None)


def test_a_paper_with_two_numbers_is_one_paper(shelf):
    merge(shelf)
    assert {e.listing for e in shelf.entries(DAY)} == {1, 2}
    assert shelf.paper_numbers(0, 10) == [1, 2, 3]
    assert (shelf.spokesman(4), shelf.spokesman(1), shelf.spokesman(99)) == (1, 1, None)


def test_all_papers_are_listed_bit_by_bit(store):
    announce(store, *(said(paper(n)) for n in range(1, 8)))
    assert store.paper_numbers(2, 3) == [3, 4, 5]
    assert store.paper_borders(3) == [0, 3, 6]
    assert store.paper_borders(7) == store.paper_borders(100) == [0]


def test_an_empty_archive_is_no_error(store):
    assert (store.paper_borders(3), store.archive_days(), store.newest_day(DAY)) == ([0], [], None)
    assert store.archive_mark()


def test_papers_are_read_by_their_numbers(shelf):
    assert {number: listing.arxiv_id for number, listing in shelf.papers([1, 3, 99]).items()} == {
        1: "2605.00001",
        3: "2605.00003",
    }


def test_the_mark_changes_with_whatever_is_shown(shelf):
    marks = [shelf.archive_mark()]

    def changed():
        marks.append(shelf.archive_mark())
        return len(set(marks)) == len(marks)

    assert shelf.archive_mark() == marks[0]
    announce(shelf, said(paper(9)))
    assert changed()
    announce(shelf, backlog=(paper(1, upvotes=8),), now=NOW + timedelta(minutes=1))
    assert changed()
    ann = subscribe(shelf)
    shelf.vote(ann.id, 1, NOW, on=True)
    assert changed()
    shelf.pin(Pin(DAY, 1, "Mira", "Read it.", "mira@example.org", NOW))
    assert changed()
    shelf.pin(Pin(DAY, 1, "Mira", "Read it all.", "mira@example.org", NOW))
    assert changed()


def test_the_first_day_of_each_source_is_known(shelf):
    assert shelf.begins() == {"arxiv": YESTERDAY, "hf": DAY}
