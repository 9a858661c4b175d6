"""Matching and ranking at scale, on invented text. `python -m benchmarks.ranking [PROFILES ...]`

Two regimes of keywords: Zipf (common words, as people share interests) and specific (rare ones). `match` is the sparse
product with the choice of the best 20; `rank` is all that the pipeline asks for, reasons included, by shards of 1,000.
Seconds are of CPU, on one core. Each row runs in a process of its own; memory is its peak.
"""

import multiprocessing
import random
import resource
import sys
import time
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate

import numpy as np

from digest.model import Announcement, Kind, Listing, Profile, Subscriber
from digest.ranking import Ranker
from digest.ranking.choice import Wishes, choose
from digest.ranking.corpus import Reader, Statistics
from digest.ranking.matcher import Matcher
from digest.ranking.query import parse

LISTINGS = 1_000
VOCABULARY = 30_000
SHARD = 1_000
SHARDS = 3  # enough to tell what one costs


def main(counts: list[int]) -> None:
    print(
        f"{'profiles':>9} {'regime':>9} {'match s':>8} {'pairs/s':>9} {'picks':>10} {'rank s/1,000':>13} {'peak MB':>8}"
    )
    for regime in ("zipf", "specific"):
        for count in counts:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(pool.apply(row, (count, regime)), flush=True)


def row(count: int, regime: str) -> str:
    chance = random.Random(1)
    papers = listings(chance)
    lines = [keywords(chance, regime) for _ in range(count)]
    seconds, picks = match(papers, lines)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    pairs = count * len(papers) / seconds
    return (
        f"{count:>9,} {regime:>9} {seconds:>8.2f} {pairs:>9.1e} {picks:>10,} {rank(papers, lines):>13.2f} {peak:>8.0f}"
    )


def match(papers: list[Listing], lines: list[tuple[str, ...]]) -> tuple[float, int]:
    """Seconds from keyword lines and read listings to the best 20 of each profile, and how many these are."""
    texts = [*map(Reader(), papers)]
    statistics = Statistics(texts)
    start = time.process_time()
    numbers: dict[str, int] = {}
    terms = [[numbers.setdefault(line, len(numbers)) for line in own] for own in lines]
    matcher = Matcher([parse(line) for line in numbers], texts, statistics)
    choices = choose(matcher, wishes(terms, len(papers)))
    return time.process_time() - start, sum(len(choice.columns) for choice in choices)


def wishes(terms: list[list[int]], wide: int) -> Wishes:
    none = np.zeros(len(terms), dtype=np.int64)
    return Wishes(
        terms=terms,
        required=none,
        everything=none.astype(bool),
        most=none + 20,
        group=none,
        allowed=np.ones((1, wide), dtype=bool),
        sent=none[:0],
        places=np.arange(wide),
    )


def rank(papers: list[Listing], lines: list[tuple[str, ...]]) -> float:
    """Seconds for one shard of the pipeline, once the listings have been read."""
    people = [Subscriber(f"{n}@example.org", profile=Profile(keywords=own), id=n) for n, own in enumerate(lines, 1)]
    window = [Announcement(paper, "arxiv", Kind.NEW, date(2026, 5, 18), paper.id) for paper in papers]
    shards = [people[at : at + SHARD] for at in range(0, len(people), SHARD)][: SHARDS + 1]
    ranker = Ranker()
    ranker.rank(window, [], shards.pop(0), {}, [])
    start = time.process_time()
    for shard in shards:
        ranker.rank(window, [], shard, {}, [])
    return (time.process_time() - start) / len(shards)


# --- invented text ------------------------------------------------------------------------------------------------

WORDS = [
    f"{a}{b}{c}{n}" for n in "aeiou" for a in "bdfgklmnprst" for b in "aeiou" for c in "bdfgklmnprstvz" for _ in "x"
]
WORDS = [f"{head}{tail}" for tail in ("n", "r", "x", "k", "m", "t", "p", "z") for head in WORDS][:VOCABULARY]
FREQUENCIES = list(accumulate(1 / (rank + 10) for rank in range(len(WORDS))))


def some(chance: random.Random, count: int) -> list[str]:
    return chance.choices(WORDS, cum_weights=FREQUENCIES, k=count)


def listings(chance: random.Random) -> list[Listing]:
    start = datetime(2026, 5, 18, tzinfo=UTC)
    return [
        Listing(
            title=" ".join(some(chance, 10)),
            abstract=" ".join(some(chance, 170)),
            authors=tuple(" ".join(some(chance, 2)).title() for _ in range(5)),
            categories=tuple(chance.sample(["cs.CL", "cs.LG", "cs.CV", "math.ST", "stat.ML"], 2)),
            published=start - timedelta(minutes=number),
            id=number,
        )
        for number in range(1, LISTINGS + 1)
    ]


def keywords(chance: random.Random, regime: str) -> tuple[str, ...]:
    """3 to 30 lines: words, phrases, prefixes, names, categories, exclusions."""
    return tuple(line(chance, regime) for _ in range(min(30, 3 + int(chance.expovariate(1 / 7)))))


def line(chance: random.Random, regime: str) -> str:
    draw = (lambda n: some(chance, n)) if regime == "zipf" else (lambda n: chance.choices(WORDS, k=n))
    kind = chance.random()
    if kind < 0.45:
        return draw(1)[0]
    if kind < 0.80:
        return " ".join(draw(chance.choice([2, 2, 3])))
    if kind < 0.86:
        return f"{draw(1)[0][:5]}*"
    if kind < 0.92:
        return f"author:{' '.join(draw(2))}"
    return f"category:{chance.choice(['cs.CL', 'stat.*'])}^0.2" if kind < 0.94 else f"-{draw(1)[0]}"


if __name__ == "__main__":
    main([int(count) for count in sys.argv[1:]] or [10_000, 100_000])
