"""Sums of rows are exact, whichever way they are made."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from digest.ranking import choice, product
from digest.ranking.lists import Lists
from digest.ranking.product import Open, Wanted, best
from digest.ranking.roster import Members
from digest.ranking.table import MET

WIDE = 12
rows = st.lists(
    st.dictionaries(st.integers(0, WIDE - 1), st.tuples(st.integers(1, 2**35 - 1), st.booleans()), max_size=WIDE),
    min_size=1,
    max_size=8,
)


@st.composite
def blocks(draw):
    lines = draw(rows)
    own = st.lists(st.tuples(st.integers(0, len(lines) - 1), st.integers(-50, 50)), max_size=6)
    return lines, draw(st.lists(own, min_size=1, max_size=5)), draw(st.booleans())


def matrix(lines):
    entries = [(n, text, value + MET * met) for n, row in enumerate(lines) for text, (value, met) in row.items()]
    numbers, texts, values = (list(column) for column in zip(*entries, strict=True)) if entries else ([], [], [])
    shape = len(lines), WIDE
    return sparse.csr_array((np.array(values, dtype=np.int64), (numbers, texts)), shape)


def naive(lines, profile, close, open_, most):
    found = {}
    for text in range(WIDE):
        held = [(lines[line][text], weight) for line, weight in profile if text in lines[line]]
        units, met = sum(value * weight for (value, _), weight in held), any(met for (_, met), _ in held)
        if units > 0 and (met or close[text]) and open_[text]:
            found[text] = units
    best_ = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return best_[:most], len(found)


@pytest.mark.parametrize("threshold", [0.0, 1e9], ids=["dense", "sparse"])
@given(block=blocks(), most=st.integers(0, WIDE), seed=st.integers(0, 99))
def test_both_ways_give_what_a_loop_gives(threshold, block, most, seed):
    lines, profiles, weighted = block
    if not weighted:  # keywords alone
        profiles = [[(line, 1) for line, _ in profile] for profile in profiles]
    else:  # what is met is never weighed
        lines = [{text: (value >> 16, False) for text, (value, _) in row.items()} for row in lines]
    open_, close = np.random.default_rng(seed).random((2, len(profiles), WIDE)) < 0.7
    own = Lists.of([[line for line, _ in profile] for profile in profiles])
    weights = np.array([weight for profile in profiles for _, weight in profile], dtype=np.int32) if weighted else None
    table = matrix(lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(product, "_DENSE", threshold)
        patch.setattr(product, "_STRIPES", 2)
        half = open_ | (np.arange(WIDE) % 2 == 0)  # some of it as a mask, some as pairs
        wanted = Wanted(Members(own, weights), Open(half, np.nonzero(~open_)), most, close if weighted else None)
        found = best(table, np.diff(table.indptr).astype(np.int64), wanted)
    for number, profile in enumerate(profiles):
        part = slice(found.ends[number], found.ends[number + 1])
        expected, matched = naive(lines, profile, close[number] & weighted, open_[number], most)
        assert list(zip(found.columns[part].tolist(), found.units[part].tolist(), strict=True)) == expected
        assert found.matched[number] == matched


def test_scores_that_fill_every_bit_are_sorted_right():
    units = np.array([2**46, 2**46 - 1, 2**46], dtype=np.int64)
    columns, rows_ = np.array([2**15, 7, 3]), np.array([2, 2, 2])
    assert [part.tolist() for part in product._sorted(rows_, columns, units)] == [
        [2, 2, 2],
        [3, 2**15, 7],
        [2**46, 2**46, 2**46 - 1],
    ]


def test_a_scale_gives_the_units_of_a_score_back():
    scale = choice.Scale(np.array([1e6, 3e7]), np.array([1.0, 12.0]))
    for score in (0.0, 30.0, 99.0):
        units = scale.units(score)
        assert (scale.scores(np.array([0, 1]), units) >= score - 1e-9).all()
        assert (scale.scores(np.array([0, 1]), units - 2) < score).all()
