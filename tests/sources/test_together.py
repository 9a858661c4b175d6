"""Several processes that share a database ask arXiv as one: one at a time, with its gap, and silent when it says so."""

import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import pytest

from digest.errors import StoreError
from digest.sources.client import Client
from digest.sources.errors import PausedError
from digest.store import open_store

NOW = datetime(2026, 5, 18, 8, tzinfo=UTC)
GAP = timedelta(seconds=0.25)
ASK = """
import sys
from datetime import UTC, datetime, timedelta
from digest.sources.client import Client
from digest.store import open_store

database, url, count = sys.argv[1:]
client = Client(turns=open_store(database), gap={"arxiv": timedelta(seconds=0.25)})
for number in range(int(count)):
    client.get(f"{url}/{number}", group="arxiv", now=datetime.now(UTC))
"""


class Door(ThreadingHTTPServer):
    """Notes when each request came and when its answer was over; `status` and `slowness` are those of the answers."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Answer)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.status, self.slowness = 200, 0.05
        self.visits = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        begun = time.monotonic()
        time.sleep(self.server.slowness)
        self.server.visits.append((begun, time.monotonic()))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def door():
    with Door() as server:
        yield server
        server.shutdown()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'digest.db'}"
        return
    with request.getfixturevalue("postgresql").database() as url:
        yield url


def asking(database, door, count):
    arguments = [sys.executable, "-c", ASK, database, door.url, str(count)]
    root = str(Path(__file__).parents[2])
    return subprocess.Popen(arguments, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_three_processes_are_one_visitor(door, database):
    open_store(database).close()
    processes = [asking(database, door, 3) for _ in range(3)]
    assert [process.communicate() for process in processes] == [("", "")] * 3
    assert len(door.visits) == 9
    visits = sorted(door.visits)
    gaps = [begun - ended for (_, ended), (begun, _) in pairwise(visits)]
    assert min(gaps) >= GAP.total_seconds() - 0.01  # milliseconds are as exact as SQLite's clock is


def test_silence_asked_of_one_is_kept_by_the_others(door, database):
    stores = [open_store(database) for _ in range(2)]
    clients = [Client(turns=store, gap={"arxiv": GAP}) for store in stores]
    door.status = 429
    with pytest.raises(PausedError, match="HTTP 429"):
        clients[0].get(door.url, group="arxiv", now=NOW)
    door.status = 200
    with pytest.raises(PausedError, match="asked for a pause: next try after") as caught:
        clients[1].get(door.url, group="arxiv", now=NOW)
    assert timedelta(minutes=9) < caught.value.not_before - NOW <= timedelta(minutes=10, seconds=1)
    assert len(door.visits) == 1
    for each in (*clients, *stores):
        each.close()


def test_who_died_within_their_turn_holds_up_the_others_for_a_while_only(door, database):
    store = open_store(database)
    assert store.take_turn("arxiv", timedelta(seconds=0.5)).until is not None  # and never ends it
    begun = time.monotonic()
    with Client(turns=store, gap={"arxiv": GAP}) as client:
        client.get(door.url, group="arxiv", now=NOW)
    assert time.monotonic() - begun > 0.4
    store.close()


class Away:
    """A database that cannot be reached."""

    def take_turn(self, *_):
        raise StoreError("away")

    end_turn = keep_silence = take_turn


def test_a_database_that_is_away_loses_no_visit_and_no_politeness_of_ours(door):
    with Client(turns=Away(), gap={"arxiv": GAP}) as client:
        for _ in range(3):
            client.get(door.url, group="arxiv", now=NOW)
        door.status = 429
        for _ in range(2):
            with pytest.raises(PausedError):
                client.get(door.url, group="arxiv", now=NOW)
    assert len(door.visits) == 4
    gaps = [after[0] - before[1] for before, after in pairwise(door.visits)]
    assert min(gaps) >= GAP.total_seconds()


def test_groups_that_are_no_door_ask_nobody(door):
    with Client(turns=Away()) as client:
        assert client.get(door.url, group="blog", now=NOW).status == 200
