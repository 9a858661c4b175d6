"""New versions of papers that were sent: told once to whoever had an earlier one, whatever races or is composed again."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from digest.model import Kind, Section
from digest.store import open_store

from .making import (
    DAY,
    announce,
    announce_papers,
    claim,
    edition,
    paper,
    papers,
    pick,
    publish,
    revised,
    said,
    subscribe,
    told,
    version_of,
)

SECOND, THIRD, FOURTH = (DAY + timedelta(days=number) for number in (1, 2, 3))


def picks_of(store, subscriber, day):
    return [
        (each.section, each.listing.id, each.listing.version) for each in store.edition(subscriber.email, day).picks
    ]


def test_a_new_version_is_told_once_and_the_next_one_again(store):
    announce_papers(store, 1)
    ann = subscribe(store)
    publish(store, edition(ann, papers(store)))
    two = revised(store, 1, 2)
    assert publish(store, told(ann, two, day=SECOND)) == 1
    assert publish(store, told(ann, two, day=THIRD)) == 1  # the edition of a daemon that knew of nothing
    three = revised(store, 1, 3)
    publish(store, told(ann, three, two, day=FOURTH))
    assert picks_of(store, ann, SECOND) == [(Section.VERSIONS, 1, 2)]
    assert picks_of(store, ann, THIRD) == []
    assert picks_of(store, ann, FOURTH) == [(Section.VERSIONS, 1, 3)]
    assert store.sent_on(ann.id, 1) == [DAY, SECOND, FOURTH]
    assert store.sent([ann.id], [1]) == {ann.id: {1}}


def test_what_is_told_beside_new_papers_keeps_its_place(store):
    announce_papers(store, 4)
    ann, bob = subscribe(store), subscribe(store, "bob@example.org")
    one, two, three, four = papers(store)
    publish(store, edition(ann, [one, two]))
    mixed = edition(ann, [three], day=SECOND)
    mixed = replace(mixed, picks=(*mixed.picks, version_of(two), pick(four, Section.AUTHORS), version_of(one)))
    publish(store, replace(mixed, picks=tuple(_newer(each) for each in mixed.picks)), edition(bob, [two], day=SECOND))
    shown = store.edition(ann.email, SECOND).picks
    assert [each.listing.id for each in shown] == [3, 2, 4, 1]
    assert shown == tuple(_newer(each) for each in mixed.picks)
    (ours,) = [held.edition for held in claim(store) if held.edition.issue_date == SECOND and held.edition.picks[1:]]
    assert ours.picks == shown


def _newer(each):
    return replace(each, listing=replace(each.listing, version=2))


@pytest.mark.parametrize(
    ("had", "announced", "is_news"),
    [(1, 2, True), (2, 2, False), (3, 2, False), (None, 2, True), (None, None, True), (1, None, True), (1, 1, False)],
)
def test_a_version_is_news_to_those_who_had_an_earlier_one(store, had, announced, is_news):
    announce(store, said(paper(1, version=had)))
    ann = subscribe(store)
    (one,) = papers(store)
    publish(store, edition(ann, [one]))
    for day, kept in ((SECOND, is_news), (THIRD, False)):
        publish(store, told(ann, replace(one, version=announced), day=day))
        assert bool(store.edition(ann.email, day).picks) is kept


def test_who_has_the_present_version_is_known(store):
    announce_papers(store, 2)
    ann, bob = subscribe(store), subscribe(store, "bob@example.org")
    publish(store, edition(ann, papers(store)))
    assert store.current([ann.id, bob.id], [1, 2, 99]) == {ann.id: {1, 2}, bob.id: frozenset()}
    two = revised(store, 1, 2)
    assert store.current([ann.id], [1, 2]) == {ann.id: {2}}
    publish(store, told(ann, two, day=SECOND), edition(bob, [two]))
    assert store.current([ann.id, bob.id], [1, 2]) == {ann.id: {1, 2}, bob.id: {1}}
    revised(store, 1, 3)
    assert store.current([ann.id, bob.id], [1, 2]) == {ann.id: {2}, bob.id: frozenset()}


def test_a_version_sent_under_another_name_counts_as_told(store):
    announce(store, said(paper(1)), said(paper(2, doi="10.1/x")))
    ann = subscribe(store)
    one, two = papers(store)
    publish(store, edition(ann, [one, two]))
    publish(store, told(ann, replace(two, version=2), day=SECOND))
    announce(store, said(paper(1, doi="10.1/x", version=2), Kind.REVISION))
    assert store.current([ann.id], [1, 2]) == {ann.id: {1, 2}}
    publish(store, told(ann, replace(one, version=2), day=THIRD))
    assert store.edition(ann.email, THIRD).picks == ()
    assert store.sent_on(ann.id, 1) == [DAY, SECOND]


def test_a_version_of_what_was_never_sent_counts_as_sent(store):
    announce_papers(store, 1)
    ann = subscribe(store)
    two = revised(store, 1, 2)
    publish(store, told(ann, two))
    assert store.sent([ann.id], [1]) == {ann.id: {1}}
    publish(store, edition(ann, [two], day=SECOND))
    publish(store, told(ann, two, day=THIRD))
    assert [picks_of(store, ann, day) for day in (DAY, SECOND, THIRD)] == [[(Section.VERSIONS, 1, 2)], [], []]


def test_editions_of_two_days_that_are_published_at_once_tell_a_version_once(store):
    announce_papers(store, 1)
    ann = subscribe(store)
    one = papers(store)[0]
    two = replace(one, version=2)
    assert publish(store, edition(ann, [one]), told(ann, two, day=SECOND), told(ann, two, day=THIRD)) == 3
    assert [picks_of(store, ann, day) for day in (DAY, SECOND, THIRD)] == [
        [(Section.FOR_YOU, 1, 1)],
        [(Section.VERSIONS, 1, 2)],
        [],
    ]


def test_daemons_that_race_tell_a_version_once(store, url):
    announce_papers(store, 3)
    ann = subscribe(store)
    publish(store, edition(ann, papers(store)))
    newer = [replace(one, version=2) for one in papers(store)]
    days = [DAY + timedelta(days=number) for number in range(1, 5)]

    def compose(day):
        other = open_store(url)
        try:
            publish(other, told(ann, *newer, day=day))
        finally:
            other.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(compose, days))
    editions = [held for day in days if (held := store.edition(ann.email, day))]
    assert [each.listing.id for held in editions for each in held.picks] == [1, 2, 3]
    assert len(store.sent_on(ann.id, 1)) == 2
