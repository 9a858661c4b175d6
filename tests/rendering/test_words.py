from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.rendering import words


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("short", 10, "short"),
        ("exactly ten", 11, "exactly ten"),
        ("cut between words here", 12, "cut between…"),
        ("cut between, words", 13, "cut between…"),
        ("unbreakableword", 8, "unbreak…"),
        ("", 5, ""),
    ],
)
def test_shortening_cuts_between_words_where_there_are_any(text, limit, cut):
    assert words.shorten(text, limit) == cut
    assert len(cut) <= limit


@given(st.text(max_size=200), st.integers(1, 80))
@settings(max_examples=100, deadline=None)
def test_shortening_never_goes_over(text, limit):
    assert len(words.shorten(text, limit)) <= limit


@pytest.mark.parametrize(
    ("items", "said"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_lists_read_as_people_write_them(items, said):
    assert words.listed(items) == said


def test_counts_agree_with_their_noun():
    assert [words.counted(n, "paper") for n in (0, 1, 1243)] == ["0 papers", "1 paper", "1,243 papers"]


def test_days_are_said_in_english_whatever_the_locale():
    day = date(2026, 5, 8)
    assert words.short_day(day) == "Fri 8 May"
    assert words.plain_day(day, date(2026, 12, 1)) == "8 May"
    assert words.plain_day(day, date(2027, 1, 1)) == "8 May 2026"


LATIN = "We introduce a way to train continuous normalizing flows without any simulation at all, at scale."
CHINESE = "我们提出了一种新的流匹配方法，用于大语言模型的高效采样。实验表明该方法优于扩散模型，代码已公开。"


@pytest.mark.parametrize("text", [LATIN, CHINESE, LATIN + CHINESE, "x" * 300, "汉" * 300, "한국어 문장 " * 30])
def test_wrapped_lines_fit_their_columns_and_lose_nothing(text):
    lines = words.wrap(text, 40, indent="    ").split("\n")
    assert all(words.width(line) <= 42 for line in lines)  # closing punctuation may hang
    assert all(line.startswith("    ") for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_chinese_never_begins_a_line_with_closing_punctuation():
    for columns in range(10, 40):
        assert not any(line.startswith(("，", "。")) for line in words.wrap(CHINESE, columns).split("\n"))


def test_what_does_not_fit_beside_a_label_begins_the_next_line():
    url = "https://example.org/" + "a" * 45
    assert words.wrap(url, first="   Abstract: ", indent="   ").split("\n") == ["   Abstract:", f"   {url}"]
    assert words.wrap(url[:50], first="   Abstract: ", indent="   ") == f"   Abstract: {url[:50]}"


def test_an_address_is_never_broken():
    url = "https://example.org/" + "a" * 100
    assert words.wrap(f"Abstract: {url}", indent="   ").split("\n") == ["   Abstract:", f"   {url}"]


def test_wide_and_combining_characters_have_their_width():
    assert [words.width(text) for text in ("abc", "汉字", "e\u0301", "한")] == [3, 4, 1, 2]
