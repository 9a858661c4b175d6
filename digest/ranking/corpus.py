"""Listings as the matcher reads them, and what a collection of them says about how rare a word is."""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from itertools import chain

from digest.model import Background, Listing
from digest.text.tokens import forms, words

Forms = tuple[str, ...]  # every key one word is found under; empty between texts that no phrase may bridge


class Text:
    """What of a listing can be matched. Compared by identity: `Reader` gives equal listings the same one.

    Its words are read when they are first asked for: not every listing is.
    """

    def __init__(
        self, title: str, abstract: str, keywords: Sequence[str], authors: Sequence[str], categories: Sequence[str]
    ) -> None:
        self._title = title
        self._abstract = abstract
        self._keywords = keywords
        self.authors = tuple(authors)
        self.categories = tuple(category.casefold() for category in categories)

    @cached_property
    def title(self) -> tuple[Forms, ...]:
        return _words(self._title)

    @cached_property
    def abstract(self) -> tuple[Forms, ...]:
        """The words of the abstract, and of the listing's own keywords."""
        return tuple(chain(_words(self._abstract), *(((), *_words(keyword)) for keyword in self._keywords)))

    @property
    def sizes(self) -> tuple[int, int]:
        """How many words title and abstract have."""
        return len(self.title), len(self.abstract)


class Reader:
    """Listings to texts. Remembers the last ones read, since each is asked for by every shard of every day's tick."""

    def __init__(self, remembered: int = 1 << 14) -> None:
        self._read = lru_cache(maxsize=remembered)(Text)

    def __call__(self, listing: Listing) -> Text:
        return self._read(
            listing.title,
            listing.abstract or listing.summary or "",
            listing.keywords,
            listing.authors,
            listing.categories,
        )


def _words(text: str) -> tuple[Forms, ...]:
    return tuple(map(_forms, words(text)))


_forms = lru_cache(maxsize=1 << 16)(
    forms
)  # equal words share one tuple, so that thousands of texts fit into little memory


class Statistics:
    """How rare words are, and how long texts are, where a background was counted."""

    def __init__(self, background: Background) -> None:
        self._holders = background.holders
        self._papers = background.papers
        self.title_length = max(1.0, background.title_words / max(1.0, background.papers))  # the mean number of words
        self.abstract_length = max(1.0, background.abstract_words / max(1.0, background.papers))

    def rarity(self, keys: Iterable[str]) -> float:
        """The inverse document frequency of a word of any of these forms, natural logarithm; never negative.

        It is BM25's with one added inside.
        """
        return self._idf([self._holders.get(key, 0.0) for key in keys])

    def prefix_rarity(self, prefix: str) -> float:
        """The same for any word that begins so."""
        first = bisect_left(self._sorted, f"={prefix}")
        last = bisect_left(self._sorted, f"={prefix}\U0010ffff")
        return self._idf([self._holders[word] for word in self._sorted[first:last]])

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(word for word in self._holders if word.startswith("="))

    def _idf(self, holders: Sequence[float]) -> float:
        frequency = holders[0] if len(holders) == 1 else self._any(holders)
        return math.log(1 + (max(self._papers, frequency) - frequency + 0.5) / (frequency + 0.5))

    def _any(self, holders: Sequence[float]) -> float:
        """How many papers hold any of some words, as if one had nothing to do with the other."""
        papers = max(1.0, self._papers)
        return papers * (1 - math.prod(1 - min(1.0, holding / papers) for holding in holders))
