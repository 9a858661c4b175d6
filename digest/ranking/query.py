"""The profile language: one keyword line to one term.

    line     = [sign] [field ":"] body ["^" weight]
    sign     = "+" (must)  |  "-" (never)
    field    = "title" | "abstract" | "author" | "category"
    body     = word  |  several words  |  '"' a phrase '"'  |  prefix "*"  |  "=" Exact

Several words are a phrase with or without quotes, and so is a hyphenated word: `f-divergence`. Without quotes or a
sign, more than four words that say anything are a plain sentence: it is matched by a title or an abstract that holds
half of what they are worth together, wherever they stand. A word matches all its inflections, and in lower case also
the acronym of the same letters: `rouge` finds ROUGE, though not the other way round; `prefix*` (at least three letters) every word that begins so; `=Exact` only the form as written, where a
form all in capitals (`=GAN`) keeps its case. Authors are matched without accents and by initials as far as these go;
`category:cs.*` and `category:cs` are every category of that archive. A weight multiplies what the term is worth; an
exclusion needs none. Typographic quotes and dashes read as the plain ones that a phone turned into them.
"""

import math
import re
from collections.abc import Iterable
from difflib import get_close_matches
from itertools import pairwise
from typing import NoReturn

from digest.errors import ProfileError
from digest.ranking import names
from digest.ranking.term import Field, Match, Sign, Term, Word
from digest.text.tokens import Token, forms, tokenize


def parse_profile(lines: Iterable[str]) -> tuple[list[Term], list[ProfileError]]:
    """The terms of a profile, and the faults of the lines that could not be read. Blank and repeated lines are skipped."""
    terms, errors = [], []
    for line in dict.fromkeys(line for line in lines if line.strip()):
        try:
            terms.append(parse(line))
        except ProfileError as error:
            errors.append(error)
    return terms, errors


def parse(line: str) -> Term:
    """One keyword line as a term.

    Raises:
        ProfileError: the line cannot be read; says where and what to write instead.
    """
    return _Reading(line).term()


# --- reading ------------------------------------------------------------------------------------------------------

_SIGNS = {"+": Sign.MUST} | dict.fromkeys("-\u2010\u2011\u2012\u2013\u2212\uff0d", Sign.NEVER)
# What keyboards and phones make of a plain quote; each stays one character, so that columns stay true.
_PLAIN = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02", '"'))
_FIELD = re.compile(r"([^\W\d_]+)\s*:(?!//)(\s*)")
_WEIGHT = re.compile(r"\^\s*([^\s^]*)\s*$")
_FIELDS = {field.value: field for field in Field if field is not Field.ANY}
_ELSEWHERE = {"source": "which sources to read is set by `sources`, not by a keyword"}
_HEAVIEST = 100.0
_SHORTEST_PREFIX = 3
_LONGEST_PHRASE = 4


