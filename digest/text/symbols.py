# ruff: noqa: RUF001, RUF002, SIM905 -- look-alike signs, and tables as lines of words, are what this module is about
"""What LaTeX commands without an argument stand for."""

import re
import unicodedata
from functools import cache

from pylatexenc.latex2text import get_default_latex_context_db

from digest.text.characters import GREEK_LETTERS
from digest.text.spacing import EDGE, SOFT

GREEK = GREEK_LETTERS | {name.capitalize(): letter.upper() for name, letter in GREEK_LETTERS.items()}

NAMED = GREEK | {"times": "×", "to": "→", "sim": "~", "approx": "≈", "leq": "≤", "geq": "≥", "pm": "±", "infty": "∞"}

# Where pylatexenc's table has nothing, or something that reads worse on a screen: command, sign, command, sign ...
_TABLE = """
    vartheta ϑ  varkappa ϰ  varpi ϖ  varrho ϱ  varsigma ς  eps ε  veps ε  sim ~  le ≤  leq ≤  leqslant ≤  ge ≥
    geq ≥  geqslant ≥  ne ≠  neq ≠  mid |  vert |  lvert |  rvert |  Vert ‖  lVert ‖  rVert ‖  | ‖  parallel ∥
    ldots …  dots …  cdots …  dotsc …  dotsb …  vdots …  ddots …  textellipsis …  langle ⟨  rangle ⟩  ang ∠
    lbrace {  rbrace }  lbrack [  rbrack ]  colon :  ast *  star ⋆  bullet •  cdot ·  prime ′  deg °  degree °
    textdegree °  celsius °C  setminus ∖  smallsetminus ∖  backslash ∖  textbackslash ∖  emptyset ∅  varnothing ∅
    to →  gets ←  iff ⇔  implies ⇒  impliedby ⇐  lq ‘  rq ’  textquotesingle '  textquotedblleft “
    textquotedblright ”  guillemotleft «  textasciitilde ~  textasciicircum ^  textunderscore _  textgreater >
    textless <  lt <  gt >  textbar |  textdollar $  textpercent %  textendash –  textemdash —  slash /
    LaTeX LaTeX  TeX TeX  BibTeX BibTeX  qed ∎  Box □  square □  triangle △  checkmark ✓  cmark ✓  xmark ✗  and and
    imath i  jmath j  i i  j j  ell ℓ  hbar ℏ  Re Re  Im Im  wp ℘  aleph ℵ  beth ℶ  partial ∂  nabla ∇  pounds £
    euro €  texteuro €  yen ¥  copyright ©  dag †  ddag ‡  S §  P ¶  indep ⫫  perp ⊥  bot ⊥  top ⊤  wr ≀  cong ≅
    lesssim ≲  gtrsim ≳  land ∧  lor ∨  vee ∨  wedge ∧  lnot ¬  neg ¬  triangleq ≜  coloneqq ≔  defeq ≔
    varinjlim lim  varprojlim lim  dagger †  ddagger ‡  natural ♮  sharp ♯  flat ♭  gtrapprox ⪆  lessapprox ⪅
    lg lg  Bbbk k  Msun M⊙  surd √  rhd ▷  lhd ◁  textregistered ®  texttrademark ™  micro µ  iint ∬  iiint ∭
    oint ∮  eg e.g.  ie i.e.  etc etc.  dashrightarrow ⇢  Diamond ◇  diamondsuit ♦  bigsqcup ⨆  varsubsetneq ⊊
    restriction ↾  models ⊨  diamond ◇  bigO O  lozenge ◊  medlozenge ◊
""".split()
_OWN = (
    GREEK
    | {f"var{name}": letter for name, letter in GREEK.items()}
    | dict(zip(_TABLE[::2], _TABLE[1::2], strict=True))
    | {f"text{name}": letter for name, letter in GREEK.items()}
    | {"etal": "et al."}
)
_FUNCTIONS = frozenset(
    "arccos arcsin arctan arg argmax argmin cos cosh cot coth csc deg det diag dim div erf exp gcd hom inf ker lcm lg lim liminf"
    " limsup ln log max min mod bmod Pr poly polylog rank sec sgn sign sin sinh sup supp tan tanh tr Tr trace Var codim".split()
) - {"deg"}
_SPACES = frozenset(
    [" ", "\n", "\t", ",", ";", ":", ">", "quad", "qquad", "enspace", "thinspace", "space", "\\", "newline", "par"]
)
_TIGHT = frozenset("∞∂∇∑∏∐∫∬∭∮√∀∃∄¬∅∠△□▷◁◇⋆∗*•…⊤′°|‖%♮♯♭✓✗†‡⨁⨂⋃⋂⋁⋀/\\∖:<>†")
_SPACED = {"mid": f"{SOFT}|{SOFT}", "colon": ": "} | {
    name: f"{SOFT}{sign}{SOFT}"
    for name, sign in (("star", "⋆"), ("ast", "*"), ("setminus", "∖"), ("smallsetminus", "∖"), ("backslash", "∖"))
}
_SIGNS = frozenset("±∓~¬−+-")  # also used with nothing before them


