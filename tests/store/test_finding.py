"""A paper is found by whatever somebody calls it, with its news and the day it was sent."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Kind, Listing
from digest.store import open_store

from .making import DAY, HOUR, NOW, announce, announce_papers, edition, paper, publish, said, subscribe

TITLES = (
    "Flow matching for generative modeling",
    "Flow matching",
    "Wasserstein–Müller spaces and \N{GREEK SMALL LETTER BETA}-VAEs",
    "流匹配用于生成建模",
)


@pytest.fixture
def shelf(store):
    papers = [Listing(title, url=f"https://blog.example.org/{n}", guid=f"{n}") for n, title in enumerate(TITLES, 1)]
    more = [
        paper(5, arxiv_id="2605.01234", pdf_url="https://mirror.example.org/1234.pdf"),
        Listing("A preprint of biology", doi="10.1101/2026.05.01.123456", url="https://www.biorxiv.org/content/x"),
        Listing("An old paper", arxiv_id="hep-th/9901001"),
    ]
    announce(store, *map(said, (*papers, *more)))
    return store


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("2605.01234", [5]),
        ("2605.01234v3", [5]),
        ("arXiv:2605.01234", [5]),
        (" https://arxiv.org/abs/2605.01234v2 ", [5]),
        ("https://arxiv.org/pdf/2605.01234", [5]),
        ("https://doi.org/10.48550/arXiv.2605.01234", [5]),
        ("hep-th/9901001", [7]),
        ("10.1101/2026.05.01.123456", [6]),
        ("https://doi.org/10.1101/2026.05.01.123456", [6]),
        ("https://www.biorxiv.org/content/10.1101/2026.05.01.123456v1.full", [6]),
        ("5", [5]),
        ("https://blog.example.org/3", [3]),
        ("https://mirror.example.org/1234.pdf", [5]),
        ("flow matching", [2]),  # a whole title goes before a part of one
        ("flow matchin", [2, 1]),
        ("Generative Modelling", []),
        ("generative", [1]),
        ("wasserstein muller", [3]),
        ("WASSERSTEIN-MÜLLER SPACES", [3]),
        ("生成", [4]),
        ("99", []),
        ("2605.99999", []),
        ("10.1/unknown", []),
        ("https://blog.example.org/", []),
        ("", []),
        ("  ...  ", []),
        ("9" * 400, []),
        ("²", []),
    ],
)
def test_a_paper_is_found_by_any_of_its_names(shelf, name, numbers):
    assert [listing.id for listing in shelf.find(name)] == numbers


def test_what_is_found_is_whole_and_is_the_paper_that_speaks_for_both(store):
    announce(store, said(paper(1)), said(Listing("Quite another title altogether", doi="10.1000/x")))
    announce(store, said(paper(1, doi="10.1000/x"), Kind.CROSS))
    for name in ("2", "10.1000/x", "Quite another title altogether", paper(1).title):
        assert [(found.id, found.raw_title) for found in store.find(name)] in ([(1, paper(1).raw_title)], [])
    assert store.find("2") == store.find("10.1000/x") == [store.listing(1)]


def test_nothing_that_is_typed_is_an_error():
    store = open_store("sqlite://")
    announce_papers(store, 1)

    @given(st.text(st.characters(exclude_categories=("Cs",))))
    def typed(text):
        assert len(store.find(text)) <= 1

    typed()
    store.close()


def test_all_news_of_a_paper_is_told_by_any_of_its_numbers(store):
    announce(store, said(paper(1)), said(Listing("Quite another title altogether", doi="10.1000/x")))
    announce(store, said(paper(1, doi="10.1000/x"), Kind.CROSS), said(paper(2)))
    for number in (1, 2):
        assert [(news.seq, news.kind, news.listing.id) for news in store.announcements_of(number)] == [
            (1, Kind.NEW, 1),
            (2, Kind.NEW, 1),
            (3, Kind.CROSS, 1),
        ]
    assert store.announcements_of(99) == []


def test_the_day_a_paper_was_sent_is_known_under_any_of_its_numbers(store):
    announce(store, said(paper(1)), said(Listing("Quite another title altogether", doi="10.1000/x")), said(paper(3)))
    ann, bob = subscribe(store), subscribe(store, "bob@example.org")
    publish(store, edition(ann, [store.listing(2)], DAY - timedelta(days=3)), edition(bob, [store.listing(3)]))
    publish(store, edition(ann, [store.listing(3)]))
    announce(store, said(paper(1, doi="10.1000/x"), Kind.CROSS))
    assert [store.sent_on(ann.id, number) for number in (1, 2)] == [[DAY - timedelta(days=3)]] * 2
    assert store.sent_on(ann.id, 3) == [DAY]
    assert store.sent_on(bob.id, 1) == []
    assert store.sent_on(bob.id, 99) == []


def test_what_was_announced_in_some_days_comes_whole_and_in_order(store):
    days = [DAY - timedelta(days=back) for back in (9, 2, 0, 1, 3)]
    for number, (day, kind) in enumerate(zip(days, [*Kind, Kind.NEW], strict=True)):
        announce(store, said(paper(number), kind, day), now=NOW + number * HOUR)
    told = store.announced(DAY - timedelta(days=2), DAY)
    assert [(news.seq, news.kind, news.day) for news in told] == [
        (seq, kind, day) for seq, (kind, day) in enumerate(zip(list(Kind), days, strict=False), 1) if seq in (2, 3, 4)
    ]
    assert store.announced(DAY, DAY - timedelta(days=1)) == []


def test_the_first_day_that_is_held_of_each_source_is_known(store):
    assert store.begins() == {}
    announce(store, said(paper(1), day=DAY), said(paper(2), day=DAY - timedelta(days=2)))
    announce(store, said(paper(1), day=DAY - timedelta(days=1), source="blog"), source="blog")
    assert store.begins() == {"arxiv": DAY - timedelta(days=2), "blog": DAY - timedelta(days=1)}


def test_papers_are_recognized_by_any_of_their_names_all_at_once(shelf):
    mine = [
        Listing("", arxiv_id="2605.01234"),
        Listing("x", doi="10.1/none"),
        Listing("?", doi="10.1101/2026.05.01.123456"),
    ]
    found = shelf.recognized([*mine, Listing("x", doi="10.1/\0")])
    assert found == [shelf.listing(5), None, shelf.listing(6), None]
    assert shelf.recognized([]) == []
