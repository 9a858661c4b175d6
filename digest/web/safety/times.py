"""No answer takes longer than it may, and no more are under way than this machine can bear."""

import asyncio
from collections.abc import Awaitable

import structlog
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger(__name__)

_SECONDS = 60  # with the body: half of it may be its
_MOST = 500  # requests at the same time


def timely(app: ASGIApp, *, seconds: float = _SECONDS, most: int = _MOST) -> ASGIApp:
    """What is not answered in time is answered with 503, and what it would still say is dropped.

    A page function runs in a thread, which cannot be ended: it goes on, and counts as under way.
    """
    under_way: set[asyncio.Future[None]] = set()

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        if len(under_way) >= most:
            raise HTTPException(503, headers={"Retry-After": "10", "Connection": "close"})
        gate = _Gate(send)
        task = asyncio.ensure_future(_awaited(app(scope, receive, gate)))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
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
