"""The server of the pages: uvicorn, with rules of ours for whoever speaks to it."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import uvicorn
from anyio.to_thread import current_default_thread_limiter
from starlette.types import ASGIApp

from digest.web.safety.wire import Protocol

_IDLE = 75  # seconds, longer than web servers before us keep a connection for the next request
_THREADS = 8  # pages are written at a time; more would take Python's lock from one another, and all be late
_FILES = 4_096  # open at a time: more than there may be connections, and the database's
_LAST_ANSWERS = 10  # seconds for what is under way when it is told to stop


class Server(uvicorn.Server):
    """Run with a socket of `listen`, in any thread, until `should_exit` is set; signals are the caller's business."""

    def __init__(self, app: ASGIApp) -> None:
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # it remarks on everybody who speaks no HTTP
        super().__init__(
            uvicorn.Config(
                app,
                http=Protocol,
                ws="none",
                loop="asyncio",
                lifespan="off",
                log_config=None,
                access_log=False,  # ours hides tokens
                proxy_headers=False,  # ours knows whom to believe
                server_header=False,
                timeout_keep_alive=_IDLE,
                timeout_graceful_shutdown=_LAST_ANSWERS,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        current_default_thread_limiter().total_tokens = _THREADS
        _have_files(_FILES)
        await super().startup(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None."""
        yield


def _have_files(wanted: int) -> None:
    """So many files may be open, as far as the system lets us: most begin with 1,024, which idle connections use up."""
    with suppress(ImportError, OSError, ValueError):
        import resource  # POSIX

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        if soft != resource.RLIM_INFINITY and soft < most:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
