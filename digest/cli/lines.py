"""Files of JSON with one object a line (https://jsonlines.org), as strangers write them.

Lines may end in CRLF and be blank, the file may begin with a BOM, be compressed by gzip, or be `-`, standard input. A
line that holds no object is told of, and the others are read.
"""

import io
import json
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from gzip import GzipFile
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]
Tell = Callable[[str, str], None]  # where ("papers.jsonl:7"), and what is wrong there and what to do


class RowError(Exception):
    """A row cannot be used; says why, behind where it stands, and what to do."""


_LONGEST = 1 << 22  # bytes of a line: no paper needs as much, and a file without line ends must not fill the memory
_BOM = b"\xef\xbb\xbf"


def read(name: str, tell: Tell) -> Iterator[tuple[str, Row]]:
    """The object of each line, and where it stands.

    Raises:
        OSError: the file cannot be opened.
    """
    shown = "stdin" if name == "-" else name
    number = 0
    with _opened(name) as stream:
        try:
            for number, line in enumerate(_lines(_unpacked(stream)), start=1):
                try:
                    row = _object(line) if line.strip() else None
                except RowError as error:
                    tell(f"{shown}:{number}", str(error))
                    continue
                if row is not None:
                    yield f"{shown}:{number}", row
        except (EOFError, zlib.error, OSError) as error:  # compressed data that is cut off, or broken inside
            tell(f"{shown}:{number + 1}", f"the file cannot be read from here on ({error}); fetch or make it again")


def _opened(name: str) -> "io.BufferedReader[Any]":
    return io.BufferedReader(sys.stdin.buffer if name == "-" else Path(name).open("rb", buffering=0))


def _unpacked(stream: "io.BufferedReader[Any]") -> "io.BufferedReader[Any] | GzipFile":
    return GzipFile(fileobj=stream) if stream.peek(2)[:2] == b"\x1f\x8b" else stream


def _lines(stream: "io.BufferedReader[Any] | GzipFile") -> Iterator[bytes]:
    """The lines; one that is too long is cut off just behind what is allowed."""
    start = _BOM
    while line := stream.readline(_LONGEST + 1):
        rest = line
        while len(rest) > _LONGEST and not rest.endswith(b"\n"):
            rest = stream.readline(_LONGEST + 1)
        yield line.removeprefix(start)
        start = b""


def _object(line: bytes) -> Row:
    if len(line) > _LONGEST:
        raise RowError(f"is longer than {_LONGEST >> 20} MB; write one object a line")
    try:
        value = json.loads(line.decode(), parse_constant=lambda _: None)  # pandas writes NaN for what is missing
    except UnicodeDecodeError as error:
        raise RowError(f"is not UTF-8 (byte {error.start + 1}); save the file as UTF-8") from None
    except json.JSONDecodeError as error:
        raise RowError(f"is not JSON (column {error.colno}: {error.msg}); write one object a line") from None
    except ValueError as error:
        raise RowError(f"is not a row ({error})") from None
    except RecursionError:
        raise RowError("is nested too deeply; a row is one flat object") from None
    if not isinstance(value, dict):
        raise RowError(f'is no object but {_SHAPES[type(value)]}; a row looks like {{"id": "...", ...}}')
    return value


_SHAPES = {list: "a list", str: "a text", int: "a number", float: "a number", bool: "a truth value", type(None): "null"}
