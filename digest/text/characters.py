"""Characters that may be shown, and white space as text has it."""

import re
import unicodedata

# What nobody means to print: controls, halves of surrogate pairs, non-characters, invisible joiners, marks that turn
# the direction of text around, and the tags that can hide a message in it.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ud800-\udfff"
    "\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)
# Persian, Indic scripts and emoji need these two between their characters; Latin text does not.
_STRAY_JOINER = re.compile("(?<![\u0600-\u1fff\u2190-\u2bff\ufb50-\ufeff\U0001f000-\U0001ffff])[\u200c\u200d]")
_PARAGRAPH = re.compile("(?:[^\\S\n]*(?:\r\n|[\n\r\u2029\x85])){2,}\\s*|\u2029\\s*|\n[ \t]{2,}(?=\\S)")


def printable(text: str) -> str:
    """`text` without the characters that cannot or must not be shown."""
    if text.isascii() and text.isprintable():
        return text
    return _STRAY_JOINER.sub("", _UNPRINTABLE.sub("", text))


def composed(text: str) -> str:
    """`text` in Unicode's composed form (NFC), so that equal letters are equal."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def one_line(text: str) -> str:
    return " ".join(text.split())


def paragraphs(text: str) -> str:
    """`text` with its lines joined; blank lines, and lines that are set in (as arXiv does it), part paragraphs."""
    if "\n" not in text and "\r" not in text and "\u2029" not in text:
        return one_line(text)
    parts = (one_line(part) for part in _PARAGRAPH.split(text))
    return "\n\n".join(part for part in parts if part)
