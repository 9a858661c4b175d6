"""Several processes: each delivers its share, and one that dies loses nothing."""

import multiprocessing
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from digest.cli import delivering, wiring
from digest.model import Edition, State, Subscriber
from digest.pipeline import Delivered

from ..stores import store_url  # noqa: TID252  (tests are no package)

NOW = datetime(2026, 5, 18, 12, tzinfo=UTC)
CONFIG = """\
[mail]
from = "Digest <digest@example.org>"

[store]
url = "{store}"

[smtp]
kind = "files"
path = "{folder}/sent"

[delivery]
processes = 2
connections = 2

[[sources]]
kind = "arxiv"
categories = ["cs.CL"]
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.format(folder=tmp_path, store=store_url(tmp_path / "digest.db")))
    return path


def publish(home, count):
    people = [home.store.add(Subscriber(f"reader{number}@example.org"), NOW) for number in range(count)]
    home.store.publish([(Edition(one, NOW.date(), NOW), NOW + timedelta(days=1)) for one in people])


def clock():
    begun = time.monotonic()
    return lambda: NOW + timedelta(seconds=time.monotonic() - begun)


def states(home):
    return {state: count for state, count in home.store.overview(NOW).deliveries.items() if count}


def test_two_processes_share_what_waits(config, tmp_path, monkeypatch):
    monkeypatch.setattr(delivering, "_WORTH_A_PROCESS", 50)
    with wiring.installation(config, NOW) as home:
        publish(home, 150)
        begun = threading.Event()
        start = delivering.pipeline.deliver

        def patiently(*arguments, **options):  # so that the other one has a share, too
            begun.wait(20)
            return start(*arguments, **options)

        def arrived():
            while not any((tmp_path / "sent").glob("*.eml")):
                time.sleep(0.02)
            begun.set()

        monkeypatch.setattr(delivering.pipeline, "deliver", patiently)
        threading.Thread(target=arrived, daemon=True).start()
        delivered = delivering.deliver(home, clock())
        assert delivered == Delivered(sent=150)
        assert begun.is_set(), "the other process sent nothing"
        assert states(home) == {State.SENT: 150}
    assert len(list((tmp_path / "sent").glob("*.eml"))) == 150
    assert not multiprocessing.active_children()


def test_a_process_that_is_killed_loses_nothing(config, tmp_path, monkeypatch):
    monkeypatch.setattr(delivering, "_WORTH_A_PROCESS", 50)

    def kill():
        while not any((tmp_path / "sent").glob("*.eml")):
            time.sleep(0.005)
        for child in multiprocessing.active_children():
            child.kill()

    with wiring.installation(config, NOW) as home:
        publish(home, 300)
        killing = threading.Thread(target=kill, daemon=True)
        killing.start()
        delivered = delivering.deliver(home, clock())
        killing.join(20)
        assert delivered.sent <= 300
        assert states(home) == {State.SENT: 300}
    assert len(list((tmp_path / "sent").glob("*.eml"))) == 300


def test_a_few_messages_are_not_worth_a_process(config, monkeypatch):
    def never(*_: object) -> None:
        raise AssertionError("started")

    monkeypatch.setattr("digest.cli.keeping.begin", never)
    with wiring.installation(config, NOW) as home:
        publish(home, 3)
        assert delivering.deliver(home, clock()) == Delivered(sent=3)


def test_what_is_not_done_in_the_time_given_waits_for_the_next_call(config):
    with wiring.installation(config, NOW) as home:
        publish(home, 3)
        moments = iter([NOW, NOW, NOW])
        delivered = delivering.deliver(
            home, lambda: next(moments, NOW + timedelta(minutes=11)), lasting=timedelta(minutes=10)
        )
        assert delivered.sent < 3
        assert delivering.deliver(home, lambda: NOW + timedelta(minutes=11)).sent == 3 - delivered.sent
