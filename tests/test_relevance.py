"""What the relevance benchmark promises: measures as the field computes them, and rows as strangers write them."""

import gzip
import json
import math

import pytest

from benchmarks import _collections, _proxies, relevance
from benchmarks._collections import Collection, Document, Query
from benchmarks._measures import Measures, means, measures
from benchmarks._systems import NotInstalledError, ours
from digest.model import Listing
from digest.ranking.ranker import Ranker

# --- measures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ranking", "relevant", "expected"),
    [
        pytest.param([1, 2], {1: 1, 2: 1}, Measures(1, 1, 1), id="all of it first"),
        pytest.param([3, 4], {1: 1}, Measures(0, 0, 0), id="nothing of it"),
        pytest.param([], {1: 1}, Measures(0, 0, 0), id="an empty ranking"),
        pytest.param([9, 1], {1: 1}, Measures(1 / math.log2(3), 1 / 2, 1), id="at the second place"),
        pytest.param([1, 9, 2], {1: 1, 2: 1, 5: 1}, Measures(0.70392, (1 + 2 / 3) / 3, 2 / 3), id="two of three"),
        pytest.param(
            [1, 2], {1: 1, 2: 3}, Measures((1 + 3 / math.log2(3)) / (3 + 1 / math.log2(3)), 1, 1), id="graded"
        ),
        pytest.param([*range(10, 20), 1], {1: 1}, Measures(0, 1 / 11, 1), id="at the eleventh place"),
        pytest.param([*range(100, 120), 1], {1: 1}, Measures(0, 1 / 21, 0), id="at the twenty-first place"),
    ],
)
def test_measures_are_those_of_trec_eval(ranking, relevant, expected):
    assert measures(ranking, relevant) == pytest.approx(expected, abs=1e-5)


def test_means_are_taken_by_measure():
    assert means([Measures(1, 0.5, 0), Measures(0, 0.5, 1)]) == Measures(0.5, 0.5, 0.5)


# --- reading --------------------------------------------------------------------------------------------------------


