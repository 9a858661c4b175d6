"""What is summed in sparse products equals the definition, written out as loops, to the last unit."""

import math
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import chain, pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.model import (
    GRAIN,
    Announcement,
    Feedback,
    Ground,
    Kind,
    Listing,
    Profile,
    Section,
    Shard,
    Subscriber,
    Taste,
)
from digest.ranking.corpus import Statistics
from digest.ranking.features import attainable, line
from digest.ranking.learning import Learner
from digest.ranking.query import parse_profile
from digest.ranking.ranker import Ranker
from digest.ranking.sections import matching
from digest.ranking.term import Field, Match, Sign
from digest.text import names
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
    """Scores as the docstrings say it, one listing and one term at a time, in units of 2 ** -20."""

    def __init__(self, listings, announcements):
        self.corpus = [words_of(listing) for listing in listings]
        self.holders = Counter(chain.from_iterable({*chain(*chain(*text.values()))} for text in self.corpus))
        self.mean = {
            field: max(1.0, sum(len(text[field]) for text in self.corpus) / max(1, len(self.corpus)))
            for field in ("title", "abstract")
        }
        self.announcements = announcements

    def rarity(self, asked, match):
        keys = asked.keys
        if match is Match.PREFIX:
            keys = sorted(form for form in self.holders if form.startswith(f"={asked.key}"))
        papers = len(self.corpus)
        held = [float(self.holders[key]) for key in keys]
        apart = max(1.0, papers) * (1 - math.prod(1 - min(1.0, one / max(1.0, papers)) for one in held))
        frequency = held[0] if len(held) == 1 else apart
        return math.log(1 + (papers - frequency + 0.5) / (frequency + 0.5))

    def strengths(self, counts, text, field):
        title = 2 * counts["title"] / (0.5 + 0.5 * len(text["title"]) / self.mean["title"])
        abstract = counts["abstract"] / (0.25 + 0.75 * len(text["abstract"]) / self.mean["abstract"])
        title, abstract = title * (field is not Field.ABSTRACT), abstract * (field is not Field.TITLE)
        return {"title": title / (0.9 + title + abstract), "abstract": abstract / (0.9 + title + abstract)}

    def term(self, term, listing, weight):
        """The units of a listing for a term, the most there could be, and whether it is held: in full, strictly."""
        if term.field in WHOLE:
            found, worth = self.labelled(term, listing), 6.0 if term.field is Field.AUTHOR else 1.0
            most = round(2**20 * weight * worth)
            return found * most, most, found, found
        return self.words(term, words_of(listing), weight)

    def labelled(self, term, listing):
        if term.field is Field.AUTHOR:
            return any(same_person(term.keys, names.parts(author)) for author in listing.authors)
        if term.field is Field.CATEGORY:
            return any(matches(term.keys[0], category.casefold()) for category in listing.categories)
        own = [a for a in self.announcements if a.listing.id == listing.id]
        told = [a.kind.value if term.field is Field.KIND else a.source.casefold() for a in own]
        return term.keys[0] in told

    def addends(self, term):
        """What a term is worth something for: share, words, and how often a field of a text holds it."""
        telling = [(at, word) for at, word in enumerate(term.words) if not word.common]
        found = {}
        for (keys, said), word in zip(Counter(w.keys for _, w in telling).items(), distinct(telling), strict=True):
            found[keys] = (1 + math.log(said), [word], lambda text, w=word: sum(holds(f, w, term.match) for f in text))
        for (at, one), (behind, other) in pairwise(telling):
            far = behind - at
            if far <= 3 and one.keys != other.keys:
                key = (one.keys, other.keys, far)
                found[key] = (
                    0.35,
                    [one, other],
                    lambda text, a=one, b=other, n=far: follows(text, a, b, n, term.match),
                )
        if len(term.words) > 1 and not term.loose:
            alone = len(term.words) == 2 and telling[0][1].keys != telling[-1][1].keys and len(telling) == 2
            pair = found.pop((term.words[0].keys, term.words[1].keys, 1)) if alone else (0.0,)
            everything = [word for _, word in telling]
            found["phrase"] = (0.25 + pair[0], everything, lambda text: in_a_row(text, term.words, term.match))
        return list(found.values())

    def words(self, term, text, weight):
        addends = self.addends(term)
        parts = distinct([(at, word) for at, word in enumerate(term.words) if not word.common])
        rarity = {word: self.rarity(word, term.match) for word in term.words}
        fields = [field for field in text if term.field in (Field.ANY, Field(field))]
        held = {f: [w for w in parts if any(holds(form, w, term.match) for form in text[f])] for f in fields}
        if term.loose:
            half = sum(rarity[word] for word in parts) / 2 - 1e-9
            in_full = max(sum(rarity[word] for word in held[field]) for field in fields) >= half
        elif len(parts) == 1:
            in_full = any(held.values())
        else:
            in_full = any(near(text[field], parts, term.match) for field in fields)
        worths = [2**20 * weight * share * sum(rarity[w] for w in words) for share, words, _ in addends]
        strengths = [
            self.strengths({field: counted(text[field]) for field in text}, text, term.field)
            for _, _, counted in addends
        ]
        units = 0
        for field in fields:
            each = [worth * strength[field] for worth, strength in zip(worths, strengths, strict=True)]
            whole = in_full and (term.loose or len(held[field]) == len(parts))
            units += round(sum(each)) if whole else sum(map(round, each))
        strictly = in_full
        if len(term.words) > 1 and not term.loose:
            strictly = any(in_a_row(text[field], term.words, term.match) for field in fields)
        return units, round(sum(worths)), in_full, strictly

    def line(self, term, listing):
        """The same for a line, of whose alternatives the best counts."""
        options = [self.term(one, listing, term.weight) for one in term.alternatives or (term,)]
        units, most, in_full, strictly = zip(*options, strict=True)
        return max(units), max(most), any(in_full), any(strictly)

    def learnt(self, word, listing):
        """The units of a word learnt, and the most there could be."""
        text = words_of(listing)
        counts = {field: sum(word.key in found for found in text[field]) for field in text}
        papers, held = len(self.corpus), self.holders[word.key]
        rarity = math.log(1 + (papers - held + 0.5) / (held + 0.5))
        strengths = self.strengths(counts, text, Field.ANY)
        units = sum(round(2**12 * rarity * strength) for strength in strengths.values())
        return units * round(word.weight * 256), round(2**12 * rarity) * max(0, round(word.weight * 256))

    def score(self, terms, listing, learnt=(), *, partial=False):
        """The score of a listing for a profile, or None if it is not for it."""
        units, most, liked = 0, 0, 0
        full = []
        for term in terms:
            own, own_most, in_full, strictly = self.line(term, listing)
            if (term.sign is Sign.NEVER and strictly) or (term.sign is Sign.MUST and not strictly):
                return None
            if term.sign is not Sign.NEVER:
                units, most = units + own, most + own_most
                full.append(in_full if term.sign is Sign.WANT else strictly)
        alike = 0
        for word in learnt:
            own, own_most = self.learnt(word, listing)
            alike, liked = alike + own, liked + own_most
        units += alike
        most, count = (most, len(full)) if full else (liked and 3 * 6 * 2**20, 3)
        score, alikeness = (100 * (1 - (1 - min(1, of / max(1, most))) ** count) for of in (units, alike))
        shown = units > 0 and (any(full) or partial or (learnt and alikeness >= 30))
        return (score, units) if shown else None


