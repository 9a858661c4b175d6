"""Other ways to find the 20 best of 1,000 listings for each profile, beside ours. `python -m benchmarks.peers [--json]`

All read the same invented listings and profiles, each in a process of its own and for as many profiles as it can stand:

- ours: the matcher alone, from profiles that were read to the places of the best;
- reasons: the ranker as the pipeline calls it, picks with their reasons made;
- regexes: a loop over subscribers, a regular expression for each term;
- bm25s: one query a profile, its words without phrases, prefixes, names and signs (https://github.com/xhluca/bm25s);
- LinearSVC: a support vector machine a profile over TF-IDF, as arxiv-sanity-lite has it, trained on the five listings
  that hold most of its words (https://github.com/karpathy/arxiv-sanity-lite);
- FTS5: SQLite's full-text index, one MATCH a profile (https://www.sqlite.org/fts5.html).

Reading the listings and the profiles is told apart from finding: `ready` is seconds until the first profile can be
answered, and the seconds for 1,000 profiles count from there. Seconds are of CPU; memory is the peak of the process.
"""

import argparse
import importlib
import importlib.util
import json
import multiprocessing
import random
import re
import resource
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any

from benchmarks import ranking
from digest.model import Listing, Shard
from digest.ranking import features
from digest.ranking.choice import choose
from digest.ranking.corpus import Reader
from digest.ranking.day import Day
from digest.ranking.product import Best
from digest.ranking.query import parse
from digest.ranking.ranker import Ranker
from digest.ranking.readers import Readers
from digest.ranking.term import Field, Match, Sign, Term

TOP = 20
TITLE = 3  # what a match in a title counts

Profile = Sequence[Term]
Find = Callable[[], list[Sequence[int]]]  # for each profile the places of the best listings


