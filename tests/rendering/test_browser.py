"""The pages in Chromium, at every width and in every mode: what can be measured of how they look.

Skipped where there is no browser. Nothing is fetched: pictures are answered here, or not at all.
"""

from base64 import b64decode
from collections.abc import Iterator
from functools import cache

import pytest

from digest.rendering import HTML_BUDGET

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")

THEMES = ("journal", "ledger")
PAGES = ("sample", "cards", "compact", "full", "empty", "hundred", "rtl")
# The layouts differ in what is on the page, not in how a theme draws it: once is enough.
ALL = [
    pytest.param(theme, name, id=f"{theme}-{name}")
    for theme in THEMES
    for name in PAGES
    if theme == "journal" or name in ("sample", "cards", "empty", "rtl")
]
WIDTHS = (320, 375, 600, 1280)
PIXEL = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==")


@pytest.fixture(scope="session")
def tab(browser) -> Iterator:
    """One page of the browser for all tests, whose pictures are blocked."""
    context = browser.new_context(device_scale_factor=1)
    context.route("**/*", lambda route: route.abort())
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def html(make):
    """The HTML of a page by theme and name; "sample" is what `digest demo` sends."""
    from digest.cli.demo_run import run

    drawn = make.drawn()
    drawn |= {"sample": run()[0].edition, "rtl": drawn["cards"]}

    @cache
    def get(theme: str, name: str) -> str:
        return make.page(drawn[name], theme, make.right_to_left if name == "rtl" else None)

    return get


def show(tab, page: str, width: int = 1280, scheme: str = "light", media: str = "screen") -> None:
    tab.emulate_media(color_scheme=scheme, media=media)
    tab.set_viewport_size({"width": width, "height": 900})
    tab.set_content(page)


OVERFLOWING = """() => {
  const page = document.documentElement
  if (page.scrollWidth <= page.clientWidth) return []
  return [...document.querySelectorAll('td *')].filter(e => {
    const box = e.getBoundingClientRect(); return box.right > page.clientWidth + 1 || box.left < -1
  }).map(e => e.tagName + '.' + e.className).concat(['page'])
}"""


@pytest.mark.parametrize(("theme", "name"), ALL)
def test_axe_finds_nothing_in_light_and_in_dark(tab, html, theme, name):
    modes = [("light", 1280), ("dark", 375)]
    for scheme, width in modes[:1] if name == "hundred" else modes:  # which has nothing that the others have not
        show(tab, html(theme, name), width, scheme)
        if scheme == "dark":  # axe takes a page without a background for a white one
            tab.add_style_tag(content="html { background: #1e1e1e }")
        found = axe.Axe().run(tab).response["violations"]
        assert [(rule["id"], rule["nodes"][0]["html"], rule["nodes"][0]["failureSummary"]) for rule in found] == []


@pytest.mark.parametrize("theme", THEMES)
def test_a_hundred_papers_fold_to_what_mail_programs_show(html, theme):
    page = html(theme, "hundred")
    assert HTML_BUDGET * 0.9 < len(page.encode()) <= HTML_BUDGET
    assert "more. Mail programs cut long messages" in page
    assert "Unsubscribe" in page


@pytest.mark.parametrize(("theme", "name"), ALL)
def test_nothing_scrolls_sideways(tab, html, theme, name):
    show(tab, html(theme, name))
    for width in WIDTHS:
        tab.set_viewport_size({"width": width, "height": 900})
        assert tab.evaluate(OVERFLOWING) == [], width


@pytest.mark.parametrize(("theme", "name"), ALL)
def test_text_of_twice_the_size_still_fits(tab, html, theme, name):
    show(tab, html(theme, name), 600)
    tab.evaluate(
        """() => { for (const [e, size, line] of [...document.querySelectorAll('*')].map(e => {
          const s = getComputedStyle(e); return [e, parseFloat(s.fontSize), parseFloat(s.lineHeight)] })) {
          e.style.setProperty('font-size', 2 * size + 'px', 'important')
          e.style.setProperty('line-height', 2 * line + 'px', 'important')
        } }"""
    )
    assert tab.evaluate(OVERFLOWING) == []
    show(tab, html(theme, name), 640)
    tab.evaluate("document.documentElement.style.zoom = 2")
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("theme", "name"), ALL)
def test_on_a_phone_every_link_of_a_card_is_as_high_as_a_finger(tab, html, theme, name):
    show(tab, html(theme, name), 375)
    low = tab.evaluate(
        """() => [...document.querySelectorAll('h3 a, .plain, .go')].map(e => [e.textContent,
          Math.round(e.getBoundingClientRect().height)]).filter(([text, height]) => height < 44)"""
    )
    assert low == []
    assert tab.evaluate("document.querySelectorAll('.go').length") >= 2


@pytest.mark.parametrize("theme", THEMES)
def test_pictures_move_nothing_whether_they_come_or_not(tab, browser, html, theme):
    heights = "() => [...document.querySelectorAll('h3')].map(e => e.getBoundingClientRect().top)"
    show(tab, html(theme, "cards"), 600)
    blocked = tab.evaluate(heights)
    context = browser.new_context(viewport={"width": 600, "height": 900})
    context.route("**/*", lambda route: route.fulfill(body=PIXEL, content_type="image/png"))
    page = context.new_page()
    page.set_content(html(theme, "cards"))
    page.wait_for_load_state("networkidle")
    assert page.evaluate("[...document.images].every(image => image.naturalWidth === 1)")
    assert page.evaluate(heights) == blocked
    context.close()


@pytest.mark.parametrize("theme", THEMES)
def test_what_is_raised_or_lowered_pushes_no_lines_apart(tab, html, theme):
    show(tab, html(theme, "cards"), 1280)
    (with_scripts, without) = tab.evaluate(
        """() => { const title = [...document.querySelectorAll('h3')].find(e => e.querySelector('sup'));
          const before = title.getBoundingClientRect().height;
          title.innerHTML = title.innerHTML.replace(/<.?su[bp][^>]*>/g, '');
          return [before, title.getBoundingClientRect().height] }"""
    )
    assert with_scripts == without


@pytest.mark.parametrize("theme", THEMES)
def test_the_first_visible_line_is_the_summary(tab, html, theme):
    show(tab, html(theme, "sample"), 375)
    first = tab.evaluate("document.body.innerText.trim().split('\\n')[0]")
    assert first.startswith("11 of 64 new papers match")


@pytest.mark.parametrize("theme", THEMES)
def test_on_paper_cards_stay_whole_and_nothing_is_cut_off(tab, html, theme):
    show(tab, html(theme, "sample"), 720, media="print")
    assert tab.evaluate("getComputedStyle(document.querySelector('.card')).breakInside") == "avoid"
    assert tab.evaluate(OVERFLOWING) == []
    assert tab.pdf(format="A4").startswith(b"%PDF")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("side", ["ltr", "rtl"])
def test_everything_begins_at_the_side_of_the_page(tab, html, theme, side):
    show(tab, html(theme, "rtl" if side == "rtl" else "cards"), 600)
    left, right = tab.evaluate(
        """() => { const column = document.querySelector('.column').getBoundingClientRect();
          const flag = getComputedStyle(document.querySelector('.flag'));
          return [flag.borderLeftWidth, flag.borderRightWidth] }"""
    )
    assert (left == "0px", right == "0px") == (side == "rtl", side == "ltr")
    votes, text = tab.evaluate(
        "['votes', 'text'].map(name => [...document.querySelectorAll('td.' + name)].at(-1).getBoundingClientRect().left)"
    )
    assert (votes < text) is (side == "ltr")
