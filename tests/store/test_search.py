"""Finding listings by words, whatever is typed."""

import re
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.model import Kind, Listing
from digest.store import open_store
from digest.store.search import CANDIDATES, Asked
from digest.text import catalog
from digest.text.catalog import Either, Every
from digest.text.closeness import Wanted
from digest.text.tokens import words as tokenized

from .making import DAY, NOW, announce, paper, said


def found(store, words, limit=10, since=None):
    return [each.listing.id for each in store.search(words, limit, since)]


@pytest.fixture
def library(store):
    announce(
        store,
        said(paper(1, title="Diffusion models for protein design", authors=("Ann Müller",))),
        said(
            paper(2, title="A survey of generative models", abstract="Among others, of diffusion."),
            day=DAY - timedelta(days=9),
        ),
        said(paper(3, title="Counting sheep", abstract="Sleep.")),
    )
    return store


def test_all_words_must_match_and_the_title_counts_most(library):
    assert found(library, "diffusion") == [1, 2]
    assert found(library, "diffusion survey") == [2]
    assert found(library, "Diffusions MODEL") == [1, 2]
    assert found(library, "nothing of the kind") == []
    assert found(library, "diffusion", limit=1) == [1]
    assert found(library, "diffusion", since=DAY) == [1]


def test_authors_are_found(library):
    assert found(library, "müller") == [1]


def test_a_revised_text_is_found_by_its_new_words_only(library):
    announce(
        library, said(paper(3, title="Counting goats, at some length", abstract="Milk.", version=2), Kind.REVISION)
    )
    assert found(library, "sheep") == []
    (goats,) = library.search("goats", 5)
    assert (goats.listing.version, goats.kind) == (2, Kind.REVISION)


def test_a_paper_with_two_numbers_is_found_once(library):
    announce(library, said(Listing("Diffusion, told by somebody else", doi="10.1/x")))
    announce(
        library, said(paper(1, title="Diffusion models for protein design", authors=("Ann Müller",), doi="10.1/x"))
    )
    assert found(library, "diffusion protein") == [1]


@pytest.mark.parametrize("words", ["", "  ", '"', "++ --", "\0", "_"])
def test_no_words_find_nothing(library, words):
    assert found(library, words) == []


@pytest.mark.parametrize(
    "words", ['"diffusion', "diffusion OR", "NEAR(diffusion", "title:diffusion*", "diffusion'; DROP"]
)
def test_syntax_is_only_words(library, words):
    assert set(found(library, words)) <= {1, 2}


@pytest.fixture(scope="module")
def shelf():
    store = open_store("sqlite://")
    announce(store, said(paper(1)))
    yield store
    store.close()


@settings(max_examples=100, deadline=None)
@given(words=st.text(st.characters(exclude_categories=())))
def test_no_input_is_an_error(shelf, words):
    assert shelf.search(words, 5) is not None


def test_long_input_is_no_error(shelf):
    assert found(shelf, "study subject " * 5_000) == [1]


def test_the_overview_counts_what_is_there(library):
    seen = library.overview(NOW)
    (source,) = seen.sources
    assert (source.name, source.announced, source.listings, source.last_success) == ("arxiv", 3, 3, NOW)
    assert (seen.listings, seen.head, seen.next_due, seen.failures) == (3, 3, None, ())
    assert seen.size > 10_000


# --- the index ----------------------------------------------------------------------------------------------------

PAPERS = (
    paper(1, title="Flow matching for language models", abstract="We match flows. f-divergence. GANs and C++ are old.",
          authors=("Yann LeCun", "Laurens van der Maaten"), categories=("cs.LG", "stat.ML")),
    paper(2, title="Language, matched: a flow of models", abstract="Matching the flow of tokenization, by input/output.",
          authors=("Y. LeCun",), categories=("cs.CL",), keywords=("quiet robots",)),
    paper(3, title="=", abstract="光学の流れ 流れ図 and GAN.", authors=("Yves LeCun", "Jörg Müller"), categories=("math.PR",)),
    paper(4, title="Generation of general generics", abstract="Nothing of the flow. Zymurgy, 3.5 and word2vec.", authors=("Ann O'Brien",)),
)  # fmt: skip


@pytest.fixture
def indexed(store):
    announce(store, *map(said, PAPERS))
    return store


def numbers(store, part, **news):
    return sorted(store.newest_found(Asked(part, **news), 10, 0, 10).numbers)


