"""Ways to rank the documents of a collection for its queries: ours, and the usual ones beside it.

Each gives for each query the numbers of documents, best first, at most `DEPTH` and none that the query has `unseen`.
"""

import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks._collections import Collection, Query
from benchmarks._measures import DEPTH
from digest.cli import rank, rows
from digest.cli.lines import RowError
from digest.text.background import count, with_prior

if TYPE_CHECKING:
    from digest.cli.rows import Wish
    from digest.model import Ranking, Shard

Rankings = list[Sequence[int]]
System = Callable[[Collection], Rankings]
Ranks = Callable[["Shard"], "list[Ranking]"]

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_AT_ONCE = 16  # queries: each brings up to DEPTH listings with their reasons


class NotInstalledError(Exception):
    """A system needs a library that is not here."""


# --- ours -----------------------------------------------------------------------------------------------------------


def ours(ranks: Ranks, *, likes: bool = False, background: bool = True, related: bool | None = None) -> System:
    """The product's ranker as `digest rank` asks it: each query is the keywords of a profile, as one text."""

    def system(collection: Collection) -> Rankings:
        stock = _stock(collection, background=background, related=related)
        found: Rankings = []
        for start in range(0, len(collection.queries), _AT_ONCE):
            wishes = [_wish(collection, query, likes=likes) for query in collection.queries[start : start + _AT_ONCE]]
            rankings = iter(ranks(rank.shard(stock, [wish for wish in wishes if wish])))
            found += [_numbers(next(rankings)) if wish else () for wish in wishes]
        return _unknown(found, collection.queries)

    return system


def _stock(collection: Collection, *, background: bool, related: bool | None) -> rank.Stock:
    read = [
        rows.announcement({"title": document.title, "abstract": document.abstract}, number, NOW.date())[0]
        for number, document in enumerate(collection.documents, start=1)
    ]
    names = [document.id for document in collection.documents]
    numbers = {name: number for number, name in enumerate(names, start=1)}
    own = count(news.listing for news in read)
    teaching = len(read) >= rank.TEACHING if related is None else related
    return rank.Stock(tuple(read), names, numbers, with_prior(own) if background else own, NOW, teaching)


def _wish(collection: Collection, query: Query, *, likes: bool) -> "Wish | None":
    liked = [collection.documents[number].id for number in query.liked] if likes else []
    try:
        return rows.wish({"id": query.id, "keywords": query.text, "liked": liked}, DEPTH + len(query.unseen))
    except RowError as error:
        print(f"query {query.id}: {error}", file=sys.stderr)
        return None


def _numbers(ranking: "Ranking") -> list[int]:
    return [pick.listing.id - 1 for pick in ranking.picks]


def _unknown(rankings: Rankings, queries: Sequence[Query]) -> Rankings:
    """The same without what each query has seen."""
    return [
        [number for number in ranking if number not in query.unseen][:DEPTH]
        for ranking, query in zip(rankings, queries, strict=True)
    ]


# --- others ---------------------------------------------------------------------------------------------------------


def bm25(collection: Collection, *, stemmed: bool) -> Rankings:
    """BM25 by bm25s (https://github.com/xhluca/bm25s), with its own defaults, over title and abstract as one text."""
    library = _library("bm25s", "bm25s")
    stemmer = _library("Stemmer", "PyStemmer").Stemmer("english") if stemmed else None

    def tokens(texts: list[str]) -> Any:
        return library.tokenize(texts, stemmer=stemmer, show_progress=False)

    index = library.BM25()
    index.index(tokens(_documents(collection)), show_progress=False)
    wide = min(len(collection.documents), DEPTH + max((len(query.unseen) for query in collection.queries), default=0))
    numbers, worths = index.retrieve(tokens([q.text for q in collection.queries]), k=wide, show_progress=False)
    found = [own[worth > 0].tolist() for own, worth in zip(numbers, worths, strict=True)]
    return _unknown(found, collection.queries)


def tf_idf(collection: Collection) -> Rankings:
    """The cosine of TF-IDF vectors with logarithmic counts, by scikit-learn."""
    library = _library("sklearn.feature_extraction.text", "scikit-learn")
    vectorizer = library.TfidfVectorizer(sublinear_tf=True, stop_words="english", strip_accents="unicode")
    documents = vectorizer.fit_transform(_documents(collection))
    queries = vectorizer.transform([query.text for query in collection.queries])
    return _unknown(list(_best(queries @ documents.T)), collection.queries)


def _documents(collection: Collection) -> list[str]:
    return [f"{document.title} {document.abstract}" for document in collection.documents]


def _best(products: Any) -> Iterator[list[int]]:
    """Of each row of a sparse matrix the columns above 0, best first, ties by number."""
    for row in range(products.shape[0]):
        own = products[[row]].tocoo()
        columns = own.coords[-1]
        yield columns[np.lexsort((columns, -own.data))].tolist()


def _library(module: str, package: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise NotInstalledError(f"it needs {package}; pip install 'daily-paper-digest[bench]'") from None
