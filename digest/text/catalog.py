"""Listings as full-text indexes hold them, and what is looked for in there: every word a token of plain ASCII letters and
digits, so that one index takes it as another does and no input is syntax.

The first letter of a token says what it is: `t` the key of a word of the title, `b` of the abstract; `u` and `v` the
same for its forms, as `=word` and `prefix*` ask for them; `f`, `i` and `g` an author by family name, by initial, by given
name; `c` a category. `d` is in every listing. What is neither a letter from a to y nor a digit is written as its number
between two z.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from digest.model import Listing
from digest.text import names
from digest.text.names import Name
from digest.text.tokens import Spelling, forms, words

VERSION = "1"  # of what is below and of `tokens`: a database whose index is of another is indexed anew

_LONGEST = 120  # characters of a token
_TITLE_WORDS, _ABSTRACT_WORDS, _AUTHORS, _READINGS = 300, 3_000, 500, 6
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxy0123456789")
FIELDS = ("t", "b")  # of a text
_FORMS = {"t": "u", "b": "v"}


@dataclass(frozen=True, slots=True)
class Token:
    """Listings that hold this token, or any that begins so."""

    text: str
    begins: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Listings that hold these tokens in a row."""

    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Every:
    """Listings that all of these find, and none of the others."""

    parts: tuple["Part", ...]
    without: tuple["Part", ...] = ()


@dataclass(frozen=True, slots=True)
class Either:
    """Listings that any of these finds."""

    parts: tuple["Part", ...]


Part = Token | Row | Every | Either

EVERYTHING = Token("d")


# --- writing ------------------------------------------------------------------------------------------------------


def written(listing: Listing) -> str:
    """The tokens of a listing, by spaces; those of each text in the order of its words."""
    title = words(listing.title)[:_TITLE_WORDS]
    abstract = words(listing.abstract or listing.summary or "")[:_ABSTRACT_WORDS]
    tags = [words(keyword)[:_TITLE_WORDS] for keyword in listing.keywords[:_AUTHORS]]
    return " ".join(
        chain(
            [EVERYTHING.text],
            _keys("t", title),
            _keys("b", abstract),
            *((EVERYTHING.text, *_keys("b", tag)) for tag in tags),
            _distinct("u", title),
            _distinct("v", chain(abstract, *tags)),
            dict.fromkeys(chain.from_iterable(map(_of_author, listing.authors[:_AUTHORS]))),
            dict.fromkeys(chain.from_iterable(map(_of_category, listing.categories))),
        )
    )


def encoded(text: str) -> str:
    """A text as letters and digits; what it begins with is what the answer begins with."""
    return "".join(c if c in _PLAIN else f"z{ord(c):x}z" for c in text)[:_LONGEST]


_encoded = lru_cache(maxsize=1 << 15)(encoded)


def _keys(field: str, spelt: Iterable[Spelling]) -> Iterator[str]:
    return (field + _encoded(word.key) for word in spelt)


def _distinct(field: str, spelt: Iterable[Spelling]) -> Iterable[str]:
    """The forms by which words are found as they are written, each once."""
    return dict.fromkeys(field + _encoded(form[1:]) for word in dict.fromkeys(spelt) for form in forms(word)[1:])


def _of_author(author: str) -> Iterator[str]:
    for reading in _readings(author):
        yield _family(reading.family)
        if reading.given:
            yield _initial(reading)
            yield _given(reading.family, reading.given[0])


def _of_category(category: str) -> Iterator[str]:
    parts = category.casefold().split(".")
    return (f"c{encoded('.'.join(parts[: n + 1]))}" for n in range(min(len(parts), _READINGS)))


def _readings(author: str) -> list[Name]:
    """Which of the last parts of a name may be the family's."""
    return list(names.readings(names.parts(author)))[-_READINGS:]


def _family(family: str) -> str:
    return f"f{encoded(family)}"


def _initial(reading: Name) -> str:
    return f"i{encoded(f'{reading.family} {reading.given[0][0]}')}"


def _given(family: str, given: str) -> str:
    return f"g{encoded(f'{family} {given}')}"


# --- looking ------------------------------------------------------------------------------------------------------


def word(key: str, fields: Sequence[str] = FIELDS) -> Part:
    """A word by its key, or by a form if that begins with "="."""
    return _either([Token(token(key, field)) for field in fields])


def beginning(prefix: str, fields: Sequence[str] = FIELDS) -> Part:
    """Any word that begins so, in lower case."""
    return _either([Token(_FORMS[field] + encoded(prefix), begins=True) for field in fields])


def row(keys: Sequence[str], fields: Sequence[str] = FIELDS) -> Part:
    """Words in a row, by their keys. Forms, which have no place of their own, are only looked for."""
    if any(key.startswith("=") for key in keys):
        return Every(tuple(word(key, fields) for key in keys))
    if len(keys) == 1:
        return word(keys[0], fields)
    return _either([Row(tuple(token(key, field) for key in keys)) for field in fields])


def author(parts: tuple[str, ...]) -> Part:
    """A person, by `names.parts`: by the first of the given names as far as both spell it out."""
    return _either([_person(reading) for reading in list(names.readings(parts))[-_READINGS:]])


def _person(asked: Name) -> Part:
    if not asked.given:
        return Token(_family(asked.family))
    given = asked.given[0]
    if len(given) == 1:
        return Token(_initial(asked))
    return Either((Token(_given(asked.family, given)), Token(_given(asked.family, given[0]))))


def category(name: str) -> Part:
    """A category, or all that are in it: `cs.CL`, `cs`, `cs.*`."""
    return Token(f"c{encoded(name.casefold().removesuffix('*').rstrip('.'))}")


def token(key: str, field: str) -> str:
    """A word of a field by its key, or by a form if that begins with "="."""
    return _FORMS[field] + encoded(key[1:]) if key.startswith("=") else field + encoded(key)


def _either(parts: Sequence[Part]) -> Part:
    return parts[0] if len(parts) == 1 else Either(tuple(parts))
