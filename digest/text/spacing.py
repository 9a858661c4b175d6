# ruff: noqa: RUF001 -- signs are written as they are shown
"""Soft signs: where a formula wants a space if there is something to part. They are settled before text leaves.

They are control characters, which no clean text holds.
"""

import re

SOFT = "\x01"  # around an operator
EDGE = "\x02"  # around the name of a function
OPENS = "\x03"  # a formula starts
CLOSES = "\x04"  # a formula ends
LEFT = "\x05"  # eats the space before it

_ANY = re.compile(f"[{SOFT}-{LEFT}]")
# Runs are shortened first, and what is looked for before a sign is bounded: that keeps the time linear.
_SETTLE = [
    (re.compile(" {2,}"), " "),
    (re.compile(f"{SOFT}{{2,}}"), SOFT),
    (re.compile(rf"(?<={OPENS}~){CLOSES} (?=[\d{OPENS}])"), CLOSES),  # "$\sim$ 5" is one number
    (re.compile(rf"[ \n]{{0,3}}{LEFT}"), ""),
    (re.compile(rf"(?<=\d)[ {SOFT}]{{1,3}}×[ {SOFT}]{{0,3}}{CLOSES}"), "×"),  # "3 $\times$ faster"
    (re.compile(rf"{OPENS}[ {SOFT}{EDGE}]*|[ {SOFT}{EDGE}]{{0,4}}{CLOSES}"), ""),
    (re.compile(rf"(?<=[(\[{{⟨⌈⌊‖]){SOFT}|{SOFT}(?=[)\]}},.;⟩⌉⌋])"), ""),
    (re.compile(r"(?<=[⟨⌈⌊]) | (?=[⟩⌉⌋])"), ""),
    (re.compile(rf" ?{SOFT}[ {SOFT}]*"), " "),
    (re.compile(rf"(?<=[\w)\]′″⁺⁻]){EDGE}+(?=[\w√∑∏∫∞])"), " "),
    (_ANY, ""),
]


def settled(text: str) -> str:
    """`text` with every soft sign turned into a space or nothing."""
    if not _ANY.search(text):
        return text
    for pattern, instead in _SETTLE:
        text = pattern.sub(instead, text)
    return text


def tight(text: str) -> str:
    """`text` settled, without spaces around its operators, as scripts have it."""
    return settled(text.replace(SOFT, "")).strip()
