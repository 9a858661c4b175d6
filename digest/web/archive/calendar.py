"""A month as a calendar shows it. Pure."""

from calendar import Calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of a month."""

    day: date
    papers: int  # announced on it
    name: str  # "Thursday, 18 June 2026"


@dataclass(frozen=True, slots=True)
class Month:
    """A month in weeks, from Monday on; None is a day of another month."""

    first: date
    name: str  # "June 2026"
    weeks: tuple[tuple[Cell | None, ...], ...]
    before: date | None  # the first day of the month before it; None: there is nothing to see there
    after: date | None


def long_day(day: date) -> str:
    """In full: "Thursday, 18 June 2026"."""
    return f"{_WEEKDAYS[day.weekday()]}, {plain_day(day)}"


def plain_day(day: date) -> str:
    """As in a sentence: "18 June 2026"."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def month_name(day: date) -> str:
    """Of the month that a day is in: "June 2026"."""
    return f"{_MONTHS[day.month - 1]} {day.year}"


def last_day(day: date) -> date:
    """Of the month that a day is in."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def month(day: date, counts: Mapping[date, int], first: date, last: date) -> Month:
    """The month that a day is in. There are papers from the day `first` to the day `last`."""
    weeks = Calendar().monthdatescalendar(day.year, day.month)
    begin = day.replace(day=1)
    before, after = begin - timedelta(days=1), last_day(day) + timedelta(days=1)
    return Month(
        begin,
        month_name(day),
        tuple(tuple(_cell(one, counts) if one.month == day.month else None for one in week) for week in weeks),
        before.replace(day=1) if before >= first else None,
        after if after <= last else None,
    )


def _cell(day: date, counts: Mapping[date, int]) -> Cell:
    return Cell(day, counts.get(day, 0), long_day(day))


def day_of(text: str) -> date | None:
    """The day that `2026-06-18` names, of a year that a calendar has room around; None if it names none."""
    if len(text) != len("2026-06-18"):
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1000 <= found.year <= 9000 and found.isoformat() == text else None


def month_of(text: str) -> date | None:
    """The first day of the month that `2026-06` names; None if it names none."""
    return day_of(f"{text}-01") if len(text) == len("2026-06") else None
