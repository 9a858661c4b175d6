"""What curators pin and readers recommend or suggest, by whichever number the paper goes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from digest.curating import FRESH, PINS_A_DAY, SUGGESTIONS_A_DAY, Refusal
from digest.errors import UsageError
from digest.model import Judged, Kind, Listing, Pin, Suggestion
from digest.store import codec
from digest.store.kept import KeptEdition, whole_edition

from .making import DAY, HOUR, NOW, announce, announce_papers, edition, paper, papers, said, subscribe

DAYS = timedelta(days=1)


def pin(listing=1, day=DAY, note="Read section 3.", at=NOW, by="cho@example.org"):
    return Pin(day, listing, "Cho", note, by, at)


@pytest.fixture
def ann(store):
    announce_papers(store, 9)
    return subscribe(store)


def make_one(store, number, other):
    """A source finds out that two papers are one; the older number speaks for both."""
    announce(store, said(paper(number, doi=other.doi), Kind.CROSS))


def another(store, number, now=NOW):
    """A paper that nobody knows to be that one yet."""
    own = Listing(f"Quite another title altogether, {number}", doi=f"10.1234/{number}")
    announce(store, said(own), now=now)
    return next(listing for listing in store.find(own.doi))


# --- pins ---------------------------------------------------------------------------------------------------------


def test_pins_come_back_by_day_in_the_order_in_which_they_were_made(store, ann):
    for one in (pin(2, at=NOW + HOUR), pin(1), pin(3, DAY + DAYS)):
        store.pin(one)
    assert store.pins(DAY) == [pin(1), pin(2, at=NOW + HOUR)]
    assert store.pins_since(DAY) == [pin(1), pin(3, DAY + DAYS), pin(2, at=NOW + HOUR)]
    assert store.pins_since(DAY + DAYS) == [pin(3, DAY + DAYS)]
    assert store.pins(DAY - DAYS) == []


def test_pinning_again_changes_the_note_which_the_archive_notices(store, ann):
    store.pin(pin(1))
    store.pin(pin(2, at=NOW + HOUR))
    before = store.archive_mark()
    changed = pin(1, note="Better: section 4.", at=NOW + 2 * HOUR, by="dan@example.org")
    store.pin(changed)
    assert store.pins(DAY) == [pin(2, at=NOW + HOUR), changed]
    assert store.archive_mark() != before


def test_what_is_unpinned_is_gone_from_that_day_alone(store, ann):
    store.pin(pin(1))
    store.pin(pin(1, DAY + DAYS))
    assert store.unpin(DAY, 1)
    assert not store.unpin(DAY, 1)
    assert not store.unpin(DAY, 99)
    assert store.pins_since(DAY) == [pin(1, DAY + DAYS)]


def test_a_day_has_few_pins_and_a_note_may_still_be_changed(store, ann):
    for number in range(1, PINS_A_DAY + 1):
        store.pin(pin(number))
    with pytest.raises(UsageError, match="picked for that day already"):
        store.pin(pin(9))
    store.pin(pin(1, note="Changed."))
    assert len(store.pins(DAY)) == PINS_A_DAY


def test_a_paper_that_is_not_stored_cannot_be_pinned_or_recommended(store, ann):
    with pytest.raises(UsageError, match="no paper with the number 99"):
        store.pin(pin(99))
    with pytest.raises(UsageError, match="no paper with the number 99"):
        store.vote(ann.id, 99, NOW, on=True)
    assert store.suggest(ann.id, 99, NOW) is Refusal.UNKNOWN


def test_two_pins_that_turn_out_to_be_one_paper_are_one(store, ann):
    other = another(store, 1)
    store.pin(pin(1))
    store.pin(pin(other.id, note="The same?", at=NOW + HOUR))
    make_one(store, 1, other)
    assert store.pins(DAY) == [pin(1)]
    assert store.unpin(DAY, other.id)
    assert store.pins(DAY) == []


# --- votes --------------------------------------------------------------------------------------------------------


def test_a_reader_recommends_a_paper_once_and_may_take_it_back(store, ann):
    ben = subscribe(store, "ben@example.org")
    for reader, number in ((ann, 1), (ann, 1), (ben, 1), (ann, 2)):
        store.vote(reader.id, number, NOW, on=True)
    assert store.votes([1, 2, 3, 99]) == {1: 2, 2: 1}
    assert store.voted(ann.id, 2)
    assert not store.voted(ben.id, 2)
    for _ in range(2):
        store.vote(ann.id, 2, NOW, on=False)
    assert store.votes([1, 2]) == {1: 2}
    assert not store.voted(ann.id, 2)
    assert store.votes([]) == {}


def test_votes_for_two_papers_that_are_one_count_each_reader_once(store, ann):
    ben, other = subscribe(store, "ben@example.org"), another(store, 1)
    for reader, number in ((ann, 1), (ann, other.id), (ben, other.id)):
        store.vote(reader.id, number, NOW, on=True)
    make_one(store, 1, other)
    assert store.votes([1, other.id]) == {1: 2, other.id: 2}
    assert store.most_voted(NOW, 9) == {1: 2}
    store.vote(ann.id, other.id, NOW, on=False)
    assert store.votes([1]) == {1: 1}


def test_the_most_recommended_come_first_and_old_votes_do_not_count(store, ann):
    people = [ann, *(subscribe(store, f"reader{number}@example.org") for number in range(2))]
    for person in people:
        store.vote(person.id, 3, NOW, on=True)
    for number, at in ((1, NOW), (2, NOW - HOUR), (4, NOW)):
        store.vote(ann.id, number, at, on=True)
    assert list(store.most_voted(NOW, 9).items()) == [(3, 3), (4, 1), (1, 1)]
    assert store.most_voted(NOW, 1) == {3: 3}


def test_what_enough_readers_recommend_of_late_is_trending_with_their_votes(store, ann):
    announce(store, said(paper(5), Kind.TRENDING, source="hf"), said(paper(6), Kind.TRENDING, source="hf"), source="hf")
    people = [ann, *(subscribe(store, f"reader{number}@example.org") for number in range(2))]
    for person in people:
        for number, at in ((1, NOW), (2, NOW - 9 * DAYS), (5, NOW)):
            store.vote(person.id, number, at, on=True)
    store.vote(ann.id, 3, NOW, on=True)
    told = [(a.listing.id, a.kind, a.source, a.votes) for a in store.trending(DAY - DAYS)]
    assert told == [(1, Kind.TRENDING, "arxiv", 3), (5, Kind.TRENDING, "hf", 3), (6, Kind.TRENDING, "hf", 0)]
    store.vote(ann.id, 1, NOW, on=False)
    assert [a.listing.id for a in store.trending(DAY - DAYS)] == [5, 6]


def test_what_was_news_long_ago_does_not_trend_however_many_recommend_it_now(store, ann):
    late = NOW + FRESH + 3 * DAYS
    for person in (ann, subscribe(store, "ben@example.org"), subscribe(store, "cyd@example.org")):
        store.vote(person.id, 1, late, on=True)
    assert store.trending(late.date()) == []
    assert [a.listing.id for a in store.trending(late.date() - 3 * DAYS)] == [1]


# --- suggestions --------------------------------------------------------------------------------------------------


def test_a_suggestion_waits_until_a_curator_pins_or_declines_it_once(store, ann):
    assert store.suggest(ann.id, 1, NOW) is None
    assert store.suggest(ann.id, 2, NOW + HOUR) is None
    second, first = store.suggestions(Judged.OPEN, 9)
    assert first == Suggestion(1, ann.id, NOW, id=first.id)
    assert store.suggestions(Judged.OPEN, 1) == [second]
    assert store.judge(first.id, "cho@example.org", pin(1))
    assert store.judge(second.id, "cho@example.org", None)
    assert not store.judge(first.id, "dan@example.org", None)
    assert store.suggestions(Judged.OPEN, 9) == []
    assert store.suggestions(Judged.ACCEPTED, 9) == [replace(first, state=Judged.ACCEPTED, judged_by="cho@example.org")]
    assert [one.id for one in store.suggestions(Judged.DECLINED, 9)] == [second.id]
    assert store.pins(DAY) == [pin(1)]


def test_what_cannot_be_pinned_stays_suggested(store, ann):
    for number in range(1, PINS_A_DAY + 1):
        store.pin(pin(number))
    store.suggest(ann.id, 9, NOW)
    (open_,) = store.suggestions(Judged.OPEN, 9)
    with pytest.raises(UsageError, match="picked for that day already"):
        store.judge(open_.id, "cho@example.org", pin(9))
    assert store.suggestions(Judged.OPEN, 9) == [open_]


def test_what_is_pinned_suggested_old_or_too_much_for_a_day_is_refused(store, ann):
    ben = subscribe(store, "ben@example.org")
    store.pin(pin(9, DAY - DAYS))
    assert store.suggest(ben.id, 9, NOW) is Refusal.PINNED
    for number in range(1, SUGGESTIONS_A_DAY + 1):
        assert store.suggest(ann.id, number, NOW) is None
    assert store.suggest(ben.id, 1, NOW) is Refusal.SUGGESTED
    assert store.suggest(ann.id, 7, NOW) is Refusal.ENOUGH
    assert store.suggest(ann.id, 7, NOW + DAYS) is None
    assert store.suggest(ben.id, 8, NOW + FRESH + DAYS) is Refusal.OLD


def test_a_paper_suggested_under_another_number_is_the_same_paper(store, ann):
    other = another(store, 1)
    store.suggest(ann.id, other.id, NOW)
    make_one(store, 1, other)
    assert store.suggest(ann.id, 1, NOW) is Refusal.SUGGESTED
    assert [one.listing for one in store.suggestions(Judged.OPEN, 9)] == [1]


# --- keeping ------------------------------------------------------------------------------------------------------


def test_what_people_picked_is_never_vacuumed(store, ann):
    store.pin(pin(1))
    store.vote(ann.id, 2, NOW, on=True)
    store.suggest(ann.id, 3, NOW)
    long_after = NOW + 400 * DAYS
    assert store.vacuum(long_after - 30 * DAYS, long_after).papers == 6
    assert [bool(store.listing(number)) for number in range(1, 5)] == [True, True, True, False]


def test_an_edition_stored_before_there_were_curators_is_read_as_it_was(store, ann):
    published = edition(ann, papers(store)[:2])
    written = codec.encoder(KeptEdition)(published)
    for one in written["picks"]:
        assert [one.pop(name) for name in ("by", "note", "votes")] == ["", "", 0]
    kept = codec.decoder(KeptEdition)(written)
    assert whole_edition(kept, [one.listing for one in published.picks]) == published
