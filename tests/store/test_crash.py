"""kill -9 at any instant, and several processes on one file: the books balance."""

import sqlite3
import subprocess
import sys
from collections import Counter
from datetime import timedelta

from digest.model import Outcome, Settled, State, Verdict
from digest.store import open_store

from .making import NOW, begin, claim, end, publish_for, subscribe

CLAIMING = """
import sys
from datetime import datetime, timedelta, UTC
from digest.store import open_store
store, now = open_store(sys.argv[1]), datetime(2026, 5, 18, 9, tzinfo=UTC)
print("ready", flush=True)
sys.stdin.readline()
while claims := store.claim(now, worker=sys.argv[2], lease=timedelta(hours=1), limit=3, subscriber=None):
    print(*(claim.id for claim in claims), flush=True)
"""

LIVES_AND_DEATHS = """
import os, random, signal, sys
from datetime import datetime, timedelta, UTC
from time import sleep
from digest.model import *
from digest.store import open_store

def live(life, done):
    store, now = open_store(sys.argv[1]), datetime(2026, 5, 18, 9, tzinfo=UTC) + life * timedelta(days=30)
    for _ in range(1_000):  # killed long before
        now += timedelta(hours=20)
        paper = Listing(f"A paper of its own, written at {now}", arxiv_id=f"{now}")
        news = Announcement(paper, "arxiv", Kind.NEW, now.date())
        store.announce("arxiv", Fetched((news,)), now, now)
        batch = []
        for reader in store.due(now, everyone=True, after=0, limit=10):
            window = store.window(reader.cursor)
            picks = tuple(Pick(each.listing, Section.FOR_YOU, each.kind, each.source, each.day, 1.0) for each in window)
            cursor = max((each.seq for each in window), default=reader.cursor)
            batch.append((Edition(reader, now.date(), now, cursor, picks), now))
        store.publish(batch)
        for claim in store.claim(now, worker=f"w{life}", lease=timedelta(minutes=15), limit=10, subscriber=None):
            if store.progress([claim], [], now):
                store.progress([], [Ended(claim, Outcome(Verdict.SENT), Settled(State.SENT))], now)
        os.write(done, b".")

for life in range(20):
    rounds, done = os.pipe()
    pid = os.fork()
    if pid == 0:
        live(life, done)
        os._exit(1)
    os.close(done)
    try:
        for _ in range(random.randint(0, 3)):  # a busy machine makes lives longer, not emptier
            os.read(rounds, 1)
        sleep(random.uniform(0, 0.02))
    finally:
        os.kill(pid, signal.SIGKILL)
    assert os.waitpid(pid, 0)[1] == signal.SIGKILL
"""


def start(script, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_processes_that_claim_at_once_claim_each_delivery_once(tmp_path):
    url = f"sqlite:///{tmp_path / 'digest.db'}"
    store = open_store(url)
    publish_for(store, 40)
    store.close()
    workers = [start(CLAIMING, url, f"worker{number}") for number in range(3)]
    assert [worker.stdout.readline() for worker in workers] == ["ready\n"] * 3
    claimed = Counter(int(word) for worker in workers for word in worker.communicate("go\n")[0].split())
    assert [worker.returncode for worker in workers] == [0] * 3
    assert len(claimed) == 40
    assert set(claimed.values()) == {1}


def test_the_books_balance_after_twenty_deaths(tmp_path):
    path = tmp_path / "digest.db"
    store = open_store(f"sqlite:///{path}")
    readers = [subscribe(store, f"reader{number}@example.org") for number in range(3)]
    died = start(LIVES_AND_DEATHS, f"sqlite:///{path}")
    died.communicate(timeout=60)
    assert died.returncode == 0

    books = sqlite3.connect(path)

    def one(query, *values):
        return books.execute(query, values).fetchone()

    assert one("PRAGMA integrity_check") == ("ok",)
    assert books.execute("PRAGMA foreign_key_check").fetchall() == []
    (editions,) = one("SELECT count(*) FROM editions")
    assert editions > 20, "the deaths came too early to prove anything"
    assert one("SELECT count(*) FROM deliveries") == (editions,)
    assert one("SELECT count(*), max(seq), min(seq) FROM announcements") == (store.head(), store.head(), 1)
    for reader in readers:
        now = store.subscriber(reader.email)
        newest = store.editions(reader.email, 1)[0]
        assert (newest.issue_date, newest.cursor) == (now.last_issue, now.cursor)
        assert one("SELECT sum(papers) FROM editions WHERE subscriber_id = ?", reader.id) == (now.cursor,)
        assert len(store.sent([reader.id], range(1, now.cursor + 99))[reader.id]) == now.cursor
    books.close()

    later = NOW + timedelta(days=10_000)
    while claims := claim(store, later):
        for held in claims:
            assert begin(store, held, later)
            end(store, held, Outcome(Verdict.SENT), Settled(State.SENT), later)
    assert store.overview(later).deliveries[State.SENT] == editions
    store.close()
