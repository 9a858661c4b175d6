"""What was made once and may be asked for again."""

from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Cache(Generic[Key, Value]):
    """Holds about `limit` of weight at most, and forgets what was not asked for lately.

    Two generations instead of an order: when the young weigh half of the limit they become the old, and what of those is
    not asked for until the next turn goes. So a hit costs one look.
    """

    def __init__(self, limit: int) -> None:
        self._half = limit // 2
        self.clear()

    def clear(self) -> None:
        self._young: dict[Key, tuple[Value, int]] = {}
        self._old: dict[Key, tuple[Value, int]] = {}
        self._weights = [0, 0]  # of the young, of the old

    def get(self, key: Key) -> Value | None:
        found = self._young.get(key)
        if found is None:
            if not self._old or (found := self._old.get(key)) is None:
                return None
            self.put(key, *found)
        return found[0]

    def put(self, key: Key, value: Value, weight: int = 1) -> None:
        """Keep it; put again, it weighs what is said last."""
        known = self._young.get(key)
        self._weights[0] += weight - (known[1] if known else 0)
        self._young[key] = value, weight
        if self._weights[0] > self._half and len(self._young) > 1:
            self._old, self._young = self._young, {}
            self._weights = [0, self._weights[0]]

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())

    @property
    def weight(self) -> int:
        return sum(self._weights)
