"""The table of what authors type and what readers see: latex.tsv."""

from pathlib import Path

import pytest

from digest.text.clean import abstract
from digest.text.levels import levels

TABLE = Path(__file__).with_name("latex.tsv")
CASES = [
    tuple(line.split("\t"))
    for line in TABLE.read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("# ")
]
TAGS = {0: "{}", 1: "<sup>{}</sup>", -1: "<sub>{}</sub>"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_latex_is_shown_as_people_read_it(case):
    raw, text, html = case if len(case) == 3 else (*case, case[1])
    shown = abstract(raw)
    assert shown == text
    assert "".join(TAGS[level.level].format(level.text) for level in levels(shown)) == html


def test_what_is_shown_once_is_shown_so_again():
    """An edition keeps clean text only; cleaning that again may take the braces of a set, and nothing else."""
    assert [case[1] for case in CASES if "{" not in case[1] and abstract(case[1]) != case[1]] == []
