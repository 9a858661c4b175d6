# ruff: noqa: RUF001, RUF003 -- telling look-alike characters apart is what this module does
"""Characters that may be shown, and white space as text has it."""

import re
import unicodedata

# What nobody means to print: controls, halves of surrogate pairs, non-characters, invisible joiners, marks that turn
# the direction of text around, the tags that can hide a message in it, and private use, which only one font can show.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ud800-\udfff"
    "\ue000-\uf8ff\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f\U000f0000-\U0010ffff]"
)
# Persian, Indic scripts and emoji need these two between their characters; Latin text does not.
_STRAY_JOINER = re.compile("(?<![\u0600-\u1fff\u2190-\u2bff\ufb50-\ufeff\U0001f000-\U0001ffff])[\u200c\u200d]")


def printable(text: str) -> str:
    """`text` without the characters that cannot or must not be shown."""
    if text.isascii() and text.isprintable():
        return text
    return _STRAY_JOINER.sub("", _UNPRINTABLE.sub("", text))


def composed(text: str) -> str:
    """`text` in Unicode's composed form (NFC), so that equal letters are equal."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


# Letters in another type: 𝒪, 𝐱, 𝔼, ﬁ. Few fonts of mail programs have them and screen readers spell their names or skip
# them. ℝ and ℓ have their own places, are in most fonts and are said.
_TYPED = re.compile("[\U0001d400-\U0001d7ff\ufb00-\ufb06ℊℋℌℐℑℒℛℜℨℬℭℯℰℱℳℴℹℽℾℿⅅ-ⅉ]+")
# Vietnamese and polytonic Greek need two marks on a letter, and no alphabet four.
_PILE = re.compile(
    "(?<=[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{3})[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+"
)


def legible(text: str) -> str:
    """`text` with letters of mathematical type as plain letters, and without piles of marks on one letter."""
    if text.isascii():
        return text
    return _PILE.sub("", _TYPED.sub(lambda letters: unicodedata.normalize("NFKC", letters.group()), text))


_GAP = re.compile(r"\s{3,}")


def squeezed(text: str) -> str:
    """`text` without long runs of white space; where a paragraph starts can still be seen."""
    return _GAP.sub(lambda gap: (" ", "\n  ")[gap.group().count("\n")] if gap.group().count("\n") < 2 else "\n\n", text)


# By the names that LaTeX and people give them: "lambda", where Unicode has "lamda".
GREEK_LETTERS = {
    unicodedata.name(letter).removeprefix("GREEK SMALL LETTER ").lower().replace("lamda", "lambda"): letter
    for letter in "αβγδεζηθικλμνξοπρστυφχψω"
}


def one_line(text: str) -> str:
    return " ".join(text.split())


def paragraphs(text: str) -> str:
    """`text` with its lines joined; blank lines, and lines that are set in (as arXiv does it), part paragraphs."""
    lines = text.splitlines()
    if len(lines) < 2:
        return one_line(text)
    set_in = [number for number, line in enumerate(lines) if number and line[:2].isspace() and line[1:2]]
    starts = set(set_in) if len(set_in) <= len(lines) / 2 else set()  # if most are, it is how the XML was printed
    parts: list[list[str]] = [[]]
    for number, line in enumerate(lines):
        words = line.split()
        if not words or number in starts:
            parts.append([])
        parts[-1].extend(words)
    return "\n\n".join(" ".join(part) for part in parts if part)
