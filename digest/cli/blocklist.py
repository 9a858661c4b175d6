"""The suppression list as CSV, and back, from whatever somebody else's list looks like."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from digest.config.values import address as checked
from digest.errors import UsageError
from digest.model import Cause, Suppression

COLUMNS = ("email", "cause", "at", "detail")


@dataclass(frozen=True, slots=True)
class Sifted:
    """What to do about the lines of a file."""

    entries: Sequence[Suppression]
    faults: Sequence[tuple[int, str]]  # line, what is wrong with it


def address(text: str) -> str:
    """An address; raises UsageError if it is none."""
    try:
        return checked(text)
    except ValueError as error:
        raise UsageError(str(error)) from None


# --- out ------------------------------------------------------------------------------------------------------------


def to_csv(entries: Iterable[Suppression]) -> str:
    """CSV as RFC 4180 has it, a header first; no cell that a spreadsheet would take for a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for entry in entries:
        writer.writerow(map(_guarded, (entry.email, entry.cause.value, entry.at.isoformat(), entry.detail)))
    return text.getvalue()


def _guarded(cell: str) -> str:
    return f"'{cell}" if re.match(r"'*[=+\-@\t\r]", cell) else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if re.match(r"'+[=+\-@\t\r]", cell) else cell


# --- in -------------------------------------------------------------------------------------------------------------


def read(content: bytes, now: datetime) -> Sifted:
    """What a file says; lines with nothing in them are passed over. Raises UsageError if it is not text, or no CSV.

    Without a first line that names the columns, each line is an address.
    """
    text = _decoded(content)
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    named = [name.strip().strip('"').casefold() for name in first.split(separator)]
    columns = named if "email" in named else COLUMNS[:1]
    entries: list[Suppression] = []
    faults: list[tuple[int, str]] = []
    for line, cells in _lines(text, separator):
        if any(cell.strip() for cell in cells) and not (line == 1 and columns is named):
            filled = {name: _unguarded(cell).strip() for name, cell in zip(columns, cells, strict=False)}
            try:
                entries.append(_entry(filled, now))
            except ValueError as error:
                faults.append((line, str(error)))
    return Sifted(entries, faults)


def _decoded(content: bytes) -> str:
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise UsageError("This is not UTF-8: save the file as “CSV UTF-8”.") from None


def _lines(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """(line it begins on, cells)."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise UsageError(f"Line {line} is not CSV: {error}.") from None


def _entry(cells: Mapping[str, str], now: datetime) -> Suppression:
    """Raises ValueError: it names no address, or a cause or a time that is none."""
    email = checked(cells.get("email", ""))
    cause = cells.get("cause", "").casefold() or Cause.OPERATOR.value
    if cause not in list(Cause):
        raise ValueError(f'cause: must be {", ".join(Cause)}, not "{cause}"')
    return Suppression(email, Cause(cause), _instant(cells.get("at", ""), now), cells.get("detail") or "imported")


def _instant(text: str, now: datetime) -> datetime:
    if not text:
        return now
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f'at: "{text}" is not a time like 2026-05-18T07:30:00+00:00') from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
