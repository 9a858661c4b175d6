"""What curators pinned comes first in everybody's edition of that day, whoever they are, and never twice."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from digest import pipeline
from digest.model import Announcement, Fetched, Kind, Listing, Pick, Pin, Profile, Reason, Schedule, Section, Subscriber
from digest.pipeline import Parts, picking
from digest.ranking.ranker import Ranker
from digest.store import open_store

from .stores import store_url

NOW = datetime(2026, 5, 18, 12, tzinfo=UTC)
DAY = NOW.date()
EVERY_DAY = timedelta(days=1)
WEEK_DAYS = frozenset({0})  # Mondays


def paper(number, title):
    listing = Listing(f"{title}, a study of {number}", arxiv_id=f"2605.{number:05}", authors=(f"Ann Lee{number}",))
    return Announcement(listing, "arxiv", Kind.NEW, DAY)


@pytest.fixture
def parts(tmp_path):
    """Papers 1 and 2 about flows, 3 and 4 about nothing that anybody asked for."""
    store = open_store(store_url(tmp_path / "digest.db"))
    titles = enumerate(("Flow matching", "Flow fields", "A survey of surveys", "Slow cooking"), 1)
    said = tuple(paper(number, title) for number, title in titles)
    store.announce("arxiv", Fetched(said), NOW - timedelta(hours=3), NOW)
    yield Parts([], store, Ranker(), None, lambda: None, "one")
    store.close()


def subscribe(parts, email="ann@example.org", **fields):
    known = {"profile": Profile(keywords=("flow", "-survey")), "schedule": Schedule("UTC", time(6))}
    return parts.store.add(Subscriber(email, **(known | fields)), NOW - 30 * EVERY_DAY)


def pin(parts, listing, day=DAY, note="Read it."):
    parts.store.pin(Pin(day, listing, "Cho", note, "cho@example.org", NOW))


def compose(parts, now=NOW):
    return list(pipeline.compose(parts, now, early=True))


def shown(edition):
    return [(pick.section, pick.listing.id) for pick in edition.picks]


def test_a_pinned_paper_comes_first_in_everybodys_edition_whatever_their_profile_says(parts):
    subscribe(parts)
    subscribe(parts, "ben@example.org", profile=Profile(keywords=("zebra",), categories=("q-bio.NC",), sources=("x",)))
    pin(parts, 3)
    ann, ben = compose(parts)
    assert shown(ann)[0] == (Section.PICKED, 3)
    assert {listing for _, listing in shown(ann)[1:]} == {1, 2}
    assert shown(ben) == [(Section.PICKED, 3)]
    assert (ben.picks[0].by, ben.picks[0].note, ben.picks[0].source) == ("Cho", "Read it.", "arxiv")


def test_what_the_profile_found_as_well_is_there_once_with_its_reasons(parts):
    subscribe(parts)
    plain = pipeline.compose_for(parts, [(parts.store.subscribers()[0], DAY)], NOW)[0]
    pin(parts, 1)
    (edition,) = compose(parts)
    assert [listing for _, listing in shown(edition)] == [1, 2]
    picked = edition.picks[0]
    (found,) = (pick for pick in plain.picks if pick.listing.id == 1)
    assert (picked.section, picked.score, picked.reasons) == (Section.PICKED, found.score, found.reasons)


def test_nobody_gets_a_pinned_paper_that_they_have_had(parts):
    subscribe(parts)
    assert {listing for _, listing in shown(compose(parts)[0])} == {1, 2}
    tomorrow = NOW + EVERY_DAY
    pin(parts, 1, tomorrow.date())
    pin(parts, 4, tomorrow.date())
    (edition,) = compose(parts, tomorrow)
    assert shown(edition) == [(Section.PICKED, 4)]
    pin(parts, 4, DAY + 2 * EVERY_DAY)
    (edition,) = compose(parts, tomorrow + EVERY_DAY)
    assert shown(edition) == []


def test_who_gets_one_digest_a_week_gets_the_pins_of_the_week(parts):
    subscribe(parts, schedule=Schedule("UTC", time(6), days=WEEK_DAYS), profile=Profile(keywords=("zebra",)))
    pin(parts, 4, DAY - EVERY_DAY)
    assert shown(compose(parts)[0]) == []  # the first edition shows its own day
    pin(parts, 3, DAY + 2 * EVERY_DAY)
    pin(parts, 2, DAY + 7 * EVERY_DAY)
    (edition,) = compose(parts, NOW + 7 * EVERY_DAY)
    assert shown(edition) == [(Section.PICKED, 2), (Section.PICKED, 3)]


def test_a_pin_of_another_local_day_waits_for_it(parts):
    subscribe(parts, schedule=Schedule("Pacific/Auckland", time(6)))
    pin(parts, 4, DAY + EVERY_DAY)
    (edition,) = compose(parts, NOW + timedelta(hours=1))  # past midnight there
    assert shown(edition)[0] == (Section.PICKED, 4)


def test_what_is_published_is_read_again_with_the_curators_words(parts):
    ann = subscribe(parts)
    pin(parts, 3, note="*Why* it matters.")
    (edition,) = compose(parts)
    assert parts.store.edition(ann.email, DAY).picks == edition.picks
    assert parts.store.edition(ann.email, DAY).picks[0].note == "*Why* it matters."


def test_a_pinned_paper_that_never_was_news_is_shown_all_the_same(parts):
    ann = subscribe(parts)
    old = paper(9, "From a library").listing
    parts.store.announce("arxiv", Fetched(backlog=(old,)), NOW - timedelta(hours=2), NOW)
    (found,) = parts.store.find("2605.00009")
    for person in (ann, subscribe(parts, "ben@example.org"), subscribe(parts, "cyd@example.org")):
        parts.store.vote(person.id, found.id, NOW, on=True)
    pin(parts, found.id)
    edition, *_ = compose(parts)
    assert (edition.picks[0].listing.id, edition.picks[0].source, edition.picks[0].day) == (found.id, "", DAY)


def test_without_pins_nothing_changes():
    picks = (Pick(Listing("A", id=1), Section.FOR_YOU, Kind.NEW, "arxiv", DAY, 9.0, (Reason("a", "title", 9.0),)),)
    assert picking.first((), picks) == picks
    own = (replace(picks[0], listing=Listing("B", id=2), section=Section.PICKED, by="Cho"),)
    assert picking.first(own, picks) == (*own, *picks)


def test_what_enough_readers_recommend_trends_but_for_who_excludes_it(parts):
    people = [subscribe(parts, f"reader{number}@example.org", profile=Profile()) for number in range(3)]
    subscribe(parts)
    for person in people:
        parts.store.vote(person.id, 3, NOW, on=True)
        parts.store.vote(person.id, 4, NOW, on=True)
    *_, ann = compose(parts)
    assert [(one.listing.id, one.votes) for one in ann.section(Section.TRENDING)] == [(4, 3)]
