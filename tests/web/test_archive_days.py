"""The archive day by day."""

from datetime import timedelta

from digest import sample

from .conftest import NOW

DAY = sample.DAYS[1]


def test_the_newest_day_is_shown_and_says_where_it_is_for_good(site):
    page = site.get("/papers")
    assert page.status_code == 200
    assert "Thursday, 18 June 2026" in page.text
    assert f'<link rel="canonical" href="https://papers.example.org/papers/{DAY}">' in page.text


def test_a_paper_of_a_day_has_a_page(site):
    (number, *_) = site.store.paper_numbers(0, 1)
    page = site.get(f"/paper/{number}")
    assert page.status_code == 200
