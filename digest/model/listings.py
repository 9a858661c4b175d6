"""Papers, and how they become news."""

import hashlib
import unicodedata
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum


class Kind(StrEnum):
    """Why a listing is news. Declared from the strongest to the weakest."""

    NEW = "new"
    CROSS = "cross"
    TRENDING = "trending"
    REVISION = "revision"

    @property
    def order(self) -> int:
        return list(Kind).index(self)


def plain(text: str) -> str:
    """Letters and digits alone, without marks or case: what is left when two sources spell one thing differently."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in decomposed if c.isalnum())


def _surname(author: str) -> str:
    family, comma, _ = author.partition(",")
    words = family.split()
    if not words:
        return ""
    return plain(family if comma else words[-1])


# Shorter titles ("Editorial", "Weekly links") recur, so they say nothing about identity.
_TELLING_TITLE = 20


@dataclass(frozen=True, slots=True)
class Listing:
    """One paper, whatever source it came from. Text fields are clean Unicode; the `raw_*` twins are as received."""

    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    url: str = ""  # landing page, http(s)
    id: int = 0  # the store's number; 0 until stored
    arxiv_id: str | None = None  # without version: "2409.01234", "hep-th/9901001"
    doi: str | None = None  # lower case, without resolver: "10.1101/2024.01.01.123456"
    guid: str | None = None  # the feed's own identifier, unique together with the feed
    version: int | None = None
    categories: tuple[str, ...] = ()  # of an archive's classification, primary first: "cs.CL", "neuroscience"
    keywords: tuple[str, ...] = ()  # free tags
    comment: str | None = None  # the authors' remark: "12 pages, accepted at ..."
    summary: str | None = None  # somebody else's short summary, where the source offers one
    pdf_url: str | None = None
    code_url: str | None = None
    project_url: str | None = None
    discussion_url: str | None = None
    thumbnail_url: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    upvotes: int | None = None
    comments: int | None = None
    raw_title: str = ""
    raw_abstract: str = ""
    raw_authors: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Every name this paper is known by, strongest first; two listings that share one are one paper."""
        keys = []
        if self.arxiv_id:
            keys.append(f"arxiv:{self.arxiv_id}")
        if self.doi:
            keys.append(f"doi:{self.doi}")
        title = plain(self.title)
        if len(title) >= _TELLING_TITLE and self.authors:
            named = f"{title}|{_surname(self.authors[0])}"
            keys.append(f"title:{hashlib.sha256(named.encode()).hexdigest()[:24]}")
        if self.guid:
            keys.append(f"guid:{self.guid}")
        if not keys:
            keys.append(f"url:{self.url}" if self.url else f"text:{title}")
        return tuple(keys)

    @property
    def identity(self) -> int | str:
        """What tells one paper from another: the store's number, or the strongest name where there is none."""
        return self.id or self.keys[0]

    def merged(self, newer: "Listing") -> "Listing":
        """This listing with what `newer`, another account of the same paper, adds to it.

        Signals take the newest word. The text is replaced as a whole, and only by an account that is at least as
        good: not by an earlier version, and not by a reader's copy (no classification) of an archive's record.
        """
        filled = {
            name: getattr(newer, name) if getattr(newer, name) not in (None, "", ()) else getattr(self, name)
            for name in _FILLED
        }
        older_version = (newer.version or 0) < (self.version or 0)
        copy_of_record = bool(self.categories) and not newer.categories
        text = self if older_version or copy_of_record or not newer.title else newer
        return replace(self, **filled, **{name: getattr(text, name) or getattr(self, name) for name in _TEXT})


# `version` goes with the text: it says which version the text is of.
_TEXT = ("title", "abstract", "authors", "raw_title", "raw_abstract", "raw_authors", "url", "version", "categories")


_FILLED = tuple(name for name in Listing.__dataclass_fields__ if name not in (*_TEXT, "id"))


@dataclass(frozen=True, slots=True)
class Announcement:
    """A listing became news."""

    listing: Listing
    source: str  # the source's name
    kind: Kind
    day: date  # the source's own calendar day of the announcement
    seq: int = 0  # rising number given by the store; 0 until stored
    votes: int = 0  # of readers who recommend it, where that is why it is trending
