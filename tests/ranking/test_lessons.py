"""What one paper's part is in what was learnt."""

from dataclasses import replace
from datetime import UTC, datetime

from digest.model import Background, Feedback, Listing, Taste
from digest.ranking.learning import Learned
from digest.ranking.lessons import Lessons, held_by, moved

NOW = datetime(2026, 5, 18, 8, tzinfo=UTC)
FLOW = Listing("Flow matching with velocity fields", "Rectified flow along straight paths.", id=1)
FINCH = Listing("Songs of young finches", "Finches sing songs to other finches.", id=2)
COMMON = Background(10_000, 100_000, 1_500_000, {"flow": 40, "match": 60, "veloc": 30, "finch": 5, "song": 20})


def taste(*said):
    return Taste(tuple(Feedback(listing, liked, NOW) for listing, liked in said))


def test_what_a_paper_taught_is_the_difference_it_makes():
    lessons = Lessons(["diffusion"], COMMON)
    both = taste((FLOW, True), (FINCH, True))
    learnt = lessons.of(FINCH, both, NOW)
    assert "finches" in [word.written for word in learnt.more]
    assert {word.key for word in (*learnt.more, *learnt.less)} <= held_by([FINCH])
    assert lessons.of(FINCH, taste((FLOW, True)), NOW) == lessons.of(FLOW, Taste(), NOW)


def test_a_disliked_paper_makes_its_words_weigh_less():
    learnt = Lessons([], COMMON).of(FINCH, taste((FLOW, True), (FINCH, False)), NOW)
    assert "finches" in [word.written for word in learnt.less]
    assert not learnt.more


def test_what_is_forgotten_is_not_learnt_and_still_has_a_spelling():
    lessons, likes = Lessons([], COMMON), taste((FINCH, True))
    (key,) = [word.key for word in lessons.learned(likes, NOW) if word.written == "finches"]
    without = replace(likes, forgotten=frozenset({key, "of nothing"}))
    assert key not in {word.key for word in lessons.learned(without, NOW)}
    assert lessons.forgotten(without, NOW) == {key: "finches", "of nothing": "of nothing"}
    assert lessons.forgotten(likes, NOW) == {}


def test_what_moved_most_comes_first_and_words_of_other_papers_are_left_out():
    before = [Learned("finch", "finches", 1.0), Learned("song", "songs", 2.0), Learned("flow", "flow", 1.0)]
    after = [Learned("finch", "finches", 4.0), Learned("song", "songs", 1.5), Learned("flow", "flow", 9.0)]
    change = moved(before, after, [FINCH])
    assert change.more == (Learned("finch", "finches", 3.0),)
    assert change.less == (Learned("song", "songs", -0.5),)
