"""What subscribers can rely on who want no paper twice, no term too often, variety, or the community's word."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.model import (
    Announcement,
    Feedback,
    Ground,
    Hurdle,
    Kind,
    Listing,
    Profile,
    Section,
    Shard,
    Subscriber,
    Taste,
)
from digest.ranking.ranker import Ranker
from digest.ranking.sections import matching

DAY = date(2026, 5, 18)
NOW = datetime(2026, 5, 18, 6, tzinfo=UTC)
ABSTRACT = (
    "We study how a robot learns to grasp objects that it has never seen, by matching flows of point clouds in a "
    "space of shapes that is learned from a few thousand demonstrations, and show that it does so on four machines."
)


def listing(number, title="Flow matching", **changes):
    published = datetime(2026, 5, 1, tzinfo=UTC) + timedelta(hours=number)
    return replace(Listing(title=title, id=number, published=published), **changes)


def announced(*found, kind=Kind.NEW):
    return [Announcement(one, "arxiv", kind, DAY, seq=one.id) for one in found]


def subscriber(*keywords, **profile):
    return Subscriber("a@example.org", profile=Profile(keywords=keywords, **profile), id=1)


def rank(window, who, **more):
    return Ranker().rank(Shard([who], window, NOW, **more))[0]


def shown(ranking):
    return [pick.listing.id for pick in ranking.picks if pick.section is Section.FOR_YOU]


# --- twins --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [
        ({"title": "Robots that learn to grasp flows"}, {"title": "Robots that learn to grasp: Flows"}, True),
        ({"title": "Robots that learn to grasp flows"}, {"title": "Robots that learn to drop flows"}, False),
        ({"title": "A flow"}, {"title": "A flow"}, False),
        (
            {"title": "A flow", "abstract": ABSTRACT},
            {"title": "Flow v2", "abstract": ABSTRACT + " Code is there."},
            True,
        ),
        ({"title": "A flow", "abstract": ABSTRACT}, {"title": "Flow v2", "abstract": ABSTRACT[:90]}, False),
    ],
)
def test_a_paper_under_two_ids_is_shown_once(one, other, are_one):
    authors = ("Ann One", "Bo Two")
    window = announced(listing(1, authors=authors, **one), listing(2, authors=("Two, Bo",), **other))
    ranking = rank(window, subscriber("flow"))
    assert (len(shown(ranking)), ranking.matched) == ((1, 1) if are_one else (2, 2))
    strangers = announced(listing(1, authors=authors, **one), listing(2, authors=("C. Three",), **other))
    assert len(shown(rank(strangers, subscriber("flow")))) == 2


def test_two_of_arxivs_with_different_titles_are_two_papers():
    text = {"abstract": ABSTRACT, "authors": ("Ann One",)}
    first = listing(1, "A flow", arxiv_id="2605.00001", **text)
    assert (
        len(shown(rank(announced(first, listing(2, "B flow", arxiv_id="2605.00002", **text)), subscriber("flow")))) == 2
    )
    assert len(shown(rank(announced(first, listing(2, "B flow", doi="10.1101/2", **text)), subscriber("flow")))) == 1


def test_of_twins_the_better_one_is_shown_and_the_next_best_paper_takes_the_place():
    text = {"abstract": ABSTRACT, "authors": ("Ann One",)}
    window = announced(
        listing(1, "Flow flow", **text), listing(2, "Flow", **text), listing(3, "A flow of other things")
    )
    assert shown(rank(window, subscriber("flow", max_papers=2))) == [1, 3]


def test_a_twin_of_what_was_sent_does_not_come():
    text = {"abstract": ABSTRACT, "authors": ("Ann One",)}
    window = announced(listing(1, "Flow", **text), listing(2, "Flow again", **text), listing(3, "Flow"))
    assert shown(rank(window, subscriber("flow"), sent={1: frozenset({1})})) == [3]


def test_a_twin_of_what_is_shown_does_not_trend():
    text = {"abstract": ABSTRACT, "authors": ("Ann One",), "upvotes": 9}
    window = announced(listing(1, "Flow", **text))
    talk = announced(listing(2, "Flow again", **text), kind=Kind.TRENDING)
    assert [pick.listing.id for pick in rank(window, subscriber("flow"), trending=talk).picks] == [1]


# --- terms, variety, signals --------------------------------------------------------------------------------------


def test_a_term_is_the_strongest_reason_of_no_more_papers_than_wished():
    window = announced(
        *(listing(n, "Flow flow") for n in range(1, 6)), listing(6, "Robots"), listing(7, "Robots, flow")
    )
    who = subscriber("flow^2", "robots", max_per_term=2)
    assert sorted(shown(rank(window, who))) == [4, 5, 6, 7]


def test_of_papers_that_say_the_same_a_different_one_is_preferred():
    same = "Flow matching for generative models of images and video with transformers"
    window = announced(listing(1, same), listing(2, f"{same}, fast"), listing(3, "The flow of water in soil"))
    assert shown(rank(window, subscriber("flow", "matching", max_papers=2))) == [1, 2]
    assert sorted(shown(rank(window, subscriber("flow", "matching", max_papers=2, diversity=0.7)))) == [1, 3]


def test_signals_add_at_most_ten_points_and_say_so():
    loved = listing(1, "Diffusion, and much more of it than a flow", upvotes=500, comments=90, code_url="https://x.org")
    window = announced(loved, listing(2, "Diffusion, and much more of it than flow"))
    plain = rank(window, subscriber("flow"))
    assert shown(plain) == [2, 1]
    told = rank(window, subscriber("flow", signals=True))
    assert shown(told) == [1, 2]
    pick, match = told.picks[0], plain.picks[1].score
    said = {reason.term: reason.contribution for reason in pick.reasons if reason.ground is Ground.SIGNAL}
    assert set(said) == {"500 upvotes", "90 comments", "code"}
    assert 9 * (100 - match) / 100 < sum(said.values()) < 10 * (100 - match) / 100
    assert sum(reason.contribution for reason in pick.reasons) == pytest.approx(pick.score, abs=1e-9)


def test_what_matches_too_little_is_not_shown_whatever_the_community_says():
    window = announced(listing(1, "Flow"), listing(2, "A", abstract="Much " * 60 + "flow", upvotes=900))
    ranking = rank(window, subscriber("flow", min_match=50, signals=True))
    assert (shown(ranking), ranking.matched) == ([1], 2)
    assert shown(rank(window, subscriber("flow", min_match=50))) == [1]


# --- likes ----------------------------------------------------------------------------------------------------------

CRYSTALS = "Phonons in twisted crystals scatter electrons"


def liked(*found, is_liked=True):
    return {1: Taste(tuple(Feedback(one, is_liked, NOW) for one in found))}


def other_papers():
    """Enough to learn from: each word that is liked is held by a few others."""
    words = CRYSTALS.split()
    return [listing(n, f"Something about topic{n} and {words[n % 6]}", abstract="Nothing new.") for n in range(10, 60)]


def test_what_is_much_like_what_was_liked_is_shown_and_says_why():
    window = announced(*other_papers(), listing(1, CRYSTALS))
    ranking = rank(window, subscriber("robots"), tastes=liked(listing(0, CRYSTALS)))
    assert shown(ranking)[:1] == [1]
    assert {reason.ground for reason in ranking.picks[0].reasons} == {Ground.LIKED}
    assert 1 not in shown(rank(window, subscriber("robots", "-phonons"), tastes=liked(listing(0, CRYSTALS))))


def test_who_has_no_keyword_is_ranked_by_likes_alone():
    window = announced(*other_papers(), listing(1, CRYSTALS))
    assert shown(rank(window, subscriber(), tastes=liked(listing(0, CRYSTALS))))[:1] == [1]


def test_dislikes_take_points_away_and_reasons_still_add_up():
    window = announced(*other_papers(), listing(1, CRYSTALS), listing(2, "On electrons"))
    plain = rank(window, subscriber("electrons"))
    ranking = rank(
        window, subscriber("electrons"), tastes=liked(listing(0, "Phonons in twisted crystals"), is_liked=False)
    )
    scores, before = ({pick.listing.id: pick.score for pick in one.picks} for one in (ranking, plain))
    assert scores[2] == before[2]
    assert scores.get(1, 0) < before[1]
    for pick in ranking.picks:
        assert sum(reason.contribution for reason in pick.reasons) == pytest.approx(pick.score, abs=1e-9)


# --- sources and kinds ----------------------------------------------------------------------------------------------


def test_revisions_are_for_those_who_ask_for_them():
    window = [*announced(listing(1)), *announced(listing(2), kind=Kind.REVISION)]
    assert shown(rank(window, subscriber("flow"))) == [1]
    assert shown(rank(window, subscriber("flow", "-kind:revision"))) == [1]
    asked = rank(window, subscriber("flow", "kind:revision"))
    assert (shown(asked), asked.papers, asked.picks[0].kind) == ([2, 1], 2, Kind.REVISION)
    assert shown(rank(window, subscriber("flow", "+kind:revision | kind:cross"))) == [2]


def test_a_source_is_a_reason_and_a_condition():
    window = [*announced(listing(1)), Announcement(listing(2), "huggingface", Kind.NEW, DAY, seq=2)]
    (pick,) = rank(window, subscriber("flow", "+source:HuggingFace")).picks
    assert pick.listing.id == 2
    assert {(reason.term, reason.field) for reason in pick.reasons} == {("flow", "title"), ("HuggingFace", "sources")}
    assert shown(rank(window, subscriber("flow", "-source:huggingface"))) == [1]


def test_of_a_group_the_alternative_counts_that_adds_most():
    window = announced(
        listing(1, "Rectified flow"), listing(2, "Rectified flow", abstract="Flow matching."), listing(3)
    )
    ranking = rank(window, subscriber('"flow matching" | "rectified flow"'))
    terms = {pick.listing.id: {reason.term for reason in pick.reasons} for pick in ranking.picks}
    assert terms == {1: {"rectified flow"}, 2: {"rectified flow", "flow"}, 3: {"flow matching"}}


# --- explain --------------------------------------------------------------------------------------------------------

WORDS = ["flow", "matching", "robot", "survey", "graph", "model", "protein"]


def crowd(seed):
    chance = random.Random(seed)
    found = [
        listing(
            n,
            " ".join(chance.choices(WORDS, k=4)),
            abstract=" ".join(chance.choices(WORDS, k=chance.choice([3, 40]))),
            authors=(chance.choice(["Ann One", "Bo Two"]),),
            categories=(chance.choice(["cs.LG", "cs.CL"]),),
            upvotes=chance.choice([None, 5, 50]),
        )
        for n in range(1, 30)
    ]
    kinds = [chance.choice(list(Kind)) for _ in found]
    return [Announcement(one, "arxiv", kind, DAY, seq=one.id) for one, kind in zip(found, kinds, strict=True)]


options = st.fixed_dictionaries(
    {
        "max_papers": st.integers(0, 8),
        "min_match": st.sampled_from([0.0, 20.0, 60.0]),
        "max_per_term": st.integers(0, 2),
        "diversity": st.sampled_from([0.0, 0.0, 0.5]),
        "signals": st.booleans(),
        "categories": st.sampled_from([(), ("cs.LG",)]),
    }
)
keywords = st.lists(
    st.sampled_from(
        [*WORDS, "flow matching", '"graph model"', "-survey robot", "+model", "kind:revision", "-protein", "author:Two"]
    ),
    max_size=4,
)


@settings(deadline=None)
@given(st.integers(0, 99), keywords, options, st.integers(0, 4), st.booleans())
def test_an_account_agrees_with_what_is_shown(seed, lines, wishes, likes, partial):
    window = crowd(seed)
    who = replace(subscriber(*lines, **wishes), cursor=5)
    tastes = liked(*(a.listing for a in window[:likes]))
    shard = Shard([who], window, NOW, sent={1: frozenset({7, 8})}, tastes=tastes, partial=partial)
    ranker = Ranker()
    picks = {pick.listing.id: pick for pick in matching(ranker.rank(shard)[0].picks)}
    worst = min((pick.score for pick in picks.values()), default=None)
    for number in range(31):
        account = ranker.explain(shard, number)
        assert (account.hurdle is Hurdle.NONE) is (number in picks)
        if number in picks:
            assert (account.score, account.reasons) == (picks[number].score, picks[number].reasons)
            assert list(account.reasons) == sorted(account.reasons, key=lambda reason: -abs(reason.contribution))
            assert account.place is not None
        if account.hurdle not in (Hurdle.NOT_NEWS, Hurdle.NONE):
            assert sum(reason.contribution for reason in account.reasons) == pytest.approx(account.score, abs=1e-9)
        if number in {a.listing.id for a in window} and account.hurdle is not Hurdle.NOT_NEWS:
            assert account.last == worst


@pytest.mark.parametrize(
    ("profile", "hurdle", "terms"),
    [
        (subscriber("flow"), Hurdle.NONE, ()),
        (replace(subscriber("flow"), cursor=99), Hurdle.NOT_NEWS, ()),
        (subscriber("flow", sources=("blog",)), Hurdle.NOT_NEWS, ()),
        (subscriber("flow", categories=("math.*",)), Hurdle.CATEGORY, ()),
        (subscriber("flow", '-"a survey"', "-diffusion"), Hurdle.EXCLUDED, ('-"a survey"',)),
        (subscriber("flow", "+robots | drones", "+survey"), Hurdle.LACKING, ("+robots | drones",)),
        (subscriber("flow matching"), Hurdle.PARTIAL, ()),
        (subscriber("drones"), Hurdle.PARTIAL, ()),
        (subscriber("flow", "robots", "drones", "planes", min_match=60), Hurdle.WEAK, ()),
        (subscriber("flow", max_papers=0), Hurdle.CUT, ()),
        (subscriber("flow", max_papers=1), Hurdle.CUT, ()),
        (subscriber("flow", max_per_term=1), Hurdle.CROWDED, ("flow",)),
    ],
)
def test_an_account_names_the_first_hurdle(profile, hurdle, terms):
    paper = listing(1, "A survey of the flow of so many other things", categories=("cs.LG",))
    account = Ranker().explain(Shard([profile], announced(paper, listing(2, "Flow")), NOW), 1)
    assert (account.hurdle, account.terms) == (hurdle, terms)


def test_an_account_says_which_paper_is_shown_or_was_sent_in_its_stead():
    text = {"abstract": ABSTRACT, "authors": ("Ann One",)}
    window = announced(listing(1, "Flow", **text), listing(2, "Flow again and again", **text))
    shard = Shard([subscriber("flow")], window, NOW)
    account = Ranker().explain(shard, 2)
    assert (account.hurdle, account.twin) == (Hurdle.TWIN, window[0].listing)
    sent = replace(shard, sent={1: frozenset({1})})
    account = Ranker().explain(sent, 2)
    assert (account.hurdle, account.twin) == (Hurdle.SENT, window[0].listing)
    assert Ranker().explain(sent, 1).twin is None
    assert Ranker().explain(shard, 77).hurdle is Hurdle.NOT_NEWS
