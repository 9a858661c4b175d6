from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from digest.rendering.announcements import next_announcement

EASTERN = ZoneInfo("America/New_York")


def eastern(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=EASTERN)


@pytest.mark.parametrize(
    ("now", "following"),
    [
        (eastern(2026, 5, 18, 1, 30), eastern(2026, 5, 18, 20)),  # Monday before the hour
        (eastern(2026, 5, 18, 20), eastern(2026, 5, 19, 20)),  # Monday, just announced
        (eastern(2026, 5, 21, 21), eastern(2026, 5, 24, 20)),  # Thursday night: Sunday is next
        (eastern(2026, 5, 15, 7), eastern(2026, 5, 17, 20)),  # Friday
        (eastern(2026, 5, 16, 7), eastern(2026, 5, 17, 20)),  # Saturday
        (eastern(2026, 3, 8, 1), eastern(2026, 3, 8, 20)),  # clocks change
    ],
)
def test_arxiv_announces_at_eight_in_the_evening_from_sunday_to_thursday(now, following):
    assert next_announcement(now) == following


@pytest.mark.parametrize(
    "now",
    [
        eastern(2026, 12, 25, 8),
        eastern(2026, 12, 31, 8),
        eastern(2026, 7, 2, 21),
        eastern(2026, 5, 25, 8),  # Memorial Day
        eastern(2026, 11, 26, 8),  # Thanksgiving
        eastern(2026, 1, 1, 8),
    ],
)
def test_near_a_holiday_nothing_is_promised(now):
    assert next_announcement(now) is None
