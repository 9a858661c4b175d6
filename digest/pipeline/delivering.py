"""Sending what is pending."""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from digest import pacing
from digest.errors import DigestError, RelayError
from digest.model import Claim, Ended, Outcome, State, Verdict
from digest.pipeline.parts import Delivered, Parts, Transport

log = structlog.get_logger(__name__)

BATCH = 50  # deliveries claimed at a time
LEASE = timedelta(minutes=15)  # longer than the 10 minutes SMTP may take after the final dot (RFC 5321, 4.5.3.2)


def deliver(
    parts: Parts,
    now: Callable[[], datetime],
    *,
    only: str | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> Delivered:
    """Send what is pending or due for another try, until nothing is left, the relay fails, or `stopping` says so."""
    round_ = _Round(parts, now, stopping)
    try:
        while not stopping() and (claims := _claim(parts, now(), only)):
            round_.run(claims)
    except RelayError as error:
        log.warning("relay unusable", reason=str(error))
        return round_.delivered(relay=str(error))
    finally:
        round_.close()
    return round_.delivered()


def _claim(parts: Parts, now: datetime, only: str | None) -> list[Claim]:
    return parts.store.claim(
        now,
        worker=parts.worker,
        lease=LEASE,
        limit=BATCH,
        subscriber=only,
        on_unknown=parts.limits.on_unknown,
        expiry=parts.limits.expiry,
    )


class _Round:
    """One round of deliveries over one transport."""

    def __init__(self, parts: Parts, now: Callable[[], datetime], stopping: Callable[[], bool]) -> None:
        self._parts = parts
        self._now = now
        self._stopping = stopping
        self._transport: Transport | None = None
        self._counts: Counter[Verdict] = Counter()

    def run(self, claims: Sequence[Claim]) -> None:
        """Send these; whatever is not begun when it must end goes back unharmed."""
        waiting = deque(claims)
        try:
            while waiting and not self._stopping():
                self._attempt(waiting[0])
                waiting.popleft()
        finally:
            self._parts.store.release(list(waiting), until=self._now())

    def _attempt(self, claim: Claim) -> None:
        try:
            message = self._parts.renderer.message(claim.edition)
        except Exception as error:  # a template or an address that breaks one message must not stop the rest
            ours = not isinstance(error, DigestError)  # what is raised on purpose says where; a fault of ours does not
            log.error("cannot render", subscriber=claim.edition.subscriber.email, reason=str(error), exc_info=ours)
            outcome = Outcome(Verdict.DEFERRED, f"cannot be rendered: {error}")
        else:
            outcome = self._open().send(
                message, lambda: claim.id in self._parts.store.progress([claim], (), self._now())
            )
        settled = pacing.settle(outcome, claim, self._now(), self._parts.limits)
        self._parts.store.progress((), [Ended(claim, outcome, settled)], self._now())
        self._counts[Verdict.FAILED if settled.state is State.FAILED else outcome.verdict] += 1

    def _open(self) -> Transport:
        if self._transport is None:
            self._transport = self._parts.transport()
        return self._transport

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
        if not self._counts:
            self._parts.renderer.forget()

    def delivered(self, relay: str | None = None) -> Delivered:
        sent, deferred, failed, unknown = (self._counts[verdict] for verdict in Verdict)
        return Delivered(sent, deferred, failed, unknown, relay)
