"""Every element, attribute, property, value, selector and at-rule of our pages, held against what caniemail.com has
found out about mail programs: what a main one lacks is named below with the reason why that does no harm.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import html as lxml_html

TESTED = json.loads(Path(__file__).with_name("caniemail.json").read_text(encoding="utf-8"))["features"]


@dataclass(frozen=True)
class Use:
    """One thing that a page asks of a mail program."""

    feature: str  # as caniemail names it, or "property font-family", "element b", "attribute src"
    where: str  # the element it is written into, or "<style>"
    value: str = ""


# --- what a page uses -------------------------------------------------------------------------------------------------


def uses(page: str) -> set[Use]:
    tree = lxml_html.document_fromstring(page)
    found = {Use("html-doctype", "page")} if page.lower().startswith("<!doctype html>") else set()
    for node in tree.iter():
        if not isinstance(node.tag, str):
            found.add(Use("html-comments", "page", (node.text or "")[:8]))
            continue
        found |= {Use(_element(node.tag), node.tag), *_attributes(node)}
        found |= set(_declarations(node.get("style", ""), node.tag))
    for sheet in tree.iter("style"):
        found |= set(_sheet(sheet.text or ""))
    return found


_GROUPS = {
    "html-h1-h6": ("h1", "h2", "h3", "h4", "h5", "h6"),
    "html-lists": ("ul", "ol", "dl"),
    "html-semantics": (
        "article",
        "aside",
        "details",
        "figure",
        "footer",
        "header",
        "main",
        "nav",
        "section",
        "summary",
    ),
}


def _element(tag: str) -> str:
    group = next((slug for slug, tags in _GROUPS.items() if tag in tags), f"html-{tag}")
    return group if group in TESTED else f"element {tag}"


def _attributes(node) -> Iterator[Use]:
    for name, value in node.attrib.items():
        slug = next((slug for slug in (f"html-{name}", f"html-{name}-attribute") if _asks_of_attribute(slug)), None)
        yield Use(slug, node.tag, value) if slug else Use(f"attribute {name}", node.tag)
        if name == "href" and value.startswith("mailto:"):
            yield Use("html-mailto-links", node.tag, value)
        if name == "href" and value.startswith("#"):
            yield Use("html-anchor-links", node.tag, value)
        if name == "name" and node.tag == "meta":
            yield Use(f"html-meta-{value}" if f"html-meta-{value}" in TESTED else f"meta {value}", node.tag)


def _asks_of_attribute(slug: str) -> bool:
    return TESTED.get(slug, {}).get("title", "").endswith("attribute")


_LONGHANDS = re.compile(r"(border|margin|padding)-(top|right|bottom|left|color|style|width)")


def _declarations(text: str, where: str) -> Iterator[Use]:
    for name, value in re.findall(r"([\w-]+)\s*:\s*([^;{}]+)", text):
        slug = "css-" + _LONGHANDS.sub(r"\1", name)
        yield Use(slug if slug in TESTED else f"property {name}", where, value.strip())
        yield from _values(name, value, where)


_OTHERWISE = {"var": "css-variables"}


def _values(name: str, value: str, where: str) -> Iterator[Use]:
    words = re.sub(r"'[^']*'|\"[^\"]*\"|#[0-9a-f]+", "", value).strip()
    for unit in re.findall(r"(?<![\w-])[+-]?[\d.]+(%|[a-z]+)", words):
        yield Use("css-unit-percent" if unit == "%" else f"css-unit-{unit}", where, value)
    for function in re.findall(r"([\w-]+)\(", words):
        named = (f"css-function-{function}", f"css-{function}", f"css-unit-{function}", _OTHERWISE.get(function))
        yield Use(next((slug for slug in named if slug in TESTED), f"function {function}"), where, value)
    if "!important" in words:
        yield Use("css-important", where, value)
    if (slug := f"css-{name}-{words.split()[0] if words else ''}") in TESTED:
        yield Use(slug, where, value)
    if re.search(r"(?<![\w-])(system-ui|ui-\w+)", words):
        yield Use("css-sytem-ui", where, value)


def _sheet(text: str) -> Iterator[Use]:
    if "/*" in text:
        yield Use("css-comments", "<style>")
    for rule, query in re.findall(r"(@[\w-]+)([^{;]*)", text):
        yield Use(_at_rule(rule, query), "<style>", query.strip())
    bare = re.sub(r"@[^{;]*\{", "", text)
    for selectors, declarations in re.findall(r"([^{}]+)\{([^{}]*)\}", bare):
        yield from _selectors(selectors.strip())
        yield from _declarations(declarations, "<style>")


def _at_rule(rule: str, query: str) -> str:
    features = [name for name in re.findall(r"\(([\w-]+)", query) if f"css-at-media-{name}" in TESTED]
    slug = f"css-at-media-{features[0]}" if features else f"css-{rule.replace('@', 'at-')}"
    return slug if slug in TESTED else f"at-rule {rule}"


_PARTS = {
    "css-selector-grouping": r",",
    "css-selector-descendant": r"[\w\])] +[\w.:#\[*]",
    "css-selector-child": r">",
    "css-selector-adjacent-sibling": r"\+",
    "css-selector-general-sibling": r"~(?!=)",
    "css-selector-universal": r"\*(?!=)",
    "css-selector-attribute": r"\[",
    "css-selector-class": r"\.",
    "css-selector-id": r"#",
    "css-selector-chaining": r"\.[\w-]+\.",
    "css-selector-type": r"(?:^|[\s,>+~])[a-z]",
}


def _selectors(selectors: str) -> Iterator[Use]:
    for slug, shape in _PARTS.items():
        if re.search(shape, selectors):
            yield Use(slug, "<style>", selectors)
    for kind, name in re.findall(r"(::?)([\w-]+)", selectors):
        slug = f"css-pseudo-{'element' if kind == '::' else 'class'}-{name}"
        yield Use(slug if slug in TESTED else f"pseudo {name}", "<style>", selectors)


# --- what does no harm where it is lacking ----------------------------------------------------------------------------

Holds = Callable[[Use], bool]


def on(*elements: str) -> Holds:
    return lambda use: use.where in elements


def only(pattern: str) -> Holds:
    return lambda use: re.fullmatch(pattern, use.value.removesuffix("!important").strip()) is not None


def important(use: Use) -> bool:
    return in_rules(use) and use.value.endswith(" !important")


def margin(use: Use) -> bool:
    return "-" not in use.value and "auto" not in use.value and use.where != "span"


def in_rules(use: Use) -> bool:
    return use.where == "<style>"


def anything(use: Use) -> bool:
    return True


@dataclass(frozen=True)
class Lack:
    """What caniemail says is lacking, letter for letter; why it does no harm; what has to hold for that to be true."""

    lacking: str
    why: str
    holds: Holds = anything


RULES = "What is in rules is for comfort: the message is whole with the styles in its elements alone."

HARMLESS = {
    "css-at-media": Lack(
        "a #6 #7: gmail/android gmail/ios; a #7: gmail/desktop-webmail; n: gmail/mobile-webmail outlook/windows thunderbird; a #1: outlook/android outlook/ios; a #1 #10: outlook/macos outlook/outlook-com; a #8: protonmail/desktop-webmail protonmail/ios; a #9: samsung-email; a #2: yahoo",
        RULES,
        only(r"print|\(max-width: 480px\)|\(prefers-color-scheme: dark\)"),
    ),
    "css-at-media-prefers-color-scheme": Lack(
        "n: gmail outlook/windows protonmail thunderbird yahoo/android yahoo/ios; n #6: yahoo/desktop-webmail",
        "They keep our light colours, or turn them themselves: nothing of ours is a background but the marker.",
    ),
    "css-border": Lack(
        "a #1 #2: outlook/windows",
        "No border is wider than 8px, none is on a p or a div.",
        on("td", "img", "<style>"),
    ),
    "css-color-scheme": Lack(
        "n: fastmail gmail outlook protonmail/android protonmail/ios yahoo",
        "It tells those that know it that we have dark colours of our own.",
    ),
    "css-display": Lack(
        "a #7: fastmail; a #1: gmail/android gmail/ios; a #4 #5: outlook/windows; a #6: yahoo",
        "Only these two; Word shows links without the room around them, kept apart by spaces.",
        only("block|inline-block"),
    ),
    "css-font-size": Lack(
        "a #1: outlook/windows yahoo; a #2: samsung-email",
        "In px; the one percentage is that of small raised figures, which are smaller anyway.",
        only(r"\d+px|75%"),
    ),
    "css-font-weight": Lack(
        "a #2: outlook/windows; a #1: yahoo",
        "Only what CSS 1 has.",
        only("400|700"),
    ),
    "css-important": Lack(
        "a #1 #2: gmail/android gmail/ios gmail/mobile-webmail; a #1: gmail/desktop-webmail; a #4 #5: outlook/windows; a #6: protonmail/android; a #8: protonmail/desktop-webmail; a #9: protonmail/ios; a #7: yahoo",
        "Lower case, after a space, and in rules alone.",
        important,
    ),
    "css-letter-spacing": Lack(
        "a #1 #2: outlook/windows",
        "In px, and never far below zero.",
        only(r"-0\.\dpx|[12]px"),
    ),
    "css-line-height": Lack(
        "a #1: outlook/windows",
        "In px, and word.css.j2 has the rule that Word asks for.",
        only(r"\d\dpx|0"),
    ),
    "css-margin": Lack(
        "a #1: gmail outlook/android outlook/ios outlook/macos outlook/outlook-com yahoo; a #1 #2 #3 #4: outlook/windows",
        "Never negative, never auto, on blocks of text.",
        margin,
    ),
    "css-max-width": Lack(
        "a #1: outlook/windows; a #2: protonmail/ios yahoo/ios",
        "On a table; where it does nothing, a tablet shows longer lines, and Word has a table of fixed width around it.",
        on("table"),
    ),
    "css-overflow-wrap": Lack(
        "a #1: apple-mail; n: gmail/android gmail/desktop-webmail gmail/ios outlook yahoo",
        "Beside word-break and word-wrap, which all but Word know one of; there a word of 80 letters makes the page wider.",
        only("anywhere"),
    ),
    "css-padding": Lack(
        "a #1 #2: outlook/windows",
        "On cells; on links and on what stands in line with them it makes room for fingers, which Word is not used with.",
        on("td", "body", "a", "span", "<style>"),
    ),
    "css-pseudo-class-hover": Lack(
        "a #1: gmail/android; n: gmail/ios gmail/mobile-webmail outlook/ios outlook/windows; a #2: outlook/macos outlook/outlook-com",
        "A line below a link that is pointed at.",
        in_rules,
    ),
    "css-selector-attribute": Lack(
        "a #5 #6: gmail/android gmail/ios; a #5: gmail/desktop-webmail; n: gmail/mobile-webmail outlook/windows protonmail; a #1 #2: outlook/android outlook/ios; a #1 #2 #3: outlook/macos outlook/outlook-com; a #4: yahoo",
        "Outlook sets [data-ogsc] itself; the others need not find anything.",
        only(r"(\[data-ogsc\] [.\w ]+(, )?)+"),
    ),
    "css-selector-class": Lack(
        "a #1: gmail/android gmail/ios; n: gmail/mobile-webmail protonmail/desktop-webmail protonmail/ios",
        RULES,
        in_rules,
    ),
    "css-selector-descendant": Lack(
        "a #1: gmail/android gmail/ios; n: gmail/mobile-webmail protonmail/desktop-webmail protonmail/ios",
        RULES,
        in_rules,
    ),
    "css-selector-grouping": Lack(
        "a #1: gmail/android gmail/ios; n: gmail/mobile-webmail protonmail/desktop-webmail protonmail/ios",
        RULES,
        in_rules,
    ),
    "css-selector-type": Lack(
        "a #1: gmail/android gmail/ios; n: gmail/mobile-webmail protonmail/desktop-webmail protonmail/ios",
        RULES,
        in_rules,
    ),
    "css-table-layout": Lack(
        "n #1: outlook/macos; n: outlook/windows",
        "It lets long words break rather than widen the page; Word and the Mac have tables of fixed width.",
        on("table"),
    ),
    "css-text-align": Lack(
        "a #2: gmail/android gmail/ios; a #1: outlook/windows yahoo",
        "Sides are written out by the direction of the page.",
        only("left|right|center"),
    ),
    "css-text-decoration": Lack(
        "a #1: gmail/android gmail/ios; a #2 #3: outlook/windows; n: protonmail/ios",
        "One value; where it is not known, links are underlined.",
        only("none|underline"),
    ),
    "css-text-transform": Lack(
        "a #1: outlook/windows",
        "Headings in capitals, never in small letters.",
        only("uppercase"),
    ),
    "css-white-space": Lack(
        "a #1 #2: gmail/android gmail/ios; n: outlook/windows samsung-email; a #2: yahoo/android yahoo/ios",
        "The bar has nothing in it that a line could break at; code in a note may lose its line ends.",
        only("nowrap|pre-wrap"),
    ),
    "css-width": Lack(
        "a #1: outlook/windows",
        "Of tables and cells.",
        on("table", "td", "<style>"),
    ),
    "css-word-break": Lack(
        "a #2: apple-mail gmail/android gmail/ios gmail/mobile-webmail outlook/android outlook/ios outlook/macos outlook/outlook-com protonmail/android protonmail/ios samsung-email; n: yahoo",
        "Breaking anywhere is what we want of words longer than a line; Yahoo has word-wrap.",
        only("break-word"),
    ),
    "css-word-wrap": Lack(
        "a #1: gmail/android gmail/desktop-webmail; n: outlook/android; n #2: outlook/windows",
        "Beside word-break and overflow-wrap.",
        only("break-word"),
    ),
    "html-align": Lack(
        "a #3: outlook/macos; a #1: protonmail/desktop-webmail",
        "Tables are centred, texts left or right.",
        on("table", "td"),
    ),
    "html-aria-label": Lack(
        "n: thunderbird yahoo",
        "The bar is read as its squares; the page by its title.",
        on("div", "span"),
    ),
    "html-bdi": Lack(
        "n: gmail outlook yahoo",
        "Terms are parted by punctuation and, from where they were found, by an element of its own.",
    ),
    "html-body": Lack(
        "n: fastmail outlook/macos protonmail yahoo/android yahoo/ios; a #1: gmail outlook/android outlook/ios outlook/outlook-com yahoo/desktop-webmail",
        "Nothing but margins is said of it.",
    ),
    "html-dir": Lack(
        "a #1: gmail/mobile-webmail; a #3: outlook/windows",
        "Never on a link; elsewhere the direction of the first letter decides, as without it.",
        on("html", "div", "h3", "p"),
    ),
    "html-doctype": Lack(
        "n #2: outlook/windows; n: protonmail/android protonmail/ios samsung-email yahoo/android; n #1: thunderbird",
        "Every size and colour is said of the text itself, since old tables take none in.",
    ),
    "html-height": Lack(
        "a #1 #2: outlook/windows",
        "Of pictures, in px.",
        only(r"\d+"),
    ),
    "html-lang": Lack(
        "a #1: yahoo",
        "Of the page as a whole.",
        on("html", "div"),
    ),
    "html-lists": Lack(
        "a #1: gmail outlook/android outlook/ios outlook/macos outlook/outlook-com yahoo; a #1 #2: outlook/windows",
        "In the operator's note, without numbers of its own.",
        on("ul", "ol"),
    ),
    "html-meta-color-scheme": Lack(
        "n: apple-mail/ios fastmail gmail outlook protonmail samsung-email yahoo",
        "As the property color-scheme.",
    ),
    "html-role": Lack(
        "a #2: yahoo",
        "Tables have it; the bar is read as its squares, and the page needs no name.",
        on("table", "span", "div"),
    ),
    "html-semantics": Lack(
        "a #2: gmail; a #1 #4: outlook/android outlook/ios outlook/macos outlook/outlook-com; n: outlook/windows; n #4: yahoo",
        "Webmail drops it, as it should: it has a main part of its own.",
        on("main"),
    ),
    "html-style": Lack(
        "a #1 #2: gmail/android gmail/ios; a #1: gmail/desktop-webmail protonmail/android protonmail/ios; n: gmail/mobile-webmail; a #4: outlook/windows",
        "In the head, before what it is for.",
        on("style"),
    ),
    "html-width": Lack(
        "a #1 #2: outlook/windows",
        "In px, and of whole tables in per cent.",
        only(r"\d+|100%"),
    ),
}

# What caniemail has not asked about: known everywhere since HTML 4 and CSS 2, unless the reason says otherwise.
OLD = "as old as HTML mail"
UNTESTED = {
    "element a": OLD,
    "element b": OLD,
    "element br": OLD,
    "element em": OLD,
    "element head": OLD,
    "element html": OLD,
    "element li": OLD,
    "element meta": OLD,
    "element sub": OLD,
    "element sup": OLD,
    "element td": OLD,
    "element title": OLD,
    "element tr": OLD,
    "attribute alt": OLD,
    "attribute aria-roledescription": 'for screen readers that know it; the others say "article"',
    "attribute bgcolor": "premailer's twin of background-color; nobody reads it on what is no cell",
    "attribute border": OLD,
    "attribute charset": "the part of the message says it, too",
    "attribute class": OLD,
    "attribute content": OLD,
    "attribute href": OLD,
    "attribute name": OLD,
    "attribute src": OLD,
    "attribute style": OLD,
    "meta format-detection": "iOS alone makes links of numbers and dates",
    "meta supported-color-schemes": "what iOS knew before color-scheme",
    "meta viewport": "phones; webmail has its own",
    "property -webkit-text-size-adjust": "iOS alone makes small texts larger",
    "property color": OLD,
    "property font-family": "each list ends with a family that every system has",
    "property font-style": OLD,
    "property page-break-inside": "on paper a card may break",
    "pseudo root": RULES,
}


@pytest.fixture(scope="module")
def used(make) -> set[Use]:
    """What the pages of all themes use, in every layout and both directions."""
    drawn = make.drawn()
    pages = [make.page(edition, theme) for theme in make.themes for edition in drawn.values()]
    pages += [make.page(drawn["cards"], theme, make.right_to_left) for theme in make.themes]
    return set().union(*map(uses, pages))


def test_what_a_main_program_lacks_is_named_with_why_it_does_no_harm(used):
    lacking = {use.feature for use in used if TESTED.get(use.feature, {}).get("lacking")}
    assert sorted(lacking - HARMLESS.keys()) == []
    for feature in sorted(lacking):
        said = "; ".join(f"{answer}: {clients}" for answer, clients in TESTED[feature]["lacking"].items())
        assert HARMLESS[feature].lacking == said, (feature, TESTED[feature].get("notes"))


def test_every_reason_holds_for_every_use(used):
    broken = [use for use in used if use.feature in HARMLESS and not HARMLESS[use.feature].holds(use)]
    assert broken == []


def test_what_nobody_has_asked_about_is_named(used):
    assert sorted({use.feature for use in used} - TESTED.keys() - UNTESTED.keys()) == []


def test_no_reason_outlives_what_it_was_for(used):
    found = {use.feature for use in used}
    assert sorted(HARMLESS.keys() - found) == []
    assert sorted(UNTESTED.keys() - found) == []


@pytest.mark.parametrize(
    ("source", "feature"),
    [
        ("<p style='display: flex'>", "css-display-flex"),
        ("<p style='color: var(--ink)'>", "css-variables"),
        ("<p style='width: calc(1px + 2em)'>", "css-unit-calc"),
        ("<p style='width: 2rem'>", "css-unit-rem"),
        ("<p style='margin-top: -4px'>", "css-margin"),
        ("<p style='gap: 1px'>", "css-gap"),
        ("<p style='background: url(x)'>", "css-background"),
        ("<p style='filter: blur(1px)'>", "function blur"),
        ("<p style='accent: red'>", "property accent"),
        ("<p style='font-family: system-ui'>", "css-sytem-ui"),
        ("<style>a > b { color: red }</style>", "css-selector-child"),
        ("<style>a + b { color: red }</style>", "css-selector-adjacent-sibling"),
        ("<style>.a.b { color: red }</style>", "css-selector-chaining"),
        ("<style>#a { color: red }</style>", "css-selector-id"),
        ("<style>* { color: red }</style>", "css-selector-universal"),
        ("<style>tr:nth-child(2) { color: red }</style>", "css-pseudo-class-nth-child"),
        ("<style>p::before { color: red }</style>", "css-pseudo-element-before"),
        ("<style>@import 'x';</style>", "css-at-import"),
        ("<style>@font-face { src: x }</style>", "css-at-font-face"),
        ("<style>@layer x { p { color: red } }</style>", "at-rule @layer"),
        ("<style>@media (hover) { p { color: red } }</style>", "css-at-media-hover"),
        ("<style>/* x */ p { color: red }</style>", "css-comments"),
        ("<details>", "html-semantics"),
        ("<font>", "element font"),
        ("<video>", "html-video"),
        ("<a href='#x'>", "html-anchor-links"),
        ("<img loading='lazy'>", "html-loading-attribute"),
        ("<p onclick='x'>", "attribute onclick"),
    ],
)
def test_whatever_a_page_uses_is_seen(source, feature):
    assert feature in {use.feature for use in uses(source)}


# --- Word, which draws Outlook for Windows ----------------------------------------------------------------------------


def test_word_is_given_a_table_of_fixed_width_and_its_own_rules(make):
    for theme in make.themes:
        page = make.page(make.drawn()["cards"], theme)
        assert page.count("<!--[if mso]>") == page.count("<![endif]-->") == 3
        for conditional in re.findall(r"<!--\[if mso\]>(.*?)<!\[endif\]-->", page, re.DOTALL):
            assert re.search(r'width="\d+"|mso-line-height-rule: exactly|</table>', conditional)


def test_links_are_apart_where_padding_is_not_known(make):
    tree = lxml_html.document_fromstring(make.page(make.drawn()["cards"]))
    rows = tree.cssselect("p.links")
    assert rows
    for link in (link for row in rows for link in row[:-1]):
        assert "\N{NO-BREAK SPACE}" in (link.tail or "")
