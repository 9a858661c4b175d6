"""A paper as others cite it: BibTeX. Pure.

Fields as https://info.arxiv.org/help/hypertex/bibstyles and http://www.bibtex.org/Format ask for them.
"""

import re
from collections.abc import Iterator

from digest.model import Listing, plain
from digest.rendering.words import clean, web_url

_MOST_AUTHORS = 500
_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip
_ESCAPED = str.maketrans(_SPECIAL)
_DULL = frozenset({"a", "an", "the", "on", "in", "of", "for", "to", "and", "is", "are", "do", "does", "what", "how"})


def bibtex(listing: Listing) -> str:
    """One entry, in ASCII where it matters: the key; texts stay Unicode, as BibLaTeX and today's BibTeX read it."""
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in _fields(listing) if value)
    return f"@misc{{{key(listing)},\n{lines}}}\n"


def _fields(listing: Listing) -> Iterator[tuple[str, str]]:
    yield "title", f"{{{_text(listing.title)}}}"
    yield (
        "author",
        " and ".join(map(_author, listing.authors[:_MOST_AUTHORS]))
        + (" and others" if len(listing.authors) > _MOST_AUTHORS else ""),
    )
    if listing.published:
        yield "year", str(listing.published.year)
        yield "month", f"{listing.published.month}"
    if listing.arxiv_id:
        yield "eprint", _text(listing.arxiv_id)
        yield "archiveprefix", "arXiv"
        yield "primaryclass", _text(listing.categories[0]) if listing.categories else ""
    yield "doi", _address(listing.doi)
    yield "url", _address(web_url(listing.url))


def _text(text: str) -> str:
    return clean(text).translate(_ESCAPED)


def _author(name: str) -> str:
    """Braced where "and" would be taken for the end of a name."""
    text = _text(name)
    return f"{{{text}}}" if re.search(r"\band\b", text, re.IGNORECASE) else text


def _address(text: str | None) -> str:
    """As it is, since it is not typeset; what would end the field is percent-encoded."""
    return re.sub(r"[{}\\\s\x00-\x1f]", lambda found: f"%{ord(found[0]):02X}", text or "")


def key(listing: Listing) -> str:
    """`lovelace2026speculative`: family name, year, first word of the title that says something."""
    family = listing.authors[0].partition(",")[0].split()[-1:] if listing.authors else []
    year = str(listing.published.year) if listing.published else ""
    words = [word for word in re.findall(r"\w+", listing.title) if word.casefold() not in _DULL]
    parts = [plain(word).encode("ascii", "ignore").decode() for word in (*family, year, *words[:1])]
    return "".join(parts) or f"paper{listing.id}"
