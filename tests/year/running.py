"""A daemon's days in the invented world, through the real pipeline and a real database."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic

from digest import pipeline
from digest.model import Background, Edition, Effect, Report, Return, Status
from digest.pacing import Limits
from digest.pipeline import Parts
from digest.rendering import Mailing, Site
from digest.rendering import Renderer as RealRenderer
from digest.store import Store, open_store

from ..stores import store_url  # noqa: TID252  (tests are no package)
from .world import DAY, HOUR, MINUTE, Arxiv, Clock, Everything, Life, Relay, Renderer, Source, Span, lives, spans

START = datetime(2026, 1, 1, tzinfo=UTC)
GRACE = 30 * MINUTE


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, how many, and how often somebody looks."""

    start: datetime = START
    days: int = 365
    readers: int = 200
    seed: int = 20260101
    step: int = 59  # minutes between looks, at most; half of it at least
    on_unknown: str = "resend"
    downtimes: tuple[tuple[int, float], ...] = ((40, 0.3), (90, 1.2), (150, 5), (200, 13), (280, 20))  # day, how many


@dataclass
class Run:
    """What happened."""

    plan: Plan
    lives: list[Life]
    downtimes: list[Span]
    relay: Relay
    renderer: Renderer
    parts: Parts
    looks: list[datetime] = field(default_factory=list)
    editions: dict[str, list[Edition]] = field(default_factory=dict)  # by reader, in order
    gone: dict[str, datetime] = field(default_factory=dict)  # by reader: complained, or bounced
    seconds: float = 0.0

    @property
    def end(self) -> datetime:
        return self.plan.start + self.plan.days * DAY


@contextmanager
def lived(folder: Path, plan: Plan) -> Iterator[Run]:
    """All days of it, and those after them in which mail that waits goes out or expires."""
    begun, drawn = monotonic(), random.Random(plan.seed)
    clock = Clock(plan.start)
    store = open_store(store_url(folder / "year.db"))
    store.background = Background  # the ranker takes everything, and counts no words
    relay = Relay([*spans(drawn, plan.start, plan.days, 20, 4 * HOUR), *_long_outage(plan)], clock)
    own = (drawn, plan.start, plan.days)
    sources = [Arxiv("arxiv", *own), Source("daily", *own), Source("blog", *own)]
    renderer = Renderer(_real_renderer(store.secret()))
    parts = Parts(
        sources, store, Everything(), renderer, lambda: relay, "here", limits=Limits(plan.on_unknown), grace=GRACE
    )
    downtimes = [Span(plan.start + day * DAY, plan.start + (day + length) * DAY) for day, length in plan.downtimes]
    run = Run(plan, lives(drawn, plan.start, plan.days, plan.readers), downtimes, relay, renderer, parts)
    try:
        _live(run, clock, drawn)
        run.seconds = monotonic() - begun
        yield run
    finally:
        store.close()


def _long_outage(plan: Plan) -> list[Span]:
    """Longer than an edition lives."""
    at = plan.start + plan.days // 2 * DAY
    return [Span(at, at + 30 * HOUR)]


def _real_renderer(secret: bytes) -> RealRenderer:
    site, mailing = Site("Papers", None, "ops@example.org"), Mailing("digest@example.org", None, "papers.example.org")
    return RealRenderer(site, mailing, secret, {"arxiv": "arXiv", "daily": "Daily", "blog": "Blog"})


def _live(run: Run, clock: Clock, drawn: random.Random) -> None:
    before = run.plan.start
    while clock.now < run.end:
        clock.now += drawn.randrange(run.plan.step // 2, run.plan.step) * MINUTE
        if any(clock.now in downtime for downtime in run.downtimes):
            continue
        _happen(run, before, clock.now)
        _return(run, clock.now, drawn)
        _look(run, clock)
        before = clock.now
    for _ in range(60):
        clock.now += HOUR
        pipeline.deliver(run.parts, clock)


def _look(run: Run, clock: Clock) -> None:
    run.looks.append(clock.now)
    list(pipeline.pull(run.parts, clock.now))
    for edition in pipeline.compose(run.parts, clock.now, patient=True):
        run.editions.setdefault(edition.subscriber.email, []).append(edition)
    pipeline.deliver(run.parts, clock)


def _happen(run: Run, before: datetime, now: datetime) -> None:
    """What readers do; what they would have done while the daemon was down, they do now."""
    for life in run.lives:
        for moment, act in _deeds(life):
            if before <= moment < now:
                act(run.parts.store, now)


def _deeds(life: Life) -> list[tuple[datetime, Callable[[Store, datetime], object]]]:
    """When they do something, and what it is, in order."""
    email = life.reader.email
    deeds = [(life.joins, lambda store, now: store.add(life.reader, now))]
    if life.pause:
        deeds.append((life.pause.start, lambda store, now: _unless_gone(store, email, Status.PAUSED, now)))
        deeds.append((life.pause.end, lambda store, now: _unless_gone(store, email, Status.ACTIVE, now)))
    if life.pause_until:
        at, until = life.pause_until
        deeds.append((at, lambda store, now: _pause(store, email, until, now)))
    if life.leaves:
        deeds.append((life.leaves, lambda store, now: _unless_gone(store, email, Status.REMOVED, now)))
    return deeds


def _pause(store: Store, email: str, until: date, now: datetime) -> None:
    known = store.subscriber(email)
    if known and known.status is Status.ACTIVE and until > now.date() + DAY:
        store.pause(email, until, now)


def _unless_gone(store: Store, email: str, status: Status, now: datetime) -> None:
    known = store.subscriber(email)
    if known and known.status not in (Status.REMOVED, Status.SUPPRESSED):
        store.set_status(email, status, now)


_RETURNS = [Return.TEMPORARY] * 8 + [Return.IGNORED] * 4 + [Return.PERMANENT, Return.COMPLAINT]


def _return(run: Run, now: datetime, drawn: random.Random) -> None:
    """About every other day a mail comes back."""
    if not run.editions or drawn.random() > 0.005 or any(now in outage for outage in run.relay.outages):
        return
    email = drawn.choice(sorted(run.editions))
    edition, report = run.editions[email][-1], Report(drawn.choice(_RETURNS), code="4.0.0", detail="so it says")
    taken = run.parts.store.take_back(edition.subscriber.id, edition.issue_date, report, now)
    if taken.effect in (Effect.SUPPRESSED, Effect.REMOVED):
        run.gone.setdefault(email, now)
