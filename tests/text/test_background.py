"""How common words are: counted once, fading, and never quite unknown."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Background, Listing
from digest.text.background import HALF_LIFE, PRIOR, added, count, dumps, faded, loads, prior, with_prior

PAPERS = [
    Listing("Diffusion of RAG", "Diffusion models diffuse.", keywords=("graph", "deep learning")),
    Listing("光学", summary="A summary where there is no abstract."),
    Listing(""),
]
BACKGROUNDS = st.builds(
    Background,
    *[st.floats(0, 1e6)] * 3,
    holders=st.dictionaries(st.text(st.characters(categories=("L", "N")), min_size=1), st.floats(0, 1e6)),
)


def test_a_paper_holds_a_form_once_however_often_it_says_it():
    counted = count(PAPERS)
    assert counted.papers == 3
    assert (counted.title_words, counted.abstract_words) == (3 + 1, 3 + 3 + 7)
    for form in ("diffus", "=diffusion", "=RAG", "=rag", "deep", "summari", "=光"):
        assert counted.holders[form] == 1, form


def test_counting_all_at_once_is_counting_one_after_the_other():
    together = Background()
    for paper in PAPERS:
        together = added(together, count([paper]))
    assert together == count(PAPERS)


def test_after_three_weeks_a_paper_counts_half_and_a_word_of_one_paper_is_on_its_way_out():
    counted = added(count(PAPERS), count(PAPERS[:1]))
    later = faded(counted, HALF_LIFE)
    assert (later.papers, later.title_words) == (2, counted.title_words / 2)
    assert later.holders["diffus"] == 1
    assert later.holders["=光"] == 0.5
    assert "=光" not in faded(later, timedelta(days=1)).holders


def test_a_clock_that_went_back_makes_nobody_count_more():
    assert faded(count(PAPERS), -HALF_LIFE) == count(PAPERS)


@given(BACKGROUNDS, st.lists(st.timedeltas(timedelta(), timedelta(days=9)), max_size=5))
def test_fading_step_by_step_is_fading_at_once_but_for_what_is_let_go(background, steps):
    at_once, by_steps = faded(background, sum(steps, timedelta())), background
    for step in steps:
        by_steps = faded(by_steps, step)
    assert by_steps.papers == pytest.approx(at_once.papers)
    assert {form: pytest.approx(papers) for form, papers in by_steps.holders.items() if papers > 0.501} == {
        form: papers for form, papers in at_once.holders.items() if papers > 0.501
    }


# --- the shipped count ----------------------------------------------------------------------------------------------


def test_the_shipped_count_tells_common_words_from_rare_ones_on_the_first_day():
    first = with_prior(Background())
    assert first.papers == pytest.approx(PRIOR)
    assert first.holders["the"] > 0.9 * PRIOR
    assert 0 < first.holders["=GAN"] <= first.holders["gan"] < 0.02 * PRIOR
    assert first.holders["result"] > 5 * first.holders["diffus"]
    assert 5 < first.title_words / first.papers < 15
    assert 100 < first.abstract_words / first.papers < 250


def test_the_shipped_count_is_no_longer_heard_beside_many_papers_of_ones_own():
    own = Background(10_000, 100_000, 1_500_000, {"the": 10_000, "zebrafish": 5_000})
    both = with_prior(own)
    assert both.holders["zebrafish"] / both.papers == pytest.approx(0.5, rel=0.02)
    assert own.holders == {"the": 10_000, "zebrafish": 5_000}


def test_the_shipped_count_is_small_and_holds_only_words_that_several_papers_hold():
    assert min(prior().holders.values()) >= 5
    assert len(prior().holders) > 20_000
    assert max(prior().holders.values()) <= prior().papers


def test_a_count_is_written_as_it_will_be_read():
    counted = added(count(PAPERS), count(PAPERS[:1]))
    assert loads(dumps(counted, least=1)) == counted
    assert loads(dumps(counted, least=2)).holders == {form: n for form, n in counted.holders.items() if n >= 2}
    assert dumps(counted, least=1) == dumps(counted, least=1)
