"""The sparse product equals the definition, written out as loops."""

import math
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import chain, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.model import Announcement, Kind, Listing, Profile, Shard, Subscriber
from digest.ranking import names
from digest.ranking.query import parse_profile
from digest.ranking.ranker import Ranker
from digest.ranking.term import Field, Match, Sign
from digest.text.background import count
from digest.text.tokens import forms, tokenize

DAY = date(2026, 5, 18)
NOW = datetime(2026, 5, 18, 6, tzinfo=UTC)


# --- the definition -----------------------------------------------------------------------------------------------


def words_of(listing):
    tokens = {"title": tokenize(listing.title), "abstract": tokenize(listing.abstract)}
    return {field: [forms(token) for token in found] for field, found in tokens.items()}


def holds(forms_of_word, asked, match):
    if match is Match.PREFIX:
        return forms_of_word[1][1:].startswith(asked.key)
    return any(key in forms_of_word for key in asked.keys)


class Reference:
    """BM25F as the docstrings say it, one listing and one term at a time."""

    def __init__(self, listings):
        self.corpus = [words_of(listing) for listing in listings]
        self.mean = {
            field: max(1.0, sum(len(text[field]) for text in self.corpus) / max(1, len(self.corpus)))
            for field in ("title", "abstract")
        }

    def rarity(self, asked, match):
        held = sum(any(holds(word, asked, match) for word in chain(*text.values())) for text in self.corpus)
        return math.log(1 + (len(self.corpus) - held + 0.5) / (held + 0.5))

    def strengths(self, counts, text, field):
        title = 3 * counts["title"] / (0.5 + 0.5 * len(text["title"]) / self.mean["title"])
        abstract = counts["abstract"] / (0.25 + 0.75 * len(text["abstract"]) / self.mean["abstract"])
        title, abstract = title * (field is not Field.ABSTRACT), abstract * (field is not Field.TITLE)
        return title / (1.2 + title + abstract) + abstract / (1.2 + title + abstract)

    def term(self, term, listing):
        """The raw score of a listing for a term, the most it could be, and whether it is held: in full, strictly."""
        if term.field is Field.CATEGORY:
            pattern = term.keys[0]
            found = any(matches(pattern, category.casefold()) for category in listing.categories)
            return found * term.weight, term.weight, found, found
        if term.field is Field.AUTHOR:
            found = any(same_person(term.keys, names.parts(author)) for author in listing.authors)
            return found * 6 * term.weight, 6 * term.weight, found, found
        return self.words(term, words_of(listing))

    def words(self, term, text):
        words = list({word.key: word for word in reversed(term.content)}.values())[::-1]
        rarity = {word: self.rarity(word, term.match) for word in words}
        counts = {
            word: Counter({f: sum(holds(found, word, term.match) for found in text[f]) for f in text}) for word in words
        }
        strength = {word: self.strengths(counts[word], text, term.field) for word in words}
        fields = [field for field in text if term.field in (Field.ANY, Field(field))]
        most = sum(rarity.values())
        if term.loose:
            held = max(sum(rarity[word] for word in words if counts[word][field]) for field in fields)
            in_full = held >= most / 2 - 1e-9
        elif len(words) == 1:
            in_full = strength[words[0]] > 0
        else:
            in_full = any(near(text[field], words, term.match) for field in fields)
        raw = sum(rarity[word] * strength[word] for word in words) * (1 if in_full or len(words) == 1 else 0.5)
        strictly = in_full
        if len(term.words) > 1 and not term.loose:
            rows = Counter({field: in_a_row(text[field], term.words) for field in text})
            bonus = self.strengths(rows, text, term.field)
            raw += 0.5 * most * bonus
            most *= 1.5
            strictly = bonus > 0
        return raw * term.weight, most * term.weight, in_full, strictly

    def score(self, terms, listing):
        """The score of a listing for a profile, or None if it is not for it."""
        raw = most = 0.0
        full = []
        for term in terms:
            term_raw, term_most, in_full, strictly = self.term(term, listing)
            if (term.sign is Sign.NEVER and strictly) or (term.sign is Sign.MUST and not strictly):
                return None
            if term.sign is not Sign.NEVER:
                raw, most = raw + term_raw, most + term_most
                full.append(in_full)
        return 100 * (1 - (1 - raw / most) ** len(full)) if any(full) else None


def matches(pattern, category):
    if pattern.endswith("*"):
        return category.startswith(pattern[:-1])
    return category == pattern or category.startswith(pattern + ".")


def same_person(asked, found):
    pairs = product(names.readings(asked), names.readings(found))
    return any(a.family == f.family and names.same_given(a.given, f.given) for a, f in pairs)


def in_a_row(found, words):
    starts = range(len(found) - len(words) + 1)
    return sum(all(holds(found[at + n], word, Match.WORDS) for n, word in enumerate(words)) for at in starts)


