"""What a backtest promises, with a ranker one can see through and with the real one."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.backtest import NEAR, Backtest, Day, Near, backtest, carried, compare, idle, unread
from digest.model import (
    Announcement,
    Background,
    Feedback,
    Ground,
    Hurdle,
    Kind,
    Listing,
    Pick,
    Profile,
    Ranking,
    Reason,
    Section,
    Shard,
    SourceState,
    Subscriber,
    Taste,
)
from digest.ranking.ranker import Ranker

NOW = datetime(2026, 5, 18, 6, tzinfo=UTC)
FIRST = date(2026, 5, 11)
DAY = timedelta(days=1)


def listing(number, score=50, **fields):
    """A paper whose match, for the ranker below, is its upvotes."""
    return Listing(f"Paper {number} on flow matching", id=number, upvotes=score, **fields)


def days(*each):
    """One day for each list of papers, from the first day on."""
    seq = 0
    for number, papers in enumerate(each):
        day, news = FIRST + number * DAY, []
        for paper in papers:
            seq += 1
            news.append(Announcement(paper, "arxiv", Kind.NEW, day, seq))
        yield day, news


def rank(shard):
    """The most upvotes, as far as the profile lets them; nothing that was sent."""

    def one(subscriber):
        profile = subscriber.profile
        fresh = [a for a in shard.window if a.seq > subscriber.cursor]
        left = [a for a in fresh if a.listing.id not in shard.sent.get(subscriber.id, ())]
        left = sorted(left, key=lambda a: -a.listing.upvotes)
        if profile.max_per_term:
            left = left[: profile.max_per_term]
        shown = [a for a in left if a.listing.upvotes >= profile.min_match][: profile.max_papers]
        return Ranking(tuple(pick(a.listing, a.day) for a in shown), {}, len(left), ("no such field",), len(fresh))

    return [one(subscriber) for subscriber in shard.subscribers]


def pick(of, day=FIRST, reasons=()):
    return Pick(of, Section.FOR_YOU, Kind.NEW, "arxiv", day, float(of.upvotes), reasons)


def reader(**profile):
    return Subscriber("ann@example.org", profile=Profile(**profile), id=7, cursor=1_000)


def would_send(*each, **profile):
    (found,) = backtest(days(*each), Shard([reader(**profile)], (), NOW), rank)
    return found


def shown(found):
    return [[pick.listing.id for pick in day.picks] for day in found.days]


# --- the days -----------------------------------------------------------------------------------------------------


def test_every_day_is_ranked_by_itself_wherever_the_subscriber_has_got_to():
    found = would_send([listing(1), listing(2, 60)], [], [listing(3)])
    assert shown(found) == [[2, 1], [], [3]]
    assert [day.papers for day in found.days] == [2, 0, 1]
    assert [day.day for day in found.days] == [FIRST, FIRST + DAY, FIRST + 2 * DAY]


def test_a_paper_comes_once():
    found = would_send([listing(1), listing(2)], [listing(1), listing(3)])
    assert shown(found) == [[1, 2], [3]]


def test_papers_of_authors_count_by_their_match_and_new_versions_do_not():
    papers = [Listing("Octopuses", id=1, authors=("Jonathan Ho",)), Listing("Robots", "On flow.", id=2)]
    first, second = ((a, kind) for a, kind in ((papers, Kind.NEW), ([replace(papers[0], version=2)], Kind.REVISION)))
    news = [
        (FIRST + number * DAY, [Announcement(one, "arxiv", kind, FIRST, seq) for seq, one in enumerate(listings, 1)])
        for number, (listings, kind) in enumerate((first, second))
    ]
    who = reader(keywords=("flow", "author:Jonathan Ho"))
    (found,) = backtest(news, Shard([who], (), NOW), Ranker().rank)
    assert shown(found) == [[1, 2], []]
    assert [pick.section for pick in found.picks] == [Section.AUTHORS, Section.FOR_YOU]


def test_what_found_no_room_may_come_on_a_later_day_and_then_did_not_miss():
    found = would_send([listing(1, 90), listing(2, 40)], [listing(2, 40)], max_papers=1)
    assert shown(found) == [[1], [2]]
    assert found.near == ()


@pytest.mark.parametrize(
    ("profile", "near"),
    [
        ({"max_papers": 2}, [(3, Hurdle.CUT), (4, Hurdle.CUT)]),
        ({"min_match": 55}, [(3, Hurdle.WEAK), (4, Hurdle.WEAK)]),
        ({"max_per_term": 2}, [(3, Hurdle.CROWDED), (4, Hurdle.CROWDED)]),
        ({"max_papers": 2, "min_match": 45}, [(3, Hurdle.CUT), (4, Hurdle.WEAK)]),
        ({}, []),
    ],
)
def test_what_came_near_is_known_with_what_kept_it_out(profile, near):
    found = would_send([listing(n, score) for n, score in [(1, 80), (2, 60), (3, 50), (4, 40)]], **profile)
    assert [(one.pick.listing.id, one.hurdle) for one in found.near] == near


def test_upvotes_lift_nothing_over_a_least_match():
    signal = Reason("42 upvotes", "", 15.0, ground=Ground.SIGNAL)
    weak = pick(listing(1, 60), reasons=(replace(WORDS, contribution=45.0), signal))

    def least(shard):
        return [Ranking((weak,) if not s.profile.min_match else (), {}, 1, (), 1) for s in shard.subscribers]

    (found,) = backtest(days([weak.listing]), Shard([reader(min_match=50.0)], (), NOW), least)
    assert [near.hurdle for near in found.near] == [Hurdle.WEAK]


def test_no_more_than_a_few_of_a_day_came_near():
    found = would_send([listing(number) for number in range(1, 50)], max_papers=3)
    assert len(found.days[0].near) == NEAR


def test_a_quiet_day_an_empty_day_and_a_day_nobody_knows_are_three_things():
    one = Shard([reader(min_match=60)], (), NOW)
    gone = FIRST + 2 * DAY
    (found,) = backtest(days([], [listing(1)], []), one, rank, lambda _, day: ("arxiv",) if day == gone else ())
    assert [day.day for day in found.quiet] == [FIRST]
    assert [day.day for day in found.empty] == [FIRST + DAY]
    assert [(day.day, day.missing) for day in found.unknown] == [(gone, ("arxiv",))]


def test_the_faults_of_a_profile_are_told():
    assert would_send([listing(1)]).problems == ("no such field",)


def test_each_of_several_readers_gets_their_own_and_keeps_their_taste():
    seen = []

    def looking(shard):
        seen.append(shard)
        return rank(shard)

    taste = Taste((Feedback(listing(9), liked=True, at=NOW),))
    ben = Subscriber("ben@example.org", profile=Profile(max_papers=1), id=8)
    shard = Shard([reader(max_papers=2), ben], (), NOW, background=Background(papers=3.0), tastes={8: taste})
    one, other = backtest(days([listing(1), listing(2)], [listing(1), listing(2)]), shard, looking)
    assert (shown(one), shown(other)) == ([[1, 2], []], [[1], [2]])
    assert {number for number, own in seen[0].tastes.items() if own == taste} == {s.id for s in seen[0].subscribers[2:]}
    assert (seen[0].now, seen[0].background) == (NOW, Background(papers=3.0))
    assert one.profile == Profile(max_papers=2)  # as given, not as ranked


def test_days_are_asked_for_one_at_a_time():
    asked = []

    def arriving():
        for day in days([listing(1)], [listing(2)]):
            asked.append(day[0])
            yield day

    def looking(shard):
        assert len(asked) == {a.day for a in shard.window}.pop().day - FIRST.day + 1
        return rank(shard)

    backtest(arriving(), Shard([reader()], (), NOW), looking)
    assert len(asked) == 2


@given(
    st.lists(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 100)), max_size=8), max_size=5),
    st.integers(0, 4),
    st.integers(0, 100),
)
def test_nothing_is_shown_twice_and_nothing_shown_came_only_near(each, most, least):
    papers = [[listing(number, score) for number, score in dict(day).items()] for day in each]
    found = would_send(*papers, max_papers=most, min_match=least)
    ids = [pick.listing.id for pick in found.picks]
    assert len(ids) == len(set(ids))
    assert set(ids).isdisjoint(near.pick.listing.id for near in found.near)
    assert all(len(day.picks) <= most for day in found.days)
    assert len(found.days) == len(found.quiet) + len(found.empty) + sum(bool(day.picks) for day in found.days)


def test_the_real_ranker_would_send_what_it_sends():
    papers = [
        Listing("Flow matching for robots", id=1, authors=("Ann One",)),
        Listing("A flow of people through stations", id=2, authors=("Bo Two",)),
        Listing("Sparse attention", id=3, authors=("Cy Three",)),
        Listing("Much about attention, and much else besides", id=4, authors=("Di Four",)),
    ]
    profile = Profile(keywords=("flow matching", "attention", "-robots"), max_papers=1)
    every = Subscriber("a@x.org", profile=replace(profile, max_papers=20))
    shard = Shard([Subscriber("a@x.org", profile=profile), every], (), NOW)
    one, other = backtest(days(papers, papers), shard, Ranker().rank)
    assert (shown(one), shown(other)) == ([[3], [4]], [[3, 4], []])
    assert [near.hurdle for near in one.days[0].near] == [Hurdle.CUT]
    (strict,) = backtest(
        days(papers),
        replace(shard, subscribers=[replace(every, profile=replace(profile, min_match=99.9))]),
        Ranker().rank,
    )
    assert (shown(strict), {near.hurdle for near in strict.near}) == ([[]], {Hurdle.WEAK})
    assert all(p.score == pytest.approx(sum(r.contribution for r in p.reasons)) for p in other.picks)


# --- what was not read --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "day", "missing"),
    [
        (SourceState("arxiv", covered={"cs.CL": FIRST, "cs.LG": FIRST}), FIRST, False),
        (SourceState("arxiv", covered={"cs.CL": FIRST, "cs.LG": FIRST - DAY}), FIRST, True),
        (SourceState("arxiv", covered={"": FIRST}), FIRST + DAY, True),
        (SourceState("arxiv", covered={"": FIRST}, last_success=NOW), NOW.date(), False),  # a weekend was looked at
        (SourceState("arxiv"), FIRST, True),
        (SourceState("arxiv", last_success=NOW), FIRST - 9 * DAY, True),  # before the store begins
    ],
)
def test_a_day_is_known_as_far_as_a_source_was_read(state, day, missing):
    assert bool(unread([state], {"arxiv": FIRST - 5 * DAY}, reader(), day)) is missing


def test_only_the_sources_of_a_subscriber_can_be_missing():
    states = [SourceState("arxiv"), SourceState("blog")]
    assert unread(states, {}, reader(sources=("blog",)), FIRST) == ("blog",)
    assert unread(states, {}, reader(), FIRST) == ("arxiv", "blog")


# --- what there is to say -----------------------------------------------------------------------------------------

WORDS = Reason("flow matching", "title", 30.0)
PART = Reason("matching", "abstract", 4.0, partial=True)
FLOW = Reason("flow", "abstract", 2.0)
LEARNT = Reason("score", "abstract", 50.0, ground=Ground.LIKED)


def test_terms_carry_papers_and_points_with_their_parts_and_what_was_learnt_apart():
    twice = (WORDS, replace(WORDS, field="abstract", contribution=10.0))
    rows = carried(
        [pick(listing(1), reasons=(*twice, LEARNT)), pick(listing(2), reasons=(WORDS, PART, FLOW))], ["flow matching"]
    )
    assert [(row.term, row.ground, row.partial, row.papers, row.points) for row in rows] == [
        ("flow matching", Ground.KEYWORD, False, 2, 70.0),
        ("matching", Ground.KEYWORD, True, 1, 4.0),
        ("flow", Ground.KEYWORD, True, 1, 2.0),  # where the whole stands in another field
        ("score", Ground.LIKED, False, 1, 50.0),
    ]


def test_an_author_and_a_word_of_one_name_are_two_terms():
    rows = carried([pick(listing(1), reasons=(Reason("Ho", "authors", 9.0), Reason("ho", "title", 3.0)))], ["Ho", "ho"])
    assert [(row.term, row.field) for row in rows] == [("Ho", "authors"), ("ho", "")]


def test_a_term_that_only_ever_matched_in_part_or_was_only_learnt_brought_nothing():
    names = {
        '"flow matching"^3': ("flow matching",),
        "matching": ("matching",),
        "score": ("score",),
        "a | b": ("a", "flow matching"),
    }
    assert idle(names, [pick(listing(1), reasons=(WORDS, PART, LEARNT))]) == ("matching", "score")


def test_two_profiles_side_by_side():
    one = would_send([listing(1), listing(2)], [listing(3)])
    other = would_send([listing(2)], [listing(1), listing(4, 90), listing(5, 95)])
    found = compare(one, other)
    assert [(day.both, day.one, day.other) for day in found.days] == [(2, 0, 0), (1, 1, 2)]
    assert [[p.listing.id for p in picks] for picks in (found.both, found.one, found.other)] == [[1, 2], [3], [5, 4]]


def test_papers_without_a_number_are_told_apart_by_name():
    one = Listing("A study of the flow of water", authors=("Ann One",))
    found = Backtest(Profile(), (Day(FIRST, 1, 1, (replace(pick(listing(1)), listing=one),)),))
    assert [p.listing for p in compare(found, found).both] == [one]
    near = Near(replace(pick(listing(1)), listing=one), Hurdle.CUT)
    assert replace(found, days=(*found.days, Day(FIRST + DAY, near=(near,)))).near == ()
