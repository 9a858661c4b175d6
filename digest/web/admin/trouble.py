"""What is wrong, since when, and what to do: pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.alerts import Condition
from digest.model import Alert, Pace
from digest.pacing import BREAKER, RELAY
from digest.web.admin import words

# By what is wrong: the page to look at next.
_PAGES = {
    "silent": ("How that source was read", "/admin/sources"),
    "failed": ("All that was not delivered", "/admin/deliveries?state=failed"),
    "held": ("All that was not delivered", "/admin/deliveries?state=failed"),
    "relay": ("What waits to be sent", "/admin/deliveries?state=waiting"),
    "late": ("What waits to be tried again", "/admin/deliveries?state=put-off"),
}
_STILL = timedelta(hours=1)  # how long what is due may wait before somebody should look


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong."""

    what: str
    since: datetime | None  # None: nobody had seen it before now
    do: tuple[tuple[words.Run, ...], ...]  # lines
    go: tuple[str, str] | None = None  # a page that says more: what it is called, and its path


def troubles(found: Iterable[Condition], known: Iterable[Alert], idle: datetime | None) -> list[Trouble]:
    """All that is wrong, what began first standing first; `idle` since then, nothing that was due was done."""
    begun = {alert.key: alert.begun_at for alert in known if alert.over_at is None}
    seen = [
        Trouble(one.what, begun.get(one.key), _lines(one.do), _PAGES.get(one.key.partition(":")[0])) for one in found
    ]
    return [*_stopped(idle), *sorted(seen, key=lambda one: one.since.timestamp() if one.since else float("inf"))]


def _stopped(idle: datetime | None) -> Iterator[Trouble]:
    if idle:
        do = "Is `digest run` running? On the server, `systemctl status` or the container's log says why it ended.\n"
        do += "Where a timer runs `digest pull` and `digest send`, wait for its hour: then this is as it should be."
        yield Trouble("Nothing is being done: what was due has been waiting", idle, _lines(do))


def _lines(text: str) -> tuple[tuple[words.Run, ...], ...]:
    return tuple(tuple(words.runs(line)) for line in text.splitlines() if line.strip())


def idle_since(next_due: datetime | None, next_pulls: Iterable[datetime | None], now: datetime) -> datetime | None:
    """When the first thing was due that should have been done long ago; None if nothing was."""
    waiting = [moment for moment in (next_due, *next_pulls) if moment is not None]
    first = min(waiting, default=now)
    return first if first < now - _STILL else None


def silences(quiet: Sequence[Pace], now: datetime) -> list[str]:
    """Who is given no mail for now, and until when."""
    return [_silence(pace, now) for pace in quiet]


def _silence(pace: Pace, now: datetime) -> str:
    until = f", until {words.when(pace.quiet_until, now)}" if pace.quiet_until and pace.quiet_until > now else ""
    times = words.many(pace.strikes, "time")
    if pace.key == BREAKER:
        return f"The mail relay failed {times} in a row{f': left alone{until}' if until else ''}"
    name = "The mail relay" if pace.key == RELAY else pace.key
    return f"{name} asked for less mail {times}{f': left alone{until}' if until else ''}"
