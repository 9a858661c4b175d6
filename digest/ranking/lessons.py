"""What one subscriber's likes and dislikes have taught, as the ranker will use it, and what one paper's part in it is."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from digest.model import Background, Listing, Taste
from digest.ranking import features
from digest.ranking.corpus import Statistics
from digest.ranking.learning import MOST, Learned, Learner
from digest.ranking.query import parse_profile
from digest.ranking.term import Sign
from digest.text.tokens import keys


@dataclass(frozen=True, slots=True)
class Moved:
    """Words that weigh more or less than before, what moved most first; their weights are by how much."""

    more: tuple[Learned, ...]
    less: tuple[Learned, ...]


class Lessons:
    """What tastes teach beside these keywords, with words as rare as in this background."""

    def __init__(self, keywords: Sequence[str], background: Background) -> None:
        statistics = Statistics(background)
        self._learner = Learner(statistics)
        self._worths = list(_worths(keywords, statistics))

    def learned(self, taste: Taste, now: datetime, most: int = MOST) -> tuple[Learned, ...]:
        """The words learnt from a taste; the strongest first."""
        return self._learner.learned(taste, now, self._worths, most) if taste.feedback else ()

    def forgotten(self, taste: Taste, now: datetime) -> dict[str, str]:
        """The keys of the words that are to be learnt no more, with how people write them."""
        words = self.learned(replace(taste, forgotten=frozenset()), now, sys.maxsize) if taste.forgotten else ()
        written = {word.key: word.written for word in words}
        return {key: written.get(key, key) for key in sorted(taste.forgotten)}

    def of(self, listing: Listing, taste: Taste, now: datetime) -> Moved:
        """What was learnt from this paper: the difference that it makes that something was said of it."""
        others = tuple(said for said in taste.feedback if said.listing.id != listing.id)
        without = self.learned(replace(taste, feedback=others), now)
        return moved(without, self.learned(taste, now), [listing])


def moved(before: Iterable[Learned], after: Iterable[Learned], papers: Iterable[Listing]) -> Moved:
    """Those words of the papers that weigh more, and those that weigh less than before."""
    written = {word.key: word.written for word in (*before, *after)}
    old, new = ({word.key: word.weight for word in words} for words in (before, after))
    held = held_by(papers)
    change = {key: new.get(key, 0.0) - old.get(key, 0.0) for key in written if key in held}
    ordered = [Learned(key, written[key], change[key]) for key in sorted(change, key=lambda key: -abs(change[key]))]
    return Moved(tuple(word for word in ordered if word.weight > 0), tuple(word for word in ordered if word.weight < 0))


def held_by(papers: Iterable[Listing]) -> frozenset[str]:
    """The keys of all words of these papers."""
    texts = (text for paper in papers for text in (paper.title, paper.abstract, *paper.keywords))
    return frozenset(key for text in texts for key in keys(text))


def _worths(keywords: Sequence[str], statistics: Statistics) -> Iterator[float]:
    """What each keyword that is wanted adds to a raw score at most."""
    terms, _ = parse_profile(keywords)
    worths = (features.attainable(features.line(term), statistics) for term in terms if term.sign is not Sign.NEVER)
    return (worth for worth in worths if worth > 0)
