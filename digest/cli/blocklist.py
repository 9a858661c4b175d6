"""The suppression list as CSV, and back, from whatever somebody else's list looks like."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from digest.cli import sheets
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
        writer.writerow(map(sheets.guarded, (entry.email, entry.cause.value, entry.at.isoformat(), entry.detail)))
    return text.getvalue()


# --- in -------------------------------------------------------------------------------------------------------------


def read(content: bytes, now: datetime) -> Sifted:
    """What a file says; lines with nothing in them are passed over. Raises UsageError: it is no text.

    Without a first line that names the columns, each line is an address.
    """
    records = list(sheets.records(content))
    named = [cell.strip().casefold() for cell in records[0].cells] if records else []
    has_header = "email" in named
    columns = named if has_header else COLUMNS[:1]
    entries: list[Suppression] = []
    faults: list[tuple[int, str]] = []
    for record in records[has_header:]:
        try:
            entries.extend(_entries(columns, record, now))
        except ValueError as error:
            faults.append((record.line, str(error)))
    return Sifted(entries, faults)


def _entries(columns: Sequence[str], record: sheets.Record, now: datetime) -> Iterator[Suppression]:
    """The entry of a record, if it is not empty. Raises ValueError: it has a fault."""
    if record.fault:
        raise ValueError(f"is not CSV: {record.fault}")
    if any(cell.strip() for cell in record.cells):
        cells = map(str.strip, map(sheets.unguarded, record.cells))
        yield _entry(dict(zip(columns, cells, strict=False)), now)


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
