"""LaTeX, as authors type it into a web form, to Unicode.

    text -> pieces (command, brace, dollar, script, URL, run of plain text); which dollars are mathematics, which money
         -> one pass of a recursive reader over the pieces
         -> soft spaces settled

Nothing is an error: what has no meaning is shown as it stands, without its backslash and braces. Every piece is read
once and nesting is bounded, so the time is linear in the length of the text whatever it holds.
"""

import re
import unicodedata
from typing import TYPE_CHECKING

from digest.text.commands import DELIMITERS, SILENT, command
from digest.text.formulas import INFIX
from digest.text.pieces import END, Piece, pieces
from digest.text.shown import attach, last
from digest.text.spacing import CLOSES, EDGE, OPENS, SOFT, settled, tight
from digest.text.symbols import GREEK, NAMED, in_formula, is_sign, symbol
from digest.text.typography import typeset

if TYPE_CHECKING:
    from digest.text.reader import Environment

_TELLTALE = re.compile(r"[\\${}~`]|''|--")


def to_unicode(text: str) -> str:
    """`text` with its LaTeX made readable; text without any comes back as it is."""
    if not _TELLTALE.search(text):
        return text
    return settled(_Reader(pieces(text)).read())


_DEEPEST = 25
_ITEM = r"[-+−±]?(?:[\w.…/∞]{1,16}|\.\.\.)"  # noqa: RUF001 -- a minus sign
_SET = re.compile(rf"\s*{_ITEM}(?:\s*,\s*{_ITEM})+\s*")
_OPTION = re.compile(r"\[[^\[\]]{0,60}\]")
_BEFORE_WORD = re.compile(r"\s+[\w(=<>+*/:-]")
_OPENING_QUOTES = ("“", "‘", "«")  # noqa: RUF001
_LENGTH = re.compile(r"\[-?[\d.]+ ?(?:pt|em|ex|cm|mm|in|jot)\]")
_BEFORE_SIGN = re.compile(r"\s+[=<>+*/:-]{1,2}\s")
_DRIVE = re.compile(r"(?<!\w)[A-Z]:(?:\\[\w.-]+)*\Z")  # C:\path, and no command


_SCRIPTS = {"textsuperscript": "^", "textsubscript": "_", "sp": "^", "sb": "_"}


