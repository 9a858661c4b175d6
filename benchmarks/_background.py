"""Rebuilds the count of words that the package ships, from any listings: `digest/text/background.json.gz`.

    python -m benchmarks._background LISTINGS.jsonl.gz ... --output digest/text/background.json.gz

A row of a file is an object with `title` and `abstract` as a source gave them, and `id` or `doi`; equal ids count once.
"""

import argparse
import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from digest.model import Listing
from digest.text import background, clean


def main() -> None:
    parser = argparse.ArgumentParser(description="Rebuild the shipped count of words.")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--least", type=int, default=5, help="leave out words that fewer papers hold")
    options = parser.parse_args()
    counted = background.count(_listings(options.files))
    packed = background.dumps(counted, options.least)
    options.output.write_bytes(packed)
    words = len(background.loads(packed).holders)
    print(f"{counted.papers} papers, {words} of {len(counted.holders)} forms, {len(packed):,} bytes")


def _listings(files: Sequence[Path]) -> Iterator[Listing]:
    seen = set()
    for file in files:
        with gzip.open(file, "rt", encoding="utf-8") as rows:
            for row in map(json.loads, rows):
                name = row.get("id") or row.get("doi") or row["title"]
                if name not in seen:
                    seen.add(name)
                    yield Listing(clean.title(row["title"]), clean.abstract(row["abstract"]))


if __name__ == "__main__":
    main()
