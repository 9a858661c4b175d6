"""Where sentences end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.text.sentences import lead, sentences

WHOLE = [
    "We use LSTMs, e.g. Gated ones.",
    "Some, i.e. The three, are new.",
    "See Fig. 3 and Figs. 4 and 5.",
    "Smith et al. (2019) and Jones et al. [3] agree.",
    "It takes 3.5 s vs. 4.0 s on arXiv.org.",
    "J. R. R. Tolkien and D.-H. Lee wrote it.",
    "By Eq. (2) and Sec. IV this holds.",
    "Dr. Müller and Prof. Ng differ.",
    "E. coli and S. cerevisiae grow.",
    "It grows ... slowly.",
    "It works (cf. Theorem 1).",
    "In St. Petersburg, No. 5 is free.",
]


@pytest.mark.parametrize("text", WHOLE)
def test_a_full_stop_that_only_shortens_a_word_ends_nothing(text):
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two.", ["One.", "Two."]),
        ("Really? Yes! Good.", ["Really?", "Yes!", "Good."]),
        ("It is called “A.” We show it.", ["It is called “A.”", "We show it."]),
        ("As in Smith et al. We differ.", ["As in Smith et al.", "We differ."]),
        ("They need vitamin C. We add it.", ["They need vitamin C.", "We add it."]),
        ("The answer is no. We try again.", ["The answer is no.", "We try again."]),
        ("Accuracy is 0.95. mRNA levels rise.", ["Accuracy is 0.95.", "mRNA levels rise."]),
        ("It ended in 2019. 3 of them stayed.", ["It ended in 2019.", "3 of them stayed."]),
        ("拡散モデルを提案する。結果は良い。", ["拡散モデルを提案する。", "結果は良い。"]),
        ("我们提出了一个模型！“好。”他说。", ["我们提出了一个模型！", "“好。”", "他说。"]),
        ("Background\n\nWe did it", ["Background", "We did it"]),
        ("Он сказал. Это так.", ["Он сказал.", "Это так."]),
        ("", []),
        ("   ", []),
    ],
)
def test_sentences_are_told_apart(text, expected):
    assert sentences(text) == expected


@given(st.text(max_size=300))
def test_nothing_but_white_space_is_lost(text):
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (1, "One two three."),
        (14, "One two three."),
        (25, "One two three. Four five."),
        (99, "One two three. Four five. Six."),
    ],
)
def test_a_lead_is_made_of_whole_sentences(limit, expected):
    whole = "One two three. Four five. Six."
    assert lead(whole, max(limit, 10)) == expected


def test_a_monstrous_first_sentence_is_cut_after_a_word():
    text = "We show that " + "every word of it is needed, " * 50 + "and end."
    assert lead(text, 40) == "We show that every word of it is needed…"


def test_one_endless_word_is_cut_all_the_same():
    assert lead("x" * 5000, 20) == "x" * 19 + "…"


def test_a_lead_is_one_paragraph():
    assert lead("Background\n\nWe did it. Well.", 30) == "Background We did it. Well."


@given(st.text(max_size=500), st.integers(min_value=1, max_value=200))
def test_a_lead_is_never_much_longer_than_asked(text, limit):
    assert len(lead(text, limit)) <= max(limit * 1.5, 2)


def test_a_lead_of_nothing_is_nothing():
    assert lead("", 100) == ""
