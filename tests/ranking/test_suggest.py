"""A profile proposed from papers that somebody has collected."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Listing
from digest.ranking import query
from digest.ranking.suggest import suggest
from digest.text.background import count

GENERAL = [
    Listing(f"A model number {number}", "We propose a model. Results show that our model is good on all data.")
    for number in range(300)
]
RARE = [
    Listing(f"On {word}", f"{word} and {other} in nature.")
    for word, other in (("flow", "songs"), ("matching", "velocity"), ("question", "answering"), ("large", "language"))
]
BACKGROUND = count([*GENERAL, *RARE])


def library(*titles, abstract="", **more):
    return [Listing(title, abstract, **more) for title in titles]


def lines(entries, most=15):
    return {proposal.line: proposal.support for proposal in suggest(entries, BACKGROUND, most).keywords}


FLOWS = library(
    "Flow matching in a model",
    "Better Flow Matching",
    "flow-matching again with velocity",
    "Velocity of good data",
    "A model of songs",
)


def test_words_that_stand_together_are_proposed_as_a_phrase_and_not_alone():
    proposed = lines(FLOWS)
    assert proposed['"flow matching"^2'] == 3
    assert not [line for line in proposed if line in ("flow", "matching", "flow^2", "matching^2")]


def test_what_every_paper_says_is_not_proposed_however_often_it_stands_there():
    assert not [line for line in lines(FLOWS) if "model" in line or "data" in line]


def test_what_one_entry_alone_says_is_not_proposed():
    assert "songs" not in lines(FLOWS)


def test_of_two_entries_each_speaks_for_itself():
    assert set(lines(library("Velocity", "Songs of finches"))) >= {"velocity"}


def test_the_best_is_weighted():
    weights = [query.parse(line).weight for line in lines(FLOWS)]
    assert weights[0] == 2
    assert set(weights) <= {1, 2}


def test_a_pair_that_is_always_followed_by_the_same_word_is_proposed_with_it():
    proposed = lines(library(*[f"Large language model {word} study" for word in ("a", "b", "of", "in")]))
    assert '"large language"' not in "".join(proposed)


def test_no_more_than_asked_for_are_proposed():
    assert len(lines(FLOWS, most=1)) == 1


def test_no_phrase_crosses_a_sentence_or_an_omitted_word():
    entries = library(*["Flow, matching", "flow. Matching", "flow of matching", "Matching"])
    assert not [line for line in lines(entries) if '"' in line]


def test_authors_are_one_person_however_they_are_written():
    entries = [
        Listing(f"T {number}", authors=(name, "Somebody Else" if number == 0 else f"Person {letter}eta"))
        for number, (name, letter) in enumerate(
            [("Y. LeCun", "B"), ("LeCun, Yann", "Z"), ("Yann LeCun", "Th"), ("Yann André LeCun", "Et")]
        )
    ]
    (author,) = suggest(entries, BACKGROUND).authors
    assert author == ('author:"Yann André LeCun"', 4)


def test_categories_are_counted_by_the_primary_one():
    entries = library("Velocity", "Songs", categories=("cs.LG", "cs.CV")) + library("Finches", categories=("cs.CV",))
    assert suggest(entries, BACKGROUND).categories == (("cs.LG", 2), ("cs.CV", 1))


@pytest.mark.parametrize("entries", [[], [Listing("")], library("12 34", "of the")])
def test_of_nothing_nothing_is_proposed(entries):
    assert lines(entries) == {}


@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=60), st.text(max_size=15)), max_size=6))
def test_whatever_was_collected_what_is_proposed_can_be_read(entries):
    listings = [Listing(title, abstract, (author,)) for title, abstract, author in entries]
    suggestion = suggest(listings, BACKGROUND)
    for proposal in (*suggestion.keywords, *suggestion.authors):
        assert query.parse(proposal.line)
        assert 1 <= proposal.support <= len(entries)
