"""Papers as fragments: rendered, their styles written in, and encoded once for all readers who see them alike."""

from collections.abc import Hashable, Sequence
from dataclasses import replace
from itertools import repeat
from math import ceil
from operator import attrgetter, lt
from typing import TYPE_CHECKING, Any

from digest.model import Layout, Listing, Pick
from digest.rendering.cache import Cache
from digest.rendering.cards import Card, Link, Prepared, prepared
from digest.rendering.holes import Fragment
from digest.rendering.reasons import BAR
from digest.rendering.slots import Ledger, Slot

if TYPE_CHECKING:
    from digest.rendering.blanks import Blanks

_OF_PICK = attrgetter("section", "kind", "source", "day", "score", "reasons")
_OF_PEOPLE = attrgetter("by", "note", "votes")
_OF_REASON = attrgetter("term", "field", "tokens", "ground", "partial")
_CONTRIBUTION = attrgetter("contribution")


def shown(pick: Pick) -> tuple[Any, ...]:
    """What the looks of a paper depend on besides its listing: of the score its step, of reasons their order and sign."""
    section, kind, source, day, score, reasons = _OF_PICK(pick)
    against = tuple(map(lt, map(_CONTRIBUTION, reasons), repeat(0.0)))
    said = _OF_PEOPLE(pick)
    look = section, kind, source, day, ceil(BAR * score / 100), said
    return look, tuple(map(_OF_REASON, reasons)), against


def look_of(key: Any) -> Hashable:
    """Of the key of a paper what all readers share."""
    setting, number, (look, *_) = key
    return setting, number, look


def placeless(card: Card, ledger: Ledger) -> Card:
    """The card with slots for what depends on its place in a digest."""
    number: Any = Slot(ledger, "number", card.number)
    like, dislike = _link(ledger, "like", card.like), _link(ledger, "dislike", card.dislike)
    return replace(card, number=number, like=like, dislike=dislike)


def _link(ledger: Ledger, name: str, link: Link | None) -> Link | None:
    if link is None:
        return None
    url: Any = Slot(ledger, name, link.url)
    return replace(link, url=url)


class Paper:
    """One paper as some readers see it, in the forms that were asked for."""

    __slots__ = ("forms", "key")

    def __init__(self, key: Hashable) -> None:
        self.key = key
        self.forms: dict[Hashable, Fragment | str] = {}  # by `Page.form`; a text says why there is none

    @property
    def html_size(self) -> int:
        """Bytes of HTML that it has, wherever it stands, or more."""
        return min(
            (f.size for key, f in self.forms.items() if not isinstance(key, str) and isinstance(f, Fragment)), default=0
        )

    @property
    def weight(self) -> int:
        """Bytes of memory, about."""
        return 1_200 + sum(form.weight for form in self.forms.values() if isinstance(form, Fragment))


class Papers:
    """The papers that were shown of late.

    Args:
        limit: bytes to hold, about.

    Attributes:
        made: how many forms of papers were rendered.
    """

    def __init__(self, limit: int) -> None:
        self._papers: Cache[Hashable, Paper] = Cache(limit // 8)  # few looks recur, but where profiles do
        self.blanks: Cache[Hashable, Blanks] = Cache(limit * 4 // 8)
        self._numbers: Cache[Hashable, tuple[Listing, int]] = Cache(limit // 8)  # by the store's number, or else by all
        self._texts: Cache[Hashable, Prepared] = Cache(limit * 2 // 8)  # 1,000 papers of a day
        self._seen: dict[int, tuple[Listing, int]] = {}  # by identity: comparing takes longer
        self._last = 0
        self.made = 0

    def clear(self) -> None:
        """Forget all of them."""
        for cache in (self._papers, self.blanks, self._numbers, self._texts):
            cache.clear()
        self._seen.clear()

    def find(self, picks: Sequence[Pick], setting: int) -> list[Paper]:
        """The papers as these picks show them; one may have no form yet."""
        get, number, found = self._papers.get, self._number, []
        for pick in picks:
            key = setting, number(pick.listing), shown(pick)
            found.append(get(key) or Paper(key))
        return found

    def keep(self, paper: Paper) -> None:
        """Called whenever one has a new form."""
        self.made += 1
        self._papers.put(paper.key, paper, paper.weight)

    def texts(self, listing: Listing, layout: Layout) -> Prepared:
        """What is read of a listing, the same for all readers."""
        key = self._number(listing), layout
        found = self._texts.get(key)
        if found is None:
            found = prepared(listing, layout)
            self._texts.put(key, found, _weight(listing) * _READ)
        return found

    def _number(self, listing: Listing) -> int:
        """The same for equal listings."""
        seen = self._seen.get(id(listing))
        if seen:
            return seen[1]
        known = self._numbers.get(listing.id or listing)
        if known is None or known[0] != listing:
            self._last += 1
            known = listing, self._last
            self._numbers.put(listing.id or listing, known, _weight(listing))
        if len(self._seen) >= _MOST_SEEN:
            self._seen.clear()
        self._seen[id(listing)] = listing, known[1]
        return known[1]

    def __len__(self) -> int:
        return len(self._papers)

    @property
    def weight(self) -> int:
        """Bytes of memory, about."""
        return self._papers.weight + self.blanks.weight + self._numbers.weight + self._texts.weight


_MOST_SEEN = 2_000  # listings known by identity: those of a few batches of deliveries
_READ = 3  # times as much memory as a listing take the words found in it


def _weight(listing: Listing) -> int:
    """Bytes of memory, about."""
    return 1_500 + 2 * len(listing.abstract) + 2 * len(listing.title)