@cache
def symbol(name: str) -> str | None:
    r"""What `\name` shows in text, or None where nobody knows."""
    if name in _SPACES:
        return " "
    if name in _OWN:
        return _OWN[name]
    if name in _FUNCTIONS:
        return {"bmod": "mod", "argmax": "arg max", "argmin": "arg min"}.get(name, name)
    if len(name) == 1 and not name.isalpha():
        return "" if name in "!-/" else name
    return _of_library(name)


def _of_library(name: str) -> str | None:
    spec = get_default_latex_context_db().get_macro_spec(name)
    shown = getattr(spec, "simplify_repl", None)
    return (
        shown
        if isinstance(shown, str) and "%" not in shown and "<" not in shown and len(shown) <= 3 and shown
        else None
    )


_FAMILIES = re.compile(
    r"(?:math)?(?:cal|scr|frak|bf|bm|bs|sf|rm|bold|mc|mat|vec|bb|c|b)(?P<base>[A-Za-z]|[A-Z]?[a-z]{2,7})"
)
_LETTERS = {"R": "ℝ", "N": "ℕ", "Z": "ℤ", "Q": "ℚ", "C": "ℂ", "E": "E", "F": "F", "P": "ℙ", "S": "S", "H": "ℍ"}


@cache
def in_formula(name: str) -> str | None:
    r"""What `\name` shows in a formula, with soft signs where it wants space around it."""
    if len(name) == 1 and name.isalpha():
        return _LETTERS.get(name, name)
    if name in _FUNCTIONS:
        return f"{EDGE}{symbol(name)}{EDGE}"
    if name in _SPACED:
        return _SPACED[name]
    shown = symbol(name)
    if shown is None:
        return _guess(name)
    if len(shown) == 1 and shown not in _TIGHT and (shown in "~·" or unicodedata.category(shown) in ("Sm", "So")):
        return f"{SOFT}{shown}{SOFT}"
    return shown


def _guess(name: str) -> str | None:
    r"""The letter behind an author's own abbreviation: \bR, \calL, \bSigma, \RR."""
    if len(name) == 2 and name[0] == name[1] and name[0] in _LETTERS:
        return _LETTERS[name[0]]
    family = _FAMILIES.fullmatch(name)
    base = family["base"] if family else ""
    return base if len(base) == 1 else GREEK.get(base)


def is_sign(shown: str) -> bool:
    """Whether an operator may stand before its operand with nothing on its left."""
    return shown.strip(SOFT) in _SIGNS


_DOUBLE_STRUCK = str.maketrans("CHNPQRZ", "ℂℍℕℙℚℝℤ")


def double_struck(text: str) -> str:
    r"""Letters as `\mathbb` shows them, as far as fonts and screen readers have them: ℝ, but E."""
    return text.translate(_DOUBLE_STRUCK)
