"""What one subscriber has said of papers, and what that has taught, as the ranker will use it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from digest.cli import wiring
from digest.cli.logs import quiet
from digest.model import Subscriber, Taste
from digest.ranking.learning import MOST, Learned
from digest.ranking.lessons import Lessons
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
        return self._lessons().learned(self.taste(), now, most)

    def forgotten(self, now: datetime) -> dict[str, str]:
        """The keys of the words that are to be learnt no more, with how people write them."""
        return self._lessons().forgotten(self.taste(), now)

    def _lessons(self) -> Lessons:
        return Lessons(self.subscriber.profile.keywords, self.store.background())


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
