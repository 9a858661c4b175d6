"""Invented listings and profiles, the same on every machine.

Words are drawn by Zipf's law: the one of rank r as often as 1 / (r + 10). A line of a profile is made of such words in the
"zipf" regime, but for the 90 commonest, which a fifth of all papers or more hold and nobody asks for; of any words alike
in the "specific" one, where few papers hold them.
"""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate

import numpy as np

from digest.model import Announcement, Background, Kind, Listing, Profile, Subscriber
from digest.ranking.lists import Lists
from digest.text.background import count

NOW = datetime(2026, 5, 18, 6, tzinfo=UTC)
LISTINGS = 1_000
VOCABULARY = 30_000
STOCK = 100_000  # lines that profiles share
TOO_COMMON = 90

WORDS = [f"{a}{b}{c}{n}" for n in "aeiou" for a in "bdfgklmnprst" for b in "aeiou" for c in "bdfgklmnprstvz"]
WORDS = [f"{head}{tail}" for tail in ("n", "r", "x", "k", "m", "t", "p", "z") for head in WORDS][:VOCABULARY]
FREQUENCIES = list(accumulate(1 / (rank + 10) for rank in range(len(WORDS))))
ASKED = WORDS[TOO_COMMON:]  # what lines are made of
ASKED_FREQUENCIES = list(accumulate(1 / (rank + 10) for rank in range(TOO_COMMON, len(WORDS))))


def listings(chance: random.Random, count: int = LISTINGS) -> list[Listing]:
    """Papers of 10 words in the title and 170 in the abstract."""
    start = datetime(2026, 5, 18, tzinfo=UTC)
    return [
        Listing(
            title=" ".join(_some(chance, 10)),
            abstract=" ".join(_some(chance, 170)),
            authors=tuple(" ".join(_some(chance, 2)).title() for _ in range(5)),
            categories=tuple(dict.fromkeys(_categories(chance, 2))),
            published=start - timedelta(minutes=number),
            id=number,
        )
        for number in range(1, count + 1)
    ]


def window(papers: Sequence[Listing]) -> list[Announcement]:
    return [Announcement(paper, "arxiv", Kind.NEW, date(2026, 5, 18), paper.id) for paper in papers]


def background(papers: Sequence[Listing]) -> Background:
    return count(papers)


def lines(chance: random.Random, regime: str, count: int) -> list[str]:
    """Different lines: words, phrases, prefixes, names, categories, exclusions."""
    found: dict[str, None] = {}
    while len(found) < count:
        found.setdefault(_line(chance, regime))
    return list(found)


def profiles(chance: random.Random, regime: str, count: int) -> list[tuple[str, ...]]:
    """Profiles of 3 to 30 lines; in the "shared" regime from a common stock, as people share interests."""
    if regime != "shared":
        return [tuple(_line(chance, regime) for _ in range(chance.randint(3, 30))) for _ in range(count)]
    stock = lines(chance, "zipf", STOCK // 5)
    frequencies = list(accumulate(1 / (rank + 10) for rank in range(len(stock))))
    return [tuple(chance.choices(stock, cum_weights=frequencies, k=chance.randint(3, 30))) for _ in range(count)]


def choices(count: int, stock: int, seed: int = 1) -> Lists:
    """Profiles as numbers of lines of a stock, 3 to 30 each, drawn by Zipf's law."""
    chance = np.random.default_rng(seed)
    ends = np.concatenate([[0], np.cumsum(chance.integers(3, 31, count))])
    frequencies = np.cumsum(1 / (np.arange(stock) + 10))
    drawn = np.searchsorted(frequencies, chance.random(ends[-1]) * frequencies[-1])
    return Lists(drawn.astype(np.int32), ends)


def people(lines: Sequence[tuple[str, ...]], picks: int) -> list[Subscriber]:
    return [
        Subscriber(f"{n}@example.org", profile=Profile(keywords=own, max_papers=picks), id=n)
        for n, own in enumerate(lines, 1)
    ]


def _some(chance: random.Random, count: int) -> list[str]:
    return chance.choices(WORDS, cum_weights=FREQUENCIES, k=count)


def _categories(chance: random.Random, count: int) -> list[str]:
    """Of forty, the commonest with an eighth of all papers."""
    weights = [1 / (rank + 5) for rank in range(40)]
    return [
        f"cs.{chr(65 + number // 6)}{chr(65 + number % 6)}" for number in chance.choices(range(40), weights, k=count)
    ]


def _line(chance: random.Random, regime: str) -> str:
    frequencies = None if regime == "specific" else ASKED_FREQUENCIES

    def draw(count: int) -> list[str]:
        return chance.choices(ASKED, cum_weights=frequencies, k=count)

    kind = chance.random()
    if kind < 0.45:
        return draw(1)[0]
    if kind < 0.80:
        return " ".join(draw(chance.choice([2, 2, 3])))
    if kind < 0.86:
        return f"{draw(1)[0][:5]}*"
    if kind < 0.92:
        return f"author:{' '.join(draw(2))}"
    return (
        f"category:{chance.choice(['cs.CL', 'stat.*'])}^0.{chance.randint(1, 9)}" if kind < 0.94 else f"-{draw(1)[0]}"
    )
