"""Why listings match: reasons that add up to their scores."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from digest.model import Listing, Reason
from digest.ranking import names
from digest.ranking.features import Slot, Sort
from digest.ranking.lists import Integers, Lists
from digest.ranking.matcher import Matcher
from digest.ranking.term import Field, Term
from digest.text.tokens import keys


@dataclass(frozen=True, slots=True)
class Picked:
    """Listings chosen, each for a profile."""

    rows: Integers
    columns: Integers
    scores: Sequence[float]


class Explainer:
    """Why listings match. Remembers which words of each listing each slot is held by."""

    def __init__(self, matcher: Matcher, listings: Sequence[Listing]) -> None:
        self._matcher = matcher
        self._listings = listings
        self._tokens: dict[tuple[int, int, str], tuple[str, ...]] = {}

    def reasons(self, profiles: Lists, picked: Picked) -> list[tuple[Reason, ...]]:
        """The reasons of each pick for its profile's terms, largest first; they add up to its score."""
        reasons: list[tuple[Reason, ...]] = [()] * len(picked.scores)
        for pick, addends in groupby(self._addends(profiles, picked), itemgetter(0)):
            reasons[pick] = self._summed(addends, picked.scores[pick])
        return reasons

    def _addends(self, profiles: Lists, picked: Picked) -> Iterator[tuple[int, int, int, int, bool, float, float]]:
        """What each part of each term adds: pick, column, term, slot, whether in full, by title and by abstract."""
        matcher, hits = self._matcher, self._matcher.lookup.hits
        pick, own = profiles.places(picked.rows)
        asking, addend = matcher.addends.places(profiles.values[own])
        pick, term = pick[asking], profiles.values[own][asking]
        slot = matcher.addends.values[addend]
        where, held = hits.find(slot, picked.columns[pick])
        held &= matcher.worths[addend] > 0
        where, pick, term, slot, addend = where[held], pick[held], term[held], slot[held], addend[held]
        columns = picked.columns[pick]
        worths = matcher.worths[addend] * matcher.shares(addend, term, columns)
        in_full = matcher.in_full(term, columns)
        title, abstract = worths * hits.title[where], worths * hits.abstract[where]
        return zip(*(array.tolist() for array in (pick, columns, term, slot, in_full, title, abstract)), strict=True)

    def _summed(
        self, addends: Iterator[tuple[int, int, int, int, bool, float, float]], score: float
    ) -> tuple[Reason, ...]:
        raw: dict[tuple[str, str], float] = {}
        tokens: dict[tuple[str, str], dict[str, None]] = {}
        for _, column, number, slot, in_full, *worths in addends:
            term = self._matcher.asked[number].term
            label = term.label if in_full else _written(self._matcher.slots.all[slot], term)
            for field, worth in zip(_fields(term), worths, strict=True):
                if worth:
                    place = label, field
                    raw[place] = raw.get(place, 0.0) + worth
                    tokens.setdefault(place, {}).update(dict.fromkeys(self._marked(slot, column, field)))
        scale = score / sum(raw.values())
        ordered = sorted(raw, key=lambda place: -raw[place])
        return tuple(Reason(*place, raw[place] * scale, tuple(tokens[place])) for place in ordered)

    def _marked(self, number: int, column: int, field: str) -> tuple[str, ...]:
        """The keys of the words that matched, which is what rendering marks."""
        slot = self._matcher.slots.all[number]
        match slot.sort:
            case Sort.PHRASE | Sort.CATEGORY:  # the phrase's words are marked one by one
                return ()
            case Sort.WORD if len(slot.keys) == 1 and not slot.keys[0].startswith("="):
                return slot.keys
        known = self._tokens.get((number, column, field))
        if known is None:
            known = self._tokens[number, column, field] = self._found(slot, number, column, field)
        return known

    def _found(self, slot: Slot, number: int, column: int, field: str) -> tuple[str, ...]:
        if slot.sort is Sort.AUTHOR:
            borne = (name for name in self._listings[column].authors if names.same(slot.keys, names.parts(name)))
            return tuple(dict.fromkeys(key for name in borne for key in keys(name)))
        return self._matcher.lookup.words_at(number, column, title=field == "title")


def _written(slot: Slot, term: Term) -> str:
    """One word of a term: nobody is told "flow matching" of a paper that matches point clouds."""
    return next((word.written for word in term.words if word.keys == slot.keys), term.label)


def _fields(term: Term) -> tuple[str, str]:
    """What the two contributions of a part are named."""
    match term.field:
        case Field.AUTHOR:
            return "authors", ""
        case Field.CATEGORY:
            return "categories", ""
    return "title", "abstract"
