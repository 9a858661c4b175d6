"""Sending what is pending: one thread claims, renders and signs; others send, each over a connection of its own.

    store.claim -> gate.sift -> renderer.message -> sign -> Line -> Sender -> Ledger -> store.progress
                                                                     transport.send

Nothing is begun before the store has written so, and an outcome is written with whatever begins next. When it is to
stop, the messages in hand are finished and all other claims go back unharmed.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from threading import Thread

import structlog

from digest.errors import DigestError
from digest.model import Claim, Outcome, Verdict
from digest.pipeline.gate import Gate
from digest.pipeline.ledger import Ledger
from digest.pipeline.line import Line, Prepared
from digest.pipeline.parts import Delivered, Parts
from digest.pipeline.sending import Desk, Sender

log = structlog.get_logger(__name__)

BATCH = 100  # deliveries claimed at a time
LEASE = timedelta(minutes=15)  # longer than the 10 minutes SMTP may take after the final dot (RFC 5321, 4.5.3.2)
_APART = timedelta(milliseconds=1)  # for each connection, between two transactions of the ledger
_LONGEST_APART = timedelta(milliseconds=8)
_PER_CONNECTION = 10  # messages for which a further connection is worth its greeting


def deliver(  # noqa: PLR0913  (which deliveries, and until when)
    parts: Parts,
    now: Callable[[], datetime],
    *,
    only: str | None = None,
    patient: bool = True,
    most: int | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> Delivered:
    """Send what is pending or due for another try, until nothing is left, the relay fails, or `stopping` says so.

    With `most`, it ends once so many were claimed; those that were put off count, too.

    Who asked for this by hand is not `patient`: a relay that failed is tried again.

    Raises:
        StoreError: the store cannot be read or written; what was in hand is finished, what was not goes back.
    """
    round_ = _Round(parts, now, _Asked(only=only, most=most, patient=patient), stopping)
    try:
        round_.run()
    finally:
        round_.close()
    return round_.delivered()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Which deliveries a round is about."""

    only: str | None
    most: int | None
    patient: bool


class _Round:
    """One round of deliveries."""

    def __init__(self, parts: Parts, now: Callable[[], datetime], asked: _Asked, stopping: Callable[[], bool]) -> None:
        self._parts = parts
        self._now = now
        self._only = asked.only
        self._left = asked.most  # to be claimed
        self._gate = Gate(parts.store, parts.limits, now(), patient=asked.patient)
        self._line = Line(stopping)
        self._desk = Desk(parts, now, self._gate, Ledger(parts.store, now), self._line)
        self._threads: list[Thread] = []
        self._waiting: dict[int, Claim] = {}  # claimed, and not yet given to the senders
        self._given = 0
        self._relay: str | None = None

    # --- the order of things ---

    def run(self) -> None:
        """Claim and send, batch by batch, while senders are still at work on the last one."""
        while not self._line.over and self._left != 0 and not self._refused():
            room = self._gate.room(min(BATCH, self._left or BATCH), self._now())
            if claims := self._claim(room) if room else []:
                self._left = None if self._left is None else self._left - len(claims)
                self._allow(self._gate.connections(self._now()))
                self._work_off(claims)
            elif not self._comes_soon():
                return
        if self._left == 0:
            self._line.drain()

    def _refused(self) -> bool:
        """Whether the relay is to be left alone."""
        until = self._gate.refused_until(self._now())
        if until is not None and self._parts.store.waiting(self._now(), most=1):
            self._relay = f"the relay is left alone until {until:%H:%M:%S} UTC, after what it said before"
        return until is not None

    def _claim(self, room: int) -> list[Claim]:
        limits = self._parts.limits
        return self._parts.store.claim(
            self._now(),
            worker=self._parts.worker,
            lease=LEASE,
            limit=room,
            subscriber=self._only,
            on_unknown=limits.on_unknown,
            expiry=limits.expiry,
        )

    def _work_off(self, claims: Sequence[Claim]) -> None:
        self._waiting |= {claim.id: claim for claim in claims}
        sifted = self._gate.sift(claims, self._now())
        self._put_off(sifted.later)
        for claim, at in sifted.go:
            self._line.pause((at - self._now()).total_seconds())
            if self._line.over or not self._hand_on(claim):
                return

    def _hand_on(self, claim: Claim) -> bool:
        """Prepare one message for the senders; False if nothing more may begin."""
        prepared = self._prepared(claim)
        if prepared is not None and not self._line.give(prepared):
            return False
        del self._waiting[claim.id]
        if prepared is None:
            return True
        self._given += 1
        self._hire()
        return True

    def _comes_soon(self) -> bool:
        """Nothing is due, but something may be in a moment: what is being sent may come back, or was put off."""
        self._line.drain()
        at = self._gate.resume_at(self._now())
        if at is None:
            return False
        self._line.pause((at - self._now()).total_seconds())
        return True

    def _allow(self, connections: int) -> None:
        self._line.allow(connections)
        apart = min(_APART * connections, _LONGEST_APART) if connections > 1 else timedelta(0)
        self._desk.ledger.apart = apart.total_seconds()

    # --- its parts ---

    def _prepared(self, claim: Claim) -> Prepared | None:
        try:
            return Prepared(claim, self._parts.sign(self._parts.renderer.message(claim.edition)))
        except Exception as error:  # a template or an address that breaks one message must not stop the rest
            ours = not isinstance(error, DigestError)  # what is raised on purpose says where; a fault of ours does not
            log.error("cannot render", subscriber=claim.edition.subscriber.email, reason=str(error), exc_info=ours)
            self._desk.over(claim, Outcome(Verdict.DEFERRED, f"cannot be rendered: {error}"))
            return None

    def _hire(self) -> None:
        """A sender more, if there is work for it. The first one is alone until the relay has taken or refused something."""
        wanted = 1 + self._given // _PER_CONNECTION if self._desk.tally.counts else 1
        if self._line.enter(wanted):
            thread = Thread(target=Sender(self._desk).run, name=f"sender {len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _put_off(self, later: Iterable[tuple[Claim, datetime]]) -> None:
        for until, group in groupby(later, key=itemgetter(1)):
            claims = [claim for claim, _ in group]
            self._parts.store.release(claims, until)
            for claim in claims:
                del self._waiting[claim.id]

    def close(self) -> None:
        """Let messages in hand be finished; give back all that was not begun."""
        self._line.end()
        for thread in self._threads:
            thread.join()
        self._desk.ledger.close(self._give_back)
        if not self._desk.tally.counts:
            self._parts.renderer.forget()

    def _give_back(self) -> None:
        """What no sender has handed over, whatever the store made of a try to say that one would."""
        self._parts.store.release(self._line.left(), self._now(), unsent=True)
        self._parts.store.release([*self._waiting.values()], self._now())

    def delivered(self) -> Delivered:
        """What it came to. Raises what ended it, if that was no fault of the relay."""
        tally = self._desk.tally
        if tally.failure:
            raise tally.failure
        relay = tally.relay or self._relay
        if relay:
            log.warning("relay unusable", reason=relay)
        if tally.refused:
            log.error("what we say is refused: the round has ended", reason=tally.refused)
        if tally.noted:
            log.error("not sent again: the delivery log has what the database does not know", messages=tally.noted)
        sent, deferred, failed, unknown = (tally.counts[verdict] for verdict in Verdict)
        return Delivered(sent, deferred, failed, unknown, relay, tally.refused, tally.noted)
