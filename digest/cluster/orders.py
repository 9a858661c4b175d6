"""What a tick asks for: pure decisions over what is due, and what has been asked for already."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

FIRST = {"tick": 100, "pull": 50, "compose": 20, "deliver": 10}  # what is done first of all that waits
CHORES_FIRST = 40
SHARD = 10_000  # subscribers' numbers a job
BATCH = 500  # messages a job
MOST_BATCHES = 200  # that a tick looks ahead: counting them takes a third of a second
COURTESY = timedelta(minutes=5)  # for which editions wait for what is being read when they come due


@dataclass(frozen=True, slots=True)
class Order:
    """One job that is wanted."""

    task: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    lock: str | None = None  # no two jobs with the same one are done at the same time
    key: str | None = None  # no two jobs with the same one wait


@dataclass(frozen=True, slots=True)
class Due:
    """What there is to do."""

    now: datetime
    sources: Mapping[str, str]  # those to be visited, and whom each must not be visited together with
    shards: Sequence[range]  # of subscribers' numbers
    waiting: int  # messages
    chores: Collection[str]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for before."""

    keys: frozenset[str]  # of jobs that wait
    deliveries: int  # jobs, waiting or at work


def orders(due: Due, asked: Asked) -> Iterator[Order]:
    """The jobs that are missing."""
    return (order for order in _wanted(due, asked) if order.key is None or order.key not in asked.keys)


def _wanted(due: Due, asked: Asked) -> Iterator[Order]:
    yield from (Order(chore, lock=chore, key=chore) for chore in due.chores)
    for source, group in due.sources.items():
        yield Order("pull", {"source": source}, lock=f"pull {group}", key=f"pull {source}")
    since = {"day": f"{due.now.astimezone(UTC):%Y-%m-%d}", "asked": due.now.isoformat(), "behind": list(due.sources)}
    for shard in due.shards:
        key = f"compose {shard.start}"
        yield Order("compose", {"first": shard.start, "end": shard.stop, **since}, lock=key, key=key)
    yield from deliveries(batches(due.waiting) - asked.deliveries)


def is_early(visited: Collection[datetime | None], asked: datetime, now: datetime) -> bool:
    """Whether to compose later: a source that was asked for in the same tick has not been read since, and still may be."""
    return now - asked < COURTESY and any(moment is None or moment < asked for moment in visited)


def deliveries(count: int) -> list[Order]:
    """So many jobs that deliver, or none. They have no key: they are also written where one that is there would undo all."""
    return [Order("deliver", {"most": BATCH})] * count


def batches(messages: int) -> int:
    """How many jobs it takes to deliver so many."""
    return -(-messages // BATCH)