WHOLE = {Field.AUTHOR, Field.CATEGORY, Field.SOURCE, Field.KIND}


def distinct(telling):
    """The different words of a term, each as it comes first."""
    found = {}
    for _, word in telling:
        found.setdefault(word.keys, word)
    return list(found.values())


def follows(found, one, other, far, match):
    """How often the other word stands up to so many places behind the one."""
    return sum(
        holds(found[at], other, match) and any(holds(before, one, match) for before in found[max(0, at - far) : at])
        for at in range(len(found))
    )


def matches(pattern, category):
    if pattern.endswith("*"):
        return category.startswith(pattern[:-1])
    return category == pattern or category.startswith(pattern + ".")


def same_person(asked, found):
    pairs = product(names.readings(asked), names.readings(found))
    return any(a.family == f.family and names.same_given(a.given, f.given) for a, f in pairs)


def in_a_row(found, words, match):
    starts = range(len(found) - len(words) + 1)
    return sum(all(holds(found[at + n], word, match) for n, word in enumerate(words)) for at in starts)


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
bodies |= st.sampled_from(["source:arxiv", "source:huggingface", "kind:new", "kind:cross", "kind:trending"])
bodies |= st.lists(bodies, min_size=2, max_size=3).map(" | ".join)
lines = st.builds(
    lambda sign, body, weight: f"{sign}{body}{weight}",
    st.sampled_from(["", "", "", "", "+", "-"]),
    bodies,
    st.sampled_from(["", "", "^3", "^0.5"]),
)
profiles = st.lists(st.lists(lines, min_size=1, max_size=6), min_size=1, max_size=4)
days = st.tuples(st.lists(listings, min_size=1, max_size=8), st.lists(listings, max_size=5))


def numbered(found, first=1):
    return [
        replace(listing, id=number, published=datetime(2026, 5, 1, tzinfo=UTC) + timedelta(hours=number))
        for number, listing in enumerate(found, start=first)
    ]


def announced(found):
    """Each by a source, every third one as a cross-listing, every fifth one by another source as trending, too."""
    news = [Announcement(one, "arxiv", Kind.CROSS if one.id % 3 == 0 else Kind.NEW, DAY, one.id) for one in found]
    talk = [Announcement(one, "huggingface", Kind.TRENDING, DAY, 100 + one.id) for one in found if one.id % 5 == 0]
    return [*news, *talk]


