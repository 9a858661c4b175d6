"""Styles written into the elements they apply to, since some mail programs drop every <style>.

premailer does it for whole pages. For papers, of which there are thousands that differ in their texts alone, `Memory`
learns from premailer: what it writes into a tag depends on the tag's own attributes and on those around it, as long as no
selector speaks of neighbours or places.
"""

import logging
import re
from collections import OrderedDict
from collections.abc import Sequence
from html import unescape
from html.entities import name2codepoint
from itertools import zip_longest
from typing import Any

from premailer import Premailer

from digest.errors import TemplateError

_IGNORED = 'data-premailer="ignore"'


def inline(html: str) -> str:
    """The page with its <style> rules in style attributes; `<style data-premailer="ignore">` stays as it is.

    The one place that knows of premailer (unmaintained since 2021). Nothing is fetched.

    Raises:
        TemplateError: there is nothing in the page, or a selector that cannot be read.
    """
    page = Premailer(
        html,
        allow_network=False,
        strip_important=False,
        disable_validation=True,  # cssutils does not know overflow-wrap
        cssutils_logging_level=logging.CRITICAL,
    )
    try:
        return str(page.transform(pretty_print=False))
    except Exception as error:  # premailer, lxml and cssselect raise what they like
        raise TemplateError(
            "email/digest.html.j2: the styles cannot be written into the elements. Is there anything in the page, and "
            f"can every selector in style.css.j2 be read? ({error})"
        ) from error


class NotInlinable(Exception):  # noqa: N818 - no fault, but a way that is closed
    """The styles of a paper cannot be told from the paper alone."""


# --- HTML as it is written and as lxml writes it ------------------------------------------------------------------

TAG = re.compile(r"(<!--.*?-->|<[^<>]*>)", re.DOTALL)
_START = re.compile(r"<([a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z][\w:-]*(?:=\"[^\"]*\"|='[^']*'|=[^\s\"'=<>`]+)?)*)\s*>")
_ATTRIBUTE = re.compile(r"([a-zA-Z][\w:-]*)(?:=(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'=<>`]+)))?")
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
RAW = frozenset({"script", "style", "textarea", "title", "xmp", "noscript", "iframe", "noembed", "noframes", "pre"})
_URLS = frozenset({"href", "src", "action", "name"})  # where lxml percent-encodes
_PLAIN_URL = re.compile(r"[!#-~]*")
_REFERENCE = re.compile(r"&(?:#?\w+;?)?")
_KNOWN = frozenset({f"&{name};" for name in name2codepoint} | {f"&#{number};" for number in range(32, 127)})

Attributes = tuple[tuple[str, str | None], ...]


def text(written: str) -> str:
    """Text as lxml writes it."""
    if "&" not in written:
        return written
    if not _KNOWN.issuperset(_REFERENCE.findall(written)):
        raise NotInlinable("a character reference that browsers read in different ways")
    return unescape(written).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def quoted(name: str, value: str) -> str:
    """The value of an attribute as lxml writes it."""
    if name in _URLS and not _PLAIN_URL.fullmatch(value):
        raise NotInlinable("a URL that lxml would encode")
    value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if '"' in value and "'" not in value:
        return f"'{value}'"
    return '"' + value.replace('"', "&quot;") + '"'


def _attributes(written: str) -> Attributes:
    found = []
    for name, *values in _ATTRIBUTE.findall(written):
        value = "".join(values)
        if not _KNOWN.issuperset(_REFERENCE.findall(value)):
            raise NotInlinable("a character reference that browsers read in different ways")
        bare = not value and f"{name}=" not in written
        found.append((name.lower(), None if bare else unescape(value)))
    if len({name for name, _ in found}) < len(found):
        raise NotInlinable("an attribute twice in one tag")
    return tuple(found)


def _start(tag: str) -> tuple[str, Attributes]:
    match = _START.fullmatch(tag)
    if not match:
        raise NotInlinable(f"a tag that is not plain: {tag[:60]}")
    return match[1].lower(), _attributes(match[2])


