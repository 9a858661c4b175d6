"""Paces from end to end: rounds of deliveries against a real mail server that wants less, or nothing, for a while."""

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from digest import pipeline
from digest.delivery import SmtpTransport
from digest.delivery.patience import Patience
from digest.delivery.session import Relay
from digest.model import Edition, Message, State, Subscriber
from digest.pacing import Limits, domain_of
from digest.pipeline import Parts
from digest.store import open_store

from .ports import free_port
from .stores import store_url

NOW = datetime(2026, 5, 18, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
SLOW_DOWN = "450 4.7.28 Our system has detected an unusual rate of mail from you"
CROWDED = "421 4.7.0 Error: too many connections from 127.0.0.1"


@dataclass
class Server:
    """Takes mail unless told otherwise, and keeps what was asked of it."""

    refused: dict[str, str] = field(default_factory=dict)  # what to say of recipients, by domain
    places: int = 100  # connections at the same time
    open: int = 0
    most_open: int = 0
    turned_away: int = 0
    tried: Counter[str] = field(default_factory=Counter)  # recipients, by domain
    taken: list[tuple[str, float]] = field(default_factory=list)  # domain, seconds

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        domain = domain_of(address)
        self.tried[domain] += 1
        if domain in self.refused:
            return self.refused[domain]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, _server, _session, envelope):
        self.taken.append((domain_of(envelope.rcpt_tos[0]), monotonic()))
        return "250 2.0.0 queued"

    def domains(self):
        return Counter(domain for domain, _ in self.taken)


class Door(SMTP):
    """Turns away whom there is no place for."""

    def connection_made(self, transport):
        server = self.event_handler
        self.is_in = server.open < server.places
        if not self.is_in:
            server.turned_away += 1
            transport.write(f"{CROWDED}\r\n".encode())
            transport.close()
            return
        server.open += 1
        server.most_open = max(server.most_open, server.open)
        super().connection_made(transport)

    def connection_lost(self, error):
        if self.is_in:
            self.event_handler.open -= 1
            super().connection_lost(error)


class Listener(Controller):
    def factory(self):
        return Door(self.handler, enable_SMTPUTF8=True)


@contextmanager
def serving(port=0, **said):
    server = Server(**said)
    listener = Listener(server, hostname="127.0.0.1", port=port or free_port())
    listener.start()
    try:
        yield server, listener.port
    finally:
        listener.stop()


class Renderer:
    def message(self, edition):
        email = edition.subscriber.email
        return Message("digest@example.org", email, f"<{email}>", b"Subject: papers\r\n\r\ntext\r\n")

    def forget(self):
        pass


class NoRanker:
    def rank(self, shard):
        raise AssertionError(shard)


@pytest.fixture
def parts(tmp_path):
    """Makes an installation with an edition for each of these addresses, to be sent through this port."""
    made = []

    def make(port, emails, **limits):
        store = open_store(store_url(tmp_path / "digest.db"))
        made.append(store)
        publish(store, emails)
        relay = Relay("127.0.0.1", port, "none", patience=Patience.throughout(5), local_hostname="client.test")
        return Parts(
            sources=[],
            store=store,
            ranker=NoRanker(),
            renderer=Renderer(),
            transport=lambda: SmtpTransport(relay),
            worker="here",
            limits=Limits(**limits),
        )

    yield make
    for store in made:
        store.close()


def publish(store, emails):
    people = [store.add(Subscriber(email), NOW) for email in emails]
    store.publish([(Edition(person, NOW.date(), NOW), NOW + 24 * HOUR) for person in people])


def readers(domain, count):
    return [f"reader{number}@{domain}" for number in range(count)]


def deliver(parts, now, **options):
    return pipeline.deliver(parts, lambda: now, **options)


# --- a domain that wants less -------------------------------------------------------------------------------------


def test_a_throttled_domain_goes_quiet_while_others_get_their_mail_and_gets_its_own_afterwards(parts):
    with serving(refused={"xn--bcher-kva.example": SLOW_DOWN}) as (server, port):
        home = parts(port, readers("bücher.example", 30) + readers("other.example", 30), connections=2)
        delivered = deliver(home, NOW)
        assert (delivered.sent, delivered.relay) == (30, None)
        assert server.domains() == {"other.example": 30}
        asked = server.tried["xn--bcher-kva.example"]
        assert asked <= 2, "once a connection: all others wait without having been tried"
        for minute in (1, 5, 9):
            assert deliver(home, NOW + minute * MINUTE) == pipeline.Delivered()
        assert server.tried["xn--bcher-kva.example"] == asked
        server.refused.clear()
        assert deliver(home, NOW + 35 * MINUTE).sent == 30
        assert server.domains() == {"other.example": 30, "xn--bcher-kva.example": 30}
        assert home.store.overview(NOW).deliveries[State.SENT] == 60


