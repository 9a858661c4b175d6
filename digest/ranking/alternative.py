"""What a term looks for and where: all of a keyword line but its sign and its weight."""

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from itertools import pairwise

from digest.model import Kind
from digest.ranking.common import is_common, is_common_in_sentence, opening
from digest.ranking.span import Span
from digest.ranking.term import Field, Match, Term, Word
from digest.text import names
from digest.text.tokens import Token, characters, forms, tokenize

Reading = tuple[Match, tuple[Word, ...]]

FIELDS = {field.value: field for field in Field if field is not Field.ANY}
LONGEST_PHRASE = 4  # words that say something; more without quotes are a sentence
SHORTEST_PREFIX = 3


def read(span: Span, *, free: bool) -> Term:
    """A term that is wanted, of weight 1. If it is `free`, many words without quotes are a sentence.

    Raises:
        ProfileError: it cannot be read.
    """
    field, rest = _field(span)
    exact, rest = _exact(rest)
    body, quoted = _body(rest)
    if field in _NAMED:
        if exact:
            raise rest.fault(f"`=` is for words; {field} names are compared as they are, so leave it out", -1)
        return _term(span, body, field, _NAMED[field](body))
    if exact:
        return _term(span, body, field, (Match.EXACT, tuple(Word(forms(t)[-1], t.surface) for t in _tokens(body))))
    if body.text.endswith("*") and not quoted and not _is_unspaced(body):
        return _term(span, body, field, _prefix(body))
    words, loose = _sentence(body) if free and not quoted else (_words(body), False)
    return _term(span, body, field, (Match.WORDS, words), loose=loose)


def near_field(name: str) -> str:
    """The field that was meant by an unknown one in lower case, or nothing."""
    begun = [known for known in FIELDS if len(name) > 1 and known.startswith(name)]
    return next(iter(begun or get_close_matches(name, FIELDS, n=1, cutoff=0.7)), "")


def _term(span: Span, body: Span, field: Field, reading: Reading, *, loose: bool = False) -> Term:
    return Term(span.written, body.text, field, *reading, loose=loose)


# --- the marks ----------------------------------------------------------------------------------------------------

FIELD = re.compile(r"([^\W\d_]+)\s*:(?!//)(\s*)")


def _field(span: Span) -> tuple[Field, Span]:
    found = FIELD.match(span.text)
    if not found:
        return Field.ANY, span
    name = found.group(1).lower()
    if name not in FIELDS:
        _refuse_field(span, name, prose=bool(found.group(2)))
        return Field.ANY, span
    return FIELDS[name], span.part(found.end())


def _refuse_field(span: Span, name: str, *, prose: bool) -> None:
    if near := near_field(name):
        raise span.fault(f"there is no field `{name}:`; did you mean `{near}:`?")
    if not prose:  # "Foundation: a survey" is a title; "foo:bar" is a mistake
        known = ", ".join(f"`{field}:`" for field in FIELDS)
        raise span.fault(
            f"there is no field `{name}:`; the fields are {known}. To search for the text itself, put it in quotes"
        )


def _exact(span: Span) -> tuple[bool, Span]:
    if not span.text.startswith("="):
        return False, span
    rest = span.part(1)
    if (found := FIELD.match(rest.text)) and found.group(1).lower() in FIELDS:
        raise span.fault(f"the field goes first: `{found.group(1)}:=...`")
    return True, rest


def _body(span: Span) -> tuple[Span, bool]:
    """What is to be looked for, and whether it stood in quotes."""
    text = span.text
    if not text.startswith('"'):
        if (quote := text.find('"')) >= 0:
            raise span.fault("quotes go around the whole term; put each term on a line of its own", quote)
        return span, False
    end = text.find('"', 1)
    if end < 0:
        raise span.fault('this quote is never closed: add a `"` at the end of the phrase')
    if after := text[end + 1 :].strip():
        what = "a prefix is a single word, without quotes" if after == "*" else "put each term on a line of its own"
        raise span.fault(f"after the closing quote only a weight like `^2` or a `|` may follow; {what}", end + 1)
    return span.part(1, end), True


# --- names --------------------------------------------------------------------------------------------------------