@dataclass(frozen=True, slots=True)
class Peer:
    """A way to find listings."""

    prepare: Callable[[list[Listing], list[tuple[str, ...]]], Find]  # all that is done once for listings and profiles
    profiles: int  # as many as it is asked for
    needs: str = ""  # a module that is not ours


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of one way."""

    name: str
    regime: str
    profiles: int
    ready: float  # seconds
    seconds: float  # for 1,000 profiles
    found: float  # listings a profile
    megabytes: float


# --- ours -----------------------------------------------------------------------------------------------------------


def ours(papers: list[Listing], lines: list[tuple[str, ...]]) -> Find:
    shard = _shard(papers, lines)
    read = {text: features.line(parse(text)) for text in dict.fromkeys(chain.from_iterable(lines))}
    readers = Readers(shard, Day(shard, Reader(), revisions=False), read, {})
    wishes = readers.wishes(readers.all, [TOP] * len(lines))
    return lambda: [own for chosen in choose(readers.day.table, wishes) for own in _columns(chosen.best)]


def _columns(best: Best) -> list[Sequence[int]]:
    return [best.columns[start:end] for start, end in pairwise(best.ends.tolist())]


def with_reasons(papers: list[Listing], lines: list[tuple[str, ...]]) -> Find:
    shard = _shard(papers, lines)
    ranker = Ranker()
    ranker.rank(shard)  # reads listings and profiles; the daemon finds them read from the second shard of a day on
    return lambda: [[pick.listing.id - 1 for pick in found.picks] for found in ranker.rank(shard)]


def _shard(papers: list[Listing], lines: list[tuple[str, ...]]) -> Shard:
    return Shard(ranking.people(lines, picks=TOP), tuple(ranking.window(papers)), ranking.NOW)


# --- a loop over subscribers ----------------------------------------------------------------------------------------


def regexes(papers: list[Listing], lines: list[tuple[str, ...]]) -> Find:
    profiles = [[(term, _pattern(term)) for term in map(parse, own)] for own in lines]
    return lambda: [_best({n: _matched(own, paper) for n, paper in enumerate(papers)}) for own in profiles]


def _pattern(term: Term) -> re.Pattern[str]:
    words = r"\W+".join(re.escape(word.written.strip("*")) for word in term.words)
    return re.compile(rf"\b{words}" if term.match is Match.PREFIX else rf"\b{words}\b", re.IGNORECASE)


def _matched(profile: Sequence[tuple[Term, re.Pattern[str]]], paper: Listing) -> float:
    total = 0.0
    for term, pattern in profile:
        match term.field:
            case Field.AUTHOR:
                count = sum(map(len, map(pattern.findall, paper.authors)))
            case Field.CATEGORY:
                count = sum(map(len, map(pattern.findall, paper.categories)))
            case _:
                count = TITLE * len(pattern.findall(paper.title)) + len(pattern.findall(paper.abstract))
        if count and term.sign is Sign.NEVER:
            return 0.0
        total += term.weight * count
    return total


def _best(scores: dict[int, float]) -> list[int]:
    found = [(number, score) for number, score in scores.items() if score > 0]
    return [number for number, _ in sorted(found, key=itemgetter(1), reverse=True)[:TOP]]


# --- bm25s ----------------------------------------------------------------------------------------------------------


def bm25s(papers: list[Listing], lines: list[tuple[str, ...]]) -> Find:
    library, stem = importlib.import_module("bm25s"), importlib.import_module("Stemmer").Stemmer("english")
    index = library.BM25()
    texts = [f"{paper.title} {paper.abstract}" for paper in papers]
    index.index(library.tokenize(texts, stemmer=stem, show_progress=False), show_progress=False)
    queries = library.tokenize(
        [" ".join(_words(own)) for own in lines], stemmer=stem, show_progress=False, return_ids=False
    )

    def find() -> list[Sequence[int]]:
        numbers, scores = index.retrieve(queries, k=TOP, show_progress=False)
        return [own[worth > 0] for own, worth in zip(numbers, scores, strict=True)]

    return find


def _words(lines: Sequence[str]) -> list[str]:
    """The words that a profile looks for in titles and abstracts."""
    wanted = [term for term in map(parse, lines) if term.sign is not Sign.NEVER and term.field is Field.ANY]
    return [word.written for term in wanted if term.match is Match.WORDS for word in term.words]


# --- arxiv-sanity-lite ----------------------------------------------------------------------------------------------


def linear_svc(papers: list[Listing], lines: list[tuple[str, ...]]) -> Find:
    text, svm = importlib.import_module("sklearn.feature_extraction.text"), importlib.import_module("sklearn.svm")
    vectorizer = text.TfidfVectorizer(
        strip_accents="unicode",
        stop_words="english",
        token_pattern=r"(?u)\b[a-zA-Z_][a-zA-Z0-9_]+\b",
        ngram_range=(1, 2),
        max_features=10_000,
        sublinear_tf=True,
        max_df=0.5,
        min_df=5,
    )
    features = vectorizer.fit_transform(f"{paper.title} {paper.abstract} {' '.join(paper.authors)}" for paper in papers)
    liked = [_liked(papers, own) for own in lines]

    def best(own: list[int]) -> Sequence[int]:
        labels = [number in own for number in range(len(papers))]
        machine = svm.LinearSVC(class_weight="balanced", max_iter=10_000, tol=1e-6, C=0.1).fit(features, labels)
        order: Sequence[int] = (-machine.decision_function(features)).argsort()[:TOP]
        return order

    return lambda: [best(own) for own in liked]


def _liked(papers: list[Listing], lines: Sequence[str]) -> list[int]:
    wanted = set(_words(lines))
    held = Counter({n: len(wanted.intersection(paper.abstract.split())) for n, paper in enumerate(papers)})
    return [number for number, _ in held.most_common(5)]


# --- SQLite FTS5 ----------------------------------------------------------------------------------------------------


def fts5(papers: list[Listing], lines: list[tuple[str, ...]]) -> Find:
    database = sqlite3.connect(":memory:")
    columns = "title, abstract, authors, categories"
    database.execute(f"CREATE VIRTUAL TABLE papers USING fts5 ({columns}, tokenize = 'porter unicode61')")
    database.executemany(
        "INSERT INTO papers (rowid, title, abstract, authors, categories) VALUES (?, ?, ?, ?, ?)",
        [(n, p.title, p.abstract, "; ".join(p.authors), "; ".join(p.categories)) for n, p in enumerate(papers)],
    )
    query = f"SELECT rowid FROM papers WHERE papers MATCH ? ORDER BY bm25(papers, {TITLE}, 1, 1, 1) LIMIT {TOP}"
    asked = [_match([*map(parse, own)]) for own in lines]
    return lambda: [[n for (n,) in database.execute(query, (match,))] if match else [] for match in asked]


def _match(profile: Profile) -> str:
    wanted = [_fts_term(term) for term in profile if term.sign is not Sign.NEVER]
    unwanted = [_fts_term(term) for term in profile if term.sign is Sign.NEVER]
    either = f"({' OR '.join(wanted)})" if wanted else ""
    return f"{either} NOT ({' OR '.join(unwanted)})" if either and unwanted else either


def _fts_term(term: Term) -> str:
    words = [_quoted(word.written.strip("*")) for word in term.words]
    phrase = " + ".join(words) + " *" * (term.match is Match.PREFIX)
    if term.field in (Field.AUTHOR, Field.CATEGORY):
        return f"{'authors' if term.field is Field.AUTHOR else 'categories'} : {phrase}"
    either = [phrase, *words] if len(words) > 1 else [phrase]  # like ours, the words count beside the phrase
    return f"{{title abstract}} : ({' OR '.join(either)})"


def _quoted(word: str) -> str:
    return f'"{word}"'


# --- measuring ------------------------------------------------------------------------------------------------------

PEERS = {
    "ours": Peer(ours, 10_000),
    "reasons": Peer(with_reasons, 2_000),
    "bm25s": Peer(bm25s, 2_000, needs="bm25s"),
    "FTS5": Peer(fts5, 500),
    "LinearSVC": Peer(linear_svc, 100, needs="sklearn"),
    "regexes": Peer(regexes, 20),
}


def measure(name: str, regime: str) -> Figures:
    peer, chance = PEERS[name], random.Random(1)
    papers = ranking.listings(chance)
    lines = ranking.profiles(chance, regime, peer.profiles)
    start = time.process_time()
    find = peer.prepare(papers, lines)
    ready = time.process_time()
    found = find()
    seconds = time.process_time() - ready
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    each = sum(map(len, found)) / len(found)
    return Figures(name, regime, len(lines), ready - start, seconds / len(lines) * 1000, each, peak)


def apart(name: str, regime: str) -> Figures:
    """The same in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, (name, regime))


