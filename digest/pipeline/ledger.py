"""What sender threads do, written down many at a time: whoever comes first writes for all who wait."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from time import monotonic, sleep

import structlog

from digest.errors import StoreError
from digest.model import Claim, Ended
from digest.pipeline.parts import Store

log = structlog.get_logger(__name__)

_PATIENCE = 60.0  # seconds for which an outcome that cannot be written is tried again
_PAUSE = 0.5  # seconds between two tries


@dataclass(slots=True)
class _Asked:
    """A message that waits for its `sending` to be on the disk."""

    claim: Claim
    may: bool | None = None
    error: Exception | None = None  # why nothing could be written

    @property
    def answered(self) -> bool:
        return self.may is not None or self.error is not None


class Ledger:
    """A group commit over `Store.progress`. Threads share it.

    What is to begin waits for the transaction that says so. How an attempt ended goes with the next one, or with
    `flush`: whoever ends a message and begins no other has to flush. So a connection never has more than one message
    whose outcome it knows and the store does not.
    """

    def __init__(self, store: Store, now: Callable[[], datetime], *, patience: float = _PATIENCE) -> None:
        self.apart = 0.0  # seconds between two transactions, at least: the more is written at once, the less it costs
        self._store = store
        self._now = now
        self._patience = patience
        self._last = 0.0  # when anything was written
        self._queue = Lock()  # over the two lists
        self._writing = Lock()  # held while one writes for all
        self._begun: list[_Asked] = []
        self._ended: list[Ended] = []

    def begin(self, claim: Claim) -> bool:
        """Whether this may be handed over; if so, that is on the disk.

        Raises:
            Exception: what the store raised; nothing may be handed over then.
        """
        asked = _Asked(claim)
        with self._queue:
            self._begun.append(asked)
        with self._writing:
            if not asked.answered:  # else somebody wrote it while we waited for our turn
                sleep(max(0.0, self._last + self.apart - monotonic()))
                self._write()
        if asked.error is not None:
            raise asked.error
        return bool(asked.may)

    def end(self, ended: Ended) -> None:
        """Remember how an attempt went."""
        with self._queue:
            self._ended.append(ended)

    def flush(self) -> None:
        """Write down all that is over. Raises what the store raises; it is kept for another try then."""
        if self._ended:
            with self._writing:
                if error := self._write():
                    raise error

    def close(self, give_back: Callable[[], None] = lambda: None) -> None:
        """Write down what is left, and `give_back` what was not begun, trying for a while; the leases settle the rest."""
        deadline, is_back = monotonic() + self._patience, False
        while self._ended or not is_back:
            last = monotonic() >= deadline
            for ended in list(self._ended):  # each by itself: one of them may be why nothing can be written
                self._write_one(ended, last=last)
            is_back = is_back or self._given_back(give_back, last=last)
            if self._ended or not is_back:
                sleep(_PAUSE)

    def _given_back(self, give_back: Callable[[], None], *, last: bool) -> bool:
        """Whether there is no more to be done about it."""
        try:
            give_back()
        except StoreError as error:
            if last:
                log.warning("cannot give claims back", reason=str(error))
            return last
        return True

    def _write_one(self, ended: Ended, *, last: bool) -> None:
        try:
            self._store.progress((), [ended], self._now())
        except Exception as error:  # whatever it is, it must not keep the others from being written
            if not last:
                return
            email, verdict = ended.claim.edition.subscriber.email, ended.outcome.verdict.value
            log.error("cannot write an outcome", subscriber=email, verdict=verdict, reason=str(error))
        self._ended.remove(ended)

    def _write(self) -> Exception | None:
        """Everything that waits, in one transaction. Called by who holds `_writing`."""
        with self._queue:
            begun, self._begun = self._begun, []
            ended, self._ended = self._ended, []
        error = self._progress(begun, ended) if begun or ended else None
        self._last = monotonic()
        if error is not None:
            with self._queue:
                self._ended[:0] = ended
            for asked in begun:
                asked.error = error
        return error

    def _progress(self, begun: Sequence[_Asked], ended: Sequence[Ended]) -> Exception | None:
        try:
            may = self._store.progress([asked.claim for asked in begun], ended, self._now())
        except Exception as error:  # nobody may wait for ever, nor send
            return error
        for asked in begun:
            asked.may = asked.claim.id in may
        return None
