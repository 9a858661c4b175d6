"""Papers for programs that read feeds: Atom (RFC 4287) and JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/). Pure."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from lxml import etree

from digest.model import Kind, Pick
from digest.rendering.words import clean, clean_lines, shorten, web_url

ATOM, JSON = "application/atom+xml", "application/feed+json"
_NAMESPACE = "http://www.w3.org/2005/Atom"
_TITLE, _TEXT, _NAME, _AUTHORS, _CATEGORIES = 500, 6_000, 200, 100, 20
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2


@dataclass(frozen=True, slots=True)
class Item:
    """One paper of a feed."""

    url: str  # of its page here, which is also its name for good
    title: str
    text: str
    at: datetime  # when it became news
    outward: str  # where it is; empty: nowhere
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """What a feed says of itself. Addresses are whole ones."""

    title: str
    page: str  # where people read the same
    url: str  # its own
    site: str  # whose it is
    at: datetime  # when it changed last
    items: tuple[Item, ...] = ()


def item(pick: Pick, base: str, why: str = "") -> Item:
    """One paper; `why` says in words what it was chosen for."""
    listing = pick.listing
    text = shorten(clean_lines(listing.abstract or listing.summary or ""), _TEXT)
    title = shorten(clean(listing.title), _TITLE) or "Untitled"
    version = f" (version {listing.version})" if pick.kind is Kind.REVISION and listing.version else ""
    return Item(
        url=f"{base}/paper/{listing.id}",
        title=_xml(title + version),
        text=_xml("\n\n".join(filter(None, (why, text)))),
        at=midnight(pick.day),
        outward=web_url(listing.url) or web_url(listing.pdf_url) or "",
        authors=tuple(_names(listing.authors, _AUTHORS)),
        categories=tuple(_names(listing.categories, _CATEGORIES)),
    )


def _names(names: Iterable[str], most: int) -> Iterator[str]:
    cleaned = (_xml(shorten(clean(name), _NAME)) for name in list(names)[:most])
    return filter(None, cleaned)


def _xml(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def midnight(day: date) -> datetime:
    """When a day begins, by UTC."""
    return datetime.combine(day, time(), UTC)


def changed(items: Iterable[Item], otherwise: date) -> datetime:
    """When a feed of these changed last."""
    return max((one.at for one in items), default=midnight(otherwise))


# --- Atom ---------------------------------------------------------------------------------------------------------


def atom(feed: Feed) -> bytes:
    """The feed as Atom."""
    nameless: Any = {None: _NAMESPACE}
    root = etree.Element(f"{{{_NAMESPACE}}}feed", nsmap=nameless)
    _say(root, {"id": feed.url, "title": feed.title, "updated": feed.at.isoformat()})
    _link(root, "self", feed.url, ATOM)
    _link(root, "alternate", feed.page, "text/html")
    _say(_child(root, "author"), {"name": feed.site})
    for one in feed.items:
        _entry(root, one)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="utf-8")
    return written


def _entry(root: etree._Element, one: Item) -> None:
    entry = _child(root, "entry")
    _say(entry, {"id": one.url, "title": one.title, "updated": one.at.isoformat(), "published": one.at.isoformat()})
    _link(entry, "alternate", one.url, "text/html")
    if one.outward:
        _link(entry, "related", one.outward)
    for name in one.authors:
        _say(_child(entry, "author"), {"name": name})
    for category in one.categories:
        _child(entry, "category").set("term", category)
    _say(entry, {"summary": one.text})


def _child(parent: etree._Element, name: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{_NAMESPACE}}}{name}")


def _say(parent: etree._Element, said: Mapping[str, str]) -> None:
    for name, text in said.items():
        _child(parent, name).text = _xml(text)


def _link(parent: etree._Element, relation: str, url: str, kind: str = "") -> None:
    link = _child(parent, "link")
    link.set("rel", relation)
    link.set("href", _xml(url))
    if kind:
        link.set("type", kind)


# --- JSON Feed ----------------------------------------------------------------------------------------------------


def json_feed(feed: Feed) -> bytes:
    """The feed as JSON Feed 1.1."""
    said = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.page,
        "feed_url": feed.url,
        "language": "en",
        "authors": [{"name": feed.site}],
        "items": [_json_item(one) for one in feed.items],
    }
    return json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")


def _json_item(one: Item) -> dict[str, object]:
    said: dict[str, object] = {
        "id": one.url,
        "url": one.url,
        "title": one.title,
        "content_text": one.text,
        "date_published": one.at.isoformat(),
    }
    said |= {"external_url": one.outward} if one.outward else {}
    said |= {"authors": [{"name": name} for name in one.authors]} if one.authors else {}
    return said | ({"tags": list(one.categories)} if one.categories else {})
