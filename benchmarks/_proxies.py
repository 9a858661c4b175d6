"""Test collections made of listings alone, for want of judgements: what people have said of papers without meaning to.

- authors: the title of a paper asks for the other papers of its authors;
- keywords: a keyword that some papers carry asks for these, by title and abstract;
- own: a title asks for its own abstract, where no titles are held.

None says what a reader wants. A change that helps all of them, though, is seldom a change for the worse.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from benchmarks._collections import Collection, Document, Query
from digest.cli import lines, rows
from digest.cli.lines import RowError
from digest.model import Listing

QUERIES = 200  # of each collection
_FEWEST, _MOST = 3, 60  # papers that a telling keyword finds
_BUSIEST = 15  # papers of an author who is one person with one interest
_DAY = date(2026, 1, 1)
_LARGEST = 12  # authors of a paper that all of them wrote


def of_folder(folder: Path) -> Iterator[Collection]:
    """The collections that the listings of each *.jsonl or *.jsonl.gz file of a folder make up, if there are enough."""
    for path in sorted([*folder.glob("*.jsonl"), *folder.glob("*.jsonl.gz")]):
        listings = list(_listings(path))
        for name, made in (("authors", by_authors), ("keywords", by_keywords), ("own", by_title)):
            collection = made(f"{path.name.split('.')[0]}: {name}", listings)
            if len(collection.queries) >= QUERIES // 4:
                yield collection


def _listings(path: Path) -> Iterator[Listing]:
    seen = set()
    for _, row in lines.read(str(path), lambda _where, _what: None):
        try:
            more = {"keywords": row.get("keywords") or row.get("ai_keywords")}
            news, _ = rows.announcement({**row, "kind": None, **more}, 0, _DAY)
        except RowError:
            continue
        if news.listing.keys[0] not in seen:
            seen.add(news.listing.keys[0])
            yield news.listing


def by_authors(name: str, listings: Sequence[Listing]) -> Collection:
    papers = _by(listings, lambda listing: listing.authors if len(listing.authors) <= _LARGEST else ())
    own = {author: held for author, held in papers.items() if len(held) <= _BUSIEST}
    queries = []
    for number, listing in _shuffled(listings):
        others = {paper for author in listing.authors for paper in own.get(author, ())} - {number}
        if len(others) > 1:
            queries.append(Query(str(number), listing.title, dict.fromkeys(sorted(others), 1.0), frozenset({number})))
    return Collection(name, _documents(listings), tuple(queries[:QUERIES]))


def by_keywords(name: str, listings: Sequence[Listing]) -> Collection:
    papers = _by(listings, lambda listing: {keyword.casefold().strip() for keyword in listing.keywords})
    telling = [keyword for keyword, held in sorted(papers.items()) if _FEWEST <= len(held) <= _MOST and keyword]
    chosen = random.Random(name).sample(telling, min(QUERIES, len(telling)))
    queries = (Query(keyword, keyword, dict.fromkeys(papers[keyword], 1.0)) for keyword in chosen)
    return Collection(name, _documents(listings), tuple(queries))


def by_title(name: str, listings: Sequence[Listing]) -> Collection:
    documents = tuple(Document(str(n), "", listing.abstract or listing.title) for n, listing in enumerate(listings))
    titled = ((number, listing) for number, listing in _shuffled(listings) if listing.title and listing.abstract)
    queries = [Query(str(number), listing.title, {number: 1.0}) for number, listing in titled]
    return Collection(name, documents, tuple(queries[:QUERIES]))


def _by(listings: Sequence[Listing], names: Callable[[Listing], Iterable[str]]) -> Mapping[str, list[int]]:
    found: defaultdict[str, list[int]] = defaultdict(list)
    for number, listing in enumerate(listings):
        for name in set(names(listing)):
            found[name].append(number)
    return found


def _shuffled(listings: Sequence[Listing]) -> Iterator[tuple[int, Listing]]:
    numbered = list(enumerate(listings))
    random.Random(1).shuffle(numbered)
    return iter(numbered)


def _documents(listings: Sequence[Listing]) -> tuple[Document, ...]:
    return tuple(Document(str(n), listing.title, listing.abstract) for n, listing in enumerate(listings))
