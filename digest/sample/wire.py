"""The sample in the formats of the services: arXiv's RSS, Hugging Face's JSON, a notebook's Atom."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from zoneinfo import ZoneInfo

from lxml import etree

from digest.sample import Sample, Table
from digest.text.characters import one_line

_SPACES = {
    "arxiv": "http://arxiv.org/schemas/atom",
    "atom": "http://www.w3.org/2005/Atom",
    "dc": "http://purl.org/dc/elements/1.1/",
    "opensearch": "http://a9.com/-/spec/opensearch/1.1/",
}
_LICENSE = "http://creativecommons.org/publicdomain/zero/1.0/"


def _el(tag: str, *content: str | etree._Element, **attributes: str) -> etree._Element:
    """An element with text or with children; `prefix:name` is looked up below."""
    prefix, colon, name = tag.rpartition(":")
    node = etree.Element(f"{{{_SPACES[prefix]}}}{name}" if colon else name, attributes, nsmap=_SPACES)
    for child in content:
        if isinstance(child, str):
            node.text = child
        else:
            node.append(child)
    return node


def announcements(sample: Sample, category: str) -> bytes:
    """What arXiv's RSS says of one category on the sample's day (info.arxiv.org/help/rss_specifications.html)."""
    midnight = format_datetime(datetime.combine(sample.day, time(), ZoneInfo("America/New_York")))
    papers = [paper for paper in sample.announced if category in paper["categories"]]
    channel = _el(
        "channel",
        _el("title", f"Sample: {category} updates, all of them invented"),
        _el("link", f"https://example.org/sample/rss/{category}"),
        _el("description", f"{category} updates on an archive that does not exist."),
        _el("language", "en-us"),
        _el("pubDate", midnight),
        _el("skipDays", _el("day", "Saturday"), _el("day", "Sunday")),
        *(_item(paper, category, midnight) for paper in sorted(papers, key=lambda p: _ORDER[_kind(p, category)])),
    )
    return _xml(_el("rss", channel, version="2.0"))


# The feed's order; within a kind, papers keep the order of the file.
_ORDER = {"new": 0, "cross": 1, "replace": 2, "replace-cross": 3}


def _kind(paper: Table, category: str) -> str:
    is_primary = paper["categories"][0] == category
    if paper.get("version", 1) > 1:
        return "replace" if is_primary else "replace-cross"
    return "new" if is_primary else "cross"


def _item(paper: Table, category: str, midnight: str) -> etree._Element:
    kind, identifier = _kind(paper, category), f"{paper['id']}v{paper.get('version', 1)}"
    return _el(
        "item",
        _el("title", one_line(paper["title"])),
        _el("link", f"https://example.org/sample/abs/{paper['id']}"),
        _el("description", f"arXiv:{identifier} Announce Type: {kind} \nAbstract: {one_line(paper['abstract'])}"),
        _el("guid", f"oai:arXiv.org:{identifier}", isPermaLink="false"),
        *(_el("category", name) for name in paper["categories"]),
        _el("pubDate", midnight),
        _el("arxiv:announce_type", kind),
        _el("dc:rights", _LICENSE),
        _el("dc:creator", ", ".join(paper["authors"])),
    )


def no_entries() -> bytes:
    """An answer of arXiv's query API with nothing to add: the sample has no gaps."""
    return _xml(
        _el(
            "atom:feed",
            _el("atom:title", "Sample: no further papers"),
            _el("atom:id", "https://example.org/sample/api/query"),
            _el("opensearch:totalResults", "0"),
        )
    )


def daily_papers(sample: Sample, day: date) -> bytes:
    """What Hugging Face's `/api/daily_papers?date=` says of one day (huggingface.co/docs/hub/api)."""
    return json.dumps([_entry(p) for p in sample.discussed if p["huggingface"]["day"] == day]).encode()


def _entry(paper: Table) -> dict[str, object]:
    signals = paper["huggingface"]
    published = _instant(signals["day"])
    told = {
        "githubRepo": signals.get("code"),
        "projectPage": signals.get("project"),
        "ai_summary": signals.get("ai_summary"),
        "ai_keywords": signals.get("ai_keywords"),
    }
    inner = {
        "id": paper["id"],
        "authors": [{"name": name, "hidden": False} for name in paper["authors"]],
        "publishedAt": published,
        "submittedOnDailyAt": published,
        "title": one_line(paper["title"]),
        "summary": one_line(paper["abstract"]),
        "upvotes": signals["upvotes"],
        "discussionId": f"sample-{paper['id']}",
        **{name: value for name, value in told.items() if value is not None},
    }
    outer = {name: inner[name] for name in ("publishedAt", "title", "summary")}
    return {"paper": inner, **outer, "numComments": signals["comments"], "isAuthorParticipating": False}


def notebook(sample: Sample) -> bytes:
    """A laboratory's notebook as Atom (RFC 4287)."""
    return _xml(
        _el(
            "atom:feed",
            _el("atom:id", "https://example.org/sample/lab"),
            _el("atom:title", "Sample Lab: Notes"),
            _el("atom:updated", _instant(sample.posts[0]["published"])),
            _el("atom:link", href="https://example.org/sample/lab"),
            *_posts(sample.posts),
        )
    )


def _posts(posts: Sequence[Table]) -> Iterable[etree._Element]:
    for post in posts:
        url = f"https://example.org/sample/lab/{post['slug']}"
        yield _el(
            "atom:entry",
            _el("atom:id", url),
            _el("atom:title", post["title"], type="html"),
            _el("atom:link", href=url),
            _el("atom:published", _instant(post["published"])),
            _el("atom:updated", _instant(post["published"])),
            _el("atom:author", _el("atom:name", post["author"])),
            _el("atom:content", post["html"].strip(), type="html"),
        )


def _instant(moment: date | datetime) -> str:
    at = moment if isinstance(moment, datetime) else datetime.combine(moment, time(), UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _xml(root: etree._Element) -> bytes:
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
