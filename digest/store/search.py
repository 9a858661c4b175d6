"""Finding papers by words, in the same way on SQLite and on PostgreSQL. No input is syntax, so none can be wrong.

The index answers which papers hold what; they come newest first, so that however many there are, the first ones are
found at once. Which of some are closest is told from their words by `closeness`.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, column, exists, func, literal_column, select, table, text

from digest.model import Announcement, Kind
from digest.store import words
from digest.store.listings import announcement, known, shown
from digest.store.schema import announcements
from digest.store.schema import words as indexed
from digest.text import catalog, closeness
from digest.text.catalog import Either, Every, Part, Row, Token
from digest.text.tokens import words as spelt

CANDIDATES = 300  # of which the closest are told
_MOST_WORDS = 50
_TITLES = 150  # of the candidates: the newest that are about it, at most

_index = table("words_index", column("rowid"))


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for."""

    part: Part
    since: date | None = None  # announced on that day or later
    until: date | None = None  # announced on that day or before
    sources: frozenset[str] = frozenset()  # announced by one of these; empty: by any
    kinds: frozenset[Kind] = frozenset()  # announced as one of these; empty: as any

    @property
    def is_about_news(self) -> bool:
        """Whether it matters when and how a paper was announced."""
        return bool(self.since or self.until or self.sources or self.kinds)


class Hits(NamedTuple):
    """What a search found."""

    numbers: Sequence[int]  # of the papers that were asked for
    total: int  # papers that are found at all, counted up to what was asked


def newest(connection: Connection, asked: Asked, limit: int, offset: int = 0, most: int = CANDIDATES) -> Hits:
    """`limit` of the `most` newest papers that are found, behind the first `offset`; those stored last come first."""
    found = _numbers(connection, asked, most)
    return Hits(found[offset : offset + limit], len(found))


def closest(
    connection: Connection, asked: Asked, titles: Part, wanted: Sequence[closeness.Wanted], most: int = CANDIDATES
) -> Hits:
    """Up to `CANDIDATES` papers that are found, the closest first, equals by the newest.

    Of more, the newest are looked at: half of them such whose title is found by `titles`, too.
    """
    found = _numbers(connection, asked, most)
    about = _numbers(connection, _narrowed(asked, titles), _TITLES) if len(found) > CANDIDATES else []
    read = words.of(connection, [*dict.fromkeys([*about, *found])][:CANDIDATES])
    near = closeness.closeness(read, wanted)
    return Hits(sorted(near, key=lambda number: (-near[number], -number)), len(found))


def _numbers(connection: Connection, asked: Asked, limit: int) -> list[int]:
    number, query = _matching(connection, asked)
    return list(connection.scalars(query.order_by(number.desc()).limit(limit)))


def _narrowed(asked: Asked, part: Part) -> Asked:
    return Asked(Every((asked.part, part)), asked.since, asked.until, asked.sources, asked.kinds)


# --- plain words --------------------------------------------------------------------------------------------------

_WORD = re.compile(r"[^\W_]+")


def search(connection: Connection, typed: str, limit: int, since: date | None = None) -> list[Announcement]:
    """Papers with all these words in title, abstract or authors, each with its newest announcement; the closest first."""
    found = [spelling for run in _WORD.findall(typed)[:_MOST_WORDS] for spelling in spelt(run)][:_MOST_WORDS]
    if not found:
        return []
    keys = list(dict.fromkeys((spelling.key, spelling.word) for spelling in found))
    part = Every(tuple(Either((catalog.word(key), catalog.author((word,)))) for key, word in keys))
    titles = Every(tuple(catalog.word(key, "t") for key, _ in keys))
    wanted = [closeness.Wanted((key,)) for key, _ in keys]
    numbers = closest(connection, Asked(part, since), titles, wanted).numbers[:limit]
    news = latest(connection, numbers, since)
    return [news[number] for number in numbers if number in news]


