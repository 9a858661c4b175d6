"""What can go wrong between a source and us. Private to this room: outside it is a `model.Problem`.

FetchError              words for people; `not_before` if the source asked for silence
 ├─ UnreachableError    no answer, or not the whole of it: no connection, too slow, broken off
 ├─ PausedError         asked to stay away for a while (HTTP 429, 503 with Retry-After), or still within that time
 ├─ RefusedError        answered, but not with what was asked for; holds the answer
 └─ UnreadableError     answered 200 with something that is not a listing
"""

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digest.sources.client import Answer


class FetchError(Exception):
    """A source could not be read."""

    def __init__(self, what: str, not_before: datetime | None = None) -> None:
        self.what = what
        self.not_before = not_before
        super().__init__(what)


class UnreachableError(FetchError):
    """No answer, or not the whole of it."""


class PausedError(FetchError):
    """The source wants silence until `not_before`."""

    not_before: datetime


class RefusedError(FetchError):
    """The source answered with another status than 200."""

    def __init__(self, what: str, answer: "Answer") -> None:
        self.answer = answer
        super().__init__(what)


class UnreadableError(FetchError):
    """The source answered with something that is not a listing."""
