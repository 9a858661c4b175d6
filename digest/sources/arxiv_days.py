"""arXiv's calendar: which announcement a submission is in (https://info.arxiv.org/help/availability.html).

Days are those that announcements are dated with: what is announced at 20:00 US/Eastern from Sunday to Thursday carries
the date of the next morning, Monday to Friday. arXiv's own holidays are not known here: what was submitted before one is
announced after it, and is then read from that day's feed.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
DEADLINE = time(14, 0)  # US/Eastern
DAY = timedelta(days=1)


def is_working(day: date) -> bool:
    return day.weekday() < 5


def next_working(day: date) -> date:
    return day + (DAY if day.weekday() < 4 or day.weekday() == 6 else timedelta(days=7 - day.weekday()))


def previous_working(day: date) -> date:
    return day - (DAY if 0 < day.weekday() < 6 else timedelta(days=(day.weekday() + 2) % 7 + 1))


def working_days(first: date, end: date) -> Iterator[date]:
    """Days with an announcement, from `first` to before `end`."""
    for n in range((end - first).days):
        if is_working(day := first + n * DAY):
            yield day


def eastern_day(moment: datetime) -> date:
    return moment.astimezone(EASTERN).date()


def announced(submitted: datetime) -> date:
    """The date of the announcement that a paper submitted at this moment is in."""
    local = submitted.astimezone(EASTERN)
    batch = local.date() + (DAY if local.time() >= DEADLINE else timedelta(0))
    if not is_working(batch):
        batch = next_working(batch)
    return next_working(batch)


def submissions(first: date, last: date) -> tuple[datetime, datetime]:
    """When the papers of the announcements dated `first` to `last` were submitted: from, and to before (UTC)."""
    start, end = previous_working(previous_working(first)), previous_working(last)
    return _deadline(start), _deadline(end)


def _deadline(day: date) -> datetime:
    return datetime.combine(day, DEADLINE, EASTERN).astimezone(UTC)
