"""How editions are kept: what those that are published together have in common is on one sheet, the rest is numbers.

A sheet is compressed JSON: the frames of editions (what was read, what was missing, the operator's note), the cards of
listings (which text, in which section, who announced it) and the forms of reasons (term, field, words, ground), each
once; cards and forms column by column, which packs better. An edition is then

    a byte                                                      how it is written; the next ones, as `varints`:
    sheet, frame, matched, cursor, last issue, size of the rest its subscriber's cursor and last issue
    the rest                                                    as JSON: problems, and the subscriber, if need be
    picks                                                       how many; their cards, how many reasons each has
    reasons                                                     their forms, their `points`

with 2 bytes a number where that is enough, and 4 where it is not.
"""

import json
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from operator import attrgetter
from typing import Any, NamedTuple, get_type_hints

from digest.model import Edition, Listing, Pick, Reason, Subscriber
from digest.store import codec, points
from digest.store.kept import KeptCard, KeptEdition, KeptForm, KeptFrame, whole_edition
from digest.store.varints import Reader, folded, unfolded, written

_AS_DOCUMENT = 255  # before migration 0007; what it is made of there is in `from_document`
_WIDE = 8  # beside what `points` says: numbers of cards and forms of 4 bytes
_NARROW = 0xFFFF

_OF_FRAME, _OF_CARD, _OF_FORM = (
    attrgetter(*(part.name for part in fields(kind))) for kind in (KeptFrame, KeptCard, KeptForm)
)
_PLACE = [part.name for part in fields(Reason)].index("contribution")  # among the fields of a form


# --- writing ------------------------------------------------------------------------------------------------------


class Press:
    """Editions that are about to be kept together."""

    def __init__(self, editions: Mapping[int, Edition], snapshots: Mapping[int, int]) -> None:
        """Editions by their numbers; and where the text of each listing is kept, by the listing's `id()`."""
        self._editions = editions
        self._frames: dict[Any, int] = {}
        self._cards: dict[Any, int] = {}
        self._forms: dict[Any, int] = {}
        self._framed = [self._frame(edition) for edition in editions.values()]
        self._carded, self._counts, scores = [], [], []
        self._formed, worths = [], []
        cards, forms = self._cards, self._forms
        for edition in editions.values():
            for pick in edition.picks:
                card = (snapshots[id(pick.listing)], *_OF_CARD(pick))
                self._carded.append(cards.setdefault(card, len(cards)))
                self._counts.append(len(pick.reasons))
                scores.append(pick.score)
                for reason in pick.reasons:
                    self._formed.append(forms.setdefault(_OF_FORM(reason), len(forms)))
                    worths.append(reason.contribution)
        self._points = points.Points(scores, self._counts, worths)

    def _frame(self, edition: Edition) -> int:
        key = tuple(tuple(v.items()) if isinstance(v, Mapping) else v for v in _OF_FRAME(edition))
        return self._frames.setdefault(key, len(self._frames))

    def sheet(self) -> bytes:
        """What the editions have in common."""
        of_frame = dict(zip(self._framed, self._editions.values(), strict=True))
        frame = codec.encoder(KeptFrame)
        snapshots, *cards = zip(*self._cards, strict=True) if self._cards else ((), *((),) * len(fields(KeptCard)))
        forms = zip(*self._forms, strict=True) if self._forms else [()] * len(fields(KeptForm))
        document = {
            "frames": [frame(of_frame[number]) for number in range(len(self._frames))],
            "snapshots": snapshots,
            "cards": _columns(KeptCard, cards),
            "forms": _columns(KeptForm, forms),
        }
        return zlib.compress(json.dumps(document, separators=(",", ":")).encode())

    def contents(self, sheet: int, apart: Iterable[int]) -> dict[int, bytes]:
        """The editions by their numbers; with their subscribers, where these are not stored as they are in them."""
        alone = frozenset(apart)
        made: dict[int, bytes] = {}
        pick = reason = 0
        for frame, (number, edition) in zip(self._framed, self._editions.items(), strict=True):
            picks = slice(pick, pick + len(edition.picks))
            counts = self._counts[picks]
            reasons = slice(reason, reason + sum(counts))
            pick, reason = picks.stop, reasons.stop
            head = _head(edition, sheet, frame, is_alone=number in alone)
            kind, values = self._points.written(picks, reasons)
            numbers = [*self._carded[picks], *counts, *self._formed[reasons]]
            wide = max(numbers, default=0) > _NARROW
            made[number] = (
                bytes([kind | wide * _WIDE])
                + head
                + written(len(edition.picks))
                + struct.pack(f"<{len(numbers)}{'I' if wide else 'H'}", *numbers)
                + values
            )
        return made


