"""How common words are: what tells a telling word from one that is in nearly every paper.

Counts are kept as one `Background` that new papers are added to and that old ones fade from, so that it speaks of the
last weeks. In the first days it holds little: a count of arXiv's abstracts, shipped with the package, speaks beside it
with the voice of 500 papers, loud on the first day and a whisper after a month.
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
from digest.text.tokens import forms, tokenize

HALF_LIFE = timedelta(weeks=3)  # in which a paper comes to count half
PRIOR = 500  # papers that the shipped count speaks for
_RARE = 0.5  # what fewer papers hold is let go: a word of one paper after three weeks
_DIGITS = 3


def count(listings: Iterable[Listing]) -> Background:
    """What these papers say of how common words are."""
    holders: Counter[str] = Counter()
    papers = title_words = abstract_words = 0
    for listing in listings:
        title = tokenize(listing.title)
        abstract = [
            token for text in (listing.abstract or listing.summary or "", *listing.keywords) for token in tokenize(text)
        ]
        holders.update({form for token in chain(title, abstract) for form in forms(token)})
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
    holders = {form: round(share * papers, _DIGITS) for form, papers in background.holders.items()}
    return Background(
        share * background.papers,
        share * background.title_words,
        share * background.abstract_words,
        {form: papers for form, papers in holders.items() if papers >= _RARE},
    )


# --- the shipped count ----------------------------------------------------------------------------------------------


def with_prior(own: Background) -> Background:
    """An installation's own count with the shipped one beside it, as if 500 papers more had been read."""
    shipped = prior()
    return added(own, shipped, PRIOR / shipped.papers)


@cache
def prior() -> Background:
    """The shipped count: abstracts of arXiv (https://arxiv.org, metadata CC0), words that five papers hold or more."""
    return loads(resources.files(__package__).joinpath("background.json.gz").read_bytes())


def dumps(background: Background, least: int) -> bytes:
    """A count as `background.json.gz` has it, with the words that at least so many papers hold."""
    words: dict[int, list[str]] = {}
    for form, papers in sorted(background.holders.items()):
        if papers >= least:
            words.setdefault(int(papers), []).append(form)
    document = {
        "papers": int(background.papers),
        "title_words": int(background.title_words),
        "abstract_words": int(background.abstract_words),
        "holders": {str(papers): " ".join(forms) for papers, forms in sorted(words.items())},
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(text.encode(), mtime=0)


def loads(packed: bytes) -> Background:
    """The reverse of `dumps`."""
    document: dict[str, Any] = json.loads(gzip.decompress(packed))
    by_count: Mapping[str, str] = document.pop("holders")
    holders = {form: float(papers) for papers, forms in by_count.items() for form in forms.split(" ")}
    return Background(**document, holders=holders)
