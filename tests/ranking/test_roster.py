"""A roster holds the profiles it was given, whatever changes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from digest.ranking.lists import Lists
from digest.ranking.roster import Roster

profiles = st.lists(st.lists(st.integers(0, 99), max_size=5), min_size=1, max_size=6)
changes = st.lists(
    st.tuples(st.integers(0, 5), st.lists(st.tuples(st.integers(0, 99), st.integers(-300, 300)), max_size=5)),
    max_size=40,
)


@given(profiles, changes, st.booleans())
def test_a_changed_profile_is_what_it_was_changed_to_and_the_others_stay(first, changed, weighted):
    roster = Roster(Lists.of(first))
    expected = [[(line, 1) for line in own] for own in first]
    for row, own in changed:
        lines, weights = [line for line, _ in own], [weight for _, weight in own]
        if row < len(first):
            roster.change(row, lines, weights if weighted else None)
            expected[row] = own if weighted else [(line, 1) for line in lines]
    assert held(roster, 0, len(first)) == expected
    assert held(roster, 1, len(first)) == expected[1:]


def held(roster, first, last):
    members = roster.members(first, last)
    lines = members.lines
    weights = np.ones(len(lines.values)) if members.weights is None else members.weights
    pairs = list(zip(lines.values.tolist(), weights.tolist(), strict=True))
    return [pairs[lines.ends[n] : lines.ends[n + 1]] for n in range(last - first)]


def test_a_roster_that_changes_for_ever_does_not_grow_for_ever():
    roster = Roster(Lists.of([[n] * 20 for n in range(100)]))
    for n in range(50_000):
        roster.change(n % 100, [n] * 20)
    assert len(roster._pool) < 10 * 100 * 20
    assert held(roster, 0, 100)[99][0] == (49_999, 1)
