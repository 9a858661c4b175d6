# ruff: noqa: RUF001 -- signs are written as they are shown
"""What sources send, as clean readable Unicode: no markup, no LaTeX, nothing that cannot be shown.

Deterministic, never raises, linear in the length of the text. What holds no markup comes back as it is, but for its
white space.
"""

import re
from collections.abc import Iterable

from digest.text import latex, markup
from digest.text.characters import composed, legible, one_line, paragraphs, printable, squeezed

_ODD = re.compile(r"[\\${}&<~`]|''|--|[^\x20-\x7e\n]")


def title(raw: str) -> str:
    """A title on one line."""
    return one_line(_readable(raw))


def abstract(raw: str) -> str:
    """An abstract; its paragraphs are parted by blank lines."""
    return paragraphs(_readable(raw))


def from_html(raw: str) -> str:
    """An abstract from the HTML of a feed."""
    return abstract(markup.text_of(printable(raw)))


def _readable(raw: str) -> str:
    if not _ODD.search(raw):
        return raw
    text = squeezed(printable(markup.unescaped(markup.unescaped(printable(raw)))))
    text = latex.to_unicode(markup.untagged(text))
    return composed(legible(printable(text)))


# --- authors --------------------------------------------------------------------------------------------------------

_ADDRESS = re.compile(r"^\s*[^\s@()<>]+@[^\s@()<>]+\s*\((?P<name>[^()]+)\)\s*$|\s*<[^<>\s]*@[^<>\s]*>")
_MARKS = re.compile(
    r"(?<=[^\W\d_])(?:(?<=[a-z]{2})\d{1,2}(?:,\d{1,2})*)?(?:\s*\^\([^()]*\)|\s*\^\w|[\s,]*[¹²³⁴⁵⁶⁷⁸⁹⁰⁺*∗†‡§¶]|,)*$"
)
_AFFILIATION = re.compile(r"(?<=\w)[\s.]*\([^()]*\)\s*$")


def author(raw: str) -> str:
    """A name in the order given, without the affiliation or the footnote marks that were set behind it."""
    name = one_line(_readable(_ADDRESS.sub(lambda found: found["name"] or "", one_line(raw))))
    for pattern in (_AFFILIATION, _MARKS):
        name = pattern.sub("", name) or name
    return name.strip(" ,;")


def authors(raw: Iterable[str]) -> tuple[str, ...]:
    """The names of which something is left to show."""
    return tuple(filter(None, map(author, raw)))
