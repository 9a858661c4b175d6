"""`digest status`: what an admin sees at night, on a terminal of 80 columns and as JSON."""

import json
from datetime import UTC, datetime, time, timedelta

import pytest
from rich.console import Console

from digest import due
from digest.model import Alert, Blame, Cause, Outcome, Report, Return, Schedule, Settled, State, Verdict
from digest.pacing import BREAKER, broken, throttled
from digest.store import open_store

from ..store.making import DAY, announce, begin, claim, edition, end, paper, papers, publish, said, subscribe  # noqa: TID252  (tests are no package)
from ..stores import store_url  # noqa: TID252  (tests are no package)

NOW = datetime(2026, 5, 18, 8, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)
AT = ("--now", "2026-05-18T09:00:00Z")
CONFIG = """
[smtp]
kind = "files"
path = "outbox"

[[sources]]
kind = "arxiv"
categories = ["cs.CL"]

[[sources]]
kind = "feed"
name = "blog"
url = "http://127.0.0.1:9/feed"

[[subscribers]]
email = "file@example.org"
"""


@pytest.fixture
def store(tmp_path, run):
    """The database of the configuration in the working folder."""
    (tmp_path / "config.toml").write_text(CONFIG)
    opened = open_store(store_url(tmp_path / "digest.db"))
    yield opened
    opened.close()


@pytest.fixture
def ann(store):
    """Somebody who was sent two of three papers today, and whose mail bounced."""
    announce(store, *(said(paper(number)) for number in (1, 2, 3)), now=NOW)
    ann = subscribe(store, now=NOW - 20 * HOUR, name="Ann")
    publish(store, edition(ann, papers(store)[:2]))
    (held,) = claim(store)
    assert begin(store, held)
    end(store, held, Outcome(Verdict.SENT, "250 2.0.0 Ok: queued as 4XYZ", 250), Settled(State.SENT))
    store.take_back(ann.id, DAY, Report(Return.TEMPORARY, code="4.2.2", detail="mailbox full"), NOW + HOUR)
    return ann


def fail(store, email, state=State.FAILED, verdict=Verdict.FAILED, again=None, *, detail="550 5.1.1 no such user"):
    publish(store, edition(subscribe(store, email)))
    (held,) = claim(store)
    assert begin(store, held)
    end(store, held, Outcome(verdict, detail, 550, blame=Blame.ADDRESS), Settled(state, again))


def told(run, *arguments):
    ran = run("status", *arguments, *AT)
    assert ran.code == 0, ran.err
    return ran.out


def as_json(run, *arguments):
    return json.loads(told(run, *arguments, "--json"))


# --- one subscriber -------------------------------------------------------------------------------------------------


def test_whether_they_got_it_when_and_what_the_server_said(run, store, ann):
    said = told(run, "Ann@Example.org")
    assert "2026-05-18   sent 2026-05-18 08:00:00; 2 papers" in said
    assert "250 2.0.0 Ok: queued as 4XYZ" in said
    assert "came back 2026-05-18 09:00: temporary 4.2.2 mailbox full" in said
    assert "ann@example.org: active, first subscribed 2026-05-17" in said
    assert "comes at 07:30 UTC, every day; the next one: 2026-05-19 07:30 UTC" in said


def test_the_same_for_programs(run, store, ann):
    one = as_json(run, "ann@example.org")
    assert {"email", "status", "subscribed", "schedule", "paused_until", "last_issue", "suppression", "editions"} < {
        *one
    }
    assert one["next_due"] == "2026-05-19T07:30:00+00:00"
    (served,) = one["editions"]
    assert (served["state"], served["code"], served["resent"], served["papers"]) == ("sent", 250, 0, 2)
    assert served["came_back"][0]["code"] == "4.2.2"


def test_what_is_tried_again_says_when(run, store):
    fail(store, "bob@example.org", State.DEFERRED, Verdict.DEFERRED, NOW + 2 * HOUR, detail="451 4.7.1 Greylisted")
    said = told(run, "bob@example.org")
    assert "deferred 2026-05-18 08:00:00; next try 2026-05-18 10:00; 0 papers" in said
    assert "451 4.7.1 Greylisted" in said


def test_what_is_held_says_that_it_may_have_arrived(run, store):
    fail(store, "bob@example.org", State.UNKNOWN, Verdict.UNKNOWN, None, detail="the connection broke")
    assert "unknown 2026-05-18 08:00:00, held: it may have arrived" in told(run, "bob@example.org")


