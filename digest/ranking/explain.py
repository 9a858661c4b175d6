"""Why listings match: reasons that add up to their scores."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate, chain, pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from digest import rounding
from digest.model import GRAIN, Ground, Listing, Pick, Reason
from digest.model.many import many
from digest.ranking.bm25f import Floats
from digest.ranking.features import Asked, Slot, Sort
from digest.ranking.lines import Codes
from digest.ranking.lists import Booleans, Integers, rising
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


@dataclass(frozen=True, slots=True)
class Told:
    """The reasons of picks, and what they say of each. They are whole numbers of 1 / `GRAIN`, as scores are."""

    reasons: list[tuple[Reason, ...]]  # by pick
    of_authors: Booleans  # by pick: nothing but the names of authors speaks for it


def largest_first(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Reasons of one pick as picks have them: the larger first, whatever their sign; equal ones stay as they are."""
    return tuple(sorted(reasons, key=lambda reason: -abs(reason.contribution)))


def rounded(scores: Floats) -> Floats:
    """Scores as picks have them. None comes before one that it was behind."""
    return rounding.whole(scores) / GRAIN


def beside(said: Mapping[int, tuple[Reason, ...]], matches: Floats, scores: Floats) -> Mapping[int, tuple[Reason, ...]]:
    """What signals add to some picks, by place: rounded to what their scores, rounded, are more than their matches.

    Beside a match of nearly 100 that is nothing for some of them, which are left out.
    """
    if not said:
        return said
    places = np.array(list(said))
    more = rounding.whole(scores[places]) - rounding.whole(matches[places])
    shared = _shared(list(said.values()), more)
    return {
        place: tuple(reason for reason in own if reason.contribution) for place, own in zip(said, shared, strict=True)
    }


def settled(picks: Sequence[Pick]) -> list[Pick]:
    """Picks whose reasons add up to their scores: both rounded, and so that they still do."""
    totals = rounding.whole(np.array([pick.score for pick in picks], dtype=float))
    shared = _shared([pick.reasons for pick in picks], totals)
    each = zip(picks, (totals / GRAIN).tolist(), map(largest_first, shared), strict=True)
    return [replace(pick, score=score, reasons=reasons) for pick, score, reasons in each]


def _shared(lists: Sequence[tuple[Reason, ...]], totals: Floats) -> list[tuple[Reason, ...]]:
    """Lists of reasons that add up to whole numbers of 1 / `GRAIN`."""
    counts = np.array([len(reasons) for reasons in lists], dtype=np.int64)
    worths = np.array([reason.contribution for reason in chain.from_iterable(lists)], dtype=float)
    wholes = (rounding.parts(totals, counts, worths) / GRAIN).tolist()
    made = tuple(map(_worth, chain.from_iterable(lists), wholes))
    return [made[start:end] for start, end in pairwise(accumulate(counts.tolist(), initial=0))]


def _worth(reason: Reason, points: float) -> Reason:
    return replace(reason, contribution=points)


class Explainer:
    """Why listings match lines of a table. Remembers which words of each listing each of these is held by."""

    def __init__(self, table: Table, listings: Sequence[Listing]) -> None:
        self._table = table
        self._forms = _Forms(_Meanings(table, listings), table.wide)

    def told(self, members: Members, picked: Picked) -> Told:
        """The reasons of each pick for its profile's lines, as `largest_first` has them.

        They add up to its score as `rounding.whole` has it.
        """
        pick, codes, units = self._details(members, picked)
        raws = np.bincount(pick, units, len(picked.scores))
        scales: Floats = np.divide(picked.scores, raws, where=raws > 0, out=np.zeros(len(raws)))
        sizes = np.abs(units)
        order = rising(pick, sizes.max(initial=0) - sizes)
        pick = pick[order]
        worths = units[order] * scales[pick]
        forms = self._forms.numbers(codes[order], picked.columns[pick])
        authors = self._forms.of_authors[forms]
        theirs, others = (np.bincount(pick[(worths > 0) & which], minlength=len(raws)) for which in (authors, ~authors))
        ends = np.searchsorted(pick, np.arange(len(picked.scores) + 1))
        wholes = rounding.parts(rounding.whole(picked.scores), np.diff(ends), worths)
        if (wholes < 0).any():  # only beside those may one have become larger than the one before it
            order = rising(pick, (np.abs(wholes).max() - np.abs(wholes)).astype(np.int64))
            wholes, forms = wholes[order], forms[order]
        made = tuple(self._forms.reasons(forms, wholes / GRAIN))
        return Told([made[start:end] for start, end in pairwise(ends.tolist())], (theirs > 0) & (others == 0))

    def _details(self, members: Members, picked: Picked) -> tuple[Integers, Integers, Integers]:
        """What the scores of picks are made of, by line and then by code: number of the pick, code, units."""
        places, codes, values = self._table.details
        wide = self._table.wide
        numbers = np.full(len(members.lines) * wide, -1, dtype=np.int32)
        numbers[picked.rows * wide + picked.columns] = np.arange(len(picked.rows))
        rows = places[members.lines.values]
        pick = numbers[np.repeat(members.lines.owners * wide, np.diff(rows.indptr)) + rows.indices]
        kept = np.flatnonzero(pick >= 0)
        asking, at = np.searchsorted(rows.indptr, kept, side="right") - 1, rows.data[kept]
        order = rising(asking, codes[at])
        kept, asking, at = kept[order], asking[order], at[order]
        units = values[at].astype(np.int64)
        if members.weights is not None:
            units *= members.weights[asking]
        return pick[kept].astype(np.int64), codes[at].astype(np.int64), units


