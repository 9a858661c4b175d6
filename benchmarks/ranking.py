"""Matching and ranking at scale, on invented text. `python -m benchmarks.ranking [--json FILE] [--profiles N ...]`

    match     compiled profiles against all listings: sums, eligibility, the 20 best, how many matched
    stages    where the time goes: reading and looking up the stock of lines, sums, the best of them
    growth    the exponent with which seconds grow from one size to the next; 1 is linear
    kernel    the same sums and the same best in a C loop compiled on the spot, beside them
    rank      all that the pipeline asks for, lines as text, 20 picks with reasons: cold, and one more shard of 1,000
    ingest    listings read into words, and indexed
    compile   profiles as text to rows of the table, all of them; and one that changes

Profiles are 3 to 30 lines, drawn by Zipf's law from a stock of 100,000 different ones: words, phrases, prefixes, names,
categories, exclusions. In the Zipf regime these are made of common words, in the specific one of rare ones. Each row
runs in a process of its own; memory is its peak, everything counted. As many threads as the ranker uses; on a machine
that does other things, too, compare seconds of CPU.
"""

import argparse
import json
import math
import multiprocessing
import random
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from benchmarks import _kernel
from benchmarks._invented import NOW, STOCK, background, choices, lines, listings, people, profiles, window
from digest.model import Shard
from digest.ranking import choice, features, product, query
from digest.ranking.choice import Wishes, choose
from digest.ranking.corpus import Reader, Statistics
from digest.ranking.explain import Explainer
from digest.ranking.index import Index
from digest.ranking.ranker import Ranker
from digest.ranking.roster import Roster
from digest.ranking.table import Table

__all__ = ["NOW", "listings", "people", "profiles", "window"]  # the peers are measured on the same

TOP = 20
SHARD = 1_000
REGIMES = ("zipf", "specific")


@dataclass(frozen=True, slots=True)
class Matched:
    """Compiled profiles against listings."""

    regime: str
    profiles: int
    listings: int
    seconds: float  # on the clock
    cpu: float
    pairs: float  # a second
    matched: float  # listings a profile
    megabytes: float
    looking: float  # seconds to read the stock of lines and look it up
    sums: float  # of CPU
    best: float
    kernel: float | None = None  # seconds of CPU of the C loop


def match(regime: str, count: int, papers: int, kernel: bool) -> Matched:
    """Seconds from compiled profiles to the best of each."""
    chance = random.Random(1)
    found = listings(chance, papers)
    stock = lines(chance, regime, STOCK)
    start = time.perf_counter()
    table = _table(found, stock)
    looking = time.perf_counter() - start
    roster = Roster(choices(count, len(stock)))
    wishes = Wishes(roster, np.full(count, TOP, dtype=np.int64))
    spent = _Spent()
    with spent.on(product, "sums", "sums"), spent.on(product, "_sparse", "sums"), spent.on(choice, "best", "best"):
        start, cpu, matched = time.perf_counter(), time.process_time(), 0
        for chosen in choose(table, wishes):
            matched += int(chosen.best.matched.sum())
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    beside = _kernel.compiled() if kernel else None
    compared = _kernel.run(beside, table, wishes, TOP, choice.THREADS)[1] if beside else None
    sums, best = spent.seconds["sums"], spent.seconds["best"] - spent.seconds["sums"]
    return Matched(
        regime,
        count,
        papers,
        seconds,
        cpu,
        count * papers / seconds,
        matched / count,
        peak,
        looking,
        sums,
        best,
        compared,
    )


def _table(found: list[Any], stock: list[str]) -> Table:
    table = Table(Index(list(map(Reader(), found))), Statistics(background(found)))
    table.numbers({line: features.line(query.parse(line)) for line in stock})
    return table


class _Spent:
    """Seconds of CPU in some functions, all threads together."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._lock = threading.Lock()

    @contextmanager
    def on(self, module: ModuleType | type, name: str, stage: str) -> Iterator[None]:
        """Count what a function of a module, or of a class, takes."""
        original = getattr(module, name)

        def timed(*arguments: Any) -> Any:
            start = time.thread_time()
            result = original(*arguments)
            took = time.thread_time() - start
            with self._lock:
                self.seconds[stage] = self.seconds.get(stage, 0.0) + took
            return result

        setattr(module, name, timed)
        try:
            yield
        finally:
            setattr(module, name, original)


@dataclass(frozen=True, slots=True)
class Ranked:
    """All that the pipeline asks for."""

    profiles: int
    cold: float  # seconds of CPU with nothing read yet
    shard: float  # for one more shard of 1,000 the same day
    pick: float  # microseconds of CPU to explain a pick
    megabytes: float


def rank(count: int) -> Ranked:
    """Subscribers with lines of text, 20 picks and reasons for each, by shards of 1,000."""
    chance = random.Random(1)
    found = listings(chance)
    everybody = people(profiles(chance, "shared", count + SHARD), TOP)
    counted, news = background(found), tuple(window(found))
    shards = [
        Shard(everybody[at : at + SHARD], news, NOW, background=counted) for at in range(0, len(everybody), SHARD)
    ]
    ranker = Ranker()
    start = time.process_time()
    for shard in shards[:-1]:
        ranker.rank(shard)
    cold = time.process_time() - start
    spent = _Spent()
    start = time.process_time()
    with spent.on(Explainer, "told", "reasons"):
        rankings = ranker.rank(shards[-1])
    took = time.process_time() - start
    picks = sum(len(ranking.picks) for ranking in rankings)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Ranked(count, cold, took, spent.seconds["reasons"] / picks * 1e6, peak)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is done before anything is matched."""

    listings: float  # read, a second of CPU
    indexed: float  # read and indexed, a second
    lines: float  # read, a second
    rows: float  # read and looked up in 1,000 listings, a second
    compiled: float  # profiles whose lines are known, a second
    changed: float  # microseconds for one profile that changes, its lines known


