"""`digest worker`: what it says to those it is not for, and that its processes come back, and end when they are told."""

import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path

import psutil
import pytest

from digest.cli import cluster, workers
from digest.config import ArxivSettings, FeedSettings
from digest.errors import StoreError, UsageError
from digest.model import Schedule, Subscriber
from digest.store import open_store

from .conftest import PATIENCE, until

CONFIG = """
[site]
contact = "ops@example.org"
[store]
url = "{url}"
[mail]
from = "Daily Papers <digest@example.org>"
[smtp]
kind = "maildir"
path = "{folder}/mail"
[[sources]]
kind = "feed"
name = "Nobody there"
url = "http://127.0.0.1:9/feed"
"""
ROOT = Path(__file__).parents[2]


@pytest.fixture
def worker(postgresql, tmp_path):
    """Begins `digest worker`; it has ended when the test is over."""
    begun = []
    with postgresql.database() as url:
        with closing(open_store(url)) as store:
            store.add(Subscriber("ann@example.org", schedule=Schedule(send_at=clock_time())), store.time())
        (tmp_path / "config.toml").write_text(CONFIG.format(url=url, folder=tmp_path))

        def begin(*arguments):
            command = [sys.executable, "-m", "digest", "-c", str(tmp_path / "config.toml"), "worker", *arguments]
            with (tmp_path / "said").open("ab") as said:
                environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
                begun.append(subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=said, env=environment))
            begun[-1].url = url
            return begun[-1]

        yield begin
        for process in begun:
            for one in [*psutil.Process(process.pid).children(recursive=True)] if process.poll() is None else []:
                one.kill()
            process.kill()
            process.wait()


def said(tmp_path):
    return [json.loads(line) for line in (tmp_path / "said").read_text().splitlines()]


def at_work(process):
    """The processes that do jobs, not those that watch over them."""
    children = psutil.Process(process.pid).children()
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


def test_one_that_is_killed_is_begun_again_and_all_end_when_they_are_told(worker, tmp_path):
    process = worker("--processes", "1")
    store = open_store(process.url)
    until(lambda: process.poll() is not None or list((tmp_path / "mail").glob("new/*")))
    ((first,), (name,)) = at_work(process), [one.name for one in store.attending(store.time())]
    first.kill()
    until(lambda: [one.name for one in store.attending(store.time())] not in ([], [name]))
    assert first not in at_work(process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    events = [line["event"] for line in said(tmp_path)]
    assert (events[0], events[-1]) == ("started", "stopped")
    assert events.count("a process has died, and is begun again") == 1
    assert store.attending(store.time()) == []
    assert store.jobs().workers <= 1  # the one that was killed could not say so
    store.close()


def test_processes_end_with_the_one_that_began_them(worker, tmp_path):
    process = worker("--processes", "1")
    (child,) = until(lambda: (tmp_path / "said").exists() and at_work(process))
    process.kill()
    process.wait()
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_it_says_what_it_is_for(tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from digest.cli import app

    (tmp_path / "config.toml").write_text(CONFIG.format(url=f"sqlite:///{tmp_path}/digest.db", folder=tmp_path))
    ran = CliRunner().invoke(app, ["-c", str(tmp_path / "config.toml"), "worker"])
    assert isinstance(ran.exception, UsageError)
    assert "`digest run` does all there is to do" in str(ran.exception)
    (tmp_path / "config.toml").write_text(CONFIG.format(url="postgresql:///digest", folder=tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "procrastinate" else object())
    ran = CliRunner().invoke(app, ["-c", str(tmp_path / "config.toml"), "worker"])
    assert "needs procrastinate: install it with `pip install" in str(ran.exception)


@pytest.mark.parametrize(
    ("written", "queues"),
    [("pull", ("pull",)), ("deliver, compose,deliver,", ("deliver", "compose"))],
)
def test_queues_are_named(written, queues):
    assert cluster._queues(written) == queues


@pytest.mark.parametrize("written", ["", " , ", "pull,mail", "clock"])
def test_queues_that_there_are_not_are_refused(written):
    with pytest.raises(UsageError, match="--queues"):
        cluster._queues(written)


def test_sources_of_one_host_are_visited_one_after_the_other():
    sources = [
        ArxivSettings(kind="arxiv", name="cs", categories=["cs.CL"]),
        ArxivSettings(kind="arxiv", name="stat", categories=["stat.ML"]),
        FeedSettings(kind="feed", name="news", url="https://blog.example.org/news.xml"),
        FeedSettings(kind="feed", name="notes", url="https://blog.example.org/notes.xml"),
        FeedSettings(kind="feed", name="other", url="https://other.example.org/feed"),
    ]
    groups = workers.groups_of(sources)
    assert groups["cs"] == groups["stat"]
    assert groups["news"] == groups["notes"] != groups["other"]


# --- the time -----------------------------------------------------------------------------------------------------


NOON = datetime(2026, 5, 18, 12, tzinfo=UTC)


class Machine:
    """A database's clock, and how this machine counts seconds."""

    def __init__(self):
        self.now, self.at, self.is_away, self.asked = NOON, 0.0, False, 0

    def time(self):
        self.asked += 1
        if self.is_away:
            raise StoreError("away")
        return self.now

    def seconds(self):
        return self.at

    def later(self, seconds):
        self.at += seconds
        self.now += timedelta(seconds=seconds)


def test_the_time_is_the_databases_whatever_this_machine_thinks():
    machine = Machine()
    clock = workers.Clock(machine.time, machine.seconds)
    assert clock() == NOON
    machine.later(5)
    assert clock() == NOON + timedelta(seconds=5)
    assert machine.asked == 1
    machine.now += timedelta(hours=1)  # somebody sets the database's clock
    machine.later(20)
    assert clock() == machine.now


def test_while_the_database_is_away_the_time_goes_on():
    machine = Machine()
    clock = workers.Clock(machine.time, machine.seconds)
    machine.is_away = True
    machine.later(600)
    assert clock() == clock() == NOON + timedelta(minutes=10)
    assert machine.asked == 2  # and it is not asked at each look
