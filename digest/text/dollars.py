"""Which dollar signs enclose a formula, which mean money, and which are strays."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple


class Dollar(NamedTuple):
    """A dollar sign (or two) among the pieces of a text."""

    at: int  # which piece
    before: str  # the piece before it
    width: int  # 1 or 2


def judged(dollars: Sequence[Dollar], between: Callable[[int, int], str]) -> Iterator[tuple[int, str]]:
    """For each dollar its piece and what it is: "opens" or "closes" a formula, "dollar" itself, or a "stray".

    `between(start, end)` is the text of the pieces in that range.
    """
    index = 0
    while index < len(dollars):
        dollar = dollars[index]
        following = dollars[index + 1] if index + 1 < len(dollars) else None
        end = following.at if following else dollar.at + 4
        inside = between(dollar.at + 1, end)
        price = dollar.before.endswith(_CURRENCIES) and inside[:1].isdigit() and not _TEX.search(inside)
        if following and not price and _is_formula(inside, following, between):
            yield dollar.at, "opens"
            yield following.at, "closes"
            index += 2
            continue
        yield dollar.at, "dollar" if dollar.width == 1 and _is_money(dollar.before, inside) else "stray"
        index += 1


_CURRENCIES = ("US", "AU", "CA", "HK", "NZ")
_TEX = re.compile(r"[\\^_{}=<>|+*]")
_PROSE = re.compile(r"[A-Za-z]{3,}[,;.]?\s+(?:[A-Za-z]+[,;.]?\s+)*?[A-Za-z]{3,}")
_TWO_WORDS = re.compile(r"[A-Za-z]{2,}\W+[A-Za-z]{2,}")
_BLANK_LINE = re.compile(r"\n\s*\n")
_LONGEST = 2000


def _is_formula(inside: str, closing: Dollar, between: Callable[[int, int], str]) -> bool:
    if len(inside) > _LONGEST or _BLANK_LINE.search(inside):
        return False
    if inside[:1].isdigit() and not _TEX.search(inside):
        after = between(closing.at + 1, closing.at + 2)
        if _TWO_WORDS.search(inside):
            return False
        return not (inside[-1:].isspace() or inside[-1] in "-(/,~" or after[:1].isdigit())
    loose = inside[:1].isspace() or inside[-1:].isspace()
    return not (loose and not _TEX.search(inside) and _PROSE.search(inside))


def _is_money(before: str, after: str) -> bool:
    """Whether a single dollar stands where a sum of money has it, or alone."""
    if after[:1].isdigit() or before[-1:].isdigit():
        return True
    alone = (not before or before[-1].isspace()) and (not after or after[0].isspace())
    return (
        alone
        or bool(re.match(r"[A-Z_]{2}", after))
        or (before.endswith(("US", "A", "C")) and after.lstrip()[:1].isdigit())
    )
