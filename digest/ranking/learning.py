"""What likes and dislikes teach: words that weigh more or less for a subscriber (Rocchio's relevance feedback).

    liked and disliked listings -> learned -> Learned words, which the matcher adds to the subscriber's own terms

A word's weight is in the unit of a keyword's: one that matches adds weight x rarity x strength to a raw score, and takes
that away where the weight is negative.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from digest.model import Taste
from digest.ranking.corpus import Statistics


class Learned(NamedTuple):
    """One word learnt."""

    key: str  # of `digest.text.tokens`
    written: str  # as people write it
    weight: float  # of a keyword that would do the same; negative: the word speaks against a paper


def learned(taste: Taste, now: datetime, statistics: Statistics, worths: Sequence[float] = ()) -> tuple[Learned, ...]:
    """The words that a taste adds to a profile, the strongest first.

    `worths` is what each of the profile's own wanted terms adds to a raw score at most, so that what is learnt stands
    beside them in a fair measure; empty where there are none.
    """
    raise NotImplementedError
