"""Ranking in a process of its own, which takes its memory with it when it is done.

A daemon ranks for a second and then waits for a day; numpy, scipy and what was read of every paper would stay with it.
"""

import signal
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from digest.model import Announcement, Listing, Ranking, Subscriber


class PassingRanker:
    """A `pipeline.Ranker` whose every call is a process."""

    def rank(
        self,
        window: Sequence[Announcement],
        trending: Sequence[Announcement],
        subscribers: Sequence[Subscriber],
        sent: Mapping[int, frozenset[int]],
        background: Sequence[Listing],
    ) -> list[Ranking]:
        """One ranking a subscriber, in their order."""
        with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_leave_signals_alone) as pool:
            return pool.submit(_rank, window, trending, subscribers, sent, background).result()


def _leave_signals_alone() -> None:
    """Who stops the daemon's whole process group means the daemon; what it has begun, it finishes."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _rank(*asked: Any) -> list[Ranking]:
    from digest.ranking.ranker import Ranker

    return Ranker().rank(*asked)
