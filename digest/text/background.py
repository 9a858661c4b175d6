"""How common words are: what tells a telling word from one that is in nearly every paper."""

from collections import Counter
from collections.abc import Iterable
from itertools import chain

from digest.model import Background, Listing
from digest.text.tokens import forms, tokenize


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
