"""What an operator is to be told of, and when: pure decisions, no clock, no store, no mail."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from digest.model import Alert, Pace, SourceState, State
from digest.pacing import BREAKER, RELAY, quiet

SLACK = timedelta(hours=6)  # how much later than its calendar says a source may announce before it counts as silent
_UNREAD = timedelta(hours=24)  # how long none of a source's pulls may be complete
_RELAY = timedelta(hours=1)  # how long the relay may be unusable
_DAY = timedelta(hours=24)
FAILURES = (State.FAILED, State.EXPIRED, State.UNKNOWN)  # of deliveries that are over
_ENDS = (State.SENT, *FAILURES)


# --- what is wrong ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Watched:
    """A source that is read."""

    name: str
    title: str
    every: timedelta
    expected: date | None = None  # the day it should have been complete for `SLACK` ago; None: it has no calendar


class Announcing(Protocol):
    """A source, as far as it is watched."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def every(self) -> timedelta: ...
    def expected(self, now: datetime) -> date | None:
        """The day that it should be complete for by then; None if it has no calendar."""
        ...


def watched(source: Announcing, now: datetime) -> Watched:
    """A source, with the day that it should have been complete for a while ago."""
    return Watched(source.name, source.title, source.every, source.expected(now - SLACK))


@dataclass(frozen=True, slots=True)
class Facts:
    """How things stand in the store."""

    sources: Mapping[str, SourceState] = field(default_factory=dict)
    ended: Mapping[State, int] = field(default_factory=dict)  # deliveries that came to their end in the last 24 hours
    said: Sequence[tuple[str, int]] = ()  # what servers said to those that failed, and how often
    oldest_waiting: datetime | None = None  # when the oldest edition that is still to be sent was composed
    troubled: Mapping[str, Pace] = field(default_factory=dict)
    restored: int = 0  # editions of the last 24 hours that the delivery log knew and the database did not


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is wrong."""

    key: str
    what: str  # one line, without a full stop
    do: str  # what its reader can do about it
    patience: timedelta = timedelta(0)  # how long it must hold to be worth a mail


def conditions(
    facts: Facts, sources: Iterable[Watched], now: datetime, *, failed_share: float, expiry: timedelta
) -> list[Condition]:
    """Everything that is wrong at `now`."""
    silent = (_silent(source, facts.sources.get(source.name), now) for source in sources)
    return [
        *(condition for condition in silent if condition),
        *_failing(facts, failed_share),
        *_relay(facts, now),
        *_held(facts),
        *_late(facts, now, expiry),
        *_restored(facts),
    ]


def _silent(source: Watched, state: SourceState | None, now: datetime) -> Condition | None:
    if state is None or state.last_attempt is None:
        return None  # nobody has asked it yet
    key, do = f"silent:{source.name}", _ask_again(source, state)
    newest, unread = max(state.covered.values(), default=None), max(_UNREAD, 3 * source.every)
    if newest and source.expected and newest < source.expected:
        return Condition(key, f"{source.title} is silent: {source.expected} was to come, {newest} is the newest", do)
    if state.last_success is None:
        return Condition(key, f"{source.title} was never read to the end", do, patience=unread)
    if state.last_success < now - unread:
        return Condition(key, f"{source.title} was last read to the end at {_at(state.last_success)}", do)
    return None


def _ask_again(source: Watched, state: SourceState) -> str:
    problems = "; ".join(problem.what for problem in state.problems)
    said = f"Its last pull, at {_at(state.last_attempt)}, says: {problems or 'nothing is wrong'}."
    return f"{said}\n`digest pull --source {source.name}` asks it again now; the daemon does so by itself."


def _failing(facts: Facts, failed_share: float) -> Iterator[Condition]:
    ended, failed = (sum(facts.ended.get(state, 0) for state in states) for states in (_ENDS, FAILURES))
    if failed > ended * failed_share:
        reasons = "\n".join(f"  {_times(count)}: {said or 'nothing was said'}" for said, count in facts.said)
        what = f"{failed} of {ended} digests of the last 24 hours did not go through"
        yield Condition("failed", what, f"What was said:\n{reasons}\n`digest status` names them.")


def _relay(facts: Facts, now: datetime) -> Iterator[Condition]:
    breaker, relay = facts.troubled.get(BREAKER), facts.troubled.get(RELAY)
    if breaker and breaker.strikes:
        what = f"The mail relay cannot be used: {breaker.strikes} rounds in a row came to nothing"
        yield Condition("relay", what, "`digest check` says why. Nothing is lost until digests expire.", _RELAY)
    elif relay and quiet(relay, now):
        what = f"The mail relay asks for silence, until {_at(relay.quiet_until)}"
        do = "Fewer connections or messages a minute may help: [delivery] connections, per_minute."
        yield Condition("relay", what, do, _RELAY)


def _held(facts: Facts) -> Iterator[Condition]:
    if held := facts.ended.get(State.UNKNOWN, 0):
        what = f"{held} digests of the last 24 hours may have arrived or not, and are not sent again"
        do = 'The connection broke before the server answered; [delivery] on_unknown is "hold", or they became too old.'
        yield Condition("held", what, f"{do}\n`digest status` names them; the relay's log knows which it took.")


def _late(facts: Facts, now: datetime, expiry: timedelta) -> Iterator[Condition]:
    oldest = facts.oldest_waiting
    if oldest is not None and oldest < now - expiry / 2:
        what = f"A digest composed at {_at(oldest)} has not been sent yet"
        do = f"At {_at(oldest + expiry)} it expires. `digest status` says what holds it up; is `digest run` running?"
        yield Condition("late", what, do)


def _restored(facts: Facts) -> Iterator[Condition]:
    if facts.restored:
        what = f"The database is older than the delivery log: {facts.restored} digests it took for unsent had been sent"
        do = "It was restored from a backup, or put back. Nobody gets anything twice; what was written since is gone:"
        yield Condition("restored", what, f"{do} subscribers, their changes and feedback.")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _at(moment: datetime | None) -> str:
    return "an unknown time" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"


# --- when it is told ----------------------------------------------------------------------------------------------


class Told(StrEnum):
    """What a mail says of a condition."""

    BEGUN = "begun"
    LASTS = "lasts"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Change:
    """What is remembered of a condition from now on, and what is to be said."""

    before: Alert | None
    after: Alert | None  # None: nothing any more
    told: Told | None = None
    do: str = ""


def changes(found: Iterable[Condition], remembered: Iterable[Alert], now: datetime) -> list[Change]:
    """What becomes of what is remembered: a condition is told once a day while it holds, and once when it is over.

    One that comes and goes is told once a day, too. What could not be told while it held is told when it is over.
    """
    known = {alert.key: alert for alert in remembered}
    holding = {condition.key: condition for condition in found}
    held = (_holds(condition, known.get(key), now) for key, condition in holding.items())
    ended = (_ended(alert, now) for key, alert in known.items() if key not in holding)
    return [change for change in (*held, *ended) if change]


def _holds(condition: Condition, before: Alert | None, now: datetime) -> Change | None:
    alert = before or Alert(condition.key, condition.what, now)
    if alert.begun_at > now + _DAY:  # by a clock that was ahead
        alert = Alert(condition.key, condition.what, now)
    if alert.over_at is not None:
        if not _a_day_ago(alert.told_at, now):
            return None  # it comes and goes
        alert = replace(alert, begun_at=now, told_at=None, over_at=None)
    if alert.told_at is None and now - alert.begun_at < condition.patience:
        waiting = replace(alert, what="")
        return Change(before, waiting) if before is None or before.begun_at != alert.begun_at else None
    alert = replace(alert, what=condition.what)
    if alert.told_at is not None and not _a_day_ago(alert.told_at, now):
        return None
    told = Told.LASTS if alert.told_at else Told.BEGUN
    return Change(before, replace(alert, told_at=now), told, condition.do)


def _ended(before: Alert, now: datetime) -> Change | None:
    if before.over_at is not None:
        return Change(before, None) if _a_day_ago(before.told_at, now) else None
    if not before.what:
        return Change(before, None)
    return Change(before, replace(before, told_at=before.told_at or now, over_at=now), Told.OVER)


def untold(change: Change) -> Alert | None:
    """What to remember if what was to be said could not be: it is tried again."""
    if change.told is Told.OVER:
        return change.before
    return replace(change.after, told_at=change.before.told_at if change.before else None) if change.after else None


def _a_day_ago(moment: datetime | None, now: datetime) -> bool:
    return moment is None or abs(now - moment) >= _DAY  # a day ahead: by a clock that was
