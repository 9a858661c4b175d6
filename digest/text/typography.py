# ruff: noqa: RUF001 -- dashes and quotation marks are written as they are shown
"""Quotation marks and dashes as TeX writes them."""

import re

_SINGLE = re.compile(r"(?<![`\w])`([^`'\n]{1,80})'(?!')")
_EM = re.compile(r"(?<!-)---(?![->])")
_EN = re.compile(r"(?<![-<!])--(?![->])(?!(?<=\s--)[A-Za-z])(?!(?<=^--)[A-Za-z])")


_OPENING = re.compile(r"(?<![^\s([{—])''(?=\w)")
_CLOSING = re.compile(r"(?<=[A-Za-z.,;:!?)\]’])''(?!\w)")


def typeset(text: str, quotes: int) -> tuple[str, int]:
    """`text` with its marks made, and how many quotations are open after it; `quotes` were before it."""
    if "`" in text:
        text = _SINGLE.sub(r"‘\1’", text).replace("``", "“")
    if "''" in text:
        text = _CLOSING.sub("”", _OPENING.sub("“", text))
        closing = max(0, quotes + text.count("“") - text.count("”"))
        text = text.replace("''", "”", closing)
    if "--" in text:
        text = _EN.sub("–", _EM.sub("—", text))
    return text, max(0, quotes + text.count("“") - text.count("”"))
