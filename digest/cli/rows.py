"""The rows of `digest rank`, and the words of the product that they stand for."""

import json
import math
import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from digest.cli.lines import Row, RowError
from digest.model import Announcement, Ground, Kind, Listing, Pick, Profile, Reason
from digest.ranking.split import split
from digest.sources import wire
from digest.sources.feed_entries import people_of
from digest.text import clean, ids
from digest.text.characters import one_line

Id = str | int | float


def ident(row: Row, taken: Container[str] = ()) -> Id:
    """The id of a row, as given. Raises RowError if it has none, or one that is `taken`."""
    if (found := _id(row.get("id"))) is None:
        raise RowError("has no id; give it one: a text or a number")
    if same(found) in taken:
        raise RowError("has the id of an earlier line, which counts; leave one of them out")
    return found


def same(one: Id) -> str:
    """What tells ids apart: 7 and "7" are one, since programs do not agree on which of them to write."""
    return str(one)


def _id(value: object) -> Id | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return value if isinstance(value, str) or math.isfinite(value) else None


# --- listings -------------------------------------------------------------------------------------------------------


def announcement(row: Row, seq: int, today: date) -> tuple[Announcement, list[str]]:
    """A listing as a piece of news, its store number the same as its `seq`; and what of it could not be read.

    Raises:
        RowError: the row is no listing; says why, and what to do.
    """
    title, abstract = clean.title(_text(row, "title")), clean.abstract(_text(row, "abstract"))
    if not (title or abstract):
        raise RowError("has neither title nor abstract; give it one of them")
    faults: list[str] = []
    more = {name: _extra(row, name, faults) for name in _EXTRAS if not _is_remark(name, row.get(name))}
    source, kind = more.pop("source") or "", more.pop("kind") or Kind.NEW
    listing = Listing(
        title=title,
        abstract=abstract,
        authors=clean.authors(_texts(row, "authors", _people)),
        categories=tuple(name for text in _texts(row, "categories", _categories) if (name := text.strip())),
        keywords=tuple(_texts(row, "keywords", _items)),
        id=seq,
        **more,
    )
    day = listing.published.date() if listing.published else today
    return Announcement(listing, source, kind, day, seq), faults


def _text(row: Row, name: str) -> str:
    """One text; the sentences of a list of them are joined."""
    return " ".join(_texts(row, name, lambda text: [text]))


def _texts(row: Row, name: str, parts: Callable[[str], Sequence[str]]) -> list[str]:
    """The texts of a field, given as a list of texts or of objects with a name, or as one text that has `parts`."""
    value = row.get(name)
    if value is None:
        return []
    if isinstance(value, str):
        return list(parts(wire.plain(value)))
    items = [item.get("name") if isinstance(item, dict) else item for item in value] if isinstance(value, list) else [0]
    if not all(isinstance(item, str) for item in items):
        raise RowError(f"has {_named(name)} that cannot be read; write a text or a list of texts")
    return [wire.plain(item) for item in items]


def _named(name: str) -> str:
    return name if name.endswith("s") else f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _people(line: str) -> list[str]:
    return [name for part in line.splitlines() for name in people_of(one_line(part))]


def _categories(line: str) -> list[str]:
    """The parts of "cs.CL hep-th" or "cs.CL, hep-th"; "cell biology" is one."""
    words = line.split()
    apart = all("." in word or "-" in word for word in words) and not re.search(_BETWEEN, line)
    return words if apart else _items(line)


def _items(line: str) -> list[str]:
    return re.split(_BETWEEN, line)


_BETWEEN = r"[,;\n]"


def _extra(row: Row, name: str, faults: list[str]) -> Any:
    """What a listing can do without: None, and a fault, if it cannot be read."""
    value = row.get(name)
    if value is None or value == "":
        return None
    read, wanted = _EXTRAS[name]
    if (found := read(value)) is None:
        faults.append(f"`{name}` is not {wanted}; the rest of the row is used")
    return found


def _is_remark(name: str, value: object) -> bool:
    """Whether `comments` are arXiv's: "12 pages, 3 figures"."""
    return name == "comments" and isinstance(value, str) and not value.strip().isdecimal()


def _number(value: object) -> int | None:
    return wire.count(int(value) if isinstance(value, float) and value.is_integer() else value)


def _kind(value: object) -> Kind | None:
    return next((kind for kind in Kind if kind == value), None)


def _arxiv_id(value: object) -> str | None:
    found = ids.arxiv_id(wire.plain(value))
    return found[0] if found else None