def _head(edition: Edition, sheet: int, frame: int, *, is_alone: bool) -> bytes:
    subscriber = edition.subscriber
    words = {"problems": edition.problems} if edition.problems else {}
    if is_alone:
        words["subscriber"] = codec.encoder(Subscriber)(subscriber)
    rest = json.dumps(words, separators=(",", ":")).encode() if words else b""
    numbers = (edition.matched, subscriber.cursor, _days_before(subscriber.last_issue, edition.issue_date), len(rest))
    return written(sheet, frame, *map(folded, numbers)) + rest


def _days_before(day: date | None, issue: date) -> int:
    """How many days before an issue that was, counted so that 0 says never."""
    return 0 if day is None else (gap := (issue - day).days) + (gap >= 0)


def _day_before(gap: int, issue: date) -> date | None:
    return None if gap == 0 else date.fromordinal(issue.toordinal() - gap + (gap > 0))


def _columns(kind: Any, columns: Iterable[Sequence[Any]]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {
        name: codec.encoder(_many(hints[name]))(column) for name, column in zip(hints, columns, strict=True)
    }  # fmt: skip


def _many(hint: Any) -> Any:
    return tuple[hint, ...]


# --- reading ------------------------------------------------------------------------------------------------------


class Sheet(NamedTuple):
    """What editions that were published together have in common."""

    frames: list[dict[str, Any]]
    snapshots: list[int]  # beside the cards
    cards: list[dict[str, Any]]
    forms: list[tuple[tuple[Any, ...], tuple[Any, ...]]]  # what is before the contribution, and behind it


def sheet(content: bytes) -> Sheet:
    """What `Press.sheet` wrote."""
    document = json.loads(zlib.decompress(content))
    frame = codec.decoder(KeptFrame)
    names = _OF_FRAME_NAMES
    frames = [{name: getattr(kept, name) for name in names} for kept in map(frame, document["frames"])]
    cards, forms = _rows(KeptCard, document["cards"]), _rows(KeptForm, document["forms"])
    whole = [tuple(form.values()) for form in forms]
    return Sheet(frames, document["snapshots"], cards, [(form[:_PLACE], form[_PLACE:]) for form in whole])


_OF_FRAME_NAMES = tuple(part.name for part in fields(KeptFrame))


def _rows(kind: Any, columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every field of each: one that was added to the model later has its default, one that is no more is passed over."""
    hints = get_type_hints(kind)
    known = {name: codec.decoder(_many(hints[name]))(columns[name]) for name in hints if name in columns}
    count = len(next(iter(known.values())))
    names = [part.name for part in fields(kind)]
    filled = [known.get(part.name) or [part.default] * count for part in fields(kind)]
    return [dict(zip(names, row, strict=True)) for row in zip(*filled, strict=True)]


def blanked(content: bytes, forms: Iterable[int]) -> bytes:
    """A sheet without the words of these forms, which no edition shows any more."""
    document = json.loads(zlib.decompress(content))
    columns = document["forms"]
    for form in forms:
        columns["term"][form], columns["tokens"][form] = "", []
    return zlib.compress(json.dumps(document, separators=(",", ":")).encode())


@dataclass(frozen=True, slots=True)
class Kept:
    """One edition as it is kept, and what is needed to make it whole."""

    sheet: int | None  # None: there is none, see `from_document`
    frame: int
    matched: int
    cursor: int  # its subscriber's, as the next
    last_issue: date | None
    problems: tuple[str, ...]
    subscriber: Subscriber | None  # None: as the store has them, or had then
    cards: tuple[int, ...]
    counts: tuple[int, ...]
    forms: tuple[int, ...]
    scores: Sequence[float]
    worths: Sequence[float]
    snapshots: tuple[int, ...] = ()  # these, where there is no sheet
    document: Any = None


def kept(content: bytes, issue: date) -> Kept:
    """What `Press.contents` or `from_document` wrote, for the edition of that day.

    Raises:
        ValueError, LookupError, TypeError, struct.error, zlib.error: nobody did.
    """
    rest = Reader(content)
    kind = rest.raw(1)[0]
    if kind == _AS_DOCUMENT:
        shown = tuple(rest.number() for _ in range(rest.number()))
        document = codec.unpack(KeptEdition, rest.rest())
        return Kept(None, 0, 0, 0, None, (), None, (), (), (), (), (), shown, document)
    number, frame = rest.number(), rest.number()
    matched, cursor, gap, size = (unfolded(rest.number()) for _ in range(4))
    words = json.loads(rest.raw(size)) if size else {}
    subscriber = codec.decoder(Subscriber)(words["subscriber"]) if "subscriber" in words else None
    format_ = "I" if kind & _WIDE else "H"
    count = rest.number()
    cards = rest.packed(format_, count)
    counts = rest.packed(format_, count)
    forms = rest.packed(format_, sum(counts))
    scores, worths = points.read(kind, counts, rest)
    last_issue, problems = _day_before(gap, issue), tuple(words.get("problems", ()))
    return Kept(number, frame, matched, cursor, last_issue, problems, subscriber, cards, counts, forms, scores, worths)


def from_document(document: bytes, snapshots: Sequence[int]) -> bytes:
    """The content of an edition that was kept as a compressed document; and where the texts of its picks are, in order."""
    return bytes([_AS_DOCUMENT]) + written(len(snapshots), *snapshots) + document


def shown(kept: Kept, sheets: Mapping[int, Sheet]) -> Sequence[int]:
    """Where the texts of an edition's picks are, in order."""
    if kept.sheet is None:
        return kept.snapshots
    return [sheets[kept.sheet].snapshots[card] for card in kept.cards]


def whole(
    kept: Kept,
    sheets: Mapping[int, Sheet],
    listings: Sequence[Listing],
    issue: tuple[date, datetime],
    subscriber: Subscriber | None,
) -> Edition:
    """The edition again: with the listings of its picks, its date and when it was composed, and its subscriber."""
    if kept.sheet is None:
        return whole_edition(kept.document, list(listings))
    on = sheets[kept.sheet]
    reader = kept.subscriber or _served(subscriber, kept)
    make: Any = Reason
    picks, at = [], 0
    for card, count, score, listing in zip(kept.cards, kept.counts, kept.scores, listings, strict=True):
        own = zip(kept.forms[at : at + count], kept.worths[at : at + count], strict=True)
        reasons = tuple([make(*on.forms[form][0], worth, *on.forms[form][1]) for form, worth in own])
        picks.append(Pick(listing=listing, score=score, reasons=reasons, **on.cards[card]))
        at += count
    return Edition(
        subscriber=reader,
        issue_date=issue[0],
        composed_at=issue[1],
        picks=tuple(picks),
        matched=kept.matched,
        problems=kept.problems,
        **on.frames[kept.frame],
    )


def _served(subscriber: Subscriber | None, kept: Kept) -> Subscriber:
    assert subscriber is not None  # needed by each edition that does not bring its own
    return replace(subscriber, cursor=kept.cursor, last_issue=kept.last_issue)
