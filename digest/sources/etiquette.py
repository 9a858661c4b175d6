"""When one may ask a server again: gaps between requests, and silence where it was asked for."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import MappingProxyType

from digest.sources.errors import PausedError

GAP = MappingProxyType({"arxiv": timedelta(seconds=3)})  # groups that are one door
HOST_GAP = 0.2  # seconds between the starts of two requests to one host of any other group
SILENCE = MappingProxyType({"arxiv": timedelta(minutes=10)})  # after 429, at least: arXiv sends no Retry-After
SHORTEST_SILENCE = timedelta(minutes=1)  # after a 429 without Retry-After elsewhere
LONGEST_SILENCE = timedelta(days=1)  # a Retry-After of years is a mistake


class Etiquette:
    """Who may ask when. Safe to use from several threads."""

    def __init__(
        self, gap: Mapping[str, timedelta], sleep: Callable[[float], None], monotonic: Callable[[], float]
    ) -> None:
        self._gap = gap
        self._sleep = sleep
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._doors: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._free: dict[str, float] = {}  # door -> monotonic time of the next request
        self._silent: dict[str, datetime] = {}  # group -> end of silence
        self._acting: tuple[datetime, float] | None = None  # a `now` and when it was first heard of

    def instant(self, now: datetime) -> datetime:
        """`now` moved on by the time that has passed since callers began to act as it."""
        with self._lock:
            if self._acting is None or self._acting[0] != now:
                self._acting = (now, self._monotonic())
            return now + timedelta(seconds=self._monotonic() - self._acting[1])

    def silence(self, group: str, until: datetime) -> None:
        with self._lock:
            self._silent[group] = max(until, self._silent.get(group, until))

    @contextmanager
    def turn(self, group: str, host: str, now: datetime) -> Iterator[None]:
        """Wait for one's turn; the door of a named group stays closed to others until one leaves."""
        with self._locked(group):
            self._check(group, host, now)
            if group not in self._gap:
                self._wait(host, HOST_GAP)
                yield
                return
            seconds = self._gap[group].total_seconds()
            self._wait(group, seconds)
            try:
                yield
            finally:  # reckoned from the end: arrivals are then never closer, however long one took to connect
                with self._lock:
                    self._free[group] = self._monotonic() + seconds

    @contextmanager
    def _locked(self, group: str) -> Iterator[None]:
        with self._lock:
            door = self._doors[group] if group in self._gap else nullcontext()
        with door:
            yield

    def _check(self, group: str, host: str, now: datetime) -> None:
        now = self.instant(now)
        with self._lock:
            until = self._silent.get(group)
        if until and now < until:
            raise paused(host, None, until, now)

    def _wait(self, door: str, seconds: float) -> None:
        with self._lock:
            moment = self._monotonic()
            turn = max(moment, self._free.get(door, moment))
            self._free[door] = turn + seconds
        if turn > moment:
            self._sleep(turn - moment)


def silence_after(group: str, asked: timedelta | None) -> timedelta:
    """How long to stay away from a group that answered "too many requests", given what it asked for."""
    return min(max(asked or SHORTEST_SILENCE, SILENCE.get(group, timedelta(0))), LONGEST_SILENCE)


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """How long a Retry-After header asks to wait, in seconds or until an HTTP date (RFC 9110, 10.2.3)."""
    if not value:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), LONGEST_SILENCE.total_seconds()))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return max(moment.replace(tzinfo=moment.tzinfo or UTC) - now, timedelta(0))


def paused(host: str, status: int | None, until: datetime, now: datetime) -> PausedError:
    clock = until.astimezone(UTC).strftime("%H:%M UTC" if until - now < timedelta(hours=12) else "%Y-%m-%d %H:%M UTC")
    asked = f"asked for a pause (HTTP {status})" if status else "asked for a pause"
    return PausedError(f"{host} {asked}: next try after {clock}", until)
