"""Composing over time, on a real database: sources that are late, downtime, absences, clocks that were wrong."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from digest import arxiv_calendar, pipeline
from digest.model import (
    NOT_YET_ANNOUNCED,
    Announcement,
    Away,
    Background,
    Fetched,
    Kind,
    Listing,
    Pick,
    Problem,
    Profile,
    Ranking,
    Schedule,
    Section,
    Status,
    Subscriber,
)
from digest.pipeline import Parts
from digest.store import open_store

from .stores import store_url

MORNING = datetime(2026, 5, 20, 7, 30, tzinfo=UTC)  # a Wednesday
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
READER = Subscriber("ann@example.org")


class Source:
    """It announces one paper each day that its calendar has, and can be late or fail."""

    every = HOUR

    def __init__(self, name="arxiv", *, calendar=arxiv_calendar.newest):
        self.name = self.title = name
        self.late = timedelta(0)
        self.problem = None
        self._calendar = calendar

    def expected(self, now):
        return self._calendar(now) if self._calendar else None

    def fetch(self, state, now, _since=None):
        if self.problem:
            return Fetched(problems=(Problem(self.problem),))
        day = (self._calendar or datetime.date)(now - self.late)
        first = max(state.covered.values(), default=day - DAY) + DAY
        days = (first + n * DAY for n in range((day - first).days + 1))
        days = [each for each in days if not self._calendar or arxiv_calendar.is_working(each)]
        papers = tuple(Announcement(self._paper(each), self.name, Kind.NEW, each) for each in days)
        return Fetched(papers, covered={"": day})

    def _paper(self, day):
        return Listing(f"What {self.name} found out on {day}", authors=("Ann Lee",), guid=f"{self.name} {day}")


class Everything:
    """Ranks like the real one in what it takes: what is news to each reader."""

    def rank(self, shard):
        return [self._ranking(shard, subscriber) for subscriber in shard.subscribers]

    def _ranking(self, shard, subscriber):
        wanted = subscriber.profile.sources
        news = [a for a in shard.window if a.seq > subscriber.cursor and (not wanted or a.source in wanted)]
        picks = tuple(Pick(a.listing, Section.FOR_YOU, a.kind, a.source, a.day, 1.0) for a in news)
        return Ranking(picks, read={a.source: 1 for a in news}, matched=len(picks), papers=len(picks))


class Home:
    """An installation and a daemon that looks at it."""

    def __init__(self, parts):
        self.parts = parts
        self.editions = []

    def tick(self, now, **options):
        list(pipeline.pull(self.parts, now))
        composed = list(pipeline.compose(self.parts, now, **({"patient": True} | options)))
        self.editions += composed
        return composed

    def run(self, start, end, every=10 * MINUTE):
        """Look from `start` to before `end`."""
        while start < end:
            self.tick(start)
            start += every

    def __getattr__(self, name):
        return getattr(self.parts.store, name)


@pytest.fixture
def home(tmp_path):
    @contextmanager
    def opened(*people, sources=(), grace=30 * MINUTE, since=MORNING - DAY):
        store = open_store(store_url(tmp_path / "digest.db"))
        store.background = Background  # the ranker takes everything, and counts no words
        for person in people or [READER]:
            store.add(person, since)
        sources = sources or [Source()]
        parts = Parts(sources, store, Everything(), renderer=None, transport=lambda: None, worker="here", grace=grace)
        yield Home(parts)
        store.close()

    return opened


def when(edition):
    return f"{edition.issue_date:%d} at {edition.composed_at:%H:%M}"


def days_of(edition):
    return [pick.day for pick in edition.picks]


def may(*days):
    return [date(2026, 5, day) for day in days]


# --- a source that is late --------------------------------------------------------------------------------------------


def test_an_edition_waits_for_a_source_that_is_late_and_has_its_papers(home):
    source = Source()
    source.late = 3 * HOUR + 35 * MINUTE  # due at 04:00 UTC, there at 07:35; it is asked every ten minutes
    with home(sources=[source], since=MORNING - 7 * HOUR) as at_home:
        at_home.run(MORNING - 7 * HOUR, MORNING - HOUR)
        at_home.run(MORNING - HOUR, MORNING + HOUR, 5 * MINUTE)
        (edition,) = at_home.editions
    assert when(edition) == "20 at 07:40"
    assert days_of(edition) == may(19, 20)
    assert edition.missing == ()


def test_it_waits_no_longer_than_its_grace_and_then_says_so(home):
    source = Source()
    with home(sources=[source]) as at_home:
        at_home.run(MORNING - DAY, MORNING - 4 * HOUR, HOUR)
        source.late = 6 * HOUR
        at_home.run(MORNING - HOUR, MORNING + HOUR, 5 * MINUTE)
        _, edition = at_home.editions
    assert when(edition) == "20 at 08:00"
    assert [(missing.source, missing.why) for missing in edition.missing] == [("arxiv", NOT_YET_ANNOUNCED)]
    assert edition.picks == ()


def test_what_came_too_late_is_in_the_next_edition(home):
    source = Source()
    source.late = 6 * HOUR
    with home(sources=[source]) as at_home:
        at_home.run(MORNING - DAY, MORNING + DAY + HOUR, 30 * MINUTE)
        *_, last = at_home.editions
    assert days_of(last) == may(20)


def test_a_source_that_fails_is_waited_for_as_well_and_its_fault_is_said(home):
    source = Source()
    with home(sources=[source]) as at_home:
        at_home.run(MORNING - DAY, MORNING - 4 * HOUR, HOUR)
        source.problem = "HTTP 503"
        at_home.run(MORNING - HOUR, MORNING + HOUR, 5 * MINUTE)
        _, edition = at_home.editions
    assert when(edition) == "20 at 08:00"
    assert [missing.why for missing in edition.missing] == ["HTTP 503"]


@pytest.mark.parametrize("options", [{"patient": False}, {"early": True}, {"replay": True}])
def test_nobody_waits_who_does_not_come_again(home, options):
    source = Source()
    source.late = 6 * HOUR
    with home(sources=[source]) as at_home:
        (edition,) = at_home.tick(MORNING, **options)
    assert [missing.why for missing in edition.missing] == [NOT_YET_ANNOUNCED]


def test_who_does_not_read_the_late_source_does_not_wait(home):
    late, other = Source(), Source("hf", calendar=None)
    late.late = 6 * HOUR
    people = [replace(READER, profile=Profile(sources=("hf",))), Subscriber("bob@example.org")]
    with home(*people, sources=[late, other], since=MORNING - HOUR) as at_home:
        at_home.run(MORNING, MORNING + HOUR, 5 * MINUTE)
        by_reader = {edition.subscriber.email: edition for edition in at_home.editions}
    assert when(by_reader["ann@example.org"]) == "20 at 07:30"
    assert by_reader["ann@example.org"].missing == ()
    assert when(by_reader["bob@example.org"]) == "20 at 08:00"


@pytest.mark.parametrize("day", [date(2026, 5, 23), date(2026, 11, 27), date(2026, 12, 30)])
def test_nothing_is_waited_for_where_the_calendar_has_none(home, day):
    """A weekend, the days after Thanksgiving and after a day of the winter break."""
    due = datetime.combine(day, time(7, 30), UTC)
    with home(since=due - DAY) as at_home:
        at_home.run(due - DAY, due + HOUR, 30 * MINUTE)
        *_, edition = at_home.editions
    assert when(edition) == f"{day:%d} at 07:30"
    assert edition.missing == ()


def test_an_edition_of_the_last_minutes_of_a_day_waits_past_midnight(home):
    source = Source()
    source.late = 30 * HOUR
    with home(replace(READER, schedule=Schedule(send_at=time(23, 50))), sources=[source], grace=HOUR) as at_home:
        at_home.run(MORNING, MORNING + DAY)
        assert [when(edition) for edition in at_home.editions] == ["20 at 00:50"]


def test_a_source_is_asked_again_soon_when_it_should_have_more(home):
    """Its day is due at 04:00; the visits are at the half hours."""
    with home() as at_home:
        at_home.run(MORNING - 12 * HOUR, MORNING - 5 * HOUR, HOUR)
        at_home.run(MORNING - 5 * HOUR, MORNING - 3 * HOUR, MINUTE)
        assert at_home.source_state("arxiv").covered == {"": date(2026, 5, 20)}
        assert at_home.source_state("arxiv").last_attempt == MORNING - 3 * HOUR - 30 * MINUTE


# --- downtime ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("away_for", "since", "papers"),
    [
        pytest.param(0, None, may(20), id="none"),
        pytest.param(1, may(18)[0], may(19, 20), id="a day"),
        pytest.param(5, may(14)[0], may(15, 16, 17, 18, 19, 20), id="five days"),
        pytest.param(13, may(6)[0], may(*range(7, 21)), id="just under two weeks"),
        pytest.param(20, may(6)[0], may(*range(6, 21)), id="three weeks, capped"),
    ],
)
def test_after_downtime_one_edition_covers_what_was_missed_and_says_since_when(home, away_for, since, papers):
    stopped = MORNING - (away_for + 1) * DAY
    with home(sources=[Source("daily", calendar=None)], since=stopped - DAY) as at_home:
        at_home.run(stopped - DAY, stopped + HOUR, 12 * HOUR)
        (edition,) = at_home.tick(MORNING)
    assert edition.since == since
    assert days_of(edition) == papers
    assert edition.issue_date == MORNING.date()


def test_what_is_cut_is_told_apart_from_what_is_not(home):
    """The day of the last edition, if nothing was left out; else the first day of what is in it."""
    stopped = MORNING - 21 * DAY
    with home(sources=[Source("daily", calendar=None)], since=stopped - DAY) as at_home:
        at_home.run(stopped - DAY, stopped + HOUR, 12 * HOUR)
        (edition,) = at_home.tick(MORNING)
        assert edition.since > edition.subscriber.last_issue
        assert at_home.head() == edition.cursor == at_home.subscriber(READER.email).cursor


def test_nothing_is_cut_where_nothing_was_announced(home):
    silent = Source("arxiv", calendar=None)
    silent.problem = "HTTP 503"
    with home(sources=[silent], since=MORNING - 31 * DAY) as at_home:
        at_home.tick(MORNING - 30 * DAY)
        (edition,) = at_home.tick(MORNING)
    assert edition.since == MORNING.date() - 30 * DAY


def test_days_off_are_no_downtime(home):
    workdays = replace(READER, schedule=Schedule(days=frozenset(range(5))))
    monday = datetime(2026, 5, 18, 7, 30, tzinfo=UTC)
    with home(workdays, since=monday - 4 * DAY) as at_home:
        at_home.run(monday - 3 * DAY, monday + HOUR, 12 * HOUR)
        assert [(edition.issue_date.day, edition.since) for edition in at_home.editions] == [(15, None), (18, None)]


def test_a_weekly_edition_is_on_time_with_a_week_of_papers(home):
    weekly = replace(READER, schedule=Schedule(days=frozenset({2})))
    with home(weekly, since=MORNING - 7 * DAY) as at_home:
        at_home.run(MORNING - 7 * DAY, MORNING + HOUR, 12 * HOUR)
        assert [(edition.issue_date.day, edition.since) for edition in at_home.editions] == [(13, None), (20, None)]
        assert days_of(at_home.editions[-1]) == may(14, 15, 18, 19, 20)


def test_a_first_edition_is_no_flood_and_speaks_of_no_downtime(home):
    source = Source("daily", calendar=None)
    with home(Subscriber("bob@example.org"), sources=[source], since=MORNING - 30 * DAY) as at_home:
        at_home.run(MORNING - 30 * DAY, MORNING - 20 * DAY, 12 * HOUR)
        at_home.add(READER, MORNING - 20 * DAY)
        first = {edition.subscriber.email: edition for edition in at_home.tick(MORNING)}[READER.email]
    assert first.since is None
    assert min(days_of(first)) == MORNING.date() - 14 * DAY


def test_those_on_time_are_ranked_for_once_whatever_others_missed(home):
    ranked = []

    class Counting(Everything):
        def rank(self, shard):
            ranked.append([subscriber.email for subscriber in shard.subscribers])
            return super().rank(shard)

    back = replace(READER, schedule=Schedule(away=(Away(*may(10, 19)),)))
    people = [Subscriber(f"{number}@example.org") for number in range(5)]
    with home(back, *people, since=MORNING - 12 * DAY) as at_home:
        at_home.run(MORNING - 12 * DAY, MORNING - 6 * HOUR, 12 * HOUR)
        at_home.parts = replace(at_home.parts, ranker=Counting())
        at_home.tick(MORNING - HOUR)
        editions = at_home.tick(MORNING)
    assert sorted(map(len, ranked)) == [1, 5]
    assert [edition.subscriber.email for edition in editions] == [person.email for person in (back, *people)]


# --- absences and pauses ----------------------------------------------------------------------------------------------

HOLIDAYS = Schedule(away=(Away(*may(11, 19)),))


def test_an_absence_is_kept_and_looked_back_on(home):
    with home(replace(READER, schedule=HOLIDAYS), since=MORNING - 12 * DAY) as at_home:
        at_home.run(MORNING - 12 * DAY, MORNING + 2 * DAY + HOUR, 12 * HOUR)
        issued = {edition.issue_date.day: edition for edition in at_home.editions}
    assert list(issued) == [8, 9, 10, 20, 21, 22]
    assert (issued[20].since, issued[21].since) == (may(10)[0], None)
    assert days_of(issued[20]) == may(11, 12, 13, 14, 15, 18, 19, 20)


def test_who_does_not_catch_up_starts_on_their_return_with_a_days_worth(home):
    afresh = replace(HOLIDAYS, catch_up=False)
    with home(replace(READER, schedule=afresh), since=MORNING - 12 * DAY) as at_home:
        at_home.run(MORNING - 12 * DAY + HOUR, MORNING, 4 * HOUR)
        (edition,) = at_home.tick(MORNING)
        assert at_home.subscriber(READER.email).cursor == at_home.head()
    assert (edition.since, days_of(edition)) == (None, may(20))


@pytest.mark.parametrize(("catch_up", "since", "papers"), [(True, may(18)[0], may(19, 20)), (False, None, may(20))])
def test_a_pause_until_a_day_is_an_absence(home, catch_up, since, papers):
    with home(replace(READER, schedule=Schedule(catch_up=catch_up)), since=MORNING - 5 * DAY) as at_home:
        at_home.run(MORNING - 5 * DAY, MORNING - 2 * DAY + HOUR, 12 * HOUR)
        at_home.pause(READER.email, MORNING.date(), MORNING - 36 * HOUR)
        at_home.run(MORNING - 36 * HOUR, MORNING + HOUR, HOUR)
        *_, edition = at_home.editions
    assert (edition.issue_date, edition.since, days_of(edition)) == (MORNING.date(), since, papers)


def test_who_leaves_and_comes_back_is_told_of_no_time_between(home):
    with home(since=MORNING - 12 * DAY) as at_home:
        at_home.run(MORNING - 12 * DAY, MORNING - 10 * DAY, 4 * HOUR)
        at_home.set_status(READER.email, Status.REMOVED, MORNING - 10 * DAY)
        at_home.run(MORNING - 10 * DAY, MORNING - HOUR, 4 * HOUR)
        at_home.add(READER, MORNING - HOUR)
        (edition,) = at_home.tick(MORNING)
    assert edition.since is None
    assert min(days_of(edition)) >= may(18)[0]


# --- clocks -----------------------------------------------------------------------------------------------------------


def test_a_clock_that_was_years_ahead_for_a_tick_costs_nobody_their_next_editions(home):
    with home(since=MORNING - 2 * DAY) as at_home:
        at_home.run(MORNING - 2 * DAY, MORNING - HOUR, 12 * HOUR)
        (astray,) = at_home.tick(MORNING.replace(year=2036))
        at_home.run(MORNING - HOUR, MORNING + 2 * DAY + 4 * HOUR, 4 * HOUR)
        days = [edition.issue_date for edition in at_home.editions]
    assert astray.issue_date.year == 2036
    assert [day for day in days if day.year == 2026] == may(18, 19, 20, 21, 22)
    assert len(days) == len(set(days))


def test_a_clock_that_is_set_back_repeats_no_day(home):
    with home(since=MORNING - 3 * DAY) as at_home:
        at_home.run(MORNING - 3 * DAY, MORNING + HOUR, 12 * HOUR)
        at_home.run(MORNING - 2 * DAY, MORNING + DAY + HOUR, 12 * HOUR)
        assert [edition.issue_date for edition in at_home.editions] == may(17, 18, 19, 20, 21)


# --- editions of before -----------------------------------------------------------------------------------------------


def test_a_preview_says_what_the_edition_will_say(home):
    with home(since=MORNING - 6 * DAY) as at_home:
        at_home.tick(MORNING - 5 * DAY)
        list(pipeline.pull(at_home.parts, MORNING))
        issues = pipeline.issues_of(at_home.subscribers(), MORNING, early=False)
        (foreseen,) = pipeline.compose_for(at_home.parts, issues, MORNING)
        (edition,) = at_home.tick(MORNING)
    assert foreseen == edition
    assert edition.since == may(15)[0]
