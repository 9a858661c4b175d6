from dataclasses import replace

import pytest

from digest.model import Ground, Reason
from digest.rendering.language import ENGLISH
from digest.rendering.reasons import Why, explanation, spoken, steps, whys


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


def test_reasons_are_grouped_by_term_each_with_all_its_places_what_speaks_against_it_last():
    reasons = (
        Reason("survey", "title", -9.5),
        Reason("diffusion", "abstract", 9.0),
        Reason("flow matching", "abstract", 8.0),
        Reason("flow matching", "title", 6.0),
        Reason("Ho", "authors", 3.0),
    )
    assert whys(reasons) == (
        Why("diffusion", "abstract"),
        Why("flow matching", "title and abstract"),
        Why("author Ho", ""),
        Why("survey", "title", against=True),
    )


def test_of_what_reasons_are_worth_nothing_is_read_but_the_sign():
    grounds = (Ground.KEYWORD, Ground.KEYWORD, Ground.LIKED, Ground.LIKED, Ground.SIGNAL)
    one = tuple(Reason(f"term {n}", "title", 9.0 - n, ground=ground) for n, ground in enumerate(grounds))
    other = tuple(replace(reason, contribution=reason.contribution**2) for reason in one)
    assert whys(one) == whys(other)


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
    learnt = [Reason(word, "abstract", 4 - n, ground=Ground.LIKED) for n, word in enumerate("abcd")]
    reasons = (
        *learnt,
        Reason("survey", "title", -2.0, ground=Ground.LIKED),
        Reason("1042 upvotes", "upvotes", 5.0, ground=Ground.SIGNAL),
        Reason("1 comment", "comments", 5.0, ground=Ground.SIGNAL),
        Reason("code", "code", 5.0, ground=Ground.SIGNAL),
        Reason("talked about on the radio", "radio", 5.0, ground=Ground.SIGNAL),
        Reason("meaning", "text", 5.0, ground=Ground.MEANING),
        Reason("diffusion", "abstract", 1.0),
    )
    assert whys(reasons) == (
        Why("diffusion", "abstract"),
        Why("like papers you liked (a, b, c)", ""),
        Why("like papers you disliked", "", against=True),
        Why("1,042 upvotes", ""),
        Why("1 comment", ""),
        Why("with code", ""),
        Why("talked about on the radio", ""),
        Why("close in meaning to your keywords", ""),
    )


def test_a_lone_word_folds_into_its_term_wherever_that_was_found_in_whole():
    reasons = (
        Reason("flow matching", "abstract", 9.0),
        Reason("matching", "title", 4.0, partial=True),
    )
    assert whys(reasons) == (Why("flow matching", "abstract"),)


def test_all_reasons_fit_a_line():
    reasons = (Why("flow matching", "title and abstract"), Why("author Ho", ""), Why("survey", "title", against=True))
    assert explanation("Match 4 of 5", reasons, ENGLISH) == (
        "Match 4 of 5: flow matching (title and abstract); author Ho; but not wanted: survey (title)"
    )
    assert explanation("Match 1 of 5", (), ENGLISH) == "Match 1 of 5"
    assert explanation("", (), ENGLISH) == ""


def test_a_lone_word_says_nothing_beside_more_of_its_term_either():
    reasons = [Reason(term, "abstract", 9.0, partial=True) for term in ("language", "small", "language model", "model")]
    assert [why.term for why in whys(reasons)] == ["small", "language model"]
