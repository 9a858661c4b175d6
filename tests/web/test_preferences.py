"""Somebody tunes what they get, by the link in their mail."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Event, Semaphore

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.model import Origin, Profile, Schedule, Status, Subscriber
from digest.tokens import Purpose
from digest.web.preferences import suggesting
from digest.web.preferences.finding import Finder
from digest.web.preferences.proposing import entries_of

from ..stores import store_url  # noqa: TID252  (tests are no package)
from .conftest import ANN, NOW


@pytest.fixture
def ann(site):
    return site.subscribe()


@pytest.fixture
def path(site, ann):
    return f"/preferences/{site.token(ann, Purpose.PREFERENCES)}"


def everything(site):
    """All that the store holds of subscribers."""
    return site.store.subscribers()


# --- looking ----------------------------------------------------------------------------------------------------------


def test_the_editor_shows_what_somebody_has_and_what_it_finds(site, path):
    page = site.get(path)
    assert page.status_code == 200
    assert "&#34;speculative decoding&#34;^3\nretrieval\ntokeni*\n-survey</textarea>" in page.text
    assert "Second Thoughts Are Shorter" in page.text  # the pick of the day
    assert re.search(r'data-term="retrieval" data-papers="[1-9]', page.text)
    assert '<option value="Europe/Berlin" selected>' in page.text
    assert "Every day at 07:30, Berlin time" in page.text
    assert 'content="noindex"' in page.text


def test_looking_changes_nothing(site, ann, path):
    before = everything(site)
    for method in ("GET", "HEAD"):
        for below in ("", "/suggest", "?saved", "?added"):
            assert site.client.request(method, path + below).status_code == 200
    for below, sent in (
        ("/preview", {"keywords": "x"}),
        ("/backtest", {"keywords": "x"}),
        ("", {"look": "1", "keywords": "x"}),
    ):
        assert site.post(path + below, data=sent).status_code == 200
    site.post(f"{path}/suggest", data={"list": "A paper about diffusion models"})
    assert everything(site) == before
    assert ann in before


@pytest.mark.parametrize("below", ["", "/suggest"])
def test_a_link_that_is_old_unknown_or_of_somebody_who_left_says_what_to_do(site, ann, path, below):
    assert site.get(f"/preferences/{path[-20:]}{below}").status_code == 404
    assert site.get(f"/preferences/{site.token(ann, Purpose.UNSUBSCRIBE)}{below}").status_code == 404
    site.clock.turn(days=91)
    assert site.get(path + below).status_code == 410
    site.clock.turn(days=-91)
    site.store.set_status(ann.email, Status.REMOVED, NOW)
    assert "You have left" in site.get(path + below).text


@pytest.mark.parametrize("below", ["", "/preview", "/backtest", "/suggest", "/add"])
def test_nothing_is_done_by_a_link_that_is_old_or_unknown(site, ann, path, below):
    before = everything(site)
    sent = {"keywords": "stolen", "add": "stolen", "list": "Stolen papers"}
    assert site.post(f"/preferences/{site.token(ann, Purpose.FEED)}{below}", data=sent).status_code == 404
    site.clock.turn(days=91)
    assert site.post(path + below, data=sent).status_code == 410
    assert everything(site) == before


def test_somebody_paused_or_suppressed_sees_why_nothing_comes(site, ann, path):
    site.store.pause(ann.email, NOW.date() + timedelta(days=9), NOW)
    assert "paused until Saturday, 27 June 2026" in site.get(path).text
    site.store.set_status(ann.email, Status.SUPPRESSED, NOW)
    assert "Nothing is sent to this address" in site.get(path).text


def test_a_curator_is_led_to_their_page_and_nobody_else(make_site):
    site = make_site(more='\n[web]\ncurators = ["Ann@example.org"]\n')
    ann, bob = site.subscribe(), site.subscribe(replace(ANN, email="bob@example.org"))
    pages = [site.get(f"/preferences/{site.token(who, Purpose.PREFERENCES)}").text for who in (ann, bob)]
    assert ["/curate" in page for page in pages] == [True, False]


def test_links_are_below_the_path_of_the_pages(make_site):
    site = make_site(url="https://example.org/papers")
    token = site.token(site.subscribe(), Purpose.PREFERENCES)
    text = site.get(f"/preferences/{token}").text
    own = re.findall(r'(?:href|src|action|data-live|data-fetch)="(/[^"]*)"', text)
    assert own
    assert all(link.startswith("/papers/") for link in own)


# --- saving -----------------------------------------------------------------------------------------------------------


def test_what_is_saved_holds_from_the_next_digest_and_the_page_says_so(site, ann, path):
    site.store.reschedule(ann.id, NOW, NOW)
    answer = site.post(path, data={"keywords": '"flow matching"^2\n-survey', "max_papers": "7", "days": ["", "fri"]})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?saved")
    kept = site.store.subscriber(ann.email)
    assert kept.profile == replace(ann.profile, keywords=('"flow matching"^2', "-survey"), max_papers=7)
    assert kept.schedule.days == {4}
    assert (kept.id, kept.cursor, kept.status) == (ann.id, ann.cursor, ann.status)
    said = site.get(answer.headers["location"]).text
    assert "Saved. It holds from your next digest: tomorrow at 07:30 (Berlin time)." in said


def test_a_form_with_faults_comes_back_with_all_that_was_typed(site, ann, path):
    sent = {
        "keywords": "fine\nflow^0\n<b>bold</b>",
        "max_papers": "lots",
        "name": "Änn & Co",
        "timezone": "Europe/Berln",
    }
    answer = site.post(path, data=sent)
    assert answer.status_code == 422
    assert site.store.subscriber(ann.email) == ann
    text = answer.text
    assert "fine\nflow^0\n&lt;b&gt;bold&lt;/b&gt;</textarea>" in text
    assert "Line 2, column 5" in text
    assert 'value="lots" aria-describedby="max_papers-fault max_papers-hint" aria-invalid="true"' in text
    assert 'value="Änn &amp; Co"' in text
    assert "did you mean &#34;Europe/Berlin&#34;?" in text
    assert '<a href="#max_papers">Papers at most</a>' in text
    assert text.count('<details class="part" open>') == 2  # the parts with a fault


def test_who_leaves_while_their_form_is_on_its_way_hears_so(site, ann, path):
    site.store.set_status(ann.email, Status.REMOVED, NOW)
    answer = site.post(path, data={"keywords": "x"})
    assert "You have left" in answer.text
    assert site.store.subscriber_numbered(ann.id).profile == ann.profile


def test_who_is_kept_in_the_operators_file_gets_the_lines_to_hand_over(site):
    filed = replace(ANN, email="filed@example.org", origin=Origin.FILE)
    site.store.sync([filed], NOW - timedelta(days=2))
    kept = site.store.subscriber(filed.email)
    path = f"/preferences/{site.token(kept, Purpose.PREFERENCES)}"
    assert "Show the lines to hand over" in site.get(path).text
    text = site.post(path, data={"keywords": '"flow matching"\n-survey', "max_papers": "7"}).text
    assert "keywords = [&#39;&#34;flow matching&#34;&#39;, &#34;-survey&#34;]\nmax_papers = 7</code>" in text
    assert 'href="mailto:operator@example.org?subject=Change%20my%20digest&amp;body=For%20filed%40example.org' in text
    assert "Nothing would change" in site.post(path, data={}).text
    assert "keywords = [" in site.post(f"{path}/add", data={"add": "robots"}).text
    assert site.store.subscriber(filed.email) == kept


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["keywords", "days", "max_papers", "timezone", "add", "look", "zz"]), st.text(), max_size=4
    )
)
def test_no_form_breaks_a_page(site, path, sent):
    for below in ("", "/preview", "/add"):
        answer = site.post(path + below, data=sent)
        assert answer.status_code in {200, 303, 422, 429}


# --- what it finds ----------------------------------------------------------------------------------------------------


def preview(site, path, **sent):
    return site.post(f"{path}/preview", data=sent).text


def test_a_preview_says_what_the_form_would_find(site, path):
    found = preview(site, path, keywords='"speculative decoding"\nzebrafinch\nflow^0')
    assert "Second Thoughts Are Shorter" in found
    assert '<tr data-term="zebrafinch" data-papers="0">' in found
    assert 'data-slip="3"' in found
    assert "<html" not in found


def test_a_word_that_nothing_holds_is_told_what_may_be_meant(site, path):
    assert re.search(
        r"<code>retreival</code> finds nothing: did you mean <code>retrieval</code>",
        preview(site, path, keywords="retreival"),
    )


def test_when_nothing_matches_the_nearest_is_shown(site, path):
    assert "Matched earlier in the week" in preview(site, path, keywords="birdsong")
    strict = preview(site, path, keywords='"speculative birdsong decoding"', min_match="90")
    assert "Nothing matches in the" in strict
    assert "The nearest misses" in strict
    assert "There is no keyword yet" in preview(site, path, keywords="")


def test_a_preview_heeds_the_rest_of_the_form(site, path):
    assert "Second Thoughts" not in preview(site, path, keywords='"speculative decoding"', sources=["", "Sample Lab"])


def test_likes_of_others_count_for_nobody_else(site, ann, path):
    """Terms are counted by readers who are nobody: a like of the first subscriber must not count for the first term."""
    counted = lambda: re.findall(r'data-papers="(\d+)"', preview(site, path, keywords="retrieval\nbirdsong"))  # noqa: E731
    before = counted()
    for pick in site.desk.live.window(7)[:20]:
        site.store.give_feedback(ann.email, pick.listing.id, liked=True, now=NOW)
    assert counted() == before


def test_before_anything_was_pulled_the_page_says_so(make_site, tmp_path):
    from digest.store import open_store

    site = make_site()
    empty = open_store(store_url(tmp_path / "empty.db"))
    desk = replace(site.desk, store=empty, parts=replace(site.desk.parts, store=empty))
    look = Finder(desk).look(Subscriber("ann@example.org", profile=Profile(("x",))))
    assert (look.papers, look.picks, look.terms) == (0, (), None)
    empty.close()


def test_a_look_without_scripts_shows_what_is_found_and_keeps_the_form(site, ann, path):
    text = site.post(path, data={"keywords": "birdsong\nretrieval^2", "max_papers": "3", "look": "1"}).text
    assert "birdsong\nretrieval^2</textarea>" in text
    assert 'name="max_papers" inputmode="decimal" autocomplete="off" value="3"' in text
    assert 'data-term="birdsong"' in text
    assert site.store.subscriber(ann.email) == ann


# --- the last weeks ---------------------------------------------------------------------------------------------------


def test_a_backtest_is_a_chart_with_a_table_that_says_the_same(site, path):
    text = site.post(f"{path}/backtest", data={"keywords": "retrieval\nbirdsong\nzebrafinch"}).text
    assert text.count("<rect ") == 30
    shown = [int(n) for n in re.findall(r'<td class="n">(\d+)</td><td class="n">\d+</td>', text)]
    assert sum(shown) > 0
    assert f"It would have sent {sum(shown)} of" in text
    assert "Brought nothing: <code>zebrafinch</code>" in text
    assert "style=" not in text


def test_without_scripts_a_backtest_comes_with_the_page(site, path):
    text = site.post(path, data={"keywords": "retrieval", "backtest": "1"}).text
    assert "<svg " in text
    assert "retrieval</textarea>" in text


def test_one_backtest_at_a_time(site, ann):
    finder = Finder(site.desk)
    with finder._testing:
        assert finder.test(ann, NOW) is None
    assert finder.test(ann, NOW) is not None


def test_backtests_of_days_that_nobody_knows_say_so(site, path):
    site.clock.turn(days=-80)
    assert "Nothing is held of these days yet" in site.post(f"{path}/backtest", data={}).text


# --- suggestions ------------------------------------------------------------------------------------------------------


def proposals(text):
    return re.findall(r'name="add" value="([^"]*)"', text)


def test_terms_are_suggested_from_likes_and_from_what_matches(site, ann, path):
    liked = [a.listing for a in site.desk.live.window(7) if "decoding" in a.listing.title.lower()]
    for listing in liked:
        site.store.give_feedback(ann.email, listing.id, liked=True, now=NOW)
    text = site.get(f"{path}/suggest").text
    assert "that you liked" in text
    assert "of this week that match you best" in text
    assert proposals(text)
    assert not any("speculative decoding" in line for line in proposals(text))  # it is in the profile


def test_with_nothing_to_learn_from_the_page_says_so(site):
    token = site.token(site.subscribe(replace(ANN, profile=Profile(("zebrafinch",)))), Purpose.PREFERENCES)
    assert "There is nothing to learn from yet" in site.get(f"/preferences/{token}/suggest").text


BIBTEX = "\n".join(
    f"@article{{k{n}, title={{Diffusion bridges for protein folding {n}}}, author={{Vestergaard, Anna}}, abstract={{Proteins.}}}}"
    for n in range(4)
)
CSV = "Title,Author,DOI\n" + "\n".join(f'"Spiking networks that sleep {n}","Ho, Jonathan",' for n in range(4))


@pytest.mark.parametrize(
    ("file", "meant"),
    [(BIBTEX, "diffusion bridges"), (CSV, "spiking networks"), ("Robots that fold laundry\nLaundry robots", "laundry")],
)
def test_a_library_is_uploaded_and_its_terms_are_proposed(site, path, file, meant):
    text = site.post(f"{path}/suggest", files={"file": ("library", file.encode())}).text
    assert "papers of yours" in text
    assert any(meant in line for line in proposals(text))
    typed = site.post(f"{path}/suggest", data={"list": file}, files={"file": ("", b"")}).text
    assert proposals(typed) == proposals(text)


def test_identifiers_are_looked_up_among_what_is_stored(site, path):
    known = next(a.listing for a in site.desk.live.window(7) if a.listing.arxiv_id)
    text = site.post(f"{path}/suggest", data={"list": f"{known.arxiv_id}\n2401.99999"}).text
    assert "From 1 paper of yours" in text
    assert "arxiv 2401.99999 is not among the papers read here" in text


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "Choose a file"), (b"%PDF-1.7", "This is a PDF"), (json.dumps([{"a": 1}]).encode(), "This is JSON")],
)
def test_a_file_that_cannot_be_read_is_told_what_was_expected(site, path, content, said):
    answer = site.post(f"{path}/suggest", files={"file": ("x", content)})
    assert answer.status_code == 422
    assert f'role="alert">{said}' in answer.text


def test_two_profiles_are_looked_for_at_a_time_so_that_other_pages_find_a_thread(site, path, monkeypatch):
    may_go_on, looking, look = Event(), Semaphore(0), Finder._look

    def slow(finder, subscriber):
        looking.release()
        may_go_on.wait(30)
        return look(finder, subscriber)

    monkeypatch.setattr(Finder, "_look", slow)
    with ThreadPoolExecutor(2) as others:
        answers = [others.submit(site.post, f"{path}/preview", data={"keywords": "robots"}) for _ in range(2)]
        for _ in answers:
            assert looking.acquire(timeout=30)
        for third in (site.post(f"{path}/preview"), site.post(path, data={"keywords": "robots", "look": ""})):
            assert third.status_code == 503
            assert third.headers["retry-after"] == "10"
        assert "</textarea>" in site.get(path).text
        may_go_on.set()
    assert [answer.result().status_code for answer in answers] == [200, 200]
    assert site.post(f"{path}/preview").status_code == 200


def test_of_libraries_two_are_read_at_a_time_so_that_other_pages_find_a_thread(site, path, monkeypatch):
    may_go_on, reading = Event(), Semaphore(0)

    def slow(content):
        reading.release()
        may_go_on.wait(30)
        return entries_of(content)

    monkeypatch.setattr(suggesting, "entries_of", slow)
    with ThreadPoolExecutor(2) as others:
        answers = [others.submit(site.post, f"{path}/suggest", data={"list": "A paper on robots"}) for _ in range(2)]
        for _ in answers:
            assert reading.acquire(timeout=30)
        third = site.post(f"{path}/suggest", data={"list": "A paper on laundry"})
        may_go_on.set()
    assert third.status_code == 422
    assert "Press the button again" in third.text
    assert "A paper on laundry</textarea>" in third.text
    assert [answer.result().status_code for answer in answers] == [200, 200]
    assert site.post(f"{path}/suggest", data={"list": "A paper on laundry"}).status_code == 200


def test_what_is_ticked_is_added_and_nothing_else(site, ann, path):
    answer = site.post(f"{path}/add", data={"add": ['"diffusion bridge"^2', "retrieval", "robots"]})
    assert answer.headers["location"] == f"{path}?added"
    kept = site.store.subscriber(ann.email)
    assert kept == replace(
        ann, profile=replace(ann.profile, keywords=(*ann.profile.keywords, '"diffusion bridge"^2', "robots"))
    )
    assert "Added. It holds from" in site.get(answer.headers["location"]).text
    assert site.post(f"{path}/add", data={}).status_code == 422
    assert site.post(f"{path}/add", data={"add": "flow^0"}).status_code == 422
    assert site.store.subscriber(ann.email) == kept


def test_the_zone_of_somebody_whose_zone_nobody_knows_stays(site):
    token = site.token(site.subscribe(replace(ANN, schedule=Schedule("Etc/GMT-5"))), Purpose.PREFERENCES)
    assert "<option selected>Etc/GMT-5</option>" in site.get(f"/preferences/{token}").text
