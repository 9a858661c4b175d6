"""What a feed's bytes say, in whatever format: entries in one shape, and what could not be read."""

import calendar
import hashlib
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import feedparser

from digest.model import Problem
from digest.sources import wire
from digest.sources.errors import UnreadableError
from digest.text.characters import one_line


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed, as written."""

    id: str
    url: str
    title: str
    text: str
    title_is_html: bool = True
    text_is_html: bool = True
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    names: tuple[str, ...] = ()  # where a paper's identifier may be written
    published: datetime | None = None
    updated: datetime | None = None
    pdf_url: str | None = None
    discussion_url: str | None = None
    thumbnail_url: str | None = None
    comments: int | None = None


def read_feed(body: bytes, url: str, content_type: str = "") -> tuple[list[Entry], list[Problem]]:
    """The entries of a feed fetched from `url`; none is a valid answer, if the document is whole.

    Raises:
        UnreadableError: it is not a feed.
    """
    if re.match(rb"(?:\xef\xbb\xbf)?\s*[\[{]", body.replace(b"\0", b"")[:100]):
        return _json_entries(body, url)
    return _xml_entries(body, url, content_type)


# --- RSS, Atom, CDF -----------------------------------------------------------------------------------------------

_ROOT = re.compile(rb"<(?![?!])((?:\w+:)?[A-Za-z_][\w.-]*)")
_FEED = re.compile(rb"<((?:\w+:)?(?:rss|rdf|feed|channel))[\s>/]", re.IGNORECASE)  # the last is CDF
_PROLOG = re.compile(rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?[^>]*>|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>", re.DOTALL)


def _xml_entries(body: bytes, url: str, content_type: str) -> tuple[list[Entry], list[Problem]]:
    kept, problems = _whole(body)
    parsed = _parsed(kept, url, content_type)
    if not parsed.entries and (prefix := re.search(rb"<(\w+:)(?:item|entry)[\s>]", kept)):  # of no declared namespace
        parsed = _parsed(re.sub(rb"<(/?)%s" % prefix[1], rb"<\1", kept), url, content_type)
    if not parsed.entries and not parsed.get("version"):
        raise UnreadableError(wire.looks_like(body, "a feed"))
    entries, faults = wire.read_each(parsed.entries, _xml_entry, "entries")
    return entries, [*problems, *faults]


def _parsed(body: bytes, url: str, content_type: str) -> Any:
    headers = {"content-location": url, "content-type": content_type or "application/xml"}
    try:
        return feedparser.parse(
            io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except Exception as error:  # it was not made for hostile bytes, and whatever it raises is this feed's alone
        raise UnreadableError(f"the feed cannot be read ({type(error).__name__})") from error


def _whole(body: bytes) -> tuple[bytes, list[Problem]]:
    """The feed, or its whole entries if its end is missing.

    A feed that is not well-formed is still whole if its root element, or its channel, is closed: browsers made feeds
    sloppy. One that is not closed was cut off on its way.
    """
    narrow = body.replace(b"\0", b"")  # so that UTF-16 and UTF-32 read like ASCII
    start = _PROLOG.sub(b"", narrow[:20_000])
    feed, root = _FEED.search(start), _ROOT.search(start)
    if feed is None:
        name = root[1].decode("ascii", "replace") if root else "html"
        raise UnreadableError(
            wire.looks_like(body, "a feed") if name.lower() == "html" else f"XML that is not a feed (<{name[:40]}>)"
        )
    if re.search(rb"</(?:%s|(?:\w+:)?channel)\b|<%s\b[^>]*/>" % (feed[1], feed[1]), narrow, re.IGNORECASE):
        return body, []
    entry = "entry" if feed[1].lower().endswith(b"feed") else "item"
    kept = wire.whole_part(body, entry) if narrow == body else None
    if kept is None:
        raise UnreadableError("a feed that is cut off")
    return kept, [Problem("the feed is cut off; what was whole of it is kept")]


def _xml_entry(entry: Mapping[str, Any]) -> Entry:
    title, title_is_html = _content(entry.get("title_detail"), entry.get("title"))
    bodies = entry.get("content") or [{}]
    text, text_is_html = _content(entry.get("summary_detail"), entry.get("summary"))
    if not text.strip():
        text, text_is_html = _content(bodies[0], bodies[0].get("value"))
    links = [link for link in entry.get("links") or [] if isinstance(link, Mapping)]
    url = next((found for link in _addresses(entry, links) if (found := wire.web_url(link))), "")
    ident = wire.plain(entry.get("id")).strip()
    thumbnails = entry.get("media_thumbnail") or [{}]
    return Entry(
        id=_short(ident),
        url=url,
        title=title,
        text=text,
        title_is_html=title_is_html,
        text_is_html=text_is_html,
        authors=_authors(entry),
        tags=tuple(wire.plain(tag.get("term")) for tag in entry.get("tags") or [] if tag.get("term")),
        names=tuple(
            text
            for text in (url, ident, *(wire.plain(entry.get(name)) for name in ("prism_doi", "dc_identifier")))
            if "/" in text or ":" in text
        ),
        published=_time(entry.get("published_parsed") or entry.get("created_parsed")),
        updated=_time(entry["updated_parsed"]) if "updated_parsed" in entry else None,  # get() would warn and guess
        pdf_url=next((wire.web_url(link.get("href")) for link in links if link.get("type") == "application/pdf"), None),
        discussion_url=wire.web_url(entry.get("comments")),
        thumbnail_url=wire.web_url(thumbnails[0].get("url")),
        comments=wire.count(entry.get("slash_comments")),
    )


def _content(detail: Any, value: Any) -> tuple[str, bool]:
    kind = detail.get("type", "") if isinstance(detail, Mapping) else ""
    return wire.plain(value), kind != "text/plain"


def _addresses(entry: Mapping[str, Any], links: list[Mapping[str, Any]]) -> list[Any]:
    """Where the entry may be read, the best first."""
    pages = [link.get("href") for link in links if link.get("rel", "alternate") == "alternate"]
    rest = [link.get("href") for link in links if link.get("rel") not in ("self", "edit", "enclosure", "replies")]
    return [entry.get("feedburner_origlink"), entry.get("link"), *pages, *rest, entry.get("id")]


def _authors(entry: Mapping[str, Any]) -> tuple[str, ...]:
    line = wire.plain(entry.get("author"))
    if (
        "@" in line and "(" in line
    ):  # RSS's "address (name)", which feedparser cuts in the wrong place after a long domain
        return (line,)
    people = [person for person in entry.get("authors") or [] if isinstance(person, Mapping)]
    lines = [wire.plain(person.get("name")) for person in people] or [line]
    return tuple(dict.fromkeys(name for line in lines for name in people_of(line)))


def people_of(line: str) -> list[str]:
    """The names in one line: "A Bee, C Dee and E Eff", "Bee, A.; Dee, C."; "Bee, Anna" stays one name."""
    if ";" in line:
        parts = line.split(";")
    else:
        parts = re.split(r",\s+and\s+|\s+and\s+|\s+&\s+", line)
        commas = [part for piece in parts for part in piece.split(",") if part.strip()]
        if all(len(part.split()) > 1 for part in commas):
            parts = commas
    return [name for part in parts if (name := one_line(part))]


def _time(value: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(calendar.timegm(value), tz=UTC) if value else None
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def _short(ident: str) -> str:
    """An identifier that fits into an index of any database."""
    return ident if len(ident) <= 500 else hashlib.sha256(ident.encode()).hexdigest()


# --- JSON Feed (https://www.jsonfeed.org/version/1.1/) ------------------------------------------------------------


def _json_entries(body: bytes, url: str) -> tuple[list[Entry], list[Problem]]:
    value = wire.read_json(body)
    items = value.get("items") if isinstance(value, dict) else None
    if not isinstance(items, list):
        raise UnreadableError("JSON that is not a feed")
    return wire.read_each(items, lambda item: _json_entry(item, url), "entries")


def _json_entry(item: Any, base: str) -> Entry:
    if not isinstance(item, dict):
        raise TypeError("not an entry")
    ident = item.get("id")
    ident = str(ident) if isinstance(ident, int | float) else wire.plain(ident).strip()
    links = (item.get("url"), item.get("external_url"), ident if "://" in ident else None)
    found = [link for value in links if (link := wire.web_url(value, base))]
    html = wire.plain(item.get("content_html"))
    text = wire.plain(item.get("summary")) or wire.plain(item.get("content_text"))
    people = item.get("authors") if isinstance(item.get("authors"), list) else [item.get("author")]
    return Entry(
        id=_short(ident),
        url=found[0] if found else "",
        title=wire.plain(item.get("title")),
        text=text or html,
        title_is_html=False,
        text_is_html=not text,
        authors=_names(people or []),
        tags=tuple(wire.plain(tag) for tag in item.get("tags") or [] if isinstance(tag, str)),
        names=tuple(name for name in (*found, ident) if "/" in name or ":" in name),
        published=wire.moment(item.get("date_published")),
        updated=wire.moment(item.get("date_modified")),
        thumbnail_url=wire.web_url(item.get("image"), base),
    )


def _names(people: Iterable[Any]) -> tuple[str, ...]:
    return tuple(name for one in people if isinstance(one, dict) and (name := wire.plain(one.get("name")).strip()))
