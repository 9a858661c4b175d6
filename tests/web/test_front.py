"""The front page, signing up and confirming, as somebody at the other end of the wire sees them."""

import re
from dataclasses import replace
from datetime import time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event

from digest.model import Cause, Errand, Status
from digest.store.schema import announcements
from digest.web import postman, wished
from digest.web.coming import comes
from digest.web.front import page, typed
from digest.web.front.typed import Typed
from digest.web.zones import grouped, regions, said

from .conftest import ANN, NOW

FORM = {
    "email": "new@example.org",
    "keywords": "speculative decoding\nretrieval",
    "timezone": "Europe/Berlin",
    "send_at": "06:45",
}


def sign_up(site, **fields):
    return site.post("/subscribe", data=FORM | fields)


def mails(site):
    """Whom mails went to, oldest first, and what they say."""
    return [
        path.read_text() for path in sorted((site.folder / "sent").glob("*.eml"), key=lambda path: path.stat().st_mtime)
    ]


def deliver(site):
    return postman.deliver(site.desk, site.clock())


def wish_of(site, email="new@example.org", errand=Errand.SIGN_UP):
    wishes = (site.store.wish_numbered(number) for number in range(1, 50))
    return next((wish for wish in wishes if wish and (wish.email, wish.errand) == (email, errand)), None)


def confirm_path(site, **of):
    return wished.link(site.desk, wish_of(site, **of)).removeprefix(site.desk.base)


# --- the front page ---------------------------------------------------------------------------------------------------


def test_the_front_page_says_what_this_is_and_shows_what_is_talked_about(site):
    page = site.get("/").text
    assert "New papers in your inbox, once a day" in page
    assert "Sample arXiv, Sample Daily Papers and Sample Lab" in page
    assert "Why Does My Loss Spike on Tuesdays?" in page
    assert "Thursday, 18 June 2026" in page
    assert len(page.encode()) < 60_000


def test_the_front_page_is_whole_without_any_paper(site):
    with site.store._database.writing() as connection:
        connection.execute(delete(announcements))
    page = site.get("/")
    assert page.status_code == 200
    assert "The first papers are on their way" in page.text


def test_where_sign_up_is_closed_there_is_no_box_and_no_way_in(make_site):
    site = make_site(more='[web]\nsign_up = "closed"\n')
    page = site.get("/").text
    assert "Nobody can subscribe by themselves here" in page
    assert 'name="email"' not in page
    assert sign_up(site).status_code == 403
    assert wish_of(site) is None


def test_a_sample_is_todays_papers_for_the_keywords_with_reasons(site):
    part = site.post("/sample?part", data=FORM)
    assert part.status_code == 200
    assert "<html" not in part.text
    assert "Second Thoughts Are Shorter" in part.text
    assert "<mark>" in part.text
    assert "1 of the newest" in part.text


def test_without_a_script_the_sample_is_a_page_that_keeps_what_was_typed(site):
    page = site.post("/sample", data=FORM).text
    assert "<html" in page
    assert "Second Thoughts Are Shorter" in page
    assert 'value="new@example.org"' in page
    assert 'value="Europe/Berlin" selected' in page


def test_keywords_that_find_nothing_are_told_so_and_shown_what_comes_closest(site):
    part = site.post("/sample?part", data={"keywords": "quantum decoding of zebrafish"}).text
    assert "matches." in part
    assert "None of the newest" in part


def test_the_front_page_follows_the_papers(site):
    before = site.get("/").text
    assert site.get("/").text == before
    with site.store._database.writing() as connection:
        connection.execute(delete(announcements))
    site.clock.turn(minutes=11)
    site.get("/")  # begins to read again, behind the scenes
    site.desk.live.refresh()
    assert "The first papers are on their way" in site.get("/").text


def test_below_a_prefix_every_way_on_begins_with_it(make_site):
    site = make_site(url="https://example.org/daily/papers")
    sign_up(site)
    for path in ("/", "/subscribed", "/link", "/link/sent", confirm_path(site)):
        page = site.get(path).text
        ways = re.findall(r'(?:href|src|action|formaction|data-live)="(/[^"]*)"', page)
        assert [way for way in ways if not way.startswith("/daily/papers/")] == []
    assert sign_up(site).headers["location"] == "/daily/papers/subscribed"


@pytest.mark.parametrize("path", ["/sample", "/subscribe"])
def test_whoever_comes_back_to_the_address_of_a_form_is_led_to_the_box(site, path):
    answer = site.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/#subscribe")


