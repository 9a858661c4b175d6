"""Files that spreadsheets write and read: CSV (RFC 4180), whatever separates its cells; `-` is the terminal."""

import csv
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from digest.errors import UsageError


class Record(NamedTuple):
    """One record of a CSV."""

    line: int  # that it begins on
    cells: list[str]
    fault: str = ""  # why it is none


def content(file: Path) -> bytes:
    """What a file holds. Raises UsageError: it cannot be read."""
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from None


def decoded(content: bytes) -> str:
    """The text of a file. Raises UsageError: it is none."""
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(f"Line {line} is not UTF-8: save the file as “CSV UTF-8”.") from None


def records(content: bytes, *, strict: bool = False) -> Iterator[Record]:
    """All records, those with faults included. Raises UsageError: it is no text."""
    text = decoded(content)
    told = re.match(r"sep=(.)\r?\n", text)  # some spreadsheets begin by saying how they separate
    first, body = (2, text[told.end() :]) if told else (1, text)
    separator = told[1] if told else max(",;\t", key=body.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=separator, strict=strict)
    while True:
        line = reader.line_num + first
        try:
            yield Record(line, next(reader))
        except StopIteration:
            return
        except csv.Error as error:
            yield Record(line, [], str(error))


# https://owasp.org/www-community/attacks/CSV_Injection


def guarded(cell: str) -> str:
    """The cell with a ' in front, where a spreadsheet would take it for a formula."""
    return f"'{cell}" if re.match(r"'*[=+\-@\t\r]", cell) else cell


def unguarded(cell: str) -> str:
    """The cell as it was before `guarded`."""
    return cell[1:] if re.match(r"'+[=+\-@\t\r]", cell) else cell


def wrote(text: str, file: Path | None, *, marked: bool = True) -> bool:
    """Write to a file, else to the terminal; returns whether it was a file.

    Spreadsheets take a CSV that is not `marked` as UTF-8 for the encoding of another decade.
    """
    if file is None or str(file) == "-":
        sys.stdout.write(text)
        return False
    file.write_text(text, encoding="utf-8-sig" if marked else "utf-8", newline="")
    return True
