"""Real titles and abstracts, straight from the sources, uncleaned."""

import gzip
import json
from email import message_from_bytes
from email.policy import default
from itertools import islice

import pytest
from lxml import html as lxml_html

from digest.model import Listing


@pytest.mark.parametrize(
    ("file", "step"),
    [("hf_daily_papers.jsonl.gz", 130), ("arxiv_2026_cs_daily.jsonl.gz", 150), ("arxiv_2019q4_oai.jsonl.gz", 400)],
)
def test_real_papers_are_in_every_part_as_they_are_written(make, renderer, shared, file, step):
    with gzip.open(shared / "data" / file, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in islice(lines, 0, None, step)]
    for start in range(0, len(rows), 25):
        listings = [
            Listing(
                title=row["title"],
                abstract=row["abstract"],
                authors=tuple(row["authors"]),
                categories=tuple(row.get("categories") or ()),
                url=f"https://arxiv.org/abs/{row['id']}",
            )
            for row in rows[start : start + 25]
        ]
        edition = make.edition(*[make.pick(listing) for listing in listings])
        text, html = message_from_bytes(renderer.message(edition).content, policy=default).iter_parts()
        headings = [heading.text_content() for heading in lxml_html.fromstring(html.get_content()).cssselect("h3")]
        wrapped = "".join(text.get_content().split())
        for listing, heading in zip(listings, headings, strict=True):
            assert heading == " ".join(listing.title.split())
            assert "".join(listing.title.split()) in wrapped
