"""Whoever wants less gets less at once, by whatever means they say so; and whoever pressed it by mistake takes it back."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.model import Away, Cause, Edition, Origin, State, Status
from digest.tokens import Purpose, is_proven
from digest.web.coming import comes
from digest.web.leaving.pausing import Asked, read
from digest.web.leaving.standing import a_month_on

from .conftest import ANN, NOW

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def ann(site):
    return site.subscribe()


@pytest.fixture
def link(site, ann):
    return f"/unsubscribe/{site.token(ann, Purpose.UNSUBSCRIBE)}"


def now(site):
    return site.store.subscriber(ANN.email)


def waiting(site, subscriber):
    """Publishes an edition for them that waits to be sent; returns what becomes of it."""
    day = NOW.date()
    site.store.publish([(Edition(subscriber, day, NOW), NOW + timedelta(days=1))])
    return lambda: next(e.state for e in site.store.history(subscriber.email, 1).editions if e.issue_date == day)


def before(answer):
    found = re.search(r'name="before" value="([^"]+)"', answer.text)
    return {"before": found[1]} if found else {}


# --- one click ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {"data": ONE_CLICK},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
        {"content": b""},
        {"content": b"--x\r\nnonsense", "headers": {"content-type": "multipart/form-data; boundary=y"}},
        {"content": b"\xff\xfe=%zz", "headers": {"content-type": "application/x-www-form-urlencoded"}},
    ],
    ids=["urlencoded", "multipart", "nothing", "broken", "garbage"],
)
def test_a_mail_programs_one_click_unsubscribes_without_cookie_or_redirect_however_often(site, link, body):
    for _ in range(3):
        answer = site.post(link, **body)
        assert (answer.status_code, answer.history, answer.cookies) == (200, [], {})
        assert "nothing more is sent" in answer.text
        assert now(site).status is Status.REMOVED


def test_what_waits_to_be_sent_is_not_sent_any_more(site, ann, link):
    state = waiting(site, ann)
    site.post(link, data=ONE_CLICK)
    assert state() is State.CANCELLED


def test_looking_at_the_page_changes_nothing(site, ann, link):
    for _ in range(2):
        assert site.get(link).status_code == site.client.head(link).status_code == 200
    assert now(site) == ann


def test_a_link_to_leave_never_grows_old(site, link):
    site.clock.turn(days=2000)
    assert site.get(link).status_code == 200
    assert site.post(link, data=ONE_CLICK).status_code == 200
    assert now(site).status is Status.REMOVED


def test_somebody_elses_link_and_one_for_something_else_do_nothing(site, ann, link):
    token = link.rpartition("/")[2]
    other = site.token(ann, Purpose.PREFERENCES)
    for wrong in (other, token[:-1], token[:-1] + ("A" if token[-1] != "A" else "B"), "x", "%00", "1-20260618-"):
        assert site.get(f"/unsubscribe/{wrong}").status_code == 404
        assert site.post(f"/unsubscribe/{wrong}", data=ONE_CLICK).status_code == 404
    assert now(site) == ann


def test_one_click_of_somebody_unknown_by_now_is_no_failure(site, ann):
    gone = site.desk.token(replace(ann, id=ann.id + 1000), Purpose.UNSUBSCRIBE)
    assert site.post(f"/unsubscribe/{gone}", data=ONE_CLICK).status_code == 200
    assert site.get(f"/unsubscribe/{gone}").status_code == 404


def test_whoever_is_paused_or_suppressed_can_leave_too(site, link):
    site.store.suppress(ANN.email, Cause.BOUNCE, "550 no such user", NOW)
    assert "Nothing is sent to this address at the moment" in site.get(link).text
    assert site.post(link, data=ONE_CLICK).status_code == 200
    assert now(site).status is Status.REMOVED
    answer = site.get(link)
    assert "came back, or was called spam" in answer.text
    site.post(f"{link}/undo")
    assert now(site).status is Status.REMOVED


# --- by hand ------------------------------------------------------------------------------------------------------


def test_the_button_leads_to_a_page_that_can_take_it_back(site, ann, link):
    page = site.get(link)
    assert "Unsubscribe ann@example.org?" in page.text
    answer = site.post(link, data={"by": "page"}, follow_redirects=True)
    assert [each.status_code for each in answer.history] == [303]
    assert "You have left" in answer.text
    assert now(site).status is Status.REMOVED
    back = site.post(f"{link}/undo", data=before(answer), follow_redirects=True)
    assert "Unsubscribe ann@example.org?" in back.text
    assert replace(now(site), cursor=ann.cursor) == ann


def test_taking_it_back_brings_back_a_pause_too(site, ann, link):
    site.store.pause(ann.email, date(2026, 7, 1), NOW)
    answer = site.post(link, data={"by": "page"}, follow_redirects=True)
    site.post(f"{link}/undo", data=before(answer))
    assert (now(site).status, now(site).paused_until) == (Status.ACTIVE, date(2026, 7, 1))
    site.store.set_status(ann.email, Status.PAUSED, NOW)
    answer = site.post(link, data={"by": "page"}, follow_redirects=True)
    site.post(f"{link}/undo", data=before(answer))
    assert now(site).status is Status.PAUSED


def test_a_month_instead_pauses_at_once_and_can_be_taken_back(site, ann, link):
    assert "ends by itself on Saturday, 18 July 2026" in site.get(link).text
    answer = site.post(f"{link}/pause", follow_redirects=True)
    assert "It comes again on Saturday, 18 July 2026" in answer.text
    assert now(site).paused_until == date(2026, 7, 18)
    site.post(f"{link}/undo", data=before(answer))
    assert now(site) == ann


def test_once_a_week_instead_and_back(site, ann, link):
    answer = site.post(f"{link}/weekly", follow_redirects=True)
    assert "the next one on Monday, 22 June at 07:30" in answer.text
    assert now(site).schedule.days == {0}
    assert "Once a week" not in site.get(link).text
    site.post(f"{link}/undo", data=before(answer))
    assert now(site) == ann


def test_how_often_is_the_configurations_to_say_for_those_whom_it_names(site):
    site.store.sync([replace(ANN, origin=Origin.FILE)], NOW)
    link = f"/unsubscribe/{site.token(now(site), Purpose.UNSUBSCRIBE)}"
    assert "Once a week" not in site.get(link).text
    site.post(f"{link}/weekly")
    assert len(now(site).schedule.days) == 7
    site.post(link, data=ONE_CLICK)
    site.store.sync([replace(ANN, origin=Origin.FILE)], NOW)
    assert now(site).status is Status.REMOVED


def test_a_resumed_digest_says_when_it_comes(site, ann, link):
    site.store.set_status(ann.email, Status.PAUSED, NOW)
    assert "Resume now" in site.get(link).text
    answer = site.post(f"{link}/undo", follow_redirects=True)
    assert "the next one would come" in answer.text
    assert now(site).status is Status.ACTIVE


def test_where_the_operator_decides_who_gets_it_leaving_can_be_taken_back_on_the_spot_alone(make_site):
    site = make_site(more='[web]\nsign_up = "closed"\n')
    link = f"/unsubscribe/{site.token(site.subscribe(), Purpose.UNSUBSCRIBE)}"
    answer = site.post(link, data={"by": "page"}, follow_redirects=True)
    site.post(f"{link}/undo")
    assert now(site).status is Status.REMOVED
    assert "write to whoever runs this site" in site.get(link).text
    site.post(f"{link}/undo", data=before(answer))
    assert now(site).status is Status.ACTIVE
    site.post(link, data=ONE_CLICK)
    site.clock.turn(days=2)
    site.post(f"{link}/undo", data=before(answer))
    assert now(site).status is Status.REMOVED


def test_how_things_were_is_believed_for_its_own_subscriber_alone(site, ann, link):
    bob = site.subscribe(replace(ANN, email="bob@example.org"))
    own = f"/unsubscribe/{site.token(bob, Purpose.UNSUBSCRIBE)}"
    answer = site.post(f"{own}/weekly", follow_redirects=True)
    site.store.set_status(ann.email, Status.PAUSED, NOW)
    assert "Once a week from now on" not in site.get(link, params=before(answer)).text
    assert is_proven(site.desk.keys, Purpose.UNSUBSCRIBE, bob.email, own.rpartition("/")[2])


@given(st.text(max_size=200), st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_is_sent_is_answered(site, link, words, body):
    assert site.get(link, params={"before": words}).status_code == 200
    assert site.post(f"{link}/undo", data={"before": words}).status_code == 303
    assert site.post(f"{link}/undo", content=body).status_code == 303


# --- pausing ------------------------------------------------------------------------------------------------------


@pytest.fixture
def pause(site, ann):
    return f"/preferences/{site.token(ann, Purpose.PREFERENCES)}/pause"


def test_a_pause_of_a_month_begins_at_once_and_is_over_when_one_resumes(site, ann, pause):
    assert "For a month, until 18 July" in site.get(pause).text
    page = site.post(pause, data={"for": "month"}, follow_redirects=True)
    assert "comes again on Saturday, 18 July 2026" in page.text
    assert now(site).paused_until == date(2026, 7, 18)
    page = site.post(pause, data={"resume": "now"}, follow_redirects=True)
    assert "Pause your digest" in page.text
    assert now(site) == ann


def test_a_pause_without_an_end_ends_when_one_says_so(site, ann, pause):
    assert "when you say so" in site.post(pause, data={"for": "good"}, follow_redirects=True).text
    assert now(site).status is Status.PAUSED
    site.post(pause, data={"resume": "now"})
    assert now(site) == ann


def test_days_that_begin_today_pause_and_later_ones_are_planned_and_can_be_dropped(site, ann, pause):
    site.post(pause, data={"first": "", "last": "2026-06-25"})
    assert now(site).paused_until == date(2026, 6, 26)
    site.post(pause, data={"resume": "now"})
    page = site.post(pause, data={"first": "2026-12-24", "last": "2027-01-03"}, follow_redirects=True)
    assert "No digest from 24 December to 3 January 2027" in page.text
    assert now(site).schedule.away == (Away(date(2026, 12, 24), date(2027, 1, 3)),)
    site.post(pause, data={"drop": "2026-12-24/2027-01-03"})
    assert now(site) == ann


def test_looking_at_the_pause_changes_nothing(site, ann, pause):
    assert site.get(pause).status_code == site.client.head(pause).status_code == 200
    assert now(site) == ann


def test_days_that_cannot_be_taken_are_said_beside_their_fields_and_kept(site, ann, pause):
    page = site.post(pause, data={"first": "soon", "last": "2026-06-01"})
    assert page.status_code == 422
    assert 'value="soon"' in page.text
    assert page.text.count('aria-invalid="true"') == 2
    assert now(site) == ann


def test_whom_the_configuration_names_pauses_here_and_plans_there(site):
    site.store.sync([replace(ANN, origin=Origin.FILE)], NOW)
    pause = f"/preferences/{site.token(now(site), Purpose.PREFERENCES)}/pause"
    page = site.post(pause, data={"first": "2026-12-24", "last": "2027-01-03"})
    assert (page.status_code, "2026-12-24..2027-01-03" in page.text) == (422, True)
    assert not now(site).schedule.away
    site.post(pause, data={"for": "month"})
    assert now(site).paused_until == date(2026, 7, 18)


def test_who_gets_no_mail_has_nothing_to_pause(site, ann, pause):
    site.store.suppress(ann.email, Cause.BOUNCE, "550", NOW)
    for data in ({"for": "month"}, {"for": "good"}, {"resume": "now"}, {"last": "2026-07-01"}):
        assert "There is nothing to pause" in site.post(pause, data=data, follow_redirects=True).text
    assert now(site).status is Status.SUPPRESSED


TODAY = date(2026, 6, 18)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("", "2026-06-18", Away(TODAY, TODAY)),
        ("2026-06-20", "2026-06-21", Away(date(2026, 6, 20), date(2026, 6, 21))),
        ("2026-06-01", "2026-06-19", Away(TODAY, date(2026, 6, 19))),  # it began earlier
        ("", "", {"last"}),
        ("2026-06-20", "", {"last"}),
        ("2026-06-20", "2026-06-19", {"last"}),
        ("", "2026-06-17", {"last"}),
        ("", "2036-06-17", {"last"}),
        ("20 June", "2026-06-21", {"first"}),
        ("0000-00-00", "9999-99-99", {"first", "last"}),
    ],
)
def test_days_are_read_as_people_mean_them(first, last, expected):
    asked = read({"first": first, "last": last}, TODAY)
    assert (asked.absence or set(asked.faults)) == expected


@given(st.text(), st.text())
def test_whatever_is_typed_as_days_is_taken_or_refused(first, last):
    asked = read({"first": first, "last": last}, TODAY)
    assert isinstance(asked, Asked)
    assert (asked.absence is None) == bool(asked.faults)


# --- preferences of who has left ----------------------------------------------------------------------------------


def test_who_has_left_comes_back_by_the_link_to_their_preferences(site, ann):
    site.store.set_status(ann.email, Status.REMOVED, NOW)
    token = site.token(ann, Purpose.PREFERENCES)
    answer = site.post(f"/preferences/{token}/return")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/preferences/{token}")
    assert now(site).status is Status.ACTIVE


# --- words --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "later"),
    [
        (date(2026, 6, 18), date(2026, 7, 18)),
        (date(2026, 12, 5), date(2027, 1, 5)),
        (date(2026, 1, 31), date(2026, 3, 1)),
        (date(2026, 12, 31), date(2027, 1, 31)),
        (date(2028, 1, 29), date(2028, 2, 29)),
    ],
)
def test_a_month_is_a_month_of_the_calendar(day, later):
    assert a_month_on(day) == later


def test_when_the_next_one_comes_is_said_by_its_readers_own_clock(site, ann):
    assert comes(ann, NOW) == "in a few minutes"
    assert comes(replace(ann, last_issue=NOW.date()), NOW) == "tomorrow at 07:30 (Berlin time)"
    assert comes(replace(ann, status=Status.PAUSED), NOW) == ""
    nothing = replace(ann.schedule, days=frozenset())
    assert comes(replace(ann, schedule=nothing), NOW) == ""
