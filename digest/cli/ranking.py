"""Ranking in a process of its own, which takes its memory with it when it is done.

A daemon ranks for a second and then waits for a day; numpy, scipy and what was read of every paper would stay with it.
"""

import signal
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from digest.model import Ranking, Shard


class PassingRanker:
    """A `pipeline.Ranker` whose every call is a process."""

    def rank(self, shard: Shard) -> list[Ranking]:
        """One ranking a subscriber, in their order."""
        with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_leave_signals_alone) as pool:
            return pool.submit(_rank, shard).result()


def _leave_signals_alone() -> None:
    """Who stops the daemon's whole process group means the daemon; what it has begun, it finishes."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _rank(shard: Shard) -> list[Ranking]:
    from digest.ranking.ranker import Ranker

    return Ranker().rank(shard)
