"""Subscribers by the thousand: what many of them have alike is read once, and the rest in as few calls as can be."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from typing import Any

from sqlalchemy import Connection, Select, Text, type_coerce

from digest.model import Schedule, Subscriber
from digest.model.many import many
from digest.store import codec
from digest.store.columns import Document, Word
from digest.store.schema import subscribers

SCHEDULE = tuple(Schedule.__dataclass_fields__)  # the columns of a schedule
OWN = tuple(name for name in Subscriber.__dataclass_fields__ if name != "schedule")  # and of the rest


def _as_kept(name: str) -> Any:
    """A column, without what its type makes of each value by itself."""
    column = subscribers.c[name]
    return type_coerce(column, Text) if isinstance(column.type, Document | Word) else column


COLUMNS = [_as_kept(name) for name in (*OWN, *SCHEDULE)]


def read(connection: Connection, query: Select[Any]) -> list[Subscriber]:
    """The subscribers that a query finds, which asks for `COLUMNS`."""
    rows = connection.execute(query).all()
    found = dict(zip((*OWN, *SCHEDULE), zip(*rows, strict=True), strict=True)) if rows else {}
    if not found:
        return []
    values = {name: _values(name, found[name]) for name in found}
    schedules = map(cache(Schedule), *(values[name] for name in SCHEDULE))
    columns = {**values, "schedule": schedules}
    return many(Subscriber, len(rows), *(columns[name] for name in Subscriber.__dataclass_fields__))


def _values(name: str, kept: Sequence[Any]) -> Iterable[Any]:
    """What the model has for the values of a column, as they are kept."""
    kind = subscribers.c[name].type
    if isinstance(kind, Document):
        distinct = list(dict.fromkeys(kept))
        return map(dict(zip(distinct, _documents(kind, distinct), strict=True)).__getitem__, kept)
    if isinstance(kind, Word):
        return map(cache(partial(kind.process_result_value, dialect=None)), kept)  # type: ignore[arg-type]
    return kept


def _documents(kind: Document, texts: Sequence[str]) -> list[Any]:
    """All of them as one text, which is read much faster than each; if one is damaged, it is found by itself."""
    try:
        return codec.loads_many(kind.hint, texts)
    except (ValueError, LookupError, TypeError, AttributeError):
        one: Callable[[str], Any] = partial(kind.process_result_value, dialect=None)  # type: ignore[arg-type]
        return list(map(one, texts))
