"""Finding listings by words. What a person types is words and never syntax, so it cannot be wrong."""

import re
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, column, func, literal_column, select, table

from digest.model import Announcement
from digest.store.listings import announcement, shown
from digest.store.schema import announcements, listings

_WORD = re.compile(r"[^\W_]+")
_MOST_WORDS = 50

_words = table("listings_words", column("rowid"))


def search(connection: Connection, words: str, limit: int, since: date | None = None) -> list[Announcement]:
    """Listings with all these words in title, abstract or authors, each with its newest announcement.

    The closest matches come first, a word in the title counting most; equals by the newest.
    """
    wanted = _WORD.findall(words)[:_MOST_WORDS]
    if not wanted:
        return []
    same, said = listings.alias(), announcements.alias()
    newest = (
        select(func.max(said.c.seq))
        .join_from(said, same, same.c.id == said.c.listing_id)
        .where(same.c.same_as == listings.c.id)
        .correlate(listings)
    )
    if since is not None:
        newest = newest.where(said.c.day >= since)
    query = shown().where(announcements.c.seq == newest.scalar_subquery()).limit(limit)
    matching = _sqlite if connection.dialect.name == "sqlite" else _postgresql
    return [announcement(row) for row in connection.execute(matching(query, wanted))]


def _sqlite(query: Select[Any], wanted: list[str]) -> Select[Any]:
    quoted = " ".join(f'"{word}"' for word in wanted)
    closeness: ColumnElement[float] = literal_column("bm25(listings_words, 5, 1, 2)")
    return (
        query.join(_words, _words.c.rowid == listings.c.id)
        .where(literal_column("listings_words").op("MATCH")(quoted))
        .order_by(closeness, announcements.c.seq.desc())
    )


def _postgresql(query: Select[Any], wanted: list[str]) -> Select[Any]:
    # The expression of the index, to the letter.
    indexed: ColumnElement[Any] = literal_column(
        "to_tsvector('english', listings.title || ' ' || listings.abstract || ' ' || listings.authors)"
    )
    weighed: ColumnElement[Any] = literal_column(
        "setweight(to_tsvector('english', listings.title), 'A') || to_tsvector('english', listings.abstract)"
    )
    asked = func.plainto_tsquery(literal_column("'english'"), " ".join(wanted))
    return query.where(indexed.op("@@")(asked)).order_by(
        func.ts_rank(weighed, asked).desc(), announcements.c.seq.desc()
    )
