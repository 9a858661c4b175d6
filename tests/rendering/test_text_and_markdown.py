"""Plain text and Markdown are worth as much as HTML: the same papers, reasons and links, easy to read."""

import re
from dataclasses import replace

import markdown
import pytest
from lxml import html as lxml_html

from digest.model import Kind, Layout, Reason, Section
from digest.rendering.words import width

LOCALES = ["en", "de", "zh_Hans"]
URL = re.compile(r"(?:https?|mailto):[^\s)>\"]+")


@pytest.fixture(scope="module")
def bodies(make, renderer):
    """Of one digest that has everything, by language and layout."""
    odd = replace(
        make.listing,
        title="A title [with] *marks*, `code`, 1. and x_max^(k+1) <b>in</b> it & C++",
        abstract="- No list. Flow matching: 2 * 3 * 4 is _not_ set in italics, and x^(k+1) is. # Nor a heading.\n\n1. Second.",
        url="https://example.org/a_b(c)*d*/e",
    )
    chinese = replace(make.listing, title="流匹配方法：一种新的生成模型训练方法" * 4, url="https://example.org/zh")
    reasons = (*make.pick().reasons, Reason("C++", "title", 3.0), Reason("survey_*", "abstract", -1.0))
    picks = [
        make.pick(odd, reasons=reasons),
        make.pick(chinese),
        make.trending(make.listing),
        make.pick(odd, section=Section.VERSIONS, kind=Kind.REVISION, reasons=()),
        make.pick(section=Section.AUTHORS),
    ]
    missing = (make.missing("hf", "it answered 503", make.now),)

    def made(locale, layout):
        reader = replace(make.subscriber(), locale=locale, layout=layout)
        return renderer.bodies(make.edition(*picks, subscriber=reader, missing=missing, problems=("`x_*` is odd",)))

    return {(locale, layout): made(locale, layout) for locale in LOCALES for layout in Layout}


every = pytest.mark.parametrize("key", [(locale, layout) for locale in LOCALES for layout in Layout], ids=str)


@every
def test_lines_of_text_fit_72_columns_but_for_urls(bodies, key):
    for line in bodies[key].text.split("\n"):
        hanging = 2 * (line[-1:] in "、。，．：；！？）」』】〉》")
        assert width(line) <= 72 + hanging or URL.fullmatch(line.strip()), line


@every
def test_text_holds_nothing_that_is_drawn_but_rules(bodies, key):
    for line in bodies[key].text.split("\n"):
        assert not re.search(r"[■□●○★|=_~*#-]{4,}", line) or re.fullmatch("-+", line), line


@every
def test_all_parts_lead_to_the_same_places(bodies, key):
    found = bodies[key]
    rendered = lxml_html.fromstring(markdown.markdown(found.markdown))
    html = set(lxml_html.fromstring(found.html).xpath("//a/@href"))
    in_text = {url.rstrip(":") for url in URL.findall(found.text)}
    assert set(rendered.xpath("//a/@href")) == html
    assert in_text == html


@every
def test_markdown_has_the_order_of_the_page_and_no_mark_is_left_over(bodies, key):
    layout = key[1]
    root = lxml_html.fromstring(markdown.markdown(bodies[key].markdown))
    assert len(root.xpath("//h1")) == 1
    assert len(root.xpath("//h2")) == 4
    assert len(root.xpath("//h3")) == (0 if layout is Layout.COMPACT else 4)
    assert len(root.xpath("//ul/li")) == (5 if layout is Layout.COMPACT else 1) + 2
    assert not root.xpath("//em | //code | //ol | //b")
    for strong in root.xpath("//strong"):
        assert strong.text_content().casefold() in ("flow matching", "flows")
    assert "**" not in root.text_content()
    assert "\\" not in root.text_content()


@every
def test_markdown_says_what_the_text_says(bodies, key):
    """Word for word, but for numbers, URLs, columns and rules."""
    text = re.sub(r"(?m)^ {1,2}\d+\. |^! |^-+$", "", URL.sub("", bodies[key].text))
    root = lxml_html.fromstring(markdown.markdown(bodies[key].markdown))

    def words(said):
        return sorted(re.findall(r"[^\W\u2e80-\uffff]+|[\u2e80-\uffff]", said))  # a line may end inside of Chinese

    assert words(text) == words(root.text_content())


def test_a_paper_in_plain_text_reads_from_top_to_bottom(make):
    text = make.renderer(url=None).bodies(make.edition(make.pick())).text
    assert text.partition("For you\n-------\n\n")[2].partition("\n\n---")[0] == (
        "  1. Flow Matching for Generative Modeling\n"
        "     Yaron Lipman, Ricky T. Q. Chen, Heli Ben-Hamu and 2 more\n"
        "     arXiv · cs.LG, stat.ML · Mon, 18 May\n"
        "     Match 4 of 5: flow matching (title and abstract); author Chen\n"
        "\n"
        "     We introduce flow matching, a way to train continuous normalizing\n"
        "     flows without simulation.\n"
        "\n"
        "     42 upvotes\n"
        "     Abstract: https://arxiv.org/abs/2210.02747\n"
        "     PDF: https://arxiv.org/pdf/2210.02747\n"
        "     Code: https://github.com/example/flow\n"
        "     Discussion 14: https://huggingface.co/papers/2210.02747"
    )


def test_counts_stand_in_a_column(make, renderer):
    assert "\n1,204  arXiv\n   39  Hugging Face\n" in renderer.bodies(make.edition(make.pick())).text
