"""What likes and dislikes teach."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Feedback, Listing, Taste
from digest.ranking.corpus import Statistics
from digest.ranking.learning import ALTOGETHER, HALF_LIFE, Learner, standing
from digest.text.background import count

NOW = datetime(2026, 6, 17, 8, tzinfo=UTC)
FLOWS = Listing("Flow matching with straight paths", "The velocity field of a ResNet is learned. We also use 25 GANs.")
TRANSPORT = Listing("Optimal transport and velocity", "However, the plan of transport keeps mass; the ResNet does not.")
BIRDS = Listing("Songs of young finches", "They sing and sing; MyBirdNet counts the songs and a field recorder helps.")
OTHERS = [
    Listing(f"Paper number {number}", f"On {word} and its velocity, {other}, and paths.")
    for number in range(20)
    for word, other in (("flow", "transport"), ("songs", "finches"), ("matching", "mass"), ("ResNet", "GANs"))
]
FILLING = [Listing(f"Filling {number}", "Nothing of it all matters here.") for number in range(400)]
STATISTICS = Statistics(count([FLOWS, TRANSPORT, BIRDS, *OTHERS, *FILLING]))


def liked(*listings, days=0):
    return tuple(Feedback(listing, True, NOW - timedelta(days=days)) for listing in listings)


def disliked(*listings, days=0):
    return tuple(Feedback(listing, False, NOW - timedelta(days=days)) for listing in listings)


def learned(*feedback, worths=(), forgotten=(), now=NOW):
    return Learner(STATISTICS).learned(Taste(tuple(feedback), frozenset(forgotten)), now, worths)


def weights(*feedback, **options):
    return {word.written: word.weight for word in learned(*feedback, **options)}


def worth(words):
    """What all words together add to a raw score at most."""
    return sum(abs(word.weight) * STATISTICS.rarity((word.key,)) for word in words)


def test_who_said_nothing_taught_nothing():
    assert learned() == ()


def test_the_words_of_a_liked_paper_weigh_more_and_those_of_its_title_most():
    words = weights(*liked(FLOWS))
    assert set(words) == {"flow", "matching", "paths", "velocity", "ResNet", "GANs", "field"}
    assert words["flow"] > words["velocity"] > 0


def test_neither_stop_words_nor_numbers_nor_names_that_only_one_paper_uses_are_learnt():
    words = weights(*liked(TRANSPORT, BIRDS, FLOWS))
    assert {"however", "the", "25", "MyBirdNet", "MYBIRDNET", "mybirdnet"}.isdisjoint(words)


def test_words_are_written_as_people_write_them_most_often():
    shouted = Listing("VELOCITY of ResNet", "A velocity, and one more velocity; a Resnet and a ResNet.")
    assert {"velocity", "ResNet"} <= set(weights(*liked(shouted)))


def test_what_several_liked_papers_say_weighs_more_than_what_one_says():
    words = weights(*liked(FLOWS, TRANSPORT))
    assert words["ResNet"] > words["GANs"]


def test_the_words_of_disliked_papers_speak_against():
    words = weights(*liked(FLOWS), *disliked(BIRDS))
    assert words["songs"] < 0 < words["flow"]
    assert all(weight < 0 for weight in weights(*disliked(BIRDS)).values())


def test_a_dislike_says_less_than_a_like():
    assert abs(weights(*disliked(BIRDS))["songs"]) < weights(*liked(BIRDS))["songs"]


@pytest.mark.parametrize("terms", [1, 30])
@pytest.mark.parametrize(("likes", "share"), [(1, 1 / 4), (3, 1 / 2), (9, 3 / 4)])
def test_likes_are_worth_as_many_typical_keywords_beside_one_as_beside_thirty(terms, likes, share):
    words = learned(*liked(*[FLOWS] * likes), worths=[7.0] * terms)
    assert worth(words) == pytest.approx(share * ALTOGETHER * 7.0)


def test_without_any_keyword_likes_still_teach():
    assert worth(learned(*liked(FLOWS))) > 0


def test_what_was_said_counts_half_after_each_half_life():
    (feedback,) = liked(FLOWS)
    for half_lives in (0, 1, 4):
        assert standing(feedback, NOW + half_lives * HALF_LIFE) == pytest.approx(0.5**half_lives)
    assert standing(feedback, NOW - HALF_LIFE) == 1.0


def test_old_likes_weigh_less_and_new_ones_outweigh_them():
    assert worth(learned(*liked(FLOWS, days=365))) < worth(learned(*liked(FLOWS))) / 3
    both = weights(*liked(FLOWS, days=180), *liked(BIRDS))
    assert both["songs"] > both["flow"]


def test_what_is_forgotten_is_gone_and_the_others_are_no_stronger_for_it():
    before, after = weights(*liked(FLOWS)), weights(*liked(FLOWS), forgotten={"flow", "veloc"})
    assert after == pytest.approx({word: weight for word, weight in before.items() if word not in ("flow", "velocity")})


def test_the_strongest_come_first():
    words = learned(*liked(FLOWS, TRANSPORT), *disliked(BIRDS))
    worths = [abs(word.weight) * STATISTICS.rarity((word.key,)) for word in words]
    assert worths == sorted(worths, reverse=True)


TEXTS = st.text(st.sampled_from("abc \u00e9\u6587GAN.-25"), max_size=40)


@given(st.lists(st.tuples(TEXTS, TEXTS, st.booleans(), st.integers(-10, 4000)), max_size=6))
def test_whatever_was_said_of_whatever_paper_weights_are_numbers(said):
    feedback = [
        Feedback(Listing(title, abstract), likes, NOW - timedelta(days=days)) for title, abstract, likes, days in said
    ]
    words = learned(*feedback)
    assert all(math.isfinite(word.weight) and word.written for word in words)
    assert len({word.key for word in words}) == len(words)