def near(found, words, match):
    stretches = (found[at : at + 12] for at in range(len(found)))
    return any(all(any(holds(one, word, match) for one in stretch) for word in words) for stretch in stretches)


# --- the comparison -----------------------------------------------------------------------------------------------

WORDS = ["flow", "flows", "matching", "diffusion", "GAN", "gan", "model", "models", "the", "of", "C++", "f-divergence"]
WORDS += ["rouge", "ROUGE", "aids", "AIDS", "aid"]
AUTHORS = ["Jonathan Ho", "J. Ho", "Jane Ho", "Yann LeCun", "LeCun, Y.", "Laurens van der Maaten"]
CATEGORIES = ["cs.LG", "cs.CL", "math.ST", "cs", "neuroscience"]
texts = st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join)
listings = st.builds(
    Listing,
    title=texts,
    abstract=texts,
    authors=st.lists(st.sampled_from(AUTHORS), max_size=2).map(tuple),
    categories=st.lists(st.sampled_from(CATEGORIES), max_size=2).map(tuple),
)
bodies = st.one_of(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join),
    st.lists(st.sampled_from(WORDS), min_size=5, max_size=9).map(" ".join),
    st.lists(st.sampled_from(WORDS), min_size=5, max_size=7).map(lambda words: f'"{" ".join(words)}"'),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(lambda words: f'title:"{" ".join(words)}"'),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(lambda words: f"abstract:{' '.join(words)}"),
    st.sampled_from(WORDS).map(lambda word: f"={word}"),
    st.sampled_from(["flo*", "mod*", "diffus*", "title:mat*"]),
    st.sampled_from(AUTHORS).map(lambda name: f"author:{name}"),
    st.sampled_from([*CATEGORIES, "cs.*"]).map(lambda category: f"category:{category}"),
)
lines = st.builds(
    lambda sign, body, weight: f"{sign}{body}{weight}",
    st.sampled_from(["", "", "", "", "+", "-"]),
    bodies,
    st.sampled_from(["", "", "^3", "^0.5"]),
)
profiles = st.lists(st.lists(lines, min_size=1, max_size=6), min_size=1, max_size=4)


def numbered(found):
    return [
        Listing(
            title=listing.title,
            abstract=listing.abstract,
            authors=listing.authors,
            categories=listing.categories,
            id=number,
            published=datetime(2026, 5, 1, tzinfo=UTC) + timedelta(hours=number),
        )
        for number, listing in enumerate(found, start=1)
    ]


def announced(found):
    return [Announcement(listing, "arxiv", Kind.NEW, DAY, seq=listing.id) for listing in found]


def subscribed(keywords):
    return [
        Subscriber(f"{n}@example.org", profile=Profile(keywords=tuple(k), max_papers=1_000), id=n)
        for n, k in enumerate(keywords, start=1)
    ]


@settings(max_examples=80, deadline=None)
@given(st.lists(listings, min_size=1, max_size=8), st.lists(listings, max_size=5), profiles)
def test_scores_and_order_are_those_of_the_definition(new, old, keywords):
    window = numbered(new)
    background = [
        Listing(title=listing.title, abstract=listing.abstract, id=1_000 + n) for n, listing in enumerate(old)
    ]
    reference = Reference([*window, *background])
    rankings = Ranker().rank(
        Shard(subscribed(keywords), announced(window), NOW, background=count([*window, *background]))
    )
    for profile, ranking in zip(keywords, rankings, strict=True):
        terms, _ = parse_profile(profile)
        expected = {n.id: score for n in window if (score := reference.score(terms, n)) is not None}
        assert {pick.listing.id: pick.score for pick in ranking.picks} == pytest.approx(expected)
        order = sorted(expected, key=lambda number: (-round(expected[number], 6), -number))
        assert [pick.listing.id for pick in ranking.picks] == order
        assert ranking.matched == len(expected)


@settings(max_examples=40, deadline=None)
@given(st.lists(listings, min_size=1, max_size=8), profiles)
def test_reasons_add_up_and_are_in_the_text(new, keywords):
    window = numbered(new)
    for ranking in Ranker().rank(Shard(subscribed(keywords), announced(window), NOW)):
        for pick in ranking.picks:
            assert sum(reason.contribution for reason in pick.reasons) == pytest.approx(pick.score)
            assert 0 < pick.score <= 100
            assert list(pick.reasons) == sorted(pick.reasons, key=lambda reason: -reason.contribution)
            for reason in pick.reasons:
                assert reason.contribution > 0
                assert set(reason.tokens) <= keys_in(pick.listing, reason.field)


def keys_in(listing, field):
    text = " ".join(listing.authors) if field == "authors" else getattr(listing, field)
    return {token.key for token in tokenize(text)} if field != "categories" else set()
