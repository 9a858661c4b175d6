"""When one may ask a server again: gaps between requests, and silence where it was asked for."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Protocol

from digest.errors import StoreError
from digest.model import Turn
from digest.sources.errors import PausedError

GAP = MappingProxyType({"arxiv": timedelta(seconds=3)})  # groups that are one door
HOST_GAP = 0.2  # seconds between the starts of two requests to one host of any other group
SILENCE = MappingProxyType({"arxiv": timedelta(minutes=10)})  # after 429, at least: arXiv sends no Retry-After
SHORTEST_SILENCE = timedelta(minutes=1)  # after a 429 without Retry-After elsewhere
LONGEST_SILENCE = timedelta(days=1)  # a Retry-After of years is a mistake
_LOOK = 0.5  # seconds between two looks at whether another process is done
_MARGIN = timedelta(seconds=10)  # until whoever has not ended their turn counts as dead


class Turns(Protocol):
    """What all processes that ask the same servers agree on, wherever they run. Each may raise StoreError."""

    def take_turn(self, door: str, hold: timedelta) -> Turn:
        """A turn at this door, if nobody has it; it ends after `hold` at the latest."""
        ...

    def end_turn(self, door: str, turn: Turn, gap: timedelta) -> None:
        """Others may have a turn after `gap`."""
        ...

    def keep_silence(self, door: str, span: timedelta) -> None:
        """Nobody has a turn for so long."""
        ...


class Etiquette:
    """Who may ask when. Safe to use from several threads.

    Args:
        gap: groups that are one door, and the time between two of their requests.
        turns: what other processes know of those doors. Where it cannot be asked, this one is polite by itself.
        hold: how long a request takes at the most.
    """

    def __init__(
        self,
        gap: Mapping[str, timedelta],
        sleep: Callable[[float], None],
        monotonic: Callable[[], float],
        turns: Turns | None = None,
        hold: timedelta = timedelta(minutes=1),
    ) -> None:
        self._turns = turns
        self._hold = hold + _MARGIN
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

    def keep_silent(self, group: str, now: datetime, span: timedelta) -> datetime:
        """The server asked for silence: until when, in the time that callers act as."""
        until = self.instant(now) + span
        self.silence(group, until)
        if self._turns is not None and group in self._gap:
            with suppress(StoreError):
                self._turns.keep_silence(group, span)
        return until

    def silence(self, group: str, until: datetime) -> None:
        """Silence that this process alone has to be told of."""
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
            gap = self._gap[group]
            self._wait(group, gap.total_seconds())
            turn = self._taken(group, host, now)
            try:
                yield
            finally:  # reckoned from the end: arrivals are then never closer, however long one took to connect
                with self._lock:
                    self._free[group] = self._monotonic() + gap.total_seconds()
                if turn is not None and self._turns is not None:
                    with suppress(StoreError):  # it ends by itself
                        self._turns.end_turn(group, turn, gap)

    def _taken(self, group: str, host: str, now: datetime) -> Turn | None:
        """Wait until it is our turn among all processes; None where they cannot be asked: the visit is not lost for it."""
        while self._turns is not None:
            try:
                turn = self._turns.take_turn(group, self._hold)
            except StoreError:
                return None
            if turn.until is not None:
                return turn
            if turn.is_silent:
                moment = self.instant(now)
                raise paused(host, None, moment + turn.wait, moment)
            self._sleep(min(turn.wait.total_seconds(), _LOOK))  # whoever has it may be done before
        return None

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
