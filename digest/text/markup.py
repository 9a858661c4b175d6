# ruff: noqa: SIM905 -- names are kept as lines of words
"""Entities and tags: what XML, HTML, JATS and MathML leave in a text."""

import html
import re

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def unescaped(text: str) -> str:
    """`text` with its entities decoded once; `AT&T` and `R&D;` stay as they are."""
    return _ENTITY.sub(lambda entity: html.unescape(entity.group()), text) if "&" in text else text


# --- leftovers in plain text ----------------------------------------------------------------------------------------

_ATTRIBUTES = r"""(?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'|[^\s"'<>=]+))*"""
_LEFTOVER = re.compile(
    r"<(?P<end>/?)(?P<name>(?:jats|mml|m):[a-z-]+"
    r"|abbr|acronym|article-title|bold|br|blockquote|center|code|div|em|emph|font|h[1-6]|hr|inline-formula|italic|math"
    r"|mfrac|mi|mn|mo|mover|mrow|msqrt|mstyle|msub|msubsup|msup|mtext|munder|munderover|ol|pre|roman|sc|sec|semantics|small|span"
    r"|strong|strike|sub|sup|table|tbody|td|th|title|tr|tt|ul|underline|[abipsu]|li)"
    rf"{_ATTRIBUTES}\s*/?>",
    re.IGNORECASE,
)
_ALWAYS = frozenset(["br", "hr", "p"])  # tags that stand alone


def untagged(text: str) -> str:
    """Plain `text` without the tags of formatting that were left in it.

    A tag counts only when its other half is there too: `a<b and c>d`, `<EOS>` and a lone `<s>` are not markup.
    Raised and lowered text becomes `^{...}` and `_{...}`, as LaTeX writes it.
    """
    if "<" not in text:
        return text
    names = {(found["name"].lower(), found["end"]) for found in _LEFTOVER.finditer(text)}
    paired = {name for name, _ in names if name in _ALWAYS or {(name, ""), (name, "/")} <= names}
    return _LEFTOVER.sub(lambda tag: _instead(tag, paired), text) if paired else text


_BLOCKS = frozenset(
    "address article aside blockquote center dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li"
    " main nav ol p pre section sec table tbody td tfoot th thead title tr ul".split()
)


def _instead(tag: re.Match[str], paired: set[str]) -> str:
    name = tag["name"].lower()
    if name not in paired:
        return tag.group()
    return _replacement(name.rpartition(":")[2], end=bool(tag["end"]))


def _replacement(name: str, *, end: bool) -> str:
    if name in ("sub", "sup"):
        return "}" if end else "_{" if name == "sub" else "^{"
    if name in _BLOCKS:
        return "\n\n"
    return "\n" if name == "br" else ""


# --- HTML -----------------------------------------------------------------------------------------------------------

_TAG = re.compile(rf"<(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9:-]*)(?:{_ATTRIBUTES}|\s[^<>]*=[^<>]*|)\s*/?>|<[!?][^<>]*>")
_INLINE = frozenset(
    "a abbr acronym annotation annotation-xml audio b bdi bdo big br button canvas cite code data del dfn em embed font i iframe"
    " img input ins kbd label link map mark math meta meter mfrac mi mn mo mover mrow msqrt mstyle msub msubsup msup mtext munder"
    " munderover noscript object option output param picture progress q rp rt ruby s samp script select semantics small source span"
    " strike strong style sub sup svg template textarea time track tt u var video wbr html head body".split()
)
_HIDDEN = frozenset(
    ["script", "style", "template", "head", "svg", "annotation", "annotation-xml", "iframe", "textarea"]
)


def text_of(markup: str) -> str:
    """The text of an HTML fragment, entities decoded; blocks become paragraphs; scripts and styles are dropped."""
    kept: list[str] = []
    at = 0
    hidden = ""
    for tag in _TAG.finditer(without := _without_comments(markup)):
        if not hidden:
            kept.append(unescaped(without[at : tag.start()]))
        at = tag.end()
        name, end = (tag["name"] or "").lower(), bool(tag["end"])
        if hidden:
            hidden = "" if end and name == hidden else hidden
        elif name in _HIDDEN and not end and not tag.group().endswith("/>"):
            hidden = name
        else:
            kept.append(_shown(tag, name, end=end))
    if not hidden:
        kept.append(unescaped(without[at:]))
    return "".join(kept)


def _shown(tag: re.Match[str], name: str, *, end: bool) -> str:
    known = not name or name in _BLOCKS or name in _INLINE or ":" in name or "-" in name
    return _replacement(name, end=end) if known else tag.group()


def _without_comments(markup: str) -> str:
    kept = []
    at = 0
    while (start := markup.find("<!--", at)) >= 0 and (end := markup.find("-->", start + 4)) >= 0:
        kept.append(markup[at:start])
        at = end + 3
    return "".join([*kept, markup[at:]]).replace("<![CDATA[", "").replace("]]>", "")
