"""Under which heading papers come: by what the profile says, by its authors alone, and as new versions."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import (
    Announcement,
    Feedback,
    Ground,
    Kind,
    Listing,
    Pick,
    Profile,
    Reason,
    Section,
    Shard,
    Subscriber,
    Taste,
)
from digest.ranking.ranker import Ranker
from digest.ranking.sections import in_order, matching, section_of
from digest.text.background import count

DAY = date(2026, 5, 18)
NOW = datetime(2026, 5, 18, 6, tzinfo=UTC)


def listing(number, title="Flow matching", **changes):
    published = datetime(2026, 5, 1, tzinfo=UTC) + timedelta(hours=number)
    return replace(Listing(title=title, id=number, published=published, version=2), **changes)


def said(of, kind=Kind.NEW, seq=None, source="arxiv", day=DAY):
    return Announcement(of, source, kind, day, of.id if seq is None else seq)


def revised(number, seq=None, source="arxiv", day=DAY, **changes):
    return said(listing(number, **changes), Kind.REVISION, seq, source, day)


def ann(*keywords, cursor=0, **profile):
    return Subscriber("ann@example.org", profile=Profile(keywords=keywords, **profile), id=1, cursor=cursor)


def rank(window, who, sent=(), **more):
    (ranking,) = Ranker().rank(Shard([who], window, NOW, sent={1: frozenset(sent)}, **more))
    return ranking


def shown(ranking):
    return {
        section: ids for section in Section if (ids := [p.listing.id for p in ranking.picks if p.section is section])
    }


# --- from your authors ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reasons", "section"),
    [
        ([], Section.FOR_YOU),
        ([Reason("Ho", "authors", 9.0)], Section.AUTHORS),
        ([Reason("Ho", "authors", 9.0), Reason("Chen", "authors", 3.0)], Section.AUTHORS),
        ([Reason("Ho", "authors", 9.0), Reason("flow", "title", 0.1)], Section.FOR_YOU),
        ([Reason("Ho", "authors", 9.0), Reason("flow", "title", 0.1, partial=True)], Section.FOR_YOU),
        ([Reason("Ho", "authors", 9.0), Reason("cs.LG", "categories", 1.0)], Section.FOR_YOU),
        ([Reason("Ho", "authors", 9.0), Reason("score", "title", 1.0, ground=Ground.LIKED)], Section.FOR_YOU),
        ([Reason("Ho", "authors", 9.0), Reason("score", "title", -1.0, ground=Ground.LIKED)], Section.AUTHORS),
        ([Reason("Ho", "authors", 9.0), Reason("Ho", "abstract", 1.0, ground=Ground.MEANING)], Section.AUTHORS),
        ([Reason("Ho", "abstract", 1.0, ground=Ground.MEANING)], Section.FOR_YOU),
        ([Reason("Ho", "authors", 9.0), Reason("9 upvotes", "upvotes", 20.0, ground=Ground.SIGNAL)], Section.AUTHORS),
        ([Reason("9 upvotes", "upvotes", 20.0, ground=Ground.SIGNAL)], Section.FOR_YOU),
    ],
)
def test_what_nothing_but_names_speaks_for_is_from_your_authors(reasons, section):
    assert section_of(reasons) is section


def test_sections_come_in_their_order_and_what_is_chosen_stays_the_same():
    names = {"authors": ("Jonathan Ho",)}
    papers = [listing(1), listing(2, "Robots", **names), listing(3, **names), listing(4, "Octopuses", **names)]
    talk = [said(listing(9, "Talk", upvotes=7), Kind.TRENDING)]
    ranking = rank([*map(said, papers), revised(8)], ann("flow", "author:Ho", max_papers=3), sent={8}, trending=talk)
    assert [pick.section for pick in ranking.picks] == sorted(
        (pick.section for pick in ranking.picks), key=list(Section).index
    )
    assert shown(ranking) == {
        Section.FOR_YOU: [3],
        Section.TRENDING: [9],
        Section.VERSIONS: [8],
        Section.AUTHORS: [4, 2],
    }
    assert ranking.matched == 4  # and the weakest had no room, whatever its heading
    (only,) = [pick for pick in ranking.picks if pick.listing.id == 4]
    assert sum(reason.contribution for reason in only.reasons) == pytest.approx(only.score)


def test_a_liked_word_makes_a_paper_of_an_author_one_for_you():
    papers = [
        listing(1, "Robots that walk", authors=("Jonathan Ho",)),
        listing(2, "Octopuses", authors=("Jonathan Ho",)),
    ]
    liked = Taste(tuple(Feedback(listing(50 + n, f"Robots {n}"), liked=True, at=NOW) for n in range(3)))
    common = count([*papers, *(feedback.listing for feedback in liked.feedback), *map(listing, range(60, 90))])
    ranking = rank([*map(said, papers)], ann("author:Ho"), tastes={1: liked}, background=common)
    assert shown(ranking) == {Section.FOR_YOU: [1], Section.AUTHORS: [2]}


_PICKS = st.lists(
    st.builds(
        Pick,
        st.integers(1, 99).map(listing),
        st.sampled_from(Section),
        st.just(Kind.NEW),
        st.just("arxiv"),
        st.just(DAY),
        st.sampled_from([0.0, 40.0, 80.0]),
    ),
    unique_by=lambda pick: pick.listing.id,
)


@given(_PICKS)
def test_picks_can_be_put_back_into_the_order_of_their_scores(picks):
    ordered = sorted(picks, key=lambda pick: (-pick.score, -pick.listing.id))  # as ranking finds them
    wanted = [pick for pick in ordered if pick.section in (Section.FOR_YOU, Section.AUTHORS)]
    assert list(matching(in_order(ordered))) == wanted
    assert sorted(in_order(ordered), key=ordered.index) == ordered


# --- new versions ---------------------------------------------------------------------------------------------------


def test_a_new_version_is_told_to_who_was_sent_the_paper_and_to_nobody_else():
    window = [revised(1), revised(2)]
    ranking = rank(window, ann("flow"), sent={1, 7})
    (pick,) = ranking.picks
    assert (pick.listing.id, pick.section, pick.kind, pick.score, pick.reasons) == (
        1,
        Section.VERSIONS,
        Kind.REVISION,
        0.0,
        (),
    )
    assert (ranking.matched, ranking.papers, ranking.read) == (0, 0, {})
    assert rank(window, ann("flow")).picks == ()


@pytest.mark.parametrize(
    ("news", "who", "ids"),
    [
        (revised(1, version=None), ann(), [1]),
        (revised(1, version=1), ann(), []),
        (revised(1, seq=4), ann(cursor=3), [1]),
        (revised(1, seq=3), ann(cursor=3), []),
        (revised(1, source="biorxiv"), ann(sources=("arxiv",)), []),
        (revised(1, source="biorxiv"), ann(sources=("biorxiv",)), [1]),
        (said(listing(1), Kind.CROSS), ann("flow"), []),
        (revised(1), ann("robots", "-flow"), []),
        (revised(1, authors=("Jonathan Ho",)), ann("-author:Ho"), []),
        (revised(1), ann("-kind:revision"), []),
        (revised(1), ann("-source:arxiv"), []),
        (revised(1), ann('-"matching flow"'), [1]),
        (revised(1), ann("+robots", max_papers=0), [1]),
        (revised(1), ann("kind:revision"), [1]),
        (revised(1), ann(categories=("math.AG",)), [1]),
    ],
)
def test_a_new_version_is_told_if_they_read_its_source_and_exclude_nothing_of_it(news, who, ids):
    ranking = rank([news], who, sent={1})
    assert shown(ranking) == ({Section.VERSIONS: ids} if ids else {})


def test_a_version_that_they_have_had_is_not_told():
    assert rank([revised(1), revised(2)], ann(), sent={1, 2}, current={1: frozenset({1})}).picks[0].listing.id == 2


def test_the_newest_five_are_told_newest_first_each_once():
    window = [revised(n) for n in range(1, 8)]
    window += [revised(2, seq=9, source="biorxiv", day=DAY + timedelta(days=1)), revised(7, seq=10, source="other")]
    ranking = rank(window, ann(sources=("arxiv", "biorxiv")), sent=range(1, 8))
    assert [pick.listing.id for pick in ranking.picks] == [2, 7, 6, 5, 4]
    assert (ranking.picks[0].source, ranking.picks[0].day) == ("biorxiv", DAY + timedelta(days=1))


def test_a_revised_paper_is_in_no_other_section():
    paper = listing(1, upvotes=90)
    window = [said(paper, seq=1), said(paper, Kind.REVISION, seq=2)]
    talk = [said(paper, Kind.TRENDING, seq=3)]
    assert shown(rank(window, ann("flow", "kind:revision"), sent={1}, trending=talk)) == {Section.VERSIONS: [1]}
    assert shown(rank(window, ann("flow", "kind:revision"), trending=talk)) == {Section.FOR_YOU: [1]}


def test_what_is_found_for_you_does_not_depend_on_what_is_revised():
    window = [said(listing(n, f"Flow matching, part {n}")) for n in range(1, 9)]
    common = count(a.listing for a in window)
    alone = rank(window, ann("flow", "-survey"), background=common)
    beside = rank(
        [*window, *(revised(n) for n in range(20, 30))],
        ann("flow", "-survey"),
        sent=range(20, 30),
        background=common,
    )
    assert matching(beside.picks) == matching(alone.picks)
    assert (beside.matched, beside.papers, beside.read) == (alone.matched, alone.papers, alone.read)


def test_everybody_is_told_as_if_alone():
    window = [
        revised(n, title=title) for n, title in enumerate(["Flow", "Robots", "Flow robots", "Octopuses"], start=1)
    ]
    people = [replace(ann(never), id=n) for n, never in enumerate(["-flow", "-robots", "-octopus*", "flow"], start=1)]
    sent = {n: frozenset({1, 2, 3, 4} - {n}) for n in range(1, 5)}
    together = Ranker().rank(Shard(people, window, NOW, sent=sent))
    assert [[pick.listing.id for pick in ranking.picks] for ranking in together] == [[4, 2], [4, 1], [2, 1], [3, 2, 1]]
    assert together == [Ranker().rank(Shard([one], window, NOW, sent=sent))[0] for one in people]
