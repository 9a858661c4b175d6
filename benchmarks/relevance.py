"""How well the ranker finds what people looked for, beside BM25 and TF-IDF in the same run.

    python -m benchmarks.relevance --docs D.jsonl --queries Q.jsonl --qrels R.jsonl [--likes N] [--semantic FOLDER]

D: {id, title, abstract} or BEIR's {_id, title, text}; Q: {id, text} or {_id, text}; R: {query, doc, relevance}, BEIR's
{query-id, corpus-id, score}, or the same tab-separated; any may be compressed by gzip. A query is ranked as the keywords
of a profile in `digest rank`, all of it as one text.

nDCG@10 with the grades as gains, mean average precision over the first 1,000, recall@20; then what each other system has
less or more of each query's nDCG@10 than ours, and how likely so much is by chance (paired t-test, two-sided). With
`--likes N` the asker has liked N of the relevant documents, drawn by chance; they are not to be found again, by anybody.

Without files it makes collections of the listings in the folder that the environment variable RELEVANCE_LISTINGS names.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from scipy import stats

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, it knows its own folder alone

from benchmarks import _collections, _proxies, _systems
from benchmarks._collections import Collection
from benchmarks._measures import Measures, means, measures
from benchmarks._systems import NotInstalledError, Rankings, System
from digest.errors import DigestError
from digest.ranking.ranker import Ranker

FOLDER = "RELEVANCE_LISTINGS"


@dataclass(frozen=True, slots=True)
class Row:
    """What one system came to on one collection."""

    system: str
    means: Measures
    difference: float = 0.0  # mean nDCG@10 less ours
    t: float = 0.0  # of that difference, paired by query
    p: float = 1.0


def compare(collection: Collection, systems: Mapping[str, System]) -> Iterator[Row]:
    """A row for each system; the first is what the others are compared with. One that is not installed is left out."""
    first: list[Measures] = []
    for name, system in systems.items():
        try:
            found = _measured(collection, system(collection))
        except NotInstalledError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
            continue
        first = first or found
        yield _row(name, found, first)


def _measured(collection: Collection, rankings: Rankings) -> list[Measures]:
    return [measures(own, query.relevant) for own, query in zip(rankings, collection.queries, strict=True)]


def _row(name: str, found: Sequence[Measures], first: Sequence[Measures]) -> Row:
    own = [of.ndcg for of in found]
    base = [of.ndcg for of in first]
    if own == base or len(own) < 2:
        return Row(name, means(found), means(found).ndcg - means(first).ndcg)
    test = stats.ttest_rel(own, base)
    return Row(name, means(found), means(found).ndcg - means(first).ndcg, float(test.statistic), float(test.pvalue))


# --- what is compared -----------------------------------------------------------------------------------------------


def systems(asked: argparse.Namespace) -> dict[str, System]:
    """Ours first, as fully as it was asked for."""
    ours = partial(_systems.ours, background=not asked.no_background)
    own: dict[str, System] = {
        "digest": ours(Ranker().rank),
        "digest, keywords alone": ours(Ranker().rank, related=False),
    }
    if asked.likes:
        own = {"digest, with likes": ours(Ranker().rank, likes=True), **own}
    if asked.semantic:
        own = {"digest, with meaning": ours(_semantic(asked.semantic), likes=bool(asked.likes)), **own}
    return own | {
        "bm25s": partial(_systems.bm25, stemmed=False),
        "bm25s, stemmed": partial(_systems.bm25, stemmed=True),
        "TF-IDF": _systems.tf_idf,
    }


def _semantic(folder: Path) -> _systems.Ranks:
    from digest.ranking.encoder import FolderEncoder
    from digest.ranking.semantic import InMemory, SemanticRanker

    return SemanticRanker(Ranker(), FolderEncoder(folder), InMemory()).rank


# --- what is printed ------------------------------------------------------------------------------------------------


def table(collection: Collection, found: Sequence[Row]) -> Iterator[str]:
    relevant = sum(len(query.relevant) for query in collection.queries) / max(1, len(collection.queries))
    yield (
        f"{collection.name}: {len(collection.documents):,} documents, {len(collection.queries):,} queries, "
        f"{relevant:.1f} relevant documents each"
    )
    yield f"{'':22} {'nDCG@10':>8} {'MAP':>6} {'recall@20':>9}   {'nDCG less':>9} {'t':>6} {'p':>8}"
    for place, row in enumerate(found):
        against = f"   {row.difference:+9.3f} {row.t:6.1f} {row.p:8.1g}" if place else ""
        yield f"{row.system:22} {row.means.ndcg:8.3f} {row.means.map:6.3f} {row.means.recall:9.3f}{against}"


def document(collection: Collection, found: Sequence[Row]) -> dict[str, Any]:
    """The same for programs."""
    return {
        "collection": collection.name,
        "documents": len(collection.documents),
        "queries": len(collection.queries),
        "systems": [
            {"system": row.system, **row.means._asdict(), "difference": row.difference, "t": row.t, "p": row.p}
            for row in found
        ],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.relevance", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--docs", help="documents, JSON lines")
    parser.add_argument("--queries", help="queries, JSON lines")
    parser.add_argument("--qrels", help="judgements, JSON lines or tab-separated")
    parser.add_argument("--likes", type=int, default=0, metavar="N", help="so many relevant documents are liked")
    parser.add_argument("--semantic", type=Path, metavar="FOLDER", help="the model of `digest[semantic]`")
    parser.add_argument("--no-background", action="store_true", help="as of `digest rank`")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    asked = parser.parse_args(arguments)
    files = (asked.docs, asked.queries, asked.qrels)
    if any(files) and not all(files):
        parser.error("--docs, --queries and --qrels go together")
    try:
        return _run(asked, iter([_collections.read(*files)]) if all(files) else _made())
    except (OSError, DigestError) as error:
        print(error, file=sys.stderr)
        return 2


def _made() -> Iterator[Collection]:
    folder = os.environ.get(FOLDER)
    if folder:
        yield from _proxies.of_folder(Path(folder))
    else:
        print(
            "left out: it needs a test collection (--docs, --queries, --qrels),\n"
            f"or {FOLDER}=FOLDER with listings, *.jsonl or *.jsonl.gz, to make some of"
        )


def _run(asked: argparse.Namespace, collections: Iterator[Collection]) -> int:
    documents = []
    for given in collections:
        collection = _collections.with_likes(given, asked.likes) if asked.likes else given
        if not collection.queries:
            print(f"{collection.name}: no query has enough relevant documents among these", file=sys.stderr)
            continue
        found = list(compare(collection, systems(asked)))
        documents.append(document(collection, found))
        print(*table(collection, found), "", sep="\n", flush=True)
    if asked.json:
        asked.json.write_text(json.dumps(documents, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
