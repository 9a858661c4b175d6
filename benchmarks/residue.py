r"""What markup is left in clean titles, abstracts and names, over a folder of real listings.

    python -m benchmarks.residue FOLDER

reads every *.jsonl.gz (one listing a line) and every arXiv XML file below FOLDER, cleans them, and prints the rate and,
for each class of leftover, how many there are and an example. The braces of a set, `\{0,1\}` in the source, are
mathematics and no leftover; they are counted to be seen.
"""

import gzip
import json
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from lxml import etree

from digest.text import clean

_COMMAND = re.compile(r"\\[a-zA-Z]+")
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_GROUP = re.compile(r"[_^]?\{[^{}]*\}")
_FORMULA = re.compile(r"\$[^$]*\$")
_QUOTES = re.compile(r"``|(?<![\d\w])''|''(?=\s)")

Row = tuple[Callable[[str], str], str]


def residue(raw: str, shown: str) -> Iterator[tuple[str, str]]:
    """The class and the excerpt of everything in `shown` that looks like markup."""
    kinds = (
        ("LaTeX command", _COMMAND),
        ("control character", _CONTROL),
        ("group in braces", _GROUP),
        ("two dollar signs", _FORMULA),
        ("TeX quotation marks", _QUOTES),
    )
    for kind, pattern in kinds:
        for found in pattern.finditer(shown):
            excerpt = shown[max(0, found.start() - 25) : found.end() + 15]
            yield _refined(kind, raw, found.group()), excerpt


def _refined(kind: str, raw: str, found: str) -> str:
    if kind == "group in braces" and found[0] == "{":
        escaped = re.search(r"\\\{|\\lbrace|\\[bB]ig+l?\\?\{", raw)
        return "braces of a set, escaped in the source" if escaped else "braces of a set, plain in the source"
    if kind == "two dollar signs" and re.match(r"\$\s?[\d.]", found):
        return "money"
    return kind


def listings(folder: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Title, abstract and authors of every listing below `folder`."""
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                yield row["title"], row["abstract"], row.get("authors") or []
    for path in sorted([*folder.glob("arxiv_api/*.xml*"), *folder.glob("arxiv_oai/*.xml*")]):
        yield from _of_xml(path)


def _of_xml(path: Path) -> Iterator[tuple[str, str, list[str]]]:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False))
    records = root.xpath("//*[local-name()='entry' or local-name()='metadata']")
    for record in records if isinstance(records, list) else ():
        texts = {
            etree.QName(item).localname: item.text or ""
            for item in record.iter("{*}title", "{*}summary", "{*}abstract")
        }
        yield texts.get("title", ""), texts.get("summary") or texts.get("abstract", ""), []


def fields(folder: Path) -> Iterator[Row]:
    """Every text of every listing, and what cleans it."""
    for title, abstract, authors in listings(folder):
        yield clean.title, title
        yield clean.abstract, abstract
        for author in authors:
            yield clean.author, author


def main(folder: Path) -> None:
    rows = list(fields(folder))
    started = time.perf_counter()
    shown = [fn(raw) for fn, raw in rows]
    took = time.perf_counter() - started
    abstracts = sum(fn is clean.abstract for fn, _ in rows)
    print(f"{abstracts} listings, {abstracts / took:.0f} a second")
    found: defaultdict[str, list[str]] = defaultdict(list)
    for (_, raw), text in zip(rows, shown, strict=True):
        for kind, excerpt in residue(raw, text):
            found[kind].append(excerpt)
    for kind, excerpts in sorted(found.items()):
        print(f"{len(excerpts):6} {kind}: {excerpts[len(excerpts) // 2]!r}")


if __name__ == "__main__":
    if len(sys.argv) == 2:
        main(Path(sys.argv[1]))
    else:
        print("left out: it needs real listings; python -m benchmarks.residue FOLDER counts what is left in theirs")
