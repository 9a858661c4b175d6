"""Picking, recommending and suggesting, as Chromium shows them: on the narrowest phone, in light and dark."""

import pytest

from digest.model import Judged, Pin
from digest.tokens import Purpose

from .conftest import ANN, NOW
from .looking import faults

OWN = "http://127.0.0.1:{port}"
CURATORS = '\n[web]\ncurators = ["ann@example.org"]\n'


@pytest.fixture
def home(make_site):
    """A site whose curator is Ann; she has picked one paper, and suggested and recommended another."""
    site = make_site(url=OWN, more=CURATORS)
    ann = site.subscribe()
    first, second, *_ = site.store.search("decoding", 9)
    site.store.pin(
        Pin(NOW.date(), first.listing.id, "Ann", "*Why*, and [how](https://a.example).\n\n- so", ann.email, NOW)
    )
    site.store.suggest(ann.id, second.listing.id, NOW)
    site.store.vote(ann.id, second.listing.id, NOW, on=True)
    return site


@pytest.fixture
def links(home):
    ann = home.store.subscriber(ANN.email)
    return {purpose.value: home.token(ann, purpose) for purpose in Purpose}


def pages(home, links):
    """Every page, by a name of its own."""
    picked = home.store.pins(NOW.date())[0].listing
    (waiting,) = home.store.suggestions(Judged.OPEN, 9)
    curate, say = f"/preferences/{links['preferences']}/curate", links["feedback"]
    return {
        "curate": curate,
        "found": f"{curate}?q=decoding",
        "chosen": f"{curate}?paper={picked}&day={NOW.date()}",
        "vote": f"/vote/{say}/{picked}",
        "voted": f"/vote/{say}/{waiting.listing}",
        "suggest": f"/suggest/{say}",
        "thanks": f"/suggest/{say}/{waiting.listing}",
    }


def test_every_page_is_accessible_and_fits_the_narrowest_phone(home, links, browser):
    context = browser.new_context(viewport={"width": 320, "height": 640})
    page = context.new_page()
    for name, path in pages(home, links).items():
        page.goto(home.desk.base + path)
        assert faults(page) == [], name
    page.get_by_label("Paper").or_(page.get_by_role("link", name="Suggest another")).first.click()
    page.get_by_label("Paper").fill("speculative decoding")
    page.get_by_role("button", name="Suggest it").click()
    page.get_by_role("heading", name="Which of these do you mean?").wait_for()
    assert faults(page) == []
    page.goto(home.desk.base + pages(home, links)["chosen"])
    page.get_by_label("Picked by").fill("")
    page.get_by_role("button", name="Pick it", exact=True).click()
    page.get_by_text("Not picked yet.").wait_for()
    assert faults(page) == []
    context.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["with a script", "without"])
def test_a_curator_finds_a_paper_looks_at_the_words_and_picks_it_by_keyboard_alone(home, links, browser, scripts):
    context = browser.new_context(viewport={"width": 375, "height": 812}, java_script_enabled=scripts)
    page = context.new_page()
    page.goto(f"{home.desk.base}/preferences/{links['preferences']}/curate?q=decoding")
    page.get_by_role("link", name="Choose it").nth(1).press("Enter")
    page.get_by_label("Why should people read it?").fill("Read *this* twice.")
    if not scripts:
        page.get_by_role("button", name="See how it looks").press("Enter")
    page.locator("#note-preview em", has_text="this").wait_for()
    page.get_by_role("button", name="Pick it", exact=True).press("Enter")
    page.get_by_text("Picked. It comes first").wait_for()
    context.close()
    assert [pin.note for pin in home.store.pins_since(NOW.date())][1:] == ["Read *this* twice."]
