"""Prepared messages between the thread that prepares them and those that send them."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition, Lock
from time import monotonic

from digest.model import Claim, Message

_LOOK = 0.1  # seconds between two looks at whether it is time to stop


@dataclass(slots=True)
class Prepared:
    """A message that is ready to be sent, and how far it has come."""

    claim: Claim
    message: Message
    begun: bool | None = None  # None: nobody asked; False: it must not go out
    settled: bool = False  # what became of it is in the ledger, or in the store

    @property
    def email(self) -> str:
        return self.claim.edition.subscriber.email


class Line:
    """A short queue with an end that everybody sees.

    Args:
        stopping: says that nothing more may begin; any thread asks, several at once.
    """

    def __init__(self, stopping: Callable[[], bool]) -> None:
        self._stopping = stopping
        lock = Lock()
        self._work = Condition(lock)  # something to send, or the end
        self._room = Condition(lock)  # for something more, or the end
        self._ready: deque[Prepared] = deque()
        self._busy = 0  # messages in the hands of senders
        self._places = 1  # how many senders there may be
        self._crew = 0  # how many there are
        self._ended = False

    @property
    def over(self) -> bool:
        """Whether nothing more may begin."""
        if not self._ended and self._stopping():
            self._ended = True  # and never False again, whoever else said so while we asked
        return self._ended

    def end(self) -> None:
        """Nothing more may begin."""
        with self._work:
            self._ended = True
            self._work.notify_all()
            self._room.notify_all()

    # --- who prepares ---

    def give(self, prepared: Prepared) -> bool:
        """Queue it as soon as there is room; False if nothing more may begin."""
        with self._room:
            while not self.over and len(self._ready) > self._places:
                self._room.wait(_LOOK)
            if self._ended:
                return False
            self._ready.append(prepared)
            self._work.notify()
            return True

    def drain(self) -> None:
        """Wait until all that was given is sent, or nothing more may begin."""
        with self._room:
            while not self.over and (self._ready or self._busy):
                self._room.wait(_LOOK)

    def pause(self, seconds: float) -> None:
        """Wait so long, or until nothing more may begin."""
        until = monotonic() + seconds
        with self._room:  # which is notified of much else
            while (left := until - monotonic()) > 0 and not self.over:
                self._room.wait(min(left, _LOOK))

    def left(self) -> list[Claim]:
        """What was given and never begun."""
        return [prepared.claim for prepared in self._ready]

    # --- how many send ---

    def allow(self, places: int) -> None:
        """So many senders from now on; those that are too many go."""
        with self._work:
            self._places = places
            self._work.notify_all()

    def enter(self, most: int) -> bool:
        """Whether there is a place for one more sender, of so many that are wanted."""
        with self._work:
            free = self._crew < min(self._places, most) and not self.over
            self._crew += free
            return free

    def leave(self) -> int:
        """One sender less; returns how many are left. There is no place for another until `allow` says so."""
        with self._work:
            self._crew -= 1
            self._places = min(self._places, max(1, self._crew))
            return self._crew

    # --- who sends ---

    def take(self, *, wait: bool = True) -> Prepared | None:
        """The next one; None if there is none (yet, unless it may `wait`), or too many senders.

        Who waited and gets None has left: each is counted before the next one is asked, so that not all of them go.
        """
        with self._work:
            while not self.over and self._crew <= self._places:
                if self._ready:
                    self._busy += 1
                    self._room.notify_all()
                    return self._ready.popleft()
                if not wait:
                    return None
                self._work.wait(_LOOK)
            self._crew -= wait
            return None

    def done(self, prepared: Prepared) -> None:
        """It is out of the sender's hands: back at the head of the line, if nothing became of it."""
        with self._work:
            self._busy -= 1
            if not prepared.settled and not prepared.begun:
                self._ready.appendleft(prepared)
            self._work.notify_all()
            self._room.notify_all()
