"""How common words are: what tells a telling word from one that is in nearly every paper.

Counts are kept as one `Background` that new papers are added to and that old ones fade from, so that it speaks of the
last weeks. In the first days it holds little: a count of arXiv's abstracts, shipped with the package, speaks beside it
as loud as 100 papers would. Measured: with 50 to 500 papers of one's own that is nearer to the truth than none, and
than 500; with more it is no longer heard.
"""

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import cache
from importlib import resources
from itertools import chain
from typing import Any

from digest.model import Background, Listing
from digest.text.tokens import forms, words

HALF_LIFE = timedelta(weeks=3)  # in which a paper comes to count half
PRIOR = 100  # papers that the shipped count speaks for
_RARE = 0.5  # what fewer papers hold is let go: a word of one paper after three weeks


def count(listings: Iterable[Listing]) -> Background:
    """What these papers say of how common words are."""
    holders: Counter[str] = Counter()
    papers = title_words = abstract_words = 0
    for listing in listings:
        title = words(listing.title)
        texts = (listing.abstract or listing.summary or "", *listing.keywords)
        abstract = list(chain.from_iterable(map(words, texts)))
        holders.update(set(chain.from_iterable(map(forms, {*title, *abstract}))))
        papers, title_words, abstract_words = papers + 1, title_words + len(title), abstract_words + len(abstract)
    return Background(papers, title_words, abstract_words, dict(holders))


def added(one: Background, other: Background, share: float = 1.0) -> Background:
    """Both together, each paper of `other` counting as `share` of one."""
    holders = dict(one.holders)
    for form, papers in other.holders.items():
        holders[form] = holders.get(form, 0.0) + share * papers
    return Background(
        one.papers + share * other.papers,
        one.title_words + share * other.title_words,
        one.abstract_words + share * other.abstract_words,
        holders,
    )


def faded(background: Background, elapsed: timedelta) -> Background:
    """The same so much later. What hardly any paper holds any more is left out, so that it never grows for good."""
    share = 0.5 ** (max(timedelta(), elapsed) / HALF_LIFE)
    return Background(
        share * background.papers,
        share * background.title_words,
        share * background.abstract_words,
        {form: share * papers for form, papers in background.holders.items() if share * papers >= _RARE},
    )


# --- the shipped count ----------------------------------------------------------------------------------------------


def with_prior(own: Background) -> Background:
    """An installation's own count with the shipped one beside it, as if 100 papers more had been read."""
    shipped = prior()
    return added(own, shipped, PRIOR / shipped.papers)


@cache
def prior() -> Background:
    """The shipped count: abstracts of arXiv (https://arxiv.org, metadata CC0), words that five papers hold or more."""
    return loads(resources.files(__package__).joinpath("background.json.gz").read_bytes())


def dumps(background: Background, least: int) -> bytes:
    """A count as `background.json.gz` has it, with the words that at least so many papers hold."""
    by_count: dict[int, list[str]] = {}
    for form, papers in sorted(background.holders.items()):
        if papers >= least:
            by_count.setdefault(int(papers), []).append(form)
    document = {
        "papers": int(background.papers),
        "title_words": int(background.title_words),
        "abstract_words": int(background.abstract_words),
        "holders": {str(papers): " ".join(held) for papers, held in sorted(by_count.items())},
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(text.encode(), mtime=0)


def loads(packed: bytes) -> Background:
    """The reverse of `dumps`."""
    document: dict[str, Any] = json.loads(gzip.decompress(packed))
    by_count: Mapping[str, str] = document.pop("holders")
    holders = {form: float(papers) for papers, held in by_count.items() for form in held.split(" ")}
    return Background(**document, holders=holders)
