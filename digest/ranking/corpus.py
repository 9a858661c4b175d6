"""Listings as the matcher reads them, and what a collection of them says about how rare a word is."""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain

from digest.model import Listing
from digest.ranking import names
from digest.ranking.query import forms
from digest.text.tokens import Token, tokenize

Forms = tuple[str, ...]  # every key one word is found under; empty between texts that no phrase may bridge


@dataclass(frozen=True, eq=False, slots=True)  # compared by identity: `read` gives equal listings the same one
class Text:
    """What of a listing can be matched, as words."""

    title: tuple[Forms, ...]
    abstract: tuple[Forms, ...]  # and the listing's own keywords
    authors: tuple[tuple[str, ...], ...]
    categories: tuple[str, ...]

    @property
    def vocabulary(self) -> set[str]:
        return set(chain.from_iterable(chain(self.title, self.abstract)))


class Reader:
    """Listings to texts. Remembers the last ones read, since each is asked for by every shard of every day's tick."""

    def __init__(self, remembered: int = 4_096) -> None:
        self._read = lru_cache(maxsize=remembered)(_text)

    def __call__(self, listing: Listing) -> Text:
        return self._read(
            listing.title,
            listing.abstract or listing.summary or "",
            listing.keywords,
            listing.authors,
            listing.categories,
        )


def _text(
    title: str, abstract: str, keywords: Sequence[str], authors: Sequence[str], categories: Sequence[str]
) -> Text:
    return Text(
        title=_words(title),
        abstract=tuple(chain(_words(abstract), *(((), *_words(keyword)) for keyword in keywords))),
        authors=tuple(names.parts(author) for author in authors),
        categories=tuple(category.casefold() for category in categories),
    )


def _words(text: str) -> tuple[Forms, ...]:
    return tuple(_forms(token.word, token.key, token.surface) for token in tokenize(text))


@lru_cache(maxsize=1 << 16)  # equal words share one tuple, so that thousands of texts fit into little memory
def _forms(word: str, key: str, surface: str) -> Forms:
    return forms(Token(word, key, 0, 0, surface))


def identity(listing: Listing) -> int | str:
    """What tells one paper from another: the store's number, or the strongest name where there is none."""
    return listing.id or listing.keys[0]


class Statistics:
    """How rare words are, and how long texts are, in a collection of texts."""

    def __init__(self, texts: Iterable[Text]) -> None:
        self._holders: dict[str, int] = {}  # word -> the texts that hold it, one bit each
        titles = abstracts = 0
        self._count = 0
        for text in texts:
            bit = 1 << self._count
            for word in text.vocabulary:
                self._holders[word] = self._holders.get(word, 0) | bit
            titles += len(text.title)
            abstracts += len(text.abstract)
            self._count += 1
        self.title_length = max(1.0, titles / max(1, self._count))
        self.abstract_length = max(1.0, abstracts / max(1, self._count))

    def rarity(self, word: str) -> float:
        """The inverse document frequency of a word, natural logarithm; never negative (BM25's, plus one inside)."""
        return self._idf(self._holders.get(word, 0))

    def prefix_rarity(self, prefix: str) -> float:
        """The same for the texts that hold any word beginning so."""
        holders = 0
        for at in range(bisect_left(self._sorted, f"={prefix}"), len(self._sorted)):
            if not self._sorted[at].startswith(prefix, 1):
                break
            holders |= self._holders[self._sorted[at]]
        return self._idf(holders)

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(word for word in self._holders if word.startswith("="))

    def _idf(self, holders: int) -> float:
        frequency = holders.bit_count()
        return math.log(1 + (self._count - frequency + 0.5) / (frequency + 0.5))
