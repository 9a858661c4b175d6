"""What Prometheus is told, and whoever asks whether the daemon is well: on this machine's loopback alone.

Everything is read from the store when it is asked for, so that numbers outlive restarts, and include what `digest send`
and other daemons did. Names follow https://prometheus.io/docs/practices/naming/.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import structlog
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from digest import __version__
from digest.errors import StoreError
from digest.model import Return, State

if TYPE_CHECKING:
    from digest.daemon import Pulse
    from digest.store import Gauges, Jobs, Store

log = structlog.get_logger(__name__)

LOOPBACK = "127.0.0.1"
_LIVELY = timedelta(minutes=5)  # a tick comes every minute, and shows that it gets on while it takes longer
_FINAL = (State.SENT, State.FAILED, State.UNKNOWN, State.CANCELLED, State.EXPIRED)
_WAITING = (State.PENDING, State.CLAIMED, State.SENDING, State.DEFERRED, State.UNKNOWN)

Clock = Callable[[], datetime]


# --- what is measured -----------------------------------------------------------------------------------------------


def families(gauges: "Gauges", now: datetime) -> Iterator[Metric]:
    """All metrics of one look at the store."""
    yield from _counters(gauges)
    yield from _deliveries(gauges, now)
    yield from _sources(gauges)
    yield from _people(gauges)
    yield _gauge(
        "digest_alerts", "What is wrong: 1 for each condition.", {a.key: 1 for a in gauges.alerts}, "condition"
    )
    yield _gauge("digest_silences", "The relay and the domains that are left alone.", {"": len(gauges.quiet)})
    yield _gauge("digest_database_size_bytes", "Of the database.", {"": gauges.size})
    if gauges.vacuumed_at:
        when = {"": gauges.vacuumed_at.timestamp()}
        yield _gauge("digest_vacuum_timestamp_seconds", "When the store was vacuumed last.", when)


def _counters(gauges: "Gauges") -> Iterator[Metric]:
    sums = gauges.sums
    ends = {state: sums.get(f"deliveries:{state}", 0) for state in _FINAL}
    yield _counter("digest_deliveries", "Deliveries at their end; unknown ones are held.", ends, "state")
    tries = "Messages that were handed over, or tried to be."
    yield _counter("digest_delivery_attempts", tries, {"": sums.get("attempts", 0)})
    again = "Messages that were handed over again though they may have arrived."
    yield _counter("digest_delivery_resends", again, {"": sums.get("resent", 0)})
    yield _counter("digest_editions", "Editions composed.", {"": sums.get("editions", 0)})
    back = {kind: sums.get(f"returns:{kind}", 0) for kind in Return if kind is not Return.IGNORED}
    yield _counter("digest_returns", "Mails that came back.", back, "kind")
    told = {source: sums.get(f"announcements:{source}", 0) for source in gauges.sources}
    yield _counter("digest_announcements", "News of papers, by source.", told, "source")


def _deliveries(gauges: "Gauges", now: datetime) -> Iterator[Metric]:
    waiting = {state: gauges.waiting.get(state, 0) for state in _WAITING}
    yield _gauge("digest_deliveries_waiting", "Deliveries that are still to be sent.", waiting, "state")
    age = (now - gauges.oldest_waiting).total_seconds() if gauges.oldest_waiting else 0
    yield _gauge("digest_delivery_oldest_waiting_seconds", "Age of the oldest of them.", {"": max(0.0, age)})


def _sources(gauges: "Gauges") -> Iterator[Metric]:
    states = gauges.sources
    for name, what in (("last_attempt", "asked last"), ("last_success", "last read to the end")):
        moments = {source: getattr(state, name) for source, state in states.items()}
        known = {source: moment.timestamp() for source, moment in moments.items() if moment}
        yield _gauge(f"digest_source_{name}_timestamp_seconds", f"When the source was {what}.", known, "source")
    problems = {source: len(state.problems) for source, state in states.items()}
    yield _gauge("digest_source_problems", "Problems of the last pull.", problems, "source")


def _people(gauges: "Gauges") -> Iterator[Metric]:
    yield _gauge("digest_subscribers", "Subscribers.", dict(gauges.subscribers), "status")
    yield _gauge("digest_subscribers_due", "Active subscribers whose edition is due.", {"": gauges.due})
    yield _gauge("digest_suppressions", "Addresses that no mail is sent to.", dict(gauges.suppressed), "cause")


def _jobs(jobs: "Jobs") -> Iterator[Metric]:
    """Of `digest worker`, wherever it runs."""
    yield _gauge("digest_workers", "Processes that do jobs.", {"": jobs.workers})
    family = GaugeMetricFamily("digest_jobs", "Jobs that wait, are being done, or failed.", labels=["queue", "state"])
    for queue, counts in jobs.counts.items():
        for state, count in counts.items():
            family.add_metric([queue, state], count)
    yield family


def _counter(name: str, what: str, values: Mapping[Any, int], label: str = "") -> Metric:
    return _filled(CounterMetricFamily(name, what, labels=[label] if label else []), values)


def _gauge(name: str, what: str, values: Mapping[Any, float], label: str = "") -> Metric:
    return _filled(GaugeMetricFamily(name, what, labels=[label] if label else []), values)


def _filled(
    family: CounterMetricFamily | GaugeMetricFamily, values: Mapping[Any, float]
) -> CounterMetricFamily | GaugeMetricFamily:
    """With a value for each label; "" is that of a family without labels."""
    for label, value in values.items():
        family.add_metric([str(label)] if label else [], value)
    return family


class StoreCollector(Collector):
    """Reads the store, and the daemon's pulse, whenever it is asked."""

    def __init__(self, store: "Store", pulse: "Pulse", clock: Clock) -> None:
        self._store = store
        self._pulse = pulse
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        now = self._clock()
        yield _gauge("digest_build_info", "Which version runs.", {__version__: 1}, "version")
        alive = (now - self._pulse.age).timestamp()
        yield _gauge("digest_daemon_alive_timestamp_seconds", "When the daemon last got on.", {"": alive})
        yield from families(self._store.gauges(now), now)
        if (jobs := self._store.jobs()) is not None:
            yield from _jobs(jobs)


