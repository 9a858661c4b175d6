"""What the tests of the commands share."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import structlog
from typer.main import get_command
from typer.testing import CliRunner

from digest.errors import DigestError

from ..stores import POSTGRESQL, store_url  # noqa: TID252  (tests are no package)


@dataclass(frozen=True)
class Ran:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture(scope="session")
def commands() -> object:
    """The tree of commands: typer would make it anew for each run, which costs more than most commands do."""
    from digest.cli import app

    return get_command(app)


@pytest.fixture
def run(commands: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run `digest ARGUMENTS` in an empty folder, as `main` would; `stdin` is what is typed."""
    from digest.cli import app

    monkeypatch.setattr("typer.testing._get_command", lambda _: commands)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    if POSTGRESQL:
        monkeypatch.setenv("DIGEST_STORE__URL", store_url(tmp_path / "digest.db"))

    def invoke(*arguments: str, stdin: str | bytes | None = None) -> Ran:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
        if isinstance(result.exception, DigestError):
            return Ran(2, result.stdout, f"{result.stderr}{result.exception}")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ran(result.exit_code, result.stdout, result.stderr)

    yield invoke
    structlog.reset_defaults()  # a command logs to the stderr of its own time


_FEED = b"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>J</title><id>j</id><entry>
<title>A paper</title><id>1</id><link href="https://example.org/1"/><published>2026-05-17T08:00:00Z</published>
<updated>2026-05-17T08:00:00Z</updated></entry></feed>"""


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self):
        found = self.path == "/feed"
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/atom+xml")
        self.end_headers()
        self.wfile.write(_FEED if found else b"nothing here")

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="session")
def web() -> Iterator[str]:
    """Where a feed with one paper is, at /feed, and nothing else."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