class _Reader:
    """A position in the pieces, and whether it is inside a formula."""

    def __init__(self, cut: list[Piece]) -> None:
        self.math = False
        self.environments: list[Environment] = []
        self._pieces = cut
        self._at = 0
        self._depth = 0
        self._quotes = 0
        self._barred = False  # inside of bars, so that the next one closes

    def read(self, *, until_close: bool = False) -> str:
        """What is shown of the pieces up to the end, or up to the brace that closes this group."""
        shown: list[str] = []
        above: str | None = None
        infix = ""
        while (piece := self._next()).kind != "end":
            if piece.kind == "close" and until_close:
                break
            if piece.text in INFIX and above is None:
                above, shown, infix = "".join(shown), [], piece.text
            else:
                self._show(piece, shown)
                if shown and not shown[-1]:
                    shown.pop()  # so that the last character is at hand, however much showed nothing
        text = "".join(shown)
        return text if above is None else INFIX[infix](settled(above).strip(), settled(text).strip())

    # --- moving -----------------------------------------------------------------------------------------------------

    def _next(self) -> Piece:
        piece = self._peek()
        self._at += 1
        return piece

    def _peek(self) -> Piece:
        return self._pieces[self._at] if self._at < len(self._pieces) else END

    def _after_next(self) -> str:
        """The kind of the piece after the next."""
        return self._pieces[self._at + 1].kind if self._at + 1 < len(self._pieces) else END.kind

    def _keep(self, rest: str) -> None:
        """Only `rest` of the piece ahead remains to be read."""
        if rest:
            self._pieces[self._at] = Piece(self._peek().kind, rest)
        else:
            self._at += 1

    def _skip_space(self) -> None:
        while self._peek().kind == "run" and self._peek().text[0].isspace():
            self._keep(self._peek().text.lstrip())

    def space_follows(self) -> bool:
        return self._peek().kind == "run" and self._peek().text[0].isspace()

    def _space_ahead(self) -> bool:
        return self.space_follows() or self._peek().text in ("\\,", "\\;", "\\:", "\\ ", "~")

    # --- arguments --------------------------------------------------------------------------------------------------

    def argument(self, *, math: bool | None = None) -> str:
        """What is shown of the next group, command or character, read as a formula or as text."""
        before = self.math
        self.math = before if math is None else math
        shown = self._argument()
        self.math = before
        return shown

    def _argument(self) -> str:
        self._skip_space()
        piece = self._peek()
        if piece.kind in ("close", "end", "dollar", "opens", "closes", "cell") or self._depth >= _DEEPEST:
            return ""
        if piece.kind in ("run", "url"):
            self._keep(piece.text[1:])
            return piece.text[0]
        self._at += 1
        if piece.kind == "open":
            return self._group()
        shown: list[str] = []
        self._depth += 1
        self._show(piece, shown)
        self._depth -= 1
        return "".join(shown)

    def _group(self) -> str:
        """What is shown of a group whose opening brace has just been read."""
        if self._depth >= _DEEPEST:
            return ""
        math = self.math
        self._depth += 1
        text = self.read(until_close=True)
        self._depth -= 1
        self.math = math
        return text

    def raw(self) -> str:
        """The next group as it is written, without backslashes."""
        return self.written().replace("\\", "")

    def written(self) -> str:
        """The next group as it is written."""
        self._skip_space()
        if self._peek().kind != "open":
            return ""
        taken: list[str] = []
        depth = 0
        while (piece := self._next()).kind != "end":
            depth += (piece.kind == "open") - (piece.kind == "close")
            if depth == 0:
                break
            taken.append(piece.text)
        return "".join(taken[1:])

    def option(self) -> str:
        """An optional argument in brackets; nothing is taken where it does not end soon."""
        if not self._peek().text.startswith("["):
            return ""
        return self._up_to("]")

    def _skip_length(self) -> None:
        if length := _LENGTH.match(self._peek().text):
            self._keep(self._peek().text[length.end() :])

    def until_again(self) -> str:
        """What stands between two equal characters that are neither letters nor digits."""
        mark = self._peek().text[:1]
        if mark.isalnum() or self._peek().kind != "run":
            return ""
        return self._up_to(mark)

    def _up_to(self, mark: str) -> str:
        """The text between the mark ahead and the next one; nothing is taken where that does not come soon."""
        taken = ""
        for at in range(self._at, min(self._at + 12, len(self._pieces))):
            taken += self._pieces[at].text
            verbatim, found, rest = taken[1:].partition(mark)
            if found:
                self._at = at
                self._keep(rest)
                return verbatim
        return ""

    # --- showing ----------------------------------------------------------------------------------------------------

    def _show(self, piece: Piece, shown: list[str]) -> None:
        match piece.kind:
            case "run":
                shown.append(self._run(piece.text, last(shown)))
            case "command":
                self._command(piece.text[1:].rstrip("*") or piece.text[1:], shown)
            case "open":
                shown.append(self._free_group())
            case "opens" | "closes":
                self.math = piece.kind == "opens"
                self._barred = False
                shown.append(OPENS if self.math else CLOSES)
            case "script":
                self._script(piece.text, shown)
            case "tie":
                shown.append(" " if self.math or self._ties(last(shown)) else "~")
            case "cell":
                shown.append((self.environments[-1].cell if self.environments else " ") if self.math else "&")
            case "url":
                shown.append(self._url(piece.text))
            case "dollar":
                shown.append(piece.text)

    def _run(self, text: str, before: str) -> str:
        if self.math:
            text = text.replace("( ", "(").replace(" )", ")").replace("[ ", "[").replace(" ]", "]")
            return text.replace("''", "″").replace("'", "′").replace("``", "“")  # noqa: RUF001 -- primes
        shown, self._quotes = typeset(before + text, self._quotes)
        return shown[len(before) :]

    def _ties(self, before: str) -> bool:
        """Whether a tilde joins two words, rather than meaning "about"."""
        after = self._peek().text[:1]
        return bool(before and after) and not (before.isspace() or before in "(<[/" or after.isspace())

    def _url(self, text: str) -> str:
        if self._peek().kind == "open":  # what is left of \href{address}{words}
            self._at += 1
            self._group()
        return text.replace("$\\sim$", "~").replace("\\~{}", "~").replace("\\", "")

    def _free_group(self) -> str:
        text = self._group()
        if _SET.fullmatch(text):
            return f"{{{text}}}"
        return text if self.math else NAMED.get(text, text)

    def _script(self, mark: str, shown: list[str]) -> None:
        if self.math or self._peek().kind == "open":
            attach(mark, tight(self.argument(math=True)), shown)
        else:
            shown.append(mark)

    def _command(self, name: str, shown: list[str]) -> None:
        if name in ("\\", "cr") and self.math and self.environments:
            shown.append(self.environments[-1].row)
            self._skip_length()
        elif name in _SCRIPTS:
            attach(_SCRIPTS[name], tight(self.argument()), shown)
        elif show := command(name, math=self.math):
            shown.append(show(self, name))
        elif name in DELIMITERS:
            self._delimiter(name, shown)
        elif name in SILENT:
            self._skip_space()
        elif (sign := in_formula(name) if self.math else symbol(name)) is not None:
            shown.append(self._sign(sign, shown))
        else:
            shown.append(self._unknown(name, shown))

    def _delimiter(self, name: str, shown: list[str]) -> None:
        r"""What `\left` and its like stand before: `.` is none, and the space inside of brackets shows nothing."""
        bracket = self._peek().text[:1] if self._peek().kind == "run" else ""
        if shown and (name == "right" or name.endswith("r") or bracket in (")", "]")):
            shown[-1] = shown[-1].rstrip(" ")
        if bracket == ".":
            self._keep(self._peek().text[1:])
        elif bracket in ("(", "[") or (bracket == "|" and name == "left"):
            shown.append(bracket)
            self._keep(self._peek().text[1:].lstrip())

    def _sign(self, sign: str, shown: list[str]) -> str:
        if self.math:
            return self._sign_of_formula(sign, shown)
        if sign in _OPENING_QUOTES:
            self._skip_space()
        if sign.isalpha() and unicodedata.name(sign[0], "").startswith("LATIN") and len(sign) < 3:
            self._skip_space()  # Stra\ss e
        return sign

    def _sign_of_formula(self, sign: str, shown: list[str]) -> str:
        before = last(shown)
        closes = sign == "}"
        if sign in ("|", "‖") and not (before == " " and self._space_ahead()):
            self._barred = not self._barred or before in f"([{{,=<>+-{OPENS}"
            closes = not self._barred
        if not (_BEFORE_WORD if closes else _BEFORE_SIGN).match(self._peek().text):
            self._skip_space()
        if closes and shown:
            shown[-1] = shown[-1].rstrip(" ")
        unary = not before or before in f"([{{,=<>|{SOFT}{OPENS}"
        return sign.strip(SOFT) if unary and is_sign(sign) else sign

    def _unknown(self, name: str, shown: list[str]) -> str:
        """An author's own command: its arguments where it has some, else its name."""
        if _OPTION.fullmatch(self._peek().text) and self._after_next() == "open":
            self._at += 1
        if self._peek().kind == "open":
            without_arguments = self._after_next() == "close"
            self._at += 2 * without_arguments
            return name if without_arguments else ""
        if not self.math and _DRIVE.search("".join(shown[-4:])):
            return f"\\{name}"
        return f"{EDGE}{name}{EDGE}" if self.math else GREEK.get(name, name)
