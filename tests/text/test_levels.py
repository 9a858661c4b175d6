"""Raised and lowered text: found where clean text has it, and nowhere else."""

import gzip
import json
import re
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.text.clean import abstract
from digest.text.levels import Level, levels
from digest.text.scripts import lowered, raised

FOUND = [
    ("x^k", [("k", 1)]),
    ("x^(k+1)", [("k+1", 1)]),
    ("x^(k)", [("(k)", 1)]),
    ("x^((k+1))", [("(k+1)", 1)]),
    ("x_max.", [("max", -1)]),
    ("(x_max)", [("max", -1)]),
    ("BERT_(large) and BERT_(base)", [("large", -1), ("base", -1)]),
    ("X_(b)", [("(b)", -1)]),
    ("p_θ(x) and KL_θ", [("θ", -1), ("θ", -1)]),
    ("U_A^B and T_c²", [("A", -1), ("B", 1), ("c", -1)]),
    ("‖f‖_(L²) and [0,1]^d", [("L²", -1), ("d", 1)]),
    ("lim_(n→∞) and ℓ_∞", [("n→∞", -1), ("∞", -1)]),
    ("W_(i,j), 10^6.5, 2k_F", [("i,j", -1), ("6.5", 1), ("F", -1)]),
    ("2^(k^(o(1)))", [("k^(o(1))", 1)]),
    ("1_([0,t)) is 1 there", [("[0,t)", -1)]),
    ("M_⊙ and λ_-", [("⊙", -1), ("-", -1)]),
    ("A^2Search and cm^2V^-1s^-1", [("2", 1), ("2", 1), ("-1", 1), ("-1", 1)]),
    ("R^2, 2^n, [1]^2 as typed", [("2", 1), ("n", 1), ("2", 1)]),
    ("模型x_max的值", [("max", -1)]),
    ("x̂_max and x′_max", [("max", -1), ("max", -1)]),
]

LEFT_ALONE = [
    "snake_case, user_id, __init__, bert_base_uncased",
    "flow_MDNet_RPN and a_b_c",
    "a_table.csv and x_y.py",
    "self.x_train",
    "GPT4o_mini and float8_e4m3 and Q4_0",
    "https://x.org/a_b^c/(x)_d and www.x.org/a_b and github.com/x/a_b",
    "a_b@example.org",
    r"C:\x_y",
    "^_^ and (^-^) and >_<",
    "a ^ b _ c",
    "x^(never closed",
    "x^() and x_()",
    "_emphasis_ and _ here",
    "plain text (with brackets) [and more]",
    "",
]


@pytest.mark.parametrize(("text", "found"), FOUND)
def test_raised_and_lowered_text_is_found(text, found):
    assert [(level.text, level.level) for level in levels(text) if level.level] == found


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_is_no_formula_stays_as_it_stands(text):
    assert levels(text) == ((Level(text, 0, 0, len(text)),) if text else ())


def test_each_stretch_says_where_it_stood():
    text = "the x_max of y^(k+1)!"
    assert levels(text) == (
        Level("the x", 0, 0, 5),
        Level("max", -1, 6, 9),
        Level(" of y", 0, 9, 14),
        Level("k+1", 1, 16, 19),
        Level("!", 0, 20, 21),
    )


BASES = st.sampled_from(["x", "θ", "(f)", "BERT", "x̂", "f′", "ℝ", "10", "log", "e x", "|x|", "snake_case", "T₁"])
ARGUMENTS = st.text(alphabet="abckmTVθμ019+-,=.|*′∞ⁿ²ₖ", min_size=1, max_size=8)


@given(BASES, ARGUMENTS, st.booleans(), st.sampled_from("()"))
def test_what_the_reader_wrote_is_undone(base, argument, in_parentheses, after):
    argument = f"({argument})" if in_parentheses else argument
    for mark, written in ((1, raised(argument)), (-1, lowered(argument, base))):
        if written[0] in "^_":
            text = base + written + after
            assert [(level.text, level.level) for level in levels(text) if level.level][-1:] == [(argument, mark)]


HOSTILE = st.text(alphabet=st.sampled_from(list("^_()[]xyθAB12 .-\n@/:")) | st.characters(), max_size=120)


@given(HOSTILE)
def test_any_text_at_all_is_read(text):
    found = levels(text)
    assert all(text[level.start : level.end] == level.text != "" for level in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    left_out = re.sub(r"[\^_()]", "", text)
    assert re.sub(r"[\^_()]", "", "".join(level.text for level in found)) == left_out
    assert levels(abstract(text)) == levels(abstract(text))


@pytest.mark.parametrize(
    "piece", ["^(", "_(", "x^(a", "(", ")", "[", "a_", "^a", "x_a", "a.b", "@a", "^_", "x^(k)", "_θ"]
)
def test_hostile_text_takes_no_longer_than_its_length_asks(piece):
    text = piece * 30_000  # quadratic time would take minutes here
    assert "".join(level.text for level in levels(text))


def test_real_listings_have_their_formulas_raised_and_lowered(shared):
    """Two thousand listings of arXiv: formulas are found, and everything else is as it was."""
    with gzip.open(shared / "data" / "arxiv_2019q4_oai.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in islice(lines, 2_000)]
    texts = [abstract(row["abstract"]) for row in rows]
    found = sum(any(level.level for level in levels(text)) for text in texts)
    assert len(texts) / 50 < found < len(texts) / 5
    assert all(len(levels(text)) == 1 for text in texts if "^" not in text and "_" not in text)