# --- who is asked ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered to one request."""

    status: HTTPStatus
    kind: str
    body: bytes


class Desk:
    """Answers for whoever is at work."""

    def __init__(self, store: "Store", pulse: "Pulse", clock: Clock) -> None:
        self._store = store
        self._pulse = pulse
        self._registry = CollectorRegistry()
        self._registry.register(StoreCollector(store, pulse, clock))
        ProcessCollector(registry=self._registry)  # memory, CPU, open files

    def answer(self, path: str, accept: str) -> Answer:
        match path.partition("?")[0]:
            case "/metrics":
                return self._metrics(accept)
            case "/health":
                return self._health()
        return Answer(HTTPStatus.NOT_FOUND, "text/plain", b"There are /metrics and /health.\n")

    def _metrics(self, accept: str) -> Answer:
        encode, kind = choose_encoder(accept)
        try:
            return Answer(HTTPStatus.OK, kind, encode(self._registry))
        except StoreError as error:
            return Answer(HTTPStatus.SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", f"{error}\n".encode())

    def _health(self) -> Answer:
        reason = self.ill()
        status = HTTPStatus.SERVICE_UNAVAILABLE if reason else HTTPStatus.OK
        said = {"status": "failing" if reason else "ok", "reason": reason, "idle_seconds": round(self._age())}
        return Answer(status, "application/json", f"{json.dumps(said)}\n".encode())

    def ill(self) -> str | None:
        """Why it is not well; None if it is."""
        if self._pulse.age > _LIVELY:
            return f"no tick got on for {self._age() / 60:.0f} minutes"
        try:
            self._store.answers()
        except StoreError as error:
            return str(error)
        return None

    def _age(self) -> float:
        return self._pulse.age.total_seconds()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, desk: Desk) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self.desk = desk


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10  # seconds for who connects and says nothing

    def do_GET(self) -> None:
        answer = self.server.desk.answer(self.path, self.headers.get("Accept", ""))
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_: object) -> None:
        """Nothing: whoever asks does so every few seconds."""


def observed(port: int | None, store: "Store", pulse: "Pulse") -> AbstractContextManager[object]:
    """What answers on that port meanwhile, if the configuration names one."""
    from digest.daemon import utc_now

    return serving(port, Desk(store, pulse, utc_now)) if port else nullcontext()


@contextmanager
def serving(port: int, desk: Desk) -> Iterator[int | None]:
    """Answer on that port of the loopback (0: a free one) meanwhile; yields which.

    One that is taken is told of and stops no mail: None.
    """
    try:
        server = _Server(port, desk)
    except OSError as error:
        log.error("metrics unavailable", port=port, reason=error.strerror or str(error))
        yield None
        return
    with server:
        threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
