"""Editions: one a subscriber and day, nothing twice, all or nothing, and the same again at any later time."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.errors import StoreError
from digest.model import (
    GRAIN,
    Edition,
    Kind,
    Listing,
    Missing,
    Pick,
    Profile,
    Reason,
    Schedule,
    Section,
    State,
    Status,
    Subscriber,
)
from digest.store import open_store
from digest.store.schema import contents

from .making import (
    DAY,
    NOW,
    announce,
    announce_papers,
    claim,
    edition,
    paper,
    papers,
    pick,
    publish,
    said,
    subscribe,
)

TOMORROW = NOW + timedelta(days=1)


def test_publishing_moves_the_subscriber_on_in_the_same_transaction(store):
    announce_papers(store, 3)
    ann = subscribe(store)
    assert publish(store, edition(ann, papers(store)[:2], cursor=3)) == 1
    served = store.subscriber(ann.email)
    assert (served.cursor, served.last_issue) == (3, DAY)
    assert store.due(NOW, everyone=False, after=0, limit=10) == []
    assert store.due(TOMORROW, everyone=False, after=0, limit=10) == [served]
    assert store.sent([ann.id, 99], [1, 2, 3]) == {ann.id: {1, 2}, 99: frozenset()}
    assert store.overview(NOW).deliveries[State.PENDING] == 1


def test_a_day_has_one_edition(store):
    ann = subscribe(store)
    assert publish(store, edition(ann), edition(ann, note="again")) == 1
    assert publish(store, edition(ann)) == 0
    assert publish(store, edition(ann, day=DAY - timedelta(days=1))) == 0
    assert publish(store, edition(ann, day=DAY + timedelta(days=1))) == 1
    assert store.edition(ann.email, DAY).note == ""
    assert [each.issue_date for each in store.editions(ann.email, 5)] == [DAY + timedelta(days=1), DAY]


@pytest.mark.parametrize("status", [Status.PAUSED, Status.REMOVED])
def test_who_left_meanwhile_gets_no_edition(store, status):
    ann, bob = subscribe(store), subscribe(store, "bob@example.org")
    store.set_status(ann.email, status, NOW)
    assert publish(store, edition(ann), edition(bob)) == 1
    assert store.edition(ann.email, DAY) is None
    assert store.subscriber(ann.email).last_issue is None


def test_a_paper_sent_meanwhile_is_dropped_and_the_edition_is_not(store):
    announce_papers(store, 3)
    first, second, third = papers(store)
    ann, bob = subscribe(store), subscribe(store, "bob@example.org")
    publish(store, edition(ann, [first]))
    late = edition(ann, [first, second, second, third], day=DAY + timedelta(days=1))
    assert publish(store, late, edition(bob, [first])) == 2
    assert [each.listing.id for each in store.edition(ann.email, late.issue_date).picks] == [2, 3]
    assert [each.listing.id for each in store.edition(bob.email, DAY).picks] == [1]


def test_a_paper_sent_under_another_name_counts_as_sent(store):
    announce(store, said(paper(1)), said(paper(2, doi="10.1/x")))
    one, two = papers(store)
    ann = subscribe(store)
    publish(store, edition(ann, [two]))
    announce(store, said(paper(1, doi="10.1/x"), Kind.CROSS))
    assert store.sent([ann.id], [1, 2]) == {ann.id: {1, 2}}
    later = edition(ann, [one], day=DAY + timedelta(days=1))
    publish(store, later)
    assert store.edition(ann.email, later.issue_date).picks == ()


def test_an_empty_edition_is_sent_only_to_those_who_want_it(store):
    ann, bob = subscribe(store), subscribe(store, "bob@example.org", send_empty=False)
    assert publish(store, edition(ann), edition(bob)) == 2
    assert [each.edition.subscriber.email for each in claim(store)] == [ann.email]
    assert store.subscriber(bob.email).last_issue == DAY


def test_an_edition_that_fails_takes_the_whole_batch_back(store):
    announce_papers(store, 1)
    ann, bob = subscribe(store), subscribe(store, "bob@example.org")
    with pytest.raises(StoreError, match="picked but never stored"):
        publish(store, edition(ann, papers(store)), edition(bob, [paper(9)]))
    assert store.edition(ann.email, DAY) is None
    assert store.subscriber(ann.email) == ann
    assert store.overview(NOW).editions == 0


def test_an_edition_stays_as_it_was_published_when_everything_in_it_changes(store):
    announce(store, said(paper(1, upvotes=3)))
    ann = subscribe(store, profile=Profile(("diffusion",)))
    published = edition(ann, papers(store))
    publish(store, published)
    announce(store, said(paper(1, title="Revised beyond recognition, all of it", version=2, upvotes=99), Kind.REVISION))
    store.sync([Subscriber(ann.email, "Renamed", Profile(("other",)), Schedule("Asia/Tokyo", time(1)))], NOW)
    assert store.edition(ann.email, DAY) == published
    (held,) = claim(store)
    assert held.edition == published


def test_subscribers_share_the_text_of_a_listing(store):
    announce_papers(store, 1)
    people = [subscribe(store, f"{number}@example.org") for number in range(5)]
    publish(store, *(edition(person, papers(store)) for person in people))
    with store._database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM snapshots").scalar() == 1


def test_nobody_has_no_editions(store):
    assert store.edition("nobody@example.org", DAY) is None
    assert store.editions("nobody@example.org", 5) == []
    assert publish(store) == 0


# --- any edition --------------------------------------------------------------------------------------------------

texts = st.text(st.characters(exclude_categories=()), max_size=20)
words = st.lists(texts, max_size=3).map(tuple)
moments = st.none() | st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
days = st.dates(date(1990, 1, 1))
points = st.integers(-200_000, 200_000).map(lambda number: number / GRAIN) | st.sampled_from([-1e7, 4e6, 1e300])
reasons = st.builds(Reason, texts, texts, points, words)
shown = st.builds(
    Listing,
    texts,
    texts,
    words,
    texts,
    keywords=words,
    published=moments,
    upvotes=st.none() | st.integers(),
    doi=st.none() | texts,
)
picked = st.builds(
    Pick,
    shown,
    st.sampled_from(Section),
    st.sampled_from(Kind),
    texts,
    days,
    points,
    st.lists(reasons, max_size=3).map(tuple),
)
profiles = st.builds(Profile, words, words, words, st.integers(), st.integers())
schedules = st.builds(Schedule, texts, st.times(), st.frozensets(st.integers(0, 6)))
composed = st.builds(
    Edition,
    st.builds(Subscriber, texts, texts, profiles, schedules, cursor=st.integers(0), last_issue=st.none() | days),
    st.just(DAY),
    st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.integers(0, 2**40),
    st.lists(picked, max_size=4).map(tuple),
    st.dictionaries(texts, st.integers(), max_size=3),
    st.integers(),
    st.lists(st.builds(Missing, texts, texts, moments), max_size=2).map(tuple),
    words,
    texts,
)


numbers = count()


@pytest.fixture(scope="module")
def busy():
    store = open_store("sqlite://")
    announce_papers(store, 4)
    yield store
    store.close()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(edition=composed)
def test_any_edition_comes_back_exactly(busy, edition):
    person = subscribe(busy, f"{next(numbers)}@example.org")
    picks = tuple(
        replace(each, listing=replace(each.listing, id=number)) for number, each in enumerate(edition.picks, 1)
    )
    published = replace(edition, subscriber=replace(edition.subscriber, id=person.id), picks=picks)
    assert publish(busy, published) == 1
    assert busy.edition(person.email, DAY) == published


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(at=st.integers(0, 200), new=st.binary(max_size=3), old=st.integers(0, 3))
def test_what_is_damaged_is_named_as_such(busy, at, new, old):
    person = subscribe(busy, f"{next(numbers)}@example.org")
    publish(busy, edition(person, papers(busy)[:2]))
    with busy._database.writing() as connection:
        number, content = connection.execute(sa.select(contents).order_by(contents.c.edition_id.desc())).first()
        place = at % len(content)
        damaged = content[:place] + new + content[place + old :]
        this = sa.update(contents).where(contents.c.edition_id == number)
        connection.execute(this.values(content=damaged))
    with suppress(StoreError):
        assert busy.edition(person.email, DAY).issue_date == DAY
    assert len(claim(busy, limit=1)) <= 1


@pytest.mark.parametrize("gone", ["sheets WHERE id = 1", "texts WHERE snapshot_id = 1"])
def test_an_edition_of_which_something_is_gone_fails_and_others_do_not(store, gone):
    announce_papers(store, 2)
    first, second = papers(store)
    ann, bob = subscribe(store), subscribe(store, "bob@example.org")
    publish(store, edition(ann, [first]))
    publish(store, edition(bob, [second]))
    with store._database.writing() as connection:
        connection.exec_driver_sql(f"DELETE FROM {gone}")
    with pytest.raises(StoreError, match="was not written by this program"):
        store.edition(ann.email, DAY)
    assert [each.edition.subscriber.email for each in claim(store)] == [bob.email]
    assert store.overview(NOW).deliveries[State.FAILED] == 1


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worths=st.lists(st.lists(st.floats(0.0001, 30), min_size=1, max_size=6), max_size=4))
def test_points_are_kept_in_five_hundredths_that_add_up(busy, worths):
    person = subscribe(busy, f"{next(numbers)}@example.org")
    listings = papers(busy)
    picks = tuple(
        pick(
            listing,
            score=sum(own),
            reasons=tuple(Reason(f"{place}", "title", worth) for place, worth in enumerate(own)),
        )
        for listing, own in zip(listings, worths, strict=False)
    )
    publish(busy, Edition(person, DAY, NOW, picks=picks))
    for kept, own in zip(busy.edition(person.email, DAY).picks, worths, strict=True):
        assert kept.score == pytest.approx(sum(own), abs=1 / GRAIN)
        assert sum(reason.contribution for reason in kept.reasons) == pytest.approx(kept.score, abs=1e-9)
        for reason, worth in zip(kept.reasons, own, strict=True):
            assert reason.contribution == pytest.approx(worth, abs=2 / GRAIN)


def test_the_store_keeps_picks_without_the_originals(store):
    announce_papers(store, 1)
    ann = subscribe(store)
    publish(store, edition(ann, [replace(papers(store)[0], raw_title="as received")]))
    assert store.edition(ann.email, DAY) == Edition(ann, DAY, NOW, picks=(pick(papers(store)[0]),))


def test_who_delivers_is_told_of_editions_in_the_transaction_that_writes_them(url):
    told = []
    store = open_store(url, hand_on=lambda driver, count: told.append((bool(driver), count)))
    ann = subscribe(store)
    assert publish(store, edition(ann)) == 1
    assert publish(store, edition(ann)) == 0
    assert told == [(True, 1)]
    store.close()


def test_if_nobody_can_be_told_of_editions_they_are_not_written(url):
    def fail(_driver, _count):
        raise RuntimeError("no queue")

    store = open_store(url, hand_on=fail)
    ann = subscribe(store)
    with pytest.raises(RuntimeError, match="no queue"):
        publish(store, edition(ann))
    assert store.edition(ann.email, DAY) is None
    store.close()
