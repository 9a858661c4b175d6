"""How well papers answer a search, told from their tokens (`catalog.written`) alone: some 20 microseconds a paper.

BM25F as in ranking, with its weight of a title, and a bonus for words that stand together. How much each thing that is
looked for is worth, as by its rarity, is for the asker to say.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from digest.text.catalog import token

_TITLE_WEIGHT = 3.0
_SATURATION = 1.2
_TYPICAL = 300  # tokens of a paper
_LENGTH = 0.6  # how much its length counts
_PAIR = 0.6  # of two words in a row, beside what they are worth by themselves

_Places = Mapping[str, Sequence[int]]


class Wanted(NamedTuple):
    """One of the things that are looked for: words by their keys, worth more in this order and in a row."""

    keys: tuple[str, ...]
    worth: float = 1.0


def closeness(texts: Mapping[int, str], wanted: Sequence[Wanted]) -> dict[int, float]:
    """How close each of these texts comes, by number; 0 where nothing of it is there."""
    keys = {key for one in wanted for key in one.keys}
    names = {key: (token(key, "t"), token(key, "b")) for key in keys}
    needed = {name for pair in names.values() for name in pair}
    return {number: _of_text(text.split(" "), wanted, names, needed) for number, text in texts.items()}


def _of_text(
    tokens: Sequence[str], wanted: Iterable[Wanted], names: Mapping[str, tuple[str, str]], needed: set[str]
) -> float:
    places: dict[str, list[int]] = {}
    for place, found in enumerate(tokens):
        if found in needed:
            places.setdefault(found, []).append(place)
    damped = _SATURATION * (1 - _LENGTH + _LENGTH * len(tokens) / _TYPICAL)
    return sum(one.worth * _of_one(places, [names[key] for key in one.keys], damped) for one in wanted)


def _of_one(places: _Places, names: Sequence[tuple[str, str]], damped: float) -> float:
    words = sum(_strength(len(places.get(t, ())), len(places.get(b, ())), damped) for t, b in names)
    rows = sum(
        _strength(_in_a_row(places, one[0], other[0]), _in_a_row(places, one[1], other[1]), damped)
        for one, other in pairwise(names)
    )
    return words + _PAIR * rows


def _strength(title: int, abstract: int, damped: float) -> float:
    frequency = _TITLE_WEIGHT * title + abstract
    return frequency / (frequency + damped)


def _in_a_row(places: _Places, one: str, other: str) -> int:
    behind = {place - 1 for place in places.get(other, ())}
    return len(behind.intersection(places.get(one, ())))
