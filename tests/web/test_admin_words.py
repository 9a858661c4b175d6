"""What the operator's pages say of times, deliveries, sources and what is wrong."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.alerts import Condition
from digest.coverage import Coverage
from digest.model import Alert, Format, Layout, Pace, SourceState, State, Status, Subscriber
from digest.pacing import BREAKER, RELAY
from digest.store import Place, Sending
from digest.web.admin import looks, people, sendings, sources, suppressions, trouble, words

NOW = datetime(2026, 6, 18, 9, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


# --- times --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (None, "never"),
        (NOW, "09:00 UTC, just now"),
        (NOW - 59 * timedelta(seconds=1), "08:59 UTC, just now"),
        (NOW - MINUTE, "08:59 UTC, 1 minute ago"),
        (NOW - 100 * MINUTE, "07:20 UTC, 1 hour ago"),
        (NOW - 30 * HOUR, "17 June, 03:00 UTC, 1 day ago"),
        (NOW - 400 * DAY, "14 May 2025, 09:00 UTC, 400 days ago"),
        (NOW + timedelta(seconds=5), "09:00 UTC, in a moment"),
        (NOW + 20 * HOUR, "19 June, 05:00 UTC, in 20 hours"),
    ],
)
def test_a_time_is_said_by_the_clock_and_by_how_long_ago_it_was(moment, said):
    assert words.when(moment, NOW) == said


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("`digest pull` asks again.", [("digest pull", True), (" asks again.", False)]),
        ("no command", [("no command", False)]),
        ("", []),
        ("one ` alone", [("one ` alone", False)]),
    ],
)
def test_commands_are_told_from_words(text, runs):
    assert words.runs(text) == runs


@given(st.text())
def test_no_words_are_lost(text):
    assert "".join(run.text for run in words.runs(text)).replace("`", "") == text.replace("`", "")


# --- deliveries ---------------------------------------------------------------------------------------------------


@dataclass
class One:
    state: State | None
    attempts: int = 1
    resent: int = 0
    code: int | None = None
    detail: str = ""
    changed_at: datetime | None = NOW - HOUR
    next_attempt: datetime | None = None


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (One(State.SENT), "Sent at 08:00 UTC, 1 hour ago"),
        (One(State.SENT, resent=1), "Sent at 08:00 UTC, 1 hour ago, after being handed over 2 times"),
        (One(State.PENDING, attempts=0), "Waits to be sent since 08:00 UTC, 1 hour ago"),
        (One(State.SENDING, next_attempt=NOW + MINUTE), "Is being sent since 08:00 UTC, 1 hour ago"),
        (
            One(State.SENDING, next_attempt=NOW - MINUTE),
            "Was being sent at 08:00 UTC, 1 hour ago, and the worker that had it stopped: the next one takes it up",
        ),
        (
            One(State.DEFERRED, attempts=2, next_attempt=NOW + HOUR),
            "Put off after 2 tries; the next is at 10:00 UTC, in 1 hour",
        ),
        (One(State.FAILED), "Failed for good at 08:00 UTC, 1 hour ago, after 1 try"),
        (
            One(State.UNKNOWN, next_attempt=NOW + HOUR),
            "May have arrived: the connection broke at 08:00 UTC, 1 hour ago; the next is at 10:00 UTC, in 1 hour",
        ),
        (One(None), "Nothing was sent"),
    ],
)
def test_a_delivery_says_what_became_of_it(one, said):
    assert words.became(one, NOW) == said


@pytest.mark.parametrize("state", list(State))
def test_every_state_of_a_delivery_has_its_words_and_its_group(state):
    assert words.became(One(state), NOW)
    assert [name for name, states in words.GROUPS.items() if state in states]
    assert words.GROUPS.keys() == words.NAMES.keys()


@pytest.mark.parametrize(
    ("code", "detail", "said"),
    [
        (550, "no such user", "550 no such user"),
        (550, "550 5.1.1 no", "550 5.1.1 no"),
        (None, "lost", "lost"),
        (550, "", ""),
    ],
)
def test_why_is_what_the_server_said(code, detail, said):
    assert words.why(One(State.FAILED, code=code, detail=detail)) == said


@given(st.datetimes(datetime(2000, 1, 1), timezones=st.just(UTC)), st.integers(1, 10**15))  # noqa: DTZ001
def test_where_a_page_ended_is_read_as_it_was_written(moment, number):
    last = Sending(number, 1, "a@b.c", NOW.date(), moment, State.SENT, 1, 0, None, "", NOW, None)
    assert sendings.read_place(sendings.written(last)) == Place(moment, number)
    assert suppressions.read_place(suppressions.written(moment, "a-b@c-d.example")) == (moment, "a-b@c-d.example")


@given(st.text() | st.from_regex(r"[0-9]{8}T[0-9]{6}\.[0-9]{6}-.*"))
def test_no_page_is_an_error(text):
    assert isinstance(sendings.read_place(text), Place | None)
    assert isinstance(suppressions.read_place(text), tuple | None)
    assert isinstance(sendings.read_day(text, NOW.date())[0], date)


@pytest.mark.parametrize(
    ("asked", "day", "is_day"),
    [
        ("", date(2026, 6, 17), True),
        ("2026-06-01", date(2026, 6, 1), True),
        ("2026-06-31", date(2026, 6, 17), False),
        ("0001-01-01", date(2026, 6, 17), False),
        ("9999-12-31", date(2026, 6, 17), False),
    ],
)
def test_a_day_is_read_or_said_to_be_none(asked, day, is_day):
    assert sendings.read_day(asked, date(2026, 6, 17)) == (day, is_day)


# --- what is wrong ------------------------------------------------------------------------------------------------


def test_what_is_wrong_stands_in_the_order_in_which_it_began():
    found = [
        Condition("late", "Late", "Wait."),
        Condition("failed", "Failed", "Look:\n`digest status`"),
        Condition("x", "New", ""),
    ]
    known = [
        Alert("failed", "Failed", NOW - 2 * HOUR),
        Alert("late", "Late", NOW - HOUR),
        Alert("x", "New", NOW - 9 * HOUR, over_at=NOW - 8 * HOUR),
    ]
    told = trouble.troubles(found, known, None)
    assert [(one.what, one.since) for one in told] == [("Failed", NOW - 2 * HOUR), ("Late", NOW - HOUR), ("New", None)]
    assert [[run.text for run in line] for line in told[0].do] == [["Look:"], ["digest status"]]
    assert [one.go and one.go[1] for one in told] == [
        "/admin/deliveries?state=failed",
        "/admin/deliveries?state=put-off",
        None,
    ]


def test_that_nothing_is_done_at_all_stands_first():
    told = trouble.troubles([Condition("late", "Late", "")], [Alert("late", "", NOW - 9 * HOUR)], NOW - 2 * HOUR)
    assert [one.what[:7] for one in told] == ["Nothing", "Late"]


@pytest.mark.parametrize(
    ("next_due", "pulls", "since"),
    [
        (None, [], None),
        (NOW + HOUR, [NOW + HOUR, None], None),
        (NOW - HOUR, [NOW], None),
        (NOW - 2 * HOUR, [NOW + HOUR], NOW - 2 * HOUR),
        (NOW - 2 * HOUR, [NOW - 3 * HOUR], NOW - 3 * HOUR),
    ],
)
def test_it_is_idle_since_the_first_thing_that_was_not_done(next_due, pulls, since):
    assert trouble.idle_since(next_due, pulls, NOW) == since


def test_silences_say_who_is_left_alone_and_until_when():
    quiet = [
        Pace(RELAY, strikes=1, quiet_until=NOW + HOUR),
        Pace(BREAKER, strikes=3),
        Pace("gmail.com", strikes=2, quiet_until=NOW + MINUTE),
    ]
    assert trouble.silences(quiet, NOW) == [
        "The mail relay asked for less mail 1 time: left alone, until 10:00 UTC, in 1 hour",
        "The mail relay failed 3 times in a row",
        "gmail.com asked for less mail 2 times: left alone, until 09:01 UTC, in 1 minute",
    ]


# --- sources ------------------------------------------------------------------------------------------------------


@dataclass
class Archive:
    name: str = "arxiv"
    title: str = "arXiv"
    newest: date | None = date(2026, 6, 17)

    def expected(self, now):
        return self.newest


@pytest.mark.parametrize(
    ("line", "due", "kind", "shown"),
    [
        (None, date(2026, 6, 18), "idle", "-"),
        ((True, 500, 0), date(2026, 6, 18), "good", "500"),
        ((True, 1500, 3), date(2026, 6, 18), "late", "1,500"),
        ((True, 0, 0), date(2026, 6, 18), "none", "none"),
        ((True, 0, 0), date(2026, 6, 17), "soon", "soon"),
        ((None, 0, 0), None, "idle", "0"),
        ((None, 2, 0), None, "good", "2"),
    ],
)
def test_a_day_of_a_source_is_told_in_a_cell(line, due, kind, shown):
    lines = []
    if line:
        expected, fetched, late = line
        lines = [Coverage("arxiv", NOW.date(), expected, fetched, 1, 1, late)]
    ((cell,),) = sources.grid(lines, [Archive(newest=due)], [NOW.date()], NOW).values()
    assert (cell.kind, cell.shown, cell.short, cell.name) == (kind, shown, "Thu 18", "Thursday, 18 June 2026")


def test_days_before_there_was_anything_are_not_told():
    days = [NOW.date() - n * DAY for n in range(5)]
    lines = [Coverage("arxiv", days[2], True, 1, 0, 0, 0)]
    cells = sources.grid(lines, [Archive()], days, NOW)["arxiv"]
    assert [cell.day for cell in sources.since_first(cells)] == days[:3]
    assert sources.since_first(sources.grid([], [Archive()], days, NOW)["arxiv"]) == []


@pytest.mark.parametrize(
    ("covered", "said"),
    [
        ({}, "Not complete for any day yet"),
        ({"cs.CL": date(2026, 6, 17)}, "Complete to Wednesday, 17 June 2026"),
        (
            {"cs.CL": date(2026, 6, 17), "cs.LG": date(2026, 6, 16)},
            "Complete to Wednesday, 17 June 2026; cs.LG only to Tuesday, 16 June 2026",
        ),
    ],
)
def test_a_source_says_how_far_it_is_complete(covered, said):
    assert sources.covered(SourceState("arxiv", covered)) == said


def test_a_source_says_when_it_was_and_will_be_visited():
    told = dict(sources.account(SourceState("a", last_attempt=NOW, next_pull=NOW + HOUR, not_before=NOW + MINUTE), NOW))
    assert told == {
        "Last visit": "09:00 UTC, just now",
        "Last complete visit": "never",
        "Next visit": "10:00 UTC, in 1 hour",
        "It asked for silence": "until 09:01 UTC, in 1 minute",
    }
    assert "never" in dict(sources.account(SourceState("a"), NOW))["Last visit"]


# --- subscribers, looks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "paused_until", "is_listed", "deeds"),
    [
        (Status.ACTIVE, None, False, {"pause", "remove", "suppress"}),
        (Status.ACTIVE, date(2026, 7, 1), False, {"resume", "pause", "remove", "suppress"}),
        (Status.ACTIVE, date(2026, 6, 1), False, {"pause", "remove", "suppress"}),
        (Status.PAUSED, None, False, {"resume", "remove", "suppress"}),
        (Status.REMOVED, None, False, {"resume", "suppress"}),
        (Status.REMOVED, None, True, {"unsuppress"}),
        (Status.SUPPRESSED, None, True, {"unsuppress", "remove"}),
    ],
)
def test_only_what_makes_sense_is_offered(status, paused_until, is_listed, deeds):
    whom = Subscriber("a@b.c", status=status, paused_until=paused_until)
    assert set(people.offered(whom, NOW.date(), is_listed=is_listed)) == deeds <= people.DEEDS.keys()


@given(st.text(), st.text(), st.text(), st.text())
def test_a_look_that_there_is_not_is_the_usual_one(theme, layout, form, mode):
    look = looks.read(theme, layout, form, mode, "journal")
    assert look.layout in Layout
    assert look.format in Format


@pytest.mark.parametrize(
    ("pace", "is_refused"),
    [
        (None, False),
        (Pace(RELAY, quiet_until=NOW + MINUTE), True),
        (Pace(RELAY, quiet_until=NOW - MINUTE), False),
        (Pace(BREAKER, strikes=9, quiet_until=NOW + HOUR), False),
    ],
)
def test_a_relay_that_asked_for_silence_gets_no_test_and_one_that_fails_does(pace, is_refused):
    assert bool(looks.refusal(pace, NOW)) is is_refused


def test_the_sample_shows_what_matches_and_what_is_talked_about():
    edition = looks.sample_edition(NOW)
    assert {pick.section.value for pick in edition.picks} >= {"for_you", "trending"}
    assert all(pick.reasons for pick in edition.picks if pick.section.value == "for_you")
