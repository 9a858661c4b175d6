"""Rankers by their names, and ranking in a process of its own, which takes its memory with it when it is done.

A daemon ranks for a second and then waits for a day; numpy, scipy and what was read of every paper would stay with it.
"""

import os
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from digest.cli import worker
from digest.errors import UsageError
from digest.model import Ranking, Shard
from digest.pipeline import Ranker

if TYPE_CHECKING:
    from digest.ranking.semantic import Kept
    from digest.store import Store

GROUP = "digest.rankers"  # of entry points, https://packaging.python.org/specifications/entry-points/
# Also in pyproject.toml, where others look; a checkout that is not installed has no entry points.
OWN = EntryPoint("keywords", "digest.ranking.ranker:Ranker", GROUP)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a ranker is made of, here or in another process."""

    name: str = OWN.name  # of an entry point
    model: Path | None = None  # the folder of a sentence encoder, which looks again at what the ranker finds
    share: float = 0.4  # how much that weighs, 0 to 1
    store: str = ""  # the database's URL, for vectors made before


def known() -> dict[str, EntryPoint]:
    """The rankers that are installed, by name. Nobody replaces ours by calling theirs the same."""
    return {**{one.name: one for one in entry_points(group=GROUP)}, OWN.name: OWN}


def require(name: str) -> EntryPoint:
    """Where a ranker is. Raises UsageError if none of that name is installed."""
    if name == OWN.name:
        return OWN  # without a look at everything that is installed
    if (found := known().get(name)) is None:
        raise UsageError(
            f"there is no ranker {name!r} (there are {', '.join(sorted(known()))}); install the package it comes with into"
            " the environment of digest, or write another name"
        )
    return found


def make(recipe: Recipe, kept: "Kept") -> Ranker:
    """The ranker of a recipe, vectors being `kept`. Raises UsageError if there is none, or it cannot be made."""
    ranker = named(recipe.name)
    if recipe.model is None:
        return ranker
    from digest.ranking.encoder import FolderEncoder
    from digest.ranking.semantic import SemanticRanker

    return SemanticRanker(ranker, FolderEncoder(recipe.model), kept, recipe.share)


def named(name: str) -> Ranker:
    """The ranker of that name. Raises UsageError if there is none, or it cannot be made."""
    point = require(name)
    try:
        ranker = point.load()()
    except Exception as error:  # whatever a third party's code does when it is imported and called
        raise UsageError(f"the ranker {point.name!r} ({point.value}) cannot be made: {_said(error)}") from error
    if not callable(getattr(ranker, "rank", None)):
        raise UsageError(f"what {point.value} gives is no ranker: it has no method rank(shard)")
    made: Ranker = ranker
    return made


class PassingRanker:
    """A `pipeline.Ranker` whose every call is a process."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe

    def rank(self, shard: Shard) -> list[Ranking]:
        """One ranking a subscriber, in their order. Raises RuntimeError if the ranker fails, in whatever way."""
        with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_end_with_the_daemon) as pool:
            return pool.submit(partial(_rank, self._recipe), shard).result()


def _end_with_the_daemon() -> None:
    """What the daemon has begun, it finishes, whoever stops it. If it is killed, so are we.

    A process of a pool waits for its next task for ever, also when nobody is left to give it one.
    """
    worker.leave_signals_alone()
    Thread(target=_end_when_alone, daemon=True).start()


def _end_when_alone() -> None:
    if (daemon := parent_process()) is not None:
        daemon.join()
        os._exit(1)


def _rank(recipe: Recipe, shard: Shard) -> list[Ranking]:
    try:
        if recipe.model is None:  # without SQLAlchemy, which takes as long to load as a shard to rank
            return named(recipe.name).rank(shard)
        with closing(_store(recipe.store)) as store:
            return make(recipe, store).rank(shard)
    except BaseException as error:  # an exit would end the daemon, an exception of its own may not survive the journey
        raise RuntimeError(f"the ranker {recipe.name!r} failed: {_said(error)}") from error


def _store(url: str) -> "Store":
    from digest.store import open_store

    return open_store(url, create=False)


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
