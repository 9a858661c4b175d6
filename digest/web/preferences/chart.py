"""A backtest as a chart of bars, one a day: pure geometry."""

from collections.abc import Sequence
from dataclasses import dataclass

from digest.backtest import Day
from digest.rendering.words import counted, short_day

WIDE, HIGH = 300.0, 100.0  # of the drawing, which is stretched to the page
_GAP = 0.25  # of the room that a day has
_STUB = 2.0  # the height of a day of which nothing is known


@dataclass(frozen=True, slots=True)
class Column:
    """One day."""

    day: str  # "Mon 18 May"
    shown: int
    papers: int | None  # announced; None where nothing is known
    note: str  # the whole of it in words
    x: float
    y: float
    width: float
    height: float


def columns(days: Sequence[Day]) -> tuple[Column, ...]:
    """The bars for these days, the fullest as high as the drawing."""
    most = max((len(day.picks) for day in days), default=0) or 1
    room = WIDE / max(len(days), 1)
    return tuple(_column(day, number * room, room, most) for number, day in enumerate(days))


def _column(day: Day, left: float, room: float, most: int) -> Column:
    shown, is_unknown = len(day.picks), not day.papers and bool(day.missing)
    height = _STUB if is_unknown else HIGH * shown / most
    return Column(
        day=short_day(day.day),
        shown=shown,
        papers=None if is_unknown else day.papers,
        note=_note(day, is_unknown=is_unknown),
        x=round(left + room * _GAP / 2, 2),
        y=round(HIGH - height, 2),
        width=round(room * (1 - _GAP), 2),
        height=round(height, 2),
    )


def _note(day: Day, *, is_unknown: bool) -> str:
    if is_unknown:
        return f"{short_day(day.day)}: nothing is held of this day"
    if not day.papers:
        return f"{short_day(day.day)}: nothing was announced"
    return f"{short_day(day.day)}: {len(day.picks)} of {counted(day.papers, 'paper')}"
