"""The operator's pages: what they show, and what they change."""

import re
from datetime import date, timedelta
from email import message_from_bytes
from email.policy import default as rules
from itertools import product
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest import pipeline
from digest.errors import RelayError
from digest.model import (
    Alert,
    Cause,
    Deed,
    Ended,
    Fetched,
    Outcome,
    Pace,
    Problem,
    Report,
    Return,
    Settled,
    State,
    Status,
    Subscriber,
    Verdict,
)
from digest.pacing import RELAY
from digest.tokens import Purpose
from digest.web.admin.visits import PLACES

from .admin_desk import operated
from .conftest import ANN, NOW
from .looking import faults

TODAY = NOW.date()
LEASE = timedelta(minutes=15)
HERE = "http://localhost:{port}"
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def make_operator(make_site, tmp_path):
    def make(more="", **own):
        found = operated(make_site, tmp_path, more=more, **own)
        found.come_in()
        return found

    return make


@pytest.fixture
def operator(make_operator):
    return make_operator('[operator]\nalert = "boss@example.org"')


def compose(site, *ends):
    """Today's editions; of their deliveries, so many end as told."""
    list(pipeline.compose(site.parts, NOW - timedelta(hours=1), early=True))
    held = site.store.claim(NOW, worker="w", lease=LEASE, limit=len(ends), subscriber=None)
    site.store.progress(held, [], NOW)
    over = [Ended(claim, Outcome(Verdict.FAILED, detail), Settled(state)) for claim, (state, detail) in zip(held, ends)]  # noqa: B905
    site.store.progress([], over, NOW)


