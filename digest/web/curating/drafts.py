"""What a curator wrote about a paper, and what is wrong with it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from digest.curating import NOTE
from digest.rendering.words import clean, clean_lines, counted

AHEAD = timedelta(days=60)
NAME = 60  # characters


@dataclass(frozen=True, slots=True)
class Draft:
    """A form as it was filled in."""

    name: str
    note: str
    written_day: str
    day: date | None = None  # None: it cannot be read
    faults: Mapping[str, str] = field(default_factory=dict)  # by field: what to do about it


def draft(form: Mapping[str, str], today: date) -> Draft:
    """The fields, cleaned; a fault for each that cannot be kept as it is."""
    name, note = clean(form.get("name", "")), clean_lines(form.get("note", ""))
    written = form.get("day", "").strip()
    day = iso_day(written)
    faults = {"day": _day_fault(day, today), "name": _name_fault(name), "note": _note_fault(note)}
    return Draft(name, note, written, day, {field: said for field, said in faults.items() if said})


def _day_fault(day: date | None, today: date) -> str:
    if day is None:
        return f"Write the day like {today}."
    if day < today:
        return "That day is over, and its digests have gone out: choose today or a later one."
    return f"That is too far ahead: {AHEAD.days} days at most." if day - today > AHEAD else ""


def _name_fault(name: str) -> str:
    if not name:
        return "Say who picks it: readers see this name."
    return f"A shorter name, please: {NAME} characters at most." if len(name) > NAME else ""


def _note_fault(note: str) -> str:
    return f"{counted(len(note) - NOTE, 'character')} too long: {NOTE} at most." if len(note) > NOTE else ""


def iso_day(text: str) -> date | None:
    """The day that "2026-06-18" is; None if it is none."""
    try:
        return date.fromisoformat(text) if len(text) == len("2026-06-18") else None
    except ValueError:
        return None
