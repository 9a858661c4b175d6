"""Matching and ranking at scale, on invented text. `python -m benchmarks.ranking [PROFILES ...]`

Three regimes of keywords: shared (lines from a common stock of 20,000, by Zipf, as people share interests), Zipf (made of
common words, nearly all different) and specific (of rare ones). `match` is everything from lines of keywords to the one
best paper of each profile; `rank` is all that the pipeline asks for, 20 picks with reasons, by shards of 1,000.
Seconds are of CPU, on one core. Each row runs in a process of its own; memory is its peak.
"""

import multiprocessing
import random
import resource
import sys
import time
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate

from digest.model import Announcement, Kind, Listing, Profile, Shard, Subscriber
from digest.ranking.ranker import Ranker

NOW = datetime(2026, 5, 18, 6, tzinfo=UTC)
LISTINGS = 1_000
VOCABULARY = 30_000
STOCK = 20_000
SHARD = 1_000
SHARDS = 3  # enough to tell what one costs


def main(counts: list[int]) -> None:
    print(
        f"{'profiles':>9} {'regime':>9} {'match s':>8} {'pairs/s':>9} {'matched':>11} {'rank s/1,000':>13} {'peak MB':>8}"
    )
    for regime in ("shared", "zipf", "specific"):
        for count in counts:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(pool.apply(row, (count, regime)), flush=True)


def row(count: int, regime: str) -> str:
    chance = random.Random(1)
    papers = listings(chance)
    lines = profiles(chance, regime, count)
    seconds, matched = match(papers, lines)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    pairs = count * len(papers) / seconds
    return f"{count:>9,} {regime:>9} {seconds:>8.2f} {pairs:>9.1e} {matched:>11,} {rank(papers, lines):>13.2f} {peak:>8.0f}"


def match(papers: list[Listing], lines: list[tuple[str, ...]]) -> tuple[float, int]:
    """Seconds from keyword lines and read listings to the best of each profile, and how many papers matched."""
    ranker = Ranker()
    ranker.rank(Shard(people(lines[:1], picks=0), window(papers), NOW))
    start = time.process_time()
    rankings = ranker.rank(Shard(people(lines, picks=1), window(papers), NOW))
    return time.process_time() - start, sum(ranking.matched for ranking in rankings)


def rank(papers: list[Listing], lines: list[tuple[str, ...]]) -> float:
    """Seconds for one shard of the pipeline with 20 picks for everybody, once the listings have been read."""
    everybody = people(lines[: SHARD * (SHARDS + 1)], picks=20)
    shards = [everybody[at : at + SHARD] for at in range(0, len(everybody), SHARD)]
    ranker = Ranker()
    ranker.rank(Shard(shards.pop(0), window(papers), NOW))
    start = time.process_time()
    for shard in shards:
        ranker.rank(Shard(shard, window(papers), NOW))
    return (time.process_time() - start) / len(shards)


def people(lines: list[tuple[str, ...]], picks: int) -> list[Subscriber]:
    return [
        Subscriber(f"{n}@example.org", profile=Profile(keywords=own, max_papers=picks), id=n)
        for n, own in enumerate(lines, 1)
    ]


def window(papers: list[Listing]) -> list[Announcement]:
    return [Announcement(paper, "arxiv", Kind.NEW, date(2026, 5, 18), paper.id) for paper in papers]


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


def profiles(chance: random.Random, regime: str, count: int) -> list[tuple[str, ...]]:
    if regime != "shared":
        return [keywords(chance, regime) for _ in range(count)]
    stock = [line(chance, "zipf") for _ in range(STOCK)]
    frequencies = list(accumulate(1 / (rank + 10) for rank in range(STOCK)))
    return [tuple(chance.choices(stock, cum_weights=frequencies, k=chance.randint(3, 30))) for _ in range(count)]


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
