"""The server of the pages: uvicorn, with rules of ours for whoever speaks to it."""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from digest.errors import UsageError
from digest.web.safety.wire import Protocol

_IDLE = 75  # seconds, longer than web servers before us keep a connection for the next request
_LAST_ANSWERS = 10  # seconds for what is under way when it is told to stop


def listen(host: str, port: int) -> socket.socket:
    """A socket at that address, or at a free port if it is 0.

    Raises:
        UsageError: there is no such address on this machine, or the port is taken or not allowed.
    """
    # Not socket.create_server: asyncio sends without delay (40 ms an answer) only where TCP is named.
    listening = None
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
        listening = socket.socket(family, kind, socket.IPPROTO_TCP)
        if os.name == "posix":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(1024)
    except OSError as error:
        if listening is not None:
            listening.close()
        reason = error.strerror or str(error)
        raise UsageError(
            f"The pages cannot be served at {host} port {port} ({reason}): see web.host and web.port."
        ) from None
    return listening


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

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None."""
        yield
