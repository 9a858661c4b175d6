"""The archive in a real browser: without faults for those who see, hear or type it, narrow and wide, light and dark."""

import pytest

from digest.model import Pin
from digest.tokens import Purpose

from .conftest import NOW
from .looking import faults
from .test_archive_days import DAY
from .test_archive_papers import PAPER, store

PAGES = (
    "/papers", "/papers/2026-06", "/papers/2026-06-19", "/search", "/search?q=model", "/search?q=quidditch&since=x",
    "/paper/{number}", "/reader/{token}/paper/{number}",
)  # fmt: skip


@pytest.fixture
def paths(site):
    ann, (number,) = site.subscribe(), store(site, PAPER)
    site.store.pin(Pin(DAY, number, "Mira", "Read *all* of it.", "mira@example.org", NOW))
    return [path.format(number=number, token=site.token(ann, Purpose.FEEDBACK)) for path in PAGES]


@pytest.mark.parametrize(("width", "step"), [(320, 1), (1280, 3)], ids=["phone", "desk"])
def test_pages_can_be_used_by_everybody(site, browser, paths, width, step):
    with browser.new_context(viewport={"width": width, "height": 800}) as context:
        page = context.new_page()
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        for path in paths[::step]:
            page.goto(f"{site.client.base_url}{path}")
            assert faults(page) == [], path
        assert all(url.startswith(str(site.client.base_url)) for url in asked)


def test_a_search_is_typed_and_followed_with_the_keyboard_alone_and_without_scripts(site, browser):
    (number,) = store(site, PAPER)
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{site.client.base_url}/papers")
        page.get_by_label("Search everything that was announced").focus()
        page.keyboard.type("lovelace draft")
        page.keyboard.press("Enter")
        page.get_by_role("link", name="Speculative Decoding, Faster Still").focus()
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/paper/{number}")
        page.get_by_text("Cite it").click()
        assert "eprint = {2606.12345}" in page.get_by_label("BibTeX entry").inner_text()


def test_a_page_of_fifty_papers_is_under_100_kilobytes(site):
    store(site, *(PAPER.__class__(f"Paper {n} of a long day", "A long sentence of some words. " * 40, ("Ann Lee", "Bob Ray"), f"https://arxiv.org/abs/2606.{n:05}", categories=("cs.CL", "cs.LG"), pdf_url=f"https://arxiv.org/pdf/2606.{n:05}") for n in range(60)))  # fmt: skip
    assert len(site.get("/papers").content) < 100_000
