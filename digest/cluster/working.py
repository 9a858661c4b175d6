"""A worker's life: procrastinate's, begun again whenever the database was away, until it is told to stop."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from typing import Any

import psycopg
import structlog
from procrastinate import PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from sqlalchemy import URL

from digest.cluster import speaking
from digest.cluster.clock import SILENT, add_clock
from digest.cluster.tasks import CLOCK, Left, Workplace, make_app
from digest.store import postgresql

log = structlog.get_logger(__name__)

_LOOK = 0.2  # seconds between two looks at whether it is time to stop
_PATIENCE = 10.0  # seconds for a connection
_POLL = 2.0  # seconds between two looks at jobs that were put off; of others it is notified
_LATER = 5  # seconds for which what is too early is put off
_JUMP = 30.0  # seconds by which a clock was set
_SETTLES = 2.0  # seconds after which a connection counts as good
_LONGEST_PAUSE = 15.0  # seconds until the database is tried again
_LOST = (ConnectorException, psycopg.Error, OSError)


def reach(url: URL) -> dict[str, Any]:
    """How psycopg is told to connect to the database that SQLAlchemy knows by this URL: as the store does."""
    _, named = url.get_dialect()().create_connect_args(url)
    return {**postgresql.arguments(url, _PATIENCE), **named, "application_name": "digest worker"}


def connector(url: URL) -> PsycopgConnector:
    """How procrastinate reaches the database: over a few connections of its own."""
    return PsycopgConnector(kwargs=reach(url), min_size=1, max_size=3, timeout=_PATIENCE)


def work(url: URL, place: Workplace, queues: Collection[str], beat: Callable[[], None] = lambda: None) -> None:
    """Do what comes up in these queues, one job at a time, until `place.stopping`; the job in hand is finished.

    `beat` is called as it gets on. While the database is away, it waits for it.
    """
    with speaking.brief(_LOST):
        asyncio.run(_Life(url, place, [*queues, CLOCK], beat).live())


class Manager(JobManager):
    """Procrastinate's jobs; it knows whether the end of one could not be written.

    Such a job would be held for ever by a worker that lives (https://github.com/procrastinate-org/procrastinate/issues/1518):
    it has to become another worker, so that the next tick gives up what this one had.
    """

    is_stuck = False

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """Write the end of a job."""
        try:
            await super().finish_job(job, status, delete_job)
        except ConnectorException as error:
            if isinstance(error.__cause__, psycopg.errors.RaiseException):
                return  # it was given up already
            self.is_stuck = True
            log.warning("the end of a job cannot be written", job=job.task_name, reason=speaking.reason(error))


class _Life:
    """One process's way through all its connections."""

    def __init__(self, url: URL, place: Workplace, queues: list[str], beat: Callable[[], None]) -> None:
        self._reach = reach(url)
        self._app = make_app(connector(url), place)
        self._app.job_manager = self._manager = Manager(self._app.connector)
        add_clock(self._app, place)
        self._place = place
        self._queues = queues
        self._beat = beat
        self._failures = 0  # since the database was there
        self._is_busy = False

    async def live(self) -> None:
        asyncio.get_running_loop().set_exception_handler(speaking.loop_handler(_LOST))
        while not self._place.stopping():
            reason = await self._stretch()
            if reason and not self._place.stopping():
                self._failed(reason)
                await self._pause(min(2.0**self._failures / 2, _LONGEST_PAUSE))

    def _failed(self, reason: str) -> None:
        self._failures += 1
        if self._failures == 1:
            log.error("no connection to the database: it is tried again and again", reason=reason)

    def _came_back(self) -> None:
        if self._failures:
            log.info("connected to the database again", tries=self._failures)
        self._failures = 0

    async def _stretch(self) -> str | None:
        """Work until told to stop, or until a connection fails: why; or until it is better to begin anew: None."""
        self._manager.is_stuck = False
        try:
            await self._try()
            async with self._app.open_async():
                return await self._work()
        except _LOST as error:
            return speaking.reason(error)
        finally:
            with suppress(*_LOST):
                await self._app.close_async()  # a pool that could not be opened counts as open

    async def _try(self) -> None:
        """Connect, to hear at once what is wrong: a pool only says after a while that it has nothing."""
        connection = await psycopg.AsyncConnection.connect(**self._reach)
        await connection.close()

    async def _work(self) -> str | None:
        epoch, settled = _epoch(), time.monotonic() + _SETTLES
        worker = asyncio.create_task(
            self._app.run_worker_async(
                queues=self._queues,
                concurrency=1,
                fetch_job_polling_interval=_POLL,
                delete_jobs="successful",
                install_signal_handlers=False,
                stalled_worker_timeout=SILENT,
                worker_middleware=[self._passing_on],
            )
        )
        # Procrastinate's clock would stand still after ours was set back, and make up for each minute after it was set
        # forward, or the machine slept.
        while not (worker.done() or self._place.stopping() or self._manager.is_stuck or abs(_epoch() - epoch) > _JUMP):
            self._beat()
            await asyncio.wait([worker], timeout=_LOOK)
            if not worker.done() and time.monotonic() > settled:  # one that lets nobody write lets everybody in
                self._came_back()
        is_lost = worker.done()
        worker.cancel()  # which lets the job in hand be finished
        while not worker.done():
            if self._is_busy:
                self._beat()
            await asyncio.wait([worker], timeout=_LOOK)
        with suppress(asyncio.CancelledError):
            await worker
        return "it was lost" if is_lost else None

    async def _pause(self, seconds: float) -> None:
        for _ in range(round(seconds / _LOOK)):
            if self._place.stopping():
                return
            self._beat()
            await asyncio.sleep(_LOOK)

    async def _passing_on(self, call_next: Callable[[], Awaitable[Any]], context: JobContext, _worker: object) -> Any:
        """What a job leaves is asked for again: so that another worker goes on at once, or somebody in a moment."""
        self._is_busy = True
        try:
            left = await call_next()
        finally:
            self._is_busy = False
        if left in (Left.SOME, Left.ALL):
            job = context.job
            later = {"seconds": _LATER} if left is Left.ALL else None
            again = context.app.configure_task(
                job.task_name, lock=job.lock, queueing_lock=job.queueing_lock, schedule_in=later
            )
            with suppress(AlreadyEnqueued):
                await again.defer_async(**job.task_kwargs)
        return left


def _epoch() -> float:
    """The date less the seconds that this machine counts: the same as long as nobody sets its clock."""
    return time.time() - time.monotonic()
