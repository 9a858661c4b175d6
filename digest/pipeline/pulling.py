"""Visiting the sources."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from queue import Empty, SimpleQueue
from threading import Thread

import structlog

from digest import due
from digest.model import Fetched, Problem, Pulled, SourceState, incomplete
from digest.pipeline.parts import Parts, Source

log = structlog.get_logger(__name__)

PULL_LEASE = timedelta(minutes=30)


def pull(  # noqa: PLR0913  (all of them say which sources, and as of when)
    parts: Parts,
    now: datetime,
    *,
    only: str | None = None,
    since: date | None = None,
    force: bool = False,
    stopping: Callable[[], bool] = lambda: False,
) -> Iterator[Pulled]:
    """Visit the sources that are due (all of them if `force`), each in its own thread; yields each as it is stored.

    When `stopping` says so, nobody waits for the visits under way: what they would bring, the next pull brings.
    """
    lease = now + PULL_LEASE
    due_now = [
        source
        for source in parts.sources
        if only in (None, source.name)
        and parts.store.begin_pull(source.name, now, lease, worker=parts.worker, force=force)
    ]
    visits: SimpleQueue[tuple[Source, Fetched]] = SimpleQueue()
    states = {source.name: parts.store.source_state(source.name) for source in due_now}
    for source in due_now:
        state = states[source.name]
        Thread(target=_visit, args=(visits, source, state, now, since), name=source.name, daemon=True).start()
    for source, fetched in _arriving(visits, len(due_now), stopping):
        covered = max((*states[source.name].covered.values(), *fetched.covered.values()), default=None)
        next_pull = due.next_pull(
            source.every,
            now,
            incomplete=incomplete(fetched.problems),
            not_before=fetched.not_before,
            awaited=due.awaited(source.expected, covered, now, source.every),
        )
        pulled = parts.store.announce(source.name, fetched, now, next_pull)
        log.info("pulled", source=source.name, new=pulled.new, problems=[p.what for p in pulled.problems])
        yield pulled


def _visit(
    visits: "SimpleQueue[tuple[Source, Fetched]]", source: Source, state: SourceState, now: datetime, since: date | None
) -> None:
    visits.put((source, _fetch(source, state, now, since)))


def _arriving(
    visits: "SimpleQueue[tuple[Source, Fetched]]", expected: int, stopping: Callable[[], bool]
) -> Iterator[tuple[Source, Fetched]]:
    while expected and not stopping():
        with suppress(Empty):
            yield visits.get(timeout=0.2)
            expected -= 1


def _fetch(source: Source, state: SourceState, now: datetime, since: date | None) -> Fetched:
    try:
        return source.fetch(state, now, since)
    except Exception as error:  # a fault of ours in one source must not take the others down
        log.exception("source failed", source=source.name)
        return Fetched(problems=(Problem(f"{type(error).__name__} while reading it: {error}"),))
