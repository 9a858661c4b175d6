"""No answer takes longer than it may, and no more are under way than this machine can bear."""

import asyncio
from collections import Counter
from collections.abc import Awaitable

import structlog
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digest.web.limits import widened

log = structlog.get_logger(__name__)

_SECONDS = 60  # with the body: half of it may be its
_MOST, _MOST_OF_ONE = 500, 64  # requests at the same time, and of one address: bodies that never end hold a place


def timely(app: ASGIApp, *, seconds: float = _SECONDS, most: int = _MOST, of_one: int = _MOST_OF_ONE) -> ASGIApp:
    """What is not answered in time is answered with 503, and what it would still say is dropped.

    A page function runs in a thread, which cannot be ended: it goes on, and counts as under way.
    """
    under_way: Counter[str] = Counter()  # by address, as `placed` tells it

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        whose = widened(scope["client"][0]) if scope.get("client") else ""
        if under_way.total() >= most or (whose and under_way[whose] >= of_one):
            raise HTTPException(503, headers={"Retry-After": "10", "Connection": "close"})
        gate = _Gate(send)
        task = asyncio.ensure_future(_awaited(app(scope, receive, gate)))
        under_way[whose] += 1
        task.add_done_callback(lambda _: _one_less(under_way, whose))
        try:
            done, _ = await asyncio.wait({task}, timeout=seconds)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if done:
            task.result()
            return
        gate.is_shut = True
        task.add_done_callback(_told)
        task.cancel()
        if not gate.has_begun:
            raise HTTPException(503, "slow", headers={"Retry-After": "60", "Connection": "close"})

    return run


def _one_less(under_way: Counter[str], whose: str) -> None:
    under_way[whose] -= 1
    if not under_way[whose]:
        del under_way[whose]


async def _awaited(running: Awaitable[None]) -> None:
    await running


def _told(task: "asyncio.Future[None]") -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("failed after its time was over", exc_info=error)


class _Gate:
    """Passes on what an application says, until it is shut."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_begun = False
        self.is_shut = False

    async def __call__(self, message: Message) -> None:
        if self.is_shut:
            return
        self.has_begun = True
        await self._send(message)
