"""Writing the editions that are due."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from digest import due
from digest.model import NOT_YET_READ, Edition, Kind, Missing, Shard, Subscriber
from digest.pipeline.parts import Parts

SHARD = 1_000  # subscribers composed at a time
TRENDING_DAYS = 3  # how long a paper's upvotes are followed


def compose(
    parts: Parts, now: datetime, *, early: bool = False, replay: bool = False, only: str | None = None
) -> Iterator[Edition]:
    """Write the editions that are due, and yield them.

    In a `replay`, `now` is not the time of the clock, and everybody's schedule is read afresh.
    """
    last = 0
    while shard := parts.store.due(now, everyone=early or replay, after=last, limit=SHARD):
        last = shard[-1].id
        wanted = [subscriber for subscriber in shard if only in (None, subscriber.email)]
        plans = [(s, due.plan(s.schedule, s.last_issue, now, early=early)) for s in wanted]
        for subscriber, plan in plans:
            if plan.issue_date is None:
                parts.store.reschedule(subscriber.id, plan.next_due)
        next_due = {subscriber.id: plan.next_due for subscriber, plan in plans}
        editions = compose_for(parts, [(s, plan.issue_date) for s, plan in plans if plan.issue_date], now)
        parts.store.publish([(edition, next_due[edition.subscriber.id]) for edition in editions])
        yield from editions


def issues_of(subscribers: Sequence[Subscriber], now: datetime, *, early: bool) -> list[tuple[Subscriber, date]]:
    """Whose edition is due at `now`, and for which local date."""
    plans = ((s, due.plan(s.schedule, s.last_issue, now, early=early)) for s in subscribers)
    return [(subscriber, plan.issue_date) for subscriber, plan in plans if plan.issue_date]


def compose_for(parts: Parts, issues: Sequence[tuple[Subscriber, date]], now: datetime) -> list[Edition]:
    """The editions of these subscribers for these local dates, as of `now`. Writes nothing."""
    if not issues:
        return []
    shard = shard_of(parts, [subscriber for subscriber, _ in issues], now)
    rankings = parts.ranker.rank(shard)
    missing = tuple(_missing(parts))
    note = parts.note()
    head = shard.window[-1].seq if shard.window else 0
    return [
        Edition(
            subscriber=subscriber,
            issue_date=day,
            composed_at=now,
            cursor=max(head, subscriber.cursor),
            picks=ranking.picks,
            read=ranking.read,
            matched=ranking.matched,
            missing=tuple(m for m in missing if _reads(subscriber, m.source)),
            problems=ranking.problems,
            note=note,
            papers=ranking.papers,
        )
        for (subscriber, day), ranking in zip(issues, rankings, strict=True)
    ]


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


def _reads(subscriber: Subscriber, source: str) -> bool:
    return not subscriber.profile.sources or source in subscriber.profile.sources


def _missing(parts: Parts) -> Iterator[Missing]:
    for source in parts.sources:
        state = parts.store.source_state(source.name)
        if state.last_attempt is None:
            yield Missing(source.name, NOT_YET_READ)
        elif state.incomplete:
            why = "; ".join(problem.what for problem in state.problems if problem.incomplete)
            yield Missing(source.name, why, since=state.last_success)
