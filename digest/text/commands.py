# ruff: noqa: RUF001, SIM905 -- signs are written as they are shown; names are kept as lines of words
"""LaTeX commands that take arguments, and those that show nothing."""

import re
import unicodedata
from collections.abc import Callable
from typing import Protocol

from digest.text.scripts import lowered, quotient, raised, root
from digest.text.spacing import CLOSES, EDGE, LEFT, OPENS, SOFT, settled, tight
from digest.text.symbols import double_struck


class Reader(Protocol):
    """What a command may ask of the reader that met it."""

    math: bool  # inside a formula

    def argument(self, *, math: bool | None = None) -> str: ...  # what is shown of the next one
    def raw(self) -> str: ...  # the next one as it is written
    def option(self) -> str: ...  # one in brackets, if there is
    def until_again(self) -> str: ...  # the next run of text between two equal characters
    def space_follows(self) -> bool: ...


Command = Callable[[Reader, str], str]

# --- silent ---------------------------------------------------------------------------------------------------------

DELIMITERS = frozenset(
    "left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr bigm Bigm biggm Biggm".split()
)
SILENT = DELIMITERS | frozenset(
    "limits nolimits displaystyle textstyle scriptstyle scriptscriptstyle rm bf it em sl sc sf tt cal mit bfseries itshape"
    " scshape ttfamily sffamily rmfamily mdseries normalfont upshape slshape tiny scriptsize footnotesize small normalsize large"
    " Large LARGE huge Huge noindent indent centering smallskip medskip bigskip hfill nonumber notag allowbreak linebreak nobreak"
    " protect relax xspace null footnotemark maketitle newblock mathstrut strut hline mathopen mathclose mathbin mathrel mathord"
    " mathpunct mathinner ensuremath boldmath unboldmath textnormal mathnormal selectfont hskip smash long bold Cal".split()
)

# --- accents --------------------------------------------------------------------------------------------------------

_ACCENTS = {"'": "\u0301", "`": "\u0300", '"': "\u0308", "^": "\u0302", "~": "\u0303", "=": "\u0304", ".": "\u0307"}
_LETTER_ACCENTS = {
    "c": "\u0327", "v": "\u030c", "u": "\u0306", "H": "\u030b", "r": "\u030a", "k": "\u0328", "b": "\u0331", "d": "\u0323", "t": "\u0361",
}  # fmt: skip
_OVER_LETTERS = {
    "hat": "\u0302", "widehat": "\u0302", "tilde": "\u0303", "widetilde": "\u0303", "bar": "\u0304", "overline": "\u0304",
    "vec": "\u20d7", "overrightarrow": "\u20d7", "dot": "\u0307", "ddot": "\u0308", "check": "\u030c", "breve": "\u0306",
    "acute": "\u0301", "grave": "\u0300", "mathring": "\u030a",
}  # fmt: skip


def _over(base: str, mark: str) -> str:
    letter = {"ı": "i", "ȷ": "j"}.get(base[:1], base[:1])
    return unicodedata.normalize("NFC", letter + mark) + base[1:] if letter else ""


def _accent(reader: Reader, name: str) -> str:
    if not name.isalpha() and reader.space_follows():
        return name
    base = settled(reader.argument())
    accented = _over(base, _ACCENTS.get(name) or _LETTER_ACCENTS[name])
    is_quotation_mark = name in "\"'`" and len(accented) != len(base)
    return name + base if is_quotation_mark else accented


def _hat(reader: Reader, name: str) -> str:
    """A mark over a letter; over more than one it cannot be shown."""
    base = settled(reader.argument()).strip()
    return base if len(base) > 1 and base[1:2].isalnum() else _over(base, _OVER_LETTERS[name])


def _not(reader: Reader, _: str) -> str:
    return _over(reader.argument().strip(SOFT), "\u0338").join([SOFT, SOFT])


# --- words ----------------------------------------------------------------------------------------------------------


def _same(reader: Reader, _: str) -> str:
    return reader.argument()


def _text(reader: Reader, _: str) -> str:
    return reader.argument(math=False)


def _operator(reader: Reader, _: str) -> str:
    return f"{EDGE}{reader.argument(math=True)}{EDGE}"


def _struck(reader: Reader, _: str) -> str:
    return double_struck(settled(reader.argument()))


def _second(reader: Reader, _: str) -> str:
    reader.option()
    reader.argument()
    return reader.argument()


def _third(reader: Reader, name: str) -> str:
    reader.argument()
    return _second(reader, name)


def _unseen(reader: Reader, _: str) -> str:
    reader.option()
    reader.raw()
    return LEFT


def _footnote(reader: Reader, _: str) -> str:
    text = settled(reader.argument(math=False)).strip()
    return f" ({text})" if text else ""


def _item(reader: Reader, _: str) -> str:
    return f" • {reader.option()}"


def _ding(reader: Reader, _: str) -> str:
    return {"51": "✓", "52": "✓", "55": "✗", "56": "✗"}.get(reader.raw(), "")


def _unicode(reader: Reader, _: str) -> str:
    code = re.fullmatch(r"x([0-9A-Fa-f]{2,5})", reader.raw())
    return chr(int(code.group(1), 16)) if code else ""


def _verb(reader: Reader, _: str) -> str:
    return reader.until_again()


# --- references -----------------------------------------------------------------------------------------------------

