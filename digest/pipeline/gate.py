"""Which claims may go now, which only later: what a round of deliveries asks before it sends, and tells afterwards.

    gate = Gate(parts.store, parts.limits, now)                 one small read
    gate.refused_until(now)      the relay is to be left alone until then: end the round, claim nothing
    gate.room(BATCH, now)        how many to claim; 0: ask again at `gate.resume_at(now)`
    gate.sift(claims, now)       go: send each at its moment; later: give each back until its moment
    gate.connections(now)        how many to use at the same time, asked anew for every batch
    quiet = gate.heard(claim, outcome, now)                     after every attempt, then
            settle(outcome, claim, now, limits, quiet)
    gate.broken(error, now)      after every RelayError
    gate.resume_at(now)          nothing is due any more, but something was put off by a rate until then: worth a wait

What is decided is decided in `digest.pacing`; what is remembered is in the store, so that a restart forgets no silence
and several processes share one rate.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import RLock
from typing import Protocol

import structlog

from digest import pacing
from digest.errors import RelayError
from digest.model import Blame, Claim, Outcome, Pace, Verdict
from digest.pacing import BREAKER, HORIZON, LINES, RELAY, Limits, domain_of

log = structlog.get_logger(__name__)

_FRESH = timedelta(seconds=5)  # how long what other processes have learnt may stay unknown to this one
_SEVERAL = 3  # domains that ask for less, one after the other and none in between that does not: it is the relay


class Paces(Protocol):
    """What is remembered of the relay and of recipient domains. Each method is one transaction."""

    def paces(self) -> Mapping[str, Pace]:
        """Those that are in trouble, or were; by key."""
        ...

    def repace(self, key: str, change: Callable[[Pace], Pace]) -> Pace:
        """Change one pace (a new one, if none is stored), while nobody else does; returns what it is now."""
        ...

    def reserve(
        self, wanted: Sequence[Sequence[str]], rates: Mapping[str, int], now: datetime, until: datetime
    ) -> tuple[Mapping[str, Pace], list[datetime | None]]:
        """`pacing.allot` over the stored paces, while nobody else does; keeps those that it changed."""
        ...


@dataclass(frozen=True, slots=True)
class Sifted:
    """What may be done with claims, each with its moment; both in the order of their moments."""

    go: list[tuple[Claim, datetime]]  # to be sent then: at most `pacing.HORIZON` from now
    later: list[tuple[Claim, datetime]]  # to be released until then


class Gate:
    """What one round of deliveries knows of paces. Safe to share between its threads.

    Impatient (`patient=False`, for who asked for the round by hand), it does not heed the circuit breaker; silences
    that somebody asked for, it always does.
    """

    def __init__(self, store: Paces, limits: Limits, now: datetime, *, patient: bool = True) -> None:
        self._store = store
        self._limits = limits
        self._patient = patient
        self._lock = RLock()
        self._known: dict[str, Pace] = {}  # in trouble, by key
        self._read_at = now
        self._tail: dict[str, Pace] = {}  # the paces as they are once all that was put off has gone
        self._resume_at: datetime | None = None
        self._failed = False  # this round, because of the relay
        self._throttled: set[str] = set()  # domains, since the last message that was taken
        self._read(now)

    # --- before sending ---

    def refused_until(self, now: datetime) -> datetime | None:
        """Until when the relay must be left alone; None: it need not."""
        with self._lock:
            self._refresh(now)
            keys = (RELAY, BREAKER) if self._patient else (RELAY,)
            moments = [pace.quiet_until for key in keys if (pace := self._pace(key)).quiet_until]
            return max((moment for moment in moments if moment > now), default=None)

    def connections(self, now: datetime) -> int:
        """How many connections to use at the same time; one, as long as the relay has to prove itself."""
        with self._lock:
            proving = self._pace(BREAKER).quiet_until is not None
            return 1 if proving else pacing.connections(self._pace(LINES), self._limits.connections, now)

    def room(self, most: int, now: datetime) -> int:
        """How many claims the relay's rate has room for within `pacing.HORIZON`, up to `most`."""
        raise NotImplementedError

    def sift(self, claims: Sequence[Claim], now: datetime) -> Sifted:
        """Which of these may go, and when; nothing is reserved for those that must wait.

        What waits is spread over the time that its pace will need, so that not all of it comes back at once, and each
        comes back once.
        """
        raise NotImplementedError

    def resume_at(self, now: datetime) -> datetime | None:
        """The first moment at which something may go that a rate (not a silence) put off in this round."""
        raise NotImplementedError

    # --- after sending ---

    def heard(self, claim: Claim, outcome: Outcome, now: datetime) -> datetime | None:
        """Learn from an attempt; returns until when whoever asked for less is left alone, for `pacing.settle`."""
        raise NotImplementedError

    def broken(self, error: RelayError, now: datetime) -> None:
        """The relay could not be used; several in one round count once."""
        raise NotImplementedError

    # --- what is known ---

    def _pace(self, key: str) -> Pace:
        return self._known.get(key) or Pace(key)

    def _refresh(self, now: datetime) -> None:
        if not self._read_at <= now < self._read_at + _FRESH:
            self._read(now)

    def _read(self, now: datetime) -> None:
        self._read_at = now
        self._known = dict(self._store.paces())
        for key, pace in self._known.items():
            if pacing.credible(pace, now) != pace:
                self._known[key] = self._store.repace(key, lambda kept: pacing.credible(kept, now))
