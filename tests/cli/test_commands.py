"""What every command does alike: no traceback for what a person or a machine can bring about."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from digest.pipeline import Delivered

CONFIG = """
[smtp]
kind = "files"
path = "outbox"

[[sources]]
kind = "feed"
name = "blog"
url = "http://127.0.0.1:9/feed"

[[subscribers]]
email = "ann@example.org"
keywords = ["diffusion"]
send_at = "00:00"
"""
NOW = ("--now", "2026-05-18T12:00:00Z")
DIGEST = (sys.executable, "-c", "from digest.cli import main; main()")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(run, tmp_path):
    """A folder with a configuration and a database, which is the working one."""
    (tmp_path / "config.toml").write_text(CONFIG)
    run("subscribers", "pause", "ann@example.org", *NOW)
    run("subscribers", "resume", "ann@example.org", *NOW)
    return tmp_path


def process(*command, cwd):
    return subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "refused"),
    [
        (("preview", "--output", "nowhere/page.html"), "nowhere/page.html: No such file or directory"),
        (("subscribers", "export", "."), ".: Is a directory"),
        (("--config", "config.toml/x/config.toml", "init"), "Not a directory"),
    ],
)
def test_a_file_that_cannot_be_written_is_named_in_one_line(home, arguments, refused):
    ran = process(*DIGEST, *arguments, cwd=home)
    assert ran.returncode == 2
    assert refused in ran.stderr
    assert "Traceback" not in ran.stderr


def test_output_that_is_closed_is_no_error(home):
    ran = process("/bin/sh", "-c", '"$@" status >&-', "sh", *DIGEST, cwd=home)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31", "3000-01-01"])
def test_a_time_that_no_calendar_reaches_is_refused(home, run, moment):
    ran = run("send", "--dry-run", "--now", moment)
    assert ran.code == 2
    assert "between the years 1970 and 2999" in " ".join(ran.err.replace("\u2502", " ").split())


def test_mail_that_waits_for_the_relay_is_not_called_nothing(home, run):
    Path("outbox").write_text("not a folder")
    for _ in range(2):
        ran = run("send", *NOW)
        assert ran.code == 75
        assert "Nothing is due" not in ran.out
        assert ran.err.count("messages cannot be written there") == 1


def test_a_server_that_refuses_all_that_is_said_is_told_as_such(home, run, monkeypatch):
    monkeypatch.setattr(
        "digest.cli.delivering.deliver", lambda *_, **__: Delivered(deferred=3, refused="550 5.7.1 spam")
    )
    ran = run("send", *NOW)
    assert (ran.code, "refuses what we say, message after message" in ran.err, "550 5.7.1 spam" in ran.err) == (
        75,
        True,
        True,
    )


def test_who_is_stopped_says_that_the_rest_waits(home, run, monkeypatch):
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        pytest.skip("under nohup nobody listens to SIGHUP")

    def stopped(*_, **__):
        signal.raise_signal(signal.SIGHUP)
        return Delivered(sent=1)

    monkeypatch.setattr("digest.cli.delivering.deliver", stopped)
    ran = run("send", *NOW)
    assert (ran.code, ran.err) == (0, "Stopped.\nNothing is lost: what waits is sent by the next run.\n")


def test_a_template_with_a_mistake_is_named_with_its_line_once_for_each_mail(home, run):
    Path("mine/email").mkdir(parents=True)
    Path("mine/email/digest.txt.j2").write_text("Hello\n{{ digest.nosuch }}\n")
    Path("config.toml").write_text(f'[site]\ntemplates_dir = "mine"\n{CONFIG}')
    ran = run("send", *NOW)
    assert "1 deferred" in ran.out
    assert ran.err.count("digest.txt.j2, line 2") == 1
    assert "Traceback" not in ran.err


def test_a_note_that_cannot_be_read_is_left_out_and_the_papers_go(home, run, monkeypatch):
    Path("note.md").write_text("Hello")
    Path("config.toml").write_text(f'[site]\nnote_file = "note.md"\n{CONFIG}')
    real = Path.read_text

    def refuse_the_note(path, *arguments, **options):
        if path.name == "note.md":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *arguments, **options)

    monkeypatch.setattr(Path, "read_text", refuse_the_note)
    ran = run("send", *NOW)
    assert "1 sent" in ran.out
    assert "note.md" in ran.err
    assert "Permission denied" in ran.err
