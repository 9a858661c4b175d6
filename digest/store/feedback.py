"""What people said of papers, and which of the words learnt from it they want forgotten."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, select

from digest.errors import UsageError
from digest.model import Feedback, Listing, Taste
from digest.store.listings import known, spokesmen, texts
from digest.store.schema import feedback, forgotten, listings
from digest.store.sql import chunks, insert

MOST = 200  # papers of each subscriber that count, the newest


def give(connection: Connection, reader: int, listing_id: int, liked: bool | None, now: datetime) -> None:
    """Keep the last word that this subscriber says of a paper; None takes back what they said.

    Raises:
        UsageError: no such listing is stored.
    """
    paper = spokesmen(connection, [listing_id]).get(listing_id)
    if paper is None:
        raise UsageError(f"there is no paper with the number {listing_id}: see `digest search`")
    same = select(listings.c.id).where(listings.c.same_as == paper)
    said = feedback.c.subscriber_id == reader
    connection.execute(delete(feedback).where(said, feedback.c.listing_id.in_(same)))
    if liked is not None:
        word = {"liked": liked, "at": now}
        row = insert(connection, feedback).values(subscriber_id=reader, listing_id=paper, **word)
        connection.execute(row.on_conflict_do_update(index_elements=["subscriber_id", "listing_id"], set_=word))


def forget(connection: Connection, reader: int, keys: Iterable[str]) -> None:
    """Words that are not to be learnt, whatever the subscriber likes."""
    rows = [{"subscriber_id": reader, "key": key} for key in dict.fromkeys(keys)]
    if rows:
        connection.execute(insert(connection, forgotten).on_conflict_do_nothing(), rows)


def remember(connection: Connection, reader: int, keys: Iterable[str]) -> None:
    """The reverse of `forget`."""
    for chunk in chunks(keys):
        connection.execute(
            delete(forgotten).where(forgotten.c.subscriber_id == reader, forgotten.c.key.in_(chunk))
        )  # fmt: skip


def erase(connection: Connection, readers: Collection[int]) -> None:
    """All that these subscribers said."""
    for table in (feedback, forgotten):
        for chunk in chunks(readers):
            connection.execute(delete(table).where(table.c.subscriber_id.in_(chunk)))


def tastes(connection: Connection, readers: Collection[int]) -> Mapping[int, Taste]:
    """What each subscriber said of papers, newest last; who never said anything is left out."""
    said = _said(connection, readers)
    papers = texts(connection, {paper for words in said.values() for paper in words})
    unwanted = _unwanted(connection, readers)
    return {
        reader: Taste(tuple(_feedback(said[reader], papers)), frozenset(unwanted[reader]))
        for reader in sorted({*said, *unwanted}.intersection(readers))
    }


def _feedback(words: Mapping[int, tuple[bool, datetime]], papers: Mapping[int, Listing]) -> Iterator[Feedback]:
    for paper, (liked, at) in words.items():
        yield Feedback(papers[paper], liked, at)


def _said(connection: Connection, readers: Collection[int]) -> dict[int, dict[int, tuple[bool, datetime]]]:
    """Per subscriber and paper their last word and when it was said, newest last."""
    found: dict[int, dict[int, tuple[bool, datetime]]] = defaultdict(dict)
    for chunk in chunks(sorted(readers)):
        for reader, paper, liked, at in connection.execute(_newest(chunk)):
            found[reader].pop(paper, None)  # two papers found to be one: what was said last counts
            found[reader][paper] = liked, at
    return found


def _among(column: ColumnElement[int], readers: Sequence[int]) -> ColumnElement[bool]:
    """Whether it is one of these, in order. A shard's are close together: then few others are read, and no list is sent."""
    if readers[-1] - readers[0] < _DENSE * len(readers):
        return column.between(readers[0], readers[-1])
    return column.in_(readers)


_DENSE = 4  # numbers for each reader


def _newest(readers: Sequence[int]) -> Any:
    f = feedback.c
    place = func.row_number().over(partition_by=f.subscriber_id, order_by=(f.at.desc(), f.listing_id.desc()))
    ranked = (
        select(f.subscriber_id, known.c.same_as, f.liked, f.at, f.listing_id, place.label("place"))
        .join_from(feedback, known, known.c.id == f.listing_id)
        .where(_among(f.subscriber_id, readers))
        .subquery()
    )
    c = ranked.c
    columns = (c.subscriber_id, c.same_as, c.liked, c.at)
    return select(*columns).where(c.place <= MOST).order_by(c.subscriber_id, c.at, c.listing_id)


def _unwanted(connection: Connection, readers: Collection[int]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    query = select(forgotten.c.subscriber_id, forgotten.c.key)
    for chunk in chunks(sorted(readers)):
        for reader, key in connection.execute(query.where(_among(forgotten.c.subscriber_id, chunk))):
            found[reader].add(key)
    return found
