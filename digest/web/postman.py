"""Sends the small mails that people ask for on the pages, beside the pages themselves.

    a page --Store.wish--> wishes --claim_wishes--> letter (who is known is looked up here, never by the page)
                                                      --transport--> mailed, put off, or dropped

Whoever asks is answered the same, and as fast, whatever address they typed. A wish is held for a few minutes while it is
mailed for; what dies meanwhile leaves it to the next round, so a mail may go out twice, with one Message-ID, and is never
lost.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

import structlog

from digest import pacing, wishing
from digest.errors import MessageError, RelayError, TemplateError
from digest.model import Blame, Errand, Outcome, Pace, Status, Subscriber, Verdict, Wish
from digest.pacing import BREAKER, RELAY, domain_of
from digest.pipeline.gate import Gate
from digest.rendering.letters import Letter
from digest.tokens import Purpose
from digest.web import wished
from digest.web.desk import Desk
from digest.web.leaving import is_paused

if TYPE_CHECKING:
    from digest.pipeline import Transport

log = structlog.get_logger(__name__)

_PAUSE = 2.0  # seconds between two looks: somebody waits for their mail
_REST = 30.0  # seconds after something went wrong
_LEASE = timedelta(minutes=10)
_BATCH = 20
_A_MINUTE = timedelta(minutes=1)
_SUBSCRIBED = (Status.ACTIVE, Status.PAUSED)


def run(desk: Desk, stopping: Event) -> None:
    """Mail for what is asked until it is to stop; for a thread of its own. Raises nothing."""
    pause = _PAUSE
    while not stopping.wait(pause):
        pause = _PAUSE
        try:
            while deliver(desk, desk.clock()) and not stopping.is_set():
                pass
        except Exception as error:  # of the store, most likely: a later look may fare better
            log.error("cannot mail what was asked for on the pages", reason=str(error))
            pause = _REST


def deliver(desk: Desk, now: datetime) -> int:
    """Mail for what is due now, a batch at most; returns how many mails the relay took."""
    mine = desk.store.claim_wishes(now, _LEASE, _BATCH)
    if not mine:
        return 0
    round_ = _Round(desk, now, Gate(desk.parts.store, desk.parts.limits, now))
    try:
        return round_.all_of(mine)
    finally:
        round_.close()


# --- what is said ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of whom a wish is about."""

    there: Subscriber | None  # who has the address of the wish
    mover: Subscriber | None  # whose wish to move it is
    gets_no_mail: bool


def letter_name(wish: Wish, known: Known) -> str | None:
    """Which letter answers a wish; None if none does: to an unknown address goes nothing but a wish to confirm."""
    is_in = known.there is not None and known.there.status in _SUBSCRIBED
    if known.gets_no_mail or (known.there is not None and known.there.status is Status.SUPPRESSED):
        return None
    match wish.errand:
        case Errand.SIGN_UP:
            return "already" if is_in else "confirm"
        case Errand.LINK:
            return "link" if is_in else None
        case Errand.MOVE if known.mover is None or known.mover.status not in _SUBSCRIBED:
            return None
        case Errand.MOVE:
            return "already" if is_in else "move"
    return "moved"


def letter(desk: Desk, wish: Wish, now: datetime) -> Letter | None:
    """The letter that answers a wish, if one does."""
    store = desk.store
    there = store.subscriber(wish.email)
    mover = store.subscriber_numbered(wish.subscriber) if wish.subscriber else None
    name = letter_name(wish, Known(there, mover, store.suppression(wish.email) is not None))
    if name is None:
        return None
    values: dict[str, object] = {}
    if name in ("confirm", "move"):
        values["link"] = wished.link(desk, wish)
    elif there is not None and name in ("already", "link"):
        values["link"] = f"{desk.base}/preferences/{desk.token(there, Purpose.PREFERENCES)}"
        values["is_paused"] = is_paused(there, now)
    return Letter(name, wish.email, now, f"{wish.id} {wish.at.isoformat()}", values)


# --- sending --------------------------------------------------------------------------------------------------------


