"""Which edition considered a paper, and what was known for it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from digest.model import (
    Announcement,
    Edition,
    Feedback,
    Kind,
    Listing,
    Pick,
    Profile,
    Section,
    Shard,
    Subscriber,
    Taste,
)
from digest.standing import Stage, as_of, pick_of, stage_of

NOW = datetime(2026, 5, 18, 6, tzinfo=UTC)
DAY = NOW.date()
LISTING = Listing("Flow matching", id=4, arxiv_id="2605.00004")


def said(seq, source="arxiv", kind=Kind.NEW, listing=LISTING):
    return Announcement(listing, source, kind, DAY, seq)


def edition(day, after, until, **fields):
    reader = Subscriber("ann@example.org", id=1, cursor=after)
    return Edition(reader, date(2026, 5, day), NOW - timedelta(days=18 - day), cursor=until, **fields)


EDITIONS = (edition(18, 30, 40), edition(17, 20, 30), edition(16, 10, 20))


@pytest.mark.parametrize(
    ("seqs", "stage", "day"),
    [
        ([41], Stage.COMING, None),
        ([40], Stage.CONSIDERED, 18),
        ([31], Stage.CONSIDERED, 18),
        ([30], Stage.CONSIDERED, 17),
        ([15, 25], Stage.CONSIDERED, 17),  # the newest that considered it
        ([15, 45], Stage.COMING, None),
        ([10], Stage.BEFORE, None),
        ([], Stage.SILENT, None),
    ],
)
def test_the_newest_edition_that_considered_a_paper_is_found(seqs, stage, day):
    reader = Subscriber("ann@example.org", id=1, cursor=40)
    found = stage_of([said(seq) for seq in seqs], reader, EDITIONS)
    assert (found[0], found[1] and found[1].issue_date.day) == (stage, day)


def test_without_any_edition_what_came_before_the_cursor_came_before_the_subscription():
    reader = Subscriber("ann@example.org", id=1, cursor=40)
    assert stage_of([said(40)], reader, ()) == (Stage.BEFORE, None)


def test_only_sources_that_are_read_count():
    reader = Subscriber("ann@example.org", id=1, cursor=40, profile=Profile(sources=("blog",)))
    assert stage_of([said(50)], reader, ()) == (Stage.ELSEWHERE, None)
    assert stage_of([said(50), said(35, "blog")], reader, EDITIONS) == (Stage.CONSIDERED, EDITIONS[0])


def test_a_paper_is_found_in_an_edition_by_number_or_by_any_of_its_names():
    def pick(listing):
        return Pick(listing, Section.FOR_YOU, Kind.NEW, "arxiv", DAY, 50.0)

    other, same = pick(Listing("Flow matching", id=4)), pick(replace(LISTING, id=99))
    assert pick_of(edition(18, 0, 9, picks=(same, other)), LISTING) is other
    assert pick_of(edition(18, 0, 9, picks=(same,)), LISTING) is same
    assert pick_of(edition(18, 0, 9, picks=(pick(Listing("Other", id=5)),)), LISTING) is None


def test_the_past_is_told_without_what_came_later():
    first = Pick(replace(LISTING, id=3), Section.FOR_YOU, Kind.NEW, "arxiv", DAY, 50.0)
    later = Pick(LISTING, Section.FOR_YOU, Kind.NEW, "arxiv", DAY, 50.0)
    version = Pick(replace(LISTING, id=2), Section.VERSIONS, Kind.REVISION, "arxiv", DAY, 0.0)
    past, newest = edition(17, 20, 30, picks=(first,)), edition(18, 30, 40, picks=(later, version))
    then = past.composed_at
    taste = Taste((Feedback(LISTING, liked=True, at=then), Feedback(LISTING, liked=False, at=NOW)), frozenset({"x"}))
    shard = Shard(
        [replace(past.subscriber, cursor=40)],
        [said(seq) for seq in (20, 21, 30, 31)],
        NOW,
        trending=[said(30, kind=Kind.TRENDING), said(31, kind=Kind.TRENDING)],
        sent={1: frozenset({2, 3, 4})},
        tastes={1: taste},
        current={1: frozenset({1, 2, 4})},
    )
    found = as_of(shard, past, (newest, past))
    assert [a.seq for a in found.window] == [21, 30]
    assert [a.seq for a in found.trending] == [30]
    assert found.sent == {1: {2}}
    assert found.current == {1: {1}}
    assert found.tastes == {1: replace(taste, feedback=taste.feedback[:1])}
    assert (found.now, found.subscribers) == (then, [past.subscriber])
