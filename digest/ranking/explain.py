"""Why listings match: reasons that add up to their scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

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


class _Addends(NamedTuple):
    """What each part of each term adds to each pick, by each field: of each a number."""

    pick: Integers
    label: Integers  # the term in whole, or behind all terms the addend of one
    slot: Integers
    in_abstract: Integers  # 0 or 1
    partial: Booleans  # the text does not hold the term in full
    raw: Floats


class Explainer:
    """Why listings match. Remembers which words of each listing each slot is held by."""

    def __init__(self, matcher: Matcher, listings: Sequence[Listing]) -> None:
        self._matcher = matcher
        self._listings = listings
        self._tokens: dict[tuple[int, int, bool], tuple[str, ...]] = {}
        self._names: dict[tuple[int, bool], tuple[str, str]] = {}
        self._plain = [_plain(slot) for slot in matcher.slots.all]

    def reasons(self, profiles: Lists, picked: Picked) -> list[tuple[Reason, ...]]:
        """The reasons of each pick for its profile's terms, largest first; they add up to its score."""
        addends = self._addends(profiles, picked)
        raws = np.bincount(addends.pick, addends.raw, len(picked.scores))
        codes = (addends.pick * (addends.label.max(initial=0) + 1) + addends.label) * 2 + addends.in_abstract
        _, first, reason = np.unique(codes, return_index=True, return_inverse=True)
        sums = np.bincount(reason, addends.raw).astype(float)  # of nothing it gives integers
        pick = addends.pick[first]
        sums *= np.divide(picked.scores, raws, where=raws > 0, out=np.ones(len(raws)))[pick]
        order = np.lexsort((first, -sums, pick))
        tokens = self._marked(addends, picked.columns, reason, len(first))
        made = [
            Reason(*self._named(label, in_abstract=in_abstract), worth, _distinct(tokens[number]), partial=partial)
            for label, in_abstract, partial, worth, number in zip(
                *(of[first][order].tolist() for of in (addends.label, addends.in_abstract, addends.partial)),
                sums[order].tolist(),
                order.tolist(),
                strict=True,
            )
        ]
        ends = np.searchsorted(pick[order], np.arange(len(picked.scores) + 1)).tolist()
        return [tuple(made[start:end]) for start, end in pairwise(ends)]

    def _addends(self, profiles: Lists, picked: Picked) -> _Addends:
        matcher, hits = self._matcher, self._matcher.lookup.hits
        pick, own = profiles.places(picked.rows)
        pair, addend = matcher.addends.places(profiles.values[own])
        where, held = hits.find(matcher.addends.values[addend], picked.columns[pick[pair]])
        held &= matcher.worths[addend] > 0
        where, pair, addend = where[held], pair[held], addend[held]
        pick, term, slot = pick[pair], profiles.values[own][pair], matcher.addends.values[addend]
        columns = picked.columns[pick]
        worths = matcher.worths[addend] * matcher.shares(addend, term, columns)
        partial = ~matcher.in_full(term, columns)
        fields: list[tuple[Any, ...]] = []
        for shares in (hits.title[where], hits.abstract[where]):
            whole = self._all_of_it(pair, term, slot, columns, shares > 0)
            label = np.where(whole, term, len(matcher.asked) + addend)
            fields.append((pick, label, slot, np.full(len(pick), len(fields)), partial, worths * shares))
        joined = [np.stack(both, axis=1).ravel() for both in zip(*fields, strict=True)]  # title and abstract in turn
        return _Addends(*(array[joined[-1] > 0] for array in joined))

    def _named(self, label: int, *, in_abstract: bool) -> tuple[str, str]:
        known = self._names.get((label, in_abstract))
        if known is None:
            known = self._names[label, in_abstract] = self._name(label), self._field(label, in_abstract=in_abstract)
        return known

    def _name(self, label: int) -> str:
        """A term in whole, or the word of it that an addend is for."""
        matcher = self._matcher
        if label < len(matcher.asked):
            return matcher.asked[label].term.label
        addend = label - len(matcher.asked)
        return _written(matcher.slots.all[int(matcher.addends.values[addend])], self._term(label))

    def _term(self, label: int) -> Term:
        matcher = self._matcher
        terms = len(matcher.asked)
        return matcher.asked[
            label if label < terms else int(np.searchsorted(matcher.addends.ends, label - terms, side="right")) - 1
        ].term

    def _field(self, label: int, *, in_abstract: bool) -> str:
        return "abstract" if in_abstract else _FIRST.get(self._term(label).field, "title")

    def _all_of_it(self, pair: Integers, term: Integers, slot: Integers, columns: Integers, held: Booleans) -> Booleans:
        """Whether the field that holds a slot holds its whole term; for a sentence, whether the text has enough of it."""
        matcher = self._matcher
        counted = held & ~matcher.is_phrase(slot)
        parts = np.bincount(pair[counted], minlength=int(pair.max(initial=0)) + 1)[pair]
        loose = np.array([asked.term.loose for asked in matcher.asked], dtype=bool)[term]
        whole: Booleans = matcher.in_full(term, columns) & (loose | (parts == matcher.parts.sizes[term]))
        return whole

    def _marked(self, addends: _Addends, columns: Integers, reason: Integers, reasons: int) -> list[tuple[str, ...]]:
        """Per reason the keys of the words that matched, which is what rendering marks."""
        marked: list[tuple[str, ...]] = [()] * reasons
        rows = (reason, addends.slot, columns[addends.pick], addends.in_abstract)
        for number, slot, column, in_abstract in zip(*(array.tolist() for array in rows), strict=True):
            tokens = self._plain[slot]
            if tokens is None:
                tokens = self._tokens.get((slot, column, in_abstract))
            if tokens is None:
                tokens = self._found(slot, column, in_abstract=in_abstract)
                self._tokens[slot, column, in_abstract] = tokens
            marked[number] += tokens
        return marked

    def _found(self, number: int, column: int, *, in_abstract: bool) -> tuple[str, ...]:
        slot = self._matcher.slots.all[number]
        if slot.sort is Sort.AUTHOR:
            borne = (name for name in self._listings[column].authors if names.same(slot.keys, names.parts(name)))
            return tuple(dict.fromkeys(key for name in borne for key in keys(name)))
        return self._matcher.lookup.words_at(number, column, title=not in_abstract)


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


def _distinct(words: tuple[str, ...]) -> tuple[str, ...]:
    return words if len(words) < 2 else tuple(dict.fromkeys(words))
