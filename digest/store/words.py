"""The words of every paper, as full-text search takes them. A paper that another listing speaks for has none."""

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, delete, select, text

from digest.model import Listing
from digest.store.database import Database
from digest.store.listings import texts
from digest.store.schema import listings, meta, words
from digest.store.sql import chunks, insert
from digest.text import catalog

_MARK = "words"  # in `meta`: the version that the index is of
_BATCH = 500


def keep(connection: Connection, papers: Iterable[Listing]) -> None:
    """Index these papers, new or changed."""
    for chunk in chunks(papers, _BATCH):
        rows = [{"listing_id": paper.id, "text": catalog.written(paper)} for paper in chunk]
        write = insert(connection, words)
        again = write.on_conflict_do_update(index_elements=["listing_id"], set_={"text": write.excluded.text})
        connection.execute(again, rows)


def forget(connection: Connection, papers: Iterable[int]) -> None:
    """Find these no more."""
    for chunk in chunks(papers):
        connection.execute(delete(words).where(words.c.listing_id.in_(chunk)))


def of(connection: Connection, papers: Collection[int]) -> dict[int, str]:
    """The tokens of these papers, see `catalog.written`."""
    rows = connection.execute(select(words.c.listing_id, words.c.text).where(words.c.listing_id.in_(papers)))
    return {row[0]: row[1] for row in rows}


def ready(database: Database) -> None:
    """Index everything, if that was done by another version or not at all: a minute or two for 100,000 papers."""
    with database.reading() as connection:
        if _is_current(connection):
            return
    with database.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(7203)"))
        if not _is_current(connection):
            _index_all(connection)


def _is_current(connection: Connection) -> bool:
    return connection.scalar(select(meta.c.value).where(meta.c.key == _MARK)) == catalog.VERSION


def _index_all(connection: Connection) -> None:
    connection.execute(delete(words))
    papers = connection.scalars(select(listings.c.id).where(listings.c.same_as == listings.c.id)).all()
    for chunk in chunks(papers, _BATCH):
        keep(connection, texts(connection, chunk).values())
    write = insert(connection, meta).values(key=_MARK, value=catalog.VERSION)
    connection.execute(write.on_conflict_do_update(index_elements=["key"], set_={"value": catalog.VERSION}))
