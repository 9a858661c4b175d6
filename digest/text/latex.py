# ruff: noqa: RUF001 -- dashes and quotation marks are written as they are shown
"""LaTeX, as authors type it into a web form, to Unicode.

    text -> pieces (command, brace, dollar, script, URL, run of plain text)
         -> which dollars are mathematics, and which are money
         -> one pass of a recursive reader over the pieces
         -> soft spaces settled

Nothing is an error: what has no meaning is shown as it stands, without its backslash and braces. Every piece is read
once and nesting is bounded, so the time is linear in the length of the text whatever it holds.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import NamedTuple

from digest.text.dollars import Dollar, judged
from digest.text.scripts import lowered, quotient, raised, root
from digest.text.symbols import CLOSES, EDGE, GREEK, LEFT, OPENS, SOFT, double_struck, in_formula, is_sign, symbol
from digest.text.typography import typeset

_TELLTALE = re.compile(r"[\\${}~`]|''|--")


def to_unicode(text: str) -> str:
    """`text` with its LaTeX made readable; text without any comes back as it is."""
    if not _TELLTALE.search(text):
        return text
    return settled(_Reader(_pieces(_LOST.sub(r"\\\g<0>", text))).read())


# --- pieces ---------------------------------------------------------------------------------------------------------


class _Piece(NamedTuple):
    kind: str
    text: str


_URL = re.compile(r"\bhttps?://(?:[^\s{}<>\"\\$^`|]|\\[_%#&~$-]|\$\\sim\$|\\~\{\})+", re.IGNORECASE)
# One web site strips backslashes: what can only have been a command is one.
_LOST = re.compile(
    r"(?<![a-zA-Z\\])(?:math(?:cal|bb|bf|rm|sf|frak|scr|it)|text(?:bf|it|tt|rm|sc)?|emph|boldsymbol|operatorname|sqrt)(?=\{)"
)
_PIECE = re.compile(
    r"(?P<command>\\(?:[a-zA-Z]+\*?|[\s\S]|\Z))"
    r"|(?P<open>\{)|(?P<close>\})|(?P<dollar>\$\$?)|(?P<script>[\^_])|(?P<tie>~)|(?P<cell>&)"
    r"|(?P<run>[^\\${}^_~&]+)"
)


def _pieces(text: str) -> list[_Piece]:
    pieces: list[_Piece] = []
    at = 0
    for url in _URL.finditer(text) if "://" in text else ():
        pieces.extend(_lexed(text[at : url.start()]))
        pieces.append(_Piece("url", url.group()))
        at = url.end()
    pieces.extend(_lexed(text[at:]))
    dollars = [
        Dollar(index, before=pieces[index - 1].text if index else "", width=len(piece.text))
        for index, piece in enumerate(pieces)
        if piece.kind == "dollar"
    ]
    for index, kind in judged(dollars, lambda start, end: "".join(piece.text for piece in pieces[start:end])):
        pieces[index] = _Piece(kind, pieces[index].text)
    return pieces


def _lexed(text: str) -> Iterator[_Piece]:
    for found in _PIECE.finditer(text):
        yield _Piece(found.lastgroup or "run", found.group())


# --- commands -------------------------------------------------------------------------------------------------------

_ACCENTS = {"'": "\u0301", "`": "\u0300", '"': "\u0308", "^": "\u0302", "~": "\u0303", "=": "\u0304", ".": "\u0307"}
_LETTER_ACCENTS = {
    "c": "\u0327",
    "v": "\u030c",
    "u": "\u0306",
    "H": "\u030b",
    "r": "\u030a",
    "k": "\u0328",
    "b": "\u0331",
} | {
    "d": "\u0323",
    "t": "\u0361",
}
_MATH_ACCENTS = (
    dict.fromkeys(["hat", "widehat"], "\u0302")
    | dict.fromkeys(["tilde", "widetilde"], "\u0303")
    | dict.fromkeys(["bar", "overline"], "\u0304")
    | {"dot": "\u0307", "ddot": "\u0308", "vec": "\u20d7", "check": "\u030c", "breve": "\u0306", "acute": "\u0301"}
    | {"grave": "\u0300", "mathring": "\u030a"}
)
_SILENT = frozenset(
    "left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr limits nolimits displaystyle textstyle"
    " scriptstyle scriptscriptstyle rm bf it em sl sc sf tt cal mit bfseries itshape scshape ttfamily sffamily rmfamily"
    " mdseries normalfont upshape slshape tiny scriptsize footnotesize small normalsize large Large LARGE huge Huge noindent"
    " indent centering smallskip medskip bigskip hfill nonumber notag allowbreak linebreak nobreak protect relax xspace null"
    " footnotemark maketitle newblock mathstrut strut hline item* mathopen mathclose mathbin mathrel mathord mathpunct mathinner"
    " ensuremath boldmath unboldmath nobreakdash textnormal mathnormal selectfont hskip hbox mbox smash long bold Bbb Cal".split(),  # noqa: SIM905
) - {"Bbb"}
_DELIMITERS = frozenset(name for name in _SILENT if name in {"left", "right", "middle"} or name[:3].lower() == "big")
_UNSEEN = frozenset(
    "label vspace hspace vskip color pagestyle thispagestyle bibliography bibliographystyle includegraphics thanks phantom vphantom"
    " hphantom index input include usepackage fontsize tag pagecolor ref eqref cref Cref autoref pageref vref nameref".split(),  # noqa: SIM905
)
_CITES = re.compile(r"(?:no|full|paren|text|auto)?[cC]ite[a-zA-Z]*")
_SECOND = {
    "textcolor": 1,
    "colorbox": 1,
    "scalebox": 1,
    "raisebox": 1,
    "parbox": 1,
    "resizebox": 2,
    "hyperlink": 1,
} | dict.fromkeys(["stackrel", "overset", "rotatebox", "foreignlanguage", "hypertarget", "fontfamily"], 1)
_FRACTIONS = frozenset(["frac", "dfrac", "tfrac", "cfrac", "nicefrac", "sfrac", "flatfrac"])
_FORMULAS = frozenset(
    "equation align eqnarray gather multline displaymath math alignat flalign split aligned cases array".split()
)  # noqa: SIM905
_TEXTS = frozenset(
    ["text", "textrm", "textit", "textbf", "textsf", "texttt", "textsc", "textup", "textsl", "mbox", "hbox", "emph"]
)
_LETTERS = frozenset(
    [
        "mathrm",
        "mathbf",
        "mathcal",
        "mathsf",
        "mathscr",
        "mathfrak",
        "mathit",
        "mathtt",
        "boldsymbol",
        "bm",
        "pmb",
        "frak",
    ]
)

_DEEPEST = 40
_SET = re.compile(r"\s*[-+−±]?[\w.…/∞]{1,16}(?:\s*,\s*[-+−±]?(?:[\w.…/∞]{1,16}|\.\.\.))+\s*")
_LINK_WORDS = re.compile(r"\W*(?:this|here|link|url|https?)(?:\s+(?:https?\s+)?(?:url|link))?\W*", re.IGNORECASE)


class _Reader:
    """A position in the pieces, and whether it is inside a formula."""

    def __init__(self, pieces: list[_Piece]) -> None:
        self._pieces = pieces
        self._at = 0
        self._depth = 0
        self._math = False
        self._quotes = 0

    def read(self, *, until_close: bool = False) -> str:
        """What is shown of the pieces up to the end, or up to the brace that closes this group."""
        shown: list[str] = []
        above: str | None = None
        while (piece := self._next()) is not None:
            if piece.kind == "close":
                if until_close:
                    break
                continue
            if piece.text in ("\\over", "\\above", "\\atop") and above is None:
                above, shown = "".join(shown), []
                continue
            self._show(piece, shown)
        text = "".join(shown)
        return text if above is None else quotient(settled(above), settled(text))

    # - moving -

    def _next(self) -> _Piece | None:
        if self._at >= len(self._pieces):
            return None
        self._at += 1
        return self._pieces[self._at - 1]

    def _peek(self) -> _Piece:
        return self._pieces[self._at] if self._at < len(self._pieces) else _Piece("end", "")

    def _skip_space(self) -> None:
        """Past white space, of which a run may be the start."""
        while self._peek().kind == "run" and not (rest := self._peek().text.lstrip()):
            self._at += 1
        if self._peek().kind == "run" and rest != self._peek().text:
            self._pieces[self._at] = _Piece("run", rest)

    # - parts of a command -

    def _group(self) -> str:
        """What is shown of a group whose opening brace has just been read."""
        if self._depth >= _DEEPEST:
            return ""
        math = self._math
        self._depth += 1
        text = self.read(until_close=True)
        self._depth -= 1
        self._math = math
        return text

    def _argument(self) -> str:
        """What is shown of the next argument: a group, a command or one character."""
        self._skip_space()
        piece = self._peek()
        if piece.kind in ("close", "end", "dollar", "opens", "closes", "cell"):
            return ""
        if piece.kind in ("run", "url") and len(piece.text) > 1:
            self._pieces[self._at] = _Piece(piece.kind, piece.text[1:])
            return piece.text[0]
        self._at += 1
        if piece.kind == "open":
            return self._group()
        shown: list[str] = []
        if self._depth < _DEEPEST:
            self._depth += 1
            self._show(piece, shown)
            self._depth -= 1
        return "".join(shown)

    def _compact(self) -> str:
        """The next argument without spaces around operators, for a script."""
        return settled(self._argument().replace(SOFT, "")).strip()

    def _plain(self, *, math: bool) -> str:
        """The next argument, read as a formula or as text."""
        before, self._math = self._math, math
        shown = self._argument()
        self._math = before
        return shown

    def _raw(self) -> str:
        """The next argument as it is written."""
        self._skip_space()
        if self._peek().kind != "open":
            return ""
        taken = []
        depth = 0
        while (piece := self._next()) is not None:
            depth += (piece.kind == "open") - (piece.kind == "close")
            if depth == 0:
                break
            taken.append(piece.text)
        return "".join(taken[1:]).replace("\\", "")

    def _option(self) -> str:
        """An optional argument in brackets, where it is plain."""
        piece = self._peek()
        found = re.match(r"\[([^\[\]]*)\]", piece.text) if piece.kind == "run" else None
        if not found:
            return self._spread_option() if piece.text.startswith("[") else ""
        self._pieces[self._at] = _Piece("run", piece.text[found.end() :])
        return found.group(1)

    def _spread_option(self) -> str:
        """An optional argument that is made of several pieces; nothing is taken where it does not end soon."""
        taken = ""
        for index in range(self._at, min(self._at + 12, len(self._pieces))):
            taken += self._pieces[index].text
            if "]" in self._pieces[index].text:
                option, _, rest = taken.partition("]")
                self._pieces[index] = _Piece("run", rest)
                self._at = index
                return option[1:]
        return ""

    # - showing -

    def _show(self, piece: _Piece, shown: list[str]) -> None:
        match piece.kind:
            case "run":
                shown.append(self._run(piece.text, _last(shown)))
            case "command":
                self._command(piece.text[1:], shown)
            case "open":
                shown.append(self._free_group())
            case "opens" | "closes":
                self._math = piece.kind == "opens"
                shown.append(OPENS if self._math else CLOSES)
            case "script":
                self._script(piece.text, shown)
            case "tie":
                shown.append(" " if self._math or self._ties(shown) else "~")
            case "cell":
                shown.append(" " if self._math else "&")
            case "url":
                shown.append(self._url(piece.text))
            case "dollar":
                shown.append(piece.text)

    def _run(self, text: str, before: str) -> str:
        if self._math:
            return text.replace("''", "″").replace("'", "′").replace("``", "“")
        shown, self._quotes = typeset(before + text, self._quotes)
        return shown.removeprefix(before)

    def _ties(self, shown: list[str]) -> bool:
        """Whether a tilde joins two words, rather than meaning "about"."""
        before = _last(shown) or " "
        after = self._peek().text[:1]
        return not (before.isspace() or before in "(<[/") or not after or after.isspace() or after in "\\"

    def _url(self, text: str) -> str:
        address = text.replace("$\\sim$", "~").replace("\\~{}", "~").replace("\\", "")
        if self._peek().kind == "open":  # what is left of \href{address}{words}
            self._at += 1
            self._group()
        return address

    def _free_group(self) -> str:
        text = self._group()
        if _SET.fullmatch(text) and "," in text:
            return f"{{{text}}}"
        return _NAMED.get(text, text) if not self._math else text

    def _script(self, mark: str, shown: list[str]) -> None:
        if not self._math and self._peek().kind != "open":
            shown.append(mark)
            return
        argument = self._plain(math=True) if not self._math else self._argument()
        argument = settled(argument.replace(SOFT, "")).strip()
        text = raised(argument) if mark == "^" else lowered(argument)
        while shown and not shown[-1]:
            shown.pop()
        if shown and shown[-1].endswith(EDGE):
            shown[-1] = shown[-1].removesuffix(EDGE) + text + EDGE
        else:
            shown.append(text)

    def _command(self, name: str, shown: list[str]) -> None:
        name = name.rstrip("*") or "*"
        if text := self._structure(name):
            shown.append(text())
        elif name in _DELIMITERS:
            self._drop_dot()
        elif name in _SILENT:
            self._skip_space_after_word(name)
        elif (char := self._symbol(name)) is not None:
            self._emit(char, shown)
        else:
            shown.append(self._unknown(name, shown))

    def _structure(self, name: str) -> Callable[[], str] | None:
        """How to show a command that takes arguments."""
        if name in _ACCENTS and not (self._math and name not in "'`^"):
            return lambda: self._accent(name, _ACCENTS[name])
        if name in _LETTER_ACCENTS and not self._math:
            return lambda: self._accent(name, _LETTER_ACCENTS[name])
        if name in _MATH_ACCENTS:
            return lambda: _over(settled(self._argument()), _MATH_ACCENTS[name])
        if name in _FRACTIONS:
            return self._fraction
        if name in _UNSEEN:
            return self._unseen
        if name in _TEXTS:
            return lambda: self._plain(math=False)
        if name in _LETTERS:
            return self._argument
        if name in _SECOND:
            return lambda: self._after(_SECOND[name])
        if _CITES.fullmatch(name):
            return self._cite
        return getattr(self, f"_do_{name}", None) if name.isalpha() else _NEITHER.get(name, lambda _: None)(self)

    def _symbol(self, name: str) -> str | None:
        return in_formula(name) if self._math else symbol(name)

    def _emit(self, char: str, shown: list[str]) -> None:
        if self._math:
            self._skip_space()
            before = _last(shown)
            if is_sign(char) and (not before or before in f"([{{,=<>{SOFT}{OPENS}|"):
                char = char.strip(SOFT)
        elif char.isalpha() and not GREEK.get(char) and unicodedata.name(char[0], "").startswith("LATIN"):
            self._skip_space()
        shown.append(char)

    def _drop_dot(self) -> None:
        piece = self._peek()
        if piece.kind == "run" and piece.text.startswith("."):
            self._pieces[self._at] = _Piece("run", piece.text[1:])

    def _skip_space_after_word(self, name: str) -> None:
        if name.isalpha():
            self._skip_space()

    def _unknown(self, name: str, shown: list[str]) -> str:
        """An author's own command: its arguments where it has some, else its name."""
        if self._peek().kind != "open":
            if not self._math and _DRIVE.search("".join(shown[-4:])):
                return f"\\{name}"
            return f"{EDGE}{name}{EDGE}" if self._math else name
        if self._at + 1 < len(self._pieces) and self._pieces[self._at + 1].kind == "close":
            self._at += 2
            return name
        return ""

    def _accent(self, name: str, mark: str) -> str:
        if name.isalpha():
            self._skip_space()
        elif self._peek().kind == "run" and self._peek().text[0].isspace():
            return name
        base = settled(self._argument())
        accented = _over(base, mark)
        if name in "\"'`" and base and not (len(accented) == len(base)):
            return name + base
        return accented

    def _fraction(self) -> str:
        above, below = settled(self._argument()).strip(), settled(self._argument()).strip()
        return f"{EDGE}{quotient(above, below)}{EDGE}"

    def _unseen(self) -> str:
        self._option()
        self._raw()
        return LEFT

    def _after(self, count: int) -> str:
        self._option()
        for _ in range(count):
            self._argument()
        return self._argument()

    def _cite(self) -> str:
        note = self._option() or self._option()
        keys = ", ".join(key.strip() for key in self._raw().split(",") if key.strip())
        return f"[{', '.join(part for part in (keys, note) if part)}]" if keys else LEFT

    # - commands by name -

    def _do_mathbb(self) -> str:
        return double_struck(settled(self._argument()))

    _do_Bbb = _do_mathds = _do_mathbbm = _do_mathbb  # noqa: N815 -- LaTeX's names

    def _do_sqrt(self) -> str:
        degree = self._option()
        return root(settled(self._argument()), degree)

    def _do_binom(self) -> str:
        return f"({settled(self._argument()).strip()} choose {settled(self._argument()).strip()})"

    _do_tbinom = _do_dbinom = _do_binom

    def _do_operatorname(self) -> str:
        return f"{EDGE}{self._plain(math=True)}{EDGE}"

    _do_DeclareMathOperator = _do_mathop = _do_operatorname  # noqa: N815

    def _do_underset(self) -> str:
        below = self._compact()
        return f"{EDGE}{settled(self._argument()).strip()}{lowered(below)}{EDGE}"

    def _do_textsuperscript(self) -> str:
        return raised(self._compact())

    def _do_textsubscript(self) -> str:
        return lowered(self._compact())

    def _do_pmod(self) -> str:
        return f" (mod {settled(self._argument()).strip()})"

    def _do_not(self) -> str:
        shown = self._argument()
        return _over(shown.strip(SOFT), "\u0338").join([SOFT, SOFT])

    def _do_xrightarrow(self) -> str:
        self._option()
        self._argument()
        return f"{SOFT}→{SOFT}"

    def _do_xleftarrow(self) -> str:
        self._option()
        self._argument()
        return f"{SOFT}←{SOFT}"

    def _do_footnote(self) -> str:
        text = settled(self._plain(math=False)).strip()
        return f" ({text})" if text else ""

    _do_footnotetext = _do_footnote

    def _do_url(self) -> str:
        return self._raw() if self._peek().kind == "open" else ""

    _do_nolinkurl = _do_url

    def _do_href(self) -> str:
        address = self._raw()
        words = settled(self._argument()).strip()
        if not words or _LINK_WORDS.fullmatch(words) or words.rstrip("/") in address:
            return address
        return f"{words} ({address})" if address else words

    def _do_verb(self) -> str:
        piece = self._peek()
        if piece.kind != "run" or piece.text[0].isalnum():
            return ""
        text, _, rest = piece.text[1:].partition(piece.text[0])
        self._pieces[self._at] = _Piece("run", rest)
        return text

    def _do_begin(self) -> str:
        name = self._raw().rstrip("*")
        if name in ("array", "tabular"):
            self._raw()
        if name not in _FORMULAS:
            return " "
        self._math = True
        return f" {OPENS}"

    def _do_end(self) -> str:
        if self._raw().rstrip("*") not in _FORMULAS:
            return " "
        self._math = False
        return f"{CLOSES} "

    def _do_item(self) -> str:
        return f" • {self._option()}"

    def _do_ding(self) -> str:
        return {"51": "✓", "52": "✓", "55": "✗", "56": "✗"}.get(self._raw(), "")

    def _opens(self) -> str:
        self._math = True
        return OPENS

    def _closes(self) -> str:
        self._math = False
        return CLOSES


