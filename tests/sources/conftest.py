"""A server on loopback that says what a test wants, a clock that nobody waits for, and the replayed internet."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import urlopen

import pytest

from digest.model import Fetched, SourceState
from digest.sources.client import Client


@dataclass
class Clock:
    """Time that passes only by sleeping."""

    moment: float = 0.0
    slept: list[float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.moment += seconds

    def monotonic(self) -> float:
        return self.moment


@dataclass
class Reply:
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    claimed: int | None = None  # Content-Length, if not the true one; negative: none at all
    drip: float = 0.0  # seconds between bytes
    drop: bool = False


@dataclass
class Seen:
    path: str
    params: dict[str, str]
    headers: dict[str, str]


class Web:
    """A loopback server. `answers` are tried in order: a path prefix, and a reply or a function of what was seen."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, object]] = []
        self.seen: list[Seen] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = "http://127.0.0.1:%d" % self._server.server_address[1]  # noqa: UP031
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def on(self, prefix: str, answer: "Reply | bytes | str | Callable[[Seen], Reply | bytes | str]") -> None:
        self.answers.insert(0, (prefix, answer))

    def answer(self, seen: Seen) -> Reply:
        self.seen.append(seen)
        for prefix, answer in self.answers:
            if seen.path.startswith(prefix):
                found = answer(seen) if callable(answer) else answer
                found = found.encode() if isinstance(found, str) else found
                return found if isinstance(found, Reply) else Reply(found)
        return Reply(b"not here", 404)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        web = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                headers = {name.lower(): value for name, value in self.headers.items()}
                reply = web.answer(Seen(parts.path, dict(parse_qsl(parts.query)), headers))
                self.close_connection = True
                if reply.drop:
                    return
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if reply.status != 304 and (reply.claimed or 0) >= 0:
                    self.send_header("Content-Length", str(len(reply.body) if reply.claimed is None else reply.claimed))
                self.end_headers()
                try:
                    if not reply.drip:
                        self.wfile.write(reply.body)
                    else:
                        for n in range(len(reply.body)):
                            self.wfile.write(reply.body[n : n + 1])
                            time.sleep(reply.drip)
                except OSError:
                    pass  # the client has left

        return Handler


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    yield server
    server.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(clock: Clock) -> Iterator[Client]:
    with Client("someone@example.org", sleep=clock.sleep, monotonic=clock.monotonic) as made:
        yield made


@pytest.fixture
def reply() -> type[Reply]:
    return Reply


@pytest.fixture(scope="session")
def after() -> Callable[[SourceState, Fetched, datetime], SourceState]:
    """What a store remembers of a visit."""

    def remembered(state: SourceState, fetched: Fetched, now: datetime) -> SourceState:
        complete = not any(problem.incomplete for problem in fetched.problems)
        covered = {part: max(day, state.covered.get(part, day)) for part, day in fetched.covered.items()}
        return replace(
            state,
            covered={**state.covered, **covered},
            validators={**state.validators, **fetched.validators},
            last_attempt=now,
            last_success=now if complete else state.last_success,
            problems=fetched.problems,
            not_before=fetched.not_before,
        )

    return remembered


@pytest.fixture(scope="session")
def noon() -> Callable[[str], datetime]:
    return lambda day: datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC)


class Internet:
    """The listing server: real listings of 2026, replayed for a simulated day, with faults on request."""

    def __init__(self, tools: Path) -> None:
        command = [sys.executable, str(tools / "listing_server.py"), "--port", "0", "--day", "2026-05-18"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().split()[-1]

    def control(self, **params: str) -> dict[str, object]:
        with urlopen(f"{self.url}/control?{urlencode(params)}", timeout=10) as answer:
            return json.load(answer)

    def day(self, day: str) -> None:
        self.control(day=day, clear="1", reset="1")

    def fault(self, spec: str) -> None:
        self.control(fault=spec)

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture(scope="session")
def _internet(shared: Path) -> Iterator[Internet]:
    if not (shared / "tools" / "listing_server.py").is_file():
        pytest.skip("no listing server beside the checkout")
    server = Internet(shared / "tools")
    yield server
    server.close()


@pytest.fixture
def internet(_internet: Internet) -> Internet:
    _internet.day("2026-05-18")
    return _internet
