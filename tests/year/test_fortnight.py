"""A fortnight of the invented year; `make year` runs all of it."""

from datetime import UTC, datetime

from .books import balanced
from .running import Plan, lived

LONG_WEEKEND = datetime(2026, 6, 25, tzinfo=UTC)  # arXiv is closed on Friday, 3 July


def test_after_a_fortnight_the_books_balance(tmp_path):
    plan = Plan(LONG_WEEKEND, 14, 30, 7, 59, downtimes=((4, 0.3), (9, 2)))
    with lived(tmp_path, plan) as run:
        figures = balanced(run)
    assert figures.editions > 200
    assert figures.states["sent"] > 150
    assert figures.states["expired"]
    assert figures.catching_up
    assert figures.late
    assert figures.waited
