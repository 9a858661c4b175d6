"""What a program is told when it asks for something that cannot be (RFC 9457)."""

import json
import re
from collections.abc import Sequence
from http import HTTPStatus

from starlette.responses import Response

from digest.errors import Fault

KIND = "application/problem+json"
_MOST_TOLD = 3
_STEP = re.compile(r"\[(\d+)\]|\.?([^.\[\]]+)")


class RefusedError(Exception):
    """Something in a request is wrong, or not to be had; `faults` say where in it, by their keys."""

    def __init__(self, status: int, detail: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.faults = tuple(faults)


def wrong(faults: Sequence[Fault]) -> RefusedError:
    """What to say of a request with these faults, the first three in one sentence."""
    told = [f"{fault.key}: {fault.what}" if fault.key else fault.what for fault in faults[:_MOST_TOLD]]
    first = "; ".join(one.partition("\n")[0] for one in told)
    return RefusedError(422, first if first.endswith((".", "?", "!")) else f"{first}.", faults)


def problem(refused: RefusedError) -> Response:
    """The answer: what is wrong, in words, and where."""
    said: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(refused.status).phrase,
        "status": refused.status,
        "detail": refused.detail,
    }
    if refused.faults:
        said["errors"] = [{"pointer": pointer(fault.key), "detail": fault.what} for fault in refused.faults]
    return Response(json.dumps(said), refused.status, media_type=KIND)


def pointer(key: str) -> str:
    """Where in a document, as a fragment (RFC 6901, 6): `keywords[1]` is `#/keywords/1`."""
    steps = (number or name for number, name in _STEP.findall(key))
    return "#" + "".join(f"/{step.replace('~', '~0').replace('/', '~1')}" for step in steps)
