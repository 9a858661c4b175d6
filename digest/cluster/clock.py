"""The tick: once a minute, whoever is free sees what is due, and asks for what nobody has been asked for yet."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from itertools import groupby

import structlog
from procrastinate import App
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

from digest.cluster import speaking
from digest.cluster.orders import BATCH, FIRST, MOST_BATCHES, SHARD, Asked, Due, Order, orders
from digest.cluster.tasks import CLOCK, Workplace
from digest.errors import StoreError
from digest.model import SourceState
from digest.pacing import BREAKER, RELAY, quiet

log = structlog.get_logger(__name__)

EVERY = "* * * * *"  # a minute
SILENT = 30.0  # seconds without a heartbeat after which a worker's jobs are given up
_KEPT = 24  # hours that jobs which failed are kept, for who looks


def add_clock(app: App, place: Workplace) -> None:
    """Have the workers of this app tick. However many do: a unique key makes each minute's tick one job."""

    @app.periodic(cron=EVERY)
    @app.task(name="tick", queue=CLOCK, priority=FIRST["tick"], queueing_lock="tick")
    async def run(timestamp: int) -> None:  # noqa: ARG001  (of the minute that it is for: a late one does the same)
        try:
            await tick(app, place)
        except (StoreError, ConnectorException) as error:
            log.error("tick failed", reason=speaking.reason(error))
            raise
        except Exception:
            log.exception("tick failed")
            raise


async def tick(app: App, place: Workplace) -> None:
    """Give up what was lost, forget what failed long ago, ask for what is due."""
    manager = app.job_manager
    await give_up(manager)
    await manager.delete_old_jobs(_KEPT, include_failed=True, include_cancelled=True, include_aborted=True)
    asked = _asked(await manager.list_jobs_async())
    due = await asyncio.to_thread(due_now, place, place.clock())
    await defer(app, orders(due, asked))


# --- what is due ------------------------------------------------------------------------------------------------------


def due_now(place: Workplace, now: datetime) -> Due:
    """What there is to do, as the store has it."""
    store, groups = place.parts.store, place.groups
    names = [source.name for source in place.parts.sources if is_due(store.source_state(source.name), now)]
    paces = store.paces()
    rests = any(quiet(paces[key], now) for key in (RELAY, BREAKER) if key in paces)
    return Due(
        now=now,
        sources={name: groups.get(name, name) for name in names},
        shards=place.shards(now, SHARD),
        waiting=0 if rests else store.waiting(now, most=MOST_BATCHES * BATCH),
        chores=tuple(place.chores),
    )


def is_due(state: SourceState, now: datetime) -> bool:
    """Whether to visit a source, as `Store.begin_pull` will see it, too: after a clock was ahead, its plan says nothing."""
    return state.next_pull is None or state.next_pull <= now or (state.last_attempt or now) > now


# --- what was asked for -----------------------------------------------------------------------------------------------


def _asked(jobs: Iterable[Job]) -> Asked:
    waiting = [job for job in jobs if job.status in (Status.TODO.value, Status.DOING.value)]
    keys = frozenset(job.queueing_lock for job in waiting if job.queueing_lock and job.status == Status.TODO.value)
    return Asked(keys, sum(job.task_name == "deliver" for job in waiting))


async def defer(app: App, wanted: Iterable[Order]) -> None:
    """Ask for these."""
    for order, same in groupby(wanted):
        task = app.configure_task(order.task, lock=order.lock, queueing_lock=order.key)
        with suppress(AlreadyEnqueued):  # another tick was faster
            await task.batch_defer_async(*(dict(each.arguments) for each in same))


async def give_up(manager: JobManager) -> None:
    """End the jobs of workers that are no more, so that their locks are free. The store knows what is left of them."""
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=SILENT):
        if job.id is not None:
            log.warning("a worker is gone, and its job is given up", job=job.task_name, **job.task_kwargs)
            with suppress(ConnectorException):  # another tick was faster
                await manager.finish_job_by_id_async(job.id, Status.FAILED, delete_job=False)
    await manager.prune_stalled_workers(10 * SILENT)