def _tokens(html: str) -> list[str]:
    """Texts and tags by turns, a text first and last."""
    if "\r" in html or "\0" in html:
        raise NotInlinable("a control character")
    tokens = TAG.split(html)
    if any("<" in between or ">" in between for between in tokens[::2]):
        raise NotInlinable("a stray angle bracket")
    return tokens


# --- what premailer did -------------------------------------------------------------------------------------------


class _Element:
    """A place in the tree: what premailer writes for the tags that were seen inside."""

    __slots__ = ("end", "inside", "known", "learnt", "name", "path")

    def __init__(self, name: str, path: tuple[str, ...]) -> None:
        self.name = name
        self.path = path  # the tags around it, as written, its own last
        self.end = f"</{name}>"
        self.known: OrderedDict[str, tuple[str, _Element | None]] = OrderedDict()  # by the tag as written
        self.inside: dict[object, _Element] = {}  # elements of the page itself
        self.learnt: dict[object, tuple[Attributes, _Element | None]] = {}  # by its name, and what of it selectors see


_WRITTEN = frozenset({"style", "align", "valign", "bgcolor", "width", "height"})  # what premailer makes of rules
_MOST_KNOWN = 500  # tags as written remembered for one place; links differ from paper to paper

Place = _Element


class Memory:
    """What one stylesheet does to papers.

    Args:
        styles: the <style> elements that are written into tags, as they are in the page.

    Raises:
        NotInlinable: what a rule applies to depends on neighbours, so that papers differ by what is beside them.
    """

    def __init__(self, styles: str) -> None:
        selectors = " ".join(re.findall(r"([^{}]+)\{", re.sub(r"/\*.*?\*/", "", styles, flags=re.DOTALL)))
        if re.search(r"[+~]|:(?:first|last|nth|only)|:(?:not|has|is|where|empty)", selectors):
            raise NotInlinable("a selector that speaks of neighbours")
        self._styles = styles
        self._by_value = "[" in selectors  # premailer has to see every value
        self._root = _Element("", ())
        self.samples: dict[Any, Any] = {}  # what is known of parts of papers; see `blanks`
        self.taught = 0  # papers that premailer was asked about

    def place(self, page: str) -> Place:
        """Where in the tree the end of `page` is: the open elements there."""
        place = self._root
        around: list[_Element] = []
        for tag in _tokens(_without_raw(page))[1::2]:
            if tag.startswith("<!"):
                continue
            if tag.startswith("</"):
                if not around or tag != place.end:
                    raise NotInlinable(f"{tag} closes nothing")
                place = around.pop()
            elif (inner := self._around(place, tag)) is not None:
                around.append(place)
                place = inner
        return place

    def _around(self, place: _Element, tag: str) -> "_Element | None":
        name, attributes = _start(tag)
        if name in _VOID:
            return None
        return place.inside.setdefault(self._seen(name, attributes), _Element(name, (*place.path, tag)))

    def inlined(self, html: str, place: Place) -> str:
        """The HTML, which stands at that place, as premailer writes it.

        Raises:
            NotInlinable: it is not a well-formed part of a page.
        """
        tokens = _tokens(html)
        try:
            return self._recalled(tokens, place)
        except KeyError:
            answer = self._learn(html, tokens, place)
        if self._recalled(tokens, place) != answer:
            raise NotInlinable("premailer changes the texts")
        return answer

    def _recalled(self, tokens: Sequence[str], place: _Element) -> str:
        """Raises KeyError where a tag was never seen there."""
        out: list[str] = []
        around: list[_Element] = []
        for between, tag in zip(tokens[::2], tokens[1::2], strict=False):
            out.append(text(between) if "&" in between else between)
            if tag.startswith("</"):
                if not around or tag != place.end:
                    raise NotInlinable(f"{tag} closes nothing")
                place = around.pop()
                out.append(tag)
                continue
            written, inner = place.known.get(tag) or self._known(tag, place)
            out.append(written)
            if inner is not None:
                around.append(place)
                place = inner
        if around:
            raise NotInlinable(f"<{place.name}> is not closed")
        return "".join([*out, text(tokens[-1])])

    def _known(self, tag: str, place: _Element) -> tuple[str, _Element | None]:
        if tag.startswith("<!--"):
            return tag, None
        name, attributes = _start(tag)
        changes, inner = place.learnt[self._seen(name, attributes)]
        merged = dict(attributes) | dict(changes)
        shown = (key if value is None else f"{key}={quoted(key, value)}" for key, value in merged.items())
        known = f"<{' '.join([name, *shown])}>", inner
        place.known[tag] = known
        if len(place.known) > _MOST_KNOWN:
            place.known.popitem(last=False)
        return known

    def _seen(self, name: str, attributes: Attributes) -> object:
        """What of a tag a selector or an attribute's place can depend on."""
        return name, tuple(
            (key, value if self._by_value or key in ("class", "id", "style") else None) for key, value in attributes
        )

    def _learn(self, html: str, tokens: Sequence[str], place: _Element) -> str:
        """Ask premailer, and compare tag by tag; returns its answer."""
        self.taught += 1
        answer = self._asked(html, place)
        outer: list[_Element] = []
        for before, after in zip_longest(tokens[1::2], _tokens(answer)[1::2], fillvalue="<!"):
            if before.startswith("<!"):
                continue
            if before.startswith("</"):
                if not outer or before != after or before != place.end:
                    raise NotInlinable(f"{before} closes nothing")
                place = outer.pop()
            elif (inner := self._compare(before, after, place)) is not None:
                outer.append(place)
                place = inner
        return answer

    def _asked(self, html: str, place: _Element) -> str:
        head, body = _head_and_body("".join(place.path), self._styles)
        closing = "".join(f"</{_start(tag)[0]}>" for tag in reversed(place.path))
        parts = inline(f"{head}{body}<!--{_HERE}-->{html}<!--{_HERE}-->{closing}").split(f"<!--{_HERE}-->")
        if len(parts) != 3:
            raise NotInlinable("premailer moves it")
        return parts[1]

    def _compare(self, before: str, after: str, place: _Element) -> "_Element | None":
        (name, old), (other, new) = _start(before), _start(after)
        if name != other or name in RAW or [key for key, _ in new][: len(old)] != [key for key, _ in old]:
            raise NotInlinable("premailer changes the elements")
        seen = self._seen(name, old)
        if len(place.learnt) > _MOST_KNOWN:  # a selector asks for values, and these differ from paper to paper
            place.learnt.clear()
        if seen not in place.learnt:
            changes = tuple(pair for pair in new if pair not in old)
            if not _WRITTEN.issuperset(key for key, _ in changes):
                raise NotInlinable("premailer changes an attribute")
            inner = None if name in _VOID else _Element(name, (*place.path, before))
            place.learnt[seen] = changes, inner
        return place.learnt[seen][1]


_HERE = "the paper"


def styles_of(page: str) -> str:
    """The <style> elements of a page that are written into its tags."""
    found = re.findall(r"<style[^>]*>.*?</style>", re.sub(r"<!--.*?-->", "", page, flags=re.DOTALL), re.DOTALL)
    return "".join(style for style in found if _IGNORED not in style)


def _without_raw(page: str) -> str:
    """The page without what is inside of <style>, <title> and the like."""
    return re.sub(r"<(style|title|script)\b([^<>]*)>.*?</\1>", "", page, flags=re.DOTALL)


def _head_and_body(around: str, styles: str) -> tuple[str, str]:
    """A page with these styles and elements open."""
    html, body, rest = around.partition("<body")
    return f"<!DOCTYPE html>{html or '<html>'}<head>{styles}</head>", body + rest
