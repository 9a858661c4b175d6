"""A message as a receiver takes it apart, and what can be said of it."""

import email
import email.policy
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import getaddresses
from enum import StrEnum
from functools import cached_property
from urllib.parse import urlsplit

from lxml import etree
from lxml import html as lxml_html


class Grade(StrEnum):
    """How bad it is."""

    FAULT = "fault"  # readers or their mail servers will stumble
    WARNING = "warning"  # some may
    NOTE = "note"  # cannot be known from here
    OK = "ok"


@dataclass(frozen=True, slots=True)
class Remark:
    """One finding."""

    grade: Grade
    what: str
    advice: str = ""  # what to do
    rule: str = ""  # who says so: an RFC, a rule of SpamAssassin, a criterion of WCAG


@dataclass(frozen=True, slots=True)
class Link:
    """One link of a message."""

    url: str
    text: str  # what is shown, or told, of it


_MOST_ALIKE = 4


def several(found: Iterable[Remark]) -> list[Remark]:
    """Each remark once, and no more than a few that give the same advice."""
    kept: dict[str, Remark] = {}
    alike: dict[str, list[str]] = {}
    for remark in found:
        known = alike.setdefault(remark.advice, [])
        if remark.what not in known:
            known.append(remark.what)
            if len(known) <= _MOST_ALIKE:
                kept[remark.what] = remark
    rest = [
        Remark(_grade_of(advice, kept.values()), f"… and {len(known) - _MOST_ALIKE} more of that kind.", advice)
        for advice, known in alike.items()
        if len(known) > _MOST_ALIKE
    ]
    return [*kept.values(), *rest]


def _grade_of(advice: str, remarks: Iterable[Remark]) -> Grade:
    return next(remark.grade for remark in remarks if remark.advice == advice)


class Mail:
    """A message, parsed once. Nothing in it, however broken, raises."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.message: EmailMessage = email.message_from_bytes(content, policy=email.policy.SMTP)

    def header(self, name: str) -> str:
        """What the header says, decoded; empty where it is missing or cannot be read."""
        try:
            return str(self.message.get(name, "")).strip()
        except Exception:  # the parser of headers trips over some that strangers make
            return ""

    def count(self, name: str) -> int:
        return sum(field.casefold() == name.casefold() for field in self.message.keys())  # noqa: SIM118

    @cached_property
    def sender_domain(self) -> str:
        """The domain of the From address, in small letters."""
        addresses = getaddresses([self.header("From")])
        return addresses[0][1].rpartition("@")[2].casefold() if addresses else ""

    @cached_property
    def parts(self) -> Sequence[EmailMessage]:
        """The parts that hold something, in their order."""
        return [part for part in self.message.walk() if not part.is_multipart()]

    def body(self, subtype: str) -> str | None:
        """The first part of type text/SUBTYPE; None if there is none."""
        part = next((part for part in self.parts if part.get_content_type() == f"text/{subtype}"), None)
        return None if part is None else _decoded(part)

    @cached_property
    def html(self) -> str | None:
        return self.body("html")

    @cached_property
    def text(self) -> str | None:
        return self.body("plain")

    @cached_property
    def tree(self) -> lxml_html.HtmlElement:
        """The HTML as a browser would take it."""
        try:
            return lxml_html.document_fromstring((self.html or "").replace("\0", "") or "<html></html>")
        except (etree.LxmlError, ValueError):
            return lxml_html.document_fromstring("<html></html>")

    @cached_property
    def links(self) -> Sequence[Link]:
        """Those of the HTML; of a message without HTML, what looks like one in its text."""
        if self.html is None:
            return [Link(url, url) for url in _urls(self.text or "")]
        return [
            Link(anchor.get("href", ""), _told(anchor)) for anchor in self.tree.iter("a") if "href" in anchor.attrib
        ]


def _decoded(part: EmailMessage) -> str:
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    try:
        return raw.decode(part.get_content_charset() or "ascii", "replace")
    except LookupError:  # a charset that nobody knows
        return raw.decode("utf-8", "replace")


def _urls(text: str) -> Iterator[str]:
    for word in text.split():
        begin = word.find("http")
        if begin >= 0 and "://" in word:
            yield word[begin:].rstrip(".,;:!?)>]")


def _told(anchor: lxml_html.HtmlElement) -> str:
    """What a link says of itself, also to those who do not see its images."""
    alts = [image.get("alt", "") for image in anchor.iter("img")]
    return " ".join(" ".join([anchor.text_content(), anchor.get("aria-label", ""), *alts]).split())


def host(url: str) -> str:
    """The host of a URL in small letters; empty if it has none, or is not one."""
    try:
        return (urlsplit(url).hostname or "").casefold()
    except ValueError:
        return ""


def same_domain(one: str, other: str) -> bool:
    """Whether two domains are the same, or one lies within the other."""
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")
