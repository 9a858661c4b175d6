"""What one line of a profile asks for."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Field(StrEnum):
    """Where a term looks."""

    ANY = "any"  # title and abstract
    TITLE = "title"
    ABSTRACT = "abstract"
    AUTHOR = "author"
    CATEGORY = "category"
    SOURCE = "source"  # the name of the source that announced it
    KIND = "kind"  # what sort of news it is, see `digest.model.Kind`


class Match(StrEnum):
    """How a term's words are compared with a text's."""

    WORDS = "words"
    PREFIX = "prefix"
    EXACT = "exact"


class Sign(StrEnum):
    """What a match means for a listing."""

    WANT = "want"
    MUST = "must"
    NEVER = "never"


class Word(NamedTuple):
    """One word of a term."""

    key: str  # what the texts are searched for, see `forms`
    written: str
    common: bool = False  # a stop word: part of a phrase, but worth nothing by itself
    acronym: str = ""  # the key of the same letters in capitals, if it is another: `rouge` also finds ROUGE

    @property
    def keys(self) -> tuple[str, ...]:
        """Any of these will do."""
        return (self.key, self.acronym) if self.acronym else (self.key,)


@dataclass(frozen=True, slots=True)
class Term:
    """One line of a profile."""

    text: str  # the line as written
    label: str  # the same for people: without sign, field, quotes and weight
    field: Field
    match: Match
    words: tuple[Word, ...]  # for an author, the parts of the name; for a category, source or kind, its name
    sign: Sign = Sign.WANT
    weight: float = 1.0
    loose: bool = False  # matched in full by the weightier half of its words
    alternatives: tuple["Term", ...] = ()  # of a group, which has no words itself: any of these will do; WANT, weight 1

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(word.key for word in self.words)

    @property
    def content(self) -> tuple[Word, ...]:
        """The words that are worth something by themselves."""
        return tuple(word for word in self.words if not word.common)
