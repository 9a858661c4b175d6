"""The version at work and the next one side by side, as processes, while the tables change under both."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import digest
from digest.store import database, migrating, open_store

from .store.making import edition, subscribe
from .versions import Versions

THIS_VERSION = Path(digest.__file__).parents[1]
BATCH = 30
CONFIG = """
[store]
url = "{url}"

[site]
contact = "admin@example.org"

[mail]
from = "digest@example.org"

[smtp]
kind = "files"
path = "outbox"

[delivery]
per_minute = 1200  # so that the first does not send it all alone
log = "deliveries.log"

[[sources]]
kind = "feed"
name = "blog"
url = "http://127.0.0.1:9/feed"
"""
EXPAND = 'op.add_column("deliveries", sa.Column("lane", sa.Integer, nullable=False, server_default="0"))'
CONTRACT = 'op.execute("ALTER TABLE deliveries RENAME COLUMN lane TO way")'


@pytest.fixture
def url(postgresql):
    with postgresql.database() as fresh:
        yield fresh


@pytest.fixture
def next_version(tmp_path):
    """A folder with the next version of the program: it adds to the tables, and takes away once this one is gone."""
    folder = tmp_path / "next"
    shutil.copytree(Path(digest.__file__).parent, folder / "digest")
    made = Versions(tmp_path)
    made.come("expand", EXPAND)
    made.come("contract", CONTRACT)
    shutil.copytree(made.folder, folder / "digest" / "store" / "migrations", dirs_exist_ok=True)
    (folder / "templates").symlink_to(THIS_VERSION / "templates")
    about = folder / "digest" / "__init__.py"
    about.write_text(re.sub(r'__version__ = ".*"', '__version__ = "99.0"', about.read_text()))
    return folder


def started(place, folder, *command):
    """`digest COMMAND`, as the version in `place` has it."""
    environment = {**os.environ, "PYTHONPATH": str(place)}
    arguments = [sys.executable, "-m", "digest", *command]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(arguments, cwd=folder, env=environment, text=True, **pipes)


@contextmanager
def running(place, folder, *command):
    """The same, told to stop at the end."""
    with started(place, folder, *command) as process:
        try:
            yield process
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=60)
            assert process.returncode == 0, said
            assert "Traceback" not in said
        finally:
            process.kill()


def wait_until(done, process):
    deadline = time.monotonic() + 60
    while not done():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.05)


def sent(folder):
    """To whom how many messages went out."""
    messages = (file.read_text(encoding="utf-8") for file in (folder / "outbox").glob("*.eml"))
    return Counter(re.search(r"^To: .*?([\w.]+@[\w.]+)", message, re.MULTILINE)[1] for message in messages)


def publish(store, kind):
    """Something to be sent to more readers."""
    now = datetime.now(UTC)
    people = [subscribe(store, f"{kind}{number}@example.org", now) for number in range(BATCH)]
    store.publish([(edition(person, day=now.date(), now=now), now + timedelta(days=1)) for person in people])


def test_two_versions_deliver_through_a_change_of_the_tables_and_nobody_is_left_out(url, tmp_path, next_version):
    (tmp_path / "config.toml").write_text(CONFIG.format(url=url))
    store, head = open_store(url), int(database.head())
    publish(store, "a")
    with running(THIS_VERSION, tmp_path, "run") as old:
        wait_until(lambda: sent(tmp_path), old)
        publish(store, "b")
        with running(next_version, tmp_path, "run") as new:
            wait_until(lambda: len(store.attending(store.time())) == 2, new)
            assert store.standing().revision == f"{head + 1:04}"  # what takes away waits
            publish(store, "c")
            both = [started(version, tmp_path, "send") for version in (THIS_VERSION, next_version)]
            assert [(process.communicate()[1], process.returncode) for process in both] == [("", 0)] * 2
            wait_until(lambda: sum(sent(tmp_path).values()) >= 3 * BATCH, new)
    assert sent(tmp_path) == {f"{kind}{number}@example.org": 1 for kind in "abc" for number in range(BATCH)}
    with started(next_version, tmp_path, "store", "upgrade") as done:
        assert done.wait() == 0
    assert migrating.standing(url).floor == f"{head + 2:04}"
    store.close()
