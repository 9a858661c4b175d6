"""The model's values as JSON and back, driven by their type hints, so that there is no second list of fields.

Every field is written, also where it holds its default: a default that changes later must not change what was kept.
A field that was added to the model later takes its default when an older document is read.
"""

import dataclasses
import json
import types
import typing
import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time
from enum import StrEnum
from functools import cache
from operator import index
from typing import Any

Convert = Callable[[Any], Any]


def utc(moment: datetime) -> datetime:
    """The same instant in UTC.

    Raises:
        ValueError: `moment` has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone says nothing: {moment!r}")
    return moment.astimezone(UTC)


# int() and float() also turn numpy's numbers into ones that json knows.
_TO_JSON: Mapping[Any, Convert] = {
    str: str,
    bool: bool,
    int: index,
    float: float,
    datetime: lambda moment: utc(moment).isoformat(),
    date: date.isoformat,
    time: time.isoformat,
}
_FROM_JSON: Mapping[Any, Convert] = {
    str: str,
    bool: bool,
    int: int,
    float: float,
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    time: time.fromisoformat,
}


def _optional(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)


def _part(hint: Any) -> Any:
    """What is inside `X | None`, `tuple[X, ...]`, `frozenset[X]` or `Mapping[str, X]`."""
    inside = [argument for argument in typing.get_args(hint) if argument not in (types.NoneType, Ellipsis)]
    return inside[-1]


@cache
def encoder(hint: Any) -> Convert:
    """The function that turns a value of this type into what `json` can write."""
    origin = typing.get_origin(hint)
    if dataclasses.is_dataclass(hint):
        fields = [(name, encoder(inner)) for name, inner in typing.get_type_hints(hint).items()]
        return lambda value: {name: encode(getattr(value, name)) for name, encode in fields}
    if origin in (types.UnionType, typing.Union):
        return _optional(encoder(_part(hint)))
    if origin is Mapping:
        of_value = encoder(_part(hint))
        return lambda mapping: {key: of_value(value) for key, value in mapping.items()}
    if origin in (tuple, frozenset):
        of_item, order = encoder(_part(hint)), sorted if origin is frozenset else tuple
        return lambda items: [of_item(item) for item in order(items)]
    return str if issubclass(hint, StrEnum) else _TO_JSON[hint]


@cache
def decoder(hint: Any) -> Convert:
    """The function that undoes `encoder`. What it is given, it may change."""
    origin = typing.get_origin(hint)
    if dataclasses.is_dataclass(hint):
        return _record(hint)
    if origin in (types.UnionType, typing.Union):
        return _optional(decoder(_part(hint)))
    if origin is Mapping:
        of_value = decoder(_part(hint))
        return lambda written: {key: of_value(value) for key, value in written.items()}
    if origin in (tuple, frozenset):
        of_item, collect = decoder(_part(hint)), typing.cast("Callable[[Any], Collection[Any]]", origin)
        return collect if of_item is str else lambda written: collect(map(of_item, written))
    return _member(hint) if issubclass(hint, StrEnum) else _FROM_JSON[hint]


_AS_IN_JSON = frozenset({str, bool, float, types.NoneType})  # what `json` reads as what `encoder` wrote


def _record(hint: Any) -> Convert:
    """Editions hold hundreds of records, and are read by the thousand: no call where nothing has to be done."""
    fields = typing.get_type_hints(hint)
    converted = [(name, decoder(inner)) for name, inner in fields.items() if not _alternatives(inner) <= _AS_IN_JSON]

    def make(written: dict[str, Any]) -> Any:
        for name, convert in converted:
            if name in written:
                written[name] = convert(written[name])
        try:
            return hint(**written)
        except TypeError:  # an older document has a field that is no more
            return hint(**{name: part for name, part in written.items() if name in fields})

    return make


def _alternatives(hint: Any) -> set[Any]:
    is_union = typing.get_origin(hint) in (types.UnionType, typing.Union)
    return set(typing.get_args(hint)) if is_union else {hint}


def _member(kind: type[StrEnum]) -> Convert:
    members = {member.value: member for member in kind}
    return members.__getitem__  # a quarter of the time that calling the enum takes


def dumps(hint: Any, value: Any, *, ascii_only: bool = True) -> str:
    """Compact JSON. ASCII only, it holds what no database takes as text: NUL and lone surrogates."""
    return json.dumps(encoder(hint)(value), ensure_ascii=ascii_only, separators=(",", ":"))


def loads(hint: Any, document: str) -> Any:
    return decoder(hint)(json.loads(document))


def loads_many(hint: Any, documents: Sequence[str]) -> list[Any]:
    """The values of many documents.

    Raises:
        ValueError: one of them is damaged.
    """
    written = json.loads(f"[{','.join(documents)}]")
    if len(written) != len(documents):
        raise ValueError(f"{len(documents)} documents hold {len(written)} values")
    return list(map(decoder(hint), written))


def pack(hint: Any, value: Any) -> bytes:
    """Compressed JSON: what is only ever read as a whole."""
    return zlib.compress(dumps(hint, value).encode())


def unpack(hint: Any, packed: bytes) -> Any:
    document = zlib.decompress(packed)
    try:
        return _swift(hint)(document)
    except ValueError:  # half a surrogate, which it does not take, or nothing of ours
        return loads(hint, document.decode())


@cache
def _swift(hint: Any) -> Convert:
    """What reads such documents in 40 % of the time: an edition in 0.11 ms instead of 0.28."""
    from pydantic import TypeAdapter  # as late as that: not every command reads an edition

    read: Convert = TypeAdapter(hint).validate_json
    return read
