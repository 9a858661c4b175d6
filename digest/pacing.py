"""How fast and how often: retries, rates, silences, connections. Pure decisions, no clock, no store.

What is remembered between messages is a `Pace`: one of each recipient domain that is limited or in trouble, three of
the relay (`RELAY`, `BREAKER`, `LINES`). A pace that is not stored is as good as new: `Pace(key)`.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil, inf

import idna

from digest.model import Blame, Claim, Outcome, Pace, Settled, State, Verdict

# Keys of what is remembered of the relay; no domain has a colon.
RELAY = "relay:mail"  # its rate, and the silence that it asked for
BREAKER = "relay:breaker"  # its failures in a row: no connection, no login
LINES = "relay:connections"  # how many it stands at the same time


@dataclass(frozen=True, slots=True)
class Limits:
    """What an operator allows. A rate of 0 is no limit."""

    on_unknown: str = "resend"  # or "hold"
    expiry: timedelta = timedelta(hours=24)  # how old an edition may be when it is sent
    connections: int = 1  # at the same time
    per_minute: int = 0  # messages to the relay
    domain_per_minute: int = 0  # messages to each recipient domain


def domain_of(address: str) -> str:
    """The domain of an address, in lower case and as A-labels (RFC 5891); as it is written where it has none."""
    domain = address.rpartition("@")[2].rstrip(".").lower()
    try:
        return domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        return domain


# --- after an attempt ---------------------------------------------------------------------------------------------

_FIRST_RETRY = timedelta(minutes=5)  # greylisting lets a second try in after a few minutes (RFC 6647)
_LONGEST_RETRY = timedelta(hours=4)  # after the first hour, RFC 5321, 4.5.4.1 suggests a try every two or three
_FOR_THE_OPERATOR = timedelta(hours=1)  # a refused text is refused again until somebody changes something


def settle(
    outcome: Outcome, claim: Claim, now: datetime, limits: Limits, quiet_until: datetime | None = None
) -> Settled:
    """What becomes of a delivery whose attempt ended in `outcome`; `quiet_until` is what `Gate.heard` said of it.

    Without a `next_attempt`, it is the end of it. Attempts are not counted out: the store ends a delivery when its
    edition expires. Each is put off for 5 to 10 minutes at first, twice that each time, at most 4 hours; how long
    within those bounds is drawn from the delivery's number and attempt, so that the same input gives the same answer
    and a thousand deliveries do not come back in the same second. A provider or a text that was refused fails no
    address: the one waits for the end of the silence, the other an hour at least.
    """
    match outcome.verdict:
        case Verdict.SENT:
            return Settled(State.SENT)
        case Verdict.FAILED if outcome.blame not in (Blame.PROVIDER, Blame.MESSAGE):
            return Settled(State.FAILED)
        case Verdict.UNKNOWN:
            return Settled(State.UNKNOWN, None if limits.on_unknown == "hold" else now + backoff(claim))
    if outcome.blame is Blame.PROVIDER and quiet_until is not None and quiet_until > now:
        return Settled(State.DEFERRED, quiet_until + _FIRST_RETRY * _drawn(claim))
    wait = backoff(claim)
    return Settled(State.DEFERRED, now + (max(wait, _FOR_THE_OPERATOR) if outcome.blame is Blame.MESSAGE else wait))


def backoff(claim: Claim) -> timedelta:
    """How long to wait after this attempt."""
    doublings = min(claim.attempts, 10)  # more would not change what follows, but overflow one day
    return min(_FIRST_RETRY * (1 << doublings), _LONGEST_RETRY / 2) * (1 + _drawn(claim))


def _drawn(claim: Claim) -> float:
    """From 0 up to 1, even over all deliveries and attempts, always the same for one."""
    digest = hashlib.blake2b(f"{claim.id}:{claim.attempts}".encode(), digest_size=6).digest()
    return int.from_bytes(digest) / 256**6


# --- rates --------------------------------------------------------------------------------------------------------

HORIZON = timedelta(seconds=2)  # a message whose turn comes later is given back rather than held
_FIRST_MINUTE = 5  # messages, in the first minute after a silence; twice as many in each that follows
_FREE = 10_000  # messages a minute at which nobody asks for slowness any more


def rate(pace: Pace, per_minute: int, at: datetime) -> float:
    """Messages a minute that may go at this moment: infinite where nothing limits them.

    After a silence it begins slowly: five in the first minute, twice as many in each that follows, until the
    operator's own rate is reached, or about 11 minutes later all may go.
    """
    limit = per_minute or inf
    if pace.quiet_until is None or pace.eased_at is None:
        return limit
    minutes = max(0, (at - pace.eased_at) // timedelta(minutes=1))
    risen = _FIRST_MINUTE * 2.0 ** min(minutes, 30)
    return min(limit, risen) if risen < _FREE else limit


def interval(rate: float) -> timedelta:
    """The time between two messages at so many a minute, in whole microseconds: rounded up, never faster."""
    return timedelta(microseconds=0 if rate == inf else ceil(60_000_000 / rate))


def reserve(pace: Pace, per_minute: int, now: datetime) -> tuple[Pace, datetime]:
    """The first moment from `now` on at which another message may go, and the pace once that moment is taken.

    This is the generic cell rate algorithm (ITU-T I.371) with a burst of one: `free_at` is its theoretical arrival
    time. So no half-open minute holds more than `per_minute` messages, wherever it begins.
    """
    at = opening(pace, now)
    apart = interval(rate(pace, per_minute, at))
    return replace(pace, free_at=at + apart) if apart else pace, at


def opening(pace: Pace, now: datetime) -> datetime:
    """The first moment from `now` on at which a message may go."""
    return max(moment for moment in (now, pace.free_at, pace.quiet_until) if moment is not None)


Keys = Sequence[str]  # of all the paces that one message must keep


def allot(
    paces: Mapping[str, Pace], wanted: Iterable[Keys], rates: Mapping[str, int], now: datetime, until: datetime
) -> tuple[dict[str, Pace], list[datetime | None]]:
    """When each message may go, in their order, and the paces once all those moments are taken.

    A message waits for the slowest of its paces. One that cannot go by `until` gets None, and takes nothing. Of a pace
    that is not the slowest it takes the turn that it lets pass, not the moment at which it goes: a domain that is slow
    must not cost the relay the turns of others. So any span holds at most what its rate allows for the span and the
    time up to `until` together.
    """
    after = dict(paces)
    moments: list[datetime | None] = []
    for keys in wanted:
        taken = [reserve(after.get(key) or Pace(key), rates.get(key, 0), now) for key in keys]
        at = max((moment for _, moment in taken), default=now)
        moments.append(at if at <= until else None)
        if at <= until:
            after |= {pace.key: pace for pace, _ in taken}
    return after, moments


def slowest(paces: Iterable[Pace], rates: Mapping[str, int], now: datetime) -> tuple[Pace, datetime]:
    """Which of its paces keeps a message waiting longest, once its moment there is taken, and that moment.

    A message that is put off waits in the line of that pace alone: those for a silent domain push nobody else back.
    """
    taken = [reserve(pace, rates.get(pace.key, 0), now) for pace in paces]
    return max(taken, key=lambda each: each[1])


# --- silences -----------------------------------------------------------------------------------------------------

_SILENCE = timedelta(minutes=10)  # what Google's guidelines for senders ask for after 4.7.28
LONGEST_SILENCE = timedelta(hours=4)
_FORGOTTEN = timedelta(hours=1)  # after the end of a silence, if no other follows


def throttled(pace: Pace, now: datetime) -> Pace:
    """Whoever this is asked for less: silence for ten minutes, twice as long each time that it is asked for again.

    Messages that were under way when the silence began come back throttled, too; they neither lengthen nor shorten it.
    """
    if quiet(pace, now):
        return pace
    strikes = forgiven(pace, now).strikes + 1
    return _silenced(pace, strikes, now + min(_SILENCE * (1 << min(strikes - 1, 10)), LONGEST_SILENCE))


def _silenced(pace: Pace, strikes: int, until: datetime) -> Pace:
    return replace(pace, strikes=strikes, quiet_until=until, eased_at=until)


def quiet(pace: Pace, now: datetime) -> bool:
    return pace.quiet_until is not None and now < pace.quiet_until


def forgiven(pace: Pace, now: datetime) -> Pace:
    """The pace without troubles that are over for an hour."""
    if pace.eased_at is None or now < pace.eased_at + _FORGOTTEN:
        return pace
    return Pace(pace.key, free_at=pace.free_at)


def credible(pace: Pace, now: datetime) -> Pace:
    """The pace without what only a clock that was wrong can have written: a moment too far in the future.

    A silence is never longer than the longest from now, and no message is spaced for more than a minute or so ahead.
    To be stored at once where it differs: seen again and again from later and later, it would never end.
    """
    latest = now + LONGEST_SILENCE
    if pace.free_at is not None and pace.free_at > now + HORIZON + timedelta(minutes=1):
        pace = replace(pace, free_at=None)
    if pace.quiet_until is not None and pace.quiet_until > latest:
        pace = replace(pace, quiet_until=latest)
    if pace.eased_at is not None and pace.eased_at > latest:
        pace = replace(pace, eased_at=latest)
    return pace


# --- the relay's circuit breaker ----------------------------------------------------------------------------------

_MOST_FAILURES = 5  # rounds in a row, before the relay is left alone
_FIRST_BREAK = timedelta(minutes=1)
_LONGEST_BREAK = timedelta(minutes=30)


def broken(pace: Pace, now: datetime, *, ours: bool = False) -> Pace:
    """A round came to nothing because of the relay. After five in a row it is left alone: for 1, 2, 4 ... 30 minutes.

    If the fault is `ours` (a wrong password, a certificate), the first is enough: trying again changes nothing, and
    servers lock out who tries a wrong password every minute.
    """
    if quiet(pace, now):
        return pace
    strikes = max(pace.strikes + 1, _MOST_FAILURES if ours else 0)
    if strikes < _MOST_FAILURES:
        return replace(pace, strikes=strikes)
    return _silenced(pace, strikes, now + min(_FIRST_BREAK * (1 << min(strikes - _MOST_FAILURES, 10)), _LONGEST_BREAK))


def proving(pace: Pace) -> bool:
    """Whether the relay was left alone, and has taken no message since."""
    return pace.quiet_until is not None


# --- connections --------------------------------------------------------------------------------------------------

_REGROWTH = timedelta(minutes=1)  # for each further connection
_ONE_EVENT = timedelta(seconds=5)  # several connections turned away within it were turned away once


def crowded(pace: Pace, most: int, now: datetime, *, to_one: bool = False) -> Pace:
    """The relay stood fewer connections than it was given: half of them from now on, or only one.

    `strikes` is how many of `most` were taken away when that was last decided, at `eased_at`.
    """
    if not to_one and pace.eased_at is not None and pace.eased_at <= now < pace.eased_at + _ONE_EVENT:
        return pace
    left = 1 if to_one else max(1, connections(pace, most, now) // 2)
    return replace(pace, strikes=max(0, most - left), eased_at=now)


def connections(pace: Pace, most: int, now: datetime) -> int:
    """How many connections to use at the same time, from 1 to `most`: one more each minute since there were too many."""
    if pace.eased_at is None or pace.eased_at > now:  # in the future: the clock was wrong, then or now
        return max(1, most)
    regrown = (now - pace.eased_at) // _REGROWTH
    return max(1, min(most, max(1, most - pace.strikes) + regrown))


_OF_CONNECTIONS = re.compile(
    r"\bconcurrency\b"
    r"|\b(?:many|concurrent|simultaneous|maximum)\b.*\b(?:connection|session|thread)s?\b"
    r"|\b(?:connection|session|thread)s? limit\b",
    re.IGNORECASE,
)


def is_crowding(words: str) -> bool:
    """Whether a relay that wants less speaks of connections, not of messages: "421 4.7.0 too many connections"."""
    return _OF_CONNECTIONS.search(words) is not None
