"""Real titles and abstracts: every part shows them as they read, in every layout, without a rest of markup."""

import gzip
import json
import re
from dataclasses import replace
from itertools import islice

import markdown
import pytest
from lxml import html as lxml_html

from digest.model import Layout, Listing, Reason
from digest.rendering.cards import Setting, card_of
from digest.rendering.language import ENGLISH
from digest.text import clean

FILES = [("hf_daily_papers.jsonl.gz", 260), ("arxiv_2026_cs_daily.jsonl.gz", 300), ("arxiv_2019q4_oai.jsonl.gz", 800)]
A_DIGEST = 10  # whole abstracts of more would not fit the budget of HTML
REASONS = tuple(Reason(word, "abstract", 9.0, (word,)) for word in ("model", "learn", "the", "x", "2"))

# Commands, formulas, entities and tags that somebody forgot. "$40" and "{0, 1}" are text.
RESIDUE = re.compile(
    r"\\[A-Za-z]{2,}|\{\\|\$[^$\s]*[\\^_{][^$]*\$|&(?:[a-z]{2,8}|#\d+);|</?(?:su[bp]|[ibpu]|em|br|jats:[a-z]+)\s*/?>"
)


def listings(shared, file, step):
    """As sources make them."""
    with gzip.open(shared / "data" / file, "rt", encoding="utf-8") as lines:
        for line in islice(lines, 0, None, step):
            row = json.loads(line)
            yield Listing(
                title=clean.title(row["title"]),
                abstract=clean.abstract(row["abstract"]),
                authors=clean.authors(row["authors"]),
                categories=tuple(row.get("categories") or ()),
                url=f"https://arxiv.org/abs/{row['id']}",
            )


def check(make, renderer, listings, layout):
    """That a digest of these shows each of them in every part."""
    reader = replace(make.subscriber(), layout=layout)
    picks = [make.pick(listing, reasons=REASONS) for listing in listings]
    bodies = renderer.bodies(make.edition(*picks, subscriber=reader))
    page = lxml_html.fromstring(bodies.html)
    for unseen in page.xpath("//style | //comment()"):
        unseen.drop_tree()
    rendered = lxml_html.fromstring(markdown.markdown(bodies.markdown))
    wrapped, shown, written = (_bare(said) for said in (bodies.text, page.text_content(), rendered.text_content()))
    for pick in picks:
        card = card_of(pick, make.day, Setting({}, ENGLISH, layout))
        authors = "" if layout is Layout.COMPACT else card.authors
        plain = [card.title, authors, *card.abstract.split("\n\n")]
        for said in plain:
            assert not RESIDUE.search(said), said
            assert _bare(said) in wrapped, said
            assert _bare(said) in written, said
        for runs in (card.title_runs, *card.paragraphs):
            assert _bare("".join(run.text for run in runs)) in shown, runs


def _bare(text):
    return "".join(text.split())


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("sample", FILES)
def test_real_papers_are_in_every_part_as_they_are_read(make, renderer, shared, sample, layout):
    found = listings(shared, *sample)
    while some := list(islice(found, A_DIGEST)):
        check(make, renderer, some, layout)