def _author(body: Span) -> Reading:
    if "*" in body.text:
        raise body.fault("names are matched whole: leave the `*` out; the family name alone is enough")
    parts = names.parts(body.text)
    if not any(part != names.COMMA for part in parts):
        raise body.fault('whose papers? Write a name, as in `author:"Yann LeCun"`')
    return Match.WORDS, tuple(Word(part, part) for part in parts)


def _category(body: Span) -> Reading:
    pattern = body.text.casefold()
    stem = pattern.removesuffix("*")
    if not stem.strip(".") or "*" in stem:
        raise body.fault("write a category like `cs.LG`, or a whole archive like `cs.*`")
    return (Match.WORDS if stem == pattern else Match.PREFIX), (Word(pattern, body.text),)


def _source(body: Span) -> Reading:
    if not body.text or "*" in body.text:
        raise body.fault("write the whole name of a source as the configuration has it, as in `source:huggingface`")
    return Match.WORDS, (Word(body.text.casefold(), body.text),)


def _kind(body: Span) -> Reading:
    if (kind := body.text.lower()) not in set(Kind):
        known = ", ".join(f"`{known}`" for known in Kind)
        raise body.fault(f"`{body.text}` is not a kind of news; the kinds are {known}")
    return Match.WORDS, (Word(kind, body.text),)


_NAMED: dict[Field, Callable[[Span], Reading]] = {
    Field.AUTHOR: _author,
    Field.CATEGORY: _category,
    Field.SOURCE: _source,
    Field.KIND: _kind,
}


# --- words --------------------------------------------------------------------------------------------------------


def _tokens(body: Span) -> list[Token]:
    tokens = tokenize(body.text)
    if not tokens:
        raise body.fault(
            "there is no word to look for here" if body.text else "there is nothing to look for: write a word"
        )
    return tokens


def _is_unspaced(body: Span) -> bool:
    """Whether all is written without spaces, so that words are found inside of others anyway."""
    return all(characters(token.word) for token in _tokens(body))


def _prefix(body: Span) -> Reading:
    tokens = _tokens(body)
    if len(tokens) > 1 or body.text.count("*") > 1:
        raise body.fault("a prefix is a single word with one `*` at its end")
    prefix = tokens[0].word
    if len(prefix) < SHORTEST_PREFIX:
        raise body.fault(f"`{body.text}` would match too much: a prefix needs at least {SHORTEST_PREFIX} letters")
    return Match.PREFIX, (Word(prefix, body.text),)


def _words(body: Span) -> tuple[Word, ...]:
    tokens = _tokens(body)
    return _trimmed(body, [_word(token, common=is_common(token, body.text)) for token in tokens])


def _sentence(body: Span) -> tuple[tuple[Word, ...], bool]:
    """The words of a body without quotes, and whether they are a sentence, where words of mere talk are common."""
    text, tokens = body.text, _tokens(body)
    begin = opening(text)
    common = [token.start < begin or is_common(token, text) for token in tokens]
    loose = _telling(tokens, common) > LONGEST_PHRASE
    if loose:
        talk = [one or is_common_in_sentence(token, text) for one, token in zip(common, tokens, strict=True)]
        common = common if all(talk) else talk
    return _trimmed(body, [_word(token, common=one) for token, one in zip(tokens, common, strict=True)]), loose


def _telling(tokens: Sequence[Token], common: Sequence[bool]) -> int:
    """How many different words say something. Of Chinese pairs, which overlap, the first of a run counts."""
    apart = [True, *(one.end <= two.start for one, two in pairwise(tokens))]
    rows = zip(tokens, common, apart, strict=True)
    return len({token.key for token, is_common, counts in rows if counts and not is_common})


def _trimmed(body: Span, words: list[Word]) -> tuple[Word, ...]:
    """The words from the first to the last one that says something."""
    telling = [number for number, word in enumerate(words) if not word.common]
    if not telling:
        raise body.fault(f"`{body.text}` is in nearly every text: add a word that is not")
    return tuple(words[telling[0] : telling[-1] + 1])


def _word(token: Token, *, common: bool) -> Word:
    if len(characters(token.word)) == 1:  # texts hold pairs, and each pair under both of its characters
        return Word(f"={token.word}", token.surface, common)
    lower = token.key != token.word and _ACRONYM.fullmatch(token.word)
    return Word(token.key, token.surface, common, token.word if lower else "")


_ACRONYM = re.compile(r"[a-z0-9]{2,6}")  # what `digest.text.tokens` takes for one when it is written in capitals
