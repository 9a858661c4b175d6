"""Whatever a server does, a visit ends soon with words for people, the others are read, and what was missed comes later."""

import time
from datetime import date, timedelta
from functools import cache

import pytest

from digest.model import Kind, SourceState
from digest.sources.arxiv import ArxivSource
from digest.sources.biorxiv import BiorxivSource
from digest.sources.client import MEBIBYTE, Client
from digest.sources.feed import FeedSource
from digest.sources.huggingface import HuggingFaceSource

FAULTS = [
    "status:429",
    "status:503",
    "status:503:3600",
    "empty",
    "html",
    "truncate:900",
    "slow:1",
    "drop",
    "garbage",
    "huge:6",
    "malformed",
]
DAY, NEXT = "2026-05-19", "2026-05-20"

SOURCES = {  # kind: (what is faulted, source)
    "arxiv": ("/rss/cs.GT", lambda url, client: ArxivSource("arxiv", ["cs.GR", "cs.GT"], client, rss_url=f"{url}/rss", api_url=f"{url}/api/query")),
    "huggingface": ("/api/daily_papers?date=2026-05-19", lambda url, client: HuggingFaceSource("hf", client, url=f"{url}/api/daily_papers")),
    "biorxiv": ("/details/biorxiv", lambda url, client: BiorxivSource("bio", client, url=f"{url}/details")),
    "feed": ("/feeds/fastfeedparser__osm.xml", lambda url, client: FeedSource("osm", client, f"{url}/feeds/fastfeedparser__osm.xml")),
}  # fmt: skip


def known(fetched):
    """What was told, but for replacements: arXiv tells those on their day only."""
    told = (said.listing for said in fetched.announcements if said.kind is not Kind.REVISION)
    return {listing.keys[0] for listing in (*told, *fetched.backlog)}


@pytest.fixture
def visitor(clock):
    with Client(sleep=clock.sleep, monotonic=clock.monotonic, limit=4 * MEBIBYTE) as client:
        yield client


@pytest.fixture
def impatient(clock):
    """A client that waits for a quarter of a second."""
    with Client(sleep=clock.sleep, monotonic=clock.monotonic, deadline=0.25) as client:
        yield client


@pytest.fixture(scope="module")
def undisturbed(_internet, after, noon):
    """What each source tells of a day, and what it remembers of the day before, when nothing goes wrong."""

    @cache
    def visited(kind):
        with Client(sleep=lambda _: None) as client:
            source = SOURCES[kind][1](_internet.url, client)
            state = SourceState(source.name)
            _internet.day(DAY)
            whole = known(source.fetch(state, noon(DAY)))
            _internet.day("2026-05-18")
            before = source.fetch(state, noon("2026-05-18"))
            return whole, known(before), after(state, before, noon("2026-05-18"))

    return visited


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", SOURCES)
def test_a_fault_is_a_problem_and_what_it_hid_comes_the_next_day(  # noqa: PLR0917
    internet, visitor, impatient, undisturbed, after, noon, kind, fault
):
    prefix, make = SOURCES[kind]
    source = make(internet.url, visitor)
    whole, before, state = undisturbed(kind)
    assert whole

    internet.control(day=DAY, fault=f"{prefix}={fault}")
    started = time.monotonic()
    failed = make(internet.url, impatient if "slow" in fault else visitor).fetch(state, noon(DAY))
    assert time.monotonic() - started < 10
    assert any(problem.incomplete for problem in failed.problems)
    assert all(problem.what and "\n" not in problem.what and len(problem.what) < 400 for problem in failed.problems)
    assert not any(url.endswith(prefix) for url in failed.validators)
    if "429" in fault or "3600" in fault:
        assert failed.not_before is not None
        assert failed.not_before >= noon(DAY) + timedelta(minutes=1)
    if kind == "arxiv":
        assert "cs.GR" in failed.covered or "slow" in fault  # a loaded machine may be slow without any fault
        assert "cs.GT" not in failed.covered
        assert failed.announcements
    seen = before | known(failed)

    internet.day(NEXT)
    state = after(state, failed, noon(DAY))
    recovered = source.fetch(state, noon(NEXT))
    assert not recovered.problems
    assert whole <= seen | known(recovered)


def test_a_pause_is_over_the_next_day_and_the_gap_is_filled_from_the_api(internet, visitor, after, noon):
    source = ArxivSource(
        "arxiv", ["cs.GT"], visitor, rss_url=f"{internet.url}/rss", api_url=f"{internet.url}/api/query"
    )
    state = SourceState("arxiv", covered={"cs.GT": date(2026, 5, 18)})
    internet.control(day=DAY, fault="/rss=status:429")
    state = after(state, source.fetch(state, noon(DAY)), noon(DAY))
    assert state.not_before is not None
    assert state.not_before >= noon(DAY) + timedelta(minutes=10)
    internet.day(NEXT)
    asked = internet.control()["endpoints"]
    again = source.fetch(state, noon(DAY) + timedelta(minutes=9))
    assert again.not_before == state.not_before
    assert internet.control()["endpoints"] == asked  # not a single request
    filled = source.fetch(state, noon(NEXT))
    assert {said.day.day for said in filled.announcements} == {19, 20}


def test_the_query_api_may_fail_too(internet, visitor, noon):
    source = ArxivSource(
        "arxiv", ["cs.GT"], visitor, rss_url=f"{internet.url}/rss", api_url=f"{internet.url}/api/query"
    )
    state = SourceState("arxiv", covered={"cs.GT": date(2026, 5, 18)})
    for fault in ("empty", "html", "malformed", "status:503:3600"):
        internet.day(NEXT)
        internet.control(fault=f"/api/query={fault}")
        fetched = source.fetch(state, noon(NEXT))
        assert fetched.covered == {}, fault
        assert "the papers of 19 May are missing" in fetched.problems[0].what or "cut off" in fetched.problems[0].what
        assert {said.day.day for said in fetched.announcements} >= {20}
    internet.day(NEXT)
    assert source.fetch(state, noon(NEXT) + timedelta(hours=2)).covered
