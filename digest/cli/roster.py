r"""Subscribers as CSV and JSON, and back: the keys of [[subscribers]] in config.toml, `status` and `paused_until`.

In CSV, the items of a list are separated by semicolons; `\;` is a semicolon within an item, `\\` a backslash. A cell that
a spreadsheet would take for a formula (`-survey`, `=GAN`) is written with a ' in front, which reading takes away.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Any

from digest import config
from digest.cli import sheets
from digest.config import PAUSED_UNTIL, STATUS, record
from digest.errors import Fault, UsageError
from digest.model import Origin, Status, Subscriber
from digest.ranking.query import parse

COLUMNS = (*config.SubscriberSettings.model_fields, STATUS, PAUSED_UNTIL)
_LISTS = ("keywords", "categories", "sources", "days", "away")


@dataclass(frozen=True, slots=True)
class Row:
    """One subscriber as a file has it."""

    where: str  # "line 3"
    table: Mapping[str, Any] = field(default_factory=dict)
    left_open: frozenset[str] = frozenset()  # keys that the file does not speak of, so that they stay as they are
    fault: str = ""  # why it could not be read at all


@dataclass(frozen=True, slots=True)
class Sifted:
    """What to do about the rows of a file."""

    new: tuple[Subscriber, ...] = ()
    changed: tuple[Subscriber, ...] = ()
    unchanged: tuple[Subscriber, ...] = ()
    faults: Mapping[str, Sequence[str]] = field(default_factory=dict)  # where -> what is wrong


# --- out ------------------------------------------------------------------------------------------------------------


def to_json(subscribers: Iterable[Subscriber]) -> str:
    return json.dumps([record(subscriber) for subscriber in subscribers], ensure_ascii=False, indent=2) + "\n"


def to_csv(subscribers: Iterable[Subscriber]) -> str:
    """CSV as RFC 4180 has it, a header first."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    for subscriber in subscribers:
        writer.writerow({key: sheets.guarded(_cell(value)) for key, value in record(subscriber).items()})
    return text.getvalue()


def _cell(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case float():
            return repr(value).removesuffix(".0")
        case list():
            return "; ".join(re.sub(r"([\\;])", r"\\\1", item) for item in value)
        case _:
            return str(value)


# --- in -------------------------------------------------------------------------------------------------------------


def from_json(content: bytes) -> Iterator[Row]:
    """The rows of a list of objects; raises UsageError if it is not one."""
    try:
        document = json.loads(sheets.decoded(content))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"This is not JSON: {error}") from None
    if not isinstance(document, list):
        raise UsageError('A list of subscribers is expected: [{"email": "ann@example.org", "keywords": ["diffusion"]}]')
    for number, entry in enumerate(document, start=1):
        if isinstance(entry, dict):
            yield Row(f"entry {number}", entry, frozenset(COLUMNS) - entry.keys())
        else:
            yield Row(f"entry {number}", fault="is not an object with an email")


def from_csv(content: bytes) -> Iterator[Row]:
    """The rows below a header; raises UsageError if that is missing or has columns that mean nothing."""
    records = sheets.records(content, strict=True)
    columns = _columns(next(records, sheets.Record(0, [])).cells)
    for line, cells, fault in records:
        if fault:
            yield Row(f"line {line}", fault=f"{fault}; {_QUOTING}")
        elif any(cell.strip() for cell in cells):
            yield _row(line, columns, cells)


_QUOTING = 'a cell that holds quotes is itself quoted, and they are doubled: """flow matching""^3"'


def _columns(names: Sequence[str]) -> list[str]:
    columns = [name.strip().casefold() for name in names]
    if "email" not in columns:
        raise UsageError(f"The first line must name the columns, with email among them: {', '.join(COLUMNS)}")
    for name in columns:
        if name not in COLUMNS:
            raise UsageError(f'There is no column "{name}"{config.did_you_mean(name, COLUMNS)}.')
    if len(set(columns)) < len(columns):
        raise UsageError("A column is there twice.")
    return columns


def _row(line: int, columns: Sequence[str], cells: Sequence[str]) -> Row:
    if len(cells) > len(columns):
        return Row(f"line {line}", fault=f"has {len(cells)} cells below {len(columns)} columns")
    filled = {key: sheets.unguarded(cell).strip() for key, cell in zip(columns, cells, strict=False)}
    table = {key: _items(cell) if key in _LISTS else cell for key, cell in filled.items() if cell}
    return Row(f"line {line}", table, frozenset(COLUMNS) - set(columns))


