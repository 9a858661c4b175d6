"""What people have collected, as listings: BibTeX, a CSV that Zotero exported, or a plain list of papers."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from digest.model import Listing
from digest.ranking import bibtex
from digest.text import clean, ids


class Format(StrEnum):
    """What a file of references is."""

    BIBTEX = "BibTeX"
    CSV = "CSV"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class References:
    """What was read of a file. Of an entry that is no more than an identifier, the listing has no title."""

    format: Format
    entries: tuple[Listing, ...]
    faults: tuple[str, ...] = ()  # entries left out: "line 12: ..."


class UnreadableError(ValueError):
    """The file is nothing that can be read; says what was expected."""


_EXPECTED = (
    "expected BibTeX (`@article{...}`), a CSV that Zotero exported (with a column `Title`), "
    "or a list with an arXiv id, a DOI or a title on each line"
)
_STRANGERS = (
    (re.compile(r"\s*%PDF-"), "this is a PDF"),
    (re.compile(r"\s*<"), "this is HTML or XML"),
    (re.compile(r"\s*[\[{]\s*[\"{\[\]}]"), "this is JSON"),
    (re.compile(r"\s*TY  - ", re.MULTILINE), "this is RIS; export it as BibTeX instead"),
)
_LONGEST_NAME = 25  # of a column
_LETTERS = 0.8  # of a title are letters and spaces
_LONGEST_LINE = 500  # of a list: a title is shorter, prose is not a list


def read(content: bytes) -> References:
    """The entries of a file, whatever it is called.

    Raises:
        UnreadableError: it is none of the formats, or nothing is in it.
    """
    text = _decoded(content)
    if bibtex.looks_like(text):
        return _gathered(Format.BIBTEX, _from_bibtex(text))
    for pattern, what in _STRANGERS:
        if pattern.match(text):
            raise UnreadableError(f"{what}: {_EXPECTED}")
    if "\0" in text or not text.strip():
        raise UnreadableError(f"{'this is not text' if text.strip() else 'nothing is in it'}: {_EXPECTED}")
    if header := _header(text):
        return _gathered(Format.CSV, _from_csv(text, header))
    if not _is_list(text):
        raise UnreadableError(f"its lines are no titles: {_EXPECTED}")
    return _gathered(Format.LIST, _from_list(text))


def completed(entry: Listing, known: Listing) -> Listing:
    """An entry as the paper that it is known to be, with the tags that its collector gave it."""
    return replace(known, keywords=(*known.keywords, *entry.keywords), abstract=known.abstract or entry.abstract)


def _decoded(content: bytes) -> str:
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _gathered(form: Format, found: Iterator[Listing | str]) -> References:
    every = list(found)
    entries = tuple(one for one in every if isinstance(one, Listing))
    faults = tuple(one for one in every if isinstance(one, str))
    if not entries and form is Format.LIST:
        raise UnreadableError(f"no line of it is a reference: {_EXPECTED}")
    return References(form, entries, faults)


# --- BibTeX ---------------------------------------------------------------------------------------------------------


def _from_bibtex(text: str) -> Iterator[Listing | str]:
    for entry in bibtex.read(text):
        if isinstance(entry, bibtex.Unreadable):
            yield f"line {entry.line}: {entry.what}"
            continue
        fields = entry.fields
        listing = Listing(
            title=clean.title(fields.get("title", "")),
            abstract=clean.abstract(fields.get("abstract", "")),
            authors=clean.authors(_people(fields.get("author", ""))),
            keywords=_tags(clean.title(fields.get("keywords", ""))),
            arxiv_id=_arxiv_id(fields.get("eprint", ""), *map(fields.get, ("url", "journal", "note", "doi"), [""] * 4)),
            doi=_doi(fields.get("doi", ""), fields.get("url", "")),
        )
        yield (
            listing if _says_something(listing) else f"line {entry.line}: `{entry.key}` has no title and no identifier"
        )


def _people(field: str) -> list[str]:
    """The names of an author field, which are joined by `and`, unless it stands in braces."""
    names, depth, start = [], 0, 0
    for place in re.finditer(r"[{}]|(?<=\s)and(?=\s)", field, re.IGNORECASE):
        if place[0] in "{}":
            depth += 1 if place[0] == "{" else -1
        elif depth == 0:
            names.append(field[start : place.start()])
            start = place.end()
    return [name for name in (*names, field[start:]) if name.strip() and name.strip().lower() != "others"]


# --- CSV ------------------------------------------------------------------------------------------------------------

_COLUMNS = {
    "title": ("title",),
    "abstract": ("abstract note", "abstract"),
    "authors": ("author", "authors"),
    "keywords": ("manual tags", "automatic tags", "tags", "keywords"),
    "ids": (
        "doi",
        "url",
        "extra",
        "publication title",
        "archive id",
        "archive location",
        "call number",
        "arxiv id",
        "id",
    ),
}


@dataclass(frozen=True, slots=True)
class _Header:
    delimiter: str
    columns: Mapping[str, int]


def _header(text: str) -> _Header | None:
    """The header of a table with titles, if there is one; raises UnreadableError for a table of something else."""
    first, _, rest = text.lstrip("\n").partition("\n")
    for delimiter in ",;\t":
        names, cells = _cells(first, delimiter), _cells(rest.partition("\n")[0], delimiter)
        if "title" in names and len(names) > 1:
            return _Header(delimiter, {name: number for number, name in reversed(list(enumerate(names)))})
        if len(names) == len(cells) > 2 and max(map(len, names)) <= _LONGEST_NAME:
            raise UnreadableError(f"this is a table without a column `Title`: {_EXPECTED}")
    return None


def _cells(line: str, delimiter: str) -> list[str]:
    return [cell.strip().casefold() for cell in next(_rows(csv.reader([line], delimiter=delimiter)), [])]


def _rows(table: Iterator[list[str]]) -> Iterator[list[str]]:
    """The rows of a table; raises UnreadableError where a cell has no end."""
    try:
        yield from table
    except csv.Error:
        raise UnreadableError(f"one of its lines goes on for too long: {_EXPECTED}") from None


def _from_csv(text: str, header: _Header) -> Iterator[Listing | str]:
    table = text.lstrip("\n")
    above = text[: len(text) - len(table)].count("\n")
    rows = csv.reader(io.StringIO(table, newline=""), delimiter=header.delimiter)
    next(_rows(rows))
    start = above + rows.line_num + 1
    for row in _rows(rows):
        if any(cell.strip() for cell in row):
            yield _row(row, header, start)
        start = above + rows.line_num + 1


def _row(row: list[str], header: _Header, line: int) -> Listing | str:
    def cells(what: str) -> list[str]:
        places = [header.columns[name] for name in _COLUMNS[what] if name in header.columns]
        return [row[place] for place in places if place < len(row) and row[place].strip()]

    listing = Listing(
        title=clean.title(" ".join(cells("title"))),
        abstract=clean.abstract(" ".join(cells("abstract")[:1])),
        authors=clean.authors(name for cell in cells("authors") for name in cell.split(";")),
        keywords=_tags(clean.title("; ".join(cells("keywords")))),
        arxiv_id=_arxiv_id(*cells("ids")),
        doi=_doi(*cells("ids")),
    )
    return listing if _says_something(listing) else f"line {line}: has no title and no identifier"


# --- lists ----------------------------------------------------------------------------------------------------------

_BULLET = re.compile(r"^\s*(?:[-*\u2022\u2013]\s+|\[?\d{1,3}[.)\]]\s+)?")


def _is_list(text: str) -> bool:
    """Whether at least half of the lines may be references."""
    lines = [line for raw in text.split("\n") if (line := _BULLET.sub("", raw).strip())]
    return sum(map(_may_be_reference, lines)) * 2 >= len(lines)


def _may_be_reference(line: str) -> bool:
    letters = sum(character.isalpha() or character.isspace() for character in line)
    title = letters >= _LETTERS * len(line) and not re.search(r"[;{=]$|^\W*\w+\(|^(?:import|from|def|class) ", line)
    return line.startswith("#") or "://" in line or bool(title or ids.arxiv_id(line) or ids.doi(line))


def _from_list(text: str) -> Iterator[Listing | str]:
    for number, raw in enumerate(text.split("\n"), start=1):
        line = _BULLET.sub("", raw).strip()
        if not line or line.startswith("#"):
            continue
        arxiv, doi = ids.arxiv_id(line), ids.doi(line)
        if len(line) > _LONGEST_LINE:
            yield f"line {number}: too long for a title; write an arXiv id, a DOI or a title on each line"
        elif arxiv:
            yield Listing("", arxiv_id=arxiv[0])
        elif doi:
            yield Listing("", doi=doi)
        elif "://" in line:
            yield f"line {number}: {line} names neither an arXiv id nor a DOI; write the title instead"
        elif (title := clean.title(line)) and any(character.isalpha() for character in title):
            yield Listing(title)
        else:
            yield f"line {number}: `{line}` is neither an identifier nor a title"


# --- of all ---------------------------------------------------------------------------------------------------------

_ARXIV = re.compile(r"\S*\d{4}\.\d{4,5}\S*|\S*[a-z-]+(?:\.[A-Z]{2})?/\d{7}\S*", re.IGNORECASE)


def _arxiv_id(*texts: str | None) -> str | None:
    """The first arXiv identifier that one of these is, or has after a word like `arXiv`."""
    words = (word.strip("(),;[]") for text in texts for word in (text or "", *_ARXIV.findall(text or "")))
    return next((found[0] for word in words if (found := ids.arxiv_id(word))), None)


def _doi(*texts: str) -> str | None:
    return next((found for text in texts if (found := ids.doi(text))), None)


def _tags(text: str) -> tuple[str, ...]:
    return tuple(tag.strip() for tag in re.split(r"[;,\n]", text) if tag.strip())


def _says_something(listing: Listing) -> bool:
    return bool(listing.title or listing.arxiv_id or listing.doi)