# --- what reasons say -------------------------------------------------------------------------------------------------


class _Forms:
    """All of reasons but what each is worth, numbered: of a few thousand of them are millions of reasons made."""

    def __init__(self, meanings: "_Meanings", wide: int) -> None:
        self._meanings = meanings
        self._wide = wide
        self._by_code = np.empty(0, dtype=np.int64)  # number, or one of those below
        self._by_text: dict[int, int] = {}  # where it depends on the text: by code and text
        self._said: list[tuple[str, str, tuple[str, ...], Ground, bool]] = []
        self._columns: list[npt.NDArray[Any]] = []

    def numbers(self, codes: Integers, columns: Integers) -> Integers:
        """The form of each of these codes in a listing."""
        self._make_room(int(codes.max(initial=-1)) + 1)
        for code in np.unique(codes[self._by_code[codes] == _UNKNOWN]).tolist():
            meaning = self._meanings.of(code)
            self._by_code[code] = _DEPENDS if meaning.tokens is None else self._add(meaning, meaning.tokens)
        found = self._by_code[codes]
        depends = np.flatnonzero(found == _DEPENDS)
        if len(depends):
            keys, places = np.unique(codes[depends] * self._wide + columns[depends], return_inverse=True)
            found[depends] = np.array([self._of_text(key) for key in keys.tolist()])[places]
        return found

    def reasons(self, forms: Integers, worths: Floats) -> list[Reason]:
        """A reason of each form, worth so much."""
        names, fields, tokens, grounds, partial = (column[forms].tolist() for column in self._filled())
        return many(Reason, len(forms), names, fields, worths.tolist(), tokens, grounds, partial)

    @property
    def of_authors(self) -> Booleans:
        """By number, whether it names an author whom the reader named."""
        _, fields, _, grounds, _ = self._filled()
        named: Booleans = ((fields == "authors") & (grounds == Ground.KEYWORD)).astype(bool)
        return named

    def _filled(self) -> list[npt.NDArray[Any]]:
        if not self._columns or len(self._columns[0]) < len(self._said):
            each = zip(*self._said, strict=True) if self._said else [()] * 5
            self._columns = [np.fromiter(column, dtype=object, count=len(self._said)) for column in each]
        return self._columns

    def _of_text(self, key: int) -> int:
        if key not in self._by_text:
            code, column = divmod(key, self._wide)
            self._by_text[key] = self._add(self._meanings.of(code), self._meanings.held(code, column))
        return self._by_text[key]

    def _add(self, meaning: _Meaning, tokens: tuple[str, ...]) -> int:
        self._said.append((meaning.name, meaning.field, tokens, meaning.ground, meaning.partial))
        return len(self._said) - 1

    def _make_room(self, codes: int) -> None:
        if (more := codes - len(self._by_code)) > 0:
            self._by_code = np.append(self._by_code, np.full(more + codes // 4, _UNKNOWN))


_UNKNOWN, _DEPENDS = -1, -2


class _Meanings:
    """What codes of a table say."""

    def __init__(self, table: Table, listings: Sequence[Listing]) -> None:
        self._table = table
        self._listings = listings
        self.of = cache(self._decoded)

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

    def held(self, code: int, column: int) -> tuple[str, ...]:
        """The keys of the words by which a listing holds what a code says."""
        slots, title = self.of(code).slots, not code & Codes.ABSTRACT
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