# --- what was typed ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("email", "", "Write the address that the mail shall come to"),
        ("email", "ann@", "There must be something after the @-sign"),
        ("email", "a" * 250 + "@example.org", "No e-mail address is longer than 254 characters"),
        ("email", "ann@example.org\r\nBcc: eve@example.org", "is not an e-mail address"),
        ("email", "=?utf-8?q?x?=@example.org", "We cannot send mail to"),
        ("keywords", 'title:"a', "is in nearly every text"),
        ("keywords", "x" * 2_001, "more than 2,000 characters"),
        ("keywords", "\n".join(f"word{n}" for n in range(51)), "That is 51 keywords"),
        ("timezone", "Mars/Olympus", "is not a time zone"),
        ("send_at", "25:00", "Must be hours and minutes"),
    ],
)
def test_a_fault_is_told_beside_its_field_with_everything_typed_kept(site, field, value, words):
    answer = sign_up(site, **{field: value})
    assert answer.status_code == 422
    assert words in answer.text.replace("&#34;", '"')
    assert f'id="{field}-fault"' in answer.text
    assert re.search(rf'name="{field}"[^>]*aria-invalid="true" aria-describedby="{field}-fault', answer.text)
    assert f'href="#{field}"' in answer.text
    if field != "keywords":
        assert "speculative decoding\nretrieval</textarea>" in answer.text
    if field != "email":
        assert 'value="new@example.org"' in answer.text
    assert wish_of(site) is None


def test_faults_of_keywords_are_shown_at_their_place(site):
    answer = sign_up(site, keywords="diffusion\nretrieval^900")
    assert "<code>^900</code> is too much" in answer.text
    assert 'aria-hidden="true">retrieval^900\n         ^</pre>' in answer.text


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Ann+papers@Example.ORG", "Ann+papers@example.org"),
        (" ann@example.org ", "ann@example.org"),
        ("ann@b\u00fccher.example", "ann@b\u00fccher.example"),
        ("\u00fcnn\u00ef@example.org", "\u00fcnn\u00ef@example.org"),
    ],
)
def test_addresses_of_every_usual_kind_can_sign_up(written, kept):
    assert typed.read(Typed(email=written)).subscriber.email == kept


def test_only_addresses_of_the_domains_that_are_named_can_sign_up(make_site):
    site = make_site(more='[web]\ndomains = ["lab.example", "b\u00fccher.example"]\n')
    answer = sign_up(site)
    assert answer.status_code == 422
    assert "Only addresses at lab.example and xn--bcher-kva.example can subscribe here." in answer.text
    assert sign_up(site, email="ann@LAB.example").status_code == 303
    assert sign_up(site, email="ann@b\u00fccher.example").status_code == 303
    assert sign_up(site, email="ann@evil.lab.example").status_code == 422


def test_no_keywords_are_no_fault(site):
    assert sign_up(site, keywords=" \n ").status_code == 303
    assert wish_of(site).wanted.profile.keywords == ()


def test_what_was_typed_is_kept_as_it_will_be_wanted(site):
    assert sign_up(site, keywords='"speculative decoding"^3, -survey').status_code == 303
    wanted = wish_of(site).wanted
    assert wanted.profile.keywords == ('"speculative decoding"^3', "-survey")
    assert (wanted.schedule.timezone, wanted.schedule.send_at) == ("Europe/Berlin", time(6, 45))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from([*FORM, "name"]), st.text(max_size=300)))
def test_whatever_strangers_type_is_read_or_told(form):
    read = typed.read(Typed.of(form))
    assert (read.subscriber is None) == bool(read.faults)
    for fault in (fault for own in read.faults.values() for fault in own):
        assert fault.what[:1] == fault.what[:1].upper()
    if read.subscriber:
        assert all(term.isprintable() for term in read.subscriber.profile.keywords)


# --- enumeration ------------------------------------------------------------------------------------------------------


@pytest.fixture
def everybody(site):
    """Addresses of every kind that there is, and what to type for each."""
    site.subscribe(replace(ANN, email="active@example.org"))
    for email, status in (("paused@example.org", Status.PAUSED), ("gone@example.org", Status.REMOVED)):
        site.subscribe(replace(ANN, email=email))
        site.store.set_status(email, status, NOW)
    site.store.suppress("suppressed@example.org", Cause.COMPLAINT, "", NOW)
    sign_up(site, email="waiting@example.org")
    site.post("/link", data={"email": "waiting@example.org"})
    deliver(site)
    return [f"{name}@example.org" for name in ("unknown", "active", "paused", "gone", "suppressed", "waiting")]


def _told(answer):
    changing = {"date", "server"}
    headers = {name: value for name, value in answer.headers.items() if name not in changing}
    return answer.status_code, headers, answer.text


