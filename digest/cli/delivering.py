"""Delivering with several processes. Each claims for itself, so that no two touch one delivery.

One process renders and signs on one core. Where the configuration asks for more of them, and enough is waiting to be worth
their start, the others are this program again, on the same store. One that dies loses nothing: what it held comes back.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from digest import pipeline
from digest.cli import keeping, worker
from digest.collecting import undisturbed
from digest.pipeline import Delivered

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from digest.cli.wiring import Installation
    from digest.config import Settings

log = structlog.get_logger(__name__)

Clock = Callable[[], datetime]

_WORTH_A_PROCESS = 500  # deliveries that are waiting, for each further process: it starts for a second
_LOOK = 0.2  # seconds between two looks at whether it is time to stop


@dataclass(frozen=True, slots=True)
class _Order:
    """What a further process needs to know."""

    settings: "Settings"
    ahead: timedelta  # of its clock is the time to act as
    patient: bool
    verbose: bool


def deliver(
    home: "Installation",
    now: Clock,
    *,
    only: str | None = None,
    patient: bool = True,
    stopping: Callable[[], bool] = lambda: False,
    lasting: timedelta | None = None,
    verbose: bool = False,
) -> Delivered:
    """`pipeline.deliver`, by as many processes as are configured and worth it; `verbose` is how they log.

    What it has not done after `lasting`, the next call does.
    """
    begun = now()
    order = _Order(home.settings, begun - datetime.now(UTC), patient, verbose)
    with undisturbed(), _helping(order, _helpers(home, begun, only)) as helpers:

        def told() -> bool:
            is_over = stopping() or (lasting is not None and now() - begun > lasting)
            if is_over:
                _stop(helpers)
            return is_over

        delivered = pipeline.deliver(home.parts, now, only=only, patient=patient, stopping=told)
        results = [helper.result(lambda: bool(now() and told())) for helper in helpers]
    delivered = _sum([delivered, *filter(None, results)])
    if None not in results or stopping():
        return delivered
    home.store.bereave(worker.is_dead, now())
    return _sum([delivered, pipeline.deliver(home.parts, now, only=only, patient=patient, stopping=stopping)])


def _helpers(home: "Installation", now: datetime, only: str | None) -> int:
    """How many further processes are worth it."""
    most = home.settings.delivery.processes - 1
    if only is not None or not most:
        return 0
    return min(most, home.store.waiting(now, most * _WORTH_A_PROCESS) // _WORTH_A_PROCESS)


def _sum(parts: Sequence[Delivered]) -> Delivered:
    counts = {name: sum(part.counts[name] for part in parts) for name in Delivered().counts}
    relay = next((part.relay for part in parts if part.relay), None)
    refused = next((part.refused for part in parts if part.refused), None)
    return Delivered(relay=relay, refused=refused, **counts)


# --- here -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Helper:
    """A further process, as the first one sees it."""

    process: "BaseProcess"
    connection: "Connection"
    is_told: bool = False

    def stop(self) -> None:
        if not self.is_told:
            self.is_told = True
            keeping.tell(self.connection)

    def result(self, look: Callable[[], object]) -> Delivered | None:
        """What it came to; None if it died. Calls `look` while waiting."""
        with suppress(EOFError, OSError):
            while not self.connection.poll(_LOOK):
                look()
            delivered: Delivered = self.connection.recv()
            return delivered
        self.process.join()
        log.error("a process that delivers has died", status=self.process.exitcode)
        return None


@contextmanager
def _helping(order: _Order, count: int) -> Iterator[list[_Helper]]:
    """So many further processes at work; all have ended when it is over."""
    helpers: list[_Helper] = []
    try:
        helpers.extend(_Helper(*keeping.begin(_help, (order,))) for _ in range(count))
        yield helpers
    finally:
        _stop(helpers)
        for helper in helpers:
            helper.process.join()
            helper.connection.close()


def _stop(helpers: Sequence[_Helper]) -> None:
    for helper in helpers:
        helper.stop()


# --- there ----------------------------------------------------------------------------------------------------------


def _help(order: _Order, connection: "Connection") -> None:
    """A further process: deliver until nothing is left, or until the first one says stop, or is no more."""
    from digest.cli import logs

    worker.leave_signals_alone()
    if order.verbose:
        logs.verbose(logs.hiding(order.settings))
    else:
        logs.quiet()
    delivered = _delivered(order, lambda: connection.poll(0))
    with suppress(OSError):  # nobody is left to be told
        connection.send(delivered)


def _delivered(order: _Order, stopping: Callable[[], bool]) -> Delivered:
    from digest.cli import wiring

    with wiring.once_more(order.settings) as home, undisturbed():
        return pipeline.deliver(
            home.parts, lambda: datetime.now(UTC) + order.ahead, patient=order.patient, stopping=stopping
        )
