import pytest

from digest.model import Ground, Reason
from digest.rendering.reasons import Run, Why, key_sentences, marked, spoken, steps, whys


@pytest.mark.parametrize(
    ("term", "said"),
    [
        ("diffusion", "diffusion"),
        ('"flow matching"^3', "flow matching"),
        ("flow matching^0.5", "flow matching"),
        ("+transformer", "transformer"),
        ("author:Ho", "author Ho"),
        ('author:"van der Maaten"', "author van der Maaten"),
        ("category:cs.CL", "category cs.CL"),
        ("category:cs.*", "category cs"),
        ("title:survey", "survey"),
        ("=GAN", "exactly GAN"),
        ("transform*", "transform…"),
        ("C++", "C++"),
        ("x^2", "x"),
        ("流匹配", "流匹配"),
    ],
)
def test_terms_are_said_without_their_syntax(term, said):
    assert spoken(term) == said


@pytest.mark.parametrize(
    ("score", "filled"), [(0, 1), (0.1, 1), (20, 1), (20.1, 2), (50, 3), (80, 4), (100, 5), (120, 5)]
)
def test_the_bar_fills_by_fifths_and_is_never_empty(score, filled):
    assert steps(score) == filled


def test_reasons_are_grouped_by_term_the_weightiest_first_with_all_their_places():
    reasons = (
        Reason("diffusion", "abstract", 9.0),
        Reason("flow matching", "abstract", 6.0),
        Reason("flow matching", "title", 8.0),
        Reason("Ho", "authors", 3.0),
        Reason("survey", "title", -2.0),
    )
    assert whys(reasons) == (
        Why("flow matching", "title and abstract"),
        Why("diffusion", "abstract"),
        Why("author Ho", ""),
        Why("survey", "title", against=True),
    )


def test_a_place_nobody_has_heard_of_is_still_said():
    assert whys((Reason("x", "full text", 1.0),)) == (Why("x", "full text"),)


def test_a_lone_word_of_a_phrase_comes_after_what_matched_in_whole():
    reasons = (
        Reason("flow", "abstract", 9.0, partial=True),
        Reason("matching", "title", 8.0, partial=True),
        Reason("diffusion", "abstract", 6.0),
    )
    assert [why.term for why in whys(reasons)] == ["diffusion", "flow", "matching"]


def test_a_lone_word_says_nothing_beside_its_whole_term():
    reasons = (
        Reason("small language model", "abstract", 9.0),
        Reason("models", "title", 4.0, partial=True),
        Reason("decoding", "title", 3.0, partial=True),
    )
    assert [why.term for why in whys(reasons)] == ["small language model", "decoding"]


def test_likes_signals_and_meaning_are_told_apart_from_keywords():
    learnt = [Reason(word, "abstract", 1 + n, ground=Ground.LIKED) for n, word in enumerate("abcd")]
    reasons = (
        *learnt,
        Reason("survey", "title", -2.0, ground=Ground.LIKED),
        Reason("42 upvotes, code", "signals", 5.0, ground=Ground.SIGNAL),
        Reason("meaning", "text", 5.0, ground=Ground.MEANING),
        Reason("diffusion", "abstract", 1.0),
    )
    assert whys(reasons) == (
        Why("diffusion", "abstract"),
        Why("like papers you liked (d, c, b)", ""),
        Why("like papers you disliked (survey)", "", against=True),
        Why("42 upvotes, code", ""),
        Why("close in meaning to your keywords", ""),
    )


TEXT = "Generative models are popular. We train flows. Flow matching is simple and fast. It is general. Matching wins."


def test_sentences_with_the_readers_words_come_first_and_stay_in_order():
    assert key_sentences(TEXT, frozenset({"flow", "match"}), 200) == (
        "We train flows. Flow matching is simple and fast. … Matching wins."
    )


def test_without_a_match_the_abstract_begins_where_it_begins():
    assert key_sentences(TEXT, frozenset({"graph"}), 50) == "Generative models are popular. We train flows."
    assert key_sentences("", frozenset({"graph"}), 50) == ""


def test_words_are_marked_in_any_inflection_and_neighbours_as_one():
    assert marked("Using flow-matching for Flows, matched.", frozenset({"flow", "match"})) == (
        Run("Using "),
        Run("flow-matching", hit=True),
        Run(" for "),
        Run("Flows", hit=True),
        Run(", "),
        Run("matched", hit=True),
        Run("."),
    )


def test_chinese_is_marked_as_one_stretch():
    assert marked("新的流匹配方法", frozenset({"流匹", "匹配"})) == (Run("新的"), Run("流匹配", hit=True), Run("方法"))


def test_small_words_are_marked_only_inside_a_phrase():
    runs = marked("The state of the art is out of reach.", frozenset({"state", "of", "the", "art"}))
    assert [run.text for run in runs if run.hit] == ["state of the art"]


def test_marking_never_changes_the_text():
    for wanted in (frozenset(), frozenset({"flow"}), frozenset({"match", "is", "fast"})):
        assert "".join(run.text for run in marked(TEXT, wanted)) == TEXT
