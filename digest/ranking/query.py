"""The profile language: one keyword line to one term, a free text to several.

    line        = [sign] alternative {"|" alternative} ["^" weight]
    sign        = "+" (must)  |  "-" (never)
    alternative = [field ":"] (word  |  several words  |  '"' a phrase '"'  |  prefix "*"  |  "=" Exact)
    field       = "title" | "abstract" | "author" | "category" | "source" | "kind"

Several words are a phrase with or without quotes, and so is a hyphenated word: `f-divergence`. Without quotes or a
sign, more than four words that say anything are a plain sentence: it is matched by a title or an abstract that holds
half of what they are worth together, wherever they stand. A word matches all its inflections, and in lower case also
the acronym of the same letters: `rouge` finds ROUGE, though not the other way round; `prefix*` (at least three letters) every word that begins so; `=Exact` only the form as written, where a
form all in capitals (`=GAN`) keeps its case. Authors are matched without accents and by initials as far as these go;
`category:cs.*` and `category:cs` are every category of that archive. A source and a kind of news are whole names.
Alternatives are a group, worth what the best of them is. A weight multiplies what the term is worth; an exclusion needs
none. Typographic quotes and dashes read as the plain ones that a phone turned into them.

How a free text is taken apart into lines says `digest.ranking.split`.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import replace

from digest.errors import ProfileError
from digest.ranking import alternative
from digest.ranking.span import Span
from digest.ranking.split import DASHES, split
from digest.ranking.term import Field, Match, Sign, Term


def parse_profile(lines: Iterable[str]) -> tuple[list[Term], list[ProfileError]]:
    """The terms of a profile, and the faults of the lines that could not be read. Blank and repeated lines are skipped."""
    terms, errors = [], []
    for line in dict.fromkeys(line for line in lines if line.strip()):
        try:
            terms.append(parse(line))
        except ProfileError as error:
            errors.append(error)
    return terms, errors


def parse_text(text: str) -> tuple[list[Term], list[ProfileError]]:
    """The terms of a free text, and the faults in it, by their column in the whole text.

    Plain prose is never a fault. The `text` of each term is a line that `parse` reads as the same term.
    """
    terms: dict[Term, None] = {}
    errors = []
    for piece in split(text):
        try:
            terms[parse(piece.text)] = None
        except ProfileError as error:
            errors.append(ProfileError(text, piece.column + error.column, error.what))
    if text.strip() and not terms and not errors:
        errors.append(ProfileError(text, 0, "there is no word to look for here: write a word that says what you read"))
    return list(terms), errors


def labels(lines: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """How reasons name each keyword line that can bring papers; a group goes by each of its alternatives."""
    terms, _ = parse_profile(lines)
    wanted = (term for term in terms if term.sign is not Sign.NEVER)
    return {term.text: (term.label, *(one.label for one in term.alternatives)) for term in wanted}


def parse(line: str) -> Term:
    """One keyword line as a term.

    Raises:
        ProfileError: the line cannot be read; says where and what to write instead.
    """
    span = Span.of(line)
    sign, rest = _sign(span)
    *earlier, last = _alternatives(rest)
    last, weight = _weight(last)
    spans = [*earlier, last]
    if earlier:
        _check_group(spans)
    terms = tuple(alternative.read(one, free=sign is Sign.WANT) for one in spans)
    term = _group(terms) if earlier else terms[0]
    return replace(term, text=line.strip(), sign=sign, weight=weight)


# --- sign and weight ----------------------------------------------------------------------------------------------

_SIGNS = {"+": Sign.MUST} | dict.fromkeys(DASHES, Sign.NEVER)
_WEIGHT = re.compile(r"\^\s*([^\s^]*)\s*$")
_HEAVIEST = 100.0


def _sign(span: Span) -> tuple[Sign, Span]:
    first = span.text[:1]
    sign = _SIGNS.get(first, Sign.WANT)
    if sign is Sign.WANT:
        return sign, span
    if span.text[1:2].isspace():  # a pasted list of "- diffusion" must not exclude it all
        raise span.fault(f"write `{first}term` without a space, or leave the `{first}` out if it only starts a list", 1)
    return sign, span.part(1)


def _weight(span: Span) -> tuple[Span, float]:
    """The weight at the end, and what is left without it."""
    text = span.text
    found = _WEIGHT.search(text, text.rfind('"') + 1)
    if not found:
        return span, 1.0
    return span.part(0, found.start()), _number(found.group(1), span.part(found.start()))


def _number(written: str, span: Span) -> float:
    try:
        weight = float(written)
    except ValueError:
        weight = math.nan
    if not math.isfinite(weight):
        raise span.fault(f"`^{written}` is not a weight: write a number, as in `^2` or `^0.5`")
    if weight < 0:
        raise span.fault("a weight cannot be negative: to exclude a term, use `-term`")
    if weight == 0:
        raise span.fault("a weight of 0 would do nothing: leave the line out, or exclude the term with `-term`")
    if weight > _HEAVIEST:
        raise span.fault(f"`^{written}` is too much: weights go up to {_HEAVIEST:g}")
    return weight


# --- groups -------------------------------------------------------------------------------------------------------

_BAR = re.compile(r'"[^"]*"?|(\|)')


def _alternatives(span: Span) -> list[Span]:
    """The parts between the bars that stand outside quotes."""
    text = span.text
    if "|" not in text:
        return [span]
    bars = [found.start() for found in _BAR.finditer(text) if found.group(1)]
    return [
        span.part(start, end) for start, end in zip([0, *(bar + 1 for bar in bars)], [*bars, len(text)], strict=True)
    ]


def _check_group(spans: Iterable[Span]) -> None:
    *earlier, last = spans
    for span in (*earlier, last):
        if not span.text:
            raise span.fault("an alternative is missing here: write one, or leave the `|` out")
    for span in earlier:
        if found := _WEIGHT.search(span.text, span.text.rfind('"') + 1):
            raise span.fault(
                "one weight counts for all alternatives: write it once, at the end of the line", found.start()
            )
    for span in (*earlier[1:], last):
        if span.text[0] in _SIGNS:
            raise span.fault("a sign counts for all alternatives: write it once, in front of the line")


def _group(terms: tuple[Term, ...]) -> Term:
    label = " | ".join(term.label for term in terms)
    return Term(label, label, Field.ANY, Match.WORDS, (), alternatives=terms)
