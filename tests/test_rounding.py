"""Numbers that add up still do when they are rounded, and no order, sign or anything that was more than nothing is lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest import rounding
from digest.model import GRAIN


@pytest.mark.parametrize(
    ("worths", "total", "parts"),
    [
        ([0.0068, 0.0044, 0.0024], 0.0136, [4, 2, 1]),
        ([0.0052, 0.0052, 0.0052], 0.0156, [3, 3, 2]),
        ([0.0092, 0.0092, 0.0092], 0.0276, [5, 5, 4]),
        ([0.0072, 0.0072, 0.0072], 0.0216, [4, 4, 3]),
        ([2.0, 0.0002, 0.0002, -0.0002], 2.0002, [1000, 1, 1, -2]),
        ([0.0002, 0.0002], 0.0004, [1, 0]),  # what is left is not enough for both
        ([], 0.0, []),
    ],
)
def test_what_is_missing_is_made_up_by_those_that_can_best(worths, total, parts):
    totals = rounding.whole(np.array([total]))
    assert rounding.parts(totals, np.array([len(worths)]), np.array(worths, dtype=float)).tolist() == parts


lists = st.lists(st.lists(st.floats(-40, 40), max_size=8).map(lambda own: sorted(own, key=abs, reverse=True)))


@given(lists)
def test_whatever_adds_up_still_does_and_once_rounded_stays_as_it_is(worths):
    counts = np.array([len(own) for own in worths], dtype=np.int64)
    points = np.array([worth for own in worths for worth in own], dtype=float)
    totals = rounding.whole(rounding.sums(points, counts)) * (counts > 0)
    parts = rounding.parts(totals, counts, points)
    assert rounding.sums(parts, counts).tolist() == totals.tolist()
    assert np.abs(parts - points * GRAIN).max(initial=0) <= 2
    assert (parts * points >= 0).all()
    assert rounding.parts(totals, counts, parts / GRAIN).tolist() == parts.tolist()


@given(st.lists(st.floats(0, 40), min_size=1, max_size=8).map(lambda own: sorted(own, reverse=True)))
def test_what_falls_goes_on_falling(worths):
    totals = rounding.whole(np.array([sum(worths)]))
    parts = rounding.parts(totals, np.array([len(worths)]), np.array(worths)).tolist()
    assert parts == sorted(parts, reverse=True)
