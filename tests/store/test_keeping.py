"""Vacuum: what is old goes, and afterwards nobody gets anything twice that they would not have got twice before."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from digest.model import Kind, Outcome, Section, Settled, State, Verdict
from digest.store import keeping

from .making import (
    DAY,
    NOW,
    announce,
    announce_papers,
    begin,
    claim,
    edition,
    end,
    paper,
    papers,
    pick,
    publish,
    revised,
    said,
    subscribe,
    told,
)

YEAR = timedelta(days=365)
LATER = NOW + 2 * YEAR
CUT = LATER - timedelta(days=400)


def sent(store, now=NOW):
    """Everything that is pending is delivered."""
    for held in claim(store, now):
        assert begin(store, held, now)
        end(store, held, Outcome(Verdict.SENT, "250 OK", 250), Settled(State.SENT), now)


def vacuum(store, before=CUT, now=LATER):
    return store.vacuum(before, now)


@pytest.fixture
def ann(store):
    """A subscriber who was sent paper 1 of papers 1 and 2, long ago."""
    announce_papers(store, 2)
    ann = subscribe(store)
    publish(store, edition(ann, papers(store)[:1]))
    sent(store)
    return ann


def test_content_of_old_editions_goes_and_it_is_known_that_they_were(store, ann):
    gone = vacuum(store)
    assert (gone.editions, gone.texts) == (1, 1)
    assert store.edition(ann.email, DAY) is None
    assert store.was_vacuumed(ann.email, DAY)
    assert not store.was_vacuumed(ann.email, DAY + timedelta(days=1))
    assert store.editions(ann.email, 5) == []


def test_what_somebody_was_sent_is_not_sent_again_when_it_comes_back(store, ann):
    number = papers(store)[0].id
    vacuum(store)
    announce(store, said(paper(1), Kind.TRENDING, day=LATER.date(), source="hf"), source="hf", now=LATER)
    (news,) = store.window(after=2)
    assert news.listing.id == number
    assert store.sent([ann.id], [number]) == {ann.id: {number}}
    assert store.sent_on(ann.id, number) == [DAY]
    publish(store, edition(store.subscriber(ann.email), [news.listing], day=LATER.date(), now=LATER))
    assert store.edition(ann.email, LATER.date()).picks == ()


def test_a_new_version_of_what_was_sent_long_ago_is_told_once(store, ann):
    vacuum(store)
    two = revised(store, 1, 2, now=LATER)
    assert store.current([ann.id], [two.id]) == {ann.id: frozenset()}
    for ahead in (0, 1):
        publish(store, told(store.subscriber(ann.email), two, day=LATER.date() + timedelta(days=ahead)))
    assert store.sent_on(ann.id, two.id) == [DAY, LATER.date()]


def test_papers_that_nobody_was_sent_go_with_all_their_names(store, ann):
    assert vacuum(store).papers == 1
    assert [listing.arxiv_id for listing in papers(store)] == ["2605.00001"]
    assert store.find("2605.00002") == []
    assert store.search("number 2", 5) == []
    assert [one.listing.arxiv_id for one in store.search("number 1", 5)] == ["2605.00001"]


def test_two_listings_of_one_paper_go_or_stay_together(store):
    announce(store, said(paper(1, doi=None)), said(paper(2, arxiv_id=None, doi="10.1/x", title="Something else quite")))
    announce(store, said(paper(1, doi="10.1/x")))  # now known to be one
    assert vacuum(store).papers == 1
    with store._database.reading() as connection:
        for table in ("listings", "listing_keys", "announcements"):
            assert connection.scalar(sa.text(f"SELECT count(*) FROM {table}")) == 0, table


def test_a_paper_that_somebody_said_something_of_stays(store, ann):
    unsent = papers(store)[1].id
    store.give_feedback(ann.email, unsent, True, NOW)
    assert vacuum(store).papers == 0
    assert [word.listing.id for word in store.feedback(ann.email)] == [unsent]


def test_what_a_feed_still_gives_is_no_news_however_old_it_is(store):
    """Some feeds hold everything they ever had, without dates."""
    feed = [said(paper(number)) for number in (1, 2)]
    announce(store, *feed)
    weekly = NOW
    while weekly < LATER:
        weekly += timedelta(days=6)
        announce(store, *feed, now=weekly)
    head = store.head()
    assert vacuum(store).papers == 0
    assert announce(store, *feed, now=LATER).new == 0
    assert store.head() == head


def test_what_is_younger_stays(store, ann):
    assert vacuum(store, before=NOW) == keeping.Vacuumed()
    assert store.edition(ann.email, DAY).picks[0].listing.title == paper(1).title


def test_a_delivery_that_waits_keeps_its_edition_and_the_texts_of_those_after_it(store):
    announce_papers(store, 3)
    ann, bob = subscribe(store), subscribe(store, "bob@example.org")
    one, two, _ = papers(store)
    publish(store, edition(bob, [one]))
    publish(store, edition(ann, [two], now=NOW + timedelta(hours=1)))
    (his, _) = claim(store, NOW + timedelta(hours=2))
    end(store, his, Outcome(Verdict.DEFERRED, "later"), Settled(State.DEFERRED, LATER + YEAR))
    assert vacuum(store).editions == 0
    assert store.edition(bob.email, DAY).picks[0].listing.title == one.title
    assert store.edition(ann.email, DAY).picks[0].listing.title == two.title


def test_a_text_that_a_newer_edition_shows_stays(store, ann):
    bob = subscribe(store, "bob@example.org")
    publish(store, edition(bob, papers(store)[:1], day=LATER.date(), now=LATER))
    gone = vacuum(store)
    assert (gone.editions, gone.texts) == (1, 0)
    assert store.edition(bob.email, LATER.date()).picks[0].listing.title == paper(1).title


def test_a_text_that_went_is_kept_anew_when_it_is_shown_again(store, ann):
    vacuum(store)
    bob = subscribe(store, "bob@example.org", LATER)
    publish(store, edition(bob, papers(store)[:1], day=LATER.date(), now=LATER))
    assert store.edition(bob.email, LATER.date()).picks[0].listing.title == paper(1).title


def test_what_would_go_is_said_before_and_nothing_is_left_afterwards(store, ann):
    foreseen = store.to_vacuum(CUT)
    assert store.edition(ann.email, DAY) is not None
    assert vacuum(store) == foreseen
    assert vacuum(store) == keeping.Vacuumed()
    assert store.vacuumed_at() == LATER


def test_more_than_a_batch_goes_in_several_and_stops_in_between(store, monkeypatch):
    monkeypatch.setattr(keeping, "BATCH", 2)
    announce_papers(store, 5)
    for number in range(5):
        publish(store, edition(subscribe(store, f"r{number}@example.org")))
    sent(store)
    asked = iter([False, True])
    stopped = store.vacuum(CUT, LATER, stopping=lambda: next(asked, True))
    assert (stopped.editions, stopped.papers, store.vacuumed_at()) == (2, 0, None)
    rest = vacuum(store)
    assert (rest.editions, rest.papers, store.vacuumed_at()) == (3, 5, LATER)


# --- sums -----------------------------------------------------------------------------------------------------------


def sums(store, now=LATER):
    return store.gauges(now).sums


def test_sums_never_fall(store, ann):
    before = sums(store)
    assert before["deliveries:sent"] == 1
    assert (before["editions"], before["attempts"], before["announcements:arxiv"]) == (1, 1, 2)
    vacuum(store)
    assert sums(store) == before
    vacuum(store)
    assert sums(store) == before
    publish(store, edition(store.subscriber(ann.email), day=LATER.date(), now=LATER))
    announce_papers(store, 1, now=LATER, first=9)
    after = sums(store)
    assert (after["editions"], after["announcements:arxiv"]) == (2, 3)
    assert after["deliveries:sent"] == 1
    assert all(after[name] >= count for name, count in before.items())


def test_what_is_not_at_its_end_is_not_summed_up_too_early(store, ann):
    bob = subscribe(store, "bob@example.org")
    publish(store, edition(bob))
    vacuum(store, before=NOW)
    assert sums(store)["deliveries:sent"] == 1
    sent(store)
    vacuum(store)
    assert sums(store)["deliveries:sent"] == 2
    assert sums(store)["attempts"] == 2


def test_picks_of_every_section_hold_their_paper(store):
    announce_papers(store, 1)
    ann = subscribe(store)
    trending = pick(papers(store)[0], Section.TRENDING)
    publish(store, edition(ann))
    publish(store, told(ann, papers(store)[0], day=DAY + timedelta(days=1)))
    assert vacuum(store).papers == 0
    assert trending.listing.id == papers(store)[0].id


def test_nothing_that_old_editions_were_made_of_is_left(store, ann):
    store.update(replace(ann, name="Ann, of late"), NOW)
    assert [count(store, table) for table in ("sheets", "looks", "texts", "kept_contents")] == [1, 1, 1, 1]
    vacuum(store)
    assert [count(store, table) for table in ("sheets", "looks", "texts", "kept_contents")] == [0, 0, 0, 0]


@pytest.mark.parametrize("goes", [lambda store, ann: vacuum(store), lambda store, ann: store.erase(ann.id, LATER)])
def test_what_was_read_of_old_editions_is_not_taken_for_new_ones(store, ann, goes):
    bob = subscribe(store, "bob@example.org", NOW + YEAR)
    publish(store, edition(ann, papers(store)[1:], DAY + timedelta(days=1)))
    sent(store, NOW + timedelta(days=1))  # which are remembered for the next batch
    goes(store, ann)
    day = LATER.date()
    publish(store, edition(bob, papers(store)[:1], day, LATER, note="new"))
    (held,) = claim(store, LATER)
    assert (held.edition.note, [each.listing.id for each in held.edition.picks]) == ("new", [1])


def test_a_reader_is_shown_as_they_were_while_a_delivery_waits(store):
    announce_papers(store, 1)
    ann = subscribe(store, name="Ann")
    publish(store, edition(ann, papers(store)))
    store.update(replace(ann, name="Ann, of late"), NOW)
    store.update(replace(ann, name="Ann, at last"), NOW)
    vacuum(store)
    assert store.edition(ann.email, DAY).subscriber.name == "Ann"


def count(store, table):
    with store._database.reading() as connection:
        return connection.scalar(sa.text(f"SELECT count(*) FROM {table}"))