@pytest.mark.parametrize("path", ["/subscribe", "/link"])
def test_the_answer_is_the_same_whether_an_address_is_known_or_not(site, everybody, path):
    answers = []
    for email in everybody:
        site.clock.turn(hours=1)  # nobody is asked to wait
        answers.append(_told(site.post(path, data=FORM | {"email": email})))
    assert all(answer == answers[0] for answer in answers)
    site.clock.turn(hours=9)
    pages = [_told(site.get(answers[0][1]["location"])) for _ in everybody]
    assert all(page == pages[0] for page in pages)


@pytest.mark.parametrize("path", ["/subscribe", "/link"])
def test_the_store_is_asked_the_same_whether_an_address_is_known_or_not(site, everybody, path):
    asked = {}
    for email in everybody:
        site.clock.turn(hours=1)
        with statements(site.store) as said:
            assert site.post(path, data=FORM | {"email": email}).status_code == 303
        asked[email] = said
    new, *known = asked.values()
    assert len(new) == 3
    assert all(one == new for one in known)
    assert all("wishes" in one for one in new)


class statements:  # noqa: N801
    """The SQL that is run meanwhile, without its values."""

    def __init__(self, store):
        self.engine, self.said = store._database.engine, []

    def _note(self, _connection, _cursor, statement, *_):
        self.said.append(re.sub(r"SET .* WHERE", "SET ... WHERE", statement, flags=re.DOTALL))

    def __enter__(self):
        event.listen(self.engine, "before_cursor_execute", self._note)
        return self.said

    def __exit__(self, *_):
        event.remove(self.engine, "before_cursor_execute", self._note)


def test_a_stranger_with_many_machines_who_signs_somebody_up_has_one_mail_sent(site):
    for number in range(40):
        email = "Victim@example.org" if number % 2 else "victim@example.org"
        machine = {"X-Forwarded-For": f"203.0.113.{number}"}
        assert site.post("/subscribe", data=FORM | {"email": email}, headers=machine).status_code == 303
        assert site.post("/link", data={"email": email}, headers=machine).status_code == 303
        if number % 10 == 0:
            deliver(site)
    deliver(site)
    assert len(mails(site)) == 1


def test_who_signs_up_too_often_is_asked_to_wait(site):
    codes = [sign_up(site, email=f"a{number}@example.org").status_code for number in range(7)]
    assert codes[:5] == [303] * 5
    assert codes[-1] == 429
    assert deliver(site) == 5


# --- confirming -------------------------------------------------------------------------------------------------------


def test_opening_the_link_does_nothing_and_the_button_subscribes(site):
    sign_up(site)
    deliver(site)
    path = confirm_path(site)
    for _ in range(2):
        page = site.get(path)
        assert page.status_code == 200
        assert site.client.head(path).status_code == 200
    assert "Confirm my subscription" in page.text
    assert "Every day at 06:45, Berlin time" in page.text
    assert "<bdi>speculative decoding</bdi>" in page.text
    assert site.store.subscriber("new@example.org") is None
    answer = site.post(path)
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    new = site.store.subscriber("new@example.org")
    assert (new.status, new.profile.keywords) == (Status.ACTIVE, ("speculative decoding", "retrieval"))


def test_after_confirming_the_page_says_what_comes_next_and_leads_to_the_preferences(site):
    sign_up(site, send_at="23:30")
    site.post(confirm_path(site))
    page = site.get(confirm_path(site)).text
    assert "You are in" in page
    assert "Your first digest comes today at 23:30 (Berlin time), and from then on every day at 23:30" in page
    token = re.search(r'href="/preferences/([^"]+)"', page)[1]
    assert site.desk.reader(token, "preferences").subscriber.email == "new@example.org"


def test_a_second_press_says_that_one_is_in_already(site):
    sign_up(site)
    path = confirm_path(site)
    site.post(path)
    first = site.store.subscriber("new@example.org")
    assert site.post(path).status_code == 303
    assert "You are in" in site.get(path).text
    assert site.store.subscriber("new@example.org") == first


def test_a_link_grows_old_after_three_days_whatever_became_of_it(site):
    sign_up(site)
    deliver(site)
    path = confirm_path(site)
    site.clock.turn(days=3, seconds=-1)
    assert site.get(path).status_code == 200
    site.clock.turn(seconds=1)
    assert site.get(path).status_code == 410
    site.post(path)
    assert site.store.subscriber("new@example.org") is None


def test_the_link_of_an_older_mail_ends_when_something_else_is_asked(site):
    sign_up(site)
    deliver(site)
    old = confirm_path(site)
    site.clock.turn(days=4)
    sign_up(site, keywords="astronomy")
    assert confirm_path(site) != old
    assert site.get(old).status_code == 404
    site.post(old)
    assert site.store.subscriber("new@example.org") is None


