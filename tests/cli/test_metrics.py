"""Metrics and health: what Prometheus and a supervisor are told, over real HTTP on the loopback."""

import json
import re
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from digest.cli import metrics
from digest.daemon import Pulse
from digest.model import Blame, Cause, Outcome, Problem, Settled, State, Verdict
from digest.store import open_store

from ..store.making import announce, begin, claim, edition, end, paper, publish, said, subscribe  # noqa: TID252  (tests are no package)
from ..stores import away, only_sqlite, store_url  # noqa: TID252  (tests are no package)

NOW = datetime(2026, 5, 18, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Seconds:
    """A clock that stands still until it is moved."""

    def __init__(self):
        self.now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def seconds():
    return Seconds()


@pytest.fixture
def store(tmp_path):
    opened = open_store(store_url(tmp_path / "digest.db"))
    yield opened
    opened.close()


@pytest.fixture
def address(store, seconds):
    desk = metrics.Desk(store, Pulse(seconds), lambda: NOW + HOUR)
    with metrics.serving(0, desk) as port:
        yield f"http://127.0.0.1:{port}"


def get(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def samples(address):
    status, text = get(f"{address}/metrics")
    assert status == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def deliver(store, email, state, verdict, again=None):
    publish(store, edition(subscribe(store, email)))
    (held,) = claim(store)
    assert begin(store, held)
    end(store, held, Outcome(verdict, "said", blame=Blame.ADDRESS), Settled(state, again))


def test_everything_is_read_from_the_store_when_it_is_asked_for(store, address):
    announce(store, said(paper(1)), now=NOW, problems=(Problem("slow", incomplete=False),))
    deliver(store, "a@example.org", State.SENT, Verdict.SENT)
    deliver(store, "b@example.org", State.DEFERRED, Verdict.DEFERRED, NOW + HOUR)
    store.suppress("c@example.org", Cause.COMPLAINT, "", NOW)
    told = samples(address)
    assert told["digest_deliveries_total", "sent"] == 1
    assert told["digest_deliveries_total", "failed"] == 0
    assert told["digest_deliveries_waiting", "deferred"] == 1
    assert told["digest_delivery_oldest_waiting_seconds",] == 3600
    assert told["digest_delivery_attempts_total",] == 2
    assert told["digest_editions_total",] == 2
    assert told["digest_announcements_total", "arxiv"] == 1
    assert told["digest_source_last_success_timestamp_seconds", "arxiv"] == NOW.timestamp()
    assert told["digest_source_problems", "arxiv"] == 1
    assert told["digest_subscribers", "active"] == 2
    assert told["digest_suppressions", "complaint"] == 1
    assert told["digest_database_size_bytes",] > 0
    deliver(store, "d@example.org", State.SENT, Verdict.SENT)
    assert samples(address)["digest_deliveries_total", "sent"] == 2


def test_counters_do_not_fall_when_the_store_is_vacuumed(store, address):
    announce(store, said(paper(1)), now=NOW)
    deliver(store, "a@example.org", State.SENT, Verdict.SENT)
    before = {name: value for name, value in samples(address).items() if name[0].endswith("_total")}
    assert store.vacuum(NOW + timedelta(days=400), NOW + timedelta(days=800)).editions == 1
    after = samples(address)
    ours = [name for name in before if name[0].startswith("digest_")]
    assert {name: after[name] for name in ours} == {name: before[name] for name in ours}


def test_names_and_units_are_those_of_prometheus(store, address):
    _, text = get(f"{address}/metrics")
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    ours = {name: kind for name, kind in types.items() if name.startswith("digest_")}
    assert ours
    for name, kind in ours.items():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
        assert name.endswith("_total") == (kind == "counter"), name
    if promtool := shutil.which("promtool"):
        subprocess.run([promtool, "check", "metrics"], input=text, text=True, check=True)


def test_the_manual_names_every_metric_and_no_other(store, address):
    manual = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
    store.vacuum(NOW, NOW)  # so that there is a time of it
    _, text = get(f"{address}/metrics")
    ours = {name for name in re.findall(r"^# TYPE (\S+)", text, re.MULTILINE) if name.startswith("digest_")}
    assert set(re.findall(r"`(digest_\w+)", manual)) == ours


def test_it_is_well_while_it_gets_on(store, address, seconds):
    status, said = get(f"{address}/health")
    assert (status, json.loads(said)) == (200, {"status": "ok", "reason": None, "idle_seconds": 0})
    seconds.now += 299
    assert get(f"{address}/health")[0] == 200
    seconds.now += 2
    status, said = get(f"{address}/health")
    assert (status, json.loads(said)["status"]) == (503, "failing")
    assert json.loads(said)["reason"] == "no tick got on for 5 minutes"


@only_sqlite("a file of another kind")
def test_it_is_not_well_when_the_store_does_not_answer(tmp_path, store, address):
    store.close()
    (tmp_path / "digest.db").write_bytes(b"this is no database, whatever its name" * 100)
    for beside in tmp_path.glob("digest.db-*"):
        beside.unlink()
    status, said = get(f"{address}/health")
    assert status == 503
    assert "not a digest database" in json.loads(said)["reason"]
    status, said = get(f"{address}/metrics")
    assert (status, "not a digest database" in said) == (503, True)


def test_it_is_not_well_while_nobody_is_let_into_the_store(tmp_path, store, address):
    store.close()
    with away(tmp_path / "digest.db"):
        assert get(f"{address}/health")[0] == get(f"{address}/metrics")[0] == 503


def test_there_is_nothing_else(store, address):
    assert get(f"{address}/")[0] == 404
    assert get(f"{address}/health?verbose=1")[0] == 200


def test_only_this_machine_is_answered(store, seconds):
    with metrics._Server(0, metrics.Desk(store, Pulse(seconds), lambda: NOW)) as server:
        assert server.server_address[0] == "127.0.0.1"


def test_a_port_that_is_taken_stops_nothing(store, seconds, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with metrics.serving(port, metrics.Desk(store, Pulse(seconds), lambda: NOW)) as answered:
            assert answered is None
    assert "metrics unavailable" in capsys.readouterr().out
