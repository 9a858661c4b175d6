# ruff: noqa: RUF001, RUF002 -- look-alike signs are what this module is about
"""Raised and lowered text: in Unicode where that reads well, as `x^(k+1)` and `x_max` where not.

What is written can be told from anything else and undone (`levels`):

    x^k  x^max  x^(k+1)      a number or a name stands bare, everything else in parentheses
    x^(k)  x^((k+1))         so the parentheses of a name are its own, and others are doubled
    x_max  α_B  f(x)_c       a lowered name stands bare behind a symbol only,
    BERT_(large)  2k_(eff)   and behind a word in parentheses: `snake_case` is not lowered
"""

import re

# Letters beyond these exist in Unicode, but few fonts of mail programs have them all.
_RAISED = str.maketrans("0123456789+-=()ni−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ⁻")
_LOWERED = str.maketrans("0123456789+-=()aehijklmnoprstuvx−", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ₋")
_RAISABLE = re.compile(r"[0-9+\-=()ni−]+")
_LOWERABLE = re.compile(r"(?!.*[a-z]{3})[0-9+\-=()aehijklmnoprstuvx−]+")
_AS_THEY_ARE = frozenset("′″‴*†‡°#⁺⁻ᵀ")
_RAISED_SIGNS = {"∗": "*", "⋆": "*", "★": "*", "∘": "°", "○": "°", "⊤": "ᵀ", "'": "′"}
_ORDINAL = re.compile(r"th|st|nd|rd")

_MARKS = "\u0300-\u036f\u20d0-\u20ff"
_LATIN = "A-Za-zÀ-ÖØ-öø-ɏ"
_OPERATORS = "×±←-⋿■-◿⨀-⫿"
_LETTER = f"{_LATIN}Ͱ-ϿЀ-ӿ℀-⅏"
_SIGNS = "*∗⋆†‡∞∂∇∅⊥⊤∥⊙⊕⊗★×∘•●♯♭♮!±∓∃∀∧∨◊□→←↑↓+−-"
ENDED = frozenset("*!+-−)")  # a script that ends so cannot be taken to go on
BARE = (
    rf"[-+−±]?(?:[0-9]+(?:\.[0-9]+)*|[{_LETTER}](?:[{_LETTER}0-9{_MARKS}])*)"
    rf"|[{_SIGNS}]"
)
_BARE = re.compile(BARE)
_BEHIND_SYMBOL = re.compile(
    rf"(?:(?<![{_LATIN}_0-9'’])(?<!\w\.)[{_LATIN}]|[Ͱ-Ͽ℀-⅏{_OPERATORS})\]}}⟩⌉⌋|‖])"
    rf"[′″‴'*†‡ᵀ⁰-ₜ²³¹ᵢ-ᵪⱼ{_MARKS}]*\Z"
)
_BEFORE_LETTER = re.compile(
    rf"(?<![{_LATIN}_0-9.-])(?:[0-9]{{1,4}}[{_LATIN}]|log|lim|max|min|sup|inf|det|dim|Pr|tr|Tr)\Z"
)
REACH = 8  # characters before a script that say what it belongs to


def raised(text: str) -> str:
    """`text` as a superscript."""
    text = _RAISED_SIGNS.get(text, text)
    if not text or set(text) <= _AS_THEY_ARE or _ORDINAL.fullmatch(text):
        return text
    if _RAISABLE.fullmatch(text):
        return text.translate(_RAISED)
    own_parentheses = text[0] == "(" and text[-1] == ")" and is_bare(text[1:-1])
    return f"^{text}" if own_parentheses or is_bare(text) else f"^({text})"


def lowered(text: str, behind: str) -> str:
    """`text` as a subscript of what stands at the end of `behind`."""
    if not text:
        return ""
    if _LOWERABLE.fullmatch(text):
        return text.translate(_LOWERED)
    inner = text[1:-1] if text[0] == "(" and text[-1] == ")" else text
    return f"_{text}" if is_bare(inner) and lowers(inner, behind) else f"_({text})"


def is_bare(text: str) -> bool:
    """Whether `text` is one number, name or sign, and needs no parentheses when it is raised or lowered."""
    return _BARE.fullmatch(text) is not None


def lowers(name: str, behind: str) -> bool:
    """Whether `_name` at the end of `behind` is lowered text: `x_max` is, `snake_case` is not."""
    behind = behind[-REACH:]
    if _BEHIND_SYMBOL.search(behind) or (len(name) == 1 and _BEFORE_LETTER.search(behind)):
        return True
    return not (name.isascii() or len(name) > 1)


def quotient(above: str, below: str) -> str:
    """A fraction on one line."""
    below = below.strip()
    if not below:
        return above
    return f"{_operand(above)}/{below if _DIVISOR.fullmatch(below) else f'({below})'}"


def root(text: str, degree: str = "") -> str:
    """A root on one line: √x, ∛(x+1), x^(1/k)."""
    text = text.strip()
    under = text if _RADICAND.fullmatch(text) else f"({text})"
    if degree.isalpha() and degree not in ("n", "i"):
        return f"{under}{raised(f'1/{degree}')}"
    return (_ROOTS.get(degree) or f"{raised(degree)}√") + under


_ROOTS = {"": "√", "2": "√", "3": "∛", "4": "∜"}
_ENCLOSED = r"\([^()]*\)|\|[^|]*\||‖[^‖]*‖|."
_ONE = rf"√?[\d.,]+|√?[^\W\d_][{_MARKS}²³⁰-₎ᵢⱼₐ-ₜ′*]*(?:\([^()]*\))?|[A-Za-z]{{3,}}(?:\([^()]*\))?"
_OPERAND = re.compile(rf"[-+±]?[\w.′″*°∂∞√∑∏∫!⁺⁻₊₋]+(?:\([^()]*\))?|{_ENCLOSED}")
# What follows a stroke and is plainly one thing: 2, x², ε, cost, log(n), ∂x, but not 2n.
_DIVISOR = re.compile(rf"{_ONE}|[d∂Δδ][^\W\d_][²³⁰-₎ᵢⱼₐ-ₜ]*|{_ENCLOSED}")
_RADICAND = re.compile(rf"{_ONE}|{_ENCLOSED}")


def _operand(text: str) -> str:
    text = text.strip()
    return text if _OPERAND.fullmatch(text) else f"({text})"