def test_a_stranger_cannot_change_what_a_mail_confirms(site):
    sign_up(site)
    deliver(site)
    path = confirm_path(site)
    sign_up(site, keywords="astrology")
    site.post(path)
    assert site.store.subscriber("new@example.org").profile.keywords == ("speculative decoding", "retrieval")


def test_who_left_is_had_back_and_who_leaves_again_is_told_so(site):
    site.subscribe(replace(ANN, email="new@example.org"))
    site.store.set_status("new@example.org", Status.REMOVED, NOW)
    sign_up(site)
    path = confirm_path(site)
    site.post(path)
    assert site.store.subscriber("new@example.org").status is Status.ACTIVE
    site.store.set_status("new@example.org", Status.REMOVED, NOW)
    assert "You have left" in site.get(path).text


def test_an_address_that_is_suppressed_meanwhile_is_not_subscribed(site):
    sign_up(site)
    site.store.suppress("new@example.org", Cause.BOUNCE, "", NOW)
    answer = site.post(confirm_path(site))
    assert answer.status_code == 409
    assert "We may not write to this address" in answer.text
    assert site.store.subscriber("new@example.org") is None


def test_a_token_is_good_for_nothing_else_and_nobody_can_make_one(site):
    sign_up(site)
    token = confirm_path(site).rpartition("/")[2]
    move = site.desk.seal("move").dumps([1, 1])
    for wrong in (
        token[:-1],
        token + "x",
        "x",
        move,
        site.desk.seal("confirm").dumps("x"),
        site.desk.seal("confirm").dumps([99, 1]),
    ):
        assert site.get(f"/confirm/{wrong}").status_code == 404
        assert site.post(f"/confirm/{wrong}").status_code == 303
    assert site.store.subscribers() == []


def test_what_strangers_typed_is_escaped_where_it_is_confirmed(site):
    assert sign_up(site, keywords='"<script>alert(1)</script>"').status_code == 303
    page = site.get(confirm_path(site)).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


# --- the link ---------------------------------------------------------------------------------------------------------


def test_who_asks_for_their_link_gets_it_by_mail(site):
    site.subscribe()
    assert site.get("/link").status_code == 200
    answer = site.post("/link", data={"email": "ANN@example.org"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/link/sent")
    assert "on the way" in site.get("/link/sent").text
    assert deliver(site) == 1
    assert "/preferences/" in mails(site)[0]


def test_a_faulty_address_is_told_and_kept(site):
    answer = site.post("/link", data={"email": "ann@"})
    assert answer.status_code == 422
    assert 'value="ann@"' in answer.text
    assert 'aria-describedby="email-fault"' in answer.text


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "days", "words"),
    [
        (0, {}, "in a few minutes"),  # 11:00 in Berlin, and it was due at 07:30
        (0, {"send_at": time(12)}, "today at 12:00 (Berlin time)"),
        (0, {"send_at": time(12), "days": frozenset({4})}, "tomorrow at 12:00 (Berlin time)"),
        (0, {"send_at": time(12), "days": frozenset({0})}, "on Monday, 22 June at 12:00 (Berlin time)"),
        (0, {"send_at": time(20), "timezone": "UTC"}, "today at 20:00 (UTC)"),
        (13, {"send_at": time(9), "timezone": "Pacific/Auckland"}, "in a few minutes"),
    ],
)
def test_when_the_first_digest_comes_is_said_by_the_clock_on_their_wall(hours, days, words):
    ann = replace(ANN, schedule=replace(ANN.schedule, **days))
    assert comes(ann, NOW + timedelta(hours=hours)) == words


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        ([], "what is new in research"),
        (["arXiv"], "everything that arXiv announces"),
        (["arXiv", "bioRxiv"], "everything that arXiv and bioRxiv announce"),
        (list("ABCD"), "everything that A, B, C and D announce"),
        (list("ABCDE"), "everything that A, B, C and 2 more sources announce"),
    ],
)
def test_what_is_read_is_said_in_a_sentence(sources, words):
    assert page.reads(sources) == words


def test_zones_are_grouped_by_region_and_none_of_a_place_is_missing():
    assert grouped(["Europe/Berlin", "America/Argentina/Buenos_Aires", "UTC", "EST5EDT"])[1].places == (
        ("America/Argentina/Buenos_Aires", "Argentina, Buenos Aires"),
    )
    assert sum(len(region.places) for region in regions()) > 400
    assert (said("America/Argentina/Buenos_Aires"), said("UTC")) == ("Buenos Aires time", "UTC")
