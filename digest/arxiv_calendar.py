"""arXiv's calendar: when it announces, and what is in which announcement. Pure.

Submissions are closed at 14:00 US/Eastern on working days and announced at 20:00 from Sunday to Thursday
(https://info.arxiv.org/help/availability.html). Announcements are dated with the next morning, Monday to Friday, and
from its midnight on they are in arXiv's feeds (https://info.arxiv.org/help/rss.html): `day` means that date here.

On its holidays arXiv neither closes nor announces, and after a Friday that is one there is no announcement on Sunday
(`is_publish_day` of arXiv's own code). It names them a year at a time, on the page above and in the table that its
publishing works from. A year that is not in the table below is not known: then nothing is promised, and no announcement
is expected near a day that was a holiday in other years.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
DEADLINE = time(14)
ANNOUNCEMENT = time(20)
DAY = timedelta(days=1)

_HOLIDAYS = {  # by year, month and day: those of the public calendar, and arXiv's own retreats and winter breaks
    2023: "01-16 06-14 06-19 07-04 08-17 09-04 11-23 12-25 12-27",
    2024: "01-15 05-22 06-19 07-04 09-02 10-08 11-28 12-25 12-26 12-31",
    2025: "01-01 01-20 06-19 07-04 07-06 09-01 11-27 12-25 12-30",
    2026: "01-01 01-19 06-19 07-03 09-07 11-26 12-25 12-29 12-31",
}
HOLIDAYS = frozenset(date.fromisoformat(f"{year}-{day}") for year, days in _HOLIDAYS.items() for day in days.split())
_USUAL = {(1, 1), (6, 19), (7, 3), (7, 4), (7, 5), *((12, day) for day in range(23, 32))}
_FRIDAY, _SATURDAY, _SUNDAY = 4, 5, 6


def eastern_day(moment: datetime) -> date:
    return moment.astimezone(EASTERN).date()


# --- when it announces --------------------------------------------------------------------------------------------


def announces(evening: date) -> bool | None:
    """Whether arXiv announces on this evening; None where a holiday is possible and its calendar is not known."""
    if evening.weekday() in (_FRIDAY, _SATURDAY):
        return False
    days = (evening - 2 * DAY, evening) if evening.weekday() == _SUNDAY else (evening,)
    if any(day in HOLIDAYS for day in days):
        return False
    return None if any(_may_be_holiday(day) for day in days) else True


def _may_be_holiday(day: date) -> bool:
    """Whether a day of a year that is not known is like those that were holidays in other years."""
    if day.year in _HOLIDAYS:
        return False
    week = (day.day - 1) // 7 + 1
    match day.month, day.weekday():
        case (1, 0):
            movable = week == 3  # Martin Luther King Day
        case (9, 0):
            movable = week == 1  # Labor Day
        case (11, 3):
            movable = week == 4  # Thanksgiving
        case _:
            movable = False
    return movable or (day.month, day.day) in _USUAL


def next_announcement(now: datetime) -> datetime | None:
    """The next announcement after `now`, in US/Eastern time; None in a year whose holidays are not known."""
    local = now.astimezone(EASTERN)
    evening = local.date() if local.time() < ANNOUNCEMENT else local.date() + DAY
    while announces(evening) is False:
        evening += DAY
    is_sure = announces(evening) and evening.year in _HOLIDAYS
    return datetime.combine(evening, ANNOUNCEMENT, EASTERN) if is_sure else None


def newest(now: datetime) -> date:
    """The date of the newest announcement that should be in the feeds by now, for all that is known."""
    day = eastern_day(now)
    while not announces(day - DAY):
        day -= DAY
    return day


# --- what is in which announcement --------------------------------------------------------------------------------
# Nothing is lost by taking a holiday for a working day here, only by the opposite: what is not known counts as one.


def is_working(day: date) -> bool:
    return day.weekday() < _SATURDAY


def previous_working(day: date) -> date:
    return day - (DAY if 0 < day.weekday() < _SUNDAY else timedelta(days=(day.weekday() + 2) % 7 + 1))


def working_days(first: date, end: date) -> Iterator[date]:
    """Days that may have an announcement, from `first` to before `end`; holidays are among them."""
    for n in range((end - first).days):
        if is_working(day := first + n * DAY):
            yield day


def _has_announcement(day: date) -> bool:
    return announces(day - DAY) is not False


def announced(submitted: datetime) -> date:
    """The date of the announcement that a paper submitted at this moment is in."""
    local = submitted.astimezone(EASTERN)
    closed = local.date() + (DAY if local.time() >= DEADLINE else timedelta(0))
    while not is_working(closed) or closed in HOLIDAYS:
        closed += DAY
    day = closed + DAY
    while not _has_announcement(day):
        day += DAY
    return day


def submissions(first: date, last: date) -> tuple[datetime, datetime]:
    """When the papers of the announcements dated `first` to `last` were submitted: from, and to before (UTC)."""
    before = previous_working(first)
    while not _has_announcement(before):
        before = previous_working(before)
    return _deadline(previous_working(before)), _deadline(previous_working(last))


def _deadline(day: date) -> datetime:
    return datetime.combine(day, DEADLINE, EASTERN).astimezone(UTC)
