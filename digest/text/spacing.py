# ruff: noqa: RUF001 -- signs are written as they are shown
"""Soft signs: where a formula wants a space if there is something to part. They are settled before text leaves.

They are control characters, which no clean text holds.
"""

import re
from collections.abc import Callable

SOFT = "\x01"  # around an operator
EDGE = "\x02"  # around the name of a function
OPENS = "\x03"  # a formula starts
CLOSES = "\x04"  # a formula ends
LEFT = "\x05"  # eats the space before it
ENDS = "\x06"  # a raised or lowered word ends: what follows is not part of it
APART = "\x0e"  # a fraction ends: what follows is not under its stroke
CELL = "\x0f"  # parts two cells of a matrix
ROW = "\x10"  # parts two of its rows
RIGHT = "\x11"  # eats the space behind it

SIGNS = f"{SOFT}{EDGE}{OPENS}{CLOSES}{LEFT}{ENDS}{APART}{CELL}{ROW}{RIGHT}"
_ANY = re.compile(f"[{SIGNS}]")
# EDGE < ENDS < APART: of several in a row the last in that order counts.
# Runs are shortened first, and what is looked for before a sign is bounded: that keeps the time linear.
_Instead = str | Callable[[re.Match[str]], str]
# Beside each rule one sign without which it has nothing to do.
_SETTLE: list[tuple[str, re.Pattern[str], _Instead]] = [
    ("  ", re.compile(" {2,}"), " "),
    (SOFT, re.compile(f"{SOFT}{{2,}}"), SOFT),
    ("~", re.compile(rf"(?<={OPENS}~){CLOSES} (?=[\d{OPENS}])"), CLOSES),  # "$\sim$ 5" is one number
    (LEFT, re.compile(rf"[ \n]{{0,3}}{LEFT}"), ""),
    (RIGHT, re.compile(rf"{RIGHT}[ \n]{{0,3}}"), ""),
    (ROW, re.compile(rf"{ROW}[{ROW}{CELL}\s]+"), ROW),
    (ROW, re.compile(rf"[ \n{SOFT}{EDGE}]{{0,3}}{ROW}(?=[)\]}}|‖{CLOSES}{LEFT}]|\Z)"), ""),
    (ROW, re.compile(rf"[,;]?[ \n{SOFT}{EDGE}{CELL}]{{0,3}}{ROW}"), "; "),
    (CELL, re.compile(rf"[,;]?[ \n{SOFT}{EDGE}]{{0,3}}{CELL}[\s{SOFT}{EDGE}]*"), ", "),
    ("×", re.compile(rf"(?<=\d)[ {SOFT}]{{1,3}}×[ {SOFT}]{{0,3}}{CLOSES}"), "×"),  # "3 $\times$ faster"
    (OPENS, re.compile(f"{OPENS} {CLOSES}"), " "),
    (OPENS, re.compile(rf"{OPENS}[ {SOFT}{EDGE}]*"), ""),
    (CLOSES, re.compile(rf"[ {SOFT}{EDGE}]{{0,4}}{CLOSES}"), ""),
    (SOFT, re.compile(rf"(?<=[(\[{{⟨⌈⌊‖]){SOFT}|{SOFT}(?=[)\]}},.;⟩⌉⌋])"), ""),
    ("·", re.compile(rf"(?<=[|‖(⟨,])[ {SOFT}]{{0,4}}·[ {SOFT}]{{0,4}}(?=[|‖)⟩,])"), "·"),
    ("⟨", re.compile(r"(?<=⟨) | (?=⟩)"), ""),
    ("⌈", re.compile(r"(?<=⌈) | (?=⌉)"), ""),
    ("⌊", re.compile(r"(?<=⌊) | (?=⌋)"), ""),
    (SOFT, re.compile(rf" ?{SOFT}[ {SOFT}]*"), " "),
    (EDGE, re.compile(f"[{EDGE}{ENDS}{APART}]{{2,}}"), lambda run: max(run.group())),
    (APART, re.compile(f"[{ENDS}{APART}]{{2,}}"), APART),
    (APART, re.compile(rf"{APART}(?=[\w√∑∏∫∞(\[|‖⟨])"), " "),
    (ENDS, re.compile(rf"{ENDS}(?=[0-9A-Za-zÀ-ɏͰ-ϿЀ-ӿ℀-⅏√∑∏∫∞])"), " "),
    (EDGE, re.compile(rf"(?<=[\w)\]′″⁺⁻⟩|‖*]){EDGE}(?=[\w√∑∏∫∞])"), " "),
    ("", _ANY, ""),
]


def settled(text: str) -> str:
    """`text` with every soft sign turned into a space or nothing."""
    if not _ANY.search(text):
        return text
    for sign, pattern, instead in _SETTLE:
        if sign in text:
            text = pattern.sub(instead, text)
    return text


def tight(text: str) -> str:
    """`text` settled, without spaces around its operators, as scripts have it."""
    return _AROUND_SIGN.sub(r"\1", settled(text.replace(SOFT, ""))).strip()


_AROUND_SIGN = re.compile(r" ?([=<>≤≥≠∈∉⊂⊆→+×:|-]) ?")
