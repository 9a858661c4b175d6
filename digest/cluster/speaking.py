"""What procrastinate and asyncio say: not what our own lines say already, and no traceback for a lost connection."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from digest.errors import StoreError
from digest.store.database import advised

log = structlog.get_logger(__name__)

Kinds = tuple[type[BaseException], ...]


@contextmanager
def brief(lost: Kinds) -> Iterator[None]:
    """Say less meanwhile; `lost` are the errors that mean that a connection is gone."""
    handlers = {"procrastinate": _Brief(lost), "psycopg": logging.NullHandler()}
    for name, handler in handlers.items():
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.propagate = False
    try:
        yield
    finally:
        for name, handler in handlers.items():
            logger = logging.getLogger(name)
            logger.removeHandler(handler)
            logger.propagate = True


def reason(error: BaseException) -> str:
    """Why the database could not be used, and what to do about it. Procrastinate puts words of its own before that."""
    return str(error) if isinstance(error, StoreError) else advised(str(error.__cause__ or error))


class _Brief(logging.Handler):
    """Passes on errors of procrastinate's own: of a job that failed, we said why; of the database, that it is away."""

    def __init__(self, lost: Kinds) -> None:
        super().__init__(logging.ERROR)
        self._lost = lost

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if getattr(record, "action", None) != "job_error" and not isinstance(error, self._lost):
            log.error(record.getMessage(), exc_info=record.exc_info or False)


def loop_handler(lost: Kinds) -> Callable[[asyncio.AbstractEventLoop, dict[str, Any]], None]:
    """For an event loop: says what nobody waited for went wrong, but for lost connections."""

    def said(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not isinstance(error, lost):
            log.error(str(context.get("message")), exc_info=error or False)

    return said
