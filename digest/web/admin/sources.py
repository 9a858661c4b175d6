"""What each source brought, day by day, and how its visits went."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from starlette.responses import Response

from digest.coverage import Coverage, coverage
from digest.model import SourceState
from digest.pipeline import Source
from digest.web.admin import words
from digest.web.admin.visits import Visit

_DAYS = 14


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of one source."""

    day: date
    short: str  # "Thu 18"
    name: str  # "Thursday, 18 June 2026"
    kind: str  # "good", "late", "none" (it was to come, and did not), "soon" (to come), "idle" (nothing was to come)
    shown: str
    said: str
    line: Coverage | None


def list_(visit: Visit) -> Response:
    """Every source that is read: how its last visits went, and its last two weeks."""
    known = visit.desk.store.pulse(visit.now).sources
    grid = grid_of(visit, _DAYS)
    sources = visit.desk.parts.sources
    states = [known.get(source.name, SourceState(source.name)) for source in sources]
    return visit.page(
        "sources",
        "Sources",
        sources=[
            (source, state, account(state, visit.now), covered(state), since_first(grid[source.name]))
            for source, state in zip(sources, states, strict=True)
        ],
        dropped=dropped(known, sources),
    )


def dropped(known: Iterable[str], sources: Sequence[Source]) -> list[str]:
    """Sources of which something is stored, and that the configuration does not name any more."""
    return sorted(set(known) - {source.name for source in sources})


def account(state: SourceState, now: datetime) -> list[tuple[str, str]]:
    """How its visits go, as labels and words."""
    if state.last_attempt is None:
        return [("Last visit", "never: `digest run` or `digest pull` makes the first")]
    silence = state.not_before if state.not_before and state.not_before > now else None
    return [
        ("Last visit", words.when(state.last_attempt, now)),
        ("Last complete visit", words.when(state.last_success, now)),
        ("Next visit", words.when(state.next_pull, now)),
        *([("It asked for silence", f"until {words.when(silence, now)}")] if silence else []),
    ]


def covered(state: SourceState) -> str:
    """Up to which day it is complete, and which parts of it lag behind that."""
    newest = max(state.covered.values(), default=None)
    if newest is None:
        return "Not complete for any day yet"
    behind = sorted((day, part) for part, day in state.covered.items() if part and day < newest)
    lags = ", ".join(f"{part} only to {words.on(day)}" for day, part in behind[:5])
    return f"Complete to {words.on(newest)}{f'; {lags}' if lags else ''}"


# --- by day ---------------------------------------------------------------------------------------------------------


def grid_of(visit: Visit, days: int) -> Mapping[str, list[Cell]]:
    """By source, a cell for each of the last days, newest first."""
    store, sources, today = visit.desk.store, visit.desk.parts.sources, visit.now.date()
    since = today - timedelta(days=days - 1)
    calendars = {source.name: source.expected for source in sources}
    lines = coverage(store.news(since, today), calendars, store.first_visits(), since, today)
    return grid(lines, sources, [today - timedelta(days=ago) for ago in range(days)], visit.now)


def since_first(cells: Sequence[Cell]) -> Sequence[Cell]:
    """Without the days before there was anything to say."""
    telling = [place for place, cell in enumerate(cells) if cell.line]
    return cells[: telling[-1] + 1] if telling else []


def grid(
    lines: Iterable[Coverage], sources: Iterable[Source], days: Sequence[date], now: datetime
) -> Mapping[str, list[Cell]]:
    """The same from what is known of each day; a day of which there is nothing to say is idle."""
    known = {(line.source, line.day): line for line in lines}
    return {
        source.name: [_cell(day, known.get((source.name, day)), source.expected(now)) for day in days]
        for source in sources
    }


def _cell(day: date, line: Coverage | None, due: date | None) -> Cell:
    """`due` is the day that the source should be complete for by now."""
    kind, shown, said = _told(day, line, due)
    return Cell(day, f"{day:%a} {day.day}", words.on(day), kind, shown, said, line)


def _told(day: date, line: Coverage | None, due: date | None) -> tuple[str, str, str]:
    if line is None:
        return "idle", "-", "nothing was to come"
    if line.fetched:
        late = f", {line.late:,} of them late" if line.late else ""
        return "late" if late else "good", f"{line.fetched:,}", f"{words.many(line.fetched, 'paper')}{late}"
    if due is not None and day > due:
        return "soon", "soon", "to come"
    return ("none", "none", "nothing came, and something should have") if line.expected else ("idle", "0", "no papers")