_NEITHER: dict[str, Callable[[_Reader], Callable[[], str] | None]] = {
    "(": lambda reader: reader._opens,  # noqa: SLF001
    "[": lambda reader: reader._opens,  # noqa: SLF001
    ")": lambda reader: reader._closes,  # noqa: SLF001
    "]": lambda reader: reader._closes,  # noqa: SLF001
}
_NAMED = GREEK | {"times": "×", "to": "→", "sim": "~", "approx": "≈", "leq": "≤", "geq": "≥", "pm": "±", "infty": "∞"}
_DRIVE = re.compile(r"(?<!\w)[A-Z]:(?:\\[\w.-]+)*\Z")  # C:\path, and no command


def _last(shown: list[str]) -> str:
    """The last character shown."""
    return next((part[-1] for part in reversed(shown) if part), "")


def _over(base: str, mark: str) -> str:
    """`base` with a mark over its first letter, or plain where the mark would have to span more than one."""
    base = base.strip()
    letter = {"ı": "i", "ȷ": "j"}.get(base[:1], base[:1])
    if not letter or (len(base) > 1 and mark in _MATH_ACCENTS.values() and mark not in _ACCENTS.values()):
        return base
    return unicodedata.normalize("NFC", letter + mark) + base[1:]


# --- spaces ---------------------------------------------------------------------------------------------------------

_SETTLE = [
    (re.compile(rf"[ \n{LEFT}]*{LEFT}"), ""),
    (re.compile(rf"{OPENS}[ {SOFT}{EDGE}]*|[ {SOFT}{EDGE}]*{CLOSES}"), ""),
    (re.compile(rf"(?<=[(\[{{⟨⌈⌊‖]){SOFT}+|{SOFT}+(?=[)\]}},.;⟩⌉⌋])"), ""),
    (re.compile(rf" *{SOFT}[ {SOFT}]*"), " "),
    (re.compile(rf"(?<=[\w)\]′″⁺⁻]){EDGE}+(?=[\w√∑∏∫∞])"), " "),
    (re.compile(rf"[{EDGE}{OPENS}{CLOSES}]"), ""),
]
_SOFT_SIGNS = re.compile(f"[{SOFT}-{LEFT}]")


def settled(text: str) -> str:
    """`text` with every soft sign turned into a space or nothing."""
    if not _SOFT_SIGNS.search(text):
        return text
    for pattern, instead in _SETTLE:
        text = pattern.sub(instead, text)
    return text
