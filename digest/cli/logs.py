"""How the program speaks of what it does: structured lines on stderr."""

import logging
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from structlog.typing import Processor


def quiet() -> None:
    """Only warnings: for commands that print their own results."""
    _configure(logging.ERROR)


def verbose() -> None:
    """Everything that happens: for the daemon."""
    _configure(logging.INFO)


def _rendered(*, terminal: bool) -> "list[Processor]":
    import structlog

    if terminal:
        return [structlog.dev.ConsoleRenderer()]
    return [
        structlog.processors.format_exc_info,
        structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False),
    ]


def _configure(level: int) -> None:
    import structlog

    terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%SZ", utc=True),
            *_rendered(terminal=terminal),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