def test_who_is_suppressed_is_told_why_and_what_to_do(run, store, ann):
    store.suppress("ann@example.org", Cause.BOUNCE, "550 5.1.1 gone", NOW)
    said = told(run, "ann@example.org")
    assert "since 2026-05-18 08:00 (bounce): 550 5.1.1 gone" in said
    assert "digest suppressions remove ann@example.org" in said
    assert "none, while they are suppressed" in said


def test_of_who_is_in_the_file_alone_nothing_was_composed(run, store):
    assert "no run has seen it yet" in told(run, "file@example.org")


def test_nobody_is_not_a_subscriber(run, store):
    ran = run("status", "nobody@example.org", *AT)
    assert ran.code == 2
    assert "nobody@example.org is not a subscriber" in ran.err


def test_an_edition_that_was_vacuumed_is_told_as_such(run, store, ann):
    later = NOW + timedelta(days=800)
    store.vacuum(later - timedelta(days=400), later)
    assert "its content and delivery were vacuumed; 2 papers" in told(run, "ann@example.org")


# --- everything -----------------------------------------------------------------------------------------------------


def test_each_source_has_its_days_with_what_came_of_them(run, store, ann):
    days = [day for day in as_json(run)["coverage"] if day["day"] == "2026-05-18"]
    assert days == [
        {
            "source": "arxiv",
            "day": "2026-05-18",
            "expected": True,
            "fetched": 3,
            "matched": 2,
            "sent": 2,
            "late": 0,
        }
    ]
    assert "Mon 2026-05-18" in told(run)


def test_keys_for_programs_stay_what_they_are(run, store):
    assert [*as_json(run)] == [
        *("sources", "listings", "head", "subscribers", "due", "next_due", "editions", "editions_today"),
        *("deliveries", "deliveries_today", "failures", "size", "waiting", "oldest_waiting", "held", "suppressed"),
        *("quiet", "alerts", "vacuumed_at", "coverage"),
    ]


def test_what_is_wrong_stands_first(run, store):
    store.replace_alert(None, Alert("relay", "The mail relay cannot be used", NOW, told_at=NOW))
    assert told(run).startswith("WRONG        The mail relay cannot be used (since 2026-05-18 08:00).")


def test_who_is_left_alone_is_named(run, store):
    store.repace("example.org", lambda pace: throttled(pace, NOW + HOUR))
    store.repace(BREAKER, lambda pace: broken(pace, NOW))
    said = " ".join(told(run).split())
    assert "example.org until 2026-05-18 09:10 (asked for less once)" in said
    assert "the relay failed once" in said


def test_what_failed_is_told_with_the_words_of_the_server(run, store):
    fail(store, "bob@example.org")
    said = told(run)
    assert "2026-05-18   bob@example.org, failed after 1 try, 2026-05-18 08:00" in said
    assert "             550 5.1.1 no such user" in said


def test_what_waits_says_for_how_long(run, store):
    publish(store, edition(subscribe(store)))
    assert "Waiting      1, the oldest for 60 minutes (since 2026-05-18 08:00)" in told(run)


def test_who_waits_for_a_late_source_is_counted_with_when_that_ends(run, store):
    now = NOW + HOUR
    for number, send_at in enumerate([time(8, 55), time(8, 57), time(9, 3)]):
        schedule = Schedule(send_at=send_at)
        one = subscribe(store, f"r{number}@example.org", schedule=schedule, now=now - HOUR)
        again = due.look_again(schedule, DAY, now, timedelta(minutes=30)) if send_at < now.time() else None
        store.reschedule(one.id, again or due.due_instant(schedule, DAY), now)
    waits = "2 editions wait for arxiv, until 2026-05-18 09:27 at the latest"
    assert waits in " ".join(told(run).split())
    announce(store, said(paper(1)), covered={"cs.CL": DAY})
    assert "at the latest" not in told(run)


def test_it_fits_into_80_columns(run, store, ann, monkeypatch):
    monkeypatch.setattr("digest.cli.output.console", lambda: Console(highlight=False, width=80))
    fail(store, "somebody.with.a.long.name@department.of.something.university.example", detail="550 " + "words " * 60)
    store.suppress("x@example.org", Cause.COMPLAINT, "", NOW)
    for arguments in ((), ("ann@example.org",)):
        assert max(map(len, told(run, *arguments).splitlines())) <= 80
