"""What was read of late, so that it need not be read again."""

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """Values that never change, by their keys: the `limit` last asked for and at most as many older ones.

    Who asks again gets the very same object. Threads may share it: two that need the same at once may both read it.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._young: dict[Key, Value] = {}
        self._old: dict[Key, Value] = {}

    def of(self, keys: Iterable[Key], read: Callable[[list[Key]], Mapping[Key, Value]]) -> dict[Key, Value]:
        """Their values; `read` is asked for those that are not there."""
        young, old = self._young, self._old
        found: dict[Key, Value] = {}
        missing = []
        for key in keys:
            if key in young:
                found[key] = young[key]
            elif key in old:
                found[key] = old[key]
            else:
                missing.append(key)
        if missing:
            found |= read(missing)
        young.update(found)
        if len(young) > self._limit:
            self._old, self._young = young, {}
        return found
