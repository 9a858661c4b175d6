"""Writing the editions that are due."""

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, partial
from typing import NamedTuple

from digest import due
from digest.collecting import uncollected
from digest.coverage import is_behind
from digest.model import (
    NOT_YET_ANNOUNCED,
    NOT_YET_READ,
    Announcement,
    Edition,
    Kind,
    Missing,
    Ranking,
    Schedule,
    Shard,
    SourceState,
    Subscriber,
)
from digest.pipeline import picking
from digest.pipeline.parts import Parts, Source

SHARD = 4_000  # subscribers composed at a time: some 50 MB
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
    planned = _planner(parts, now, early=early, waits_for=waits_for)
    last, upto = (numbers.start - 1, numbers.stop - 1) if numbers else (0, None)
    while True:
        with uncollected():
            shard = parts.store.due(now, everyone=early or replay, after=last, limit=SHARD, upto=upto)
            if not shard:
                return
            last = shard[-1].id
            composed = _published(parts, [each for each in shard if only in (None, each.email)], now, planned)
            while composed:  # one by one, so that there are few left to be looked through for cycles
                yield composed.popleft()


Planner = Callable[[Subscriber], due.Plan]


def _planner(parts: Parts, now: datetime, *, early: bool, waits_for: Collection[str]) -> Planner:
    """What is due for each of many subscribers, of whom many have the same schedule."""

    @cache
    def plan(schedule: Schedule, last_issue: date | None, paused_until: date | None) -> due.Plan:
        return due.plan(schedule, last_issue, now, paused_until=paused_until, early=early)

    def planned(subscriber: Subscriber) -> due.Plan:
        found = plan(subscriber.schedule, subscriber.last_issue, subscriber.paused_until)
        if not (waits_for and found.issue_date):
            return found
        again = _wait(parts, (subscriber, found.issue_date), now, waits_for)
        return due.Plan(None, again) if again else found

    return planned


def _published(parts: Parts, subscribers: Sequence[Subscriber], now: datetime, planned: Planner) -> deque[Edition]:
    """The editions that are due to some, written."""
    issues, next_due = [], []
    for subscriber in subscribers:
        plan = planned(subscriber)
        if plan.issue_date:
            issues.append((subscriber, plan.issue_date))
            next_due.append(plan.next_due)
        else:
            parts.store.reschedule(subscriber.id, plan.next_due, now)
    editions = compose_for(parts, issues, now)
    parts.store.publish(list(zip(editions, next_due, strict=True)))
    return deque(editions)


def _wait(parts: Parts, issue: Issue, now: datetime, waits_for: Collection[str]) -> datetime | None:
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
    if not issues:
        return []
    missing, note = tuple(_missing(parts, now)), parts.note()
    looks = _looks(parts, issues, now)
    own = picking.picked(parts.store, issues)
    return [
        Edition(
            subscriber=subscriber,
            issue_date=day,
            composed_at=now,
            cursor=max(found.head, subscriber.cursor),
            picks=picking.first(pins, found.ranking.picks) if pins else found.ranking.picks,
            read=found.ranking.read,
            matched=found.ranking.matched,
            missing=tuple(m for m in missing if _reads(subscriber, m.source)) if missing else (),
            problems=found.ranking.problems,
            note=note,
            papers=found.ranking.papers,
            since=found.since,
        )
        for (_, day), (subscriber, _), found, pins in zip(issues, looks, _ranked(parts, looks, now), own, strict=True)
    ]


class _Found(NamedTuple):
    """What was found for one look."""

    ranking: Ranking
    head: int  # the newest of all news that was looked at
    since: date | None


