"""`digest run` as a process of its own: what it says, whom it answers, and how it ends."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from ..ports import free_port  # noqa: TID252  (tests are no package)

CONFIG = """
[smtp]
kind = "files"
path = "outbox"

[operator]
alert = "admin@example.org"
metrics_port = {port}

[[sources]]
kind = "feed"
name = "blog"
url = "{web}/feed"

[[subscribers]]
email = "ann@example.org"
send_at = "00:00"
"""


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def daemon(tmp_path, port, web):
    (tmp_path / "config.toml").write_text(CONFIG.format(port=port, web=web))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", "from digest.cli import main; main()", "run"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def answered(url, process, patience=60):
    deadline = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline, "it does not answer"
            time.sleep(0.05)


def test_it_answers_logs_json_and_ends_when_it_is_told(daemon, port):
    lines = []
    assert json.loads(answered(f"http://127.0.0.1:{port}/health", daemon))["status"] == "ok"
    for line in daemon.stderr:
        lines.append(json.loads(line))
        if lines[-1]["event"] == "delivered":
            break
    assert 'digest_deliveries_total{state="sent"}' in answered(f"http://127.0.0.1:{port}/metrics", daemon)
    daemon.send_signal(signal.SIGTERM)
    lines += [json.loads(line) for line in daemon.stderr]
    assert daemon.wait(20) == 0
    events = [line["event"] for line in lines]
    assert (events[0], events[-1]) == ("started", "stopped")
    assert {"pulled", "composed", "delivered"} <= {*events}
    assert {"timestamp", "level", "event"} <= {*lines[0]}
