"""Many values of one kind at once."""

from collections import deque
from collections.abc import Iterable
from itertools import repeat
from typing import TypeVar

T = TypeVar("T")


def many(kind: type[T], count: int, *columns: Iterable[object]) -> list[T]:
    """So many values of a frozen dataclass with slots, of which each column holds one field, in their order.

    As good as calling it for each, in less than half the time: a frozen dataclass sets every field by a call.
    """
    made = list(map(kind.__new__, repeat(kind, count)))
    for name, column in zip(kind.__dataclass_fields__, columns, strict=True):  # type: ignore[attr-defined]
        deque(map(getattr(kind, name).__set__, made, column), maxlen=0)
    return made
