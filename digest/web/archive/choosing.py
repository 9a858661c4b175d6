"""Which papers of a day are shown, and in which order. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode

from digest.model import Kind
from digest.store.shelf import Entry

AT_ONCE = 50
_LAST_PAGE = 10_000
_LONGEST = 60  # characters of a category or of a source's name


class Order(StrEnum):
    """What comes first."""

    TRENDING = "trending"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody wants to see of a day."""

    order: Order = Order.TRENDING
    category: str = ""  # "cs.CL", or of a whole archive "cs"; empty: any
    source: str = ""  # its name; empty: any
    versions: bool = False  # new versions of older papers, and nothing else
    page: int = 1

    def query(self, **change: object) -> str:
        """The address of the same page with something changed, from the question mark on; empty if nothing is said."""
        values = {name: change.get(name, getattr(self, name)) for name in _SAID}
        said = {name: str(value) if value is not True else "yes" for name, value in values.items() if value}
        plain = {name: value for name, value in said.items() if value != _SAID[name]}
        return f"?{urlencode(plain)}" if plain else ""


_SAID = {"order": Order.TRENDING.value, "category": "", "source": "", "versions": "", "page": "1"}


def choice(asked: Mapping[str, str]) -> Choice:
    """What an address asks for; whatever cannot be meant is left out."""
    order = asked.get("order", "")
    return Choice(
        order=Order(order) if order in set(Order) else Order.TRENDING,
        category=asked.get("category", "").strip()[:_LONGEST],
        source=asked.get("source", "").strip()[:_LONGEST],
        versions=asked.get("versions") == "yes",
        page=page_number(asked.get("page", "")),
    )


def page_number(text: str) -> int:
    """A page's number, from 1."""
    return min(max(int(text), 1), _LAST_PAGE) if text.isdecimal() and text.isascii() and len(text) < 9 else 1


@dataclass(frozen=True, slots=True)
class Shelved:
    """A paper of a day, and all that was said of it on that day."""

    first: Entry  # the strongest news, of those the earliest
    sources: tuple[str, ...]  # in the order in which they announced it

    @property
    def is_version(self) -> bool:
        """Whether it is news for nothing but a new version."""
        return self.first.kind is Kind.REVISION


def shelved(entries: Iterable[Entry]) -> list[Shelved]:
    """The papers of a day, each once, in the order in which they were announced."""
    papers: dict[int, list[Entry]] = {}
    for entry in entries:
        papers.setdefault(entry.listing, []).append(entry)
    return [
        Shelved(min(said, key=lambda one: (one.kind.order, one.seq)), tuple(dict.fromkeys(one.source for one in said)))
        for said in papers.values()
    ]


def chosen(papers: Iterable[Shelved], wanted: Choice, votes: Mapping[int, int]) -> list[Shelved]:
    """Those that are wanted, in the order that is wanted; `votes` are readers' own, by paper."""
    found = [paper for paper in papers if paper.is_version == wanted.versions and _is_meant(paper, wanted)]
    if wanted.order is Order.NEWEST:
        return sorted(found, key=lambda paper: -paper.first.seq)
    return sorted(found, key=lambda paper: (-paper.first.upvotes - votes.get(paper.first.listing, 0), paper.first.seq))


def _is_meant(paper: Shelved, wanted: Choice) -> bool:
    return (not wanted.source or wanted.source in paper.sources) and (
        not wanted.category or any(is_in(category, wanted.category) for category in paper.first.categories)
    )


def is_in(category: str, wanted: str) -> bool:
    """Whether a category is the one that is wanted, or is in the archive that is: `cs.CL` is in `cs` and in `cs.*`."""
    own, whole = category.casefold(), wanted.casefold().removesuffix(".*")
    return own == whole or own.startswith(f"{whole}.")


def categories(papers: Iterable[Shelved], most: int) -> list[tuple[str, int]]:
    """The categories that most of these papers are in first of all, by name, with how many."""
    counts = Counter(paper.first.categories[0] for paper in papers if paper.first.categories)
    return sorted(counts.most_common(most), key=lambda pair: pair[0].casefold())


def sources(papers: Iterable[Shelved]) -> Counter[str]:
    """How many papers each source announced."""
    return Counter(source for paper in papers for source in paper.sources)


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list, and what is on either side of it."""

    number: int  # from 1
    pages: int
    total: int

    @property
    def begin(self) -> int:
        return (self.number - 1) * AT_ONCE

    @property
    def before(self) -> int:
        """The number of the page before it; 0 if there is none."""
        return self.number - 1

    @property
    def after(self) -> int:
        """The number of the page behind it; 0 if there is none."""
        return self.number + 1 if self.number < self.pages else 0


def page_of(found: Sequence[object], wanted: int) -> Page:
    """The page that is wanted, or the last one if there are fewer."""
    pages = max(1, -(-len(found) // AT_ONCE))
    return Page(min(wanted, pages), pages, len(found))
