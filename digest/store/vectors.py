"""Vectors of texts, made once: whatever a model makes of a text, by the model's name and the text's digest."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, select

from digest.store.schema import vectors
from digest.store.sql import insert, rows_with


def kept(connection: Connection, model: str, digests: Iterable[str]) -> dict[str, bytes]:
    """Those of the vectors that were made before."""
    c = vectors.c
    own = select(c.digest, c.vector).where(c.model == model)
    return dict(rows_with(connection, own, c.digest, digests))


def keep(connection: Connection, model: str, made: Mapping[str, bytes]) -> None:
    """Add vectors; one that is there stays as it is."""
    rows = [{"model": model, "digest": digest, "vector": vector} for digest, vector in made.items()]
    if rows:
        connection.execute(insert(connection, vectors).on_conflict_do_nothing(), rows)
