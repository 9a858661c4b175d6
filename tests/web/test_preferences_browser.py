"""The editor in a real browser: on a phone, by keyboard alone, with and without scripts."""

import pytest

from digest.tokens import Purpose

from .looking import faults

PHONE = {"width": 375, "height": 800}


@pytest.fixture
def ann(site):
    return site.subscribe()


@pytest.fixture
def url(site, ann):
    return f"{str(site.client.base_url).rstrip('/')}/preferences/{site.token(ann, Purpose.PREFERENCES)}"


@pytest.fixture
def opened(browser):
    """Makes a page that may say nothing on its console but that a form had faults."""
    said, contexts = [], []

    def make(**more):
        context = browser.new_context(**{"viewport": PHONE, **more})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert [line for line in said if "422" not in line] == []


def keywords(site, ann):
    return site.store.subscriber(ann.email).profile.keywords


def test_on_a_phone_keywords_are_chips_that_are_tuned_and_what_is_found_follows(opened, site, ann, url):
    page = opened()
    page.goto(url)
    assert page.get_by_label("Keywords, one on each line").is_hidden()
    page.get_by_role("button", name="speculative decoding, counts 3 times").click()
    page.get_by_role("slider", name="Counts").fill("5")
    page.get_by_role("button", name="speculative decoding, counts 5 times").wait_for()
    page.get_by_role("button", name="Done").click()
    page.get_by_label("Add a keyword").fill('birdsong, "place cell"')
    page.get_by_role("button", name="Add", exact=True).click()
    page.locator('#found [data-term="birdsong"]').wait_for(state="attached")
    page.get_by_role("button", name="birdsong").get_by_text("1", exact=True).wait_for()
    page.get_by_role("button", name="retrieval").click()
    page.get_by_label("Must").check()
    page.get_by_role("button", name="tokeni*").click()
    page.get_by_role("button", name="Remove").click()
    assert page.get_by_text("Not saved yet").is_visible()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved. It holds from your next digest").wait_for()
    assert keywords(site, ann) == ('"speculative decoding"^5', "+retrieval", "-survey", "birdsong", '"place cell"')


def test_by_keyboard_alone_a_keyword_is_added_changed_and_saved(opened, site, ann, url):
    page = opened()
    page.goto(url)
    page.get_by_label("Add a keyword").focus()
    page.keyboard.type("robots")
    page.keyboard.press("Enter")
    assert page.url == url  # not sent by Enter
    page.keyboard.press("Shift+Tab")  # the last chip
    page.keyboard.press("Enter")
    for _ in range(3):  # past what it says, and whether it must be there
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # done
    assert page.evaluate("document.activeElement.textContent").startswith("robots")
    page.get_by_role("button", name="Save").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Saved.").wait_for()
    assert keywords(site, ann)[-1] == "robots^2"


def test_without_scripts_everything_is_there(opened, site, ann, url):
    page = opened(java_script_enabled=False)
    page.goto(url)
    page.get_by_label("Keywords, one on each line").fill("birdsong\nretrieval^2")
    page.get_by_role("button", name="Look first").click()
    assert page.locator('[data-term="birdsong"]').count() == 1
    page.get_by_role("button", name="Try it on the last 30 days").click()
    assert page.get_by_role("img", name="Papers a day").is_visible()
    page.get_by_text("How much").first.click()
    page.get_by_label("Papers at most").fill("6")
    page.get_by_role("button", name="Save").click()
    assert page.get_by_text("Saved. It holds").is_visible()
    assert keywords(site, ann) == ("birdsong", "retrieval^2")
    page.get_by_role("link", name="Suggest terms").click()
    page.get_by_label("Or a list").fill("Robots that fold laundry\nLaundry robots")
    page.get_by_role("button", name="Suggest terms").click()
    page.locator('input[name="add"]').first.check()
    page.get_by_role("button", name="Add what is ticked").click()
    assert page.get_by_text("Added. It holds").is_visible()
    assert len(keywords(site, ann)) == 3


def test_a_backtest_comes_without_leaving_the_page(opened, url):
    page = opened()
    page.goto(url)
    page.get_by_label("Add a keyword").fill("birdsong")
    page.get_by_label("Add a keyword").press("Enter")
    page.get_by_role("button", name="Try it on the last 30 days").click()
    page.get_by_role("img", name="Papers a day").wait_for()
    assert page.get_by_role("button", name="birdsong").is_visible()


def test_what_cannot_be_read_is_marked_while_one_types_and_beside_the_field_when_one_saves(opened, site, ann, url):
    page = opened()
    page.goto(url)
    page.get_by_label("Add a keyword").fill("titel:x")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="titel:x, cannot be read").wait_for()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Nothing was saved yet.").wait_for()
    field = page.get_by_label("Keywords, one on each line")
    assert field.is_visible()
    assert field.get_attribute("aria-invalid") == "true"
    assert "titel:x" in field.input_value()
    assert keywords(site, ann) == ann.profile.keywords


def test_who_would_lose_a_change_is_asked(opened, url):
    page = opened()
    page.goto(url)
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_label("Add a keyword").fill("robots")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("link", name="Suggest terms").click()
    page.get_by_role("heading", name="Suggested terms").wait_for()
    assert asked == ["beforeunload"]


def test_everybody_can_use_it(opened, url):
    page = opened(viewport={"width": 320, "height": 800})
    page.goto(url)
    assert faults(page) == []
    for closed in page.query_selector_all("details:not([open]) > summary"):
        closed.click()
    page.get_by_role("button", name="retrieval").click()
    page.get_by_role("button", name="Try it on the last 30 days").click()
    page.get_by_role("img", name="Papers a day").wait_for()
    page.set_viewport_size({"width": 1280, "height": 800})
    assert faults(page) == []
    page.set_viewport_size({"width": 320, "height": 800})
    assert faults(page) == []
    page.get_by_label("Papers at most").fill("900")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Nothing was saved yet.").wait_for()
    assert faults(page) == []
    page.goto(f"{url}/suggest")
    assert faults(page) == []
