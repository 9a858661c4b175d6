"""Papers as fragments: rendered, their styles written in, and encoded once for all readers who see them alike."""

from collections.abc import Hashable
from dataclasses import replace
from itertools import repeat
from operator import attrgetter, lt
from typing import Any

from digest.model import Layout, Listing, Pick
from digest.rendering.cache import Cache
from digest.rendering.cards import Card, Link, Prepared, prepared
from digest.rendering.holes import Fragment
from digest.rendering.reasons import steps
from digest.rendering.slots import Ledger, Slot

_SHOWN_OF_REASON = attrgetter("term", "field", "tokens", "ground", "partial")
_CONTRIBUTION = attrgetter("contribution")


def shown(pick: Pick) -> tuple[Any, ...]:
    """What the looks of a paper depend on besides its listing: of the score its step, of reasons their order and sign."""
    reasons = pick.reasons
    return (
        pick.section,
        pick.kind,
        pick.source,
        pick.day,
        steps(pick.score),
        tuple(map(_SHOWN_OF_REASON, reasons)),
        tuple(map(lt, map(_CONTRIBUTION, reasons), repeat(0.0))),
    )


def placeless(card: Card, ledger: Ledger) -> Card:
    """The card with slots for what depends on its place in a digest."""
    return replace(
        card,
        number=Slot(ledger, "number", card.number),
        like=_link(ledger, "like", card.like),
        dislike=_link(ledger, "dislike", card.dislike),
    )


def _link(ledger: Ledger, name: str, link: Link | None) -> Link | None:
    return link and replace(link, url=Slot(ledger, name, link.url))


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
    """

    def __init__(self, limit: int) -> None:
        self._papers: Cache[Hashable, Paper] = Cache(limit * 6 // 8)
        self._numbers: Cache[Listing, int] = Cache(limit // 8)
        self._texts: Cache[Hashable, Prepared] = Cache(limit // 8)
        self._seen: dict[int, tuple[Listing, int]] = {}  # by identity: to compare listings takes longer than all else
        self._last = 0

    def find(self, pick: Pick, setting: int) -> Paper:
        """The paper as this pick shows it; it may have no form yet."""
        key = (setting, self._number(pick.listing), *shown(pick))
        return self._papers.get(key) or Paper(key)

    def keep(self, paper: Paper) -> None:
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
        number = self._numbers.get(listing)
        if number is None:
            number = self._last = self._last + 1
            self._numbers.put(listing, number, _weight(listing))
        if len(self._seen) >= _MOST_SEEN:
            self._seen.clear()
        self._seen[id(listing)] = listing, number
        return number

    def __len__(self) -> int:
        return len(self._papers)

    @property
    def weight(self) -> int:
        """Bytes of memory, about."""
        return self._papers.weight + self._numbers.weight + self._texts.weight


_MOST_SEEN = 2_000  # listings known by identity: those of a few batches of deliveries
_READ = 8  # times as much memory as a text take its tokens


def _weight(listing: Listing) -> int:
    """Bytes of memory, about."""
    return 1_500 + 2 * len(listing.abstract) + 2 * len(listing.title)
