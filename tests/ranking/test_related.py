"""Words that the best listings have in common: for collections that are searched."""

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from digest.model import Announcement, Ground, Kind, Listing, Profile, Shard, Subscriber
from digest.ranking.ranker import Ranker

NOW = datetime(2026, 5, 18, 6, tzinfo=UTC)
TEXTS = [
    ("Shock waves in ducts", "Shock waves and their boundary layer at supersonic speed."),
    ("Shock waves on wings", "Supersonic wings show shock waves and a thick boundary layer."),
    ("Waves at sea", "Supersonic is nothing here; the boundary layer of a shore."),
    ("Waves of grain", "A poem about bread."),
    ("Supersonic boundary layer", "Neither of the words that were asked for."),
    *((f"Paper {n}", "About other things.") for n in range(20)),
]


def shard(*keywords, related=True):
    listings = [Listing(title=title, abstract=text, id=n) for n, (title, text) in enumerate(TEXTS, 1)]
    window = [Announcement(one, "arxiv", Kind.NEW, date(2026, 5, 18), one.id) for one in listings]
    reader = Subscriber("a@example.org", profile=Profile(keywords=keywords, max_trending=0), id=1)
    return Shard([reader], window, NOW, partial=True, related=related)


def found(asked):
    (ranking,) = Ranker().rank(asked)
    return {pick.listing.id: pick for pick in ranking.picks}


def test_of_two_that_match_alike_the_one_about_the_same_as_the_best_comes_first():
    assert found(shard("shock waves", related=False))[4].score >= found(shard("shock waves", related=False))[3].score
    picks = found(shard("shock waves"))
    assert picks[3].score > picks[4].score


def test_what_matches_no_keyword_is_not_found_by_related_words():
    assert 5 not in found(shard("shock waves"))


def test_related_words_are_told_apart_and_all_adds_up():
    picks = found(shard("shock waves"))
    grounds = {reason.term: reason.ground for reason in picks[3].reasons}
    assert grounds["waves"] is Ground.KEYWORD
    assert grounds["supersonic"] is Ground.RELATED
    for pick in picks.values():
        assert sum(reason.contribution for reason in pick.reasons) == pytest.approx(pick.score)
    assert all(one.score >= other.score for one, other in pairwise(picks.values()))


def test_without_a_match_there_is_nothing_to_learn_from():
    assert found(shard("octopus")) == {}
    assert Ranker().rank(replace(shard("octopus"), subscribers=[])) == []
