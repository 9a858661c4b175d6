"""The pipeline on a real database: one part that fails never takes the others with it, and nothing is lost."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from digest import pipeline
from digest.errors import RelayError
from digest.model import (
    Announcement,
    Fetched,
    Kind,
    Listing,
    Message,
    Outcome,
    Pick,
    Problem,
    Profile,
    Ranking,
    Section,
    State,
    Subscriber,
    Verdict,
)
from digest.pacing import Limits
from digest.pipeline import Parts
from digest.ranking.ranker import Ranker
from digest.store import open_store

from .stores import store_url

NOW = datetime(2026, 5, 18, 12, tzinfo=UTC)


class Source:
    every = timedelta(hours=1)

    def __init__(self, name, answer):
        self.name = self.title = name
        self._answer = answer

    def expected(self, _now):
        return None

    def fetch(self, _state, now, _since=None):
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def paper(number, source="good"):
    listing = Listing(f"A paper about the number {number}", authors=("Ann Lee",), guid=f"{number}")
    return Announcement(listing, source, Kind.NEW, NOW.date())


class EverythingRanker:
    def rank(self, shard):
        picks = tuple(Pick(a.listing, Section.FOR_YOU, a.kind, a.source, a.day, 1.0) for a in shard.window)
        return [Ranking(picks, read={"good": len(picks)}, matched=len(picks)) for _ in shard.subscribers]


class PlainRenderer:
    forgot = False

    def __init__(self, broken_for=()):
        self._broken_for = broken_for

    def forget(self):
        self.forgot = True

    def message(self, edition):
        email = edition.subscriber.email
        if email in self._broken_for:
            raise ValueError("no such template")
        return Message("digest@example.org", email, f"<{email}>", b"text")


class Transport:
    """Sends by a script: per recipient an Outcome or an exception; everybody else gets theirs."""

    def __init__(self, script=None, after=lambda: None):
        self.script = script or {}
        self.got = []
        self.closed = 0
        self._after = after

    def send(self, message, commit):
        result = self.script.get(message.recipient, Outcome(Verdict.SENT, "250 OK"))
        if isinstance(result, Exception):
            raise result
        assert commit()
        if result.verdict is Verdict.SENT:
            self.got.append(message.recipient)
        self._after()
        return result

    def close(self):
        self.closed += 1


PEOPLE = [Subscriber(f"{name}@example.org") for name in ("ann", "bob", "cyd")]


@contextmanager
def home(folder, *, sources=(), transport=None, renderer=None, people=PEOPLE):
    store = open_store(store_url(folder / "digest.db"))
    transport = transport or Transport()
    try:
        for person in people:
            store.add(person, NOW)
        yield Parts(
            sources=sources or [Source("good", Fetched((paper(1),)))],
            store=store,
            ranker=EverythingRanker(),
            renderer=renderer or PlainRenderer(),
            transport=lambda: transport,
            worker="here",
        )
    finally:
        store.close()


def compose_and_deliver(parts, now=NOW, **options):
    editions = list(pipeline.compose(parts, now))
    return editions, pipeline.deliver(parts, lambda: now, **options)


# --- pull ---------------------------------------------------------------------------------------------------------


def test_a_source_that_raises_is_a_problem_and_the_others_are_read(tmp_path):
    sources = [Source("bad", KeyError("surprise")), Source("good", Fetched((paper(1),)))]
    with home(tmp_path, sources=sources) as parts:
        pulled = {result.source: result for result in pipeline.pull(parts, NOW)}
    assert pulled["good"].new == 1
    (problem,) = pulled["bad"].problems
    assert problem.incomplete
    assert "KeyError" in problem.what


def test_a_source_is_left_alone_until_its_time_comes_unless_it_is_forced(tmp_path):
    with home(tmp_path) as parts:
        assert len(list(pipeline.pull(parts, NOW))) == 1
        assert list(pipeline.pull(parts, NOW + timedelta(minutes=59))) == []
        assert len(list(pipeline.pull(parts, NOW + timedelta(minutes=59), force=True))) == 1
        assert len(list(pipeline.pull(parts, NOW + timedelta(hours=2)))) == 1


def test_only_the_named_source_is_visited(tmp_path):
    sources = [Source("one", Fetched()), Source("two", Fetched())]
    with home(tmp_path, sources=sources) as parts:
        assert [result.source for result in pipeline.pull(parts, NOW, only="two", force=True)] == ["two"]


# --- compose ------------------------------------------------------------------------------------------------------


def test_an_edition_says_which_of_its_own_sources_could_not_be_read(tmp_path):
    sources = [Source("good", Fetched()), Source("bad", Fetched(problems=(Problem("HTTP 503"),)))]
    people = [Subscriber("all@example.org"), Subscriber("some@example.org", profile=Profile(sources=("good",)))]
    with home(tmp_path, sources=sources, people=people) as parts:
        list(pipeline.pull(parts, NOW))
        missing = {e.subscriber.email: e.missing for e in pipeline.compose(parts, NOW)}
    assert [(m.source, m.why) for m in missing["all@example.org"]] == [("bad", "HTTP 503")]
    assert missing["some@example.org"] == ()


def test_a_source_never_read_is_missing_not_empty(tmp_path):
    with home(tmp_path) as parts:
        (edition, *_) = pipeline.compose(parts, NOW)
    assert [m.source for m in edition.missing] == ["good"]


def test_composing_twice_gives_one_edition(tmp_path):
    with home(tmp_path) as parts:
        list(pipeline.pull(parts, NOW))
        assert len(list(pipeline.compose(parts, NOW))) == 3
        assert list(pipeline.compose(parts, NOW)) == []
        assert list(pipeline.compose(parts, NOW, early=True)) == []


def test_the_ranker_is_told_what_readers_said_and_how_common_words_are(tmp_path):
    with home(tmp_path) as parts:
        list(pipeline.pull(parts, NOW))
        parts.store.give_feedback("ann@example.org", 1, True, NOW)
        ann, *others = parts.store.subscribers()
        shard = pipeline.shard_of(parts, [ann, *others], NOW)
        assert shard.background == parts.store.background()
    assert shard.background.holders["=paper"] > 1
    assert {reader: [each.listing.id for each in taste.feedback] for reader, taste in shard.tastes.items()} == {
        ann.id: [1]
    }


def test_a_new_version_is_told_the_next_day_and_once_whoever_announces_it(tmp_path):
    """Found by the first source, told; found by the second a day later, known."""

    def news(version, kind, source):
        listing = replace(paper(1).listing, version=version)
        return Source(source, Fetched((Announcement(listing, source, kind, NOW.date()),)))

    days = [
        (news(1, Kind.NEW, "one"), [Section.FOR_YOU]),
        (news(2, Kind.REVISION, "one"), [Section.VERSIONS]),
        (news(2, Kind.REVISION, "two"), []),
        (news(3, Kind.REVISION, "two"), [Section.VERSIONS]),
    ]
    ann = Subscriber("ann@example.org", profile=Profile(("paper",)))
    with home(tmp_path, people=[ann]) as parts:
        for number, (source, sections) in enumerate(days):
            now, today = NOW + number * timedelta(days=1), replace(parts, sources=[source], ranker=Ranker())
            list(pipeline.pull(today, now, force=True))
            (edition,) = pipeline.compose(today, now)
            assert [pick.section for pick in edition.picks] == sections
            assert parts.store.edition(ann.email, now.date()).picks == edition.picks


def test_composing_for_a_look_writes_nothing(tmp_path):
    with home(tmp_path) as parts:
        list(pipeline.pull(parts, NOW))
        issues = pipeline.issues_of(parts.store.subscribers(), NOW, early=True)
        first = pipeline.compose_for(parts, issues, NOW)
        assert pipeline.compose_for(parts, issues, NOW) == first
        assert len(list(pipeline.compose(parts, NOW))) == 3


def test_what_a_clock_planned_that_was_years_ahead_keeps_nobody_waiting(tmp_path):
    ahead = NOW.replace(year=2036)
    with home(tmp_path) as parts:
        list(pipeline.pull(parts, ahead))
        for person in parts.store.subscribers():
            parts.store.reschedule(person.id, ahead, ahead)
        assert [pulled.source for pulled in pipeline.pull(parts, NOW)] == ["good"]
        assert len(list(pipeline.compose(parts, NOW))) == 3


def test_a_replay_asks_everybodys_schedule_whatever_was_planned(tmp_path):
    with home(tmp_path) as parts:
        for person in parts.store.subscribers():
            parts.store.reschedule(person.id, NOW + timedelta(days=2), NOW)
        assert list(pipeline.compose(parts, NOW)) == []
        assert len(list(pipeline.compose(parts, NOW, replay=True))) == 3


def test_stopping_waits_for_no_slow_source(tmp_path):
    class Slow(Source):
        def fetch(self, _state, now, _since=None):
            released.wait(30)
            return Fetched()

    released, stopped = Event(), Event()
    with home(tmp_path, sources=[Slow("slow", None), Source("good", Fetched((paper(1),)))]) as parts:
        visits = pipeline.pull(parts, NOW, stopping=stopped.is_set)
        assert next(visits).source == "good"
        stopped.set()
        assert list(visits) == []
        released.set()


# --- deliver ------------------------------------------------------------------------------------------------------


def test_a_refused_address_never_stops_the_others(tmp_path):
    transport = Transport({"bob@example.org": Outcome(Verdict.FAILED, "550 5.1.1 no such user", 550)})
    with home(tmp_path, transport=transport) as parts:
        _, delivered = compose_and_deliver(parts)
    assert transport.got == ["ann@example.org", "cyd@example.org"]
    assert (delivered.sent, delivered.failed, delivered.relay) == (2, 1, None)


def test_a_message_that_cannot_be_rendered_never_stops_the_others_and_is_tried_again(tmp_path):
    transport = Transport()
    with home(tmp_path, transport=transport, renderer=PlainRenderer(broken_for=["ann@example.org"])) as parts:
        _, delivered = compose_and_deliver(parts)
        assert transport.got == ["bob@example.org", "cyd@example.org"]
        assert (delivered.sent, delivered.deferred) == (2, 1)
        mended = replace(parts, renderer=PlainRenderer())
        assert pipeline.deliver(mended, lambda: NOW + timedelta(minutes=10)).sent == 1


def test_a_relay_that_is_down_costs_nobody_an_attempt_and_loses_nothing(tmp_path):
    down = Transport({"bob@example.org": RelayError("mail.example.org:587 does not answer")})
    with home(tmp_path, transport=down) as parts:
        _, delivered = compose_and_deliver(parts)
        assert delivered.relay == "mail.example.org:587 does not answer"
        assert delivered.sent == 1
        assert down.closed == 1
        up = Transport()
        assert pipeline.deliver(replace(parts, transport=lambda: up), lambda: NOW).sent == 2
        assert up.got == ["bob@example.org", "cyd@example.org"]
        assert {failure.attempts for failure in parts.store.overview(NOW).failures} == set()


def test_stopping_finishes_the_message_in_hand_and_gives_the_rest_back(tmp_path):
    stopped = []
    transport = Transport(after=lambda: stopped.append(True))
    with home(tmp_path, transport=transport) as parts:
        _, delivered = compose_and_deliver(parts, stopping=lambda: bool(stopped))
        assert delivered.sent == 1
        assert parts.store.overview(NOW).deliveries[State.PENDING] == 2
        assert pipeline.deliver(parts, lambda: NOW).sent == 2


@pytest.mark.parametrize(("policy", "sent_later"), [("resend", 1), ("hold", 0)])
def test_a_message_whose_fate_is_unknown_is_settled_as_configured(tmp_path, policy, sent_later):
    transport = Transport({"bob@example.org": Outcome(Verdict.UNKNOWN, "no reply after the final dot")})
    with home(tmp_path, transport=transport) as at_home:
        parts = replace(at_home, limits=Limits(on_unknown=policy))
        _, delivered = compose_and_deliver(parts)
        assert delivered.unknown == 1
        transport.script.clear()
        assert pipeline.deliver(parts, lambda: NOW + timedelta(hours=1)).sent == sent_later


def test_nothing_to_send_opens_no_connection(tmp_path):
    def never():
        raise AssertionError("opened")

    with home(tmp_path) as parts:
        assert pipeline.deliver(replace(parts, transport=never), lambda: NOW) == pipeline.Delivered()


# --- a process that dies --------------------------------------------------------------------------------------------


def test_what_a_dead_worker_held_is_taken_up_at_once_and_what_a_living_one_holds_is_left(tmp_path):
    with home(tmp_path) as parts:
        list(pipeline.compose(parts, NOW))
        for worker in ("dead", "alive"):
            parts.store.claim(NOW, worker=worker, lease=pipeline.LEASE, limit=1, subscriber=None, on_unknown="resend")
            assert parts.store.begin_pull(worker, NOW, NOW + pipeline.LEASE, worker=worker, force=True)
        assert pipeline.deliver(parts, lambda: NOW).sent == 1
        parts.store.bereave(lambda worker: worker == "dead", NOW)
        assert pipeline.deliver(parts, lambda: NOW).sent == 1
        taken = [
            parts.store.begin_pull(name, NOW, NOW + pipeline.LEASE, worker="here", force=True)
            for name in ("dead", "alive")
        ]
        assert taken == [True, False]


def test_papers_are_forgotten_when_there_is_nothing_to_deliver_and_not_before(tmp_path):
    renderer = PlainRenderer()
    with home(tmp_path, renderer=renderer) as parts:
        assert list(pipeline.pull(parts, NOW))
        assert list(pipeline.compose(parts, NOW, early=True))
        assert pipeline.deliver(parts, lambda: NOW).sent
        assert not renderer.forgot
        assert not pipeline.deliver(parts, lambda: NOW).sent
        assert renderer.forgot
