"""What can be told of the look without eyes."""

import re
from itertools import pairwise, product

import pytest
from lxml import html as lxml_html

# What mail programs put behind a message that brings no background: (name, colour).
LIGHT = [("white", "#ffffff"), ("off-white", "#f8f7f4")]
DARK = [
    ("black", "#000000"),
    ("Chromium", "#121212"),
    ("Apple Mail", "#1e1e1e"),
    ("Outlook", "#292929"),
    ("grey", "#333333"),
]


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.fixture(scope="module", params=("journal", "ledger"))
def page(make, request):
    return make.page(make.drawn()["cards"], request.param)


def test_these_are_all_the_themes_there_are(make):
    assert make.themes == ("journal", "ledger")


@pytest.mark.parametrize("theme", ["journal", "ledger"])
def test_no_theme_needs_its_pages_made_anew_for_every_reader(make, theme):
    renderer = make.themed(theme)
    for edition in make.drawn().values():
        renderer.bodies(edition)
    assert renderer.whole == {}


@pytest.fixture(scope="module")
def dark_rules(page):
    block = re.search(r"@media \(prefers-color-scheme: dark\) \{(.*?)</style>", page, re.DOTALL)
    assert block
    return dict(re.findall(r"(\.\w[^{]*?) \{ ([^}]*) \}", block.group(1)))


def colours(declarations: str, name: str) -> list[str]:
    return re.findall(rf"(?<![-\w]){name}: ?(#[0-9a-f]{{6}})", declarations)


def test_every_text_colour_is_aa_on_every_light_background(page):
    styles = re.findall(r'style="([^"]*)"', page)
    marked = {
        (colours(style, "color")[0], colours(style, "background-color")[0]) for style in styles if "background" in style
    }
    inline = {colour for style in styles for colour in colours(style, "color")}
    assert len(inline) == 3
    assert len(marked) == 1
    assert {style for style in styles if "background" in style} == {hit_style(page)}
    pairs = {*product(inline, (background for _, background in LIGHT)), *marked}
    assert [pair for pair in pairs if contrast(*pair) < 4.5] == []


def hit_style(page: str) -> str:
    """The style of the reader's words, which alone have a background."""
    return next(iter(lxml_html.fromstring(page).cssselect("b.hit"))).get("style")


def test_every_text_colour_has_a_dark_twin_that_is_aa_on_every_dark_background(dark_rules):
    for selector, declarations in dark_rules.items():
        for colour in colours(declarations, "color"):
            backgrounds = colours(declarations, "background-color") or [background for _, background in DARK]
            for background in backgrounds:
                assert contrast(colour, background) >= 4.5, (selector, colour, background)


def test_every_element_with_a_colour_has_a_class_that_turns_dark(page, dark_rules):
    turned = {name for selector in dark_rules for name in re.findall(r"\.(\w+)", selector)}
    for element in lxml_html.fromstring(page).cssselect("[style]"):
        style = element.get("style")
        if re.search(r"(?<![-\w])(color|background-color|border-\w+): ?[^;]*#", style) and element.tag != "a":
            assert turned & set(element.get("class", "").split()), (element.tag, style)


def test_outlook_gets_the_same_dark_rules(page):
    wrapped = re.findall(r"\[data-ogsc\] (\.\w[\w ]*)[ ,{]", page)
    plain = re.search(r"@media \(prefers-color-scheme: dark\) \{(.*?)</style>", page, re.DOTALL)
    assert wrapped
    assert all(selector.strip() in plain.group(1) for selector in wrapped)


def test_media_queries_survive_inlining_and_keep_what_is_important(page):
    assert page.count("!important") > 20
    assert "@media (max-width: 480px)" in page
    assert all(len(style) < 16_000 for style in re.findall(r"<style.*?</style>", page, re.DOTALL))


def test_the_page_needs_nothing_from_anywhere_but_pictures_where_they_are_wanted(make, renderer, page):
    elsewhere = r"<(script|link|iframe|object)|@import|@font-face|url\(|var\("
    assert not re.search(elsewhere, page)
    assert not re.search(elsewhere + "|<img", renderer.bodies(make.drawn()["cards"]).html)


def test_a_picture_has_its_size_and_says_nothing_that_the_title_does_not(page):
    pictures = lxml_html.fromstring(page).cssselect("img")
    assert {(picture.get("width"), picture.get("height"), picture.get("alt")) for picture in pictures} == {
        ("104", "56", "")
    }


def test_tables_are_layout_headings_in_order_and_languages_said(page):
    tree = lxml_html.fromstring(page)
    assert tree.get("lang") == "en"
    assert all(table.get("role") == "presentation" for table in tree.cssselect("table"))
    levels = [int(element.tag[1]) for element in tree.cssselect("h1, h2, h3")]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all(heading.get("dir") == "auto" for heading in tree.cssselect("h3"))


def test_the_bar_is_told_to_those_who_cannot_see_it(page):
    bar = lxml_html.fromstring(page).cssselect("[role=img]")[0]
    assert bar.get("aria-label").rstrip(":") == "Match 4 of 5"
    assert bar.text_content() == "■■■■□"


def test_nothing_is_hidden_and_nothing_tracks(page):
    assert not re.search(r"display: ?none|visibility: ?hidden|font-size: ?[01]px|opacity|max-height: ?0", page)


def test_the_readers_words_are_marked(page):
    marks = [element.text_content() for element in lxml_html.fromstring(page).cssselect(".hit")]
    assert marks[:2] == ["flow matching", "flows"]


def test_titles_are_not_marked_and_show_what_is_raised_and_lowered(page):
    titles = lxml_html.fromstring(page).cssselect("h3")
    assert not any(title.cssselect(".hit") for title in titles)
    assert [element.text for element in titles[0].cssselect("sup, sub")] == ["k+1", "max"]
