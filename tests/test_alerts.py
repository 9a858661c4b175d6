"""What the operator is told of: every condition at its edge, and each of them once a day."""

from datetime import UTC, date, datetime, timedelta

import pytest

from digest.alerts import Change, Condition, Facts, Told, Watched, changes, conditions, untold
from digest.model import Alert, Pace, Problem, SourceState, State
from digest.pacing import BREAKER, RELAY

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TODAY, YESTERDAY = date(2026, 5, 20), date(2026, 5, 19)
ARXIV = Watched("arxiv", "arXiv", HOUR, expected=TODAY)
FEED = Watched("blog", "A blog", HOUR)


def found(facts, *sources, now=NOW):
    return conditions(facts, sources, now, failed_share=0.05, expiry=DAY)


def keys(facts, *sources):
    return [condition.key for condition in found(facts, *sources)]


def state(name, day, success=NOW, **fields):
    return {name: SourceState(name, covered={"": day} if day else {}, last_attempt=NOW, last_success=success, **fields)}


@pytest.mark.parametrize(
    ("source", "known", "expected"),
    [
        (ARXIV, state("arxiv", TODAY), []),
        (ARXIV, state("arxiv", YESTERDAY), ["silent:arxiv"]),
        (ARXIV, state("arxiv", TODAY, NOW - 23 * HOUR), []),
        (ARXIV, state("arxiv", TODAY, NOW - 25 * HOUR), ["silent:arxiv"]),
        (ARXIV, {}, []),
        (FEED, state("blog", YESTERDAY - 300 * DAY), []),
        (FEED, state("blog", TODAY, NOW - 25 * HOUR), ["silent:blog"]),
        (Watched("blog", "A blog", 12 * HOUR), state("blog", TODAY, NOW - 30 * HOUR), []),
        (Watched("blog", "A blog", 12 * HOUR), state("blog", TODAY, NOW - 37 * HOUR), ["silent:blog"]),
    ],
    ids=[
        "complete",
        "a day behind its calendar",
        "not read for hours",
        "not read for a day",
        "not yet asked",
        "a blog that says little",
        "a blog that cannot be read",
        "one that is read seldom",
        "one that is read seldom, and cannot be",
    ],
)
def test_a_source_is_silent_when_its_calendar_says_so_or_it_cannot_be_read(source, known, expected):
    assert keys(Facts(sources=known), source) == expected


def test_a_source_that_was_never_read_is_given_a_day():
    (condition,) = found(Facts(sources=state("blog", None, success=None)), FEED)
    assert condition.patience == DAY
    assert "never read" in condition.what


def test_the_words_of_the_last_pull_are_in_it():
    known = state("arxiv", YESTERDAY, problems=(Problem("503 Service Unavailable"),))
    (condition,) = found(Facts(sources=known), ARXIV)
    assert "503 Service Unavailable" in condition.do
    assert "2026-05-20" in condition.what


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        ({}, []),
        ({State.SENT: 100}, []),
        ({State.SENT: 95, State.FAILED: 5}, []),
        ({State.SENT: 94, State.FAILED: 6}, ["failed"]),
        ({State.SENT: 94, State.FAILED: 3, State.EXPIRED: 3}, ["failed"]),
        ({State.SENT: 10, State.CANCELLED: 90}, []),
        ({State.SENT: 99, State.UNKNOWN: 1}, ["held"]),
        ({State.UNKNOWN: 1}, ["failed", "held"]),
    ],
)
def test_a_run_fails_when_more_than_its_share_does(ended, expected):
    assert keys(Facts(ended=ended)) == expected


def test_what_was_said_is_told():
    facts = Facts(ended={State.FAILED: 9}, said=(("550 5.7.1 no", 8), ("", 1)))
    (condition,) = found(facts)
    assert condition.what == "9 of 9 digests of the last 24 hours did not go through"
    assert "8 times: 550 5.7.1 no" in condition.do
    assert "once: nothing was said" in condition.do


@pytest.mark.parametrize(
    ("pace", "is_told"),
    [
        (Pace(BREAKER, strikes=1), True),
        (Pace(BREAKER), False),
        (Pace(RELAY, strikes=1, quiet_until=NOW + HOUR), True),
        (Pace(RELAY, strikes=1, quiet_until=NOW - HOUR), False),
        (Pace("example.org", strikes=3, quiet_until=NOW + HOUR), False),
    ],
)
def test_the_relay_is_told_of_after_an_hour_and_a_domain_never(pace, is_told):
    conditions = found(Facts(troubled={pace.key: pace}))
    assert [(one.key, one.patience) for one in conditions] == ([("relay", HOUR)] if is_told else [])


