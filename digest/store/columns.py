"""Column types that mean the same on SQLite and PostgreSQL."""

import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Any

from sqlalchemy import DateTime, Dialect, LargeBinary, Text
from sqlalchemy.types import TypeDecorator

from digest.errors import StoreError
from digest.model import Background
from digest.store import codec


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept as UTC: text that sorts on SQLite, `timestamptz` on PostgreSQL. Refuses naive ones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = codec.utc(value)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Word(TypeDecorator[Any]):
    """One of the model's enums, kept as its word."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else self.kind(value)


class Document(TypeDecorator[Any]):
    """A value of the model as JSON text; `ascii_only=False` where the text must stay searchable."""

    impl = Text
    cache_ok = True

    def __init__(self, hint: Any, *, ascii_only: bool = True) -> None:
        super().__init__()
        self.hint = hint
        self.ascii_only = ascii_only

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else codec.dumps(self.hint, value, ascii_only=self.ascii_only)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else read(partial(codec.loads, self.hint), value)


class Packed(TypeDecorator[Any]):
    """A value of the model as compressed JSON, for what is only ever read as a whole."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, hint: Any) -> None:
        super().__init__()
        self.hint = hint

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        return None if value is None else codec.pack(self.hint, value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else read(partial(codec.unpack, self.hint), value)


class Counts(TypeDecorator[Background]):
    """A count of words, to thousandths of a paper: read for every shard, in a fifth of the time that JSON takes."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Background | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        return None if value is None else _pack_counts(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Background | None:  # noqa: ARG002
        return None if value is None else read(_unpack_counts, value)


_SUMS = struct.Struct("<3dI")  # papers, words of titles, words of abstracts; how many forms follow


def _pack_counts(background: Background) -> bytes:
    forms = sorted(background.holders)  # neighbours alike are packed smaller
    sums = _SUMS.pack(background.papers, background.title_words, background.abstract_words, len(forms))
    holders = struct.pack(f"<{len(forms)}Q", *(round(1000 * background.holders[form]) for form in forms))
    return zlib.compress(sums + holders + "\n".join(forms).encode())


def _unpack_counts(packed: bytes) -> Background:
    content = zlib.decompress(packed)
    papers, title_words, abstract_words, size = _SUMS.unpack_from(content)
    holders = struct.unpack_from(f"<{size}Q", content, _SUMS.size)
    forms = content[_SUMS.size + 8 * size :].decode().split("\n") if size else []
    return Background(papers, title_words, abstract_words, {f: n / 1000 for f, n in zip(forms, holders, strict=True)})


def read(reader: Callable[[Any], Any], value: Any) -> Any:
    """Raises StoreError for what no version of this program wrote."""
    with understood(value):
        return reader(value)


@contextmanager
def understood(value: Any) -> Iterator[None]:
    """Raises StoreError for what no version of this program wrote, which `value` is a part of."""
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, struct.error, zlib.error) as error:
        raise StoreError(
            f"the database holds something that was not written by this program: {error}: {value[:80]!r}; "
            "restore a backup, or undo what was changed by hand"
        ) from error
