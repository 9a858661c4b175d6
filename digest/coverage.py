"""What came of each of a source's days: pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

_DAY = timedelta(days=1)
_STEP = timedelta(hours=6)
_SLACK = timedelta(hours=12)  # where `digest pull` runs once a day, this is nobody's fault


class News(Protocol):
    """One paper that a source announced for one of its days."""

    @property
    def source(self) -> str: ...
    @property
    def day(self) -> date: ...
    @property
    def came(self) -> datetime:
        """When it was read."""
        ...

    @property
    def chosen(self) -> bool:
        """For somebody's edition."""
        ...

    @property
    def sent(self) -> bool:
        """In an edition that was delivered."""
        ...


Expected = Callable[[datetime], date | None]  # the day that a source should be complete for by then


@dataclass(frozen=True, slots=True)
class Coverage:
    """One day of one source."""

    source: str
    day: date
    expected: bool | None  # whether its calendar has an announcement; None: it has no calendar
    fetched: int  # papers
    matched: int  # of those, that somebody's edition shows
    sent: int  # of those, that somebody got
    late: int  # of those fetched, that came after they should have


def coverage(
    news: Iterable[News],
    sources: Mapping[str, Expected],
    first_visits: Mapping[str, datetime],
    since: date,
    until: date,
) -> list[Coverage]:
    """The days `since` to `until` of each source that is read, newest first; only days that have something to say."""
    days = [until - n * _DAY for n in range((until - since).days + 1)]
    papers: dict[tuple[str, date], list[News]] = {}
    for paper in news:
        papers.setdefault((paper.source, paper.day), []).append(paper)
    return [
        line
        for name, expected in sources.items()
        for day in days
        if (line := _line(name, day, papers.get((name, day), []), expected, first_visits.get(name)))
    ]


def _line(
    name: str, day: date, papers: list[News], expected: Expected, first_visit: datetime | None
) -> Coverage | None:
    is_expected = announces(expected, day)
    before = first_visit is None or day < first_visit.date()
    if not papers and (before or not is_expected):
        return None
    late = 0 if before else sum(is_late(expected, day, paper.came) for paper in papers)
    return Coverage(
        name,
        day,
        is_expected,
        fetched=len(papers),
        matched=sum(paper.chosen for paper in papers),
        sent=sum(paper.sent for paper in papers),
        late=late,
    )


def announces(expected: Expected, day: date) -> bool | None:
    """Whether this is a day of the source's calendar; None if it has none."""
    days = set(map(expected, _moments(day)))
    return None if None in days else day in days


def _moments(day: date) -> Iterator[datetime]:
    """From its beginning to a day after its end, so that it is somewhere in there that the day is the newest."""
    begin = datetime.combine(day, time(), UTC)
    return (begin + n * _STEP for n in range(8))


def is_behind(expected: date | None, covered: Mapping[str, date]) -> bool:
    """Whether a source that covers these days (by its parts) should have announced a newer one by now."""
    return expected is not None and max(covered.values(), default=date.min) < expected


def is_late(expected: Expected, day: date, came: datetime) -> bool:
    """Whether it was to be there before: by the source's calendar, or else by the end of the next day."""
    due = expected(came - _SLACK)
    return due >= day if due is not None else came.date() > day + _DAY