@pytest.mark.parametrize(("age", "expected"), [(12 * HOUR, []), (13 * HOUR, ["late"])])
def test_what_waits_is_told_of_when_half_its_time_is_over(age, expected):
    assert keys(Facts(oldest_waiting=NOW - age)) == expected


def test_a_restored_database_is_told_of():
    assert keys(Facts(restored=1)) == ["restored"]


# --- when it is told ------------------------------------------------------------------------------------------------

WRONG = Condition("relay", "The relay is away", "Look.")
SLOW = Condition("relay", "The relay is away", "Look.", patience=HOUR)


class Memory:
    """What is remembered from minute to minute, and what was told."""

    def __init__(self):
        self.alerts: dict[str, Alert] = {}
        self.told: list[tuple[str, datetime]] = []

    def look(self, now, *conditions, can_tell=True):
        for change in changes(conditions, self.alerts.values(), now):
            after = change.after
            if change.told and not can_tell:
                after = untold(change)
            elif change.told:
                self.told.append((str(change.told), now))
            self._remember(change, after)

    def _remember(self, change: Change, after):
        key = (change.after or change.before).key
        assert self.alerts.get(key) == change.before
        self.alerts.pop(key, None)
        if after:
            self.alerts[key] = after


@pytest.fixture
def memory():
    return Memory()


def test_it_is_told_at_once_then_once_a_day_and_once_when_it_is_over(memory):
    for minutes in range(0, 3 * 24 * 60, 10):
        memory.look(NOW + timedelta(minutes=minutes), WRONG)
    end = NOW + 3 * DAY
    for minutes in range(0, 3 * 24 * 60, 10):
        memory.look(end + timedelta(minutes=minutes))
    assert memory.told == [("begun", NOW), ("lasts", NOW + DAY), ("lasts", NOW + 2 * DAY), ("over", end)]
    assert memory.alerts == {}


def test_what_comes_and_goes_is_told_once_a_day(memory):
    for hour in range(60):
        memory.look(NOW + hour * HOUR, *([WRONG] if hour % 2 == 0 else []))
    begun = [at for told, at in memory.told if told == "begun"]
    assert begun == [NOW, NOW + DAY, NOW + 2 * DAY]
    assert len(memory.told) <= 6


def test_what_is_short_is_not_told(memory):
    memory.look(NOW, SLOW)
    memory.look(NOW + timedelta(minutes=59), SLOW)
    memory.look(NOW + timedelta(minutes=60))
    memory.look(NOW + timedelta(minutes=61), SLOW)
    assert memory.told == []
    memory.look(NOW + timedelta(minutes=121), SLOW)
    assert memory.told == [("begun", NOW + timedelta(minutes=121))]


def test_what_could_not_be_told_is_tried_again_and_told_when_it_is_over(memory):
    """The relay that would carry the mail is the one that is away."""
    for minutes in range(0, 180, 10):
        memory.look(NOW + timedelta(minutes=minutes), SLOW, can_tell=False)
    assert memory.told == []
    memory.look(NOW + 3 * HOUR, can_tell=False)
    memory.look(NOW + 4 * HOUR)
    memory.look(NOW + 5 * HOUR)
    assert memory.told == [("over", NOW + 4 * HOUR)]


def test_what_is_remembered_names_when_it_began(memory):
    memory.look(NOW, SLOW)
    memory.look(NOW + HOUR, SLOW)
    assert memory.alerts["relay"] == Alert("relay", SLOW.what, NOW, told_at=NOW + HOUR)
    assert memory.told[0][0] == Told.BEGUN


@pytest.mark.parametrize(("condition", "again"), [(WRONG, NOW), (SLOW, NOW + HOUR)])
def test_what_was_told_by_a_clock_that_was_years_ahead_is_told_again_by_one_that_is_right(memory, condition, again):
    wrong = NOW + 4_000 * DAY
    memory.look(wrong, condition)
    memory.look(wrong + HOUR, condition)
    memory.told.clear()
    for minutes in range(0, 120, 10):
        memory.look(NOW + timedelta(minutes=minutes), condition)
    assert memory.told == [("begun", again)]
    assert memory.alerts["relay"] == Alert("relay", condition.what, NOW, told_at=again)


def test_what_began_before_the_clock_was_wrong_is_told_once_a_day_after_it(memory):
    memory.look(NOW, WRONG)
    memory.look(NOW + 4_000 * DAY, WRONG)
    memory.look(NOW + HOUR, WRONG)
    memory.look(NOW + 2 * HOUR, WRONG)
    assert memory.told[2:] == [("lasts", NOW + HOUR)]
