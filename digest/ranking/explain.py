"""Why a listing matches: reasons that add up to its score."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from digest.model import Listing, Reason
from digest.ranking import names
from digest.ranking.corpus import Forms
from digest.ranking.features import Sort
from digest.ranking.matcher import Compiled, Matcher, Part
from digest.ranking.query import Field, Sign, Term
from digest.text.tokens import keys


@dataclass(frozen=True, slots=True)
class Addend:
    """What one part of a term adds to the raw score of a listing by one of its fields."""

    label: str
    field: str
    raw: float
    tokens: tuple[str, ...]


class Explainer:
    """Why listings match. Remembers what each term says of each listing, which many subscribers share."""

    def __init__(self, matcher: Matcher, listings: Sequence[Listing]) -> None:
        self._matcher = matcher
        self._listings = listings
        self._known: dict[tuple[int, int], tuple[Addend, ...]] = {}
        self._read: dict[int, Mapping[str, tuple[Sequence[Forms], Mapping[int, int]]]] = {}

    def reasons(self, terms: Sequence[int], column: int, score: float) -> tuple[Reason, ...]:
        """The reasons of one listing for a profile of these terms, largest first; they add up to `score`."""
        addends = [addend for number in terms for addend in self._addends(number, column)]
        raw: dict[tuple[str, str], float] = {}
        tokens: dict[tuple[str, str], dict[str, None]] = {}
        for addend in addends:
            place = addend.label, addend.field
            raw[place] = raw.get(place, 0.0) + addend.raw
            tokens.setdefault(place, {}).update(dict.fromkeys(addend.tokens))
        scale = score / (sum(raw.values()) or 1.0)
        ordered = sorted(raw, key=lambda place: -raw[place])
        return tuple(Reason(*place, raw[place] * scale, tuple(tokens[place])) for place in ordered)

    def _addends(self, number: int, column: int) -> tuple[Addend, ...]:
        known = self._known.get((number, column))
        if known is None:
            known = self._known[number, column] = tuple(self._explained(self._matcher.terms[number], column))
        return known

    def _explained(self, compiled: Compiled, column: int) -> Iterator[Addend]:
        if compiled.term.sign is Sign.NEVER or not self._matcher.shares(compiled, column):
            return
        in_full = self._matcher.in_full(compiled, column)
        for part, *worths in self._matcher.contributions(compiled, column):
            label = compiled.term.label if in_full else _written(part, compiled.term)
            for field, raw in zip(_fields(compiled.term), worths, strict=True):
                if raw:
                    yield Addend(label, field, raw, self._tokens(part, field, column))

    def _tokens(self, part: Part, field: str, column: int) -> tuple[str, ...]:
        """The keys of the words that matched, which is what rendering marks."""
        match part.slot.sort:
            case Sort.AUTHOR:
                return self._names(part, column)
            case Sort.PHRASE | Sort.CATEGORY:  # the phrase's words are marked one by one
                return ()
            case Sort.WORD if not part.slot.keys[0].startswith("="):
                return part.slot.keys
        words, places = self._places(column)[field]
        return tuple(dict.fromkeys(forms[0] for at, forms in enumerate(words) if places[part.number] >> at & 1))

    def _places(self, column: int) -> Mapping[str, tuple[Sequence[Forms], Mapping[int, int]]]:
        known = self._read.get(column)
        if known is None:
            text, places = self._matcher.texts[column], self._matcher.index.places
            known = {"title": (text.title, places(text.title)), "abstract": (text.abstract, places(text.abstract))}
            self._read[column] = known
        return known

    def _names(self, part: Part, column: int) -> tuple[str, ...]:
        of_author = self._matcher.index.of_author
        borne = [name for name in self._listings[column].authors if part.number in of_author(names.parts(name))]
        return tuple(dict.fromkeys(key for name in borne for key in keys(name)))


def _written(part: Part, term: Term) -> str:
    """One word of a term: nobody is told "flow matching" of a paper that matches point clouds."""
    return next(word.written for word in term.words if word.key == part.slot.keys[0])


def _fields(term: Term) -> tuple[str, str]:
    """What the two contributions of a part are named."""
    match term.field:
        case Field.AUTHOR:
            return "authors", ""
        case Field.CATEGORY:
            return "categories", ""
    return "title", "abstract"
