"""What subscribers can rely on."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from digest.model import Announcement, Kind, Listing, Profile, Section, Shard, Subscriber
from digest.ranking import choice
from digest.ranking.ranker import Ranker
from digest.text.background import count

DAY = date(2026, 5, 18)
NOW = datetime(2026, 5, 18, 6, tzinfo=UTC)


def listing(number, title="Flow matching", **changes):
    published = datetime(2026, 5, 1, tzinfo=UTC) + timedelta(hours=number)
    return replace(Listing(title=title, id=number, published=published), **changes)


def announcement(of, source="arxiv", kind=Kind.NEW, seq=None, day=DAY):
    return Announcement(of, source, kind, day, seq=of.id if seq is None else seq)


def subscriber(*keywords, number=1, cursor=0, **profile):
    return Subscriber(f"{number}@example.org", profile=Profile(keywords=keywords, **profile), id=number, cursor=cursor)


def rank(window, who, sent=None, trending=(), background=()):
    common = count([*(a.listing for a in window), *background])
    return Ranker().rank(Shard([who], window, NOW, trending, {who.id: frozenset(sent or ())}, common))[0]


def shown(ranking, section=Section.FOR_YOU):
    return [pick.listing.id for pick in ranking.picks if pick.section is section]


# --- for you ------------------------------------------------------------------------------------------------------


def test_what_was_sent_before_does_not_come_again():
    window = [announcement(listing(1)), announcement(listing(2))]
    assert shown(rank(window, subscriber("flow"), sent={1})) == [2]


def test_only_what_came_after_the_cursor_is_considered():
    window = [announcement(listing(1)), announcement(listing(2))]
    ranking = rank(window, subscriber("flow", cursor=1))
    assert shown(ranking) == [2]
    assert ranking.read == {"arxiv": 1}


@pytest.mark.parametrize(
    ("never", "kept"),
    [
        ("-survey", [1, 3]),
        ('-"large language model"', [1, 2, 3, 4]),
        ('-"language model"', [1, 2, 4]),
        ("-title:survey", [1, 3, 4]),
        ("-author:Ho", [2, 3, 4]),
        ("-category:cs.CR", [1, 2, 3]),
    ],
)
def test_an_exclusion_excludes_what_it_says_and_nothing_else(never, kept):
    found = [
        listing(1, authors=("Jonathan Ho",)),
        listing(2, "Flow: a survey of large models of language"),
        listing(3, "Flow language models"),
        listing(4, "Flow", abstract="A survey.", categories=("cs.CR",)),
    ]
    assert sorted(shown(rank([announcement(one) for one in found], subscriber("flow", never)))) == kept


def test_a_required_term_must_be_there_and_a_required_phrase_as_a_phrase():
    found = [listing(1, "Flow matching for robots"), listing(2, "Robots"), listing(3, "Matching flow for robots")]
    window = [announcement(one) for one in found]
    assert shown(rank(window, subscriber("robots", '+"flow matching"'))) == [1]
    assert sorted(shown(rank(window, subscriber("+flow")))) == [1, 3]


def test_words_of_a_phrase_far_apart_are_not_a_match():
    far = "Optical flow is estimated. " + "Much else is said in between. " * 3 + "Feature matching helps."
    window = [announcement(listing(1, "Video", abstract=far)), announcement(listing(2, "Matching by flow"))]
    assert shown(rank(window, subscriber("flow matching"))) == [2]


def test_a_phrase_in_a_row_is_worth_more_than_its_words_nearby():
    window = [announcement(listing(1, "Flow matching now")), announcement(listing(2, "Matching flow now"))]
    ranking = rank(window, subscriber("flow matching"))
    assert shown(ranking) == [1, 2]
    assert ranking.picks[0].score > ranking.picks[1].score + 10


@pytest.mark.parametrize(
    ("keyword", "found"),
    [
        ("rouge", [1, 2]),
        ("Rouge", [1, 2]),
        ("ROUGE", [1]),
        ("aids", [3, 4, 5]),
        ("aid", [4, 5]),
        ("AIDS", [3]),
        ("aids patients", [3]),
        ("-rouge", []),
    ],
)
def test_a_word_finds_the_acronym_of_its_letters_and_no_acronym_finds_a_word(keyword, found):
    titles = ["Beyond ROUGE", "Le rouge et le noir", "Care for patients with AIDS", "Visual aids", "First aid"]
    window = [announcement(listing(n, title)) for n, title in enumerate(titles, start=1)]
    assert sorted(shown(rank(window, subscriber(keyword)))) == found


def test_an_acronym_is_marked_where_it_was_found():
    window = [announcement(listing(1, "Beyond ROUGE", abstract="On rouges."))]
    (pick,) = rank(window, subscriber("rouge")).picks
    assert {reason.field: reason.tokens for reason in pick.reasons} == {"title": ("rouge",), "abstract": ("roug",)}


def test_a_plain_sentence_is_matched_by_the_weightier_half_of_its_words_in_one_field():
    sentence = "graph neural networks for molecular property prediction in drug discovery"
    found = [
        listing(1, "Molecular property prediction", abstract="Drug candidates are ranked."),
        listing(2, "Prediction", abstract="A neural network."),
        listing(3, "Graph", abstract="Drug discovery by neural networks that know a molecular graph and its property."),
        listing(4, "Graph, neural, network", abstract="Molecular property, drug discovery."),
    ]
    background = [listing(n, "Neural network prediction", abstract="Much else.") for n in range(10, 40)]
    ranking = rank([announcement(one) for one in found], subscriber(sentence), background=background)
    assert sorted(shown(ranking)) == [3, 4]
    assert {reason.term for pick in ranking.picks for reason in pick.reasons} == {sentence}
    assert shown(rank([announcement(one) for one in found], subscriber(f'"{sentence}"'), background=background)) == []


def test_a_field_that_holds_a_part_of_a_term_is_said_to_hold_that_part():
    window = [announcement(listing(1, "Learning faster", abstract="Deep learning is slow."))]
    (pick,) = rank(window, subscriber("deep learning")).picks
    assert {(reason.term, reason.field) for reason in pick.reasons} == {
        ("learning", "title"),
        ("deep learning", "abstract"),
    }


def test_who_wants_no_papers_gets_none():
    ranking = rank([announcement(listing(1))], subscriber("flow", max_papers=0))
    assert (ranking.picks, ranking.matched) == ((), 1)


def test_a_word_of_a_phrase_alone_is_named_by_itself():
    window = [announcement(listing(1, "Diffusion and matching"))]
    (pick,) = rank(window, subscriber("diffusion", "flow matching")).picks
    assert {reason.term for reason in pick.reasons} == {"diffusion", "matching"}


def test_a_reason_says_when_the_text_holds_only_a_part_of_its_term():
    window = [announcement(listing(1, "Diffusion and matching"))]
    (pick,) = rank(window, subscriber("diffusion", "flow matching")).picks
    assert {reason.term: reason.partial for reason in pick.reasons} == {"diffusion": False, "matching": True}


def test_a_reason_says_so_too_where_the_whole_term_is_in_another_field():
    of = listing(1, "Language models, in small steps, with flow", abstract="A small language model.")
    (pick,) = rank([announcement(of)], subscriber("small language model", "flow")).picks
    assert {(reason.term, reason.field): reason.partial for reason in pick.reasons} == {
        ("small language model", "title"): False,
        ("small language model", "abstract"): False,
        ("flow", "title"): False,
    }
    apart = listing(2, "A model of small flows", abstract="A small language model.")
    (pick,) = rank([announcement(apart)], subscriber("small language model", "flow")).picks
    assert {(reason.term, reason.field): reason.partial for reason in pick.reasons} == {
        ("small language model", "abstract"): False,
        ("small", "title"): True,
        ("model", "title"): True,
        ("flow", "title"): False,
    }
    assert sum(reason.contribution for reason in pick.reasons) == pytest.approx(pick.score)


def test_parts_of_terms_are_enough_for_who_asks_for_them():
    window = [announcement(listing(1, "Feature matching")), announcement(listing(2, "A survey of flow"))]
    window += [announcement(listing(3, "Robots"))]
    who = subscriber("flow matching", "-survey")
    assert shown(rank(window, who)) == []
    assert shown(Ranker().rank(Shard([who], window, NOW, partial=True))[0]) == [1]


def test_sources_and_categories_limit_what_is_shown_but_unclassified_listings_pass():
    found = [
        listing(1, categories=("cs.CL",)),
        listing(2, categories=("math.ST",)),
        listing(3),
        listing(4, categories=("stat.ML", "cs.LG")),
    ]
    window = [announcement(one) for one in found] + [announcement(listing(5), source="blog")]
    who = subscriber("flow", categories=("cs.*",), sources=("arxiv",))
    ranking = rank(window, who)
    assert sorted(shown(ranking)) == [1, 3, 4]
    assert ranking.read == {"arxiv": 4}


def test_a_listing_announced_several_times_counts_once_and_shows_its_strongest_announcement():
    paper = listing(1)
    window = [
        announcement(paper, "huggingface", Kind.TRENDING, seq=1),
        announcement(paper, "arxiv", Kind.CROSS, seq=2),
        announcement(paper, "arxiv", Kind.NEW, seq=3, day=date(2026, 5, 19)),
        announcement(paper, "arxiv", Kind.REVISION, seq=4),
    ]
    ranking = rank(window, subscriber("flow"))
    (pick,) = ranking.picks
    assert (pick.kind, pick.source, pick.day) == (Kind.NEW, "arxiv", date(2026, 5, 19))
    assert ranking.matched == 1
    assert ranking.read == {"arxiv": 1, "huggingface": 1}


def test_a_revision_alone_is_not_news():
    ranking = rank([announcement(listing(1), kind=Kind.REVISION)], subscriber("flow"))
    assert (ranking.picks, ranking.read, ranking.matched) == ((), {}, 0)


def test_the_best_come_first_equal_ones_newest_first_and_the_rest_is_counted():
    window = [announcement(listing(n)) for n in range(1, 6)] + [
        announcement(listing(6, "Flow matching, flow matching"))
    ]
    ranking = rank(window, subscriber("flow matching", max_papers=3))
    assert shown(ranking) == [6, 5, 4]
    assert ranking.matched == 6


def test_categories_without_keywords_mean_all_that_is_in_them():
    window = [announcement(listing(n, categories=("cs.CL" if n < 4 else "cs.CV",))) for n in range(1, 6)]
    ranking = rank(window, subscriber("-survey", categories=("cs.CL",), max_papers=2))
    assert shown(ranking) == [3, 2]
    assert [pick.score for pick in ranking.picks] == [0, 0]
    assert ranking.matched == 3
    assert shown(rank(window, subscriber("-flow", categories=("cs.CL",)))) == []
    assert shown(rank(window, subscriber(sources=("arxiv",)), sent={5})) == [4, 3, 2, 1]


def test_an_empty_profile_gets_only_what_is_trending():
    window = [announcement(listing(1))]
    talked = [announcement(listing(2, upvotes=5), "huggingface", Kind.TRENDING)]
    ranking = rank(window, subscriber(), trending=talked)
    assert shown(ranking) == []
    assert shown(ranking, Section.TRENDING) == [2]


def test_a_keyword_that_cannot_be_read_is_said_and_the_others_work():
    ranking = rank([announcement(listing(1))], subscriber('"flow', "matching"))
    assert shown(ranking) == [1]
    assert len(ranking.problems) == 1
    assert ranking.problems[0].startswith('Your keyword `"flow` could not be read: this quote is never closed')


def test_a_profile_of_unreadable_keywords_is_not_flooded_with_its_categories():
    window = [announcement(listing(1, categories=("cs.CL",)))]
    ranking = rank(window, subscriber('"flow', categories=("cs.CL",)))
    assert shown(ranking) == []
    assert ranking.problems


def test_marking_gets_the_keys_of_the_words_that_matched():
    paper = listing(
        1, "Diffusion for GANs", abstract="Diffusive models.", authors=("Yann LeCun",), categories=("cs.LG",)
    )
    who = subscriber("diffus*", "=gans", "author:LeCun", "category:cs.*")
    (pick,) = rank([announcement(paper)], who).picks
    assert {(reason.term, reason.field): reason.tokens for reason in pick.reasons} == {
        ("diffus*", "title"): ("diffus",),
        ("diffus*", "abstract"): ("diffus",),
        ("gans", "title"): ("gan",),
        ("LeCun", "authors"): ("yann", "lecun"),
        ("cs.*", "categories"): (),
    }


def test_a_papers_own_keywords_count_like_its_abstract_and_no_phrase_bridges_them():
    paper = listing(1, "Video", abstract="Optical flow", keywords=("matching", "score distillation"))
    assert shown(rank([announcement(paper)], subscriber('"score distillation"'))) == [1]
    assert shown(rank([announcement(paper)], subscriber('+"flow matching"'))) == []


@pytest.mark.parametrize(
    ("keywords", "low", "high"),
    [(["flow matching"], 75, 100), (["flow matching", *(f"other{n}" for n in range(9))], 40, 100)],
)
def test_a_paper_about_a_term_scores_high_however_long_the_profile(keywords, low, high):
    about = listing(1, "Flow matching", abstract="Flow matching is studied. We improve flow matching.")
    background = [listing(n, f"Something else {n}", abstract="It is about other things.") for n in range(2, 40)]
    (pick,) = rank([announcement(about)], subscriber(*keywords), background=background).picks
    assert low <= pick.score <= high


# --- trending -----------------------------------------------------------------------------------------------------


def talk(number, upvotes, day=DAY, source="huggingface", title="Something else", **changes):
    return announcement(listing(number, title, upvotes=upvotes, **changes), source, Kind.TRENDING, day=day)


def test_trending_is_ordered_by_pace_and_needs_upvotes():
    talked = [talk(1, 30), talk(2, 0), talk(3, None), talk(4, 50, day=date(2026, 5, 17)), talk(5, 20)]
    ranking = rank([], subscriber("flow"), trending=talked)
    assert shown(ranking, Section.TRENDING) == [1, 4, 5]
    assert [(pick.score, pick.reasons) for pick in ranking.picks] == [(0, ())] * 3


def test_what_readers_recommend_trends_first_with_or_without_upvotes():
    talked = [talk(1, 300), replace(talk(2, 0), votes=3), replace(talk(3, 10), votes=9), talk(4, 20)]
    ranking = rank([], subscriber("flow"), trending=talked)
    assert [(pick.listing.id, pick.votes) for pick in ranking.picks] == [(3, 9), (2, 3), (1, 0), (4, 0)]


def test_trending_shows_nothing_sent_picked_excluded_or_from_elsewhere():
    talked = [
        talk(1, 50, title="Flow"),
        talk(2, 40),
        talk(3, 30, title="A survey"),
        talk(4, 20, source="elsewhere"),
        talk(5, 10),
        talk(6, 5),
    ]
    who = subscriber("flow", "-survey", sources=("huggingface",), max_trending=1)
    ranking = rank([announcement(talked[0].listing, "huggingface", seq=9)], who, sent={2}, trending=talked)
    assert shown(ranking) == [1]
    assert shown(ranking, Section.TRENDING) == [5]


# --- all at once --------------------------------------------------------------------------------------------------


def crowd(count, seed=0):
    chance = random.Random(seed)
    words = ["flow", "matching", "diffusion", "graph", "robot", "survey", "protein", "language", "model"]
    papers = [
        listing(n, " ".join(chance.choices(words, k=5)), abstract=" ".join(chance.choices(words, k=40)), upvotes=n)
        for n in range(1, 41)
    ]
    people = [
        subscriber(*chance.sample(words, 3), f"-{chance.choice(words)} {chance.choice(words)}", number=n)
        for n in range(1, count + 1)
    ]
    return [announcement(paper) for paper in papers], people


def test_rankings_depend_on_nobody_else_and_on_no_order():
    window, people = crowd(40)
    talked = window[:20]
    together = Ranker().rank(Shard(people, window, NOW, talked))
    shuffled = Ranker().rank(Shard(people[::-1], window[::-1], NOW, talked[::-1]))
    assert shuffled[::-1] == together
    alone = [Ranker().rank(Shard([person], window, NOW, talked))[0] for person in people[:5]]
    assert alone == together[:5]


def test_a_ranker_that_has_ranked_before_ranks_the_same():
    window, people = crowd(20)
    ranker = Ranker()
    first = ranker.rank(Shard(people, window, NOW, window))
    ranker.rank(Shard(people[:2], window[:3], NOW, []))
    assert ranker.rank(Shard(people, window, NOW, window)) == first


@pytest.mark.parametrize("people", [[], [subscriber("flow")]])
def test_nothing_new_is_nothing_to_show(people):
    rankings = Ranker().rank(Shard(people, [], NOW, []))
    assert [(ranking.picks, ranking.read, ranking.matched) for ranking in rankings] == [((), {}, 0)] * len(people)


def test_nobody_to_rank_for():
    window, _ = crowd(1)
    assert Ranker().rank(Shard([], window, NOW, window)) == []


def test_ten_thousand_subscribers_at_once_each_get_their_own():
    window, people = crowd(10_000)
    people = [replace(person, profile=replace(person.profile, max_papers=1)) for person in people]
    rankings = Ranker().rank(Shard(people, window, NOW, []))
    few = range(0, 10_000, 997)
    assert [rankings[n] for n in few] == Ranker().rank(Shard([people[n] for n in few], window, NOW, []))


@pytest.mark.parametrize(("pairs", "threads"), [(64, 1), (64, 3), (1 << 20, 1)])
def test_neither_blocks_nor_threads_change_anything(monkeypatch, pairs, threads):
    window, people = crowd(50)
    expected = Ranker().rank(Shard(people, window, NOW, window))
    monkeypatch.setattr(choice, "_PAIRS", pairs)
    monkeypatch.setattr(choice, "THREADS", threads)
    assert Ranker().rank(Shard(people, window, NOW, window)) == expected


def test_a_window_is_read_once_for_all_its_shards():
    window, people = crowd(20)
    ranker = Ranker()
    ranker.rank(Shard(people[:10], window, NOW, window))
    ranker.rank(Shard(people[10:], list(window), NOW, tuple(window)))
    assert len(ranker._days) == 1
    ranker.rank(Shard(people[10:], window[1:], NOW, window))
    assert len(ranker._days) == 2


@pytest.mark.parametrize("wish", [{"diversity": 0.5}, {"max_per_term": 1}, {"signals": True}])
def test_a_day_without_news_stops_nobody(wish):
    assert Ranker().rank(Shard([subscriber("flow", **wish)], [], NOW))[0].picks == ()


def test_what_is_wrong_with_a_keyword_ends_in_one_mark():
    said = rank([announcement(listing(1))], subscriber("titel:flow", "author:")).problems
    assert len(said) == 2
    assert all(text[-1] in ".?" and text[-2] not in ".?" for text in said)
