"""One line of the log for each request: what was asked for and how it went, but not by whom, and nothing secret."""

import re
from time import perf_counter

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger(__name__)

_HIDDEN = "***"
_LONGEST_WORD = 24  # characters; every token is longer, and nothing of ours that may be read is
_LONGEST_PATH = 200
_EDITION = re.compile(r"\d{1,18}-\d{8}-")


def said(app: ASGIApp) -> ASGIApp:
    """Logs method, path, status and milliseconds. Not the query: it holds what people look for."""

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        begun, status = perf_counter(), [0]

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                status[0] = message["status"]
            await send(message)

        try:
            await app(scope, receive, told)
        finally:
            took = round((perf_counter() - begun) * 1000, 1)
            log.info("request", method=scope["method"], path=hidden(scope["path"]), status=status[0], ms=took)

    return run


def hidden(path: str) -> str:
    """The path without anything that might be a token, on one line."""
    plain = "".join(character if character.isprintable() else "?" for character in path[: 10 * _LONGEST_PATH])
    return "/".join(_HIDDEN if is_secret(part) else part for part in plain.split("/"))[:_LONGEST_PATH]


def is_secret(part: str) -> bool:
    """Whether a part of a path might be a token, or most of one."""
    return len(part) >= _LONGEST_WORD or _EDITION.match(part) is not None
