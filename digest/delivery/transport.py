"""What every way out has in common."""

from collections.abc import Callable
from typing import Protocol

from digest.model import Message, Outcome


class CheckedTransport(Protocol):
    """A transport that can be tried without sending anything."""

    def send(self, message: Message, commit: Callable[[], bool], following: Message | None = None) -> Outcome: ...
    def close(self) -> None: ...
    def check(self) -> str: ...
