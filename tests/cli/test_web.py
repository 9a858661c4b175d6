"""`digest web`, and the pages beside `digest run`: that they are there, come back, and end when they are told."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from digest.cli import keeping, pages
from digest.store import open_store
from digest.web.admin.passwords import is_right

from ..ports import free_port  # noqa: TID252  (tests are no package)
from ..stores import store_url  # noqa: TID252  (tests are no package)

NOW = datetime(2026, 6, 18, 9, 0, tzinfo=UTC)
CONFIG = """
[site]
url = "http://localhost:{port}/papers-by-mail"

[smtp]
kind = "files"
path = "outbox"

[web]
port = {port}

[admin]
password_file = "admin-password"

[[sources]]
kind = "feed"
name = "blog"
url = "{web}/feed"
"""


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def home(tmp_path, port, web, monkeypatch):
    (tmp_path / "config.toml").write_text(CONFIG.format(port=port, web=web))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def start(home):
    """Begins the program in a process of its own; what it logs goes to a file."""
    started = []

    def begin(*arguments):
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        command = [sys.executable, "-c", "from digest.cli import main; main()", *arguments]
        with (home / "log").open("w") as log:
            started.append(subprocess.Popen(command, cwd=home, env=environment, stderr=log))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.wait()


def answered(port, process, path="/papers-by-mail/health", patience=60):
    deadline = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return json.load(answer)
        except urllib.error.HTTPError:
            raise
        except OSError:
            assert process.poll() is None, Path("log").read_text()
            assert time.monotonic() < deadline, Path("log").read_text()
            time.sleep(0.05)


def logged():
    return [json.loads(line) for line in Path("log").read_text().splitlines()]


def test_the_pages_alone_answer_log_without_secrets_and_end_when_told(start, port):
    process = start("web")
    assert answered(port, process) == {"status": "ok"}
    with pytest.raises(urllib.error.HTTPError, match="404"):
        answered(port, process, "/papers-by-mail/preferences/7-20260518-abcdefghijklmnop/none")
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    lines = logged()
    assert (lines[0]["event"], lines[-1]["event"]) == ("serving pages", "pages closed")
    last = [line for line in lines if line["event"] == "request"][-1]
    assert (last["method"], last["path"], last["status"]) == ("GET", "/papers-by-mail/preferences/***/none", 404)
    assert "abcdefghijklmnop" not in Path("log").read_text()


def children(process):
    """Processes that were begun by this one and look after no semaphores."""
    found = Path(f"/proc/{process.pid}/task").glob("*/children")
    numbers = [number for file in found for number in file.read_text().split()]
    return [int(one) for one in numbers if b"resource_tracker" not in Path(f"/proc/{one}/cmdline").read_bytes()]


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks for a process as Linux shows it")
def test_beside_the_daemon_they_come_back_when_they_die_and_end_with_it(start, port):
    process = start("run")
    answered(port, process)
    (first,) = children(process)
    os.kill(first, signal.SIGKILL)
    while children(process) in ([first], []):
        assert process.poll() is None
        time.sleep(0.05)
    assert answered(port, process) == {"status": "ok"}
    (second,) = children(process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert not Path(f"/proc/{second}").exists()
    events = [line["event"] for line in logged()]
    assert "the pages have died, and are begun again" in events
    assert {"stopped", "pages closed"} <= {*events}


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks for a process as Linux shows it")
def test_pages_end_with_a_daemon_that_was_killed(start, port):
    process = start("run")
    answered(port, process)
    (child,) = children(process)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 30
    while Path(f"/proc/{child}/cmdline").exists() and Path(f"/proc/{child}/cmdline").read_bytes():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_pages_for_which_there_is_no_process_just_now_are_tried_again(monkeypatch):
    over, tried = Event(), []

    def start(*_):
        tried.append(1)
        if len(tried) == 3:
            over.set()
        raise OSError(errno.ENOMEM, "no room")

    monkeypatch.setattr(keeping, "begin", start)
    monkeypatch.setattr(keeping, "pause", lambda _: 0.0)
    keeping.keep(keeping.Work("pages", lambda: None, (), None), over)
    assert len(tried) == 3


def test_a_port_that_is_taken_is_known_at_once(home, run, port):
    with socket.create_server(("127.0.0.1", port)):
        for command in ("web", "run"):
            ran = run(command)
            assert ran.code == 2
            assert f"127.0.0.1, port {port} (Address already in use)" in ran.err


def test_pages_without_an_address_of_their_own_are_not_served(home, run):
    text = Path("config.toml").read_text()
    nowhere = text[text.index("[smtp]") :]
    Path("config.toml").write_text(nowhere)
    ran = run("check")
    assert "web: pages need site.url" in ran.out
    Path("config.toml").write_text(nowhere.replace("[web]\nport", "[web]\n# port"))
    ran = run("web")
    assert (ran.code, "set site.url" in ran.err) == (2, True)


@pytest.mark.parametrize(("deaths", "seconds"), [(1, 1), (2, 2), (3, 4), (7, 60), (10_000, 60)])
def test_pages_that_die_again_and_again_are_begun_more_and_more_slowly(deaths, seconds):
    assert keeping.pause(deaths) == seconds


# --- the operator's password ----------------------------------------------------------------------------------------


def test_of_the_operators_password_only_a_hash_is_kept(home, run):
    ran = run("web", "password", stdin="correct horse battery\n")
    file = home / "admin-password"
    assert (ran.code, file.stat().st_mode & 0o777) == (0, 0o600)
    assert "correct" not in file.read_text() + ran.out
    assert is_right(file.read_text(), "correct horse battery")
    run("web", "password", stdin="another one, too\n")
    assert is_right(file.read_text(), "another one, too")


@pytest.mark.parametrize("chosen", ["", "short", "x" * 2_000])
def test_a_password_that_protects_nobody_is_refused(home, run, chosen):
    ran = run("web", "password", stdin=f"{chosen}\n")
    assert ran.code == 2
    assert not (home / "admin-password").exists()


def test_where_a_hash_goes_has_to_be_said_first(home, run):
    text = Path("config.toml").read_text()
    Path("config.toml").write_text(text.replace('password_file = "admin-password"', ""))
    ran = run("web", "password", stdin="correct horse battery\n")
    assert (ran.code, "password_file" in ran.err) == (2, True)


# --- keys -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def store(home):
    with_keys = open_store(store_url("digest.db"))
    yield with_keys
    with_keys.close()


def test_rotating_keys_says_what_is_still_good(store, run):
    before = store.keys()
    ran = run("web", "rotate-keys", "--now", NOW.isoformat())
    assert (ran.code, "the one before it stays good for 180 days" in ran.out) == (0, True)
    assert store.keys(NOW)[1:] == before
    assert "the 2 before it stay" in run("web", "rotate-keys", "--now", NOW.isoformat()).out


def test_keys_that_leaked_are_gone_and_it_says_what_to_do_at_once(store, run):
    before = store.keys()
    ran = run("web", "rotate-keys", "--leaked")
    assert (ran.code, "Restart `digest run` at once" in ran.out) == (0, True)
    assert not {*store.keys()} & {*before}


def test_pages_that_are_running_learn_of_a_new_key_within_a_minute(store):
    times = [NOW]
    ring = pages.Keyring(store, lambda: times[-1])
    before = list(ring)
    store.rotate_keys(NOW)
    assert list(ring) == before
    times.append(NOW + timedelta(minutes=1))
    assert list(ring) == list(store.keys())
    assert list(ring[1:]) == before
    times.append(NOW + timedelta(days=200))
    assert len(ring) == 1