def written(path, rows):
    path.write_text("".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


BEIR = (
    [
        {"_id": "d1", "title": "Flow matching", "text": "For generative models."},
        {"_id": "d2", "title": "", "text": "Bees."},
    ],
    [{"_id": "q1", "text": "what do bees want?"}],
    [{"query-id": "q1", "corpus-id": "d2", "score": 2}, {"query-id": "q1", "corpus-id": "d1", "score": 0}],
)
OWN = (
    [{"id": "d1", "title": "Flow matching", "abstract": "For generative models."}, {"id": "d2", "abstract": "Bees."}],
    [{"id": "q1", "text": "what do bees want?"}],
    [{"query": "q1", "doc": "d2", "relevance": 2}],
)
EXPECTED = Collection(
    "d",
    (Document("d1", "Flow matching", "For generative models."), Document("d2", "", "Bees.")),
    (Query("q1", "what do bees want?", {1: 2.0}),),
)


@pytest.mark.parametrize(
    ("docs", "queries", "qrels"),
    [
        pytest.param(*BEIR, id="BEIR"),
        pytest.param(*OWN, id="as digest rank has them"),
        pytest.param(*BEIR[:2], ["query-id\tcorpus-id\tscore\n", "q1\td2\t2\n"], id="tab-separated with a header"),
        pytest.param(*BEIR[:2], ["q1\td2\t2\n", "\n"], id="tab-separated without one"),
        pytest.param(*BEIR[:2], ["q1 0 d2 2\n", "q1 0 d1 0\n"], id="TREC"),
    ],
)
def test_a_collection_is_read_as_it_comes(tmp_path, capsys, docs, queries, qrels):
    files = [written(tmp_path / name, rows) for name, rows in (("d.jsonl", docs), ("q.jsonl", queries), ("r", qrels))]
    assert _collections.read(*files) == EXPECTED
    assert not capsys.readouterr().err


def test_files_may_be_compressed(tmp_path):
    files = []
    for name, rows in zip(("d.jsonl.gz", "q.jsonl.gz", "r.tsv.gz"), (*BEIR[:2], ["q1\td2\t2\n"]), strict=True):
        plain = written(tmp_path / "plain", rows)
        (tmp_path / name).write_bytes(gzip.compress((tmp_path / "plain").read_bytes()))
        files.append(plain.removesuffix("plain") + name)
    assert _collections.read(*files) == EXPECTED


def test_a_row_that_cannot_be_read_is_named_and_the_others_count(tmp_path, capsys):
    docs = written(tmp_path / "d.jsonl", ["nonsense\n", *BEIR[0], {"_id": "d3"}, {"title": "No id"}, BEIR[0][0]])
    queries = written(tmp_path / "q.jsonl", [*BEIR[1], {"_id": "q2"}, {"_id": "q3", "text": "unjudged"}])
    qrels = written(tmp_path / "r.tsv", ["q1\td2\t2\n", "q1\n", "q1\tnobody\t1\n", "q1\td1\tgood\n"])
    assert _collections.read(docs, queries, qrels) == EXPECTED
    told = capsys.readouterr().err
    for where in (
        "d.jsonl:1:",
        "d.jsonl:4:",
        "d.jsonl:5:",
        "d.jsonl:6:",
        "q.jsonl:2:",
        "r.tsv:2:",
        "r.tsv:3:",
        "r.tsv:4:",
    ):
        assert where in told
    assert "1 queries have no relevant document" in told
    assert "1 judgements of documents that are not there" in told


# --- likes ----------------------------------------------------------------------------------------------------------


def test_what_is_liked_is_relevant_and_not_to_be_found_again():
    many, few = Query("a", "x", dict.fromkeys(range(10), 1.0)), Query("b", "x", {1: 1.0, 2: 1.0})
    (query,) = _collections.with_likes(Collection("c", (), (many, few)), 2).queries
    assert len(query.liked) == 2
    assert query.unseen == {*query.liked}
    assert {*query.relevant} == {*range(10)} - query.unseen


def test_likes_are_the_same_in_every_run():
    collection = Collection("c", (), (Query("a", "x", dict.fromkeys(range(50), 1.0)),))
    assert _collections.with_likes(collection, 5) == _collections.with_likes(collection, 5)


# --- systems --------------------------------------------------------------------------------------------------------

TOPICS = ("bees pollinate apple blossoms", "graphs colour planar maps", "stars collapse into black holes")
PAPERS = tuple(Document(f"{topic}{n}", f"{topic} {n}", f"We say that {topic}.") for topic in TOPICS for n in range(4))
QUERIES = tuple(
    Query(topic, f"How do {topic}?", {n: 1.0 for n, paper in enumerate(PAPERS) if paper.id.startswith(topic)})
    for topic in TOPICS
)
COLLECTION = Collection("topics", PAPERS, QUERIES)


def test_the_ranker_is_asked_as_digest_rank_asks_it():
    rankings = ours(Ranker().rank)(COLLECTION)
    assert means([measures(own, query.relevant) for own, query in zip(rankings, QUERIES, strict=True)]).ndcg == 1


def test_nobody_is_shown_what_they_liked():
    asked = _collections.with_likes(COLLECTION, 1)
    for likes in (False, True):
        for ranking, query in zip(ours(Ranker().rank, likes=likes)(asked), asked.queries, strict=True):
            assert ranking
            assert not {*ranking} & query.unseen


def test_the_first_system_is_what_the_others_are_compared_with():
    def perfect(collection):
        return [[*query.relevant] for query in collection.queries]

    def poor(collection):
        return [[99, *query.relevant][:2] for query in collection.queries[:2]] + [[]]

    def absent(_collection):
        raise NotInstalledError("it needs nothing you have")

    first, second = relevance.compare(COLLECTION, {"perfect": perfect, "poor": poor, "absent": absent})
    assert (first.system, first.means.ndcg, first.p) == ("perfect", 1, 1)
    assert second.difference == pytest.approx(second.means.ndcg - 1)
    assert second.t < 0 < second.p < 0.1


def test_a_system_that_is_not_installed_is_left_out_with_a_word(capsys):
    def absent(_collection):
        raise NotInstalledError("it needs bm25s")

    assert not list(relevance.compare(COLLECTION, {"bm25s": absent}))
    assert "bm25s is left out: it needs bm25s" in capsys.readouterr().err


def test_the_figures_are_written_for_programs_too(tmp_path, capsys):
    files = {
        "--docs": written(
            tmp_path / "d.jsonl", [{"id": p.id, "title": p.title, "abstract": p.abstract} for p in PAPERS]
        ),
        "--queries": written(tmp_path / "q.jsonl", [{"id": q.id, "text": q.text} for q in QUERIES]),
        "--qrels": written(
            tmp_path / "r.jsonl",
            [{"query": q.id, "doc": PAPERS[n].id, "relevance": 1} for q in QUERIES for n in q.relevant],
        ),
        "--json": str(tmp_path / "out.json"),
    }
    assert relevance.main([part for pair in files.items() for part in pair]) == 0
    assert "12 documents, 3 queries, 4.0 relevant documents each" in capsys.readouterr().out
    (found,) = json.loads((tmp_path / "out.json").read_text())
    assert found["systems"][0] == {
        "system": "digest",
        "ndcg": 1,
        "map": 1,
        "recall": 1,
        "difference": 0,
        "t": 0,
        "p": 1,
    }


def test_without_files_it_says_what_it_needs(capsys, monkeypatch):
    monkeypatch.delenv(relevance.FOLDER, raising=False)
    assert relevance.main([]) == 0
    assert "it needs a test collection" in capsys.readouterr().out


def test_a_file_that_is_not_there_is_named(capsys, tmp_path):
    gone = str(tmp_path / "gone.jsonl")
    assert relevance.main(["--docs", gone, "--queries", gone, "--qrels", gone]) == 2
    assert "gone.jsonl" in capsys.readouterr().err


# --- collections made of listings -----------------------------------------------------------------------------------


def test_a_title_asks_for_the_other_papers_of_its_authors():
    papers = [Listing(f"Paper {n}", authors=(f"Ann {n // 3}",)) for n in range(9)]
    for query in _proxies.by_authors("c", papers).queries:
        own = int(query.id)
        assert query.unseen == {own}
        assert {*query.relevant} == {n for n in range(9) if n // 3 == own // 3} - {own}


def test_a_title_asks_for_its_own_abstract_among_abstracts_alone():
    collection = _proxies.by_title("c", [Listing("On bees", "They pollinate."), Listing("On stars", "They shine.")])
    assert [document.title for document in collection.documents] == ["", ""]
    assert {query.text: query.relevant for query in collection.queries} == {"On bees": {0: 1.0}, "On stars": {1: 1.0}}
