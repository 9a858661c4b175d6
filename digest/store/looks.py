"""Subscribers as their editions show them.

An edition does not say who its subscriber was when it was composed: they are as they are now. Whoever changes something
leaves behind what they were; from then on their editions up to that moment are of that subscriber.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from operator import attrgetter

from sqlalchemy import Connection, func, select

from digest.model import Subscriber
from digest.store import subscribers as people
from digest.store.schema import editions, looks
from digest.store.sql import insert, rows_with

_PROGRESS = frozenset({"cursor", "last_issue"})  # is another in every edition, and kept there
_WANTED = attrgetter(*(part.name for part in fields(Subscriber) if part.name not in _PROGRESS))


def is_same(one: Subscriber, other: Subscriber) -> bool:
    """Whether they differ in nothing but how far they have been served."""
    return bool(_WANTED(one) == _WANTED(other))


def leave(connection: Connection, before: Iterable[Subscriber]) -> None:
    """Keep how these subscribers were up to now; their rows are locked, so that no edition comes in between."""
    former = {each.id: each for each in before}
    newest = select(editions.c.subscriber_id, func.max(editions.c.id)).group_by(editions.c.subscriber_id)
    last = dict(rows_with(connection, newest, editions.c.subscriber_id, former))
    rows = [{"subscriber_id": n, "edition_id": edition, "content": former[n]} for n, edition in last.items()]
    if rows:  # of two changes after one edition, the first has left what it shows
        connection.execute(insert(connection, looks).on_conflict_do_nothing(), rows)


def of(connection: Connection, shown: Mapping[int, int]) -> dict[int, Subscriber]:
    """The subscriber of each of these editions, which are given with their subscribers' numbers."""
    readers = set(shown.values())
    now = people.all_numbered(connection, readers)
    former = _former(connection, readers)
    return {
        edition: next((look for last, look in former.get(reader, ()) if edition <= last), None) or now[reader]
        for edition, reader in shown.items()
    }


def _former(connection: Connection, readers: Collection[int]) -> dict[int, list[tuple[int, Subscriber]]]:
    """What they were, with the last edition that shows it, by subscriber, the oldest first."""
    c = looks.c
    query = select(c.subscriber_id, c.edition_id, c.content).order_by(c.subscriber_id, c.edition_id)
    found: dict[int, list[tuple[int, Subscriber]]] = {}
    for reader, edition, look in rows_with(connection, query, c.subscriber_id, readers):
        found.setdefault(reader, []).append((edition, look))
    return found
