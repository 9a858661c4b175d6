"""Why listings match: reasons that add up to their scores."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from digest.model import Ground, Listing, Reason
from digest.ranking.bm25f import Floats
from digest.ranking.features import Asked, Slot, Sort
from digest.ranking.lines import Codes
from digest.ranking.lists import Integers
from digest.ranking.roster import Members
from digest.ranking.table import Table
from digest.ranking.term import Term
from digest.text import names
from digest.text.tokens import keys


@dataclass(frozen=True, slots=True)
class Picked:
    """Listings chosen, each for a profile."""

    rows: Integers
    columns: Integers
    scores: Floats


class _Meaning(NamedTuple):
    """What a detail's code says."""

    name: str
    field: str
    partial: bool
    ground: Ground
    tokens: tuple[str, ...] | None  # None: it depends on the text
    slots: tuple[Slot, ...]


class _Memory(dict[Any, Any]):
    """What was asked once, a little faster than `functools.cache`: there are six reasons a pick."""

    def __init__(self, make: Callable[[Any], Any]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: Any) -> Any:
        self[key] = made = self._make(key)
        return made


def largest_first(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Reasons of one pick as picks have them: the larger first, whatever their sign; equal ones stay as they are."""
    return tuple(sorted(reasons, key=lambda reason: -abs(reason.contribution)))


class Explainer:
    """Why listings match lines of a table. Remembers which words of each listing each of these is held by."""

    def __init__(self, table: Table, listings: Sequence[Listing]) -> None:
        self._table = table
        self._listings = listings
        self._meanings = _Memory(self._decoded)
        self._tokens = _Memory(self._held)

    def reasons(self, members: Members, picked: Picked) -> list[tuple[Reason, ...]]:
        """The reasons of each pick for its profile's lines, as `largest_first` has them; they add up to its score."""
        pick, line, codes, units = self._details(members, picked)
        raws = np.bincount(pick, units, len(picked.scores))
        scales = np.divide(picked.scores, raws, where=raws > 0, out=np.zeros(len(raws)))
        order = np.lexsort((codes, line, -np.abs(units), pick))
        pick, codes, worths = pick[order], codes[order], (units * scales[pick])[order]
        rows = (codes.tolist(), picked.columns[pick].tolist(), worths.tolist())
        made = []
        for code, column, worth in zip(*rows, strict=True):
            name, field, partial, ground, tokens, _ = self._meanings[code]
            tokens = self._tokens[code, column] if tokens is None else tokens
            made.append(Reason(name, field, worth, tokens, ground, partial))
        ends = np.searchsorted(pick, np.arange(len(picked.scores) + 1)).tolist()
        return [tuple(made[start:end]) for start, end in pairwise(ends)]

    def _details(self, members: Members, picked: Picked) -> tuple[Integers, Integers, Integers, Integers]:
        """What the scores of picks are made of: number of the pick, place of the line among all, code, units."""
        lists, codes, values = self._table.details
        asking, at = lists.places(members.lines.values)
        numbers = np.full((len(members.lines), self._table.wide), -1, dtype=np.int64)
        numbers[picked.rows, picked.columns] = np.arange(len(picked.rows))
        pick = numbers[members.lines.owners[asking], lists.values[at]]
        kept = pick >= 0
        units = values[at[kept]]
        if members.weights is not None:
            units = units * members.weights[asking[kept]]
        return pick[kept], asking[kept], codes[at[kept]], units

    # --- codes --------------------------------------------------------------------------------------------------------

    def _decoded(self, code: int) -> _Meaning:
        table, addend = self._table, code // Codes.ADDEND
        number = bisect_right(table.first_addends, addend) - 1
        asked, ground = table.terms[number], table.grounds[number]
        whole = bool(code & Codes.WHOLE)
        slot, _, words = asked.addends[addend - table.first_addends[number]]
        slots = asked.parts if whole else (slot,)
        field = _FIELDS.get(slot.sort, "abstract" if code & Codes.ABSTRACT else "title")
        name = asked.term.label if whole else _written(words, asked.term)
        return _Meaning(name, field, not whole, ground, _plain(asked, slots), slots)

    def _held(self, code_and_column: tuple[int, int]) -> tuple[str, ...]:
        """The keys of the words by which a listing holds what a code says."""
        code, column = code_and_column
        slots, title = self._meanings[code].slots, not code & Codes.ABSTRACT
        return tuple(dict.fromkeys(key for slot in slots for key in self._keys(slot, column, title=title)))

    def _keys(self, slot: Slot, column: int, *, title: bool) -> Sequence[str]:
        if slot.sort is Sort.AUTHOR:
            borne = (name for name in self._listings[column].authors if names.same(slot.keys, names.parts(name)))
            return [key for name in borne for key in keys(name)]
        return self._table.index.words_at(slot, column, title=title)


_FIELDS = {Sort.AUTHOR: "authors", Sort.CATEGORY: "categories", Sort.SOURCE: "sources", Sort.KIND: "kinds"}


# The words of a phrase are marked one by one, and labels are no words.
_UNMARKED = (Sort.PHRASE, Sort.PAIR, Sort.CATEGORY, Sort.SOURCE, Sort.KIND)


def _plain(asked: Asked, slots: tuple[Slot, ...]) -> tuple[str, ...] | None:
    """The keys of the words that match, if the text need not be asked."""
    if asked.term.loose and len(slots) > 1:  # some of them may be missing
        return None
    each = [_plain_keys(slot) for slot in slots]
    if None in each:
        return None
    return tuple(dict.fromkeys(key for keys in each if keys for key in keys))


def _plain_keys(slot: Slot) -> tuple[str, ...] | None:
    if slot.sort in _UNMARKED:
        return ()
    return slot.keys if slot.sort is Sort.WORD and len(slot.keys) == 1 and not slot.keys[0].startswith("=") else None


def _written(words: Sequence[Slot], term: Term) -> str:
    """The words of a term that are meant: nobody is told "flow matching" of a paper that matches point clouds."""
    meant = [word.keys for word in words]
    written = {word.keys: word.written for word in reversed(term.words)}
    return " ".join(written[keys] for keys in meant) if all(keys in written for keys in meant) else term.label
