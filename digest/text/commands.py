# ruff: noqa: RUF001, SIM905 -- signs are written as they are shown; names are kept as lines of words
"""LaTeX commands that take arguments, and those that show nothing."""

import re
import unicodedata

from digest.text import formulas
from digest.text.formulas import named
from digest.text.reader import Command, Reader
from digest.text.spacing import EDGE, LEFT, SOFT, settled
from digest.text.symbols import double_struck

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
    "dot": "\u0307", "ddot": "\u0308", "check": "\u030c", "breve": "\u0306",
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
    several = base[1:2].isalnum() or unicodedata.combining(base[1:2] or " ")
    return base if several else _over(base, _OVER_LETTERS[name])


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


# --- the table ------------------------------------------------------------------------------------------------------


_IN_TEXT = dict.fromkeys([*_ACCENTS, *_LETTER_ACCENTS], _accent)
_IN_FORMULAS = dict.fromkeys("'`^", _accent)
_ANYWHERE = (
    dict.fromkeys(_OVER_LETTERS, _hat)
    | named("text textrm textit textbf textsf texttt textsc textup textsl mbox hbox emph", _text)
    | named(
        "underline underbrace overbrace uline gls ac acp acs mathrm mathbf mathcal mathsf mathscr mathfrak mathit mathtt",
        _same,
    )
    | named("boldsymbol bm pmb frak vec overrightarrow cancel", _same)
    | named("operatorname mathop DeclareMathOperator", _operator)
    | named("mathbb Bbb mathds mathbbm", _struck)
    | named(
        "textcolor colorbox scalebox raisebox parbox hyperlink hypertarget stackrel overset rotatebox foreignlanguage",
        _second,
    )
    | named("resizebox", _third)
    | named(
        "label vspace hspace vskip color pagestyle thispagestyle bibliography bibliographystyle includegraphics thanks",
        _unseen,
    )
    | named("phantom vphantom hphantom index input include usepackage fontsize tag pagecolor fontfamily", _unseen)
    | named("ref eqref cref Cref autoref pageref vref nameref", _unseen)
    | named("footnote footnotetext", _footnote)
    | named("url nolinkurl", _url)
    | {"not": _not, "href": _href, "verb": _verb, "item": _item}
    | {"unicode": _unicode, "ding": _ding}
    | formulas.COMMANDS
)


def command(name: str, *, math: bool) -> Command | None:
    """How to show a command that takes arguments; None for any other."""
    found = _ANYWHERE.get(name) or (_IN_FORMULAS if math else _IN_TEXT).get(name)
    return found or (_cite if _CITE.fullmatch(name) else None)
