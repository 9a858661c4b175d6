"""A backtest in a terminal: at most 80 columns, numbers before bars, and nothing that only colour says."""

import sys
from collections.abc import Iterable, Iterator, Sequence

from digest.rendering.backtest_view import Bar, Pair, Report, Row, Side
from digest.rendering.words import number, shorten, width, wrap

_COLUMNS = 80
_LONGEST = 30  # columns of a bar
_BLOCKS = ("█", "▒", "░")  # both, only the first, only the second
_LETTERS = ("#", "+", "-")  # where there are no blocks


def text(report: Report) -> str:
    """The whole report."""
    parts = [_heading(report), *(part for side in report.sides for part in _side(side, alone=report.pair is None))]
    if report.pair:
        parts[1:1] = _pair(report.pair, report.sides)
    return "\n\n".join(parts)


def _heading(report: Report) -> str:
    return wrap(f"{report.title}, {report.period}", _COLUMNS)


def _side(side: Side, *, alone: bool) -> Iterator[str]:
    said = "\n".join(wrap(sentence, _COLUMNS) for sentence in (side.summary, *side.notes))
    yield said if alone else f"{_titled(side.name)}\n{said}"
    if alone:
        yield "\n".join(["Papers a day", *_bars(side.bars, side.most)])
    for title, rows in (
        ("The best", side.best),
        ("The last that got in", side.last_in),
        ("The first that did not", side.first_out),
    ):
        if rows:
            yield "\n".join([title, *_rows(rows)])
    if side.terms:
        yield "\n".join(_terms(side))
    if side.idle:
        yield wrap(f"Brought nothing: {', '.join(side.idle)}", _COLUMNS)


def _titled(name: str) -> str:
    return f"{name}\n{'-' * min(width(name), _COLUMNS)}"


def _bars(bars: Sequence[Bar], most: int) -> Iterator[str]:
    wide = max(len(number(bar.papers or 0)) for bar in bars)
    for bar in bars:
        counts = (
            f"{bar.shown:>4} of {number(bar.papers):>{wide}}" if bar.papers is not None else f"   ? {'':>{wide + 3}}"
        )
        drawn = _drawn((bar.shown,), most)
        line = f"  {bar.day:<10} {counts}  {drawn}{'  ' if drawn else ''}"
        yield f"{line}{shorten(bar.note, _COLUMNS - width(line))}".rstrip()


def _drawn(counts: Sequence[int], most: int) -> str:
    """One bar of stretches; what is more than nothing is seen."""
    signs = _BLOCKS if _has_blocks() else _LETTERS
    scale = min(1.0, _LONGEST / most) if most else 0.0
    return "".join(
        sign * (max(1, round(count * scale)) if count else 0) for sign, count in zip(signs, counts, strict=False)
    )


def _has_blocks() -> bool:
    try:
        "".join(_BLOCKS).encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def _rows(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        place = f"{row.name}, {row.card.day}"
        yield wrap(f"{shorten(row.card.title, 200)} ({place})", _COLUMNS, indent=" " * 6, first=f"{row.match:>4}  ")
        if said := "; ".join(part for part in (row.hurdle, row.why) if part):
            yield wrap(said, _COLUMNS, indent=" " * 6)


def _terms(side: Side) -> Iterator[str]:
    yield "What carried it"
    yield "  points  papers"
    for weight in side.terms[:20]:
        sort = f" ({weight.sort})" if weight.sort else ""
        yield f"{weight.points:>8,.0f}{weight.papers:>8}  {weight.term}{sort}"
    if len(side.terms) > 20:
        yield f"{'':>16}  and {len(side.terms) - 20} more"


def _pair(pair: Pair, sides: Sequence[Side]) -> Iterator[str]:
    yield "\n".join([f"1: {sides[0].name}", f"2: {sides[1].name}", wrap(pair.summary, _COLUMNS)])
    signs = _BLOCKS if _has_blocks() else _LETTERS
    lines = [
        f"Papers a day: in both ({signs[0]}), only in 1 ({signs[1]}), only in 2 ({signs[2]})",
        f"  {'':<10} {'both':>5} {'only 1':>7} {'only 2':>7}",
    ]
    for day in pair.days:
        drawn = _drawn((day.both, day.one, day.other), pair.most)
        counts = f"{day.both:>5} {day.one:>7} {day.other:>7}"
        lines.append(f"  {day.day:<10} {counts}  {drawn or shorten(day.note, _COLUMNS - 36)}".rstrip())
    yield "\n".join(lines)
    for title, rows in (("The best only in 1", pair.one), ("The best only in 2", pair.other)):
        if rows:
            yield "\n".join([title, *_rows(rows)])
