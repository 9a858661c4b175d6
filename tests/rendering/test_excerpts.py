import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.rendering.excerpts import Run, by_paragraph, by_sentence, chosen, holders, marked, read
from digest.text.sentences import lead
from digest.text.tokens import keys


def shown(text: str, wanted: frozenset[str], limit: int) -> str:
    return "".join(run.plain for run in chosen(by_sentence(text), wanted, limit))


TEXT = "Generative models are popular. We train flows. Flow matching is simple and fast. It is general. Matching wins."


def test_sentences_with_the_readers_words_come_first_and_stay_in_order():
    assert shown(TEXT, frozenset({"flow", "match"}), 200) == (
        "We train flows. Flow matching is simple and fast. … Matching wins."
    )


def test_without_a_match_the_abstract_begins_where_it_begins():
    assert shown(TEXT, frozenset({"graph"}), 50) == "Generative models are popular. We train flows."
    assert shown("", frozenset({"graph"}), 50) == ""


@given(
    st.lists(st.lists(st.sampled_from("uvwxyz"), min_size=1, max_size=6), max_size=7),
    st.frozensets(st.sampled_from("uvwxyz")),
    st.integers(1, 40),
)
def test_of_all_sentences_those_with_most_of_the_words_are_taken_first_as_far_as_they_fit(written, wanted, limit):
    passages = [read(" ".join(words)) for words in written]
    places: list[int] = []
    for place in sorted(range(len(written)), key=lambda place: -len(wanted & set(written[place]))):
        room = limit - sum(len(passages[taken].text) for taken in places)
        if wanted & set(written[place]) and len(places) < 3 and (len(passages[place].text) <= room or not places):
            places.append(place)
    runs = chosen(passages, wanted, limit, held=holders(passages))
    assert runs == chosen(passages, wanted, limit)
    if len(places) > 1:
        sentences = re.split(" (?:\N{HORIZONTAL ELLIPSIS} )?", "".join(run.plain for run in runs))
        assert sentences == [word for place in sorted(places) for word in written[place]]
    elif places:
        assert lead(passages[places[0]].text, limit) == "".join(run.plain for run in runs)


def test_words_are_marked_in_any_inflection_and_neighbours_as_one():
    assert marked(read("Using flow-matching for Flows, matched."), frozenset({"flow", "match"})) == (
        Run("Using "),
        Run("flow-matching", hit=True),
        Run(" for "),
        Run("Flows", hit=True),
        Run(", "),
        Run("matched", hit=True),
        Run("."),
    )


def test_chinese_is_marked_as_one_stretch():
    assert marked(read("新的流匹配方法"), frozenset({"流匹", "匹配"})) == (
        Run("新的"),
        Run("流匹配", hit=True),
        Run("方法"),
    )


def test_small_words_are_marked_only_inside_a_phrase():
    runs = marked(read("The state of the art is out of reach."), frozenset({"state", "of", "the", "art"}))
    assert [run.text for run in runs if run.hit] == ["state of the art"]


@given(st.text(alphabet="ab xyz^_()-漢字.", max_size=60), st.sampled_from(["", "a", "b x", "漢字"]))
def test_marking_never_changes_the_text(text, words):
    runs = marked(read(text), frozenset(keys(words)))
    assert "".join(run.plain for run in runs) == text
    assert all(run.text for run in runs)


def test_what_is_raised_or_lowered_is_told_and_marked_like_the_rest():
    assert marked(read("at x_max^(k+1) now"), frozenset({"max"})) == (
        Run("at x"),
        Run("max", hit=True, level=-1, before="_"),
        Run("k+1", level=1, before="^("),
        Run(" now", before=")"),
    )
    assert marked(read("of x^(k+1)"), frozenset()) == (Run("of x"), Run("k+1", level=1, before="^(", after=")"))


def test_sentences_are_marked_each_by_itself_and_joined():
    runs = chosen(by_sentence(TEXT), frozenset({"flow", "match"}), 200)
    assert runs == (
        Run("We train "),
        Run("flows", hit=True),
        Run(". "),
        Run("Flow matching", hit=True),
        Run(" is simple and fast. … "),
        Run("Matching", hit=True),
        Run(" wins."),
    )


def test_a_first_sentence_that_runs_on_is_cut_marked_words_and_all():
    runs = chosen(by_sentence("We train flows " * 200), frozenset({"flow"}), 40)
    assert "".join(run.plain for run in runs) == "We train flows We train flows We train…"
    assert [run.text for run in runs if run.hit] == ["flows", "flows"]


@pytest.mark.parametrize(
    ("text", "paragraphs"),
    [("One.\nStill one.\n\nTwo.", ["One. Still one.", "Two."]), ("", []), (" \n\n ", []), ("One.", ["One."])],
)
def test_blank_lines_part_paragraphs(text, paragraphs):
    assert [passage.text for passage in by_paragraph(text)] == paragraphs


def test_an_abstract_without_end_is_bounded():
    assert sum(len(passage.text) for passage in by_paragraph("word \n\n" * 100_000)) <= 6_000
    assert sum(len(passage.text) for passage in by_sentence("x" * 1_000_000)) <= 6_000
