"""What is a reader's own is theirs to see, to show, to take along, to move and to have deleted."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest import pipeline
from digest.model import Cause, Errand, Origin, Status
from digest.tokens import Purpose
from digest.web import postman
from digest.web.own.moving import new_address

from ..stores import rows_of  # noqa: TID252  (tests are no package)
from .conftest import ANN, NOW
from .digested import digested


@pytest.fixture(scope="module")
def pulled(pulled, tmp_path_factory):
    """With a digest of today, sent to Ann."""
    return digested(pulled, tmp_path_factory.mktemp("digested"))


@pytest.fixture
def ann(site):
    """Somebody who liked one paper of it."""
    picks = site.store.edition(ANN.email, NOW.date()).picks
    site.store.give_feedback(ANN.email, picks[0].listing.id, True, NOW)
    return site.store.subscriber(ANN.email)


@pytest.fixture
def link(site, ann):
    return f"/preferences/{site.token(ann, Purpose.PREFERENCES)}"


def mails(site):
    """What the postman sends now: the texts, by recipient."""
    while postman.deliver(site.desk, site.clock()):
        pass
    found = {}
    for path in sorted((site.folder / "sent").glob("**/*")):
        if path.is_file():
            message = message_from_bytes(path.read_bytes(), policy=default)
            found[message["To"]] = " ".join(message.get_body(("plain",)).get_content().split())
    return found


def move_link(site, to):
    return re.search(r"https://papers\.example\.org(/move/\S+)", mails(site)[to])[1]


# --- seeing and showing -------------------------------------------------------------------------------------------


def test_every_digest_is_listed_with_a_link_of_its_own(site, link):
    page = site.get(f"{link}/editions")
    assert page.status_code == 200
    assert re.search(r'/edition/[\w-]+">Thursday, 18 June 2026</a></td><td>\d+ papers</td><td>sent</td>', page.text)


def test_a_digest_can_be_shown_to_others_without_anything_of_its_reader(site, ann, link):
    path = re.search(r"/edition/[\w-]+", site.get(f"{link}/editions").text)[0]
    page = site.get(path)
    edition = site.store.edition(ann.email, NOW.date())
    assert (page.status_code, page.headers["x-robots-tag"]) == (200, "noindex")
    assert page.text.count('<article class="paper">') == len(edition.picks)
    own = ("ann", "Ann", "/preferences/", "/unsubscribe/", "/like/", "/dislike/", "Match", 'class="why"')
    assert [word for word in own if re.search(rf"\b{word}\b" if word.isalpha() else re.escape(word), page.text)] == []
    assert "<mark>" not in page.text


def test_the_link_to_a_digest_is_good_for_nothing_else_and_lasts(site, ann):
    token = site.token(ann, Purpose.EDITION)
    for path in ("preferences/{}", "unsubscribe/{}", "preferences/{}/export", "preferences/{}/delete"):
        assert site.get("/" + path.format(token)).status_code == 404
    site.clock.turn(days=500)
    assert site.get(f"/edition/{token}").status_code == 200
    assert (
        site.get(f"/edition/{site.desk.token(ann, Purpose.EDITION, NOW.date() - timedelta(days=3))}").status_code == 404
    )


def test_a_digest_that_is_too_old_says_so(site, ann, link):
    token = site.token(ann, Purpose.EDITION)
    later = NOW + timedelta(days=400)
    site.store.vacuum(later, later)
    answer = site.get(f"/edition/{token}")
    assert (answer.status_code, "not kept any more" in answer.text) == (410, True)
    assert "not kept any more" in site.get(f"{link}/editions").text


def test_who_has_no_digest_yet_is_told_so(site):
    bob = site.subscribe(replace(ANN, email="bob@example.org"))
    assert "None yet" in site.get(f"/preferences/{site.token(bob, Purpose.PREFERENCES)}/editions").text


# --- taking along -------------------------------------------------------------------------------------------------


def test_all_that_is_held_comes_as_a_file_that_explains_itself(site, ann, link):
    answer = site.get(f"{link}/export")
    assert answer.headers["content-disposition"] == 'attachment; filename="digest-2026-06-18.json"'
    held = json.loads(answer.content)
    assert held["subscribers"][0]["email"] == ann.email
    assert len(held["had"]) == len(site.store.edition(ann.email, NOW.date()).picks)
    liked = held["papers"][str(held["feedback"][0]["listing_id"])]
    assert liked["title"] == site.store.feedback(ann.email)[0].listing.title
    assert set(held) == set(held["meaning"]) | {"meaning", "made_at", "made_by"}


# --- deleting -----------------------------------------------------------------------------------------------------


def test_looking_at_the_page_deletes_nothing(site, ann, link):
    before = site.store.export(ann.id)
    for _ in range(2):
        assert "Delete everything about ann@example.org?" in site.get(f"{link}/delete").text
        assert site.client.head(f"{link}/delete").status_code == 200
    assert site.store.export(ann.id) == before


def test_the_button_deletes_all_of_it_and_says_so(site, ann, link):
    answer = site.post(f"{link}/delete", follow_redirects=True)
    assert [each.status_code for each in answer.history] == [303]
    assert "It is all gone" in answer.text
    assert "ann@example.org" not in answer.text + str(answer.url)
    assert site.store.export(ann.id) is None
    for path in (link, f"{link}/export", f"{link}/delete", f"/edition/{site.token(ann, Purpose.EDITION)}"):
        assert site.get(path).status_code == 404
    assert site.post(f"{link}/delete").status_code == 404


def test_who_left_or_gets_no_mail_can_still_have_it_all_or_have_it_deleted(site, ann, link):
    site.store.suppress(ann.email, Cause.BOUNCE, "550", NOW)
    assert "since Thursday, 18 June 2026" in site.get(f"{link}/delete").text
    site.store.set_status(ann.email, Status.REMOVED, NOW)
    assert site.get(f"{link}/export").status_code == 200
    answer = site.post(f"{link}/delete", follow_redirects=True)
    assert "the list of those that we send nothing to" in answer.text
    assert site.store.export(ann.id) is None


def test_whom_the_configuration_names_is_told_what_stays(site):
    site.store.sync([replace(ANN, origin=Origin.FILE)], NOW)
    own = site.store.subscriber(ANN.email)
    link = f"/preferences/{site.token(own, Purpose.PREFERENCES)}"
    assert "only its operator" in site.get(f"{link}/delete").text
    assert "your address in the operator&#39;s configuration" in site.post(f"{link}/delete", follow_redirects=True).text
    assert site.store.subscriber(ANN.email).status is Status.REMOVED


# --- moving -------------------------------------------------------------------------------------------------------


def test_a_digest_moves_once_the_new_address_confirms_and_the_old_one_hears_of_it(site, ann, link):
    answer = site.post(f"{link}/address", data={"email": " new@Example.org "}, follow_redirects=True)
    assert "Look into the new mailbox" in answer.text
    assert site.store.subscriber_numbered(ann.id) == ann
    path = move_link(site, "new@example.org")
    for _ in range(2):
        assert "Shall the digest come here?" in site.get(path).text
    assert site.store.subscriber_numbered(ann.id) == ann
    assert "It has moved" in site.post(path, follow_redirects=True).text
    assert site.store.subscriber_numbered(ann.id) == replace(ann, email="new@example.org")
    assert "now goes to another address" in mails(site)["ann@example.org"]
    assert "new@example.org" not in mails(site)["ann@example.org"]
    assert site.get(f"{link}/address").status_code == 404
    assert "It has moved" in site.post(path, follow_redirects=True).text


def test_whether_somebody_has_the_new_address_already_is_told_to_them_alone(site, ann, link):
    bob = site.subscribe(replace(ANN, email="bob@example.org"))
    answers = [site.post(f"{link}/address", data={"email": email}) for email in ("bob@example.org", "no@example.org")]
    assert answers[0].status_code == answers[1].status_code == 303
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert "/move/" not in mails(site)["bob@example.org"]
    assert site.store.subscriber_numbered(bob.id) == bob


def test_nobody_is_moved_onto_who_came_there_meanwhile(site, ann, link):
    site.post(f"{link}/address", data={"email": "new@example.org"})
    path = move_link(site, "new@example.org")
    site.subscribe(replace(ANN, email="new@example.org"))
    answer = site.post(path)
    assert (answer.status_code, "gets a digest already" in answer.text) == (409, True)
    assert site.store.subscriber_numbered(ann.id) == ann


def test_whoever_left_the_new_address_makes_room_and_the_link_says_what_it_did(site, ann, link):
    site.subscribe(replace(ANN, email="new@example.org"))
    site.store.set_status("new@example.org", Status.REMOVED, NOW)
    site.post(f"{link}/address", data={"email": "new@example.org"})
    path = move_link(site, "new@example.org")
    assert "It has moved" in site.post(path, follow_redirects=True).text
    assert site.store.subscriber("new@example.org").id == ann.id


def test_a_link_to_move_grows_old_and_somebody_elses_does_nothing(site, ann, link):
    site.post(f"{link}/address", data={"email": "new@example.org"})
    path = move_link(site, "new@example.org")
    site.clock.turn(days=4)
    assert site.get(path).status_code == 410
    site.post(path)
    assert site.store.subscriber_numbered(ann.id) == ann
    assert site.get(f"{path}x").status_code == site.get("/move/x").status_code == 404


def test_a_link_that_has_moved_somebody_leads_to_their_preferences_no_longer_than_it_works(site, ann, link):
    site.post(f"{link}/address", data={"email": "new@example.org"})
    path = move_link(site, "new@example.org")
    site.post(path)
    assert "/preferences/" in site.get(path).text
    site.clock.turn(days=4)
    answer = site.get(path)
    assert (answer.status_code, "/preferences/" in answer.text) == (410, False)


def test_what_cannot_be_an_address_is_said_beside_the_field_and_kept(site, link):
    answer = site.post(f"{link}/address", data={"email": "no <b>address"})
    assert answer.status_code == 422
    assert 'value="no &lt;b&gt;address"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "goes to this address already" in site.post(f"{link}/address", data={"email": "ANN@example.org"}).text


def test_only_addresses_that_may_sign_up_may_be_moved_to():
    assert new_address("new@lab.example", ANN, ["lab.example"]) == "new@lab.example"
    with pytest.raises(ValueError, match=r"Only addresses at lab\.example"):
        new_address("new@example.org", ANN, ["lab.example"])


def test_whom_the_configuration_names_is_given_the_line_to_hand_on(site):
    site.store.sync([replace(ANN, origin=Origin.FILE)], NOW)
    link = f"/preferences/{site.token(site.store.subscriber(ANN.email), Purpose.PREFERENCES)}"
    for answer in (site.get(f"{link}/address"), site.post(f"{link}/address", data={"email": "new@example.org"})):
        assert "email = &#34;you@example.org&#34;" in answer.text or 'email = "you@example.org"' in answer.text
    assert not mails(site)


@given(st.text(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_is_typed_is_answered(words):
    with suppress(ValueError):  # what is wrong with it, in words
        assert new_address(words, ANN, ()).count("@")


# --- an old link --------------------------------------------------------------------------------------------------


def test_an_old_link_changes_nothing_and_has_a_fresh_one_mailed(site, ann, link):
    site.clock.turn(days=100)
    for path in ("", "/editions", "/export", "/delete", "/address"):
        answer = site.get(link + path)
        assert (answer.status_code, "grown old" in answer.text) == (410, True), path
    assert site.post(f"{link}/delete").status_code == 410
    assert site.store.subscriber_numbered(ann.id) == ann
    assert site.post(f"{link}/link").headers["location"] == "/link/sent"
    (found,) = re.findall(r"/preferences/[\w-]+", mails(site)["ann@example.org"])
    assert site.get(f"{found}/address").status_code == 200
    assert site.store.wish_numbered(1).errand is Errand.LINK


# --- scanners of mail ---------------------------------------------------------------------------------------------


def everything(site):
    """All rows of all tables."""
    return rows_of(site.folder / "digest.db")


def test_whoever_opens_every_link_of_every_mail_twice_changes_nothing(site):
    bob = site.subscribe(replace(ANN, email="bob@example.org"))
    list(pipeline.compose(site.parts, NOW))
    assert pipeline.deliver(site.parts, lambda: NOW).sent == 1
    link = f"/preferences/{site.token(bob, Purpose.PREFERENCES)}"
    site.post(f"{link}/address", data={"email": "new@example.org"})
    site.post(f"{link}/link")
    while postman.deliver(site.desk, NOW):
        pass
    mails = [message_from_bytes(path.read_bytes(), policy=default) for path in (site.folder / "sent").rglob("*.eml")]
    parts = [part.get_content() for mail in mails for part in mail.walk() if part.get_content_maintype() == "text"]
    texts = [*parts, *(str(value) for mail in mails for value in mail.values())]
    paths = {path for text in texts for path in re.findall(r"https://papers\.example\.org(/[\w/.-]+)", text)}
    assert {path.split("/")[1] for path in paths} >= {"preferences", "unsubscribe", "like", "dislike", "move"}
    before = everything(site)
    for _ in range(2):
        for path in sorted(paths):
            for answer in (site.get(path), site.client.head(path)):
                assert answer.status_code < 400, path
    assert everything(site) == before


# --- in the midst of sending --------------------------------------------------------------------------------------


@dataclass
class Interrupted:
    """A transport on whose messages something happens before or after they are about to go out."""

    own: object
    before: Callable[[], object] = lambda: None
    after: Callable[[], object] = lambda: None

    def send(self, message, begin, *ahead):
        self.before()

        def begun():
            may = begin()
            self.after()
            return may

        return self.own.send(message, begun, *ahead)

    def close(self):
        self.own.close()


@pytest.mark.parametrize(("when", "gone"), [("before", False), ("after", True)])
@pytest.mark.parametrize("how", ["delete", "unsubscribe"])
def test_deleting_or_leaving_in_the_midst_of_a_delivery_stops_the_message_or_comes_too_late_and_breaks_nothing(
    site, when, gone, how
):
    cid, bob = (site.subscribe(replace(ANN, email=f"{name}@example.org")) for name in ("cid", "bob"))
    list(pipeline.compose(site.parts, NOW))
    purpose = Purpose.PREFERENCES if how == "delete" else Purpose.UNSUBSCRIBE
    token = site.token(cid, purpose)
    path = f"/preferences/{token}/delete" if how == "delete" else f"/unsubscribe/{token}"
    happens = {when: lambda: site.post(path)}
    parts = replace(site.parts, transport=lambda: Interrupted(site.parts.transport(), **happens))
    delivered = pipeline.deliver(parts, lambda: NOW, only=cid.email)
    assert (delivered.sent, delivered.failed, delivered.unknown) == (int(gone), 0, 0)
    assert any("cid@example.org" in to for to in mails(site)) == gone
    assert pipeline.deliver(site.parts, lambda: NOW).sent == 1
    assert any("bob@example.org" in to for to in mails(site))
    assert (site.store.subscriber_numbered(cid.id) is None) == (how == "delete")
    assert pipeline.deliver(site.parts, lambda: NOW + timedelta(hours=9)).sent == 0
    assert site.store.subscriber_numbered(bob.id).last_issue == NOW.date()
