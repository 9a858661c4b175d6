"""One thread that sends what is prepared, over a connection of its own."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

import structlog

from digest import pacing
from digest.errors import RelayError, StoreError
from digest.model import TAKEN_BEFORE, Blame, Cause, Claim, Ended, Outcome, Verdict
from digest.pipeline.gate import Gate
from digest.pipeline.ledger import Ledger
from digest.pipeline.line import Line, Prepared
from digest.pipeline.parts import Parts, Transport

log = structlog.get_logger(__name__)

_MOST_REFUSALS = 3  # messages in a row whose words are refused
_HALFWAY = "the attempt broke off after the message was handed over"


@dataclass(slots=True)
class Tally:
    """What came of a round so far. Threads share it."""

    lock: Lock = field(default_factory=Lock)
    counts: Counter[Verdict] = field(default_factory=Counter)
    noted: int = 0  # of those sent, that only the delivery log knew of
    refusals: int = 0  # in a row
    refused: str | None = None  # the words with which they ended the round
    relay: str | None = None  # why there is no connection left
    failure: Exception | None = None  # of the store, or a fault of ours


@dataclass(frozen=True, slots=True)
class Desk:
    """What the senders of a round share."""

    parts: Parts
    now: Callable[[], datetime]
    gate: Gate
    ledger: Ledger
    line: Line
    tally: Tally = field(default_factory=Tally)

    def over(self, claim: Claim, outcome: Outcome) -> None:
        """An attempt has ended."""
        now = self.now()
        settled = pacing.settle(outcome, claim, now, self.parts.limits, self._heard(claim, outcome, now))
        self.ledger.end(Ended(claim, outcome, settled))
        with self.tally.lock:
            self.tally.counts[Verdict(settled.state)] += 1  # a refusal may be put off

    def _heard(self, claim: Claim, outcome: Outcome, now: datetime) -> datetime | None:
        try:
            return self.gate.heard(claim, outcome, now)
        except StoreError as error:  # no reason to forget what became of the message
            log.warning("cannot keep the pace", reason=str(error))
            return None


class Sender:
    """Sends until nothing is left to send, or its connection fails."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._parts = desk.parts
        self._line = desk.line
        self._transport: Transport | None = None
        self._following: Prepared | None = None  # taken before its turn, as the transport was told of it

    def run(self) -> None:
        """Never raises; what ends it is in the tally."""
        try:
            while prepared := self._next():
                self._handle(prepared)
        except RelayError as error:
            self._leave(error)
        except Exception as error:  # a store that cannot be written to, or a fault of ours: nobody may wait for us
            self._fail(error)
            self._leave()
        else:  # the line has counted it out
            self._put_down()

    def _next(self) -> Prepared | None:
        """The next message; before waiting for one, what is over is written down."""
        prepared = self._following or self._line.take(wait=False)
        self._following = None
        if prepared is None:
            self._desk.ledger.flush()
            prepared = self._line.take()
        return prepared

    def _handle(self, prepared: Prepared) -> None:
        try:
            self._attempt(prepared)
        finally:
            self._line.done(prepared)

    def _attempt(self, prepared: Prepared) -> None:
        """Raises what ends this sender: RelayError, or an error of the store; the message is not begun then."""
        claim, desk = prepared.claim, self._desk
        if desk.line.over:
            return
        if until := desk.gate.stopped(claim, desk.now()):
            self._parts.store.release([claim], until)
            prepared.settled = True
            return
        noted = self._parts.log is not None and self._parts.log.holds(prepared.message)
        outcome = self._not_again(prepared) if noted else self._sent(prepared)
        prepared.settled = True
        if prepared.begun is False:  # its subscriber left, or it is in other hands: there is nothing to say of it
            return
        desk.over(claim, outcome)
        self._mind(prepared, outcome)

    def _not_again(self, prepared: Prepared) -> Outcome:
        self._begin(prepared)
        unknown_here = not (prepared.claim.attempts or prepared.claim.resent)
        with self._desk.tally.lock:
            self._desk.tally.noted += bool(prepared.begun and unknown_here)
        return Outcome(Verdict.SENT, TAKEN_BEFORE)

    def _begin(self, prepared: Prepared) -> bool:
        prepared.begun = self._desk.ledger.begin(prepared.claim)
        return prepared.begun

    def _sent(self, prepared: Prepared) -> Outcome:
        outcome = self._tried(prepared)
        if outcome.verdict is Verdict.SENT:
            self._note(prepared)
        return outcome

    def _tried(self, prepared: Prepared) -> Outcome:
        try:
            transport = self._open()
            following = self._look_ahead()
            ahead = (following.message,) if following else ()
            return transport.send(prepared.message, lambda: self._begin(prepared), *ahead)
        except Exception as error:
            self._close()
            if prepared.begun:  # whatever it was: the message may have gone out
                log.exception("broke off", subscriber=prepared.email)
                return Outcome(Verdict.UNKNOWN, f"{_HALFWAY}: {error}")
            if isinstance(error, RelayError | StoreError):
                raise
            log.exception("cannot send", subscriber=prepared.email)
            return Outcome(Verdict.DEFERRED, f"cannot be sent: {type(error).__name__}: {error}")

    def _look_ahead(self) -> Prepared | None:
        if self._parts.chaining and self._following is None:
            self._following = self._line.take(wait=False)
        return self._following

    def _note(self, prepared: Prepared) -> None:
        if self._parts.log is not None:
            try:
                self._parts.log.note(prepared.claim.edition, prepared.message, self._desk.now())
            except Exception as error:  # whatever it is, the store must learn that the message was taken
                log.error("cannot write the delivery log", reason=str(error))

    def _mind(self, prepared: Prepared, outcome: Outcome) -> None:
        """What an outcome means for others than its message."""
        tally = self._desk.tally
        if outcome.verdict is Verdict.SENT:
            tally.refusals = 0
            return
        said = {"verdict": outcome.verdict, "code": outcome.code, "detail": outcome.detail}
        log.warning("not sent", subscriber=prepared.email, **said)
        if outcome.blame is Blame.MESSAGE:
            with tally.lock:
                tally.refusals += 1
            if tally.refusals >= _MOST_REFUSALS:
                tally.refused = outcome.detail
                self._line.end()
        elif outcome.verdict is Verdict.FAILED and outcome.hopeless:
            self._suppress(prepared.email, outcome.detail)

    def _suppress(self, email: str, detail: str) -> None:
        self._desk.ledger.flush()
        try:
            self._parts.store.suppress(email, Cause.BOUNCE, detail, self._desk.now())
        except StoreError as error:  # the next message to it will fail as this one did
            log.warning("cannot suppress", subscriber=email, reason=str(error))

    # --- the connection ---

    def _open(self) -> Transport:
        if self._transport is None:
            self._transport = self._parts.transport()
        return self._transport

    def _close(self) -> None:
        if self._transport is not None:
            with suppress(Exception):  # it is of no more use, whatever it says
                self._transport.close()
            self._transport = None

    def _leave(self, relay: RelayError | None = None) -> None:
        if self._following:
            self._line.done(self._following)
        self._put_down(relay)
        left = self._line.leave()
        if relay and (relay.kind == "ours" or not left):
            self._desk.tally.relay = str(relay)
            self._line.end()

    def _put_down(self, relay: RelayError | None = None) -> None:
        """Close the connection, and write down what is over."""
        try:
            self._close()
            self._desk.ledger.flush()
            if relay:
                self._desk.gate.broken(relay, self._desk.now())
        except Exception as error:  # the ledger tries again when the round is closed
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._desk.tally.failure = self._desk.tally.failure or error
        self._line.end()
