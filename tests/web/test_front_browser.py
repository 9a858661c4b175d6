"""Signing up on a phone, with a script and without, as Chromium shows it."""

import re
from email import message_from_bytes
from email.policy import default

import pytest

from digest.model import Status
from digest.web import postman

from .conftest import URL
from .looking import faults

PHONE = {"width": 375, "height": 812}
OWN = "http://127.0.0.1:{port}"


@pytest.fixture
def phone(browser):
    opened = []

    def make(**options):
        context = browser.new_context(viewport=PHONE, timezone_id="America/New_York", locale="en-GB", **options)
        opened.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        return page

    yield make
    for context in opened:
        context.close()


@pytest.fixture
def own(make_site):
    """Pages that forms may be sent to: at their own address."""
    return make_site(url=OWN)


def newest_mail(site):
    assert postman.deliver(site.desk, site.clock()) == 1
    (path,) = (site.folder / "sent").rglob("*.eml")
    mail = message_from_bytes(path.read_bytes(), policy=default)
    return re.search(r"http\S+/confirm/\S+", mail.get_body(("plain",)).get_content())[0]


@pytest.mark.parametrize("scripts", [True, False], ids=["with a script", "without"])
def test_somebody_signs_up_on_a_phone_and_confirms(own, phone, scripts):
    page = phone(java_script_enabled=scripts)
    page.goto(own.desk.base)
    page.get_by_label("Your e-mail address").fill("new@example.org")
    page.get_by_label("What you work on").fill("speculative decoding")
    if scripts:
        page.locator("#found").get_by_text("matches").wait_for()
        assert "Your digest of today" in page.locator("#sample").inner_text()
    else:
        page.get_by_role("button", name="See what they find today").click()
        assert "Your digest of today" in page.locator("#sample").inner_text()
        assert page.get_by_label("Your e-mail address").input_value() == "new@example.org"
        page.get_by_label("Where you are").select_option("America/New_York")
    page.get_by_role("button", name="Subscribe").click()
    page.get_by_role("heading", name="look into your mailbox").wait_for()
    page.goto(newest_mail(own))
    page.get_by_role("button", name="Confirm my subscription").click()
    page.get_by_role("heading", name="You are in").wait_for()
    new = own.store.subscriber("new@example.org")
    assert (new.status, new.schedule.timezone) == (Status.ACTIVE, "America/New_York")
    assert page.get_by_role("link", name="Tune what comes").is_visible()


def test_with_the_keyboard_alone_the_box_is_reached_filled_and_sent(own, phone):
    page = phone()
    page.goto(own.desk.base)
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "email":
            break
    page.keyboard.type("new@example.org")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="look into your mailbox").wait_for()


def test_a_fault_is_read_out_and_leads_to_its_field(own, phone):
    page = phone()
    page.goto(own.desk.base)
    page.get_by_label("Your e-mail address").fill("ann@")
    page.get_by_role("button", name="Subscribe").click()
    page.get_by_role("alert").get_by_role("link").click()
    assert page.evaluate("document.activeElement.id") == "email"
    assert page.get_by_label("Your e-mail address").get_attribute("aria-invalid") == "true"


_PAGES = ("/", "/subscribed", "/link", "/link/sent", "/confirm/x")


def test_nothing_stands_in_anybodys_way_and_nothing_comes_from_elsewhere(own, browser):
    context = browser.new_context(viewport={"width": 320, "height": 700})
    page, asked = context.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    own.post("/subscribe", data={"email": "new@example.org", "keywords": "x" * 60})
    token = newest_mail(own).removeprefix(own.desk.base)
    for path in (*_PAGES, token):
        page.goto(own.desk.base + path)
        assert faults(page) == [], path
    page.get_by_role("button").click()
    page.get_by_role("heading", name="You are in").wait_for()
    assert faults(page) == []
    page.goto(f"{own.desk.base}/")
    page.get_by_label("Your e-mail address").fill("ann@")
    page.get_by_label("What you work on").fill('title:"a')
    page.get_by_role("button", name="Subscribe").click()
    page.get_by_role("alert").wait_for()
    assert faults(page) == []
    context.close()
    assert all(url.startswith(own.desk.base) for url in asked)
    assert URL not in "".join(asked)
