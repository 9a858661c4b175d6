"""What somebody types into the search, read in the profile language: what the index is asked for. Pure.

All terms must be found, `-` ones must not; `|` is "or". Words without quotes may stand anywhere in title and abstract, or be
an author's; words in quotes, with hyphens or with a sign stand in a row. `source:` and `kind:` ask for how a paper was
announced. What cannot be read in this language is read as plain words.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, product

from digest.model import Kind
from digest.ranking.query import parse_text
from digest.ranking.reading import reading
from digest.ranking.term import Field, Match, Sign, Term, Word
from digest.text import catalog, names
from digest.text.catalog import FIELDS, Either, Every, Part
from digest.text.closeness import Wanted
from digest.text.tokens import Spelling, words

LONGEST = 500  # characters
_MOST_TERMS, _MOST_WORDS, _MOST_SPELLINGS = 12, 24, 8
_IN = {Field.TITLE: ("t",), Field.ABSTRACT: ("b",)}
_TEXT = (Field.ANY, Field.TITLE, Field.ABSTRACT)


@dataclass(frozen=True, slots=True)
class Query:
    """A search, read."""

    part: Part | None  # what is found; None: nothing was asked
    titles: Part  # what of it is found by its title
    wanted: tuple[Wanted, ...]  # what makes a paper a close answer
    begins: tuple[str, ...] = ()  # what words that are marked begin with
    sources: frozenset[str] = frozenset()
    kinds: frozenset[Kind] = frozenset()
    readings: tuple[tuple[str, str], ...] = ()  # each term as written, and how it was read
    faults: tuple[str, ...] = ()  # what could not be read, and what to write instead

    @property
    def keys(self) -> tuple[str, ...]:
        """Of the words that are looked for."""
        return tuple(dict.fromkeys(key for one in self.wanted for key in one.keys))


NOTHING = Query(None, catalog.EVERYTHING, ())


def asked(text: str) -> Query:
    """What a text of at most `LONGEST` characters looks for."""
    found, errors = parse_text(text[:LONGEST])
    terms = [_bounded(term) for term in found[:_MOST_TERMS]]
    faults = tuple(error.what for error in errors)
    if not terms:
        return _plain(text[:LONGEST], faults)
    sought = [term for term in terms if term.field not in (Field.SOURCE, Field.KIND)]
    wanted = [term for term in sought if term.sign is not Sign.NEVER]
    return Query(
        part=Every(tuple(map(_part, wanted)), tuple(_part(term) for term in sought if term.sign is Sign.NEVER)),
        titles=Every(tuple(_part(_of_title(term)) for term in wanted)),
        wanted=tuple(chain.from_iterable(map(_wanted, wanted))),
        begins=tuple(one.keys[0] for term in wanted for one in _each(term) if one.match is Match.PREFIX),
        sources=frozenset(_named(terms, Field.SOURCE)),
        kinds=frozenset(map(Kind, _named(terms, Field.KIND))),
        readings=tuple((term.text, reading(term)) for term in terms),
        faults=faults,
    )


def _plain(text: str, faults: tuple[str, ...]) -> Query:
    spelt = list(dict.fromkeys(words(text)))[:_MOST_WORDS]
    if not spelt:
        return replace(NOTHING, faults=faults if text.strip() else ())
    return Query(
        part=Every(tuple(map(_typed, spelt))),
        titles=Every(tuple(catalog.word(word.key, ("t",)) for word in spelt)),
        wanted=(Wanted(tuple(word.key for word in spelt)),),
        faults=faults,
    )


def _typed(word: Spelling) -> Part:
    return Either((catalog.word(word.key), catalog.author((word.word,))))


def _bounded(term: Term) -> Term:
    """What is beyond is not looked for: a page that was pasted in whole is found by its beginning."""
    alternatives = tuple(map(_bounded, term.alternatives[:_MOST_TERMS]))
    return replace(term, words=term.words[:_MOST_WORDS], alternatives=alternatives)


def _named(terms: Iterable[Term], field: Field) -> Iterator[str]:
    """What a field of announcements may be; who excludes one excludes nothing here."""
    for term in terms:
        if term.sign is not Sign.NEVER:
            yield from (one.keys[0] for one in _each(term) if one.field is field)


def _each(term: Term) -> tuple[Term, ...]:
    return term.alternatives or (term,)


# --- one term -----------------------------------------------------------------------------------------------------


def _part(term: Term) -> Part:
    if term.alternatives:
        strict = replace_all(term.alternatives, sign=term.sign)
        return Either(tuple(map(_part, strict)))
    match term.field:
        case Field.AUTHOR:
            return catalog.author(term.keys)
        case Field.CATEGORY:
            return catalog.category(term.keys[0])
        case Field.SOURCE | Field.KIND:
            return catalog.EVERYTHING
    return _of_text(term, _IN.get(term.field, FIELDS))


def replace_all(terms: Iterable[Term], *, sign: Sign) -> Iterator[Term]:
    """The alternatives of a group with its sign."""
    return (replace(term, sign=sign) for term in terms)


def _of_text(term: Term, fields: Sequence[str]) -> Part:
    if term.match is Match.PREFIX:
        return catalog.beginning(term.keys[0], fields)
    if _is_row(term):
        spellings = islice(product(*(word.keys for word in term.words)), _MOST_SPELLINGS)
        return Either(tuple(catalog.row(keys, fields) for keys in spellings))
    is_free = term.field is Field.ANY and term.match is Match.WORDS
    return Every(tuple(_word(word, fields, is_free=is_free) for word in dict.fromkeys(term.content)))


def _is_row(term: Term) -> bool:
    """Whether its words are to stand in a row: in quotes, hyphenated, or marked."""
    is_one = not any(character.isspace() for character in term.label.strip())
    return term.sign is not Sign.WANT or '"' in term.text or (is_one and len(term.words) > 1)


def _word(word: Word, fields: Sequence[str], *, is_free: bool) -> Part:
    found = [catalog.word(key, fields) for key in word.keys]
    person = names.parts(word.written) if is_free else ()
    return Either((*found, catalog.author(person))) if len(person) == 1 else Either(tuple(found))


def _of_title(term: Term) -> Term:
    """The same of titles alone."""
    if term.alternatives:
        return replace(term, alternatives=tuple(map(_of_title, term.alternatives)))
    return replace(term, field=Field.TITLE) if term.field is Field.ANY else term


def _wanted(term: Term) -> Iterator[Wanted]:
    for one in _each(term):
        if one.field in _TEXT and one.match is not Match.PREFIX:
            yield Wanted(tuple(word.key for word in one.content), term.weight)
            acronyms = tuple(word.acronym for word in one.content if word.acronym)
            if acronyms:
                yield Wanted(acronyms, term.weight)
