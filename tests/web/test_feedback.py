"""What a reader says of a paper is learnt on a press, is shown, and can be taken back."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from digest.model import Announcement, Edition, Fetched, Kind, Listing, Pick, Section, Status
from digest.rendering.summary import by_section
from digest.tokens import Purpose
from digest.web.feedback import in_place

from .conftest import ANN, NOW
from .digested import digested


@pytest.fixture(scope="module")
def pulled(pulled, tmp_path_factory):
    """With a digest of today, sent to Ann."""
    return digested(pulled, tmp_path_factory.mktemp("digested"))


@pytest.fixture
def ann(site):
    return site.store.subscriber(ANN.email)


@pytest.fixture
def token(site, ann):
    return site.token(ann, Purpose.FEEDBACK)


@pytest.fixture
def first(site, ann):
    """The paper that the digest shows first."""
    picks = by_section(site.store.edition(ann.email, NOW.date())).values()
    return next(pick for section in picks for pick in section).listing


def said(site):
    return {each.listing.id: each.liked for each in site.store.feedback(ANN.email)}


def test_looking_at_it_says_nothing(site, token, first):
    for verdict in ("like", "dislike"):
        for _ in range(2):
            page = site.get(f"/{verdict}/{token}/1")
            assert (page.status_code, first.title in page.text) == (200, True)
            assert site.client.head(f"/{verdict}/{token}/1").status_code == 200
    assert said(site) == {}


def test_the_links_in_a_mail_lead_to_the_papers_beside_them(site, ann):
    edition = site.store.edition(ann.email, NOW.date())
    html = site.parts.renderer.bodies(edition).html
    assert len(edition.picks) > 2
    for pick in edition.picks:
        title = re.escape(pick.listing.title[:30])
        link = re.search(rf"{title}.*?https://papers\.example\.org(/like/[\w-]+/\d+)", html, re.DOTALL)[1]
        assert pick.listing.title in site.get(link).text


def test_a_press_says_it_shows_what_was_learnt_and_is_taken_back(site, token, first):
    answer = site.post(f"/like/{token}/1", follow_redirects=True)
    assert [each.status_code for each in answer.history] == [303]
    assert "Noted: more like this" in answer.text
    assert "These words weigh more for you now" in answer.text
    assert said(site) == {first.id: True}
    answer = site.post(f"/like/{token}/1", data={"say": "undo"}, follow_redirects=True)
    assert "More like this?" in answer.text
    assert said(site) == {}


def test_the_other_word_is_one_press_away(site, token, first):
    answer = site.post(f"/like/{token}/1", data={"say": "dislike"}, follow_redirects=True)
    assert (answer.url.path, "Noted: less like this" in answer.text) == (f"/dislike/{token}/1", True)
    assert said(site) == {first.id: False}
    assert "Noted: less like this" in site.get(f"/like/{token}/1").text
    site.post(f"/dislike/{token}/1", data={"say": "like"})
    assert said(site) == {first.id: True}


def test_a_word_that_was_learnt_is_forgotten_and_learnt_after_all(site, ann, token):
    page = site.post(f"/like/{token}/1", follow_redirects=True)
    key, word = re.search(r'name="forget" value="([^"]+)"><button class="plain" aria-label="Forget ([^"]+)"', page.text).groups()  # fmt: skip
    page = site.post(f"/like/{token}/1", data={"forget": key}, follow_redirects=True)
    assert site.store.tastes([ann.id])[ann.id].forgotten == {key}
    assert f"Learn {word} after all" in page.text
    assert f'aria-label="Forget {word}"' not in page.text
    page = site.post(f"/like/{token}/1", data={"remember": key}, follow_redirects=True)
    assert not site.store.tastes([ann.id])[ann.id].forgotten
    assert f'aria-label="Forget {word}"' in page.text


def test_only_words_of_the_paper_itself_can_be_forgotten(site, ann, token):
    site.post(f"/like/{token}/1")
    for nonsense in ("no such word", "\x00", "x" * 5000):
        assert site.post(f"/like/{token}/1", data={"forget": nonsense}).status_code == 303
    assert not site.store.tastes([ann.id])[ann.id].forgotten


def test_of_any_paper_something_can_be_said_by_its_number(site, ann, token):
    paper = site.store.window(0)[-1].listing
    page = site.get(f"/say/{token}/{paper.id}")
    assert "More or less like this?" in page.text
    assert site.get(re.search(r'href="(/reader/[^"]+)"', page.text)[1]).status_code == 200
    for word, liked in (("like", True), ("dislike", False)):
        answer = site.post(f"/say/{token}/{paper.id}", data={"say": word}, follow_redirects=True)
        assert (answer.url.path, said(site)) == (f"/say/{token}/{paper.id}", {paper.id: liked})
    site.post(f"/say/{token}/{paper.id}", data={"say": "undo"})
    site.post(f"/say/{token}/{paper.id}")
    site.post(f"/say/{token}/{paper.id}", data={"say": "<nonsense>"})
    assert said(site) == {}


@pytest.mark.parametrize("number", ["0", "999", "-1", "1.5", "x", "9" * 400, "²", "١", "%2e"])
def test_a_place_that_the_digest_does_not_have_is_said(site, token, number):
    for path in (f"/like/{token}/{number}", f"/dislike/{token}/{number}", f"/say/{token}/{number}"):
        assert site.get(path).status_code == 404 == site.post(path).status_code
    assert said(site) == {}


def test_somebody_elses_link_says_nothing(site, ann, token, first):
    for wrong in (site.token(ann, Purpose.EDITION), site.token(ann, Purpose.UNSUBSCRIBE), token[:-2] + "xx", "x"):
        for path in (f"/like/{wrong}/1", f"/say/{wrong}/{first.id}"):
            assert site.get(path).status_code == 404 == site.post(path).status_code
    assert said(site) == {}


def test_a_digest_that_is_too_old_or_never_was_is_said(site, ann, token, first):
    never = site.desk.token(ann, Purpose.FEEDBACK, NOW.date() - timedelta(days=2))
    assert site.get(f"/like/{never}/1").status_code == 404
    later = NOW + timedelta(days=400)
    site.store.vacuum(later, later)
    for answer in (site.get(f"/like/{token}/1"), site.post(f"/like/{token}/1")):
        assert (answer.status_code, "too old to be kept" in answer.text) == (410, True)
    assert site.post(f"/say/{token}/{first.id}", data={"say": "like"}).status_code == 303


def test_of_whom_has_left_nothing_is_learnt(site, ann, token, first):
    site.store.set_status(ann.email, Status.REMOVED, NOW)
    for path in (f"/like/{token}/1", f"/say/{token}/{first.id}"):
        assert "You have left" in site.get(path).text
        assert "You have left" in site.post(path, data={"say": "like"}).text
    site.store.set_status(ann.email, Status.ACTIVE, NOW)
    assert said(site) == {}


def test_the_title_of_a_paper_is_text(site, ann):
    had = {pick.listing.id for pick in site.store.edition(ann.email, NOW.date()).picks}
    other = next(each.listing for each in site.store.window(0) if each.listing.id not in had)
    paper = replace(other, title="<script>alert(1)</script> & more")
    pick = Pick(paper, Section.FOR_YOU, Kind.NEW, "arxiv", NOW.date(), 10.0)
    day = NOW.date() + timedelta(days=1)
    site.store.publish([(Edition(ann, day, NOW, picks=(pick,)), NOW + timedelta(days=2))])
    token = site.desk.token(ann, Purpose.FEEDBACK, day)
    page = site.get(f"/like/{token}/1")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in page.text
    assert "<script>alert" not in page.text


def test_a_paper_that_was_found_to_be_another_ones_twin_is_known_by_either_name(site, ann):
    old = site.store.window(0)[0].listing
    announce(site, Listing("Quite another title altogether", doi="10.1/x", url="https://example.org/x"))
    (twin,) = site.store.find("Quite another title altogether")
    day = NOW.date() + timedelta(days=1)
    pick = Pick(twin, Section.FOR_YOU, Kind.NEW, "arxiv", NOW.date(), 10.0)
    site.store.publish([(Edition(ann, day, NOW, picks=(pick,)), NOW + timedelta(days=2))])
    announce(site, replace(old, id=0, doi="10.1/x"))
    token = site.desk.token(ann, Purpose.FEEDBACK, day)
    assert "Noted: more like this" in site.post(f"/like/{token}/1", follow_redirects=True).text
    assert said(site) == {old.id: True}
    assert "Noted: more like this" in site.get(f"/say/{token}/{twin.id}").text


def announce(site, listing):
    said = Announcement(listing, "arxiv", Kind.NEW, NOW.date())
    site.store.announce("arxiv", Fetched((said,)), NOW, NOW + timedelta(days=1))


def test_places_are_counted_from_one():
    assert [in_place("abc", place) for place in (-1, 0, 1, 3, 4)] == [None, None, "a", "c", None]


@pytest.mark.parametrize("is_deleted", [False, True])
def test_who_leaves_while_they_say_it_is_told_so(site, ann, token, monkeypatch, is_deleted):
    say, number = site.store.give_feedback, site.store.paper_numbers(0, 1)[0]

    def late(*said):
        site.store.set_status(ann.email, Status.REMOVED, NOW)
        if is_deleted:
            site.store.erase(ann.id, NOW)
        say(*said)

    monkeypatch.setattr(site.store, "give_feedback", late)
    assert site.post(f"/say/{token}/{number}", data={"say": "like"}).status_code == (404 if is_deleted else 200)
