"""Which claims may go now, which only later: what a round of deliveries asks before it sends, and tells afterwards.

    gate = Gate(parts.store, parts.limits, now)                 one small read
    gate.refused_until(now)      the relay is to be left alone until then: end the round, claim nothing
    gate.room(BATCH, now)        how many to claim; 0: ask again at `gate.resume_at(now)`
    gate.sift(claims, now)       go: send each at its moment; later: give each back until its moment
    gate.stopped(claim, now)     right before it is sent: give it back until then, somebody asked for less meanwhile
    gate.connections(now)        how many to use at the same time, asked anew for every batch
    quiet = gate.heard(claim, outcome, now)                     after every attempt, then
            settle(outcome, claim, now, limits, quiet)
    gate.broken(error, now)      after every RelayError
    gate.resume_at(now)          nothing is due any more, but something was put off until then: wait; None: end the round

What is decided is decided in `digest.pacing`; what is remembered is in the store, so that a restart forgets no silence
and several processes share one rate.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from math import inf
from threading import RLock
from typing import Protocol

import structlog

from digest import pacing
from digest.errors import RelayError
from digest.model import Blame, Claim, Outcome, Pace, Verdict
from digest.pacing import BREAKER, HORIZON, LINES, RELAY, Limits, domain_of

log = structlog.get_logger(__name__)

_FRESH = timedelta(seconds=5)  # how long what other processes have learnt may stay unknown to this one
_MINUTE = timedelta(minutes=1)  # between two messages at the slowest rate there is: the longest wait
_SPELL = timedelta(seconds=50)  # of each minute, in which a patient round sends what a rate holds up
_SEVERAL = 3  # domains that ask for less one after the other, and none in between takes a message: it is the relay


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
    that somebody asked for, it always does. And it goes on until all is sent that a rate holds up, where a patient round
    rests from that after 50 seconds, until its minute is over: with nothing else to do, it ends there, so that pulling
    and composing need not wait for hours.
    """

    def __init__(self, store: Paces, limits: Limits, now: datetime, *, patient: bool = True) -> None:
        self._store = store
        self._limits = limits
        self._patient = patient
        self._lock = RLock()
        self._known: dict[str, Pace] = {}  # all that are in trouble, and others that were met
        self._line: dict[str, datetime] = {}  # when each pace is free once all has gone that was put off for it
        self._put_off: list[datetime] = []  # until when: a heap
        self._throttled: set[str] = set()  # domains, since the last message that was taken
        self._failed = False  # this round, because of the relay
        self._begun_at = self._read_at = now
        self._asked_at: datetime | None = None  # for what to wait
        self._read(now)

    # --- before sending ---

    def refused_until(self, now: datetime) -> datetime | None:
        """Until when the relay must be left alone; None: it need not."""
        with self._lock:
            self._refresh(now)
            heeded = (RELAY, BREAKER) if self._patient else (RELAY,)
            silent = [pace for key in heeded if pacing.quiet(pace := self._pace(key), now)]
            return max((pace.quiet_until for pace in silent if pace.quiet_until), default=None)

    def connections(self, now: datetime) -> int:
        """How many connections to use at the same time; one, as long as the relay has to prove itself."""
        with self._lock:
            if pacing.proving(self._pace(BREAKER)):
                return 1
            return pacing.connections(self._pace(LINES), self._limits.connections, now)

    def room(self, most: int, now: datetime) -> int:
        """How many claims the relay's rate has room for within `pacing.HORIZON`, up to `most`."""
        with self._lock:
            relay = self._pace(RELAY)
            left = now + HORIZON - pacing.opening(relay, now)
            apart = pacing.interval(pacing.rate(relay, self._limits.per_minute, now))
            if not apart:
                return most
            return 0 if self._rests(now) else max(0, min(most, left // apart + 1))

    def sift(self, claims: Sequence[Claim], now: datetime) -> Sifted:
        """Which of these may go, and when; nothing is reserved for those that must wait.

        What waits is spread over the time that its pace will need, so that neither all of it comes back at once nor
        any of it again and again.
        """
        with self._lock:
            self._refresh(now)
            keys = {claim.id: self._keys(claim, now) for claim in claims}
            waits = {number for number, own in keys.items() if self._rests(now) or self._is_silent(own, now)}
            moments = self._reserved([own for number, own in keys.items() if own and number not in waits], now)
            go, later = [], []
            for claim in claims:
                own = keys[claim.id]
                at = now if not own else None if claim.id in waits else next(moments)
                if at is None:
                    later.append((claim, self._in_line(own, now)))
                else:
                    go.append((claim, at))
        return Sifted(*(sorted(each, key=lambda pair: pair[1]) for each in (go, later)))

    def stopped(self, claim: Claim, now: datetime) -> datetime | None:
        """Until when to put off, after all, a claim that was let go before somebody asked for less."""
        with self._lock:
            if not self._known:
                return None
            silent = [key for key in (_domain(claim), RELAY) if pacing.quiet(self._pace(key), now)]
            return self._in_line(silent, now) if silent else None

    def resume_at(self, now: datetime) -> datetime | None:
        """The moment to wait for, at which something may go that a rate put off; None: it is not worth a wait.

        Nor is it where the clock stood still since this was last asked: `--now` makes one that does.
        """
        with self._lock:
            stands_still, self._asked_at = now == self._asked_at, now
            at = self._next(now)
            worth_it = at is not None and at <= now + _MINUTE and not self._rests(now) and not stands_still
            return at if worth_it else None

    def _next(self, now: datetime) -> datetime | None:
        while self._put_off and self._put_off[0] <= now:
            heappop(self._put_off)
        if not self.room(1, now):
            return pacing.opening(self._pace(RELAY), now)
        return self._put_off[0] if self._put_off else None

    # --- after sending ---

    def heard(self, claim: Claim, outcome: Outcome, now: datetime) -> datetime | None:
        """Learn from an attempt; returns until when whoever asked for less is left alone, for `pacing.settle`."""
        with self._lock:
            if outcome.blame is Blame.PROVIDER:
                return self._asked_for_less(_domain(claim), outcome, now)
            if outcome.verdict is Verdict.SENT:
                self._throttled.clear()
            if outcome.code is not None and self._pace(BREAKER).strikes:  # whatever the relay said: it answers
                self._repace(BREAKER, lambda pace: Pace(pace.key))
                self._failed = False
            return None

    def broken(self, error: RelayError, now: datetime) -> None:
        """The relay could not be used. A round that fails on several connections at once failed once."""
        with self._lock:
            if error.kind == "busy":
                self._crowded(str(error), now)
            elif not self._failed:
                self._failed = True
                pace = self._repace(BREAKER, partial(pacing.broken, now=now, ours=error.kind == "ours"))
                if pacing.quiet(pace, now):
                    log.warning("relay left alone", until=_shown(pace), failures=pace.strikes, reason=str(error))

    def _asked_for_less(self, domain: str, outcome: Outcome, now: datetime) -> datetime | None:
        moments = [self._silence(domain, outcome.detail, now)]
        self._throttled.add(domain)
        if len(self._throttled) >= _SEVERAL:
            self._throttled.clear()
            moments.append(self._silence_relay(outcome.detail, now))
        return max(moments)

    def _crowded(self, words: str, now: datetime) -> None:
        if pacing.is_crowding(words) and self.connections(now) > 1:
            self._repace(LINES, partial(pacing.crowded, most=self._limits.connections, now=now))
            log.warning("fewer connections", connections=self.connections(now), reason=words)
        else:
            self._silence_relay(words, now)

    def _silence_relay(self, words: str, now: datetime) -> datetime:
        self._repace(LINES, partial(pacing.crowded, most=self._limits.connections, now=now, to_one=True))
        return self._silence(RELAY, words, now)

    def _silence(self, key: str, words: str, now: datetime) -> datetime:
        """Leave somebody alone for a while; returns until when."""
        begins = not pacing.quiet(self._pace(key), now)
        pace = self._repace(key, partial(pacing.throttled, now=now))
        if begins:
            log.warning("asked for less mail", by=key, until=_shown(pace), strikes=pace.strikes, reason=words)
        return pacing.opening(pace, now)

    # --- what is known ---

    def _keys(self, claim: Claim, now: datetime) -> list[str]:
        """Those of its paces that hold a claim up at present."""
        if not (self._known or self._limits.per_minute or self._limits.domain_per_minute):
            return []  # as nearly always
        return [key for key in (_domain(claim), RELAY) if self._holds_up(key, now)]

    def _holds_up(self, key: str, now: datetime) -> bool:
        limit = self._rate(key)
        known = self._known.get(key)
        return limit > 0 if known is None else pacing.quiet(known, now) or pacing.rate(known, limit, now) < inf

    def _is_silent(self, keys: Sequence[str], now: datetime) -> bool:
        return any(pacing.quiet(self._pace(key), now) for key in keys)

    def _reserved(self, wanted: Sequence[Sequence[str]], now: datetime) -> Iterator[datetime | None]:
        if not wanted:
            return iter(())
        rates = {key: self._rate(key) for keys in wanted for key in keys}
        after, moments = self._store.reserve(wanted, rates, now, now + HORIZON)
        self._known.update(after)
        return iter(moments)

    def _in_line(self, keys: Sequence[str], now: datetime) -> datetime:
        """Until when to put off a claim that these hold up."""
        paces = [self._at_the_end_of_the_line(key) for key in keys]
        slowest, at = pacing.slowest(paces, {key: self._rate(key) for key in keys}, now)
        if slowest.free_at is not None:
            self._line[slowest.key] = slowest.free_at
        if self._rests(now):
            at = max(at, now + _MINUTE - (now - self._begun_at) % _MINUTE)
        heappush(self._put_off, at)
        return at

    def _rests(self, now: datetime) -> bool:
        return self._patient and (now - self._begun_at) % _MINUTE >= _SPELL

    def _at_the_end_of_the_line(self, key: str) -> Pace:
        pace = self._pace(key)
        moments = [moment for moment in (pace.free_at, self._line.get(key)) if moment is not None]
        return replace(pace, free_at=max(moments, default=None))

    def _rate(self, key: str) -> int:
        return self._limits.per_minute if key == RELAY else self._limits.domain_per_minute

    def _pace(self, key: str) -> Pace:
        return self._known.get(key) or Pace(key)

    def _repace(self, key: str, change: Callable[[Pace], Pace]) -> Pace:
        self._known[key] = self._store.repace(key, change)
        return self._known[key]

    def _refresh(self, now: datetime) -> None:
        self._begun_at = min(self._begun_at, now)  # a clock may be set back
        if not self._read_at <= now < self._read_at + _FRESH:
            self._read(now)

    def _read(self, now: datetime) -> None:
        """Learn what other rounds and processes know; mend what is too old, or cannot be."""
        self._read_at = now
        untroubled = {key: pace for key, pace in self._known.items() if not pace.strikes}
        self._known = untroubled | dict(self._store.paces())
        for key, pace in self._known.items():
            if _mended(pace, now) != pace:
                self._known[key] = self._store.repace(key, partial(_mended, now=now))


def _mended(pace: Pace, now: datetime) -> Pace:
    return pacing.forgiven(pacing.credible(pace, now), now)


def _shown(pace: Pace) -> str | None:
    return pace.quiet_until.isoformat(timespec="seconds") if pace.quiet_until else None


def _domain(claim: Claim) -> str:
    return domain_of(claim.edition.subscriber.email)