class _Reading:
    """One line, read from left to right; `_at` is the column reached."""

    def __init__(self, line: str) -> None:
        self._line = line
        self._text = line.translate(_PLAIN).rstrip()
        self._at = len(line) - len(line.lstrip())

    def term(self) -> Term:
        sign = self._sign()
        field = self._field()
        exact = self._exact()
        weight = self._weight()
        body = self._body()
        if exact and field in (Field.AUTHOR, Field.CATEGORY):
            self._fail(f"`=` is for words; {field} names are compared as they are, so leave it out", self._at - 1)
        match, words = self._words(field, body, exact=exact)
        bare = match is Match.WORDS and sign is Sign.WANT and not self._quoted
        loose = bare and len(words) > _LONGEST_PHRASE and self._is_sentence(field, body)
        return Term(self._line.strip(), body, field, match, words, sign, weight, loose)

    def _fail(self, what: str, column: int | None = None) -> NoReturn:
        raise ProfileError(self._line, self._at if column is None else column, what)

    def _sign(self) -> Sign:
        first = self._text[self._at : self._at + 1]
        sign = _SIGNS.get(first, Sign.WANT)
        if sign is not Sign.WANT:
            self._at += 1
            if self._text[self._at : self._at + 1].isspace():  # a pasted list of "- diffusion" must not exclude it all
                self._fail(f"write `{first}term` without a space, or leave the `{first}` out if it only starts a list")
        return sign

    def _exact(self) -> bool:
        if not self._text.startswith("=", self._at):
            return False
        self._at += 1
        if (found := _FIELD.match(self._text, self._at)) and found.group(1).lower() in _FIELDS:
            self._fail(f"the field goes first: `{found.group(1)}:=...`", self._at - 1)
        return True

    def _field(self) -> Field:
        found = _FIELD.match(self._text, self._at)
        if not found:
            return Field.ANY
        name = found.group(1).lower()
        if name not in _FIELDS:
            self._unknown_field(name, prose=bool(found.group(2)))
            return Field.ANY
        self._at = found.end()
        return _FIELDS[name]

    def _unknown_field(self, name: str, *, prose: bool) -> None:
        if name in _ELSEWHERE:
            self._fail(f"`{name}:` is not a field: {_ELSEWHERE[name]}")
        near = [known for known in _FIELDS if known.startswith(name)] or get_close_matches(
            name, _FIELDS, n=1, cutoff=0.7
        )
        if near:
            self._fail(f"there is no field `{name}:`; did you mean `{near[0]}:`?")
        if not prose:  # "Foundation: a survey" is a title; "foo:bar" is a mistake
            known = ", ".join(f"`{field}:`" for field in _FIELDS)
            self._fail(
                f"there is no field `{name}:`; the fields are {known}. To search for the text itself, put it in quotes"
            )

    def _weight(self) -> float:
        """The weight at the end of the line, which is then cut off."""
        tail = self._text.rfind('"') + 1
        found = _WEIGHT.search(self._text, max(tail, self._at))
        if not found:
            return 1.0
        weight = self._number(found.group(1), found.start())
        self._text = self._text[: found.start()].rstrip()
        return weight

    def _number(self, written: str, column: int) -> float:
        try:
            weight = float(written)
        except ValueError:
            weight = math.nan
        if not math.isfinite(weight):
            self._fail(f"`^{written}` is not a weight: write a number, as in `^2` or `^0.5`", column)
        if weight < 0:
            self._fail("a weight cannot be negative: to exclude a term, use `-term`", column)
        if weight == 0:
            self._fail("a weight of 0 would do nothing: leave the line out, or exclude the term with `-term`", column)
        if weight > _HEAVIEST:
            self._fail(f"`^{written}` is too much: weights go up to {_HEAVIEST:g}", column)
        return weight

    def _body(self) -> str:
        rest = self._text[self._at :]
        if not rest.startswith('"'):
            if (quote := rest.find('"')) >= 0:
                self._fail("quotes go around the whole term; put each term on a line of its own", self._at + quote)
            return rest.strip()
        end = rest.find('"', 1)
        if end < 0:
            self._fail('this quote is never closed: add a `"` at the end of the phrase')
        if after := rest[end + 1 :].strip():
            what = "a prefix is a single word, without quotes" if after == "*" else "put each term on a line of its own"
            self._fail(f"after the closing quote only a weight like `^2` may follow; {what}", self._at + end + 1)
        self._at += 1
        return rest[1:end].strip()

    def _words(self, field: Field, body: str, *, exact: bool) -> tuple[Match, tuple[Word, ...]]:
        if field is Field.CATEGORY:
            return self._category(body)
        if field is Field.AUTHOR:
            return self._author(body)
        if exact:
            return Match.EXACT, tuple(Word(forms(token)[-1], token.surface) for token in self._tokens(body))
        if "*" in body and self._text.endswith("*") and not self._quoted:
            return self._prefix(body)
        return Match.WORDS, self._phrase(body)

    @property
    def _quoted(self) -> bool:
        return self._text[self._at - 1 : self._at] == '"'

    def _is_sentence(self, field: Field, body: str) -> bool:
        if field in (Field.AUTHOR, Field.CATEGORY):
            return False
        tokens = self._tokens(body)
        apart = tokens[:1] + [two for one, two in pairwise(tokens) if one.end <= two.start]  # Chinese overlaps
        return len({token.key for token in apart if not _is_common(token, body)}) > _LONGEST_PHRASE

    def _tokens(self, body: str) -> list[Token]:
        tokens = tokenize(body)
        if not tokens:
            self._fail("there is no word to look for here" if body else "there is nothing to look for: write a word")
        return tokens

    def _category(self, body: str) -> tuple[Match, tuple[Word, ...]]:
        pattern = body.casefold()
        stem = pattern.removesuffix("*")
        if not stem.strip(".") or "*" in stem:
            self._fail("write a category like `cs.LG`, or a whole archive like `cs.*`")
        return (Match.WORDS if stem == pattern else Match.PREFIX), (Word(pattern, body),)

    def _author(self, body: str) -> tuple[Match, tuple[Word, ...]]:
        if "*" in body:
            self._fail("names are matched whole: leave the `*` out; the family name alone is enough")
        parts = names.parts(body)
        if not any(part != names.COMMA for part in parts):
            self._fail('whose papers? Write a name, as in `author:"Yann LeCun"`')
        return Match.WORDS, tuple(Word(part, part) for part in parts)

    def _prefix(self, body: str) -> tuple[Match, tuple[Word, ...]]:
        tokens = self._tokens(body)
        if len(tokens) > 1 or body.count("*") > 1:
            self._fail("a prefix is a single word with one `*` at its end")
        prefix = tokens[0].word
        if len(prefix) < _SHORTEST_PREFIX:
            self._fail(f"`{body}` would match too much: a prefix needs at least {_SHORTEST_PREFIX} letters")
        return Match.PREFIX, (Word(prefix, body),)

    def _phrase(self, body: str) -> tuple[Word, ...]:
        words = [_word(token, body) for token in self._tokens(body)]
        while words and words[0].common:
            words.pop(0)
        while words and words[-1].common:
            words.pop()
        if not words:
            self._fail(f"`{body}` is in nearly every text: add a word that is not")
        return tuple(words)


def _word(token: Token, body: str) -> Word:
    lower = token.key != token.word and _ACRONYM.fullmatch(token.word)
    return Word(token.key, token.surface, _is_common(token, body), token.word if lower else "")


_ACRONYM = re.compile(r"[a-z0-9]{2,6}")  # what `digest.text.tokens` takes for one when it is written in capitals


def _is_common(token: Token, body: str) -> bool:
    """Whether it says nothing about a paper. Capitals do (IT, US, WHO), and so does a letter tied to more (A*, A/B)."""
    if len(token.word) == 1:
        return token.word in _STOP_WORDS and not _TIE.match(body, token.end)
    return token.word in _STOP_WORDS and not token.surface.isupper()


_TIE = re.compile(r"[*/+#\-\u2010\u2011]")
_STOP_WORDS = frozenset(
    """a about above after again all also am an and any are as at be because been before being between both but by can
    could did do does doing during each few for from further had has have having he her here hers him his how i if in
    into is it its itself just me more most my no nor not of off on once only or other our ours out over own same she
    should so some such than that the their theirs them then there these they this those through to too under until up
    very via was we were what when where which while who whom why will with would you your yours""".split()  # noqa: SIM905
)
