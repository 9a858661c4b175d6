"""Whoever wants less gets less at once, by whatever means they say so; and whoever pressed it by mistake takes it back."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.model import Cause, Edition, Origin, State, Status
from digest.tokens import Purpose, is_proven
from digest.web.leaving import a_month_on, coming

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
    assert "Paused until Saturday, 18 July 2026" in answer.text
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
    assert 'role="status"' not in site.get(link, params=before(answer)).text
    assert is_proven(site.desk.keys, Purpose.UNSUBSCRIBE, bob.email, own.rpartition("/")[2])


@given(st.text(max_size=200), st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_is_sent_is_answered(site, link, words, body):
    assert site.get(link, params={"before": words}).status_code == 200
    assert site.post(f"{link}/undo", data={"before": words}).status_code == 303
    assert site.post(f"{link}/undo", content=body).status_code == 303


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
    assert coming(ann, NOW) == "in a few minutes"
    assert coming(replace(ann, last_issue=NOW.date()), NOW) == "tomorrow at 07:30 (Berlin time)"
    assert coming(replace(ann, status=Status.PAUSED), NOW) == ""
    nothing = replace(ann.schedule, days=frozenset())
    assert coming(replace(ann, schedule=nothing), NOW) == ""