def read(page):
    """The words of a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", re.sub(r"</?(?:bdi|code)>", "", page.text)).split())


# --- all of them --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("has_begun", [False, True])
def test_every_page_can_be_looked_at_before_anything_happened_and_after(operator, has_begun):
    if has_begun:
        operator.site.subscribe()
        compose(operator.site, (State.FAILED, "550 no"))
    for path, _ in PLACES:
        answer = operator.get(path)
        assert (answer.status_code, 'aria-current="page"' in answer.text) == (200, True)
        assert answer.headers["cache-control"] == "no-store"
        assert 'content="noindex"' in answer.text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    path=st.sampled_from([path for path, _ in PLACES]),
    text=st.text(max_size=40) | st.sampled_from([EVIL, "'\";--", "{{ 7*7 }}", "%00", "9" * 40, "-1", "2026-13-40"]),
)
def test_nothing_that_is_asked_is_an_error_or_comes_back_as_markup(operator, path, text):
    query = dict.fromkeys(("q", "status", "after", "day", "state", "before", "of", "theme", "layout", "done"), text)
    answer = operator.get(path, params=query)
    assert answer.status_code == 200
    assert EVIL not in answer.text


def test_there_is_no_page_of_somebody_who_is_not_there(operator):
    for number in ("0", "999999", "9" * 30, "x", "-1"):
        assert operator.get(f"/admin/subscribers/{number}").status_code == 404, number
        assert operator.post(f"/admin/subscribers/{number}/pause").status_code == 404, number


def test_no_page_shows_a_link_that_is_somebody_elses(operator):
    ann = operator.site.subscribe()
    compose(operator.site)
    signed = [operator.site.token(ann, purpose)[-16:] for purpose in Purpose]
    paths = [path for path, _ in PLACES] + [f"/admin/subscribers/{ann.id}"]
    paths += [f"/admin/templates/mail?of={ann.email}&format={form}" for form in ("html", "text", "markdown")]
    for path in paths:
        text = operator.get(path).text
        assert not [proof for proof in signed if proof in text], path


def test_below_a_path_every_link_stays_there(make_operator):
    operator = make_operator(url="http://example.org/digest")
    ann = operator.site.subscribe()
    for path in ("/admin", "/admin/deliveries", f"/admin/subscribers/{ann.id}", "/admin/templates"):
        targets = re.findall(r'(?:href|action|src)="([^"]*)"', operator.get(path).text)
        assert not [target for target in targets if target.startswith("/") and not target.startswith("/digest/")]


# --- what is wrong ------------------------------------------------------------------------------------------------


def test_when_nothing_is_wrong_it_says_so(operator):
    operator.site.subscribe()
    compose(operator.site, (State.SENT, "250 ok"))
    page = read(operator.get("/admin"))
    assert "All is well Thursday, 18 June 2026, 09:00 UTC" in page
    assert "Thursday, 18 June 2026: 5 papers" in page
    assert "Sent 1 in the last 24 hours" in page


def test_what_is_wrong_stands_first_with_since_when_why_and_what_to_do(operator):
    site = operator.site
    site.subscribe()
    compose(site, (State.FAILED, f"550 no such user {EVIL}"))
    site.store.replace_alert(None, Alert("failed", "x", NOW - timedelta(minutes=50), NOW))
    answer = operator.get("/admin")
    page = read(answer)
    assert page.index("1 thing is wrong") < page.index("1 of 1 digests of the last 24 hours did not go through")
    assert "Since 08:10 UTC, 50 minutes ago" in page
    assert "550 no such user &lt;script&gt;" in page
    assert EVIL not in answer.text
    assert 'href="/admin/deliveries?state=failed"' in answer.text
    assert ANN.email in page


def test_that_nothing_is_done_any_more_is_said_after_an_hour(operator):
    operator.site.subscribe()
    operator.site.clock.turn(hours=30)
    operator.come_in()
    assert "Nothing is being done" in read(operator.get("/admin"))


def test_a_source_that_fails_is_said_with_its_words(operator):
    name = operator.site.parts.sources[0].name
    problem = Problem(f"answered 503 {EVIL}")
    later = NOW + timedelta(hours=30)
    operator.site.store.begin_pull(name, later, later + LEASE, worker="w", force=True)
    operator.site.store.announce(name, Fetched(problems=(problem,)), later, later + timedelta(hours=1))
    page = operator.get("/admin/sources")
    assert "answered 503 &lt;script&gt;" in page.text
    operator.site.clock.now = later
    operator.come_in()
    assert "Sample arXiv" in read(operator.get("/admin"))
    assert "At its last visit: answered 503" in read(operator.get("/admin"))


def test_a_silence_is_said_with_its_end(operator):
    operator.site.store.repace(RELAY, lambda _: Pace(RELAY, strikes=1, quiet_until=NOW + timedelta(hours=1)))
    assert "The mail relay asked for less mail 1 time: left alone, until 10:00 UTC" in read(operator.get("/admin"))


# --- deliveries ---------------------------------------------------------------------------------------------------


def test_the_last_day_is_shown_with_how_many_went_which_way_and_why(operator):
    site = operator.site
    for name in ("ann", "bob", "cleo"):
        site.subscribe(Subscriber(f"{name}@example.org", profile=ANN.profile))
    compose(site, (State.SENT, "250 ok"), (State.FAILED, "550 no such user"))
    page = read(operator.get("/admin/deliveries"))
    assert "Sent 1 Waiting 1 Put off 0 Not delivered 1 Cancelled 0" in page
    assert "1 × 550 no such user" in page
    failed = read(operator.get("/admin/deliveries?state=failed"))
    assert ("bob@example.org" in failed, "ann@example.org" in failed) == (True, False)
    assert "Nothing was composed on that day." in read(operator.get("/admin/deliveries?day=2026-06-01"))
    assert "That is no day" in read(operator.get("/admin/deliveries?day=tomorrow"))


def test_many_deliveries_are_read_page_by_page_each_once(operator):
    for number in range(60):
        operator.site.subscribe(Subscriber(f"r{number}@example.org", profile=ANN.profile))
    compose(operator.site)
    first = operator.get("/admin/deliveries")
    following = re.search(r'class="button" href="([^"]+)"', first.text)[1].replace("&amp;", "&")
    second = operator.get(following)
    seen = [re.findall(r"r\d+@example.org", page.text) for page in (first, second)]
    assert [len(page) for page in seen] == [50, 10]
    assert len({*seen[0], *seen[1]}) == 60
    assert "Earlier ones" not in second.text


# --- subscribers --------------------------------------------------------------------------------------------------


def test_subscribers_are_found_and_read_page_by_page(operator):
    for number in range(55):
        operator.site.subscribe(Subscriber(f"r{number:02}@example.org"))
    first = operator.get("/admin/subscribers")
    assert "All 55 Active 55 Paused 0 Left 0 Suppressed 0" in read(first)
    following = re.search(r'class="button" href="([^"]+)"', first.text)[1].replace("&amp;", "&")
    assert re.findall(r"(r\d\d)@", operator.get(following).text) == ["r50", "r51", "r52", "r53", "r54"]
    assert re.findall(r"(r\d\d)@", operator.get("/admin/subscribers?q=R07").text) == ["r07"]
    assert "No address begins with “zoe”" in read(operator.get("/admin/subscribers?q=zoe"))
    assert "Nobody has that status" in read(operator.get("/admin/subscribers?status=paused"))


def test_one_subscribers_page_says_whether_they_got_it_and_why_not(operator):
    ann = operator.site.subscribe()
    compose(operator.site, (State.FAILED, "550 5.1.1 no such user"))
    operator.site.store.take_back(ann.id, TODAY, Report(Return.TEMPORARY, code="4.2.2", detail="full"), NOW)
    page = read(operator.get(f"/admin/subscribers/{ann.id}"))
    for said in (
        "Status Active",
        "Comes 07:30 Europe/Berlin, every day",
        "speculative decoding",
        "Failed for good at 09:00 UTC, just now, after 1 try. 550 5.1.1 no such user",
        "Came back, temporary: 4.2.2 full",
    ):
        assert said in page


@pytest.mark.parametrize(
    ("deeds", "status", "last"),
    [
        (["pause"], Status.PAUSED, "paused"),
        (["pause", "resume"], Status.ACTIVE, "resumed"),
        (["remove"], Status.REMOVED, "removed"),
        (["remove", "resume"], Status.ACTIVE, "resumed"),
        (["suppress"], Status.SUPPRESSED, "suppressed"),
        (["suppress", "unsuppress"], Status.PAUSED, "unsuppressed"),
        (["pause", "pause"], Status.PAUSED, "paused"),
    ],
)
def test_what_is_pressed_is_done_said_and_written_down(operator, deeds, status, last):
    ann = operator.site.subscribe()
    for deed in deeds:
        answer = operator.post(f"/admin/subscribers/{ann.id}/{deed}", reason="asked by phone")
        assert answer.status_code == 303
    assert operator.site.store.subscriber(ann.email).status is status
    shown = operator.get(answer.headers["location"])
    assert 'role="status"' in shown.text
    assert f"{last.capitalize()} {ann.email} By the operator, at 09:00 UTC" in read(operator.get("/admin/log"))
    assert len(operator.site.store.deeds(9)) == len(deeds)


def test_a_pause_ends_on_a_day_that_is_to_come(operator):
    ann = operator.site.subscribe()
    pause = f"/admin/subscribers/{ann.id}/pause"
    operator.post(pause, until="2026-07-01")
    assert operator.site.store.subscriber(ann.email).paused_until == date(2026, 7, 1)
    assert "Paused until 1 July 2026" in read(operator.get(f"/admin/subscribers/{ann.id}"))
    for wrong in ("2026-06-18", "soon", "2026-06-31"):
        answer = operator.post(pause, until=wrong)
        assert (answer.status_code, f'value="{wrong}"' in answer.text) == (422, True)
        assert 'aria-invalid="true"' in answer.text
    assert len(operator.site.store.deeds(9)) == 1


def test_who_is_suppressed_cannot_be_resumed_and_the_page_says_what_to_do(operator):
    ann = operator.site.subscribe()
    operator.site.store.suppress(ann.email, Cause.COMPLAINT, "", NOW)
    answer = operator.post(f"/admin/subscribers/{ann.id}/resume")
    assert (answer.status_code, "on the suppression list" in read(answer)) == (422, True)
    assert operator.site.store.deeds(9) == []


def test_what_is_no_deed_is_not_done(operator):
    ann = operator.site.subscribe()
    assert operator.post(f"/admin/subscribers/{ann.id}/promote").status_code == 404


# --- suppressions -------------------------------------------------------------------------------------------------


def test_an_address_is_put_on_the_list_found_and_taken_off(operator):
    answer = operator.post("/admin/suppressions/add", email=" Eve@example.net", reason=EVIL)
    page = operator.get(answer.headers["location"])
    assert "Eve@example.net Since 09:00 UTC, just now: put there by hand" in read(page)
    assert EVIL not in page.text
    assert "Eve@example.net" in operator.get("/admin/suppressions?q=eve").text
    operator.post("/admin/suppressions/remove", email="eve@EXAMPLE.net")
    assert operator.site.store.suppressions() == []
    again = operator.post("/admin/suppressions/remove", email="eve@example.net")
    assert "was not on the list" in operator.get(again.headers["location"]).text
    assert [deed.what for _, deed in operator.site.store.deeds(9)] == [
        "unsuppressed eve@example.net",
        "suppressed eve@example.net",
    ]


def test_what_is_no_address_is_not_put_on_the_list(operator):
    for email in ("", "eve", "eve@", "a@b.example\r\nBcc: x@y.example", "x" * 400 + "@example.org", EVIL):
        answer = operator.post("/admin/suppressions/add", email=email, reason="kept")
        assert (answer.status_code, 'value="kept"' in answer.text) == (422, True), email
        assert EVIL not in answer.text
    assert operator.site.store.suppressions() == []


# --- the rest -----------------------------------------------------------------------------------------------------


def test_runs_are_counted_by_day_and_what_came_back_is_named(operator):
    ann = operator.site.subscribe()
    compose(operator.site, (State.SENT, "250 ok"))
    operator.site.store.take_back(ann.id, TODAY, Report(Return.TEMPORARY, code="4.2.2", detail="full"), NOW)
    page = read(operator.get("/admin/runs"))
    assert "Thu 18 June 2026 1 1 0 0 0 0" in page
    assert "Temporary, read at 09:00 UTC, just now; about the edition of Thursday, 18 June 2026. 4.2.2 full" in page
    assert "1 digests sent" in page


def test_suggestions_are_named_for_the_curators(operator):
    ann = operator.site.subscribe()
    listing = operator.site.store.window(0)[0].listing
    operator.site.store.suggest(ann.id, listing.id, NOW)
    page = operator.get("/admin/suggestions")
    assert f'href="/paper/{listing.id}"' in page.text
    assert ann.email in page.text


def test_the_log_is_read_page_by_page(operator):
    for number in range(105):
        operator.site.store.note_deed(Deed(NOW, "the operator", f"paused r{number:03}@example.org"))
    first = operator.get("/admin/log")
    following = re.search(r'class="button" href="([^"]+)"', first.text)[1]
    assert re.findall(r"r(\d\d\d)@", operator.get(following).text) == ["004", "003", "002", "001", "000"]


# --- what the mail looks like -------------------------------------------------------------------------------------


def test_the_mail_is_shown_in_every_theme_and_layout(operator):
    for theme, layout in product(("journal", "ledger"), ("cards", "compact", "full")):
        answer = operator.get(f"/admin/templates/mail?theme={theme}&layout={layout}")
        assert "Speculative Decoding" in answer.text
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "sandbox" in policy
        assert "script-src" not in policy
        assert "frame-ancestors 'self'" in policy


def test_somebodys_newest_edition_is_shown_and_else_the_sample_with_a_word_on_why(operator):
    ann = operator.site.subscribe()
    assert "Nothing that is still kept was composed for them" in operator.get(f"/admin/templates?of={ann.email}").text
    assert "Nobody is subscribed with that address" in operator.get("/admin/templates?of=eve@example.org").text
    compose(operator.site)
    assert ann.email in operator.get(f"/admin/templates/mail?of={ann.email}&format=text").text


def test_a_template_that_cannot_be_rendered_says_where_it_is_wrong(operator, tmp_path):
    (tmp_path / "own" / "email").mkdir(parents=True)
    (tmp_path / "own" / "email" / "card.html.j2").write_text("{{ nothing.here }}")
    object.__setattr__(operator.site.desk.settings.site, "templates_dir", tmp_path / "own")
    answer = operator.get("/admin/templates/mail")
    assert "This cannot be shown." in answer.text
    assert "card.html.j2, line 1" in answer.text


# --- a test -------------------------------------------------------------------------------------------------------


def sent(operator):
    return [
        message_from_bytes(file.read_bytes(), policy=rules) for file in Path(operator.site.folder, "sent").glob("*")
    ]


def test_a_test_goes_to_the_operator_and_says_that_it_is_one(operator):
    answer = operator.post("/admin/templates/test", layout="compact", to="eve@example.org")
    assert answer.status_code == 303
    assert "The mail server took the test." in operator.get(answer.headers["location"]).text
    (mail,) = sent(operator)
    assert mail["To"] == "boss@example.org"
    assert "This is a test" in mail.get_body(("plain",)).get_content()
    assert [deed.what for _, deed in operator.site.store.deeds(9)] == ["sent a test to boss@example.org"]
    assert operator.site.store.last_composed() is None  # nothing of it is stored


def test_two_tests_are_two_mails_and_none_is_a_real_ones_twin(operator):
    boss = operator.site.subscribe(Subscriber("boss@example.org", profile=ANN.profile))
    compose(operator.site)
    edition = operator.site.store.edition(boss.email, TODAY)
    for _ in range(2):
        operator.post("/admin/templates/test", of=boss.email)
    ids = {mail["Message-ID"] for mail in sent(operator)}
    assert len(ids | {operator.site.desk.renderer.message(edition).message_id}) == 3


def test_a_relay_that_refuses_is_quoted(operator):
    def down():
        raise RelayError(f"connection refused {EVIL}")

    object.__setattr__(operator.site.desk.parts, "transport", down)
    answer = operator.post("/admin/templates/test")
    assert (answer.status_code, "connection refused &lt;script&gt;" in answer.text) == (422, True)


def test_a_relay_that_asked_for_silence_gets_no_test(operator):
    operator.site.store.repace(RELAY, lambda _: Pace(RELAY, strikes=1, quiet_until=NOW + timedelta(hours=1)))
    answer = operator.post("/admin/templates/test")
    assert (answer.status_code, "asked for silence until 10:00 UTC" in answer.text) == (429, True)
    assert sent(operator) == []


def test_after_some_tests_the_next_one_has_to_wait(operator):
    assert [operator.post("/admin/templates/test").status_code for _ in range(6)] == [303] * 5 + [429]
    assert len(sent(operator)) == 5


def test_where_no_address_is_configured_no_test_is_sent(make_site, tmp_path):
    operator = operated(make_site, tmp_path)
    operator.come_in()
    object.__setattr__(operator.site.desk.settings.site, "contact", None)
    assert "Send a test" not in operator.get("/admin/templates").text
    assert operator.post("/admin/templates/test").status_code == 422


# --- in a browser -------------------------------------------------------------------------------------------------


def test_somebody_is_found_and_paused_on_a_phone_and_nothing_is_wrong_with_the_pages(browser, make_site, tmp_path):
    operator = operated(make_site, tmp_path, url=HERE)
    ann = operator.site.subscribe()
    compose(operator.site, (State.FAILED, "550 no such user"))
    context = browser.new_context(viewport={"width": 320, "height": 640}, base_url=operator.site.desk.base)
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.goto("/admin/subscribers?q=ann")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name=ann.email).click()
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("Paused. Nothing is sent to them for now.").wait_for()
    assert operator.site.store.subscriber(ann.email).status is Status.PAUSED
    for path, _ in PLACES:
        page.goto(path)
        assert faults(page) == [], path
    page.goto("/admin/templates")
    page.frame_locator("iframe").get_by_text("Draft, Verify, Nap").wait_for()
    assert said == []
    page.get_by_role("button", name="Log out").click()
    page.get_by_label("Password").wait_for()
    context.close()


def test_a_stranger_is_asked_for_the_password_whatever_they_send(operator):
    with httpx.Client(base_url=operator.client.base_url) as stranger:
        for path, _ in PLACES:
            assert 'type="password"' in stranger.get(path).text
