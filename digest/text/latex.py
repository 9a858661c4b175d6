"""LaTeX, as authors type it into a web form, to Unicode.

    text -> pieces (command, brace, dollar, script, URL, run of plain text); which dollars are mathematics, which money
         -> one pass of a recursive reader over the pieces
         -> soft spaces settled

Nothing is an error: what has no meaning is shown as it stands, without its backslash and braces. Every piece is read
once and nesting is bounded, so the time is linear in the length of the text whatever it holds.
"""

import re
import unicodedata

from digest.text.commands import DELIMITERS, SILENT, command
from digest.text.pieces import END, Piece, pieces
from digest.text.scripts import lowered, quotient, raised
from digest.text.spacing import CLOSES, EDGE, OPENS, SOFT, settled, tight
from digest.text.symbols import GREEK, NAMED, in_formula, is_sign, symbol
from digest.text.typography import typeset

_TELLTALE = re.compile(r"[\\${}~`]|''|--")


def to_unicode(text: str) -> str:
    """`text` with its LaTeX made readable; text without any comes back as it is."""
    if not _TELLTALE.search(text):
        return text
    return settled(_Reader(pieces(text)).read())


_DEEPEST = 25
_ITEM = r"[-+−±]?(?:[\w.…/∞]{1,16}|\.\.\.)"  # noqa: RUF001 -- a minus sign
_SET = re.compile(rf"\s*{_ITEM}(?:\s*,\s*{_ITEM})+\s*")
_DRIVE = re.compile(r"(?<!\w)[A-Z]:(?:\\[\w.-]+)*\Z")  # C:\path, and no command


def _last(shown: list[str]) -> str:
    """The last character shown."""
    return shown[-1][-1] if shown else ""


class _Reader:
    """A position in the pieces, and whether it is inside a formula."""

    def __init__(self, cut: list[Piece]) -> None:
        self.math = False
        self._pieces = cut
        self._at = 0
        self._depth = 0
        self._quotes = 0

    def read(self, *, until_close: bool = False) -> str:
        """What is shown of the pieces up to the end, or up to the brace that closes this group."""
        shown: list[str] = []
        above: str | None = None
        while (piece := self._next()).kind != "end":
            if piece.kind == "close" and until_close:
                break
            if piece.text in ("\\over", "\\above", "\\atop") and above is None:
                above, shown = "".join(shown), []
            else:
                self._show(piece, shown)
                if shown and not shown[-1]:
                    shown.pop()  # so that the last character is at hand, however much showed nothing
        text = "".join(shown)
        return text if above is None else quotient(settled(above), settled(text))

    # --- moving -----------------------------------------------------------------------------------------------------

    def _next(self) -> Piece:
        piece = self._peek()
        self._at += 1
        return piece

    def _peek(self) -> Piece:
        return self._pieces[self._at] if self._at < len(self._pieces) else END

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
        return "".join(taken[1:]).replace("\\", "")

    def option(self) -> str:
        """An optional argument in brackets; nothing is taken where it does not end soon."""
        if not self._peek().text.startswith("["):
            return ""
        return self._up_to("]")

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
                shown.append(self._run(piece.text, _last(shown)))
            case "command":
                self._command(piece.text[1:].rstrip("*") or piece.text[1:], shown)
            case "open":
                shown.append(self._free_group())
            case "opens" | "closes":
                self.math = piece.kind == "opens"
                shown.append(OPENS if self.math else CLOSES)
            case "script":
                self._script(piece.text, shown)
            case "tie":
                shown.append(" " if self.math or self._ties(_last(shown)) else "~")
            case "cell":
                shown.append(" " if self.math else "&")
            case "url":
                shown.append(self._url(piece.text))
            case "dollar":
                shown.append(piece.text)

    def _run(self, text: str, before: str) -> str:
        if self.math:
            return text.replace("''", "″").replace("'", "′").replace("``", "“")  # noqa: RUF001 -- primes
        shown, self._quotes = typeset(before + text, self._quotes)
        return shown[len(before) :]

    def _ties(self, before: str) -> bool:
        """Whether a tilde joins two words, rather than meaning "about"."""
        after = self._peek().text[:1]
        return bool(before and after) and not (before.isspace() or before in "(<[/" or after.isspace() or after == "\\")

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
        if not self.math and self._peek().kind != "open":
            shown.append(mark)
            return
        argument = tight(self.argument(math=True))
        text = raised(argument) if mark == "^" else lowered(argument)
        if mark == "_" and shown and shown[-1].startswith("^"):
            shown.insert(-1, text)  # the lower one first, or it seems to belong to the upper
        elif shown and shown[-1].endswith(EDGE):
            shown[-1] = shown[-1].removesuffix(EDGE) + text + EDGE
        else:
            shown.append(text)

    def _command(self, name: str, shown: list[str]) -> None:
        if show := command(name, math=self.math):
            shown.append(show(self, name))
        elif name in DELIMITERS:
            if self._peek().kind == "run" and self._peek().text[0] == ".":  # \left.
                self._keep(self._peek().text[1:])
        elif name in SILENT:
            self._skip_space()
        elif (sign := in_formula(name) if self.math else symbol(name)) is not None:
            shown.append(self._sign(sign, _last(shown)))
        else:
            shown.append(self._unknown(name, shown))

    def _sign(self, sign: str, before: str) -> str:
        if self.math:
            self._skip_space()
            unary = not before or before in f"([{{,=<>|{SOFT}{OPENS}"
            return sign.strip(SOFT) if unary and is_sign(sign) else sign
        if sign.isalpha() and unicodedata.name(sign[0], "").startswith("LATIN") and len(sign) < 3:
            self._skip_space()  # Stra\ss e
        return sign

    def _unknown(self, name: str, shown: list[str]) -> str:
        """An author's own command: its arguments where it has some, else its name."""
        if self._peek().kind == "open":
            without_arguments = self._at + 1 < len(self._pieces) and self._pieces[self._at + 1].kind == "close"
            self._at += 2 * without_arguments
            return name if without_arguments else ""
        if not self.math and _DRIVE.search("".join(shown[-4:])):
            return f"\\{name}"
        return f"{EDGE}{name}{EDGE}" if self.math else GREEK.get(name, name)