def _items(cell: str) -> list[str]:
    pieces = re.findall(r"(?:\\[\\;]|[^;])+", cell)
    items = [re.sub(r"\\([\\;])", r"\1", piece.strip()) for piece in pieces]
    return [item for item in items if item]


# --- sifting --------------------------------------------------------------------------------------------------------


def read(table: Mapping[str, Any], sources: Sequence[str]) -> tuple[Subscriber | None, list[Fault]]:
    """A subscriber for the database, by the rules of the configuration; None if there are faults."""
    entry, faults = config.read_subscriber(table, sources, check_keyword=parse)
    return (entry.subscriber(Origin.DATABASE) if entry else None), faults


def sift(
    rows: Iterable[Row],
    known: Iterable[Subscriber],
    sources: Sequence[str],
    suppressed: Mapping[str, str] = MappingProxyType({}),
) -> Sifted:
    """Tell new subscribers from changed ones and from rows with faults.

    Args:
        known: all there ever were.
        suppressed: why addresses, in one case, get no mail.
    """
    before = {subscriber.email.casefold(): subscriber for subscriber in known}
    seen: dict[str, str] = {}
    kept: dict[str, list[Subscriber]] = {"new": [], "changed": [], "unchanged": []}
    faults: dict[str, list[str]] = {}
    for row in rows:
        old = before.get(str(row.table.get("email", "")).strip().casefold())
        subscriber, wrong = _read_row(row, old, sources)
        if subscriber is not None:
            old = before.get(subscriber.email.casefold())
            wrong = _objections(row, subscriber, old, seen) or _withheld(subscriber, suppressed)
        if subscriber is None or wrong:
            faults[row.where] = wrong
        else:
            kept[_fate(subscriber, old)].append(subscriber)
    return Sifted(**{fate: tuple(subscribers) for fate, subscribers in kept.items()}, faults=faults)


_STATUSES = (Status.ACTIVE.value, Status.PAUSED.value, Status.SUPPRESSED.value)


def _read_row(row: Row, old: Subscriber | None, sources: Sequence[str]) -> tuple[Subscriber | None, list[str]]:
    if row.fault:
        return None, [row.fault]
    stays = _stays(row, old) if old is not None else {}
    table = {**stays, **row.table}
    status = table.pop(STATUS, Status.ACTIVE.value)
    until, fault = _day(table.pop(PAUSED_UNTIL, None))
    subscriber, faults = read(table, sources)
    wrong = [f"{fault.key}: {fault.what}" for fault in faults] + fault
    if status not in _STATUSES:
        wrong.append('status: must be "active", "paused" or "suppressed"')
    if wrong or subscriber is None:
        return None, wrong
    return replace(subscriber, status=Status(status), paused_until=until), wrong


def _day(value: object) -> tuple[date | None, list[str]]:
    """A day as a file has it; and what is wrong with it."""
    try:
        return (date.fromisoformat(str(value)) if value else None), []
    except ValueError:
        return None, [f'{PAUSED_UNTIL}: must be a day like "2027-01-04"']


def _stays(row: Row, old: Subscriber) -> dict[str, Any]:
    """What is known of somebody that the row does not speak of; of one who left, nothing counts any more."""
    if old.status is Status.REMOVED:
        return {}
    return {key: value for key, value in record(old).items() if key in row.left_open}


def _objections(row: Row, subscriber: Subscriber, old: Subscriber | None, seen: dict[str, str]) -> list[str]:
    """What keeps a row without faults of its own from being imported."""
    earlier = seen.setdefault(subscriber.email.casefold(), row.where)
    if earlier != row.where:
        return [f"{subscriber.email} is in {earlier}, too"]
    if old is not None and old.status is Status.REMOVED:
        return [f"{subscriber.email} has left; if they asked to come back, use `digest subscribers add`"]
    if old is not None and old.origin is Origin.FILE and record(old) != record(subscriber):
        return [f"{subscriber.email} is kept in the configuration file; change them there"]
    return []


def _withheld(subscriber: Subscriber, suppressed: Mapping[str, str]) -> list[str]:
    """No file makes anybody active whose address is on the suppression list."""
    why = suppressed.get(subscriber.email.casefold())
    if why is None or subscriber.status is Status.SUPPRESSED:
        return []
    return [f"{subscriber.email} gets no mail: {why}"]


def _fate(subscriber: Subscriber, old: Subscriber | None) -> str:
    if old is None:
        return "new"
    return "unchanged" if record(old) == record(subscriber) else "changed"
