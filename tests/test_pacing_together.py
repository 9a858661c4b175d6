"""Three processes that share PostgreSQL give the relay and each provider what one may give, and heed silences as one."""

import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest.model import Edition, State, Subscriber
from digest.store import open_store

from .test_pacing_on_the_wire import SLOW_DOWN, serving

DELIVER = """
import os, sys
from datetime import UTC, datetime
from digest import pipeline
from digest.delivery import SmtpTransport
from digest.delivery.patience import Patience
from digest.delivery.session import Relay
from digest.model import Message
from digest.pacing import Limits
from digest.pipeline import Parts
from digest.store import open_store

class Renderer:
    def message(self, edition):
        email = edition.subscriber.email
        return Message("digest@example.org", email, f"<{email}>", b"Subject: papers\\r\\n\\r\\ntext\\r\\n")
    def forget(self):
        pass

url, port, per_minute, domain_per_minute = sys.argv[1], *map(int, sys.argv[2:])
relay = Relay("127.0.0.1", port, "none", patience=Patience.throughout(30), local_hostname="client.test")
parts = Parts(
    sources=[], store=open_store(url), ranker=None, renderer=Renderer(), transport=lambda: SmtpTransport(relay),
    worker=str(os.getpid()), limits=Limits(per_minute=per_minute, domain_per_minute=domain_per_minute),
)
print(pipeline.deliver(parts, lambda: datetime.now(UTC), patient=False).sent)
"""


@pytest.fixture
def url(postgresql):
    with postgresql.database() as fresh:
        yield fresh


def publish(url, *emails):
    store, now = open_store(url), datetime.now(UTC)
    people = [store.add(Subscriber(email), now) for email in emails]
    store.publish([(Edition(person, now.date(), now), now + timedelta(days=1)) for person in people])
    store.close()


def readers(domain, count):
    return [f"reader{number}@{domain}" for number in range(count)]


def deliver(url, port, per_minute=0, domain_per_minute=0):
    """By three processes at once; returns how many messages went out."""
    numbers = map(str, (port, per_minute, domain_per_minute))
    arguments = [sys.executable, "-c", DELIVER, url, *numbers]
    root = Path(__file__).parents[1]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    processes = [subprocess.Popen(arguments, cwd=root, text=True, **pipes) for _ in range(3)]
    said = [process.communicate() for process in processes]
    assert [error for _, error in said] == [""] * 3
    return sum(int(out.splitlines()[-1]) for out, _ in said)  # behind what was logged


def test_rates_hold_over_all_processes_together(url):
    publish(url, *readers("a.example", 10), *readers("b.example", 5), *(f"r@d{n}.example" for n in range(15)))
    with serving() as (server, port):
        assert deliver(url, port, per_minute=1200, domain_per_minute=300) == 30
    assert set(server.domains().values()) == {10, 5, 1}
    at = {domain: [when for to, when in server.taken if to == domain] for domain in server.domains()}
    everything = [when for _, when in server.taken]
    # Each came at its moment or a little later: so those between the first and the last took their time.
    assert max(everything) - min(everything) > 29 * 60 / 1200 * 0.9
    assert max(at["a.example"]) - min(at["a.example"]) > 9 * 60 / 300 * 0.9


def test_a_silence_that_one_process_is_asked_for_is_kept_by_all(url):
    publish(url, *readers("slow.example", 20), *readers("other.example", 20))
    with serving(refused={"slow.example": SLOW_DOWN}) as (server, port):
        assert deliver(url, port) == 20
        asked = server.tried["slow.example"]
        assert 1 <= asked <= 3  # what was on its way when the first was refused
        publish(url, *(f"late{number}@slow.example" for number in range(9)), "late@other.example")
        assert deliver(url, port) == 1
        assert server.tried == Counter({"slow.example": asked, "other.example": 21})
    store = open_store(url)
    assert store.overview(datetime.now(UTC)).deliveries[State.SENT] == 21
    store.close()
