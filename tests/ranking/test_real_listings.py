"""A day of real listings, with random profiles made of their words."""

import gzip
import json
import math
import random
from datetime import UTC, date, datetime
from functools import cache
from itertools import pairwise

import pytest

from digest.model import Announcement, Kind, Listing, Profile, Shard, Subscriber
from digest.ranking.ranker import Ranker
from digest.ranking.sections import matching
from digest.text.tokens import tokenize

DAY = "2026-05-14"


@pytest.fixture(scope="module")
def window(shared):
    with gzip.open(shared / "data" / "arxiv_2026_cs_daily.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [row for row in map(json.loads, file) if row["announced"] == DAY]
    return [
        Announcement(
            Listing(
                title=row["title"],
                abstract=row["abstract"],
                authors=tuple(row["authors"]),
                categories=tuple(row["categories"]),
                arxiv_id=row["id"],
                id=number,
            ),
            source="arxiv",
            kind=Kind.NEW,
            day=date.fromisoformat(row["announced"]),
            seq=number,
        )
        for number, row in enumerate(rows, start=1)
    ]


def profiles(window, count):
    chance = random.Random(7)
    people = []
    for number in range(1, count + 1):
        lines = [line(chance, chance.choice(window).listing) for _ in range(chance.randint(1, 12))]
        people.append(Subscriber(f"{number}@example.org", profile=Profile(keywords=tuple(lines)), id=number))
    return people


@cache
def words_of(text):
    return [token.surface for token in tokenize(text)]


def line(chance, paper):
    words = words_of(f"{paper.title} {paper.abstract}")
    at = chance.randrange(len(words))
    long = max(words, key=len)
    body = chance.choice(
        [
            words[at],
            " ".join(words[at : at + 2]),
            " ".join(words[at : at + 3]),
            f"title:{words[at]}",
            f"{long[:5]}*",
            f"={words[at]}",
            f"author:{chance.choice(paper.authors)}",
            f"category:{chance.choice(paper.categories)}",
        ]
    )
    return chance.choice(["", "", "", "", "-"]) + body + chance.choice(["", "", "^2", "^0.5"])


def test_every_score_of_a_thousand_profiles_is_the_sum_of_its_reasons(window):
    rankings = Ranker().rank(Shard(profiles(window, 1_000), window, datetime(2026, 5, 18, 6, tzinfo=UTC)))
    picks = [pick for ranking in rankings for pick in ranking.picks]
    assert len(picks) > 5_000
    for pick in picks:
        assert math.isclose(sum(reason.contribution for reason in pick.reasons), pick.score, abs_tol=1e-9)
        assert 0 < pick.score <= 100
    for ranking in rankings:
        scores = [pick.score for pick in matching(ranking.picks)]
        assert all(better >= worse - 1e-6 for better, worse in pairwise(scores))