def shown(figures: Figures, first: Figures) -> str:
    return (
        f"{figures.name:>10} {figures.profiles:>8,} {figures.ready:>8.2f} {figures.seconds:>14.3f}"
        f" {figures.seconds / first.seconds:>8.1f} {figures.found:>6.1f} {figures.megabytes:>8.0f}"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.peers")
    options.add_argument("--json", type=Path, help="keep the figures in this file, too")
    options.add_argument("--regime", choices=("shared", "zipf", "specific"), default="zipf")
    asked = options.parse_args(arguments)
    present = [name for name, peer in PEERS.items() if not peer.needs or importlib.util.find_spec(peer.needs)]
    rows: list[dict[str, Any]] = []
    print(
        f"{'':>10} {'profiles':>8} {'ready s':>8} {'s per 1,000':>14} {'x ours':>8} {'found':>6} {'peak MB':>8}",
        flush=True,
    )
    first = None
    for name in present:
        figures = apart(name, asked.regime)
        first = first or figures
        rows.append({**asdict(figures), "ratio": figures.seconds / first.seconds})
        print(shown(figures, first), flush=True)
    left_out = [name for name in PEERS if name not in present]
    if asked.json:
        asked.json.write_text(json.dumps({"rows": rows, "left_out": left_out}, indent=1) + "\n", encoding="utf-8")
    if left_out:
        print(f"left out: {', '.join(left_out)}; pip install 'daily-paper-digest[bench]' brings what they need")


if __name__ == "__main__":
    main()
