"""LaTeX cut into pieces: commands, braces, dollars, scripts, URLs, and runs of plain text between them."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from digest.text.dollars import Dollar, judged


class Piece(NamedTuple):
    """One of: command, open, close, opens, closes, dollar, stray, script, tie, cell, url, run, end."""

    kind: str
    text: str


END = Piece("end", "")

_URL = re.compile(r"\bhttps?://(?:[^\s{}<>\"\\$^`|]|\\[_%#&~$-]|\$\\sim\$|\\~\{\})+", re.IGNORECASE)
# One web site strips backslashes: what can only have been a command is one.
_LOST = re.compile(
    r"(?<![a-zA-Z\\])(?:math(?:cal|bb|bf|rm|sf|frak|scr|it)|text(?:bf|it|tt|rm|sc)?|emph|boldsymbol|operatorname|sqrt)(?=\{)"
)
_LOST_DEGREE = re.compile(r"(?<=\d)\^\{?circ(?:\}|(?![a-z]))")
# What JSON escaped and nobody took back: doubled backslashes, slashes, letters by their numbers.
_DOUBLED = re.compile(
    r"(?<!\\)\\\\(?=[a-zA-Z]{2,16}\{|(?:alpha|beta|gamma|delta|epsilon|varepsilon|theta|kappa|lambda|mu|nu|pi|rho|sigma|tau|phi|varphi"
    r"|chi|psi|omega|Gamma|Delta|Theta|Lambda|Pi|Sigma|Phi|Psi|Omega|ell|leq|geq|approx|infty|partial|nabla|cdot|log|sum"
    r"|rightarrow|mathbb|mathcal)(?![a-zA-Z]))"
)
_SLASH = re.compile(r"\\/(?=[\w\\])")
_NUMBERED = re.compile(r"\\u(?!d[89a-f])([0-9a-f]{4})", re.IGNORECASE)
_PIECE = re.compile(
    r"(?P<command>\\(?:[a-zA-Z]+\*?|[\s\S]|\Z))"
    r"|(?P<open>\{)|(?P<close>\})|(?P<dollar>\$\$?)|(?P<script>[\^_])|(?P<tie>~)|(?P<cell>&)"
    r"|(?P<run>[^\\${}^_~&]+)"
)


def pieces(text: str) -> list[Piece]:
    """The pieces of `text`; each dollar sign is told from the others: `dollar` is money, a `stray` is nothing."""
    cut: list[Piece] = []
    at = 0
    text = _unescaped(_LOST.sub(r"\\\g<0>", text))
    for url in _URL.finditer(text) if "://" in text else ():
        cut.extend(_lexed(text[at : url.start()]))
        cut.append(Piece("url", url.group()))
        at = url.end()
    cut.extend(_lexed(text[at:]))
    return _with_dollars_judged(cut)


def _unescaped(text: str) -> str:
    text = _LOST_DEGREE.sub("°", text) if "circ" in text else text
    if "\\\\" in text:
        text = _DOUBLED.sub(r"\\", text)
    if "\\/" in text:
        text = _SLASH.sub("/", text)
    return _NUMBERED.sub(lambda code: chr(int(code.group(1), 16)), text) if "\\u" in text else text


def _lexed(text: str) -> Iterator[Piece]:
    for found in _PIECE.finditer(text):
        yield Piece(found.lastgroup or "run", found.group())


def _with_dollars_judged(cut: list[Piece]) -> list[Piece]:
    dollars = [
        Dollar(at, before=cut[at - 1].text if at else "", width=len(piece.text))
        for at, piece in enumerate(cut)
        if piece.kind == "dollar"
    ]
    for at, kind in judged(dollars, lambda start, end: "".join(piece.text for piece in cut[start:end])):
        cut[at] = Piece(kind, cut[at].text)
    return cut
