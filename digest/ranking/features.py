"""What profiles ask for, looked up in texts: the occurrences that every score is made of.

A slot is one thing to look for, whoever asks: a word, a prefix, a phrase, a name, a category. Each distinct slot is
looked for once in each text, however many profiles ask for it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import chain
from typing import NamedTuple

from digest.ranking import names
from digest.ranking.corpus import Forms, Statistics, Text
from digest.ranking.query import Field, Match, Term


class Sort(StrEnum):
    """What a slot is compared with."""

    WORD = "word"
    PREFIX = "prefix"
    PHRASE = "phrase"
    AUTHOR = "author"
    CATEGORY = "category"

    @property
    def whole(self) -> bool:
        """Whether it is there or not, however often and wherever."""
        return self in (Sort.AUTHOR, Sort.CATEGORY)


class Slot(NamedTuple):
    """One thing to look for."""

    sort: Sort
    keys: tuple[str, ...]


class Hit(NamedTuple):
    """How often a text holds a slot. A name or a category is held or not, and counts as title."""

    title: int = 0
    abstract: int = 0


def slots(term: Term) -> tuple[Slot, ...]:
    """Everything that has to be looked up for a term."""
    row = phrase(term)
    return (*parts(term), row) if row else parts(term)


def parts(term: Term) -> tuple[Slot, ...]:
    """The slots a term is worth something for one by one; a listing that holds them all matches it in full."""
    if term.field in _WHOLE:
        return (Slot(_WHOLE[term.field], term.keys),)
    sort = Sort.PREFIX if term.match is Match.PREFIX else Sort.WORD
    return tuple(dict.fromkeys(Slot(sort, (word.key,)) for word in term.content))


def phrase(term: Term) -> Slot | None:
    """The slot for all its words in a row, if it has several."""
    if term.field in _WHOLE or len(term.words) == 1:
        return None
    return Slot(Sort.PHRASE, term.keys)


_WHOLE = {Field.AUTHOR: Sort.AUTHOR, Field.CATEGORY: Sort.CATEGORY}
_PHRASE = 0.5  # words in a row add this share of what they are worth one by one
_AUTHOR = 6.0  # as much as a word that one paper in 400 holds
_CATEGORY = 1.0  # as much as a word that a good third of all papers hold


def rarity(slot: Slot, term: Term, statistics: Statistics) -> float:
    """What a slot of a term of weight 1 adds to a score at most."""
    match slot.sort:
        case Sort.WORD:
            return statistics.rarity(slot.keys[0])
        case Sort.PREFIX:
            return statistics.prefix_rarity(slot.keys[0])
        case Sort.PHRASE:
            return _PHRASE * sum(rarity(part, term, statistics) for part in parts(term))
        case Sort.AUTHOR:
            return _AUTHOR
        case Sort.CATEGORY:
            return _CATEGORY


def category_matches(pattern: str, category: str) -> bool:
    """Whether a category is the one written, in the archive written (`cs`), or begins as written (`cs.*`)."""
    if pattern.endswith("*"):
        return category.startswith(pattern[:-1])
    return category == pattern or category.startswith(f"{pattern}.")


# --- looking --------------------------------------------------------------------------------------------------------

REACH = 12  # words of a term that are held within so many of a text are near one another
_Numbered = list[tuple[tuple[str, ...], int]]
_ByNext = dict[str, _Numbered]


class Index:
    """The distinct slots of all profiles at hand, numbered, to be looked up in texts. Built first, then used."""

    def __init__(self, slots: Iterable[Slot]) -> None:
        self.numbers: dict[Slot, int] = {}
        self._phrases: dict[str, _ByNext] = {}  # by their first two words
        self._authors: defaultdict[str, _Numbered] = defaultdict(list)  # by family name
        self._categories: dict[str, int] = {}
        self._prefix_lengths: set[int] = set()
        self._of_word: dict[Forms, tuple[tuple[int, ...], tuple[_ByNext, ...]]] = {}
        self._of_category: dict[str, tuple[int, ...]] = {}
        for slot in slots:
            if slot not in self.numbers:
                self._add(slot)

    def _add(self, slot: Slot) -> None:
        number = self.numbers[slot] = len(self.numbers)
        match slot.sort:
            case Sort.PREFIX:
                self._prefix_lengths.add(len(slot.keys[0]))
            case Sort.PHRASE:
                first, second, *_ = slot.keys
                self._phrases.setdefault(first, {}).setdefault(second, []).append((slot.keys, number))
            case Sort.AUTHOR:
                for reading in names.readings(slot.keys):
                    self._authors[reading.family].append((reading.given, number))
            case Sort.CATEGORY:
                self._categories[slot.keys[0]] = number

    def hits(self, text: Text) -> dict[int, Hit]:
        """The slots that a text holds, by number."""
        title = Counter(self._in_words(text.title))
        abstract = Counter(self._in_words(text.abstract))
        found = {number: Hit(title[number], abstract[number]) for number in (*title, *abstract)}
        whole = chain(map(self.of_author, text.authors), map(self.of_category, text.categories))
        found.update(dict.fromkeys(chain.from_iterable(whole), Hit(1)))
        return found

    def places(self, words: tuple[Forms, ...]) -> dict[int, int]:
        """Where each single word or prefix is held, by number: bit n for the word n."""
        found: dict[int, int] = {}
        for at, forms in enumerate(words):
            for number in self.of_word(forms):
                found[number] = found.get(number, 0) | 1 << at
        return found

    def nearness(self, words: tuple[Forms, ...]) -> dict[int, int]:
        """The same spread: bit n if it is among the word n and those before it, `REACH` in all.

        So the numbers whose bits have one in common are held near one another.
        """
        return {number: _spread(bits, REACH) for number, bits in self.places(words).items()}

    def _in_words(self, words: tuple[Forms, ...]) -> Iterator[int]:
        for at, forms in enumerate(words):
            numbers, phrases = self._look_up(forms)
            yield from numbers
            for by_next in phrases:
                yield from _continued(words, at, by_next)

    def of_word(self, forms: Forms) -> tuple[int, ...]:
        """The numbers of the words and prefixes that one word of a text answers."""
        return self._look_up(forms)[0]

    def _look_up(self, forms: Forms) -> tuple[tuple[int, ...], tuple[_ByNext, ...]]:
        known = self._of_word.get(forms)
        if known is None:
            phrases = tuple(self._phrases[form] for form in forms if form in self._phrases)
            known = self._of_word[forms] = (tuple(self._answered(forms)), phrases)
        return known

    def _answered(self, forms: Forms) -> Iterator[int]:
        asked = [Slot(Sort.WORD, (form,)) for form in forms]
        if forms:
            plain = forms[1][1:]
            asked += [Slot(Sort.PREFIX, (plain[:n],)) for n in sorted(self._prefix_lengths) if n <= len(plain)]
        return (self.numbers[slot] for slot in asked if slot in self.numbers)

    def of_author(self, author: tuple[str, ...]) -> frozenset[int]:
        """The numbers of the names that an author may bear."""
        return frozenset(
            number
            for reading in names.readings(author)
            for given, number in self._authors.get(reading.family, ())
            if names.same_given(given, reading.given)
        )

    def of_category(self, category: str) -> tuple[int, ...]:
        """The numbers of the patterns that a category answers."""
        known = self._of_category.get(category)
        if known is None:
            matching = (n for pattern, n in self._categories.items() if category_matches(pattern, category))
            known = self._of_category[category] = tuple(matching)
        return known


def _spread(bits: int, length: int) -> int:
    """Each bit, and as many after it as make up the length."""
    done = 1
    while done < length:
        step = min(done, length - done)
        bits |= bits << step
        done += step
    return bits


def _continued(words: tuple[Forms, ...], at: int, by_next: _ByNext) -> Iterator[int]:
    """The numbers of the phrases that begin with the word `at` and go on as the text does."""
    for second in words[at + 1] if at + 1 < len(words) else ():
        for keys, number in by_next.get(second, ()):
            rest = words[at + 2 : at + len(keys)]
            if len(rest) == len(keys) - 2 and all(key in forms for key, forms in zip(keys[2:], rest, strict=True)):
                yield number