_EXTRAS: Mapping[str, tuple[Callable[[Any], Any], str]] = {
    "arxiv_id": (_arxiv_id, "an arXiv identifier"),
    "doi": (lambda value: ids.doi(wire.plain(value)), "a DOI"),
    "summary": (lambda value: clean.abstract(wire.plain(value)) or None, "a text"),
    "published": (wire.moment, "a day or time like 2026-05-18T07:30:00Z"),
    "upvotes": (_number, "a whole number"),
    "comments": (_number, "a whole number"),
    "code_url": (wire.web_url, "a web address"),
    "source": (lambda value: wire.plain(value).strip() or None, "the name of a source"),
    "kind": (_kind, f"one of {', '.join(Kind)}"),
}


# --- profiles -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wish:
    """What one profile's row asks for."""

    id: Id
    profile: Profile
    liked: tuple[Id, ...] = ()
    disliked: tuple[Id, ...] = ()


def wish(row: Row, top: int) -> Wish:
    """Raises RowError: the row is no profile; says why, and what to do."""
    profile = Profile(
        keywords=tuple(_texts(row, "keywords", _keywords)),
        categories=tuple(_texts(row, "categories", _categories)),
        sources=tuple(_texts(row, "sources", _items)),
        max_papers=top,
        max_trending=0,
        min_match=_within(row, "min_match", 100),
        max_per_term=int(_within(row, "max_per_term", 1_000_000)),
        diversity=_within(row, "diversity", 1),
        signals=_flag(row, "signals"),
    )
    found = Wish(ident(row), profile, _ids(row, "liked"), _ids(row, "disliked"))
    if not (any(map(str.strip, profile.keywords)) or profile.categories or profile.sources or found.liked):
        raise RowError('asks for nothing; give it "keywords" or "liked"')
    return found


def _keywords(text: str) -> list[str]:
    if len(text) > _LONGEST_TEXT:
        raise RowError(f"has keywords of {len(text):,} characters in one text; give them as a list, a term each")
    return [piece.text for piece in split(text)]


_LONGEST_TEXT = 20_000  # nobody wants so much, and hostile text takes time by the square of its length


def _within(row: Row, name: str, most: float) -> float:
    value = row.get(name)
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise RowError(f"has a `{name}` that is no number from 0 to {most:,}")
    return float(value)


def _flag(row: Row, name: str) -> bool:
    value = row.get(name)
    if not isinstance(value, bool | None):
        raise RowError(f"has `{name}` that are neither true nor false")
    return bool(value)


def _ids(row: Row, name: str) -> tuple[Id, ...]:
    value = row.get(name)
    items = value if isinstance(value, list) else [] if value is None else [value]
    found = tuple(one for item in items if (one := _id(item)) is not None)
    if len(found) < len(items):
        raise RowError(f"has `{name}` that are no ids of listings; write a list of them")
    return found


# --- out ------------------------------------------------------------------------------------------------------------

_PLACES = 10_000  # points are written to four decimals
_BESIDE = (Ground.SIGNAL, Ground.MEANING)  # what counts beside the match


def written(profile: Id, picks: Sequence[Pick], names: Sequence[Id]) -> Iterator[bytes]:
    """A line for each of these listings; `names` are the listings' ids, in the order of their store numbers."""
    for rank, pick in enumerate(picks, start=1):
        units = shares([reason.contribution * _PLACES for reason in pick.reasons], round(pick.score * _PLACES))
        match = sum(unit for unit, of in zip(units, pick.reasons, strict=True) if of.ground not in _BESIDE)
        row = {
            "profile": profile,
            "listing": names[pick.listing.id - 1],
            "rank": rank,
            "score": round(pick.score * _PLACES) / _PLACES,
            "match": match / _PLACES,
            "reasons": [_reason(of, unit / _PLACES) for of, unit in zip(pick.reasons, units, strict=True)],
        }
        # A surrogate without its other half has no UTF-8; written with a backslash it is JSON's own escape for it.
        yield json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def shares(addends: Sequence[float], total: int) -> list[int]:
    """The addends as whole numbers whose sum is `total`, each off by less than one (the largest remainder).

    Addends that do not sum to the total, to rounding, still do not.
    """
    floors = [math.floor(addend) for addend in addends]
    missing = max(0, total - sum(floors))
    for number in sorted(range(len(floors)), key=lambda n: floors[n] - addends[n])[:missing]:
        floors[number] += 1
    return floors


def _reason(reason: Reason, points: float) -> dict[str, object]:
    row: dict[str, object] = {"term": reason.term, "field": reason.field, "points": points}
    if reason.ground is not Ground.KEYWORD:
        row["ground"] = reason.ground.value
    if reason.partial:
        row["partial"] = True
    return row
