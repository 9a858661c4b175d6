"""Writing the editions that are due."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from digest import due
from digest.model import (
    NOT_YET_ANNOUNCED,
    NOT_YET_READ,
    Edition,
    Kind,
    Missing,
    Shard,
    SourceState,
    Subscriber,
)
from digest.pipeline import picking
from digest.pipeline.parts import Parts, Source

SHARD = 1_000  # subscribers composed at a time
TRENDING_DAYS = 3  # how long a paper's upvotes are followed
Issue = tuple[Subscriber, date]  # whose edition, of which local date


def compose(  # noqa: PLR0913  (which editions, and as of when)
    parts: Parts,
    now: datetime,
    *,
    early: bool = False,
    replay: bool = False,
    only: str | None = None,
    patient: bool = False,
    numbers: range | None = None,
) -> Iterator[Edition]:
    """Write the editions that are due (with `numbers`: to subscribers with one of these numbers), and yield them.

    In a `replay`, `now` is not the time of the clock, and everybody's schedule is read afresh. Who is `patient` comes
    again in a few minutes: then an edition waits, at most for the installation's grace, for a source that is late.
    """
    waits_for = frozenset(late(parts, now)) if patient and not (early or replay) else frozenset()
    last, upto = (numbers.start - 1, numbers.stop - 1) if numbers else (0, None)
    while shard := parts.store.due(now, everyone=early or replay, after=last, limit=SHARD, upto=upto):
        last = shard[-1].id
        wanted = [subscriber for subscriber in shard if only in (None, subscriber.email)]
        issues, next_due = [], {}
        for subscriber in wanted:
            plan = due.plan_of(subscriber, now, early=early)
            again = _wait(parts, (subscriber, plan.issue_date), now, waits_for) if plan.issue_date else plan.next_due
            if again:
                parts.store.reschedule(subscriber.id, again, now)
            elif plan.issue_date:
                issues.append((subscriber, plan.issue_date))
                next_due[subscriber.id] = plan.next_due
        editions = compose_for(parts, issues, now)
        parts.store.publish([(edition, next_due[edition.subscriber.id]) for edition in editions])
        yield from editions


def _wait(parts: Parts, issue: Issue, now: datetime, waits_for: frozenset[str]) -> datetime | None:
    """When to look again at an edition that is due and waits for a source; None if it does not."""
    subscriber, day = issue
    if not any(_reads(subscriber, name) for name in waits_for):
        return None
    return due.look_again(subscriber.schedule, day, now, parts.grace)


def issues_of(subscribers: Sequence[Subscriber], now: datetime, *, early: bool) -> list[Issue]:
    """Whose edition is due at `now`, and for which local date."""
    plans = ((subscriber, due.plan_of(subscriber, now, early=early)) for subscriber in subscribers)
    return [(subscriber, plan.issue_date) for subscriber, plan in plans if plan.issue_date]


def compose_for(parts: Parts, issues: Sequence[Issue], now: datetime) -> list[Edition]:
    """The editions of these subscribers for these local dates, as of `now`. Writes nothing."""
    missing = tuple(_missing(parts, now)) if issues else ()
    note = parts.note() if issues else ""
    looks = list(_looks(parts, issues))
    composed: dict[int, Edition] = {}
    for oldest in dict.fromkeys(look.oldest for look in looks):  # None, unless days were missed: one ranking for all
        those = [(place, look) for place, look in enumerate(looks) if look.oldest == oldest]
        editions = _ranked(parts, [look for _, look in those], oldest, now)
        composed |= {place: edition for (place, _), edition in zip(those, editions, strict=True)}
    return [
        replace(
            edition,
            picks=picking.first(own, edition.picks),
            missing=tuple(m for m in missing if _reads(edition.subscriber, m.source)),
            note=note,
        )
        for (_, edition), own in zip(sorted(composed.items()), picking.picked(parts.store, issues), strict=True)
    ]


def _ranked(parts: Parts, looks: "Sequence[_Look]", oldest: date | None, now: datetime) -> Iterator[Edition]:
    """Editions that take up nothing of a day before `oldest`."""
    shard = shard_of(parts, [look.subscriber for look in looks], now)
    head = shard.window[-1].seq if shard.window else 0
    old = [] if oldest is None else [a for a in shard.window if a.day < oldest]
    if oldest and old:
        shard = replace(shard, window=[a for a in shard.window if a.day >= oldest])
    for look, ranking in zip(looks, parts.ranker.rank(shard), strict=True):
        is_cut = look.is_cut or any(a.seq > look.subscriber.cursor and _reads(look.subscriber, a.source) for a in old)
        yield Edition(
            subscriber=look.subscriber,
            issue_date=look.issue_date,
            composed_at=now,
            cursor=max(head, look.subscriber.cursor),
            picks=ranking.picks,
            read=ranking.read,
            matched=ranking.matched,
            problems=ranking.problems,
            papers=ranking.papers,
            since=oldest if look.since and is_cut else look.since,
        )


def shard_of(parts: Parts, subscribers: Sequence[Subscriber], now: datetime) -> Shard:
    """What the ranker is given for these subscribers (one at least), as of `now`."""
    window = parts.store.window(after=min(subscriber.cursor for subscriber in subscribers))
    trending = parts.store.trending(since=now.date() - timedelta(days=TRENDING_DAYS))
    listings = {announcement.listing.id for announcement in (*window, *trending)}
    revised = {announcement.listing.id for announcement in window if announcement.kind is Kind.REVISION}
    readers = [subscriber.id for subscriber in subscribers]
    return Shard(
        subscribers,
        window,
        now,
        trending,
        sent=parts.store.sent(readers, listings),
        background=parts.store.background(),
        tastes=parts.store.tastes(readers),
        current=parts.store.current(readers, revised),
    )


# --- how far back -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Look:
    """What an edition to be looks back on."""

    subscriber: Subscriber  # the cursor after what the edition leaves alone
    issue_date: date
    since: date | None
    oldest: date | None
    is_cut: bool  # whether the cursor had to skip something because it is too old


def _looks(parts: Parts, issues: Sequence[Issue]) -> Iterator[_Look]:
    seq_before = cache(parts.store.seq_before)  # many come back on the same day
    for subscriber, day in issues:
        reach = due.reach(subscriber.schedule, subscriber.last_issue, day, paused_until=subscriber.paused_until)
        since = reach.since
        if since and subscriber.cursor > seq_before(_midnight(since + 2 * _DAY)):
            since = None  # they came back meanwhile, and what was announced long before is news no more
        start = max(subscriber.cursor, seq_before(reach.after) if reach.after else 0)
        # Nothing is announced days before its own day: this spares reading what is too old.
        cursor = max(start, seq_before(_midnight(reach.oldest - _DAY)) if reach.oldest else 0)
        yield _Look(replace(subscriber, cursor=cursor), day, since, reach.oldest, is_cut=cursor > start)


_DAY = timedelta(days=1)  # and no zone is further from UTC


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


# --- what is missing --------------------------------------------------------------------------------------------------


def _reads(subscriber: Subscriber, source: str) -> bool:
    return not subscriber.profile.sources or source in subscriber.profile.sources


def late(parts: Parts, now: datetime) -> Iterator[str]:
    """The names of sources that have announced less than they should have by now, according to their own calendars."""
    for source in parts.sources:
        if _is_late(source, parts.store.source_state(source.name), now):
            yield source.name


def _is_late(source: Source, state: SourceState, now: datetime) -> bool:
    expected = source.expected(now)
    return expected is not None and max(state.covered.values(), default=date.min) < expected


def _missing(parts: Parts, now: datetime) -> Iterator[Missing]:
    for source in parts.sources:
        state = parts.store.source_state(source.name)
        if state.last_attempt is None:
            yield Missing(source.name, NOT_YET_READ)
        elif state.incomplete:
            why = "; ".join(problem.what for problem in state.problems if problem.incomplete)
            yield Missing(source.name, why, since=state.last_success)
        elif _is_late(source, state, now):
            yield Missing(source.name, NOT_YET_ANNOUNCED)
