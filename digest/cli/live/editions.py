"""Which edition of a subscriber is looked at: one that was sent, the next one, or what a past day would have brought."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from digest import due, pipeline
from digest.cli.wiring import Installation
from digest.errors import UsageError
from digest.model import Announcement, Edition, Subscriber

RECENT = 14  # published editions that are offered, and days without one


def upcoming(subscriber: Subscriber, now: datetime) -> date:
    """The local date of the edition that comes next."""
    plan = due.plan_of(subscriber, now, early=True)
    return plan.issue_date or due.local_date(subscriber.schedule, plan.next_due)


def published(home: Installation, subscriber: Subscriber, day: date | None) -> Edition | None:
    """The edition of that day as it was published, if it was. Raises UsageError if it is too old to be shown."""
    if day is None:
        return None
    edition = home.store.edition(subscriber.email, day)
    if edition is None and home.store.was_vacuumed(subscriber.email, day):
        raise UsageError(
            f"The edition of {day} was composed, and vacuumed since: what it said is not kept any more.\n"
            f"`digest status {subscriber.email}` has the newer ones; [operator] keep_days says for how long."
        )
    return edition


def composed(home: Installation, subscriber: Subscriber, day: date | None, now: datetime) -> Edition:
    """The edition of a day that has none yet, or (None) the next one; writes nothing."""
    following = upcoming(subscriber, now)
    if day is None or day >= following:
        (edition,) = pipeline.compose_for(home.parts, [(subscriber, day or following)], now)
        return edition
    parts = replace(home.parts, store=_DayOf(home.parts.store, day))
    (edition,) = pipeline.compose_for(parts, [(replace(subscriber, cursor=0, last_issue=None), day)], now)
    return edition


def days(home: Installation, subscriber: Subscriber, now: datetime) -> list[tuple[date, bool]]:
    """The days worth a look, newest first, the next edition's before all; and whether an edition was published."""
    following = upcoming(subscriber, now)
    sent = {edition.issue_date for edition in home.store.editions(subscriber.email, RECENT)}
    begun = min(home.store.begins().values(), default=following)
    recent = {following - timedelta(days=ago) for ago in range(1, RECENT)}
    would = {day for day in recent if day >= begun}
    return [(following, False), *((day, day in sent) for day in sorted(sent | would, reverse=True) if day != following)]


class _DayOf:
    """A store that holds one past day's news, for an edition that was never composed."""

    def __init__(self, store: pipeline.Store, day: date) -> None:
        self._store = store
        self._day = day

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def window(self, after: int) -> list[Announcement]:
        return [a for a in self._store.window(after) if a.day == self._day]

    def sent(self, subscribers: Collection[int], listings: Collection[int]) -> Mapping[int, frozenset[int]]:  # noqa: ARG002
        return {}


# --- no effect ----------------------------------------------------------------------------------------------------

WRITING = frozenset(
    {"add", "announce", "attend", "begin_pull", "begin_reading", "bereave", "bereave_silent", "claim", "claim_wishes"}
    | {"confirm_move", "confirm_wish", "drop_wish", "end_session", "end_turn", "erase", "forget", "give_feedback"}
    | {"import_suppressions", "judge", "keep_silence", "leave", "move", "note_deed", "pause", "pin", "prepare_jobs"}
    | {"progress", "publish", "put_off_wish", "release", "remember", "repace", "replace_alert", "replan", "reschedule"}
    | {"reserve", "rotate_keys", "set_status", "suggest", "suppress", "sync", "take_back", "take_turn", "unpin"}
    | {"unsuppress", "update", "upgrade", "vacuum", "vote", "wish", "wish_mailed"}
)


@dataclass(frozen=True, slots=True)
class Untouched:
    """A store that can be read and nothing else: a preview has no effect. What a model makes of texts stays here."""

    store: Any
    made: dict[str, dict[str, bytes]] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        if name in WRITING:
            raise AttributeError(f"a preview has no effect: it does not call Store.{name}")
        return getattr(self.store, name)

    def vectors(self, model: str, digests: Collection[str]) -> Mapping[str, bytes]:
        own = self.made.get(model, {})
        return {**self.store.vectors(model, digests), **{key: own[key] for key in digests if key in own}}

    def keep_vectors(self, model: str, made: Mapping[str, bytes]) -> None:
        self.made.setdefault(model, {}).update(made)