def subscribed(keywords):
    return [
        Subscriber(f"{n}@example.org", profile=Profile(keywords=tuple(k), max_papers=1_000, max_trending=0), id=n)
        for n, k in enumerate(keywords, start=1)
    ]


def taste(window, likes):
    """The listings in turn liked, passed over and disliked, as told by numbers."""
    said = [(n, like) for n, like in zip(window, likes, strict=False) if like]
    return Taste(tuple(Feedback(listing, like > 0, NOW - timedelta(days=listing.id)) for listing, like in said))


def without_twins(window, found):
    """Those listings, best first, of which no better one is the same paper."""
    kept = []
    for number in sorted(found, key=lambda number: (-found[number][1], -number)):
        if not any(are_twins(window, number, other) for other in kept):
            kept.append(number)
    return {number: found[number][0] for number in kept}


def are_twins(window, number, other):
    """Whether a chain of listings leads from one to the other of which each two neighbours are one paper."""
    reached, before = {number}, set()
    while reached != before:
        before = set(reached)
        reached |= {n.id for n in window for m in window if m.id in before and n.id not in before and same_paper(n, m)}
    return other in reached


def same_paper(one, other):
    surnames = [
        {("".join(names.parts(author)[:1]) if "," in author else names.parts(author)[-1]) for author in n.authors}
        for n in (one, other)
    ]
    titles, abstracts = zip(*((words_of(n)["title"], words_of(n)["abstract"]) for n in (one, other)), strict=True)
    runs = [{*zip(text, text[1:], text[2:], strict=False)} for text in abstracts]
    alike = min(map(len, runs)) >= 20 and len(runs[0] & runs[1]) >= 0.8 * len(runs[0] | runs[1])
    same = len(set(titles[0])) >= 4 and set(titles[0]) == set(titles[1])
    return bool(surnames[0] & surnames[1]) and (same or alike)


@settings(deadline=None)
@given(days, profiles, st.lists(st.sampled_from([0, 1, -1]), max_size=8), st.booleans())
def test_scores_and_order_are_those_of_the_definition(day, keywords, likes, partial):
    window, old = numbered(day[0]), numbered(day[1], 1_000)
    background = count([*window, *old])
    reference = Reference([*window, *old], announced(window))
    tastes = {1: taste(window, likes)}
    shard = Shard(subscribed(keywords), announced(window), NOW, (), {}, background, tastes, partial)
    for number, (profile, ranking) in enumerate(zip(keywords, Ranker().rank(shard), strict=True), start=1):
        terms, _ = parse_profile(profile)
        learnt = learned(terms, tastes.get(number, Taste()), Statistics(background))
        found = {n.id: score for n in window if (score := reference.score(terms, n, learnt, partial=partial))}
        expected = without_twins(window, found)
        assert {pick.listing.id: pick.score for pick in ranking.picks} == pytest.approx(expected, abs=0.5001 / GRAIN)
        for section in Section:  # the order is the exact scores', not that of what they are rounded to
            own = [pick.listing.id for pick in ranking.picks if pick.section is section]
            assert own == [number for number in expected if number in own]
        scores = [pick.score for pick in matching(ranking.picks)]
        assert scores == sorted(scores, reverse=True)
        assert ranking.matched == len(expected)


def learned(terms, told, statistics):
    if not told.feedback:
        return ()
    worths = [attainable(line(term), statistics) for term in terms if term.sign is not Sign.NEVER]
    return Learner(statistics).learned(told, NOW, [round(worth * 2**20) / 2**20 for worth in worths if worth > 0])


@settings(deadline=None)
@given(days, profiles, st.lists(st.sampled_from([0, 1, -1]), max_size=8), st.booleans())
def test_reasons_add_up_and_are_in_the_text(day, keywords, likes, partial):
    window = numbered(day[0])
    shard = Shard(subscribed(keywords), announced(window), NOW, tastes={1: taste(window, likes)}, partial=partial)
    for ranking in Ranker().rank(shard):
        for pick in ranking.picks:
            assert sum(reason.contribution for reason in pick.reasons) == pytest.approx(pick.score, abs=1e-9)
            assert 0 < pick.score <= 100
            assert list(pick.reasons) == sorted(pick.reasons, key=lambda reason: -abs(reason.contribution))
            for reason in pick.reasons:
                assert reason.contribution > 0 or reason.ground is Ground.LIKED
                assert set(reason.tokens) <= keys_in(pick.listing, reason.field)


def keys_in(listing, field):
    if field in ("categories", "sources", "kinds"):
        return set()
    text = " ".join(listing.authors) if field == "authors" else getattr(listing, field)
    return {token.key for token in tokenize(text)}
