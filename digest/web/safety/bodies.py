"""What is sent to us: read to its end before a page sees it, and refused where it is too long or too slow."""

import asyncio
from functools import partial
from io import BytesIO
from urllib.parse import parse_qsl

from anyio import from_thread
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST = 64 * 1024  # bytes
LONGEST_UPLOAD = 2 * 1024 * 1024  # bytes, on paths that end with UPLOADS
UPLOADS = ("/suggest", "/upload")
_SECONDS = 30  # for a body as a whole; 2 MB in it is what a slow phone does
_READ_ANYWAY = 16 * 1024 * 1024  # bytes: a browser that is cut off while it sends never shows the answer
_MOST_FIELDS = 1_000
_MOST_FILES = 10


def bounded(app: ASGIApp, *, seconds: float = _SECONDS) -> ASGIApp:
    """Reads the body; what is too long ends with 413, what is too slow with 408."""

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if not _has_body(headers):
            await app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(seconds):
                content = await _read(receive, headers, longest(scope["path"]))
        except TimeoutError:
            raise HTTPException(408, headers={"Connection": "close"}) from None
        await app(scope, _again(content, receive), send)

    return run


def longest(path: str) -> int:
    """How many bytes may be sent there."""
    return LONGEST_UPLOAD if path.endswith(UPLOADS) else LONGEST


def _has_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


async def _read(receive: Receive, headers: Headers, most: int) -> bytes:
    """The whole body. Raises HTTPException if it is longer than `most`, or ends too early."""
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > _READ_ANYWAY:
        raise HTTPException(413, headers={"Connection": "close"})
    content, size, more = bytearray(), 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise HTTPException(400, headers={"Connection": "close"})
        part, more = message.get("body", b""), message.get("more_body", False)
        size += len(part)
        if size > _READ_ANYWAY:
            raise HTTPException(413, headers={"Connection": "close"})
        if size <= most:
            content += part
    if size > most:
        raise HTTPException(413)
    return bytes(content)


def _again(content: bytes, receive: Receive) -> Receive:
    """What says the body in one piece, and then what the server says."""
    said: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]

    async def again() -> Message:
        return said.pop() if said else await receive()

    return again


# --- for page functions ---------------------------------------------------------------------------------------------


def body(request: Request) -> bytes:
    """What was sent, as it is: it lies ready, so that a page function in a thread need not wait for anybody."""
    return from_thread.run(request.body)


def form(request: Request) -> FormData:
    """The fields of a form, urlencoded or multipart, without NUL characters: strings, and `UploadFile`s.

    Raises:
        HTTPException: it cannot be read (400).
    """
    return from_thread.run(partial(read_form, request))


async def read_form(request: Request) -> FormData:
    """`form`, for a page function that is `async`."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        return _fields(await request.body())
    if kind != "multipart/form-data":
        return FormData()
    sent = await request.form(max_files=_MOST_FILES, max_fields=_MOST_FIELDS, max_part_size=LONGEST_UPLOAD)
    return FormData([(_plain(name), await _value(value)) for name, value in sent.multi_items()])


def _fields(content: bytes) -> FormData:
    try:
        pairs = parse_qsl(content.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise HTTPException(400) from None
    return FormData([(_plain(name), _plain(value)) for name, value in pairs])


async def _value(value: UploadFile | str) -> UploadFile | str:
    """A text, or a file in memory, which needs no closing."""
    if isinstance(value, str):
        return _plain(value)
    content = await value.read()
    await value.close()
    return UploadFile(BytesIO(content), size=len(content), filename=_plain(value.filename or ""), headers=value.headers)


def _plain(text: str) -> str:
    return text.replace("\0", "")
