"""Whole numbers as bytes, small ones in one: seven bits a byte, the lowest first, the eighth says that more follow.

As in protocol buffers (https://protobuf.dev/programming-guides/encoding/#varints); those that may be negative are
folded into 0, -1, 1, -2, ... as there.
"""

import struct
from typing import Any


def written(*numbers: int) -> bytes:
    """Numbers that are not negative."""
    content = bytearray()
    for number in numbers:
        left = number
        while left > 0x7F:
            content.append(left & 0x7F | 0x80)
            left >>= 7
        content.append(left)
    return bytes(content)


def folded(number: int) -> int:
    """Any number as one that is not negative."""
    return number << 1 if number >= 0 else (-number << 1) - 1


def unfolded(number: int) -> int:
    """Undoes `folded`."""
    return -((number + 1) >> 1) if number & 1 else number >> 1


class Reader:
    """What is left of some bytes to be read."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    @property
    def at_end(self) -> bool:
        return self._at >= len(self._content)

    def number(self) -> int:
        """The next number.

        Raises:
            IndexError: there is none.
        """
        number = shift = 0
        while True:
            byte = self._content[self._at]
            self._at += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
            shift += 7

    def raw(self, size: int) -> bytes:
        """So many bytes.

        Raises:
            IndexError: there are not as many.
        """
        end = self._at + size
        if end > len(self._content):
            raise IndexError(f"{size} bytes are missing at {self._at} of {len(self._content)}")
        found = self._content[self._at : end]
        self._at = end
        return found

    def packed(self, kind: str, count: int) -> tuple[Any, ...]:
        """So many numbers of a kind that `struct` knows, little-endian.

        Raises:
            IndexError: there are not as many.
        """
        whole = f"<{count}{kind}"
        return struct.unpack(whole, self.raw(struct.calcsize(whole)))

    def rest(self) -> bytes:
        """All that is left."""
        return self.raw(len(self._content) - self._at)
