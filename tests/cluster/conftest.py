"""What the tests of workers share: a database of their own, and a worker in a thread."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time as clock_time
from threading import Event, Thread

import pytest
import sqlalchemy as sa
import structlog
from procrastinate import App

from digest.cluster import clock, orders, tasks, working
from digest.cluster.handing import handing_on
from digest.cluster.scripts import scripts
from digest.model import Message, Outcome, Pick, Ranking, Schedule, Section, Subscriber, Verdict
from digest.pipeline import Parts
from digest.store import open_store
from digest.store.database import parsed

from ..loops import apart  # noqa: TID252  (tests are no package)

PATIENCE = 30  # seconds for what must happen
TASKS = ("pull", "compose", "deliver")


def until(condition, patience=PATIENCE):
    """Wait for it; what it came to."""
    end = time.monotonic() + patience
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
    return found


class Ranker:
    def rank(self, shard):
        picks = tuple(Pick(a.listing, Section.FOR_YOU, a.kind, a.source, a.day, 1.0) for a in shard.window)
        return [Ranking(picks, matched=len(picks)) for _ in shard.subscribers]


class Renderer:
    def forget(self):
        pass

    def message(self, edition):
        email = edition.subscriber.email
        return Message("digest@example.org", email, f"<{email}>", b"text")


class Transport:
    def __init__(self, got):
        self._got = got

    def send(self, message, commit):
        assert commit()
        self._got.append(message.recipient)
        return Outcome(Verdict.SENT, "250 OK")

    def close(self):
        pass


class House:
    """One database, and the workers on it."""

    def __init__(self, url):
        self.url = url
        self.store = open_store(url, hand_on=handing_on())
        self.store.prepare_jobs(scripts())
        self.got = []
        self.sources = []
        self.begun = 0

    def place(self, **changes):
        self.begun += 1
        parts = Parts(
            sources=self.sources,
            store=self.store,
            ranker=Ranker(),
            renderer=Renderer(),
            transport=lambda: Transport(self.got),
            worker=f"worker {self.begun}",
        )
        return tasks.Workplace(parts, self.store.time, self.store.due_shards, **changes)

    def subscribe(self, *names):
        """Readers who are due at once, at whatever time of the day."""
        now = self.store.time()
        for name in names:
            self.store.add(Subscriber(f"{name}@example.org", schedule=Schedule(send_at=clock_time())), now)

    @contextmanager
    def working(self, queues=TASKS, **changes):
        """A worker at work; yields what tells it to stop. It has ended when this is left."""
        told = Event()
        place = self.place(stopping=told.is_set, **changes)
        thread = Thread(target=working.work, args=(parsed(self.url), place, queues))
        thread.start()
        try:
            yield told
        finally:
            told.set()
            thread.join(PATIENCE)
            assert not thread.is_alive()

    def ask(self, do, **changes):
        """What `do(app)` comes to, with a worker's app that is open."""

        async def asking():
            place = self.place(**changes)
            app = tasks.make_app(working.connector(parsed(self.url)), place)
            clock.add_clock(app, place)
            async with app.open_async():
                return await do(app)

        return apart(lambda: asyncio.run(asking()))

    def say(self, statement):
        """One statement of somebody who has nothing to do with us."""
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        with engine.begin() as connection:
            connection.exec_driver_sql(statement)

    def tick(self, **changes):
        place = self.place(**changes)
        return self.ask(lambda app: clock.tick(app, place), **changes)

    def defer(self, *wanted: orders.Order, **changes):
        return self.ask(lambda app: clock.defer(app, wanted), **changes)

    def jobs(self, **which):
        async def listed(app: App):
            return [*await app.job_manager.list_jobs_async(**which)]

        return self.ask(listed)


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch):
    monkeypatch.setattr(working, "_POLL", 0.2)
    monkeypatch.setattr(working, "_LATER", 0.2)
    monkeypatch.setattr(working, "_SETTLES", 0.5)


@pytest.fixture
def house(postgresql) -> Iterator[House]:
    with postgresql.database() as url:
        house = House(url)
        yield house
        house.store.close()


@pytest.fixture
def said() -> Iterator[list[dict]]:
    """The lines of the log."""
    with structlog.testing.capture_logs() as lines:
        yield lines