def prepare() -> Prepared:
    """Reading and compiling."""
    chance = random.Random(1)
    found = listings(chance)
    stock = lines(chance, "zipf", STOCK // 10)
    texts, reading = _timed(lambda: [(text.title, text.abstract, text)[2] for text in map(Reader(), found)])
    index, indexing = _timed(lambda: Index(texts))
    parsed, parsing = _timed(lambda: {line: features.line(query.parse(line)) for line in stock})
    table = Table(index, Statistics(background(found)))
    _, looking = _timed(lambda: table.numbers(parsed))
    own = choices(STOCK, len(stock))
    roster, compiling = _timed(lambda: Roster(own))
    some = [own.values[own.ends[row] : own.ends[row + 1]].tolist() for row in range(1_000)]
    _, changing = _timed(lambda: [roster.change(row, lines) for row, lines in enumerate(some)])
    return Prepared(
        len(found) / reading,
        len(found) / (reading + indexing),
        len(stock) / parsing,
        len(stock) / (parsing + looking),
        STOCK / compiling,
        changing / len(some) * 1e6,
    )


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start = time.process_time()
    result = work()
    return result, time.process_time() - start


# --- the tables ---------------------------------------------------------------------------------------------------


def main(asked: argparse.Namespace) -> None:
    """Measure and print everything, and keep it as JSON if that is wanted."""
    matched = [row for regime in REGIMES for row in _matching(regime, asked.profiles, asked.listings)]
    exponents = list(_growth(matched))
    for name, exponent in exponents:
        print(f"{name}: seconds of CPU grow with exponent {exponent:.2f}")
    ranked = _apart(rank, min(10_000, max(asked.profiles)))
    print(
        f"\nrank: {ranked.profiles:,} subscribers, cold and with reasons, in {ranked.cold:.2f} s of CPU; one more shard of "
        f"{SHARD:,} in {ranked.shard:.2f} s; {ranked.pick:.1f} us to explain a pick; {ranked.megabytes:.0f} MB"
    )
    prepared = _apart(prepare)
    print(
        f"ingest: {prepared.listings:,.0f} listings a second read, {prepared.indexed:,.0f} read and indexed\n"
        f"compile: {prepared.lines:,.0f} lines a second read, {prepared.rows:,.0f} read and looked up, "
        f"{prepared.compiled:,.0f} profiles of known lines a second; {prepared.changed:.1f} us for one that changes"
    )
    if asked.json:
        document = {
            "match": [asdict(row) for row in matched],
            "growth": dict(exponents),
            "rank": asdict(ranked),
            "prepare": asdict(prepared),
        }
        asked.json.write_text(json.dumps(document, indent=1) + "\n")


def _matching(regime: str, counts: list[int], papers: list[int]) -> Iterator[Matched]:
    print(
        f"\n{regime:>9} {'profiles':>9} {'listings':>8} {'s':>7} {'CPU s':>7} {'pairs/s':>8} {'matched':>7} {'MB':>6} "
        f"{'look-up s':>9} {'sums':>5} {'best':>5} {'other':>5} {'C CPU s':>8} {'x':>4}"
    )
    for wide in papers:
        for count in counts:
            row: Matched = _apart(match, regime, count, wide, wide == papers[0])
            shares = [part / row.cpu for part in (row.sums, row.best, row.cpu - row.sums - row.best)]
            beside = f"{row.kernel:>8.2f} {row.cpu / row.kernel:>4.1f}" if row.kernel else ""
            print(
                f"{'':>9} {count:>9,} {wide:>8,} {row.seconds:>7.2f} {row.cpu:>7.2f} {row.pairs:>8.1e} {row.matched:>7.1f} "
                f"{row.megabytes:>6.0f} {row.looking:>9.2f} {' '.join(f'{share:>5.0%}' for share in shares)} {beside}",
                flush=True,
            )
            yield row


def _growth(rows: list[Matched]) -> Iterator[tuple[str, float]]:
    """From the smallest to the largest of profiles, and of listings."""
    for regime in REGIMES:
        own = [row for row in rows if row.regime == regime]
        widths, counts = sorted({row.listings for row in own}), sorted({row.profiles for row in own})
        seconds = {(row.profiles, row.listings): row.cpu for row in own}
        for few, many in [(counts[0], counts[-1])] if len(counts) > 1 else []:
            grown = math.log(seconds[many, widths[0]] / seconds[few, widths[0]]) / math.log(many / few)
            yield f"{regime}, {few:,} to {many:,} profiles", grown
        for few, many in pairwise(widths):
            grown = math.log(seconds[counts[-1], many] / seconds[counts[-1], few]) / math.log(many / few)
            yield f"{regime}, {few:,} to {many:,} listings", grown


def _apart(measure: Callable[..., Any], *arguments: Any) -> Any:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, arguments)


def _asked(arguments: list[str]) -> argparse.Namespace:
    options = argparse.ArgumentParser(description="Matching and ranking at scale, on invented text.")
    options.add_argument("--json", type=Path, help="keep the figures in this file, too")
    options.add_argument("--profiles", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    options.add_argument("--listings", type=int, nargs="+", default=[1_000, 5_000])
    return options.parse_args(arguments)


if __name__ == "__main__":
    main(_asked(sys.argv[1:]))
