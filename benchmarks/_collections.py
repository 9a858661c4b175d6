"""Test collections: documents, queries, and which documents are relevant to which query.

Rows are JSON objects, one a line, as `digest rank` takes them or as BEIR has them (https://github.com/beir-cellar/beir);
judgements may also be tab-separated: query, document, grade, or TREC's query, iteration, document, grade. Any file may be
compressed by gzip.
"""

import random
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from gzip import GzipFile
from pathlib import Path
from typing import Any

from digest.cli import lines
from digest.cli.lines import Row, RowError

Grades = Mapping[int, float]  # by number of the document; only those that are relevant, so above 0


@dataclass(frozen=True, slots=True)
class Document:
    """A title and an abstract, either of which may be empty."""

    id: str
    title: str
    abstract: str


@dataclass(frozen=True, slots=True)
class Query:
    """What somebody looks for, in their words, and what they should find."""

    id: str
    text: str
    relevant: Grades
    unseen: frozenset[int] = frozenset()  # numbers of documents that are not to be found: known to whoever asks
    liked: tuple[int, ...] = ()  # those of them that they have called good


@dataclass(frozen=True, slots=True)
class Collection:
    """Documents, numbered from 0, and the queries that have something to find among them."""

    name: str
    documents: tuple[Document, ...]
    queries: tuple[Query, ...]


def read(documents: str, queries: str, judgements: str) -> Collection:
    """A collection from its three files. What cannot be read is said on stderr, by line, and left out.

    Raises:
        OSError: a file cannot be opened.
    """
    held = tuple(_once(_documents(documents)))
    numbers = {document.id: number for number, document in enumerate(held)}
    grades = _grades(judgements, numbers)
    asked = [Query(name, text, grades.get(name, {})) for name, text in _texts(queries)]
    judged = tuple(query for query in asked if query.relevant)
    if len(judged) < len(asked):
        _tell(queries, f"{len(asked) - len(judged):,} queries have no relevant document and are left out")
    return Collection(Path(documents).name.split(".")[0], held, judged)


def with_likes(collection: Collection, likes: int) -> Collection:
    """The same where whoever asks has liked so many of the relevant documents, which are then not to be found again.

    Drawn by chance, the same ones every time. Queries with no more relevant documents than that are left out.
    """
    queries = []
    for query in collection.queries:
        if len(query.relevant) > likes:
            liked = tuple(sorted(random.Random(query.id).sample(sorted(query.relevant), likes)))
            rest = {number: grade for number, grade in query.relevant.items() if number not in liked}
            queries.append(replace(query, relevant=rest, liked=liked, unseen=query.unseen | {*liked}))
    return replace(collection, queries=tuple(queries))


# --- rows -----------------------------------------------------------------------------------------------------------


def _tell(where: str, what: str) -> None:
    print(f"{where}: {what}", file=sys.stderr)


def _documents(name: str) -> Iterator[tuple[str, Document]]:
    for where, row in lines.read(name, _tell):
        try:
            yield where, _document(row)
        except RowError as error:
            _tell(where, str(error))


def _document(row: Row) -> Document:
    title, abstract = _text(row, "title"), _text(row, "abstract", "text", "contents")
    if not (title or abstract):
        raise RowError("has neither title nor abstract (or text); it is left out")
    return Document(_id(row, "id", "_id", "doc_id", "docid"), title, abstract)


def _once(documents: Iterable[tuple[str, Document]]) -> Iterator[Document]:
    seen = set()
    for where, document in documents:
        if document.id in seen:
            _tell(where, "has the id of an earlier line, which counts")
        else:
            seen.add(document.id)
            yield document


def _texts(name: str) -> Iterator[tuple[str, str]]:
    for where, row in lines.read(name, _tell):
        try:
            yield _question(row)
        except RowError as error:
            _tell(where, str(error))


def _question(row: Row) -> tuple[str, str]:
    text = _text(row, "text", "query", "keywords", "question", "title")
    if not text:
        raise RowError("asks for nothing; it needs a text (or query), and is left out")
    return _id(row, "id", "_id", "query-id", "query_id", "qid"), text


def _id(row: Row, *names: str) -> str:
    found = next((row[name] for name in names if row.get(name) is not None), None)
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise RowError(f"has no {' or '.join(names)} that is a text or a whole number; it is left out")
    return str(found)


def _text(row: Row, *names: str) -> str:
    found = next((row[name] for name in names if row.get(name)), "")
    if isinstance(found, list):
        found = " ".join(map(str, found))
    if not isinstance(found, str):
        raise RowError(f"has a {' or '.join(names)} that is no text; it is left out")
    return found.strip()


# --- judgements -----------------------------------------------------------------------------------------------------


def _grades(name: str, numbers: Mapping[str, int]) -> dict[str, dict[int, float]]:
    """By query, the grades of the documents that are relevant. Those of documents that are not there are counted."""
    grades: dict[str, dict[int, float]] = {}
    strangers = 0
    for where, query, document, grade in _judgements(name):
        if document not in numbers:
            strangers += 1
            if strangers == 1:
                _tell(where, f"judges document {document}, which is not there; so may others below")
        elif grade > 0:
            grades.setdefault(query, {})[numbers[document]] = grade
    if strangers:
        _tell(name, f"{strangers:,} judgements of documents that are not there are left out")
    return grades


def _judgements(name: str) -> Iterator[tuple[str, str, str, float]]:
    """Where it stands, query, document, grade."""
    for where, row in lines.read(name, _tell) if _is_json(name) else _tabbed(name):
        try:
            query, document = (
                _id(row, "query-id", "query", "query_id", "qid"),
                _id(row, "corpus-id", "doc", "document", "doc_id", "docid", "listing"),
            )
            yield where, query, document, _grade(row)
        except RowError as error:
            _tell(where, str(error))


def _grade(row: Row) -> float:
    found: Any = next(
        (row[name] for name in ("score", "relevance", "grade", "rel", "label") if row.get(name) is not None), 1
    )
    try:
        return float(found)
    except (TypeError, ValueError):
        raise RowError(f"has the grade {found!r}, which is no number; it is left out") from None


def _is_json(name: str) -> bool:
    return next((line.lstrip("\ufeff \t").startswith("{") for _, line in _lines(name) if line.strip()), True)


def _lines(name: str) -> Iterator[tuple[int, str]]:
    with Path(name).open("rb") as raw:
        packed = raw.peek(2)[:2] == b"\x1f\x8b"
        for number, line in enumerate(GzipFile(fileobj=raw) if packed else raw, start=1):
            yield number, line.decode("utf-8", "replace").rstrip("\r\n")


_COLUMNS = {3: ("query", "doc", "score"), 4: ("query", "iteration", "doc", "score")}


def _tabbed(name: str) -> Iterator[tuple[str, Row]]:
    for number, line in _lines(name):
        values = line.split("\t") if "\t" in line else line.split()
        if number == 1 and values and not _is_number(values[-1]):
            continue  # the header
        if len(values) in _COLUMNS:
            yield f"{name}:{number}", dict(zip(_COLUMNS[len(values)], values, strict=True))
        elif values:
            _tell(f"{name}:{number}", f"has {len(values)} columns; write query, document and grade; it is left out")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
