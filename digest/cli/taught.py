"""What somebody's likes have taught, as the ranker will use it."""

from collections.abc import Sequence
from datetime import datetime

from digest.model import Subscriber, Taste
from digest.ranking import features
from digest.ranking.corpus import Statistics
from digest.ranking.index import Index
from digest.ranking.learning import Learned, Learner
from digest.ranking.lists import Lists
from digest.ranking.matcher import Matcher
from digest.ranking.query import parse_profile
from digest.store import Store


class Teaching:
    """What tastes teach, with words as rare as a store has counted them."""

    def __init__(self, store: Store) -> None:
        self._statistics = Statistics(store.background())
        self._learner = Learner(self._statistics)

    def learned(self, subscriber: Subscriber, taste: Taste, now: datetime) -> tuple[Learned, ...]:
        """The words learnt from a taste, beside the subscriber's own keywords; the strongest first."""
        return self._learner.learned(taste, now, self._worths(subscriber.profile.keywords))

    def _worths(self, keywords: Sequence[str]) -> list[float]:
        """What each keyword that is wanted adds to a raw score at most."""
        terms, _ = parse_profile(keywords)
        matcher = Matcher([features.asked(term) for term in terms], Index(()), self._statistics)
        worths, _ = matcher.attainable(Lists.of([[number] for number in range(len(terms))]))
        return [worth for worth in worths.tolist() if worth > 0]


def taste_of(store: Store, subscriber: Subscriber) -> Taste:
    """All that a subscriber has said of papers; nothing if they are not stored yet."""
    return store.tastes([subscriber.id]).get(subscriber.id, Taste())
