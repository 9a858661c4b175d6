"""What people say of papers: the last word counts, until they take it back or leave."""

from datetime import timedelta

import pytest

from digest.errors import UsageError
from digest.model import Kind, Listing, Status, Subscriber, Taste
from digest.store import feedback

from .making import HOUR, NOW, announce, announce_papers, paper, said, subscribe


def words(store, email="ann@example.org"):
    return [(each.listing.id, each.liked) for each in store.feedback(email)]


@pytest.fixture
def ann(store):
    announce_papers(store, 3)
    return subscribe(store)


def test_what_was_said_comes_back_oldest_first_with_the_paper_and_the_time(store, ann):
    store.give_feedback("ANN@example.org", 2, False, NOW + HOUR)
    store.give_feedback(ann.email, 1, True, NOW)
    first, second = store.feedback(ann.email)
    assert (first.listing.title, first.listing.raw_title, first.liked, first.at) == (paper(1).title, "", True, NOW)
    assert (second.listing.id, second.liked) == (2, False)
    assert store.tastes([ann.id]) == {ann.id: Taste((first, second))}


def test_the_last_word_counts_and_can_be_taken_back(store, ann):
    for hours, liked in enumerate([True, False, True]):
        store.give_feedback(ann.email, 1, liked, NOW + hours * HOUR)
    store.give_feedback(ann.email, 2, True, NOW + HOUR)
    assert words(store) == [(2, True), (1, True)]
    store.give_feedback(ann.email, 1, None, NOW + 9 * HOUR)
    store.give_feedback(ann.email, 3, None, NOW + 9 * HOUR)
    assert words(store) == [(2, True)]


def test_what_was_said_of_two_papers_that_are_one_is_one_word_the_later(store, ann):
    announce(store, said(Listing("Quite another title altogether", doi="10.1/x")))
    store.give_feedback(ann.email, 1, True, NOW)
    store.give_feedback(ann.email, 2, True, NOW + HOUR)
    store.give_feedback(ann.email, 4, False, NOW + 2 * HOUR)
    announce(store, said(paper(1, doi="10.1/x"), Kind.CROSS))
    assert words(store) == [(2, True), (1, False)]
    store.give_feedback(ann.email, 4, True, NOW + 3 * HOUR)
    assert words(store) == [(2, True), (1, True)]
    store.give_feedback(ann.email, 1, None, NOW + 4 * HOUR)
    assert words(store) == [(2, True)]


def test_who_is_not_subscribed_and_a_paper_that_is_not_stored_are_named(store, ann):
    with pytest.raises(UsageError, match=r"bob@example\.org is not subscribed"):
        store.give_feedback("bob@example.org", 1, True, NOW)
    with pytest.raises(UsageError, match="no paper with the number 99"):
        store.give_feedback(ann.email, 99, True, NOW)
    for ask in (store.feedback, lambda email: store.forget(email, ["x"]), lambda email: store.remember(email, ["x"])):
        with pytest.raises(UsageError, match=r"bob@example\.org is not subscribed"):
            ask("bob@example.org")


def test_the_tastes_of_many_are_told_apart_and_who_said_nothing_has_none(store, ann):
    bob, cyd = subscribe(store, "bob@example.org"), subscribe(store, "cyd@example.org")
    store.give_feedback(ann.email, 1, True, NOW)
    store.give_feedback(bob.email, 1, False, NOW)
    store.forget(bob.email, ["studi", "number", "studi"])
    found = store.tastes([cyd.id, ann.id, bob.id])
    assert list(found) == [ann.id, bob.id]
    assert [each.liked for each in found[bob.id].feedback] == [False]
    assert found[bob.id].forgotten == {"studi", "number"}
    assert found[ann.id].forgotten == frozenset()
    assert store.tastes([]) == {}


def test_of_a_long_history_the_newest_count(store, ann, monkeypatch):
    assert feedback.MOST == 200
    monkeypatch.setattr(feedback, "MOST", 2)
    bob = subscribe(store, "bob@example.org")
    store.give_feedback(bob.email, 1, True, NOW - timedelta(days=400))
    for number in (2, 1, 3):
        store.give_feedback(ann.email, number, True, NOW + number * HOUR)
    found = store.tastes([ann.id, bob.id])
    assert [each.listing.id for each in found[ann.id].feedback] == [2, 3]
    assert [each.listing.id for each in found[bob.id].feedback] == [1]


def test_words_are_forgotten_until_they_are_wanted_again(store, ann):
    store.forget(ann.email, ["studi", "=rag"])
    store.forget(ann.email, ["studi"])
    store.remember(ann.email, ["studi", "never forgotten"])
    assert store.tastes([ann.id])[ann.id].forgotten == {"=rag"}
    store.remember(ann.email, ["=rag"])
    assert store.tastes([ann.id]) == {}


@pytest.mark.parametrize("kept_in", ["database", "file"])
def test_who_leaves_takes_what_they_said_along(store, kept_in):
    announce_papers(store, 1)
    reader = Subscriber("ann@example.org")
    if kept_in == "file":
        store.sync([reader], NOW)
    else:
        store.add(reader, NOW)
    bob = subscribe(store, "bob@example.org")
    for email in (reader.email, bob.email):
        store.give_feedback(email, 1, True, NOW)
        store.forget(email, ["studi"])
    if kept_in == "file":
        store.sync([], NOW)
    else:
        store.set_status(reader.email, Status.REMOVED, NOW)
    with pytest.raises(UsageError, match="not subscribed"):
        store.give_feedback(reader.email, 1, True, NOW)
    back = store.add(reader, NOW)
    assert list(store.tastes([back.id, bob.id])) == [bob.id]


def test_a_pause_takes_nothing_away(store, ann):
    store.give_feedback(ann.email, 1, True, NOW)
    store.set_status(ann.email, Status.PAUSED, NOW)
    store.give_feedback(ann.email, 2, True, NOW)
    assert words(store) == [(1, True), (2, True)]