@pytest.mark.parametrize(
    ("part", "found"),
    [
        (catalog.EVERYTHING, [1, 2, 3, 4]),
        (catalog.word("flow"), [1, 2, 4]),
        (catalog.word("flow", ("t",)), [1, 2]),
        (catalog.word("flow", ("b",)), [1, 2, 4]),
        (catalog.row(("flow", "match")), [1]),
        (catalog.row(("match", "flow")), [1]),
        (catalog.row(("match", "the", "flow")), [2]),
        (catalog.row(("f", "diverg")), [1]),
        (catalog.row(("model", "we")), []),  # a title does not go on into its abstract
        (catalog.row(("output", "quiet")), []),  # nor an abstract into keywords, nor one of these into another
        (catalog.row(("quiet", "robot")), [2]),
        (catalog.word("output"), [2]),
        (catalog.word("gan"), [1, 3]),
        (catalog.word("=gan"), [3]),
        (catalog.word("=GAN"), [3]),
        (catalog.word("=gans"), [1]),
        (catalog.row(("=flow", "=matching")), [1, 2]),
        (catalog.word("c++"), [1]),
        (catalog.word("流れ"), [3]),
        (catalog.word("=光"), [3]),
        (catalog.word("3.5"), [4]),
        (catalog.word("zymurgi"), [4]),
        (catalog.beginning("tokeni"), [2]),
        (catalog.beginning("gener"), [4]),
        (catalog.beginning("generi"), [4]),
        (catalog.beginning("match", ("t",)), [1, 2]),
        (catalog.beginning("zym"), [4]),
        (catalog.author(("lecun",)), [1, 2, 3]),
        (catalog.author(("y", "lecun")), [1, 2, 3]),
        (catalog.author(("yann", "lecun")), [1, 2]),
        (catalog.author(("lecun", ",", "yves")), [2, 3]),
        (catalog.author(("vandermaaten",)), [1]),
        (catalog.author(("muller",)), [3]),
        (catalog.author(("obrien",)), [4]),
        (catalog.category("cs.LG"), [1]),
        (catalog.category("cs.*"), [1, 2]),
        (catalog.category("CS"), [1, 2]),
        (catalog.category("c"), []),
        (Every((catalog.word("flow"), catalog.word("gan"))), [1]),
        (Every((catalog.word("flow"),), (catalog.word("gan"),)), [2, 4]),
        (Every((), (catalog.word("flow"), catalog.word("gan"))), []),
        (Either((catalog.word("zymurgi"), catalog.category("math"))), [3, 4]),
        (Every(()), [1, 2, 3, 4]),
    ],
)  # fmt: skip
def test_sqlite_and_postgresql_find_the_same(indexed, part, found):
    assert numbers(indexed, part) == found


def test_of_many_the_newest_come_first_and_are_counted_as_far_as_asked(indexed):
    hits = indexed.newest_found(Asked(catalog.EVERYTHING), 2, 1, 10)
    assert (hits.numbers, hits.total) == ([3, 2], 4)
    assert indexed.newest_found(Asked(catalog.EVERYTHING), 2, 0, 3).total == 3


def test_how_a_paper_was_announced_can_be_asked_for(indexed):
    later = DAY + timedelta(days=5)
    announce(indexed, said(paper(5, title="Flow, later"), Kind.TRENDING, later, "hf"), source="hf")
    announce(indexed, said(PAPERS[0], Kind.REVISION, later), source="arxiv")
    flow = catalog.word("flow")
    assert numbers(indexed, flow, since=later) == [5]
    assert numbers(indexed, flow, until=DAY) == [1, 2, 4]
    assert numbers(indexed, flow, since=DAY, until=later) == [1, 2, 4, 5]
    assert numbers(indexed, flow, since=later + timedelta(days=1)) == []
    assert numbers(indexed, flow, until=DAY - timedelta(days=1)) == []
    assert numbers(indexed, flow, sources=frozenset({"hf"})) == [5]
    assert numbers(indexed, flow, kinds=frozenset({Kind.REVISION}), since=later) == [1]


def test_the_closest_is_the_one_that_says_it_in_a_row_and_in_its_title(indexed):
    wanted = [Wanted(("flow", "match"))]
    part = Every((catalog.word("flow"), catalog.word("match")))
    hits = indexed.closest_found(Asked(part), part, wanted, 100)
    assert (hits.numbers, hits.total) == ([1, 2], 2)


def test_of_more_than_can_be_compared_those_that_are_about_it_are(store):
    old = paper(1, title="Zymurgy itself")
    announce(store, said(old), *(said(paper(n, abstract="Of zymurgy.")) for n in range(2, CANDIDATES + 50)))
    word, titles = catalog.word("zymurgi"), catalog.word("zymurgi", ("t",))
    hits = store.closest_found(Asked(word), titles, [Wanted(("zymurgi",))], 1_000)
    assert hits.numbers[0] == 1
    assert (len(hits.numbers), hits.total) == (CANDIDATES, CANDIDATES + 49)


def test_a_paper_is_found_by_its_identifiers_in_any_spelling(indexed):
    assert indexed.named("https://arxiv.org/abs/2605.00002v3") == [2]
    assert indexed.named(" arXiv:2605.00002 ") == [2]
    assert indexed.named("flow matching") == indexed.named("") == []


def test_a_database_that_was_indexed_in_another_way_is_indexed_anew(url):
    store = open_store(url)
    announce(store, *map(said, PAPERS))
    with store._database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM words WHERE listing_id < 3")
        connection.exec_driver_sql("UPDATE meta SET value = 'old' WHERE key = 'words'")
    assert numbers(store, catalog.word("flow")) == [4]
    store.close()
    store = open_store(url)
    assert numbers(store, catalog.word("flow")) == [1, 2, 4]
    store.close()


def test_what_is_vacuumed_is_found_no_more(indexed):
    long_ago = NOW + timedelta(days=400)
    assert indexed.vacuum(long_ago - timedelta(days=30), long_ago).papers == 4
    assert numbers(indexed, catalog.EVERYTHING) == []


@settings(max_examples=60, deadline=None)
@given(title=st.text(min_size=1), abstract=st.text(), names=st.lists(st.text(), max_size=3))
def test_every_word_of_a_paper_finds_it(title, abstract, names):
    """By its key, by its form and by its beginning, whatever it is written in."""
    listing = Listing(title, abstract, tuple(names), categories=tuple(names))
    tokens = set(catalog.written(listing).split(" "))
    assert all(re.fullmatch("[a-z0-9]+", token) for token in tokens)
    for spelling in tokenized(title)[:300]:
        assert catalog.token(spelling.key, "t") in tokens
        assert catalog.token(f"={spelling.word}", "t") in tokens
        begun = catalog.beginning(spelling.word[:3], ("t",))
        assert any(token.startswith(begun.text) for token in tokens)
