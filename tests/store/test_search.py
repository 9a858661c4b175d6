"""Finding listings by words, whatever is typed."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.model import Kind, Listing
from digest.store import open_store

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