def test_a_restart_in_the_middle_of_a_silence_forgets_nothing(parts, tmp_path):
    with serving(refused={"slow.example": SLOW_DOWN}) as (server, port):
        home = parts(port, readers("slow.example", 5))
        deliver(home, NOW)
        asked = server.tried["slow.example"]
        home.store.close()
        reopened = open_store(store_url(tmp_path / "digest.db"))
        publish(reopened, ["late@slow.example"])
        assert deliver(replace(home, store=reopened), NOW + 5 * MINUTE) == pipeline.Delivered()
        reopened.close()
        assert server.tried["slow.example"] == asked


def test_greylisting_is_tried_again_within_ten_minutes_and_keeps_nobody_else_waiting(parts):
    greylisted = "450 4.7.1 Greylisted, try again in 5 minutes"
    with serving(refused={"grey.example": greylisted}) as (server, port):
        home = parts(port, readers("grey.example", 5) + readers("other.example", 5))
        assert deliver(home, NOW).deferred == 5
        assert server.tried["grey.example"] == 5
        server.refused.clear()
        assert deliver(home, NOW + 10 * MINUTE).sent == 5


# --- rates --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "limited"),
    [({"per_minute": 1_200}, {"a.example", "b.example"}), ({"domain_per_minute": 1_200}, {"a.example"})],
)
def test_a_rate_is_kept_and_all_is_sent(parts, limits, limited):
    """Slower than the rate it may be, on a busy machine; earlier than its turn nothing ever is."""
    with serving() as (server, port):
        home = parts(port, readers("a.example", 15) + readers("b.example", 5), connections=3, **limits)
        begun = monotonic()
        delivered = pipeline.deliver(home, lambda: NOW + timedelta(seconds=monotonic() - begun), patient=False)
        assert delivered.sent == 20
        arrived = sorted(at - begun for domain, at in server.taken if domain in limited)
        for turn, seconds in enumerate(arrived):
            assert seconds >= turn * 60 / 1_200


# --- the relay ----------------------------------------------------------------------------------------------------


def test_the_breaker_opens_when_the_relay_is_down_and_closes_when_it_is_back(parts):
    port = free_port()
    home = parts(port, readers("a.example", 30), connections=4)
    for minute in range(5):
        assert "left alone" not in deliver(home, NOW + minute * MINUTE).relay
    with serving(port) as (server, _):
        assert "left alone until 12:05:00" in deliver(home, NOW + 4 * MINUTE + 30 * SECOND).relay
        assert server.tried == {}
        assert deliver(home, NOW + 5 * MINUTE) == pipeline.Delivered(sent=30)
    assert home.store.paces() == {}


def test_who_asks_by_hand_goes_through_an_open_breaker_and_what_succeeds_closes_it_for_the_daemon(parts):
    port = free_port()
    home = parts(port, readers("a.example", 3))
    for minute in range(5):
        deliver(home, NOW + minute * MINUTE)
    with serving(port):
        assert deliver(home, NOW + 4 * MINUTE, patient=False).sent == 3
        publish(home.store, ["late@a.example"])
        assert deliver(home, NOW + 4 * MINUTE).sent == 1


def test_connections_halve_when_there_are_too_many_and_grow_back_and_nothing_is_lost(parts):
    with serving(places=2) as (server, port):
        home = parts(port, readers("a.example", 200), connections=8)
        rounds = [deliver(home, NOW + seconds * SECOND) for seconds in range(0, 60, 10)]
        assert sum(each.sent for each in rounds) == 200
        assert server.domains() == {"a.example": 200}
        assert 0 < server.turned_away <= 8
        assert server.most_open <= 2
        assert set(home.store.paces()) == {"relay:connections"}
        server.places = 8
        publish(home.store, readers("b.example", 200))
        assert deliver(home, NOW + 10 * MINUTE).sent == 200
        assert server.most_open > 2


def test_a_relay_that_wants_less_mail_of_anybody_is_left_alone_and_gets_it_all_afterwards(parts):
    with serving(refused=dict.fromkeys(("a.example", "b.example", "c.example"), SLOW_DOWN)) as (server, port):
        home = parts(port, readers("a.example", 3) + readers("b.example", 3) + readers("c.example", 3))
        publish(home.store, readers("d.example", 30))
        deliver(home, NOW)
        assert server.taken == [], "three domains in a row, and nobody in between: it is the relay that speaks"
        publish(home.store, ["late@d.example"])
        assert "left alone until 12:10:00" in deliver(home, NOW + 9 * MINUTE).relay
        server.refused.clear()
        assert deliver(home, NOW + 35 * MINUTE).sent == 40