_LINK_WORDS = re.compile(r"\W*(?:this|here|link|url|https?)(?:\s+(?:https?\s+)?(?:url|link))?\W*", re.IGNORECASE)
_CITE = re.compile(r"(?:no|full|paren|text|auto)?[cC]ite[a-zA-Z]*")


def _cite(reader: Reader, _: str) -> str:
    note = (reader.option() or reader.option()).replace("$", "").replace("~", " ")
    keys = [key.strip() for key in reader.raw().split(",")]
    shown = ", ".join(part for part in (*keys, note) if part)
    return f"[{shown}]" if shown else LEFT


def _url(reader: Reader, _: str) -> str:
    return reader.raw().partition("{")[0]


def _href(reader: Reader, _: str) -> str:
    address = reader.raw().partition("{")[0]
    words = settled(reader.argument()).strip()
    if not words or _LINK_WORDS.fullmatch(words) or words.rstrip("/") in address:
        return address
    return f"{words} ({address})" if address else words


# --- formulas -------------------------------------------------------------------------------------------------------


def _fraction(reader: Reader, _: str) -> str:
    above, below = settled(reader.argument()).strip(), settled(reader.argument()).strip()
    return f"{EDGE}{quotient(above, below)}{EDGE}"


def _root(reader: Reader, _: str) -> str:
    degree = reader.option()
    return root(settled(reader.argument()), degree)


def _binomial(reader: Reader, _: str) -> str:
    return f"({settled(reader.argument()).strip()} choose {settled(reader.argument()).strip()})"


def _underset(reader: Reader, _: str) -> str:
    below = tight(reader.argument())
    return f"{EDGE}{settled(reader.argument()).strip()}{lowered(below)}{EDGE}"


def _superscript(reader: Reader, _: str) -> str:
    return raised(tight(reader.argument()))


def _subscript(reader: Reader, _: str) -> str:
    return lowered(tight(reader.argument()))


def _modulo(reader: Reader, _: str) -> str:
    return f" (mod {settled(reader.argument()).strip()})"


def _arrow(reader: Reader, name: str) -> str:
    reader.option()
    reader.argument()
    return f"{SOFT}{'→' if 'right' in name else '←'}{SOFT}"


_FORMULAS = frozenset(
    "equation align eqnarray gather multline displaymath math alignat flalign split aligned cases array".split()
)


def _begin(reader: Reader, _: str) -> str:
    name = reader.raw().rstrip("*")
    if name in ("array", "tabular"):
        reader.raw()  # its columns
    if name not in _FORMULAS:
        return " "
    reader.math = True
    return f" {OPENS}"


def _end(reader: Reader, _: str) -> str:
    if reader.raw().rstrip("*") not in _FORMULAS:
        return " "
    reader.math = False
    return f"{CLOSES} "


def _opens(reader: Reader, _: str) -> str:
    reader.math = True
    return OPENS


def _closes(reader: Reader, _: str) -> str:
    reader.math = False
    return CLOSES


# --- the table ------------------------------------------------------------------------------------------------------


def _named(names: str, command: Command) -> dict[str, Command]:
    return dict.fromkeys(names.split(), command)


_IN_TEXT = dict.fromkeys([*_ACCENTS, *_LETTER_ACCENTS], _accent)
_IN_FORMULAS = dict.fromkeys("'`^", _accent)
_ANYWHERE = (
    dict.fromkeys(_OVER_LETTERS, _hat)
    | _named("text textrm textit textbf textsf texttt textsc textup textsl mbox hbox emph", _text)
    | _named(
        "underline underbrace overbrace uline gls ac acp acs mathrm mathbf mathcal mathsf mathscr mathfrak mathit mathtt",
        _same,
    )
    | _named("boldsymbol bm pmb frak", _same)
    | _named("operatorname mathop DeclareMathOperator", _operator)
    | _named("mathbb Bbb mathds mathbbm", _struck)
    | _named(
        "textcolor colorbox scalebox raisebox parbox hyperlink hypertarget stackrel overset rotatebox foreignlanguage",
        _second,
    )
    | _named("resizebox", _third)
    | _named(
        "label vspace hspace vskip color pagestyle thispagestyle bibliography bibliographystyle includegraphics thanks",
        _unseen,
    )
    | _named("phantom vphantom hphantom index input include usepackage fontsize tag pagecolor fontfamily", _unseen)
    | _named("ref eqref cref Cref autoref pageref vref nameref", _unseen)
    | _named("frac dfrac tfrac cfrac nicefrac sfrac flatfrac", _fraction)
    | _named("binom tbinom dbinom", _binomial)
    | _named("footnote footnotetext", _footnote)
    | _named("xrightarrow xleftarrow", _arrow)
    | _named("url nolinkurl", _url)
    | {"sqrt": _root, "underset": _underset, "pmod": _modulo, "not": _not, "href": _href, "verb": _verb, "item": _item}
    | {"textsuperscript": _superscript, "textsubscript": _subscript, "unicode": _unicode, "ding": _ding}
    | {"begin": _begin, "end": _end, "(": _opens, "[": _opens, ")": _closes, "]": _closes}
)


def command(name: str, *, math: bool) -> Command | None:
    """How to show a command that takes arguments; None for any other."""
    found = _ANYWHERE.get(name) or (_IN_FORMULAS if math else _IN_TEXT).get(name)
    return found or (_cite if _CITE.fullmatch(name) else None)