class _Round:
    """One connection, opened for the first letter, and what comes of each."""

    def __init__(self, desk: Desk, now: datetime, gate: Gate) -> None:
        self._desk = desk
        self._now = now
        self._gate = gate
        self._transport: Transport | None = None

    def close(self) -> None:
        if self._transport is not None:
            with closing(self._transport):
                self._transport = None

    def all_of(self, mine: Sequence[Wish]) -> int:
        """Returns how many mails the relay took."""
        sent = 0
        for place, wish in enumerate(mine):
            try:
                sent += self._one(wish)
            except RelayError as error:
                self._gate.broken(error, self._now)
                log.warning("mail that was asked for on the pages has to wait", reason=str(error))
                self._wait(mine[place:])
                break
        return sent

    def _one(self, wish: Wish) -> bool:
        """Whether the relay took it. Raises RelayError."""
        if until := self._held_up(wish):
            self._desk.store.put_off_wish(wish, until)
            return False
        try:
            outcome = self._sent(wish)
        except (MessageError, TemplateError) as error:
            log.error("cannot write a letter", errand=wish.errand, reason=str(error))
            self._later(wish)
            return False
        if outcome is None:
            self._desk.store.drop_wish(wish)
            return False
        self._over(wish, outcome)
        return outcome.verdict is Verdict.SENT

    def _sent(self, wish: Wish) -> Outcome | None:
        """What became of it; None if there is nothing to say."""
        own = letter(self._desk, wish, self._now)
        if own is None:
            return None
        message = self._desk.parts.sign(self._desk.renderer.letter(own))
        if self._transport is None:
            self._transport = self._desk.parts.transport()
        try:
            return self._transport.send(message, lambda: True)
        except RelayError:
            raise
        except Exception as error:  # whatever it was, the mail may have gone out: no reason to lose the others
            self.close()
            log.exception("broke off", errand=wish.errand)
            return Outcome(Verdict.UNKNOWN, f"{type(error).__name__}: {error}")

    def _over(self, wish: Wish, outcome: Outcome) -> None:
        parts, store = self._desk.parts, self._desk.store
        if outcome.blame is Blame.PROVIDER:
            parts.store.repace(domain_of(wish.email), partial(pacing.throttled, now=self._now))
        if outcome.code is not None:  # whatever the relay said: it answers
            self._answers()
        is_retried = outcome.verdict is Verdict.DEFERRED or (
            outcome.verdict is Verdict.UNKNOWN and parts.limits.on_unknown == "resend"
        )
        if outcome.verdict is not Verdict.SENT:
            log.warning("letter not sent", errand=wish.errand, verdict=outcome.verdict, detail=outcome.detail)
        if is_retried:
            self._later(wish)
        else:  # also what was refused for good: asking again at once would be refused again
            store.wish_mailed(wish, self._now)

    def _answers(self) -> None:
        if self._desk.parts.store.paces().get(BREAKER, Pace(BREAKER)).strikes:
            self._desk.parts.store.repace(BREAKER, lambda pace: Pace(pace.key))

    def _later(self, wish: Wish) -> None:
        until = wishing.retry(wish, self._now)
        if until is None:
            self._desk.store.drop_wish(wish)
        else:
            self._desk.store.put_off_wish(wish, until)

    def _wait(self, rest: Sequence[Wish]) -> None:
        """All of these, until the relay may be tried again."""
        until = self._gate.refused_until(self._now) or self._now + _A_MINUTE
        for wish in rest:
            self._desk.store.put_off_wish(wish, until)

    def _held_up(self, wish: Wish) -> datetime | None:
        """Until when it must wait: for the relay, for whoever takes mail for its domain, or for its turn."""
        if until := self._gate.refused_until(self._now):
            return until
        store, limits, domain = self._desk.parts.store, self._desk.parts.limits, domain_of(wish.email)
        pace = store.paces().get(domain)
        if pace is not None and pacing.quiet(pace, self._now):
            return pace.quiet_until
        rates = {domain: limits.domain_per_minute, RELAY: limits.per_minute}
        if not any(rates.values()):
            return None
        _, (turn,) = store.reserve([list(rates)], rates, self._now, self._now)
        return None if turn else self._now + _A_MINUTE
