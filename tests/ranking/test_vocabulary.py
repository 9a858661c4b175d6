"""Near spellings, and how a term was read in plain words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Background, Listing
from digest.ranking import query, vocabulary
from digest.ranking.reading import reading

USED = {
    "diffusion": 90.0,
    "transformer": 80.0,
    "retrieval": 70.0,
    "flow": 60.0,
    "flew": 3.0,
    "retreival": 1.0,
    "müller": 9.0,
}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("difusion", ["diffusion"]),
        ("trasnformer", ["transformer"]),
        ("transfomr", ["transformer"]),
        ("flwo", ["flow"]),
        ("flaw", ["flow", "flew"]),
        ("retreival", ["retrieval"]),  # somebody else has made the same mistake
        ("retrieval", []),
        ("muller", ["müller"]),
        ("flo", []),  # too short: everything is near
        ("xyzzy", []),
    ],
)
def test_a_slip_of_the_keyboard_is_recognised(written, meant):
    assert vocabulary.near(written, USED) == meant


def test_slips_are_counted():
    pairs = {("", "ab"): 2, ("ab", "ba"): 1, ("abc", "axc"): 1, ("abc", "abc"): 0, ("kitten", "sitting"): 3}
    assert {pair: vocabulary.distance(*pair) for pair in pairs} == pairs


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_slips_are_the_same_in_both_directions(one, other):
    assert vocabulary.distance(one, other) == vocabulary.distance(other, one)
    assert (vocabulary.distance(one, other) == 0) is (one == other)


def test_words_are_known_as_they_are_written_and_names_by_their_parts():
    background = Background(9, 9, 9, {"flow": 3, "=flows": 2, "=flow": 1, "=FLOW": 1})
    assert vocabulary.words_of(background) == {"flows": 2, "flow": 1}
    papers = [Listing("", authors=("LeCun, Yann", "Ann LeCun")), Listing("", authors=("Y. LeCun",))]
    assert vocabulary.names_of(papers) == {"lecun": 2, "yann": 1, "ann": 1, "y": 1}


READINGS = [
    ("flow matching", "these two words, more if they stand together"),
    ('"flow matching"^3', "these two words, more if they stand together; counts 3 times"),
    ("f-divergence^0.5", "these two words, more if they stand together; counts half"),
    ("diffusion", "this word in all its forms"),
    ("rouge", "this word in all its forms, and the acronym ROUGE"),
    ("tokeni*", "words that begin with tokeni"),
    ("=transformers", "exactly this form"),
    ("=GAN", "exactly this form, in capitals"),
    ("title:benchmark", "this word in all its forms in the title"),
    ('author:"Yann LeCun"', "an author Yann LeCun, by initials as far as they go"),
    ("category:cs.*", "the category cs.*"),
    ("source:huggingface", "an announcement by the source huggingface"),
    ("kind:revision", "news of the kind revision"),
    ("-survey", "never: leaves out papers with this word in all its forms"),
    ('-"case study"', "never: leaves out papers with these two words in a row"),
    ("+protein^2", "must: leaves out papers without this word in all its forms; counts 2 times"),
    ("graph networks for molecular property prediction", "a sentence: the weightier half of graph, networks, molecular, property, prediction"),
    ('"flow matching" | diffusion', "the best of: these two words, more if they stand together, or this word in all its forms"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "words"), READINGS)
def test_how_a_term_was_read_is_said_in_plain_words(line, words):
    assert reading(query.parse(line)) == words
