"""How good a ranking is, by what is known to be relevant."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

DEPTH = 1_000  # as deep as a ranking is looked at, trec_eval's default


class Measures(NamedTuple):
    """Of one query, or the means of many; each from 0 to 1."""

    ndcg: float  # at 10: Järvelin and Kekäläinen's, with the grades as gains, as trec_eval has it
    map: float  # average precision, over DEPTH
    recall: float  # at 20


def measures(ranking: Sequence[int], relevant: Mapping[int, float]) -> Measures:
    """Of one ranking, best first. What is not in it is not found. `relevant` may not be empty."""
    return Measures(
        _ndcg(ranking[:10], relevant), _precision(ranking[:DEPTH], relevant), _recall(ranking[:20], relevant)
    )


def means(of: Sequence[Measures]) -> Measures:
    return (
        Measures(*(math.fsum(column) / max(1, len(of)) for column in zip(*of, strict=True)))
        if of
        else Measures(0, 0, 0)
    )


def _ndcg(ranking: Sequence[int], relevant: Mapping[int, float]) -> float:
    ideal = sorted(relevant.values(), reverse=True)[:10]
    return _gain([relevant.get(number, 0.0) for number in ranking]) / _gain(ideal)


def _gain(grades: Sequence[float]) -> float:
    return math.fsum(grade / math.log2(place + 1) for place, grade in enumerate(grades, start=1))


def _precision(ranking: Sequence[int], relevant: Mapping[int, float]) -> float:
    places = [place for place, number in enumerate(ranking, start=1) if number in relevant]
    return math.fsum(found / place for found, place in enumerate(places, start=1)) / len(relevant)


def _recall(ranking: Sequence[int], relevant: Mapping[int, float]) -> float:
    return sum(number in relevant for number in ranking) / len(relevant)
