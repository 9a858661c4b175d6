"""What one subscriber has said of papers, and what that has taught, as the ranker will use it."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from digest.cli import wiring
from digest.cli.logs import quiet
from digest.model import Subscriber, Taste
from digest.ranking import features
from digest.ranking.corpus import Statistics
from digest.ranking.learning import MOST, Learned, Learner
from digest.ranking.query import parse_profile
from digest.ranking.term import Sign
from digest.store import Store


@dataclass(frozen=True, slots=True)
class Pupil:
    """A subscriber, and the store that remembers what they said."""

    store: Store
    subscriber: Subscriber

    def taste(self) -> Taste:
        """All that they said so far; nothing if they are not stored yet."""
        return self.store.tastes([self.subscriber.id]).get(self.subscriber.id, Taste())

    def learned(self, now: datetime, most: int = MOST) -> tuple[Learned, ...]:
        """The words learnt from it, beside their own keywords; the strongest first."""
        return self._learned(self.taste(), now, most)

    def forgotten(self, now: datetime) -> dict[str, str]:
        """The keys of the words that are to be learnt no more, with how people write them."""
        taste = self.taste()
        words = self._learned(replace(taste, forgotten=frozenset()), now, sys.maxsize) if taste.forgotten else ()
        written = {word.key: word.written for word in words}
        return {key: written.get(key, key) for key in sorted(taste.forgotten)}

    def _learned(self, taste: Taste, now: datetime, most: int) -> tuple[Learned, ...]:
        if not taste.feedback:
            return ()
        statistics = Statistics(self.store.background())
        worths = _worths(self.subscriber.profile.keywords, statistics)
        return Learner(statistics).learned(taste, now, worths, most)


@contextmanager
def pupil(config: Path | None, email: str, now: datetime, *, writing: bool) -> Iterator[Pupil]:
    """The one with that address; for `writing`, stored first if they are new in the file.

    Raises:
        UsageError: nobody is subscribed with this address.
    """
    quiet()
    settings = wiring.load_settings(config)
    with wiring.store_of(settings, now if writing else None, create=writing) as store:
        yield Pupil(store, wiring.the_one(wiring.everybody(settings, store, now), email))


def _worths(keywords: Sequence[str], statistics: Statistics) -> list[float]:
    """What each keyword that is wanted adds to a raw score at most."""
    terms, _ = parse_profile(keywords)
    lines = [features.line(term) for term in terms if term.sign is not Sign.NEVER]
    return [worth for line in lines if (worth := features.attainable(line, statistics)) > 0]
