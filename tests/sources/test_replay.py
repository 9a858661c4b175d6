"""Days of real announcements: every paper is told, with and without days that nobody read."""

from collections import Counter
from datetime import date, timedelta

import pytest

from digest.model import Kind, SourceState
from digest.sources.arxiv import ArxivSource


@pytest.fixture
def replay(internet, client, after, noon):
    def replayed(categories, first, last, away=frozenset()):
        source = ArxivSource(
            "arxiv", categories, client, rss_url=f"{internet.url}/rss", api_url=f"{internet.url}/api/query"
        )
        state, told = SourceState("arxiv"), []
        for n in range((last - first).days + 1):
            day = first + timedelta(days=n)
            if day.day in away:
                continue
            internet.day(f"{day}")
            fetched = source.fetch(state, noon(f"{day}"))
            assert not fetched.problems
            told += fetched.announcements
            state = after(state, fetched, noon(f"{day}"))
        return told

    return replayed


def test_days_that_nobody_read_change_nothing_in_what_is_told(replay):
    span = (["cs.GT", "cs.CE"], date(2026, 5, 11), date(2026, 5, 20))
    daily = [said for said in replay(*span) if said.kind is not Kind.REVISION]
    gapped = [said for said in replay(*span, away={13, 14, 19}) if said.kind is not Kind.REVISION]
    assert max(Counter(said.listing.arxiv_id for said in daily).values()) == 1
    assert len(daily) > 100
    assert {said.listing.arxiv_id for said in gapped} == {said.listing.arxiv_id for said in daily}
    days = {said.listing.arxiv_id: said.day for said in daily}
    first = {}
    for said in gapped:
        first.setdefault(said.listing.arxiv_id, said.day)
    assert (
        sum(first[ident] != day for ident, day in days.items()) < len(days) / 50
    )  # held back: dated by their submission
