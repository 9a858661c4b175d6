"""Vectors of texts, made once: whatever a model makes of a text, by the model's name and the text's digest."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, select

from digest.store.schema import vectors
from digest.store.sql import chunks, insert


def kept(connection: Connection, model: str, digests: Iterable[str]) -> dict[str, bytes]:
    """Those of the vectors that were made before."""
    c = vectors.c
    own = select(c.digest, c.vector).where(c.model == model)
    return {
        digest: vector
        for chunk in chunks(digests)
        for digest, vector in connection.execute(own.where(c.digest.in_(chunk)))
    }


def keep(connection: Connection, model: str, made: Mapping[str, bytes]) -> None:
    """Add vectors; one that is there stays as it is."""
    rows = [{"model": model, "digest": digest, "vector": vector} for digest, vector in made.items()]
    if rows:
        connection.execute(insert(connection, vectors).on_conflict_do_nothing(), rows)