def _ranked(parts: Parts, looks: "Sequence[tuple[Subscriber, _Look]]", now: datetime) -> list[_Found]:
    """What is found for each: all those together that look back about as far."""
    alike: defaultdict[tuple[date | None, int], list[int]] = defaultdict(list)
    for place, (_, look) in enumerate(looks):
        alike[look.oldest, look.after].append(place)
    found: dict[int, _Found] = {}
    for (oldest, _), places in alike.items():
        found.update(zip(places, _together(parts, [looks[place] for place in places], oldest, now), strict=True))
    return [found[place] for place in range(len(looks))]


def _together(
    parts: Parts, looks: "Sequence[tuple[Subscriber, _Look]]", oldest: date | None, now: datetime
) -> Iterator[_Found]:
    """What is found by some who take up nothing of a day before `oldest`."""
    shard = shard_of(parts, [subscriber for subscriber, _ in looks], now, after=looks[0][1].after)
    head = shard.window[-1].seq if shard.window else 0
    old = [] if oldest is None else [a for a in shard.window if a.day < oldest]
    if old:
        shard = replace(shard, window=[a for a in shard.window if oldest is None or a.day >= oldest])
    for (subscriber, look), ranking in zip(looks, parts.ranker.rank(shard), strict=True):
        is_cut = bool(look.since) and (look.is_cut or _leaves_out(subscriber, old))
        yield _Found(ranking, head, oldest if is_cut else look.since)


def _leaves_out(subscriber: Subscriber, old: Sequence[Announcement]) -> bool:
    """Whether anything old would have been news to them."""
    return any(a.seq > subscriber.cursor and _reads(subscriber, a.source) for a in old)


def shard_of(parts: Parts, subscribers: Sequence[Subscriber], now: datetime, *, after: int = 0) -> Shard:
    """What the ranker is given for these subscribers (one at least), as of `now`.

    If nobody's cursor is before `after`, the same news for all such shards.
    """
    window = parts.store.window(after or min(subscriber.cursor for subscriber in subscribers))
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


class _Look(NamedTuple):
    """What an edition to be looks back on."""

    cursor: int  # behind what the edition leaves alone
    since: date | None
    oldest: date | None
    is_cut: bool  # whether the cursor had to skip something because it is too old
    after: int  # not beyond the cursor: those of the same are ranked together; 0: they look back farther than most


def _looks(parts: Parts, issues: Sequence[Issue], now: datetime) -> list[tuple[Subscriber, _Look]]:
    """The looks, and their subscribers with the cursors of these."""
    seq_before = cache(parts.store.seq_before)
    look = cache(partial(_look, seq_before, [seq_before(now - ago) for ago in _AGO]))  # many are alike
    looks = []
    for one, day in issues:
        own = look(one.schedule, one.last_issue, one.paused_until, day, one.cursor)
        looks.append((one if own.cursor == one.cursor else replace(one, cursor=own.cursor), own))
    return looks


def _look(  # noqa: PLR0913, PLR0917  (all that it depends on, so that it can be remembered)
    seq_before: Callable[[datetime], int],
    starts: Sequence[int],
    schedule: Schedule,
    last_issue: date | None,
    paused_until: date | None,
    day: date,
    before: int,
) -> _Look:
    reach = due.reach(schedule, last_issue, day, paused_until=paused_until)
    since = reach.since
    if since and before > seq_before(_midnight(since + 2 * _DAY)):
        since = None  # they came back meanwhile, and what was announced long before is news no more
    start = max(before, seq_before(reach.after) if reach.after else 0)
    # Nothing is announced days before its own day: this spares reading what is too old.
    cursor = max(start, seq_before(_midnight(reach.oldest - _DAY)) if reach.oldest else 0)
    return _Look(cursor, since, reach.oldest, cursor > start, next((at for at in starts if at <= cursor), 0))


# How far back those look who get one a day, missed one, came for the first time, get one a week, or were away: one who
# comes back after a week is no reason to look at a week's papers for everybody.
_AGO = [timedelta(hours=hours) for hours in (26, 50, 74, 8 * 24, 16 * 24)]
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
    return is_behind(source.expected(now), state.covered)


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
