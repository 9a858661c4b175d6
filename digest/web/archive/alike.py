"""Which papers are like one: those that hold most of its telling words. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from digest.model import Listing
from digest.ranking.common import is_common
from digest.text import catalog
from digest.text.catalog import Either, Every, Part
from digest.text.closeness import Wanted
from digest.text.tokens import Token, tokenize

Rarity = Callable[[Iterable[str]], float]  # of a word by its keys, as `ranking.corpus.Statistics`

_TITLE = 3
_SATURATED = 1.2
_KEYS = 10  # that tell what it is about
_PAIRED = 7  # of these, two must be there
_LEAST = 1.5  # rarity of a word that tells anything
_LONGEST = 6_000  # characters of an abstract


@dataclass(frozen=True, slots=True)
class Telling:
    """A word that says what a paper is about."""

    key: str
    written: str
    worth: float


def telling(listing: Listing, rarity: Rarity) -> list[Telling]:
    """The words that say most about it, those first that say more."""
    abstract = (listing.abstract or listing.summary or "")[:_LONGEST]
    title = _words(listing.title)
    counts = Counter({key: _TITLE * len(tokens) for key, tokens in title.items()})
    spelt = {key: tokens[0].word for key, tokens in title.items()}
    for key, tokens in _words(abstract).items():
        counts[key] += len(tokens)
        spelt.setdefault(key, tokens[0].word)
    found = [Telling(key, spelt[key], rarity((key,)) * n / (n + _SATURATED)) for key, n in counts.items()]
    rare = [one for one in found if rarity((one.key,)) >= _LEAST]
    return sorted(rare, key=lambda one: (-one.worth, one.key))[:_KEYS]


def _words(text: str) -> dict[str, list[Token]]:
    found: dict[str, list[Token]] = {}
    for token in tokenize(text):
        if len(token.word) > 1 and not token.word.isdecimal() and not is_common(token, text):
            found.setdefault(token.key, []).append(token)
    return found


def part(words: Sequence[Telling], fields: Sequence[str] = catalog.FIELDS) -> Part | None:
    """Papers that hold two of these words at least; None of too few."""
    keys = [word.key for word in words[:_PAIRED]]
    pairs = [Every((catalog.word(one, fields), catalog.word(other, fields))) for one, other in combinations(keys, 2)]
    return Either(tuple(pairs)) if pairs else None


def wanted(words: Iterable[Telling]) -> list[Wanted]:
    """What makes another paper close to it."""
    return [Wanted((word.key,), word.worth) for word in words]


def query(words: Iterable[Telling], most: int = 3) -> str:
    """A search for papers like it."""
    return " ".join(word.written for word in list(words)[:most])
