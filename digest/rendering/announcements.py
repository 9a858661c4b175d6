"""When arXiv announces next, as far as that is known.

Source: arXiv's "availability of submissions" page: 20:00 US Eastern, Sunday to Thursday, but not on its holidays,
which it names a year at a time. Near a day that could be one, nothing is known.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_EASTERN = ZoneInfo("America/New_York")
_AT = time(20)
_NO_ANNOUNCEMENT = (4, 5)  # Friday and Saturday evenings
_FIXED_HOLIDAYS = {(1, 1), (6, 19), (7, 3), (7, 4), (7, 5), *((12, day) for day in range(23, 32))}


def next_announcement(now: datetime) -> datetime | None:
    """The next announcement after `now`, in US Eastern time; None where a holiday may be in between."""
    local = now.astimezone(_EASTERN)
    day = local.date() if local.time() < _AT else local.date() + timedelta(days=1)
    while day.weekday() in _NO_ANNOUNCEMENT:
        day += timedelta(days=1)
    return None if _may_be_holiday(day) else datetime.combine(day, _AT, _EASTERN)


def _may_be_holiday(day: date) -> bool:
    """US federal holidays around which arXiv has closed."""
    week = (day.day - 1) // 7 + 1
    match day.month, day.weekday():
        case (1, 0):
            movable = week == 3  # Martin Luther King Day
        case (5, 0):
            movable = day.day > 24  # Memorial Day
        case (9, 0):
            movable = week == 1  # Labor Day
        case (11, 2 | 3):
            movable = 21 <= day.day <= 28  # Thanksgiving and its eve
        case _:
            movable = False
    return movable or (day.month, day.day) in _FIXED_HOLIDAYS
