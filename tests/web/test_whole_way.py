"""A reader's whole way through the pages and their mail, on a phone, with scripts and without."""

import re
from datetime import timedelta

import httpx
import pytest

from digest.model import Status

from .community import digests, letters, link, urls

PHONE = {"width": 375, "height": 740}
ADDRESS = "new@example.org"


@pytest.fixture(params=[True, False], ids=["with scripts", "without"])
def phone(browser, request):
    context = browser.new_context(
        viewport=PHONE, has_touch=True, timezone_id="Europe/Berlin", java_script_enabled=request.param
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.has_scripts = request.param
    yield page
    context.close()


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def mail_of(mailbox):
    """The one mail that came since the last."""
    ((recipient, message),) = mailbox.taken().items()
    assert recipient == ADDRESS
    return message


def reader(site):
    return site.store.subscriber(ADDRESS)


def sign_up(page, site, mailbox):
    page.goto(f"{site.desk.base}/")
    page.get_by_label("Your e-mail address").fill(ADDRESS)
    page.get_by_label("What you work on").fill("retrieval")
    press(page, "Subscribe")
    page.get_by_role("heading", name="look into your mailbox").wait_for()
    assert reader(site) is None
    letters(site)
    page.goto(link(mail_of(mailbox), "confirm"))
    assert reader(site) is None, "opening the link is not pressing the button"
    press(page, "Confirm my subscription")
    page.get_by_role("heading", name="You are in").wait_for()
    assert reader(site).status is Status.ACTIVE


def tune(page, site):
    page.get_by_role("link", name="Tune what comes").click()
    before = page.locator("#found .picks").first.inner_text()
    if page.has_scripts:
        page.get_by_label("Add a keyword").fill("honey, hippocampus")
        press(page, "Add")
        page.locator("#found").get_by_text("Honey Coils").wait_for()
        press(page, "Save")
    else:
        page.locator("#keywords").fill("retrieval\nhoney\nhippocampus")
        press(page, "Look first")
        assert "Honey Coils" in page.locator("#found").inner_text()
        press(page, "Save")
    page.get_by_role("status").get_by_text("Saved").wait_for()
    assert page.locator("#found .picks").first.inner_text() != before
    assert reader(site).profile.keywords == ("retrieval", "honey", "hippocampus")


def like(page, site, message):
    liked = sorted(url for url in urls(message) if "/like/" in url)
    page.goto(liked[0])
    assert site.store.feedback(ADDRESS) == []
    press(page, "More like this")
    page.get_by_role("heading", name="Noted: more like this").wait_for()
    (said,) = site.store.feedback(ADDRESS)
    assert said.liked
    press(page, "Take it back")
    page.get_by_role("button", name="More like this", exact=True).wait_for()
    assert site.store.feedback(ADDRESS) == []


def pause(page, site, message):
    page.goto(link(message, "preferences"))
    page.get_by_role("link", name="Pause it").click()
    page.get_by_role("button", name=re.compile("^For a month")).click()
    page.get_by_role("heading", name="Your digest is paused").wait_for()
    assert reader(site).paused_until is not None
    press(page, "Resume now")
    page.get_by_role("heading", name="Pause your digest").wait_for()
    assert (reader(site).status, reader(site).paused_until) == (Status.ACTIVE, None)


def delete(page, site, message):
    page.goto(link(message, "preferences"))
    page.get_by_role("link", name=re.compile("[Dd]elete")).first.click()
    press(page, "Delete everything")
    page.get_by_role("heading", name=re.compile("deleted|gone", re.IGNORECASE)).wait_for()
    assert reader(site) is None


def test_sign_up_confirm_tune_receive_like_pause_unsubscribe_and_delete(community, mailbox, phone):
    sign_up(phone, community, mailbox)
    tune(phone, community)
    community.clock.now += timedelta(days=1)
    assert digests(community) == 1
    message = mail_of(mailbox)
    assert "Honey Coils" in message.get_body(("plain",)).get_content()
    like(phone, community, message)
    pause(phone, community, message)
    answer = httpx.post(link(message, "unsubscribe"), data={"List-Unsubscribe": "One-Click"}, trust_env=False)
    assert (answer.status_code, reader(community).status) == (200, Status.REMOVED)
    community.clock.now += timedelta(days=1)
    assert digests(community) == 0
    delete(phone, community, message)
