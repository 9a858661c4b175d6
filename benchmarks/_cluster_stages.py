"""What each step of composing and of delivering costs on PostgreSQL: one process, the very functions that workers call."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, process_time
from typing import Any, NamedTuple

from benchmarks._cluster_postgres import Postgres
from benchmarks.delivery import Stages, _Clocked, _Transport
from digest.cli import wiring
from digest.collecting import undisturbed
from digest.pipeline import Parts, compose, deliver

_LOOK_UPS = ("window", "trending", "sent", "tastes", "background", "current", "pins_since", "seq_before", "head")


class Spent(NamedTuple):
    """What a stage took, for each edition or message."""

    count: int
    seconds: float  # in all
    steps: Mapping[str, float]  # microseconds of this process's CPU
    server: float  # microseconds of PostgreSQL's CPU
    wal: float  # bytes


def composed(config: Path, server: Postgres) -> Spent:
    """Everybody's edition."""
    found = Stages()
    with wiring.once_more(wiring.load_settings(config), ranker=None) as home:
        parts = replace(
            home.parts,
            store=_Clocked(
                home.store,
                due=found.clocked("due", home.store.due),
                publish=found.clocked("publish", home.store.publish),
                **{name: found.clocked("look-ups", getattr(home.store, name)) for name in _LOOK_UPS},
            ),
            ranker=_Clocked(home.parts.ranker, rank=found.clocked("rank", home.parts.ranker.rank)),
        )
        return _measured(server, found, lambda: sum(1 for _ in compose(parts, datetime.now(UTC))))


def delivered(config: Path, server: Postgres) -> Spent:
    """All of it into the sink."""
    found = Stages()
    with wiring.once_more(wiring.load_settings(config)) as home:
        parts = _clocked(home, found)
        return _measured(server, found, lambda: deliver(parts, lambda: datetime.now(UTC)).sent)


def _clocked(home: wiring.Installation, found: Stages) -> Parts:
    store = home.store
    return replace(
        home.parts,
        store=_Clocked(
            store,
            claim=found.clocked("claim and read", store.claim),
            progress=found.clocked("ledger", store.progress),
            paces=found.clocked("paces", store.paces),
            reserve=found.clocked("paces", store.reserve),
        ),
        renderer=_Clocked(home.renderer, message=found.clocked("assemble", home.renderer.message)),
        sign=found.clocked("sign", home.parts.sign),
        transport=lambda: _Transport(home.parts.transport(), found),
    )


def _measured(server: Postgres, found: Stages, work: Callable[[], int]) -> Spent:
    wal, theirs, ours, start = server.wal(), server.cpu(), process_time(), monotonic()
    with undisturbed():
        count = work()
    seconds, ours, theirs, wal = monotonic() - start, process_time() - ours, server.cpu() - theirs, server.wal() - wal

    def each(value: float) -> float:
        return value / max(1, count)

    steps: dict[str, Any] = {name: each(value) * 1e6 for name, value in found.spent.items()}
    steps |= {"the rest": each(ours - sum(found.spent.values())) * 1e6, "together": each(ours) * 1e6}
    return Spent(count, seconds, steps, each(theirs) * 1e6, each(wal))
