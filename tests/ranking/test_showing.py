"""Whoever is ranked beside others gets what they would get alone, told as each is told by themselves."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.model import GRAIN, Announcement, Feedback, Kind, Listing, Profile, Section, Shard, Subscriber, Taste
from digest.ranking import choice
from digest.ranking.explain import largest_first
from digest.ranking.ranker import Ranker
from digest.ranking.sections import in_order, section_of
from digest.text.background import count

DAY = date(2026, 5, 18)
NOW = datetime(2026, 5, 18, 6, tzinfo=UTC)
WORDS = ["flow", "matching", "robot", "graph", "protein", "survey", "Diffusion", "LLM"]
LINES = [
    *WORDS,
    "flow matching",
    "graph*",
    "author:Lee",
    "author:Kim^2",
    "-survey",
    "+robot",
    "=LLM",
    "kind:revision",
    "a|",
]

text = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)
listings = st.builds(
    Listing,
    title=text,
    abstract=text,
    authors=st.sampled_from([("Ann Lee",), ("Bo Kim", "Ann Lee"), ()]),
    categories=st.sampled_from([("cs.CL",), ("stat.ML",), ()]),
    upvotes=st.sampled_from([None, 3, 40]),
    version=st.sampled_from([None, 2]),
)
profiles = st.builds(
    Profile,
    keywords=st.lists(st.sampled_from(LINES), max_size=5).map(tuple),
    categories=st.sampled_from([(), (), ("cs.*",)]),
    sources=st.sampled_from([(), (), ("arxiv",)]),
    max_papers=st.sampled_from([20, 2, 0]),
    max_trending=st.sampled_from([3, 1, 0]),
    min_match=st.sampled_from([0.0, 0.0, 40.0]),
    max_per_term=st.sampled_from([0, 0, 1]),
    diversity=st.sampled_from([0.0, 0.0, 0.5]),
    signals=st.booleans(),
)


@st.composite
def shards(draw):
    papers = [
        Listing(**{**{name: getattr(one, name) for name in one.__dataclass_fields__}, "id": number})
        for number, one in enumerate(draw(st.lists(listings, min_size=1, max_size=8)), start=1)
    ]
    kinds = st.sampled_from([Kind.NEW, Kind.CROSS, Kind.REVISION])
    window = [
        Announcement(paper, draw(st.sampled_from(["arxiv", "feed"])), draw(kinds), DAY, paper.id) for paper in papers
    ]
    talked = [Announcement(paper, "hf", Kind.TRENDING, DAY, 100 + paper.id) for paper in papers[::2]]
    people = [
        Subscriber(f"{n}@example.org", profile=own, id=n, cursor=draw(st.integers(0, 2)))
        for n, own in enumerate(draw(st.lists(profiles, min_size=1, max_size=6)), start=1)
    ]
    some = st.frozensets(st.integers(1, 8), max_size=3)
    said = st.builds(Feedback, st.sampled_from(papers), st.booleans(), st.just(NOW - timedelta(days=1)))
    tastes = {one.id: Taste(tuple(draw(st.lists(said, min_size=1, max_size=2)))) for one in people[::3]}
    sent = {one.id: draw(some) for one in people[::2]}
    return Shard(people, window, NOW, talked, sent, count(papers), tastes)


def alone(shard, one):
    return Shard([one], shard.window, NOW, shard.trending, shard.sent, shard.background, shard.tastes)


@pytest.mark.parametrize("at_once", [1, 2, 1 << 10])
@settings(max_examples=40, deadline=None)
@given(shard=shards())
def test_each_gets_what_they_would_get_alone(at_once, shard):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choice, "_MOST_PROFILES", at_once)
        together = Ranker().rank(shard)
    assert together == [Ranker().rank(alone(shard, one))[0] for one in shard.subscribers]


@settings(max_examples=100, deadline=None)
@given(shard=shards())
def test_what_is_made_of_arrays_is_as_each_pick_by_itself_would_have_it(shard):
    for ranking in Ranker().rank(shard):
        assert in_order(ranking.picks) == ranking.picks
        for pick in ranking.picks:
            assert largest_first(pick.reasons) == pick.reasons
            if pick.section in (Section.FOR_YOU, Section.AUTHORS):
                assert section_of(pick.reasons) is pick.section
                parts = [round(reason.contribution * GRAIN) for reason in pick.reasons]
                assert [part / GRAIN for part in parts] == [reason.contribution for reason in pick.reasons]
                assert sum(parts) / GRAIN == pick.score