def latest(connection: Connection, numbers: Collection[int], since: date | None = None) -> dict[int, Announcement]:
    """The newest announcement of each of these papers, by number; those that never were announced are left out."""
    newest_of = (
        select(func.max(announcements.c.seq))
        .join_from(announcements, known, announcements.c.listing_id == known.c.id)
        .where(known.c.same_as.in_(numbers))
        .group_by(known.c.same_as)
    )
    if since is not None:
        newest_of = newest_of.where(announcements.c.day >= since)
    rows = connection.execute(shown().where(announcements.c.seq.in_(newest_of)))
    return {said.listing.id: said for said in map(announcement, rows)}


# --- the index ----------------------------------------------------------------------------------------------------


def _matching(connection: Connection, asked: Asked) -> tuple[ColumnElement[int], Select[Any]]:
    """The number of a paper as this database's index has it, and a query for those that are found."""
    if connection.dialect.name == "sqlite":
        number: ColumnElement[int] = _index.c.rowid
        query = select(number).where(literal_column("words_index").op("MATCH")(_sqlite(asked.part)))
    else:
        holds: ColumnElement[Any] = literal_column("words.words_indexed")
        asks = func.to_tsquery(literal_column("'simple'"), _postgresql(asked.part))
        # By the index, and then in order: left to itself, the planner reads every paper where a word is in many of them.
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        found = select(indexed.c.listing_id).where(holds.op("@@")(asks)).cte("found").prefix_with("MATERIALIZED")
        number = found.c.listing_id
        query = select(number)
    return number, query.where(*_news(connection, asked, number)) if asked.is_about_news else query


def _news(connection: Connection, asked: Asked, number: ColumnElement[int]) -> list[ColumnElement[bool]]:
    """That a paper was announced as asked. New versions of old papers do not make them news of a day, unless asked for."""
    c = announcements.c
    said: list[ColumnElement[bool]] = [c.kind.in_(asked.kinds) if asked.kinds else c.kind != Kind.REVISION]
    said += [c.day >= asked.since] if asked.since else []
    said += [c.day <= asked.until] if asked.until else []
    said += [c.source.in_(asked.sources)] if asked.sources else []
    if connection.dialect.name == "postgresql":
        news = select(known.c.same_as).join_from(announcements, known, c.listing_id == known.c.id).where(*said)
        return [number.in_(select(news.cte("told").prefix_with("MATERIALIZED").c.same_as))]
    told = exists().where(known.c.same_as == number, c.listing_id == known.c.id, *said)
    if not asked.until:
        return [told]
    # Papers of past days have numbers that are not far apart, which spares looking at all that came later.
    last = select(func.max(known.c.same_as)).join_from(announcements, known, c.listing_id == known.c.id).where(*said)
    return [number <= (connection.scalar(last) or 0), told]


def _sqlite(part: Part) -> str:
    """As FTS5 has it (https://www.sqlite.org/fts5.html, 3)."""
    match part:
        case Token():
            return f'"{part.text}"*' if part.begins else f'"{part.text}"'
        case Row():
            return f'"{" ".join(part.tokens)}"'
        case Either():
            return f"({' OR '.join(map(_sqlite, part.parts))})"
        case Every():
            found = " AND ".join(map(_sqlite, part.parts or (catalog.EVERYTHING,)))
            return f"({found})" if not part.without else f"(({found}) NOT ({' OR '.join(map(_sqlite, part.without))}))"


def _postgresql(part: Part) -> str:
    """As `to_tsquery` has it (https://www.postgresql.org/docs/current/datatype-textsearch.html, 8.11.2)."""
    match part:
        case Token():
            return f"{part.text}:*" if part.begins else part.text
        case Row():
            return f"({' <-> '.join(part.tokens)})"
        case Either():
            return f"({' | '.join(map(_postgresql, part.parts))})"
        case Every():
            parts = [*map(_postgresql, part.parts or (catalog.EVERYTHING,))]
            return f"({' & '.join([*parts, *(f'!{_postgresql(one)}' for one in part.without)])})"
