# ruff: noqa: RUF001 -- look-alike signs are what this module is about
"""Raised and lowered text, in Unicode where that reads well and as `x^(k+1)`, `x_max` where not."""

import re

# Letters beyond these exist in Unicode, but few fonts of mail programs have them all.
_RAISED = str.maketrans("0123456789+-=()ni−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ⁻")
_LOWERED = str.maketrans("0123456789+-=()aehijklmnoprstuvx−", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ₋")
_RAISABLE = re.compile(r"[0-9+\-=()ni−]+")
_LOWERABLE = re.compile(r"(?!.*[a-z]{3})[0-9+\-=()aehijklmnoprstuvx−]+")
_AS_THEY_ARE = frozenset("′″‴*†‡°#⁺⁻")
_RAISED_SIGNS = {"∗": "*", "⋆": "*", "★": "*", "∘": "°", "○": "°", "⊤": "ᵀ", "'": "′"}
_ORDINAL = re.compile(r"th|st|nd|rd")
_ONE_WORD = re.compile(r"(?:[^\W_]|\.)+|.|[-+]\w|\([^()]*\)")


def raised(text: str) -> str:
    """`text` as a superscript."""
    text = _RAISED_SIGNS.get(text, text)
    if not text or set(text) <= _AS_THEY_ARE or _ORDINAL.fullmatch(text):
        return text
    if _RAISABLE.fullmatch(text):
        return text.translate(_RAISED)
    return f"^{_grouped(text)}"


def lowered(text: str) -> str:
    """`text` as a subscript."""
    if not text:
        return ""
    if _LOWERABLE.fullmatch(text):
        return text.translate(_LOWERED)
    return f"_{_grouped(text)}"


def quotient(above: str, below: str) -> str:
    """A fraction on one line."""
    below = below.strip()
    if not below:
        return above
    return f"{_operand(above)}/{below if _DIVISOR.fullmatch(below) else f'({below})'}"


def root(text: str, degree: str = "") -> str:
    sign = {"": "√", "2": "√", "3": "∛", "4": "∜"}.get(degree)
    return f"{sign or raised(degree) + '√'}{_operand(text)}"


def _grouped(text: str) -> str:
    return text if _ONE_WORD.fullmatch(text) else f"({text})"


_ENCLOSED = r"\([^()]*\)|\|[^|]*\||‖[^‖]*‖|."
_OPERAND = re.compile(rf"[-+±]?[\w.′″*°∂∞√∑∏∫!⁺⁻₊₋]+(?:\([^()]*\))?|{_ENCLOSED}")
# What follows a stroke and is plainly one thing: 2, x², ε, cost, log(n), but not 2n.
_DIVISOR = re.compile(
    rf"[\d.,]+|√?[^\W\d_][\u0300-\u036f²³⁰-₎ᵢⱼₐ-ₜ′*]*(?:\([^()]*\))?|[A-Za-z]{{3,}}(?:\([^()]*\))?|{_ENCLOSED}"
)


def _operand(text: str) -> str:
    text = text.strip()
    return text if _OPERAND.fullmatch(text) else f"({text})"
