"""What likes and dislikes teach: words that weigh more or less for a subscriber (Rocchio's relevance feedback).

    Taste -> each listing's telling words -> liked minus disliked, fading -> the strongest words, as extra terms

A word learnt is weighed in the unit of a keyword: one that matches adds weight x rarity x strength to a raw score, and
takes that away where its weight is negative. All of them together are worth `ALTOGETHER` typical keywords at most, and
less the fewer likes there are: n / (n + 3) of it. So likes stand beside one keyword as they stand beside thirty.

Rocchio, in Salton (ed.): The SMART Retrieval System, 1971; figures in docs/decisions.md.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import chain
from math import exp, log
from typing import NamedTuple

import numpy as np

from digest.model import Feedback, Listing, Taste
from digest.ranking import bm25f
from digest.ranking.bm25f import Floats
from digest.ranking.common import says_something
from digest.ranking.corpus import Statistics
from digest.text.tokens import Spelling, words

HALF_LIFE = timedelta(days=90)  # what was said so long ago counts half
ALTOGETHER = 12.0  # typical keywords that all words learnt are worth, if there are many likes
MOST = 50  # words that count
_CAUTION = 3.0  # so many likes bring half of what many bring
_DISLIKED = 0.25  # what a dislike weighs against a like: it says less about what somebody wants
TYPICAL = 6.0  # what a keyword is worth where there is none: as much as a word that one paper in 400 holds
_COMMON = 1.0  # the rarity of a word that more than a third of all papers hold: it tells nothing
_OTHERS = 1e-4
_EMPTY = re.compile(r"[\d.]+|[a-z]")  # numbers and single letters


class Learned(NamedTuple):
    """One word learnt."""

    key: str  # of `digest.text.tokens`
    written: str  # as people write it
    weight: float  # of a keyword that would do the same; negative: the word speaks against a paper


class _Told(NamedTuple):
    """What one listing tells, by key."""

    words: Mapping[str, float]  # rarity x BM25F strength, of length 1 in all
    spellings: Mapping[str, Counter[str]]


class Learner:
    """Learns from tastes, with words as rare as in these statistics. Remembers what it read of a listing."""

    def __init__(self, statistics: Statistics) -> None:
        self._statistics = statistics
        self._rarest = _rarest(statistics)
        self._told = lru_cache(maxsize=1 << 12)(self._tell)

    def learned(
        self, taste: Taste, now: datetime, worths: Sequence[float] = (), most: int = MOST
    ) -> tuple[Learned, ...]:
        """The words that a taste adds to a profile, `most` of them, the strongest first.

        `worths` is what each of the profile's own wanted terms adds to a raw score at most, so that what is learnt
        stands beside them in a fair measure; empty where there are none.
        """
        heard = [(feedback, standing(feedback, now)) for feedback in taste.feedback]
        weights = self._rocchio(heard)
        worth = {key: abs(weight) * self._rarity(key) for key, weight in weights.items()}
        strongest = sorted(worth, key=lambda key: (-worth[key], key))
        typical = sum(worths) / len(worths) if worths else TYPICAL
        # What is forgotten leaves a gap: the others are not to be stronger for it.
        unit = typical * ALTOGETHER * trust(heard) / (sum(worth[key] for key in strongest[:MOST]) or 1.0)
        kept = [key for key in strongest if key not in taste.forgotten][:most]
        return tuple(Learned(key, self._spelling(key, taste), weights[key] * unit) for key in kept)

    def _rocchio(self, heard: Sequence[tuple[Feedback, float]]) -> Mapping[str, float]:
        """The mean of what was liked, less some of the mean of what was disliked, by key."""
        weights: defaultdict[str, float] = defaultdict(float)
        for liked, share in ((True, 1.0), (False, -_DISLIKED)):
            side = [(feedback.listing, weight) for feedback, weight in heard if feedback.liked is liked]
            total = sum(weight for _, weight in side)
            for listing, weight in side:
                for key, tells in self._told(listing).words.items():
                    weights[key] += share * weight / total * tells
        return weights

    def _tell(self, listing: Listing) -> _Told:
        title = words(listing.title)
        texts = (listing.abstract or listing.summary or "", *listing.keywords)
        abstract = list(chain.from_iterable(map(words, texts)))
        telling = dict.fromkeys(word.key for word in (*title, *abstract) if self._tells(word))
        worths = self._worths(list(telling), title, abstract)
        worths /= np.linalg.norm(worths) or 1.0
        return _Told(dict(zip(telling, worths.tolist(), strict=True)), _spelt((*title, *abstract)))

    def _tells(self, word: Spelling) -> bool:
        rare = _COMMON <= self._rarity(word.key) <= self._rarest
        return rare and not _EMPTY.fullmatch(word.key) and says_something(word.surface)

    def _worths(self, keys: Sequence[str], title: Sequence[Spelling], abstract: Sequence[Spelling]) -> Floats:
        """Rarity x BM25F strength of each key in a text."""
        fields = [
            (_counts(keys, title), bm25f.title_norms(np.array(float(len(title))), self._statistics.title_length)),
            (
                _counts(keys, abstract),
                bm25f.abstract_norms(np.array(float(len(abstract))), self._statistics.abstract_length),
            ),
        ]
        (titles, title_norm), (abstracts, abstract_norm) = fields
        in_title, in_abstract = bm25f.strengths(*bm25f.frequencies(titles, abstracts, title_norm, abstract_norm))
        return np.array([self._rarity(key) for key in keys]) * (in_title + in_abstract)

    def _rarity(self, key: str) -> float:
        return self._statistics.rarity((key,))

    def _spelling(self, key: str, taste: Taste) -> str:
        """How a word is most often written in what was liked and disliked."""
        found: Counter[str] = Counter()
        for feedback in taste.feedback:
            found.update(self._told(feedback.listing).spellings.get(key, {}))
        return min(found, key=lambda written: (-found[written], written))


def standing(feedback: Feedback, now: datetime) -> float:
    """How much of what was said still counts: half of it after each `HALF_LIFE`."""
    return float(0.5 ** (max(timedelta(), now - feedback.at) / HALF_LIFE))


def trust(heard: Iterable[tuple[Feedback, float]]) -> float:
    """How far likes are to be believed, 0 to 1, by how many there are and how much of each still counts."""
    said = sum(weight * (1.0 if feedback.liked else _DISLIKED) for feedback, weight in heard)
    return said / (said + _CAUTION)


def _rarest(statistics: Statistics) -> float:
    """The rarity of a word that, beside the paper it was learnt from, `_OTHERS` of all papers hold.

    What fewer hold is most often the name that a paper gave its own method.
    """
    papers = exp(statistics.rarity(("",))) / 2 - 1
    return log((papers + 1) / (1 + _OTHERS * papers + 0.5))


def _counts(keys: Sequence[str], text: Iterable[Spelling]) -> Floats:
    counts = Counter(word.key for word in text)
    return np.array([counts[key] for key in keys], dtype=float)


def _spelt(text: Iterable[Spelling]) -> Mapping[str, Counter[str]]:
    """The ways each key is written: in lower case, but for what has capitals within, like ResNet and GAN."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for word in text:
        found[word.key][word.surface if word.surface[1:] != word.word[1:] else word.word] += 1
    return found
