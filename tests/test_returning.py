"""Mail that came back, from the inbox to the subscriber: nothing is marked as read before the store has it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from digest import daemon, pipeline
from digest.errors import InboxError, StoreError
from digest.model import Edition, Effect, Mail, Report, Return, Status, Subscriber
from digest.pipeline import Box, Delivered, Parts, Post
from digest.store import open_store
from digest.tokens import Addressed, Purpose, addressed, edition_token

from .stores import store_url

NOW, DAY = datetime(2026, 5, 18, 12, tzinfo=UTC), date(2026, 5, 18)
ANN, BOB = "ann@example.org", "bob@example.org"


@pytest.fixture
def store(tmp_path):
    """Ann and Bob were sent a digest each."""
    opened = open_store(store_url(tmp_path / "digest.db"))
    people = [opened.add(Subscriber(email), NOW) for email in (ANN, BOB)]
    opened.publish([(Edition(person, DAY, NOW), NOW + timedelta(days=1)) for person in people])
    yield opened
    opened.close()


class Inbox:
    """Mails by name: what they say, as `read` will have it; and which were marked as read."""

    def __init__(self, mails, *, fails=False):
        self.unread = dict(mails)
        self.closed = 0
        self._fails = fails

    def mails(self):
        if self._fails:
            raise InboxError("no connection")
        for name in list(self.unread):
            yield Mail(name, name.encode())

    def done(self, mail):
        del self.unread[mail.name]

    def close(self):
        self.closed += 1


def parts(store, *boxes):
    said = {name: reports for box in boxes for name, reports in box.open().unread.items()}
    post = Post(lambda content: said[content.decode()], store.keys(), boxes)
    return Parts((), store, None, None, None, "one", post=post)


def box(inbox, name="box", **fields):
    return Box(name, lambda: inbox, **fields)


def back(store, number=1, day=DAY):
    return addressed(store.secret(), number, day).back


def bounce(token):
    return Report(Return.PERMANENT, token, "5.1.1", "no such user")


def statuses(store):
    return {each.email: each.status for each in store.subscribers()}


def test_what_lies_in_an_inbox_is_taken_in_and_marked(store):
    leave = addressed(store.secret(), 2, DAY).leave.upper()
    inbox = Inbox({"a": [bounce(back(store))], "b": [Report(Return.UNSUBSCRIBE, leave)]})
    pipeline.take_back(parts(store, box(inbox)), NOW)
    assert statuses(store) == {ANN: Status.SUPPRESSED, BOB: Status.REMOVED}
    assert (inbox.unread, inbox.closed) == ({}, 1)


def test_what_the_store_does_not_have_is_not_marked(store, monkeypatch):
    def full(*_):
        raise StoreError("the disk is full")

    inbox = Inbox({"a": [bounce(back(store))], "b": []})
    monkeypatch.setattr(store, "take_back", full)
    with pytest.raises(StoreError):
        pipeline.take_back(parts(store, box(inbox)), NOW)
    assert list(inbox.unread) == ["a", "b"]
    assert inbox.closed == 1
    monkeypatch.undo()
    pipeline.take_back(parts(store, box(inbox)), NOW)
    assert statuses(store)[ANN] is Status.SUPPRESSED


def forgeries(secret):
    """What it is -> a report with a token that must do nothing."""
    back, leave = addressed(secret, 1, DAY)
    return {
        "no token": bounce(""),
        "somebody else's secret": bounce(addressed(b"another", 1, DAY).back),
        "the end cut": bounce(back[:-1]),
        "another day": bounce(back.replace("20260518", "20260519")),
        "another subscriber": bounce(back.replace("b1-", "b2-")),
        "a bounce with a token to leave by": bounce(leave),
        "a bounce with a link's token": bounce(edition_token(secret, Purpose.UNSUBSCRIBE, 1, "ann@example.org", DAY)),
        "a wish with a bounce's token": Report(Return.UNSUBSCRIBE, back),
        "a complaint with a link's token": Report(
            Return.COMPLAINT, edition_token(secret, Purpose.UNSUBSCRIBE, 1, "ann@example.org", DAY)
        ),
        "digits that are no digits": bounce(back.replace("b1-", "b١-")),
    }


@pytest.mark.parametrize("what", forgeries(b""))
def test_a_forged_token_is_logged_and_dropped(store, what):
    inbox = Inbox({"a": [forgeries(store.secret())[what]]})
    with capture_logs() as log:
        pipeline.take_back(parts(store, box(inbox)), NOW)
    assert set(statuses(store).values()) == {Status.ACTIVE}
    assert [(entry["mail"], entry["effect"], entry["log_level"]) for entry in log] == [("a", Effect.FORGED, "warning")]
    assert inbox.unread == {}


def test_a_bounce_of_an_edition_that_never_was_is_logged_and_dropped(store):
    inbox = Inbox({"a": [bounce(back(store, day=DAY - timedelta(days=1)))], "b": [bounce(back(store, 99))]})
    with capture_logs() as log:
        pipeline.take_back(parts(store, box(inbox)), NOW)
    assert [(entry["effect"], entry["log_level"]) for entry in log] == [(Effect.UNKNOWN, "warning")] * 2
    assert set(statuses(store).values()) == {Status.ACTIVE}


@pytest.mark.parametrize("kept", Addressed._fields)
def test_a_complaint_counts_by_whichever_address_it_kept(store, kept):
    complaint = Report(Return.COMPLAINT, getattr(addressed(store.secret(), 1, DAY), kept))
    pipeline.take_back(parts(store, box(Inbox({"a": [complaint]}))), NOW)
    assert statuses(store) == {ANN: Status.REMOVED, BOB: Status.ACTIVE}


def test_what_says_nothing_is_marked_and_does_nothing(store):
    inbox = Inbox({"a": [Report(Return.IGNORED, back(store), detail="an automatic answer")]})
    pipeline.take_back(parts(store, box(inbox)), NOW)
    assert set(statuses(store).values()) == {Status.ACTIVE}
    assert inbox.unread == {}


def test_an_inbox_that_cannot_be_looked_into_does_not_stop_the_others(store):
    good = Inbox({"a": [bounce(back(store))]})
    with capture_logs() as log:
        pipeline.take_back(parts(store, box(Inbox({}, fails=True), "bad"), box(good)), NOW)
    assert [(entry["inbox"], entry["reason"]) for entry in log if entry["log_level"] == "error"] == [
        ("bad", "no connection")
    ]
    assert statuses(store)[ANN] is Status.SUPPRESSED


def test_an_inbox_is_looked_into_as_often_as_it_says(store):
    seldom, often = Inbox({}), Inbox({})
    own = parts(store, box(seldom, "seldom", every=timedelta(minutes=15)), box(often, "often"))
    for minute in range(31):
        pipeline.take_back(own, NOW + timedelta(minutes=minute))
    assert (seldom.closed, often.closed) == (3, 31)


def test_who_is_asked_to_stop_leaves_the_rest_unread(store):
    inbox = Inbox({name: [bounce(back(store))] for name in "abc"})
    asked = iter([False, False, True])
    pipeline.take_back(parts(store, box(inbox)), NOW, lambda: next(asked))
    assert list(inbox.unread) == ["b", "c"]


def test_many_mails_wait_for_the_next_round(store, monkeypatch):
    monkeypatch.setattr("digest.pipeline.returning.MOST", 2)
    inbox = Inbox({name: [bounce("")] for name in "abcde"})
    pipeline.take_back(parts(store, box(inbox)), NOW)
    assert list(inbox.unread) == ["c", "d", "e"]
    assert inbox.closed == 1


def test_the_daemon_takes_back_what_came_at_each_tick(store):
    inbox = Inbox({"a": [bounce(back(store))]})
    own = replace(parts(store, box(inbox)), renderer=SimpleNamespace(forget=lambda: None))
    daemon.tick(own, NOW, lambda: NOW, lambda: False, deliver=lambda *_: Delivered())
    assert statuses(store)[ANN] is Status.SUPPRESSED


def test_without_an_inbox_nothing_is_taken_back(store):
    pipeline.take_back(Parts((), store, None, None, None, "one"), NOW)
    assert set(statuses(store).values()) == {Status.ACTIVE}


def test_what_comes_back_is_known_by_older_keys_too(store):
    before = back(store)
    store.rotate_keys(NOW)
    assert before != addressed(store.keys()[0], 1, DAY).back
    pipeline.take_back(parts(store, box(Inbox({"a": [bounce(before)]}))), NOW)
    assert statuses(store)[ANN] is Status.SUPPRESSED
