"""Why listings match: reasons that add up to their scores."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from digest.model import Listing, Reason
from digest.ranking import names
from digest.ranking.bm25f import Floats
from digest.ranking.features import Slot, Sort
from digest.ranking.lists import Booleans, Integers, Lists
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
        self._plain = [_plain(slot) for slot in matcher.slots.all]

    def reasons(self, profiles: Lists, picked: Picked) -> list[tuple[Reason, ...]]:
        """The reasons of each pick for its profile's terms, largest first; they add up to its score."""
        sums: list[dict[tuple[str, str], float]] = [{} for _ in picked.scores]
        tokens: list[dict[tuple[str, str], tuple[str, ...]]] = [{} for _ in picked.scores]
        for pick, column, label, slot, field, raw in self._addends(profiles, picked):
            place, marked = (label, field), self._plain[slot]
            if marked is None:
                marked = self._marked(slot, column, field)
            raws, tokens_of = sums[pick], tokens[pick]
            if place in raws:
                raws[place] += raw
                tokens_of[place] += marked
            else:
                raws[place], tokens_of[place] = raw, marked
        return [_scaled(*row) for row in zip(sums, tokens, picked.scores, strict=True)]

    def _addends(self, profiles: Lists, picked: Picked) -> Iterator[tuple[int, int, str, int, str, float]]:
        """What each part of each term adds by each field: pick, column, label, slot, field, how much."""
        matcher, hits = self._matcher, self._matcher.lookup.hits
        pick, own = profiles.places(picked.rows)
        pair, addend = matcher.addends.places(profiles.values[own])
        where, held = hits.find(matcher.addends.values[addend], picked.columns[pick[pair]])
        held &= matcher.worths[addend] > 0
        where, pair, addend = where[held], pair[held], addend[held]
        pick, term, slot = pick[pair], profiles.values[own][pair], matcher.addends.values[addend]
        columns = picked.columns[pick]
        worths = matcher.worths[addend] * matcher.shares(addend, term, columns)
        numbers: list[Integers | Floats | Booleans] = [pick, columns, term, slot]
        for shares in (hits.title, hits.abstract):
            numbers += [worths * shares[where], self._all_of_it(pair, term, slot, columns, shares[where] > 0)]
        for a_pick, column, a_term, a_slot, *fields in zip(*(array.tolist() for array in numbers), strict=True):
            asked = matcher.asked[a_term].term
            names_of_fields = _FIRST.get(asked.field, "title"), "abstract"
            for field, raw, whole in zip(names_of_fields, fields[::2], fields[1::2], strict=True):
                if raw:
                    label = asked.label if whole else _written(matcher.slots.all[a_slot], asked)
                    yield a_pick, column, label, a_slot, field, raw

    def _all_of_it(self, pair: Integers, term: Integers, slot: Integers, columns: Integers, held: Booleans) -> Booleans:
        """Whether the field that holds a slot holds its whole term; for a sentence, whether the text has enough of it."""
        matcher = self._matcher
        counted = held & ~matcher.is_phrase(slot)
        parts = np.bincount(pair[counted], minlength=int(pair.max(initial=0)) + 1)[pair]
        loose = np.array([asked.term.loose for asked in matcher.asked], dtype=bool)[term]
        whole: Booleans = matcher.in_full(term, columns) & (loose | (parts == matcher.parts.sizes[term]))
        return whole

    def _marked(self, number: int, column: int, field: str) -> tuple[str, ...]:
        """The keys of the words that matched, which is what rendering marks."""
        known = self._tokens.get((number, column, field))
        if known is None:
            known = self._found(self._matcher.slots.all[number], number, column, field)
            self._tokens[number, column, field] = known
        return known

    def _found(self, slot: Slot, number: int, column: int, field: str) -> tuple[str, ...]:
        if slot.sort is Sort.AUTHOR:
            borne = (name for name in self._listings[column].authors if names.same(slot.keys, names.parts(name)))
            return tuple(dict.fromkeys(key for name in borne for key in keys(name)))
        return self._matcher.lookup.words_at(number, column, title=field == "title")


_FIRST = {Field.AUTHOR: "authors", Field.CATEGORY: "categories"}  # what counts as title


def _plain(slot: Slot) -> tuple[str, ...] | None:
    """The keys of the words that match a slot, if the text need not be asked."""
    if slot.sort in (Sort.PHRASE, Sort.CATEGORY):  # the phrase's words are marked one by one
        return ()
    return slot.keys if slot.sort is Sort.WORD and len(slot.keys) == 1 and not slot.keys[0].startswith("=") else None


def _written(slot: Slot, term: Term) -> str:
    """One word of a term: nobody is told "flow matching" of a paper that matches point clouds."""
    for word in term.words:
        if word.keys == slot.keys:
            return word.written
    return term.label


def _scaled(
    sums: Mapping[tuple[str, str], float], tokens: Mapping[tuple[str, str], tuple[str, ...]], score: float
) -> tuple[Reason, ...]:
    """Reasons in the order of what they add, which is brought to add up to the score."""
    scale = score / (sum(sums.values()) or 1.0)
    ordered = sorted(sums, key=sums.__getitem__, reverse=True)
    return tuple(Reason(*place, sums[place] * scale, _distinct(tokens[place])) for place in ordered)


def _distinct(words: tuple[str, ...]) -> tuple[str, ...]:
    return words if len(words) < 2 else tuple(dict.fromkeys(words))
